"""The benchmark: every peer trains the same, and only such rows count."""

import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench import __main__ as benchmark
from bench import (
    commands,
    gpu,
    growth,
    make_images,
    make_names,
    makemore,
    svm_sklearn,
    table,
    tasks,
    train_pw13,
    worker,
)
from bench.rounds import PEERS, Result, installed_peers
from bench.worker import MODULES, environment
from pw13.data.images import load_images
from pw13.svm import cross_validation, exact, kernels
from pw13.svm.cross_validation import stratified_folds

ROOT = Path(__file__).parent.parent


def test_flops_count_the_matrix_products_of_the_handouts_models():
    assert tasks.flops(tasks.find_task("dense"), 0) == 2 * (2 + 3) * 784 * 32
    assert tasks.flops(tasks.find_task("simple"), 150) == 2 * 3 * (10 * 64**2 + 64 * 150)
    assert tasks.flops(tasks.find_task("many"), 150) == 2 * 3 * 32 * (4 * 256**2 + 256 * 150)
    assert tasks.flops(tasks.find_task("conv"), 0) == 2 * (3 * 29_578_752 - 28 * 28 * 9 * 32)


def test_the_help_names_the_options_and_parts(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    with pytest.raises(SystemExit) as stop:
        benchmark.main()
    out = " ".join(capsys.readouterr().out.split())
    assert stop.value.code == 0 and "--makemore DIR" in out and "1 % of the data" in out and ", svm, " in out


def make_result(peer: str, rounds: list[float], loss: float, examples: int = 100) -> Result:
    return Result(peer, {"examples": examples}, {"loss": loss, "first": 3.0}, rounds, 500.0)


def test_a_row_counts_only_with_the_same_loss_and_examples():
    pw13 = make_result("pw13", [1.0, 2.0, 1.0], 0.5)
    assert table.speed_up(pw13, pw13) == ""
    assert table.speed_up(make_result("keras", [3.0, 4.0, 2.5], 0.5049), pw13) == "2.5x"
    assert table.speed_up(make_result("keras", [3.0, 4.0, 2.5], 0.506), pw13).startswith("does not count")
    assert table.speed_up(make_result("keras", [3.0, 4.0, 2.5], 0.5, examples=96), pw13).startswith("does not count")


def test_compile_time_is_the_extra_time_of_the_first_epoch():
    assert make_result("keras", [1.0, 1.0, 2.0], 0.5).compile == 2.0
    assert make_result("pw13", [1.0], 0.5)._replace(facts={"compile": 0.25}).compile == 0.25


def test_commands_alternate_and_a_failing_one_is_reported():
    first, second = commands.time_commands(
        {"a": [sys.executable, "-c", "print(1)"], "b": [sys.executable, "-c", "print(2)"]}, 2
    )
    assert (first.output, second.output) == ("1\n", "2\n") and len(first.seconds) == 2
    assert [row[0] for row in commands.rows([first, second])] == ["a", "b"]
    with pytest.raises(RuntimeError, match="exited with 1: why"):
        commands.run([sys.executable, "-c", "raise SystemExit('why')"])


def test_a_part_that_fails_loses_no_other(monkeypatch, tmp_path):
    def section(part, *_):
        if part == "gru":
            raise RuntimeError("no memory")
        return f"### {part}\n"

    out = tmp_path / "results.md"
    monkeypatch.setattr(benchmark, "section", section)
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "dense,gru,lstm", "--out", str(out)])
    with pytest.raises(SystemExit, match=f"failed: gru; the others are in {re.escape(str(out))}"):
        benchmark.main()
    text = out.read_text("utf-8")
    assert "### dense" in text and "### gru\n\nFailed: no memory" in text and "### lstm" in text


def test_results_that_cannot_be_written_are_refused_before_the_first_part(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(benchmark, "section", lambda *_: pytest.fail("a part ran"))
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "dense", "--out", str(tmp_path / "missing" / "x.md")])
    with pytest.raises(SystemExit) as stop:
        benchmark.main()
    assert stop.value.code == 2 and "--out" in capsys.readouterr().err


