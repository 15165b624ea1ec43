"""What goes into the page: which runs, runs of earlier versions, damaged and hostile ones."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pw13 import config
from pw13.errors import UserError
from pw13.explore import images, names, noise, svm
from pw13.explore import runs as rows_of
from pw13.explore.contents import choose, contents
from pw13.explore.packing import pack
from pw13.runs.record import read_run
from tests.helpers.explore_runs import write_run

OLD = Path(__file__).parents[1] / "helpers" / "runs-0.1.0" / "runs"


@pytest.fixture
def folder(runs, tmp_path):
    return shutil.copytree(runs.folder, tmp_path / "copy")


def test_without_names_the_newest_usable_run_of_each_kind_is_shown(folder, runs):
    (folder / runs.names["lstm many-to-many 2"] / "checkpoints" / "best.keras").unlink()
    shown = contents(choose([], folder), rows_of.rows(folder), served=True)
    assert [view["run"] for view in shown["names"]] == [runs.names["lstm many-to-many 1"]]
    assert [len(shown[view]) for view in ("codes", "noise", "svm")] == [1, 1, 1]
    assert len(shown["runs"]) == 15


def test_named_runs_are_shown_in_their_order(folder, runs):
    wanted = [runs.names["gru many-to-one 1"], runs.names["simple many-to-one 1"]]
    shown = contents(choose(wanted, folder), rows_of.rows(folder), served=True)
    assert [view["run"] for view in shown["names"]] == wanted
    assert shown["codes"] == shown["noise"] == shown["svm"] == []


def test_a_run_that_is_named_by_its_path_needs_no_folder_of_runs(folder, runs, pw13):
    code, out, err = pw13("explore", "--out", "page.html", folder / runs.names["dense"])
    assert (code, out) == (0, "page.html\n"), err
    code, out, err = pw13("explore", "--out", "page.html")
    assert (code, out) == (1, "") and "--runs-dir runs: no such folder; train something first, such as" in err


def test_commands_name_the_folder_of_runs_unless_it_is_the_default(folder, runs, tmp_path, monkeypatch):
    def flags(folder):
        shown = contents(choose([], folder), [], served=False, runs_dir=folder)
        return shown["runs_dir"], shown["names"][0]["runs_dir"]

    assert flags(folder) == ("--runs-dir copy",) * 2
    name = runs.names["gru many-to-one 1"]
    for other, expected in (("my runs", "--runs-dir 'my runs'"), ("runs", "")):
        folder = folder.rename(tmp_path / other)
        assert flags(folder) == (expected,) * 2
    point = folder / "2026-11-24_20-00-00_sweep-charrnn" / "1_x"
    point.parent.mkdir()
    shutil.move(folder / name, point)
    assert names.view(read_run(point))["runs_dir"] == ""
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert flags(folder) == ("--runs-dir DIR",) * 2  # as elsewhere, no path of this machine


def test_a_damaged_run_is_left_out_unless_it_is_named(folder, runs, capsys):
    name = runs.names["conv"]
    (folder / name / "checkpoints" / "best.keras").write_bytes(b"PK no zip")
    shown = contents(choose([], folder), rows_of.rows(folder), served=True)
    assert shown["noise"] == [] and shown["notes"] == [name]
    assert f"{name} is not shown" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"best.keras"):
        contents(choose([name], folder), rows_of.rows(folder), served=True)


def test_a_run_that_no_view_shows_is_refused(tmp_path):
    folder = write_run(tmp_path, 1, config.DenseAE(), data={"path": "x"})
    document = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**document, "kind": "other"}), "utf-8")
    with pytest.raises(UserError, match="cannot show a other run"):
        choose([folder.name], tmp_path)


def test_runs_without_the_new_files_are_shown_with_less(folder, runs):
    for file in folder.rglob("*.npz"):
        file.unlink()
    metrics = {"baselines": {"median": {"setting": {"size": 5}, "psnr_db": 13.0}, "gaussian": None}}
    (folder / runs.names["conv"] / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    shown = contents(choose([], folder), rows_of.rows(folder), served=False)
    assert "tsne" not in shown["codes"][0] and "pca" not in shown["codes"][0] and "pca_map" in shown["codes"][0]
    assert shown["noise"][0]["filters"] == [{"noise": 0.5, "median": [5, 1, 0]}]
    assert shown["svm"] == []
    named = contents(choose([runs.names["svm"]], folder), rows_of.rows(folder), served=True)
    assert named["svm"] == [{"run": runs.names["svm"], "problem": "predictions"}]


def test_runs_of_0_1_0_are_listed(tmp_path):
    rows = rows_of.rows(OLD)
    assert rows and {row["status"] for row in rows} <= {"completed", "interrupted"}
    shown = contents(choose([], OLD), rows_of.rows(OLD), served=False)
    assert {row["kind"] for row in shown["runs"]} >= {"dense-ae", "charrnn"}


@pytest.mark.parametrize("data", [b"", b"PK", b"\x93NUMPY", "huge", "pickle", "shapes"])
@pytest.mark.parametrize("name", ["map", "baselines", "predictions"])
def test_hostile_arrays_are_refused_in_one_line(folder, runs, name, data):
    run = folder / runs.names[{"map": "dense", "baselines": "conv", "predictions": "svm"}[name]]
    path = run / "checkpoints" / f"{name}.npz"
    if data == "huge":
        np.savez_compressed(path, rows=np.zeros(80 * 2**20, np.uint8))
    elif data == "pickle":
        np.savez(path, **{key: np.array([object()], object) for key in ("rows", "levels", "pixels-rbf")})
    elif data == "shapes":
        np.savez(path, rows=np.array([10**9]), levels=np.array([[1.0]]), **{"pixels-rbf": np.array([99])})
    else:
        path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        contents(choose([run.name], folder), rows_of.rows(folder), served=True)
    assert "\n" not in str(caught.value)


def test_no_path_of_this_machine_goes_into_the_page(folder, runs, tmp_path):
    other = folder / runs.names["gru many-to-one 1"]
    document = json.loads((other / "config.json").read_text("utf-8"))
    (other / "config.json").write_text(json.dumps({**document, "somewhere": str(tmp_path / "other")}), "utf-8")
    (folder / runs.names["conv"] / "metrics.json").write_text("{", "utf-8")
    text = json.dumps(contents(choose([runs.names["dense"]], folder), rows_of.rows(folder), served=False))
    assert str(tmp_path) not in text and str(runs.folder.parent) not in text
    assert '"somewhere": "other"' in text


def test_metrics_and_histories_are_strict_json(folder, runs):
    run = folder / runs.names["dense"]
    (run / "metrics.json").write_text(
        '{"seconds": 1, "test_mse": NaN, "val_mse": 1e999, "epochs": 1' + "0" * 400 + "}", "utf-8"
    )
    (run / "history.csv").write_text("epoch,loss,val_loss\n1,nan,inf\n2,1,0.5\n", "utf-8")
    row = runs_row(run)
    json.dumps(row, allow_nan=False)
    assert row["history"] == {"epoch": [1, 2], "loss": [None, 1], "val_loss": [None, 0.5]}


def runs_row(run):
    return rows_of.row(read_run(run))


def test_a_long_history_is_thinned_out_to_its_end(tmp_path):
    settings = config.DenseAE()
    run = write_run(tmp_path, 1, settings, data={"path": "x"}, losses=[1 / (i + 1) for i in range(1000)])
    epochs = runs_row(run)["history"]["epoch"]
    assert len(epochs) <= 200 and epochs[-1] == 1000


@pytest.mark.parametrize("epochs", [199, 201, 1000])
def test_best_and_last_epoch_are_those_of_all_epochs(tmp_path, epochs):
    losses = [0.1234567 if epoch == epochs - 4 else 1.0 for epoch in range(1, epochs)] + [0.75]
    row = runs_row(write_run(tmp_path, 1, config.DenseAE(), data={"path": "x"}, losses=losses))
    assert row["best"] == {"epoch": epochs - 4, "val_loss": 0.1234567} and row["epochs"] == epochs
    assert (row["history"]["epoch"][-1], row["history"]["val_loss"][-1]) == (epochs, 0.75)


def test_without_a_finite_validation_loss_there_is_no_best_epoch(tmp_path):
    row = runs_row(write_run(tmp_path, 1, config.DenseAE(), data={"path": "x"}, losses=(float("nan"),) * 2))
    assert (row["best"], row["epochs"]) == (None, 2)


def test_where_not_all_pictures_have_room_every_class_and_cell_keeps_some(folder, runs, monkeypatch):
    monkeypatch.setattr(images, "MAX_VALUES", 30 * 784)
    shown = contents(choose([], folder), [], served=False)
    for view in ("codes", "noise", "svm"):
        pictures = shown[view][0]["pictures"]
        assert len(pictures["labels"]) == 30 and set(pictures["labels"]) == set(range(10))
    assert shown["noise"][0]["pictures"]["labels"] == sorted(shown["noise"][0]["pictures"]["labels"])
    assert all(rows for each in shown["svm"][0]["sets"] for rows in each["cells"].values())
    stored = np.load(folder / runs.names["dense"] / "checkpoints" / "map.npz")
    expected = stored["tsne"][shown["codes"][0]["pictures"]["rows"]].astype(np.float32)
    assert shown["codes"][0]["tsne"] == pack(expected)


def test_of_a_sweep_the_points_with_a_model_are_shown(folder, runs, capsys):
    sweep = folder / "2026-11-24_20-00-00_sweep-charrnn"
    for number in (1, 2, 3):
        shutil.copytree(folder / runs.names["gru many-to-one 1"], sweep / f"{number}_seed={number}")
    (sweep / "config.json").write_text(json.dumps({"kind": "sweep-charrnn", "grid": {"seed": [1, 2, 3]}}), "utf-8")
    facts = {"status": "completed", "started": "2026-11-24T20:00:00+00:00", "machine": {}}
    (sweep / "run.json").write_text(json.dumps(facts), "utf-8")
    (sweep / "metrics.json").write_text("{}", "utf-8")
    failed = json.loads((sweep / "1_seed=1" / "run.json").read_text("utf-8"))
    (sweep / "1_seed=1" / "run.json").write_text(json.dumps({**failed, "status": "failed"}), "utf-8")
    (sweep / "1_seed=1" / "checkpoints" / "best.keras").unlink()
    (sweep / "3_seed=3" / "run.json").write_text("{", "utf-8")
    shown = contents(choose([sweep.name], folder), [], served=True)
    assert [view["run"] for view in shown["names"]] == [f"{sweep.name}/2_seed=2"]
    left_out = [line for line in capsys.readouterr().err.split("\n") if "is left out" in line]
    assert len(left_out) == 2
    (sweep / "2_seed=2" / "checkpoints" / "best.keras").unlink()
    with pytest.raises(UserError, match="no point of the sweep can be shown"):
        choose([sweep.name], folder)


def test_hashes_are_fnv_1a_of_utf_8():
    """FNV-1a of "foobar" is published as 0xBF9CF968; the last step is MurmurHash3's mix."""
    values = names.hashes(["foobar", "", "é", "a" * 4000], names.FNV_BASES[0])
    assert values[0] == names._mix(np.array([0xBF9CF968], np.uint32))[0]
    assert values[1] == names._mix(np.array([names.FNV_BASES[0]], np.uint32))[0]
    assert len(set(values.tolist())) == 4


