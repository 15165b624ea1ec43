"""The commands that fill the gaps of a report."""

import json
import shlex
from pathlib import Path

import pytest

from pw13 import config
from pw13.config import fields
from pw13.report import hints
from pw13.report.handout import departures
from pw13.report.run_selection import select_runs
from pw13.runs.record import read_run
from tests.helpers.report_runs import BUILTIN, build, make_run, make_sweep, missing_commands, train_further


def perform(command: str, runs: Path, second: int) -> None:
    """Write the run that a trainer's command would make."""
    _, trainer, *flags = shlex.split(command)
    kind = trainer.removeprefix("train-")
    keys = [flag.removeprefix("--").replace("-", "_") for flag in flags[::2]]
    values = {key: fields.parse(config.KINDS[kind], key, text) for key, text in zip(keys, flags[1::2], strict=True)}
    make_run(runs, kind, second, **values)


@pytest.mark.parametrize("epochs", [1, 2, 10])
def test_the_commands_for_what_is_missing_fill_the_gaps(tmp_path, epochs):
    runs = tmp_path / "runs"
    make_run(runs, "dense-ae", 0, epochs=7, learning_rate=0.01)
    make_run(runs, "charrnn", 1, epochs=epochs, units=32, skip=5)
    made = missing_commands(build(runs))
    commands = [command for key in ("1a", "2g", "m2m", "cells") for command in made[key] if "--names" not in command]
    assert len(commands) == 6
    for second, command in enumerate(commands, 10):
        perform(command, runs, second)
    made = missing_commands(build(runs))
    assert [made[key] for key in ("1a", "m2m", "cells")] == [[], [], []]
    assert made["2g"] == ["pw13 report --names FILE"]


def test_later_runs_that_fill_a_gap_join_those_of_all(tmp_path):
    runs = tmp_path / "runs"
    first = make_run(runs, "charrnn", 0)
    (runs / "all.json").write_text(json.dumps({"runs": {"rnn": first.name}}), "utf-8")
    make_run(runs, "charrnn", 1, units=128)
    make_run(runs, "charrnn", 2, units=128, seed=1, dropout=0.5)
    selection = select_runs([], runs)
    assert [run.config["units"] for run in selection.records] == [64, 128]
    assert selection.origin == "the runs of the last pw13 all, and runs that differ from them in one setting"
    assert selection.baseline_rnn.name == first.name  # with the handout's units


def test_flags_are_those_that_differ_from_the_defaults(tmp_path):
    record = read_run(make_run(tmp_path / "runs", "charrnn", fix_accents=True, learning_rate=2e-3, threads=1))
    record.config.update(corpus=str(tmp_path / "my names.txt"))
    expected = "pw13 train-charrnn --cell gru --learning-rate 0.002 --fix-accents --corpus 'my names.txt'"
    assert hints.rerun(record, cell="gru") == expected


@pytest.mark.parametrize(("rate", "shown"), [(0.00123456789, "0.00123456789"), (1e-5, "1e-05"), (1.0, "1")])
def test_a_number_keeps_all_of_its_digits(tmp_path, rate, shown):
    record = read_run(make_run(tmp_path / "runs", "charrnn", learning_rate=rate))
    assert hints.rerun(record) == f"pw13 train-charrnn --learning-rate {shown}"


def test_a_report_shows_no_path_outside_the_current_folder(tmp_path):
    assert hints.place("/data/notmnist") == "DIR"
    assert hints.place(str(tmp_path / "data")) == "data"
    assert hints.place("builtin") == "builtin"
    record = read_run(make_run(tmp_path / "runs", "charrnn"))
    record.config.update(corpus="/data/companies.csv")
    assert hints.rerun(record) == "pw13 train-charrnn --corpus FILE"