def test_keras_peers_train_with_tensorflow_whatever_the_user_has_configured(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert {environment(peer)["KERAS_BACKEND"] for peer in MODULES} == {"tensorflow"}


def test_a_list_of_names_is_repeated_until_there_are_enough_windows():
    data = train_pw13.PREPARE["charrnn"](tasks.find_task("simple"), 80_000)  # the built-in list has 65,000
    assert data.arrays["x"].shape == (80_000, 10)


def test_every_command_starts_with_an_empty_cache_but_again_with_that_of_the_first_time():
    use = "import os, pathlib; p = pathlib.Path(os.environ['PW13_CACHE_DIR'], 'used'); print(p.exists()); p.touch()"
    used = [sys.executable, "-c", use]
    timings = commands.time_commands({"pw13 a": used, "b": used}, 2, again=["pw13 a"])
    assert {timing.label: timing.output for timing in timings} == {
        "pw13 a": "False\n",
        "pw13 a, again": "True\n",
        "b": "False\n",
    }
    assert [len(timing.seconds) for timing in timings] == [2, 2, 2]
    first, again, peer = (row[3] for row in commands.rows(timings))
    assert first == again == "" and peer.endswith("x")


def test_the_first_epoch_of_a_call_is_not_among_those_timed(monkeypatch, tmp_path):
    clock = iter([0.0, 100.0, 101.0, 102.0, 103.0])  # the start, then the end of each epoch
    monkeypatch.setattr(worker.time, "perf_counter", lambda: next(clock))
    trainer, losses = worker.Trainer("keras", tasks.find_task("dense"), 1, tmp_path), iter([4.0, 3.0, 2.0, 1.0])

    def train(after_epoch):
        while not after_epoch(next(losses)):
            pass

    monkeypatch.setattr(trainer, "_train", train)
    reply = trainer(3.0)
    assert (reply["first"], reply["seconds"], reply["loss"]) == (100.0, 1.0, 4.0) and not list(losses)


@pytest.mark.parametrize("seed", [0, 2, 3])  # where other folds, or the settings in another order, end otherwise
def test_scikit_learn_tunes_on_the_folds_and_settings_of_svm_eval(seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], 30)
    train = rng.normal(size=(60, 4)) + labels[:, None]
    images = SimpleNamespace(test_labels=labels)
    folds = stratified_folds(np.arange(0, 60, 2), labels, 3, rng=rng)
    found = svm_sklearn.accuracies({"pixels": (train, train)}, labels, images, folds)
    scaled = kernels.fit_scaling(train.astype(np.float32)).apply(train.astype(np.float32))
    for kernel in ("rbf", "linear"):
        setting, _ = cross_validation.tune(scaled, labels, kernels.grid(kernel, 4), exact.fit_each, folds=folds)
        expected = exact.fit(scaled, labels, setting).predict(scaled)
        assert found[f"pixels-{kernel}"] == np.mean(expected == labels)


