"""Tables of runs: settings that differ and metrics, for runs in any state."""

import json
import os
import re

import pytest
from matplotlib.figure import Figure

from pw13.errors import OptionError
from pw13.runs import comparison, tables
from pw13.runs.finding import list_runs
from pw13.runs.record import read_run
from pw13.system import files, machine
from tests.helpers.report_runs import RESULT, make_run
from tests.helpers.runs import make


@pytest.fixture
def folder(tmp_path):
    """Return a folder of runs: completed, interrupted, running, died, on another host, broken, and a sweep of two."""
    runs = tmp_path / "runs"
    alive = {"pid": os.getpid(), "pid_started": machine.process()["pid_started"]}
    good = {"seconds": 2.5, "epochs": 3, "test_mse": 0.02, "val_mse": 0.03, "compression": {"raw_bytes": 784}}
    make(runs, "2026-01-01_00-00-01_dense-ae", metrics=good, started="2026-01-01T00:00:01+00:00")
    better = {**good, "test_mse": 0.01, "seconds": 9.0}
    second = make(runs, "2026-01-01_00-00-02_dense-ae", metrics=better, started="2026-01-01T00:00:02+00:00")
    change(second, "config.json", code_size=64, seed=1)
    stopped = make(runs, "2026-01-01_00-00-03_dense-ae", status="interrupted", started="2026-01-01T00:00:03+00:00",
                   ended="2026-01-01T00:01:03+00:00")  # fmt: skip
    (stopped / "history.csv").write_text("epoch,loss,val_loss\n1,0.5,0.4\n2,0.3,0.45\n", "utf-8")
    make(runs, "2026-01-01_00-00-04_dense-ae", status="running", **alive, started="2026-01-01T00:00:04+00:00")
    make(
        runs,
        "2026-01-01_00-00-05_charrnn",
        status="running",
        pid=1,
        pid_started=0.0,
        started="2026-01-01T00:00:05+00:00",
    )
    make(
        runs,
        "2026-01-01_00-00-06_charrnn",
        status="running",
        machine={"host": "far"},
        started="2026-01-01T00:00:06+00:00",
    )
    broken = make(runs, "2026-01-01_00-00-07_charrnn", started="2026-01-01T00:00:07+00:00")
    (broken / "run.json").write_text("{", "utf-8")
    sweep = make(runs, "2026-01-01_00-00-08_sweep-dense-ae", status="interrupted", started="2026-01-01T00:00:08+00:00")
    change(sweep, "config.json", points=2)
    make(sweep, "1_x_dense-ae", metrics=good)
    change(make(sweep, "2_x_dense-ae", metrics=better), "config.json", code_size=8)
    return runs


def change(path, name, **values):
    files.write_json(path / name, {**json.loads((path / name).read_text("utf-8")), **values})


STATUSES = ["broken", "completed", "completed", "interrupted", "running", "died", "running on far", "interrupted"]


def test_list_shows_the_status_of_each_run(pw13, folder):
    code, out, err = pw13("runs", "list", "--runs-dir", folder, "--json")
    assert code == 0
    listed = json.loads(out)["runs"]
    assert [run["status"] for run in listed] == STATUSES
    assert listed[0]["problem"].endswith("run.json: corrupt: not JSON")
    assert listed[1]["metrics"]["compression"]["raw_bytes"] == 784 and listed[1]["seconds"] == 2.5
    assert listed[3]["seconds"] == 60.0 and listed[3]["metrics"] is None
    code, out, err = pw13("runs", "list", "--runs-dir", folder)
    assert code == 0 and "is broken:" in err
    for words in ("8 runs in", "test_mse 0.02", "best_val_loss 0.4", "2 of 2 points", "running on far", "died"):
        assert words in out


def test_list_of_one_kind_shows_the_settings_that_differ(pw13, folder):
    code, out, _ = pw13("runs", "list", "--kind", "dense-ae", "--runs-dir", folder)
    assert code == 0 and "code_size" in out and "activation" not in out and "4 runs in" in out
    header = next(line for line in out.splitlines() if "code_size" in line)
    assert [word.strip() for word in re.split("[┃]", header) if word.strip()] == [
        "run", "status", "code_size", "seed", "epochs", "test_mse", "val_mse", "best_val_loss", "seconds",
    ]  # fmt: skip