def test_the_data_of_other_runs_are_kept(tmp_path):
    folder = make_run(tmp_path / "elsewhere", "dense-ae")
    settings = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**settings, "data": str(tmp_path / "letters")}), "utf-8")
    made = missing_commands(build(tmp_path / "elsewhere"))
    assert made["1g"] == ["pw13 svm-eval --data letters --runs-dir elsewhere"]
    assert made["1a"] == ["pw13 train-dense-ae --code-size 64 --data letters --runs-dir elsewhere"]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_the_points_of_a_sweep_lack_goes_into_the_runs_folder(tmp_path, elsewhere):
    runs = tmp_path / ("elsewhere" if elsewhere else "runs")
    sweep = make_sweep(runs, "charrnn", 0, {"units": 32}, {"units": 128})
    made = missing_commands(build(runs, sweep.name))
    suffix = " --runs-dir elsewhere" if elsewhere else ""
    assert made["m2m"] == [f"pw13 train-charrnn --target many-to-many --units 128{suffix}"]
    assert made["1a"] == [f"pw13 train-dense-ae{suffix}"]


def test_a_network_that_was_trained_further_starts_from_the_same_one_again(tmp_path):
    runs = tmp_path / "runs"
    start, run = (make_run(runs, "charrnn", second) for second in (0, 1))
    train_further(run, start)
    assert hints.rerun(read_run(run), epochs=2) == f"pw13 train-charrnn --epochs 2 --init-from {start.name}"
    assert hints.rerun(read_run(run), epochs=2, init_from=None) == "pw13 train-charrnn --epochs 2"
    train_further(run, Path("/elsewhere") / start.name.replace("10-00", "09-00"))
    assert hints.rerun(read_run(run)) == "pw13 train-charrnn --init-from RUN"


def evaluate(runs: Path, *encoders: Path, **details) -> Path:
    """Write an evaluation of the encoders of runs."""
    folder = make_run(runs, "svm-eval", 9, **details)
    for name, key, value in (("config", "runs", []), ("run", "encoders", [encoder.name for encoder in encoders])):
        content = json.loads((folder / f"{name}.json").read_text("utf-8"))
        (folder / f"{name}.json").write_text(json.dumps({**content, key: value}), "utf-8")
    return folder


def test_an_evaluation_is_repeated_with_the_same_encoders(tmp_path):
    runs = tmp_path / "runs"
    dense, conv = make_run(runs, "dense-ae", 0, code_size=16), make_run(runs, "conv-dae", 1)
    record = read_run(evaluate(runs, dense, conv, limit=100))
    both = f"--run {dense.name} --run {conv.name}"
    assert hints.rerun(record, limit=None) == f"pw13 svm-eval {both}"
    assert hints.redraw(record) == f"pw13 svm-eval --limit 100 {both}"
    dense.rename(tmp_path / "elsewhere")
    assert hints.rerun(record, limit=None) == f"pw13 svm-eval --run RUN --run {conv.name}"


def test_the_encoders_of_an_evaluation_on_other_data_are_trained_first(tmp_path):
    settled = []
    for place, kinds in (("one", ["dense-ae"]), ("two", ["dense-ae", "conv-dae"])):
        runs = tmp_path / place / "runs"
        encoders = [make_run(runs, kind, second, data=BUILTIN, epochs=2) for second, kind in enumerate(kinds)]
        svm = evaluate(runs, *encoders, data=BUILTIN, limit=100)
        selection = select_runs([svm.name], runs)
        settled += [each.command for each in departures("1g", selection, 8) if "100" in each.text]
    flags = [f"--epochs 2 --runs-dir {place}/runs" for place in ("one", "two")]
    assert settled == [
        f"pw13 data fetch notmnist, then: pw13 train-dense-ae {flags[0]}, then: pw13 svm-eval --runs-dir one/runs",
        f"pw13 data fetch notmnist, then: pw13 train-dense-ae {flags[1]}, then: pw13 train-conv-dae {flags[1]}, then: "
        "pw13 svm-eval --run RUN --run RUN --runs-dir two/runs",
    ]


def test_a_network_of_another_shape_is_compared_with_one_from_random_weights(tmp_path):
    """`train-charrnn --init-from` takes no run of another shape."""
    runs = tmp_path / "runs"
    start = make_run(tmp_path / "elsewhere", "charrnn", 0)
    run = make_run(runs, "charrnn", 1, epochs=3)
    train_further(run, start)
    command = "pw13 train-charrnn --epochs 3, then: pw13 train-charrnn --cell gru --epochs 3"
    made = missing_commands(build(runs))
    assert made["cells"][0] == command
    for second, part in enumerate(command.split(", then: "), 10):
        perform(part, runs, second)
    assert len(missing_commands(build(runs))["cells"]) == 1  # the LSTM
