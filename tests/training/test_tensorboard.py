"""`--tensorboard` logs the history of every epoch."""

import importlib.util
from pathlib import Path

import pytest

from pw13.runs.opening import create_run
from pw13.system.installation import install_hint
from tests.helpers.runs import only_run
from tests.helpers.tensorflow import start_tensorflow


def test_every_epoch_is_in_the_logs(pw13, data, tmp_path):
    pytest.importorskip("tensorboard")
    tf = start_tensorflow()
    arguments = [
        "train-dense-ae",
        "--epochs",
        2,
        "--code-size",
        2,
        "--data",
        data,
        "--runs-dir",
        tmp_path,
        "--tensorboard",
    ]
    assert pw13(*arguments)[0] == 0
    run = only_run(tmp_path, "dense-ae")
    (log,) = (run / "tensorboard").iterdir()
    logged = [
        (value.tag, event.step, float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(log))
        for value in event.summary.value
    ]
    rows = [line.split(",") for line in (run / "history.csv").read_text("utf-8").split("\n")[1:3]]
    assert ("val_loss", 1, pytest.approx(float(rows[0][2]))) in logged
    assert ("loss", 2, pytest.approx(float(rows[1][1]))) in logged


def test_the_log_is_closed_when_the_training_ends_or_fails(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    tf = start_tensorflow()
    from pw13.training.saver import tensorboard_logger

    closed = []
    create = tf.summary.create_file_writer

    def create_file_writer(path):
        writer = create(path)
        close = writer.close
        monkeypatch.setattr(writer, "close", lambda: closed.append(path) or close())
        return writer

    monkeypatch.setattr(tf.summary, "create_file_writer", create_file_writer)
    with pytest.raises(OSError), tensorboard_logger(create_run(tmp_path, "dense-ae", {})) as log_epoch:
        log_epoch({"epoch": 1, "loss": 0.5})
        raise OSError
    assert len(closed) == 1


@pytest.mark.parametrize(
    "command",
    [
        ["train-dense-ae", "--tensorboard"],
        ["sweep", "dense-ae", "--tensorboard", "--seeds", 2],
        ["sweep", "dense-ae", "--grid", "tensorboard=false,true"],
        ["all", "--config", "all.toml", "--corpus", "builtin"],
    ],
)
def test_without_the_extra_it_is_refused_in_one_line_and_leaves_no_run(pw13, data, monkeypatch, command):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "tensorboard" else find_spec(name, *a)
    )
    Path("all.toml").write_text("[charrnn]\ntensorboard = true\n", "utf-8")
    code, out, err = pw13(*command, "--data", data, "--runs-dir", "runs", "--quiet")
    assert (code, out) == (1, "")
    assert err == (f"pw13: --tensorboard: TensorBoard is not installed; {install_hint('tensorboard')}\n")
    assert not list(Path().glob("runs/*"))