def test_torch_compile_has_no_row_without_a_compiler_or_for_recurrent_layers(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert installed_peers("cpu", "dense-ae") == list(PEERS["cpu"])
    assert installed_peers("cpu", "charrnn") == [peer for peer in PEERS["cpu"] if peer != "torch-compile"]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "torch-compile" not in installed_peers("cpu", "dense-ae") and "torch" in installed_peers("cpu", "dense-ae")


def test_made_names_are_distinct_and_a_longer_list_begins_with_a_shorter_one(tmp_path):
    make_names.make(tmp_path / "few", 1000)
    make_names.make(tmp_path / "more", 3000)
    few, more = ((tmp_path / name).read_text("utf-8").split("\n")[:-1] for name in ("few", "more"))
    assert len(set(more)) == len(more) == 3000 and more[:1000] == few
    assert all(name.strip() == name for name in more)


def test_makemores_models_train_as_long_as_pw13_on_its_split_by_distinct_name(tmp_path, monkeypatch):
    names = [f"name{i:03d}" for i in range(100)]
    (tmp_path / "names.txt").write_text("".join(name + "\n" for name in names * 2), "utf-8")
    commands_run, given = [], []

    def run(command, text=""):
        commands_run.append(command)
        if not text:
            return {"parameters": 1234, "train_seconds": 12.5, "val_nats": 2.0, "held_out_nats": 2.1}
        given.append(json.loads(text))
        return {"parameters": 999, "steps": 4000, "validation": 2.0004, "held_out": 2.2}

    monkeypatch.setattr(makemore, "run", run)
    text = makemore.section(tmp_path, "charrnn_best")
    assert [command[-2:] for command in commands_run[1:]] == [[model, "12.5"] for model in makemore.MODELS]
    for split in given:
        assert {subset: len(members) for subset, members in split.items()} == {
            "train": 90,
            "validation": 5,
            "held_out": 5,
        }
        assert sorted(name for members in split.values() for name in members) == names
    assert "| pw13 --config charrnn_best | 1,234 |  | 12 | 2.000 | 2.100 |" in text
    assert "| makemore Transformer | 999 | 4,000 | 12 | 2.000 | 2.200 |" in text


def test_what_makemore_lacks_is_named(tmp_path, monkeypatch):
    assert makemore.missing(tmp_path).endswith("expected a checkout of makemore, found no makemore.py")
    (tmp_path / "makemore.py").touch()
    assert makemore.missing(tmp_path).endswith("found no names.txt")
    (tmp_path / "names.txt").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "PyTorch, which is not installed" in makemore.missing(tmp_path)


def test_only_the_peers_for_the_gpu_see_it():
    for peer in (*PEERS["cpu"], *PEERS["gpu"]):
        assert (environment(peer).get("CUDA_VISIBLE_DEVICES") == "-1") == (not peer.endswith("-gpu"))
        assert environment(peer)["PW13_DEVICE"] == ("gpu" if peer.endswith("-gpu") else "cpu")
        assert peer in MODULES and peer in table.LABELS


def test_the_benchmark_of_a_gpu_needs_one():
    command = [sys.executable, "-m", "bench", "--device", "gpu", "--only", "dense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PATH": ""})
    assert done.returncode == 2 and "--device gpu: nvidia-smi finds no GPU" in done.stderr


@pytest.mark.slow
def test_the_checks_of_a_gpu_pass_on_the_cpu(tmp_path):
    assert gpu.killed_ends_like_unbroken("charrnn", "cpu", tmp_path / "killed")
    assert gpu.two_jobs("cpu", tmp_path / "sweep") == 2


@pytest.mark.slow
def test_all_peers_train_the_same(real_data, tmp_path):
    out = tmp_path / "results.md"
    command = [sys.executable, "-m", "bench", "--tiny", "--only", "dense,conv,lstm", "--out", out]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    text = out.read_text("utf-8")
    assert "does not count:" not in text
    assert text.count("| Keras `fit`, oneDNN on |") == 3


def test_the_exponent_of_growth_is_the_slope_of_the_logarithms():
    assert growth.exponent([100, 200, 400], [3.0, 12.0, 48.0]) == pytest.approx(2)
    assert growth.exponent([100, 1000], [5.0, 5.0]) == pytest.approx(0)
    assert math.isnan(growth.exponent([100], [5.0]))


def test_growth_is_measured_at_every_size(monkeypatch):
    made = []
    subject = growth.Subject("images", (10, 20), lambda folder, size: made.append(size), {"work": "work --data {data}"})
    monkeypatch.setattr(growth, "SUBJECTS", (subject,))
    monkeypatch.setattr(commands, "run", lambda command: (made[-1] / 10, 100.0, ""))
    text = growth.section(tiny=False)
    assert made == [10, 20]
    assert "| work | 10 | 1.0 | 100 |\n| work | 20 | 2.0 | 100 |\n| work: exponent |  | 1.00 | 0.00 |" in text
    growth.section(tiny=False, sizes=(40,))
    assert made[2:] == [40]


def test_a_generated_set_has_its_size_classes_and_the_same_pixels_again(tmp_path):
    make_images.make(tmp_path / "a", 60, 30)
    make_images.make(tmp_path / "b", 60, 30, gz=True)
    first, again = load_images(str(tmp_path / "a")), load_images(str(tmp_path / "b"))
    assert first.train_images.shape == (60, 28, 28) and len(first.test_labels) == 30
    assert first.classes == tuple("ABCDEFGHIJ")
    assert np.array_equal(first.train_images, again.train_images)
    letters = load_images("builtin").train_images
    nearest = [np.abs(letters.astype(np.int16) - image).mean(axis=(1, 2)).min() for image in first.train_images[:3]]
    assert min(nearest) > 0 and max(nearest) < 100  # varied letters, neither copies nor noise