def test_sort_is_ascending_and_puts_runs_without_the_metric_last(pw13, folder):
    _, out, _ = pw13("runs", "list", "--sort", "test_mse", "--runs-dir", folder, "--json")
    names = [run["name"][17:19] for run in json.loads(out)["runs"]]
    assert names[:2] == ["02", "01"] and len(names) == 8
    _, out, _ = pw13("runs", "list", "--sort", "compression.raw_bytes", "--runs-dir", folder, "--json")
    assert len(json.loads(out)["runs"]) == 8


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["list", "--sort", "test_mes"], 2, "did you mean 'test_mse'?"),
        (["list", "--kind", "dense"], 2, "--kind: expected one of dense-ae"),
        (["list", "--kind", "sweep-svm-eval"], 2, "sweep-conv-dae, sweep-charrnn, received 'sweep-svm-eval'"),
        (["list", "--runs-dir", "nowhere"], 1, "nowhere: no such folder"),
        (["show", "2027"], 1, "shows them"),
        (
            ["compare", "2026-01-01_00-00-01", "2026-01-01_00-00-01"],
            2,
            "expected at least two different runs, received 1",
        ),
        (
            ["compare", "2026-01-01_00-00-01", "2026-01-01_00-00-02", "--figure", "nowhere/x.png"],
            1,
            "pw13: --figure nowhere/x.png: cannot be written: No such file",
        ),
        (["show", "2026"], 1, "run '2026' is ambiguous: matches"),
        (["compare", "2026-01-01_00-00-01"], 2, "expected at least two different runs, received 1"),
        (["compare", "2026-01-01_00-00-01", "2026-01-01_00-00-05", "--figure", "x.png"], 1, "runs of one kind"),
        (
            ["compare", "2026-01-01_00-00-01", "2026-01-01_00-00-02", "--figure", "x.exe"],
            2,
            "--figure: expected a file",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(pw13, folder, arguments, code, message):
    if "--runs-dir" not in arguments:
        arguments = [*arguments, "--runs-dir", folder]
    exit_code, out, err = pw13("runs", *arguments)
    assert exit_code == code and message in err and not out and err.count("\n") == 1


def test_an_empty_folder_is_an_empty_list(pw13, tmp_path):
    code, out, _ = pw13("runs", "list", "--runs-dir", tmp_path)
    assert code == 0 and "0 runs in" in out
    code, out, _ = pw13("runs", "list", "--sort", "test_mse", "--runs-dir", tmp_path, "--json")
    assert code == 0 and json.loads(out) == {"runs": []}


def test_show_prints_settings_and_metrics_and_what_is_wrong_with_a_broken_run(pw13, folder):
    code, out, _ = pw13("runs", "show", "2026-01-01_00-00-01", "--runs-dir", folder)
    assert code == 0 and "compression.raw_bytes" in out and "784" in out and "code_size" in out
    code, out, _ = pw13("runs", "show", "2026-01-01_00-00-01", "--runs-dir", folder, "--json")
    assert json.loads(out)["config"]["code_size"] == 32
    code, out, err = pw13("runs", "show", "2026-01-01_00-00-07", "--runs-dir", folder)
    assert (code, out) == (1, "") and err.endswith("run.json: corrupt: not JSON\n") and err.count("\n") == 1
    code, out, _ = pw13("runs", "show", "2026-01-01_00-00-08", "--runs-dir", folder)
    assert code == 0 and "2_x_dense-ae" in out


@pytest.mark.parametrize(
    ("earlier", "expected"), [(50.0, 150.0), (None, 100.0), ("long", 100.0), pytest.param(10**400, 100.0, id="huge")]
)
def test_the_pause_before_a_run_was_resumed_is_no_part_of_its_duration(tmp_path, earlier, expected):
    times = {"started": "2026-01-05T10:00:00+00:00", "ended": "2026-01-06T10:01:40+00:00"}
    resumed = ["2026-01-05T11:00:00+00:00", "2026-01-06T10:00:00+00:00"]
    path = make(tmp_path, status="interrupted", resumed=resumed, earlier_seconds=earlier, **times)
    assert comparison.seconds(read_run(path)) == expected


def test_a_run_with_odd_facts_is_still_shown(pw13, folder):
    path = folder / "2026-01-01_00-00-01_dense-ae"
    change(path, "run.json", data={"counts": [1]}, versions={"pw13": [1]}, command=7, started="then", ended=5)
    change(path, "metrics.json", seconds="long", test_mse=[1])
    for command in (["show", "2026-01-01_00-00-01"], ["list"], ["list", "--kind", "dense-ae", "--sort", "val_mse"]):
        code, out, err = pw13("runs", *command, "--runs-dir", folder)
        assert code == 0 and "2026-01-01_00-00-01" in out and "Traceback" not in err


def test_compare_shows_and_plots_the_difference(pw13, folder, tmp_path):
    pair = ["2026-01-01_00-00-01", "2026-01-01_00-00-02"]
    picture = tmp_path / "both.png"
    code, out, _ = pw13("runs", "compare", *pair, "--runs-dir", folder, "--figure", picture)
    assert code == 0 and "--code-size" in out and "--seed" in out and "--activation" not in out
    assert re.search(r"test_mse\W+0\.02\W+0\.01", out)
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, out, _ = pw13("runs", "compare", *pair, "--runs-dir", folder, "--json")
    assert json.loads(out)["differing"] == ["code_size", "seed"]


@pytest.mark.parametrize(
    ("changed", "colored"), [({"units": 8}, True), ({"loss": "bce"}, False), ({"split_seed": 1}, False)]
)
def test_a_figure_of_runs_that_are_not_ranked_colours_no_lowest_loss(pw13, tmp_path, changed, colored):
    pair = [make(tmp_path, f"2026-01-01_00-00-0{n}_dense-ae", data={"sha256": "a"}) for n in range(2)]
    change(pair[1], "config.json", **changed)
    for number, run in enumerate(pair):
        (run / "history.csv").write_text(f"epoch,loss,val_loss\n1,0.5,0.{number + 4}\n", "utf-8")
    assert pw13("runs", "compare", *pair, "--figure", "x.svg")[0] == 0
    with open("x.svg", encoding="utf-8") as file:
        assert ("lowest in blue" in file.read()) == colored


def test_the_figures_of_a_sweep_are_those_of_its_completed_points(pw13, folder, monkeypatch):
    sweep = folder / "2026-01-01_00-00-08_sweep-dense-ae"
    change(sweep / "1_x_dense-ae", "run.json", status="interrupted")
    (make(sweep, "3_x_dense-ae") / "run.json").write_text("{", "utf-8")
    monkeypatch.setattr("pw13.experiments.redraw_figures", lambda record: [("loss", Figure())])
    code, out, err = pw13("runs", "figures", sweep)
    assert code == 0 and out.splitlines() == [(sweep / "2_x_dense-ae" / "figures" / "loss.png").as_posix()]
    assert f"{sweep.name}/1_x_dense-ae is skipped: interrupted" in err
    assert f"{sweep.name}/3_x_dense-ae is skipped: {sweep / '3_x_dense-ae' / 'run.json'}: corrupt: not JSON" in err
    change(sweep / "2_x_dense-ae", "run.json", status="failed")
    code, out, err = pw13("runs", "figures", sweep)
    assert (code, out) == (1, "")
    assert err == f"pw13: {sweep}: no point of the sweep is completed; resume it with: pw13 resume {sweep.name}\n"


def test_compare_expands_sweeps_and_takes_points(pw13, folder):
    code, out, _ = pw13("runs", "compare", "2026-01-01_00-00-08", "--runs-dir", folder, "--json")
    assert code == 0 and [run["name"][0] for run in json.loads(out)["runs"]] == ["1", "2"]
    code, out, _ = pw13("runs", "compare", "2026-01-01_00-00-08/1", "2026-01-01_00-00-01", "--runs-dir", folder)
    assert code == 0


def test_a_run_in_the_folder_of_a_sweep_is_no_point_of_it(folder):
    sweep = folder / "2026-01-01_00-00-08_sweep-dense-ae"
    make(sweep, "2026-01-01_00-00-09_dense-ae")
    assert [point.name for point in comparison.sweep_points(sweep)] == ["1_x_dense-ae", "2_x_dense-ae"]


def test_names_and_values_are_never_markup(pw13, folder):
    change(folder / "2026-01-01_00-00-01_dense-ae", "config.json", note="[red]x[/red]\x1b[31m")
    code, out, _ = pw13("runs", "compare", "2026-01-01_00-00-01", "2026-01-01_00-00-02", "--runs-dir", folder)
    assert code == 0 and "[red]x[/red]\\x1b[31m" in out and "\x1b" not in out


def test_the_points_of_a_curve_are_in_json_but_in_no_table(pw13, tmp_path):
    points = [{"method": "pca", "setting": "8 components, 2 bits", "bytes": 2.0, "mse": 0.1}]
    runs = tmp_path / "runs"
    for second in (1, 2):
        name = f"2026-01-01_00-00-0{second}_dense-ae"
        make(runs, name, metrics={"seconds": 1.0, "test_mse": 0.02, "rate_distortion": points})
    code, out, _ = pw13("runs", "show", name)
    assert code == 0 and "test_mse" in out and "components" not in out
    code, out, _ = pw13("runs", "compare", "2026-01-01_00-00-01", "2026-01-01_00-00-02", "--all")
    assert code == 0 and "test_mse" in out and "components" not in out
    shown = json.loads(pw13("runs", "show", name, "--json")[1])
    assert shown["metrics"]["rate_distortion"] == points


def test_flatten_names_rows_of_lists_by_their_text_values():
    rows = [
        {"features": "pixels", "kernel": "rbf", "accuracy": 0.9},
        {"features": "codes", "kernel": "rbf", "accuracy": 0.8},
    ]
    nested = {"a": 1, "b": {"c": 2.5, "d": {"e": None}}, "results": rows, "l": [1, 2]}
    assert comparison.flatten(nested) == {
        "a": 1,
        "b.c": 2.5,
        "b.d.e": None,
        "results.pixels-rbf.features": "pixels",
        "results.pixels-rbf.kernel": "rbf",
        "results.pixels-rbf.accuracy": 0.9,
        "results.codes-rbf.features": "codes",
        "results.codes-rbf.kernel": "rbf",
        "results.codes-rbf.accuracy": 0.8,
        "l": [1, 2],
    }


def test_flatten_names_noise_levels_by_their_noise_whatever_their_best_filter():
    rows = [
        {"noise": noise, "denoised_psnr_db": psnr, "best_filter": best, "corrected_best_filter": "tv"}
        for noise, psnr, best in ((0.1, 16.0, "median"), (0.5, 17.4, "tv"), (0.9, 14.0, "tv"))
    ]
    for chosen in (rows, rows[:2]):  # filters that are unique and those that are not
        names = [name for name in comparison.flatten({"by_noise": chosen}) if "psnr" in name]
        assert names == [f"by_noise@{row['noise']}.denoised_psnr_db" for row in chosen]


def encoded(*runs, size=32):
    """Return the results of an SVM on pixels, and on the codes of an encoder per run."""
    rows = [("pixels", 784, None, 0.91), *(("codes", size, run, round(0.8 + int(run) / 100, 2)) for run in runs)]
    return [{"features": f, "size": size, "run": run, **RESULT, "accuracy": value} for f, size, run, value in rows]


def test_flatten_numbers_encoders_of_one_size_and_keeps_the_names_of_other_rows():
    rows = [*encoded("1", "2"), *encoded("3", size=16)[1:]]
    accuracies = {name: value for name, value in comparison.flatten({"r": rows}).items() if name.endswith(".accuracy")}
    assert accuracies == {
        "r.pixels-rbf.accuracy": 0.91,
        "r.codes-rbf-32-1.accuracy": 0.81,
        "r.codes-rbf-32-2.accuracy": 0.82,
        "r.codes-rbf-16.accuracy": 0.83,
    }
    curve = [{"features": "pixels", "size": 784, "run": None, "n_train": n} for n in (50, 100)]
    assert list(comparison.flatten({"curve": curve})) == [f"curve.{i}.{name}" for i in (0, 1) for name in curve[0]]


def test_an_svm_evaluation_of_five_seeds_is_listed_compared_drawn_and_sorted(pw13, tmp_path):
    for second, runs in enumerate(("12345", "34567")):
        rows = [{"features": row["features"], "size": row["size"], "run": row["run"], **row} for row in encoded(*runs)]
        make_run(tmp_path / "runs", "svm-eval", second, metrics={"results": rows})
    (_, first), (_, second) = (
        (r.name, tables.headline(r, comparison.numbers(r))) for r in list_runs(tmp_path / "runs")
    )
    assert first.startswith("codes-rbf-32-1 0.81, codes-rbf-32-2 0.82,") and first.endswith("pixels-rbf 0.91")
    assert second.startswith("codes-rbf-32-1 0.83")
    both = ["2026-11-24_10-00-00", "2026-11-24_10-00-01"]
    code, out, _ = pw13("runs", "compare", *both, "--figure", "both.png")
    assert code == 0 and re.search(r"results.codes-rbf-32-1.accuracy\W+0\.81\W+0\.83\*", out)
    assert (tmp_path / "both.png").stat().st_size > 0
    _, out, _ = pw13("runs", "list", "--sort", "results.codes-rbf-32-5.accuracy", "--json")
    assert [run["name"][:19] for run in json.loads(out)["runs"]] == both


@pytest.mark.parametrize("text", ["", "epoch,loss\n1", "epoch,val_loss\n1,x\n", "\0\n\0", "epoch,val_loss\n1,0.5,7\n"])
def test_a_corrupt_history_counts_as_empty(tmp_path, text):
    (tmp_path / "history.csv").write_text(text, "utf-8")
    assert comparison.history(tmp_path) == []
    assert comparison.history(tmp_path / "nowhere") == []


def test_best_val_loss_skips_nan_and_missing_values():
    assert comparison.best_val_loss([{"val_loss": 2.0}, {"val_loss": float("nan")}, {"val_loss": 1.5}]) == 1.5
    assert comparison.best_val_loss([{"loss": 1.0}]) is None


def test_labels_are_settings_where_unique_else_names(folder):
    records = list_runs(folder, "dense-ae")
    assert tables.labels(records[:2]) == ["code_size 32, seed 0", "code_size 64, seed 1"]
    assert tables.labels([records[0], records[2]]) == [records[0].name, records[2].name]


def test_sorting_by_a_text_is_refused(folder):
    with pytest.raises(OptionError, match="no run has the metric 'kind'"):
        comparison.sort_by_metric(list_runs(folder), "kind")


def test_settings_of_an_encoder_are_no_metrics():
    row = {"features": "codes", "kernel": "rbf", "size": 8, "accuracy": 0.9, "settings": {"epochs": 3}}
    assert not [name for name in comparison.flatten({"results": [row]}) if "epochs" in name]


@pytest.mark.parametrize(
    ("axes", "ranked"),
    [
        ({"noise": [0.3, 0.5]}, False),
        ({"noise": [0.3], "epochs": [1, 2]}, True),
        ({"noise_kind": ["gaussian", "masking"]}, False),
        ({"units": [32, 64], "hold_out": [0.05, 0.1]}, False),
        ({"split_seed": [0, 1]}, False),
        ({"encoding": ["utf-8", "latin-1"]}, False),
        ({"fix_accents": [False, True]}, False),
        ({"units": [32, 64], "length": [5, 10]}, True),
    ],
)
def test_points_of_a_sweep_are_ranked_within_one_task_and_its_validation_examples(axes, ranked):
    assert comparison.is_ranked(axes) == ranked