def test_arrays_are_packed_little_endian_in_types_that_the_page_knows():
    assert pack(np.zeros((2, 3)))["array"] == "float32"
    assert pack(np.zeros(3, np.int64)) == pack(np.zeros(3, ">i8"))
    assert pack(np.zeros((2, 3), np.float16))["shape"] == [2, 3]


def test_psnrs_of_a_run_are_over_all_test_images_at_its_own_noise_and_over_some_at_others(folder, runs):
    path = folder / runs.names["conv"] / "metrics.json"
    levels = [
        {
            "noise": level,
            "noisy_psnr_db": psnr,
            "denoised_psnr_db": psnr + 5,
            "baselines": {"median": 1.0, "linear": psnr + 4},
            "corrected_baselines": {"median": psnr + 3, "tv": 2.0},
        }
        for level, psnr in ((0.4, 10.0), (0.5, 9.0))
    ]
    baselines = {"median": {"psnr_db": 1.0, "corrected_psnr_db": 13.0}, "gaussian": None, "linear": {"psnr_db": 15.0}}
    measured = {"noisy_psnr_db": 8.0, "denoised_psnr_db": 16.0, "test_sample": 2000}
    path.write_text(json.dumps({**measured, "baselines": baselines, "by_noise": levels}), "utf-8")
    record = read_run(path.parent)
    assert noise.psnrs_by_noise(record) == [
        {"noise": 0.5, "noisy": 8, "network": 16, "median": 13, "linear": 15, "images": 2000},
        {"noise": 0.4, "noisy": 10, "network": 15, "median": 13, "linear": 14, "images": 1000},
    ]
    lean = {**measured, "test_sample": 70, "baselines": None, "by_noise": None}  # a point of a sweep
    assert noise.psnrs_by_noise(dataclasses.replace(record, metrics=lean)) == [
        {"noise": 0.5, "noisy": 8, "network": 16, "images": 70}
    ]
    old = read_run(OLD / "2026-11-28_15-19-51_conv-dae")
    assert {row["images"] for row in noise.psnrs_by_noise(old)} == {old.facts["data"]["counts"]["test"]}


def test_svms_are_tested_as_the_evaluation_tests_them(folder, runs):
    run = folder / runs.names["svm"]
    stored = dict(np.load(run / "checkpoints" / "predictions.npz"))
    names = ("pca-rbf", "pixels-linear", "codes-linear")
    np.savez(run / "checkpoints" / "predictions.npz", **stored, **dict.fromkeys(names, stored["codes-rbf"]))
    tests = [("rbf", "codes", 8, 0.5), ("rbf", "codes", 32, 0.06), ("linear", "codes", 32, 1.0)]
    rows = [{"kernel": k, "first": "pixels", "second": f, "size": n, "p_holm": p, "p": 0.01} for k, f, n, p in tests]
    path = run / "metrics.json"
    path.write_text(json.dumps({"mcnemar": [*rows, {"kernel": "rbf", "second": "pca", "size": 32, "p": 0.9}]}), "utf-8")
    assert svm.view(read_run(run))["tests"] == {
        "pixels-rbf,codes-rbf": {"p": 0.06, "holm": True},
        "pixels-rbf,pca-rbf": {"p": 2 / 2**9, "holm": False},
        "pixels-linear,codes-linear": {"p": 1.0, "holm": True},
    }
