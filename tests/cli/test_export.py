"""`pw13 runs export` and `pw13 runs prune`."""

import csv
import importlib.util
import io
import json

import numpy as np
import pytest
from PIL import Image

from pw13.inference.projector import sprite
from pw13.system.installation import install_hint
from tests.helpers.report_runs import make_run, make_sweep


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs"
    for second, mse in enumerate((0.03, 0.01, 0.02)):
        run = make_run(folder, "dense-ae", second, epochs=8 + second, metrics={"val_mse": mse})
        (run / "checkpoints").mkdir()
        for name in ("best.keras", "model.keras", "encoder.keras", "state-000001-00000000.npz"):
            (run / "checkpoints" / name).write_bytes(b"x" * 1000)
    return folder


def models(runs):
    """Return the checkpoints of each run."""
    return [sorted(path.name for path in (run / "checkpoints").iterdir()) for run in sorted(runs.glob("20*"))]


def test_every_run_is_one_flat_row(pw13, runs, tmp_path):
    make_run(runs, "charrnn", 9)
    code, out, _ = pw13("runs", "export")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 4
    assert rows[1]["run"] == "2026-11-24_10-00-01_dense-ae" and rows[1]["config.epochs"] == "9"
    assert rows[1]["val_mse"] == "0.01" and rows[1]["compression.raw_bytes"] == "784" and rows[1]["held_out_nats"] == ""
    assert rows[3]["by_temperature@1.2.ngram_nats"] == "3.1"
    code, out, _ = pw13("runs", "export", "2026-11-24_10-00-01", "--to", "json", "--out", "one.json")
    (row,) = json.loads((tmp_path / "one.json").read_text("utf-8"))["runs"]
    assert code == 0 and not out and row["val_mse"] == 0.01 and row["config.limit"] is None


def test_points_of_two_sweeps_are_told_apart(pw13, tmp_path):
    sweeps = [make_sweep(tmp_path / "runs", "dense-ae", second, {}) for second in (0, 10)]
    rows = csv.DictReader(io.StringIO(pw13("runs", "export", *(sweep.name for sweep in sweeps))[1]))
    assert [row["run"] for row in rows] == [f"{sweep.name}/01_seed=0" for sweep in sweeps]


def test_one_run_is_not_runs(pw13, tmp_path):
    make_run(tmp_path / "runs", "dense-ae")
    assert "1 run in runs" in pw13("runs", "list")[1]
    assert "1 run in runs" in pw13("runs", "prune")[1]
    assert "1 run: one.csv" in pw13("runs", "export", "--out", "one.csv")[2]


def test_pruning_shows_first_and_deletes_what_nothing_needs(pw13, runs):
    code, out, err = pw13("runs", "prune")
    assert code == 0 and "resume state, last epoch" in out and "0.0 MB can be deleted with --yes" in err
    assert models(runs) == [["best.keras", "encoder.keras", "model.keras", "state-000001-00000000.npz"]] * 3
    shown = json.loads(pw13("runs", "prune", "--json")[1])
    assert [run["prunable_bytes"] for run in shown["runs"]] == [2000] * 3 and shown["deleted"] is False
    assert pw13("runs", "prune", "--yes")[0] == 0
    assert models(runs) == [["best.keras", "encoder.keras"]] * 3
    assert all((run / "metrics.json").exists() for run in runs.iterdir())


def test_pruning_keeps_the_arrays_that_other_commands_read(pw13, runs):
    kept = ["baselines.npz", "losses.npz", "map.npz", "predictions.npz"]
    first = sorted(runs.iterdir())[0]
    for name in kept:
        (first / "checkpoints" / name).write_bytes(b"x")
    assert pw13("runs", "prune", "--keep-best", 0, "--yes")[0] == 0
    assert models(runs)[0] == kept


def test_the_best_runs_keep_their_models(pw13, runs):
    assert pw13("runs", "prune", "--keep-best", 1, "--yes")[0] == 0
    assert models(runs) == [[], ["best.keras", "encoder.keras"], []]


