"""Which runs are reported, and which are compared."""

import errno
import json
import os
import shutil

import pytest
from matplotlib.figure import Figure

from pw13.errors import UserError
from pw13.report.run_selection import read_figure, select_runs
from pw13.report.sections import blocks
from pw13.runs.record import read_run
from pw13.system import files
from tests.helpers.report_runs import BUILTIN, build_all, items, make_run, only_table


class ReadOnly(files.FileOps):
    """A file system that takes no folder."""

    def mkdir(self, path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fspath(path))


def change(path, **facts):
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **facts}), "utf-8")


def test_the_baseline_rnn_is_the_one_most_runs_can_be_compared_with(tmp_path):
    for second, settings in enumerate(
        (
            {"units": 128, "epochs": 8},
            {"units": 128, "epochs": 2},
            {"units": 64, "epochs": 8},
            {"units": 256, "epochs": 8},
            {"units": 128, "epochs": 8, "cell": "gru"},
        )
    ):
        make_run(tmp_path, "charrnn", second, **settings)

    def baseline(*seconds):
        names = [f"2026-11-24_10-00-{second:02d}" for second in seconds]
        return select_runs(names, tmp_path).baseline_rnn.config

    assert (baseline(0, 1, 2, 3, 4)["units"], baseline(0, 1, 2, 3, 4)["epochs"]) == (128, 8)
    assert baseline(0, 2, 4)["units"] == 128
    assert baseline(0, 2, 3)["units"] == 64
    assert baseline(0, 3)["units"] == 256


def test_the_dense_run_is_the_newest_of_the_handouts_code_size(tmp_path):
    for second, size in enumerate((32, 32, 16)):
        make_run(tmp_path, "dense-ae", second, code_size=size)
    names = [path.name for path in sorted(tmp_path.iterdir())]
    assert select_runs(names, tmp_path).dense.name == names[1]
    assert select_runs(names[2:], tmp_path).dense.name == names[2]


def test_named_runs_are_selected_once_each(runs):
    selection = select_runs(["2026-11-24_10-00-00", "2026-11-24_10-00-00_dense-ae"], runs)
    assert [record.kind for record in selection.records] == ["dense-ae"]


def test_runs_of_the_last_all_are_preferred_to_the_newest(runs):
    make_run(runs, "dense-ae", 30)
    assert select_runs([], runs).dense.name == "2026-11-24_10-00-30_dense-ae"
    (runs / "all.json").write_text(
        json.dumps({"runs": {"a": "2026-11-24_10-00-00_dense-ae", "b": "../x", "c": 3}}), "utf-8"
    )
    selection = select_runs([], runs)
    assert [record.name for record in selection.records] == ["2026-11-24_10-00-00_dense-ae"]
    assert selection.origin == "the runs of the last pw13 all"


def test_a_run_of_the_last_all_may_have_been_renamed_before(runs):
    renamed = make_run(runs, "dense-ae", 30).rename(runs / "my best")
    (runs / "all.json").write_text(json.dumps({"runs": {"a": renamed.name, "b": "../x", "c": "", "d": "."}}), "utf-8")
    assert [record.name for record in select_runs([], runs).records] == ["my best"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"runs": 3}', '{"runs": {"a": "\\u0000"}}', '{"runs": {"a": "2026-11-24_10-00-59_dense-ae"}}'],
)
def test_an_invalid_all_json_is_ignored(runs, content):
    (runs / "all.json").write_text(content, "utf-8")
    assert len(select_runs([], runs).records) == 4


def test_later_runs_are_those_that_started_later_in_any_time_zone(tmp_path):
    for second, (started, units) in enumerate(
        (("2026-11-24T10:00:00+01:00", 64), ("2026-11-24T09:30:00+00:00", 128), ("2026-11-24T10:30:00+02:00", 256))
    ):
        folder = make_run(tmp_path, "charrnn", second, units=units)
        change(folder / "run.json", started=started)
    first, later, _ = sorted(path.name for path in tmp_path.iterdir())
    (tmp_path / "all.json").write_text(json.dumps({"runs": {"a": first}}), "utf-8")
    assert [record.name for record in select_runs([], tmp_path).records] == [first, later]


