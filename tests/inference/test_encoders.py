"""Encoders of trained runs, as `svm-eval` uses them."""

from types import SimpleNamespace

import numpy as np
import pytest

from pw13.errors import AlreadyRunningError
from pw13.inference import denoiser, encoders
from pw13.models import conv_dae_weights
from pw13.runs.record import read_run
from pw13.system import tensorflow_runtime
from tests.helpers.report_runs import make_run


def test_a_resumed_evaluation_has_the_encoders_that_it_had(tmp_path, monkeypatch):
    monkeypatch.setattr(
        encoders, "load_encoder", lambda record, images: SimpleNamespace(kind=record.kind, run=record.reference)
    )
    monkeypatch.setattr(encoders, "latest_dense", lambda runs_dir, images: SimpleNamespace(kind="dense-ae", run="new"))
    dense, conv = (make_run(tmp_path, kind, second) for second, kind in enumerate(("dense-ae", "conv-dae")))

    def loaded(named, recorded):
        return [each.run for each in encoders.load_encoders([str(run) for run in named], tmp_path, None, recorded)]

    assert loaded([], [dense.name]) == [dense.name]
    assert loaded([conv], [dense.name, conv.name]) == [dense.name, conv.name]
    assert loaded([conv], [conv.name]) == [conv.name]
    assert loaded([], []) == []
    assert loaded([conv], None) == ["new", conv.name]


def test_convolutional_runs_with_other_threads_are_encoded_in_one_process(tmp_path, monkeypatch):
    """TensorFlow has one number of threads per process: that of the first."""
    running = []

    def start(threads, seed):
        running[:] = running or [threads]
        if running != [threads]:
            raise AlreadyRunningError("--threads")

    monkeypatch.setattr(tensorflow_runtime, "start", start)
    monkeypatch.setattr(tensorflow_runtime, "running_threads", lambda: running[0] if running else None)
    weights = [np.zeros(spec.shape, np.float32) for spec in conv_dae_weights.weight_specs()]
    monkeypatch.setattr(denoiser, "read_best_weights", lambda record, specs: weights)
    records = [read_run(make_run(tmp_path, "conv-dae", threads, threads=threads)) for threads in (1, 2)]
    source = SimpleNamespace(sha256=records[0].facts["data"]["sha256"], name="x")
    images = SimpleNamespace(train_images=np.zeros((3, 8, 8), np.uint8), source=source)
    found = [encoders.load_encoder(record, images) for record in records]
    assert running == [1] and [encoder.run for encoder in found] == [record.reference for record in records]
    assert found[1].encode(images.train_images) == pytest.approx(np.zeros((3, found[1].size)))