def test_runs_of_the_last_all_keep_their_models(pw13, runs):
    (runs / "all.json").write_text(json.dumps({"runs": {"x": "2026-11-24_10-00-00_dense-ae"}}), "utf-8")
    assert pw13("runs", "prune", "--keep-best", 0, "--yes")[0] == 0
    assert models(runs) == [["best.keras", "encoder.keras"], [], []]


def test_points_of_sweeps_of_the_last_all_keep_their_models(pw13, runs):
    sweep = runs / "2026-11-24_11-00-00_sweep-dense-ae"
    sweep.mkdir()
    for file in ("config.json", "run.json", "metrics.json"):
        content = json.loads((runs / "2026-11-24_10-00-00_dense-ae" / file).read_text("utf-8"))
        (sweep / file).write_text(json.dumps({**content, "kind": "sweep-dense-ae"}), "utf-8")
    (runs / "2026-11-24_10-00-00_dense-ae").rename(sweep / "1_seed=1")
    (runs / "all.json").write_text(json.dumps({"sweeps": {"x": sweep.name}}), "utf-8")
    code, out, _ = pw13("runs", "prune", "--keep-best", 0, "--yes", "--json")
    assert code == 0 and f"{sweep.name}/1_seed=1" in {run["run"] for run in json.loads(out)["runs"]}
    left = [sorted(path.name for path in folder.iterdir()) for folder in sorted(runs.rglob("checkpoints"))]
    assert left == [[], [], ["best.keras", "encoder.keras"]]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("conv-dae", {"noise": 0.3}),
        ("conv-dae", {"noise_kind": "masking"}),
        ("dense-ae", {"code_size": 64}),
        ("dense-ae", {"split_seed": 1}),
        ("dense-ae", {"validation_share": 0.2}),
        ("charrnn", {"hold_out": 0.1}),
    ],
)
def test_the_best_run_of_every_task_and_validation_set_keeps_its_models(pw13, tmp_path, kind, settings):
    runs = tmp_path / "runs"
    for second, (mse, changes) in enumerate(((0.01, settings), (0.02, {}), (0.03, {}))):
        measured = {"val_mse": mse, "val_nats": mse}
        run = make_run(runs, kind, second, metrics=measured, losses=(mse,), **changes)
        (run / "checkpoints").mkdir()
        (run / "checkpoints" / "best.keras").write_bytes(b"x")
    assert pw13("runs", "prune", "--keep-best", 1, "--yes")[0] == 0
    assert models(runs) == [["best.keras"], ["best.keras"], []]


def test_what_a_run_was_ranked_by_is_shown_before_its_models_are_deleted(pw13, runs):
    make_run(runs, "dense-ae", 5, code_size=8)
    _, out, _ = pw13("runs", "prune", "--keep-best", 1)
    assert "all models: val_mse 0.03, 3 of 3 with code_size 32" in " ".join(out.split())
    assert out.count("all models") == 2 and "0.01" not in out


def test_models_of_a_sweep_that_is_not_completed_are_kept(pw13, runs):
    sweep = make_sweep(runs, "charrnn", 0, {"seed": 0}, {"seed": 1})
    for point in sweep.glob("0*"):
        (point / "checkpoints").mkdir()
        (point / "checkpoints" / "best.keras").write_bytes(b"x")
    facts = json.loads((sweep / "run.json").read_text("utf-8"))
    kept = []
    for status in ("interrupted", "failed", "completed"):
        (sweep / "run.json").write_text(json.dumps({**facts, "status": status}), "utf-8")
        assert pw13("runs", "prune", "--keep-best", 0, "--yes")[0] == 0
        kept.append(len([*sweep.rglob("best.keras")]))
    assert kept == [2, 2, 0]