def test_figures_that_cannot_be_saved_are_a_warning_said_once(tmp_path, monkeypatch, capfd):
    folder = make_run(tmp_path, "dense-ae")
    shutil.rmtree(folder / "figures")
    change(folder / "run.json", lean=True)
    monkeypatch.setattr("pw13.experiments.redraw_figures", lambda record: [("loss", Figure())])
    monkeypatch.setattr(files, "file_ops", ReadOnly())
    (record,) = select_runs([], tmp_path).records
    assert [read_figure(record, "loss", form) for form in ("png", "svg")] == [None, None]
    assert capfd.readouterr().err.count(f"no figures: {folder / 'figures'}: Read-only file system") == 1


def test_figures_are_not_drawn_through_a_link_out_of_the_run(pw13, tmp_path, monkeypatch):
    folder = make_run(tmp_path / "runs", "dense-ae")
    shutil.rmtree(folder / "figures")
    change(folder / "run.json", lean=True)
    monkeypatch.setattr("pw13.experiments.redraw_figures", lambda record: [("loss", Figure())])
    for made in (False, True):  # the link leads to nothing, or to a folder
        (folder / "figures").symlink_to(tmp_path / f"outside-{made}")
        if made:
            (tmp_path / f"outside-{made}").mkdir()
        code, _, err = pw13("runs", "figures", folder)
        assert code == 1 and "figures: symbolic link points outside the run folder" in err
        assert read_figure(select_runs([], tmp_path / "runs").records[0], "loss") is None
        assert not list(tmp_path.glob("outside-*/*"))
        (folder / "figures").unlink()


def test_without_a_completed_run_selection_is_refused(tmp_path):
    with pytest.raises(UserError, match="no completed run to report on; run all experiments with: pw13 all"):
        select_runs([], tmp_path)
    make_run(tmp_path, "dense-ae", status="interrupted")
    with pytest.raises(UserError, match="interrupted, expected a completed run"):
        select_runs(["2026"], tmp_path)
    with pytest.raises(UserError, match="no completed run"):
        select_runs([], tmp_path)


def test_a_run_of_an_unknown_kind_is_refused(tmp_path):
    folder = make_run(tmp_path, "dense-ae")
    settings = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**settings, "kind": "other"}), "utf-8")
    with pytest.raises(UserError, match="cannot report on a other run; supported: dense-ae, "):
        select_runs(["2026"], tmp_path)


def test_a_series_has_equal_settings_and_data(tmp_path):
    for second, size in enumerate((16, 32, 64)):
        make_run(tmp_path, "dense-ae", second, code_size=size, metrics={"test_mse": 1 / size})
    make_run(tmp_path, "dense-ae", 10, code_size=8, epochs=7)
    make_run(tmp_path, "dense-ae", 11, code_size=4, data=BUILTIN)
    rows = only_table(items(build_all(tmp_path))["1a"]).rows
    assert [row[0] for row in rows] == ["16", "32", "64"]


def test_a_series_of_several_seeds_has_mean_and_interval(tmp_path):
    for seed, mse in enumerate((0.03, 0.01, 0.02)):
        make_run(tmp_path, "dense-ae", seed, seed=seed, metrics={"test_mse": mse, "parameters": 13577})
    selection = select_runs([path.name for path in tmp_path.iterdir()], tmp_path)
    (series,) = selection.series(selection.dense, "code_size")
    assert {seed: loss.value for seed, loss in series.by_seed("test_mse").items()} == {0: 0.03, 1: 0.01, 2: 0.02}
    assert series.interval("test_mse").mean == pytest.approx(0.02)
    low, high = 0.02 - 4.302653 * 0.01 / 3**0.5, 0.02 + 4.302653 * 0.01 / 3**0.5
    assert series.interval("test_mse").ci95 == pytest.approx((low, high), abs=1e-7)
    assert blocks.series_mean(series, "test_mse") == "0.02000 (-0.004841 to 0.04484)"
    assert blocks.series_mean(series, "parameters") == "13,577"
    assert blocks.seeds_note([series]) == "Means over seeds (3), with Student's 95 % interval in brackets."
    assert series.by_seed("unknown") == {} and blocks.series_mean(series, "unknown") == "–"