def test_fitted_svms_are_named_as_what_goes(pw13, tmp_path):
    checkpoints = make_run(tmp_path / "runs", "svm-eval") / "checkpoints"
    checkpoints.mkdir()
    for name in ("svm-0-pixels-rbf.npz", "predictions.npz"):
        (checkpoints / name).write_bytes(b"x")
    assert "fitted SVMs" in pw13("runs", "prune", "--yes")[1]
    assert [path.name for path in checkpoints.iterdir()] == ["predictions.npz"]


def test_a_pruned_run_is_not_trained_further_and_left_as_it_is(pw13, tmp_path):
    run = make_run(tmp_path / "runs", "charrnn", schedule="constant")
    config = json.loads((run / "config.json").read_text("utf-8"))
    (run / "config.json").write_text(json.dumps({**config, "corpus": "builtin"}), "utf-8")
    (run / "checkpoints").mkdir()
    for name in ("best.keras", "state-000020-00000000.npz"):
        (run / "checkpoints" / name).write_bytes(b"x")
    assert pw13("runs", "prune", "--yes")[0] == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert run / "checkpoints" / "best.keras" in before
    code, out, err = pw13("resume", run, "--epochs", 40)
    message = "the state to resume from was deleted (pw13 runs prune does so); train a new run"
    assert (code, out, err) == (1, "", f"pw13: {run.name}: {message}\n")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert "complete; nothing to do" in pw13("resume", run)[2]


def test_unfinished_runs_lose_nothing(pw13, tmp_path):
    run = make_run(tmp_path / "runs", "dense-ae", status="interrupted")
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "state-000001-00000000.npz").write_bytes(b"x")
    assert "kept: interrupted" in pw13("runs", "prune", "--yes", "--keep-best", 0)[1]
    assert (run / "checkpoints" / "state-000001-00000000.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["export", "--to", "projector", "--out", "p"], 2, "--to projector: expected one autoencoder, received 3 runs"),
        (["export", "2026-11-24_10-00-00", "--to", "projector"], 2, "--to projector: --out: expected a folder"),
        (["export", "--runs-dir", "nowhere"], 1, "nowhere: no such folder"),
        (["export", "--out", "missing/x.csv"], 1, "--out missing/x.csv: cannot be written"),
        (["export", "2026-11-24_10-00-00", "--to", "projector", "--out", "p", "--limit", "0"], 2, "--limit: expected"),
        (["export", "--to", "csv", "--limit", "5"], 2, "--limit: requires --to projector"),
        (["export", "--data", "d"], 2, "--data: requires --to projector"),
        (["prune", "--keep-best", "-1"], 2, "--keep-best"),
    ],
)
def test_what_cannot_be_exported_is_refused(pw13, runs, arguments, code, message):
    exit_code, out, err = pw13("runs", *arguments)
    assert exit_code == code and message in err and not out


def test_codes_labels_and_pictures_are_in_the_same_order(pw13, data, tmp_path, monkeypatch):
    assert pw13("train-dense-ae", "--data", data, "--epochs", 1, "--code-size", 3, "--quiet")[0] == 0
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "tensorboard" else find_spec(name, *a)
    )
    code, _, err = pw13("runs", "export", "20", "--to", "projector", "--out", "p", "--limit", 7)
    assert code == 0 and f"TensorBoard is not installed; {install_hint('tensorboard')}\n" in err
    codes = np.loadtxt(tmp_path / "p" / "codes.tsv", delimiter="\t")
    assert codes.shape == (7, 3) and len((tmp_path / "p" / "labels.tsv").read_text("utf-8").split()) == 7
    with Image.open(tmp_path / "p" / "sprite.png") as picture:
        assert picture.size == (3 * 28, 3 * 28)
    assert "single_image_dim: 28" in (tmp_path / "p" / "projector_config.pbtxt").read_text("utf-8")


def test_a_sprite_is_read_row_by_row():
    images = np.arange(1, 6, dtype=np.uint8)[:, None, None] * np.ones((5, 2, 2), np.uint8)
    assert sprite(images)[::2, ::2].tolist() == [[1, 2, 3], [4, 5, 0], [0, 0, 0]]