def test_points_of_a_sweep_join_the_headline_run_but_do_not_replace_it(tmp_path):
    """They have no figures: the run of its own stays the one that is shown."""
    own = make_run(tmp_path, "dense-ae", 0, metrics={"test_mse": 0.02})
    sweep = tmp_path / "2026-11-24_10-00-30_sweep-dense-ae"
    sweep.mkdir()
    (sweep / "config.json").write_text("{}", "utf-8")
    for seed in (1, 2):
        point = make_run(sweep, "dense-ae", 10 + seed, seed=seed, metrics={"test_mse": 0.02 + seed / 100})
        point.rename(sweep / f"{seed - 1}_seed={seed}")
    listed = {"runs": {"dense": own.name}, "sweeps": {"dense": sweep.name, "bad": 5, "gone": sweep.name + "_2"}}
    (tmp_path / "all.json").write_text(json.dumps(listed), "utf-8")
    selection = select_runs([], tmp_path)
    assert selection.dense.folder == own and len(selection.records) == 3
    losses = selection.repeats(selection.dense).by_seed("test_mse")
    assert {seed: loss.value for seed, loss in losses.items()} == {0: 0.02, 1: 0.03, 2: 0.04}


def test_of_several_runs_of_one_seed_a_series_has_the_newest(tmp_path):
    """Its loss, its names and its pictures are of one run."""
    for second, mse in enumerate((0.03, 0.01)):
        make_run(tmp_path, "dense-ae", second, metrics={"test_mse": mse})
    selection = select_runs([path.name for path in tmp_path.iterdir()], tmp_path)
    for series in (*selection.series(selection.dense, "code_size"), selection.repeats(selection.dense)):
        assert series.records == (selection.dense,) and series.first.metrics["test_mse"] == 0.01
        assert series.by_seed("test_mse")[0].value == 0.01


def test_points_of_several_sweeps_with_equal_names_stay_apart_when_a_later_run_joins(tmp_path):
    listed = {"runs": {}, "sweeps": {}}
    for second, (kind, metric) in enumerate((("dense-ae", "test_mse"), ("charrnn", "held_out_nats"))):
        listed["runs"][kind] = make_run(tmp_path, kind, second).name
        sweep = tmp_path / f"2026-11-24_10-00-1{second}_sweep-{kind}"
        listed["sweeps"][kind] = sweep.name
        for seed in (1, 2):
            point = make_run(sweep, kind, 10 + 2 * second + seed, seed=seed, metrics={metric: seed})
            point.rename(sweep / f"{seed - 1}_seed={seed}")
        (sweep / "config.json").write_text("{}", "utf-8")
    (tmp_path / "all.json").write_text(json.dumps(listed), "utf-8")
    make_run(tmp_path, "dense-ae", 40, code_size=64)
    selection = select_runs([], tmp_path)
    assert len(selection.records) == 7 and len({record.reference for record in selection.records}) == 7
    assert (
        len(selection.repeats(selection.dense).records) == len(selection.repeats(selection.baseline_rnn).records) == 3
    )


def test_runs_with_invalid_settings_are_left_out_and_named_ones_refused(tmp_path, capsys):
    good, bad = (make_run(tmp_path, "charrnn", second) for second in (0, 1))
    config = json.loads((bad / "config.json").read_text("utf-8"))
    (bad / "config.json").write_text(json.dumps({**config, "epochs": [1]}), "utf-8")
    assert [record.folder for record in select_runs([], tmp_path).records] == [good]
    assert f"{bad.name} is left out" in capsys.readouterr().err
    with pytest.raises(UserError, match="epochs"):
        select_runs([bad.name], tmp_path)
    shutil.rmtree(good)
    with pytest.raises(UserError, match=r"no run to report on: .*epochs.*; run all experiments with: pw13 all"):
        select_runs([], tmp_path)
    assert capsys.readouterr().err == ""  # one line, the error
    (tmp_path / "all.json").write_text(json.dumps({"runs": {"charrnn": bad.name}}), "utf-8")
    with pytest.raises(UserError, match=r"no run to report on: .*epochs"):
        select_runs([], tmp_path)


def test_a_digest_that_is_no_text_breaks_a_run(tmp_path):
    run = make_run(tmp_path, "charrnn", data={"sha256": ["a"]})
    assert "data.sha256: expected a string" in read_run(run).problem
