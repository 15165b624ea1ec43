"""What was done for each item of the handout, and where that departs from it."""

import json

import pytest

from pw13.report.handout import compliance
from pw13.report.run_selection import select_runs
from pw13.report.sections.answers import prepared_answers
from tests.helpers.report_runs import BUILTIN, NAMES, build, make_run

PLAIN = {**NAMES, "counts": {"names": 600, "training": 600}}


def rows(runs, names=8, **options):
    made = build(runs, *[path.name for path in runs.iterdir()], **options)
    selection = select_runs([path.name for path in runs.iterdir()], runs)
    return {row.key: row for row in compliance(made.items, selection, names)}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs"


def test_a_run_to_the_letter_has_no_departures(folder):
    make_run(folder, "dense-ae", 0)
    make_run(folder, "dense-ae", 1, code_size=16)
    make_run(folder, "conv-dae", 2)
    make_run(folder, "charrnn", 3, data=PLAIN)
    made = rows(folder)
    for key in ("1a", "1b", "1c", "1e", "conv-c", "conv-d", "2b", "2c", "2d", "2e", "2f"):
        assert (made[key].status, made[key].departures) == ("complete", ()), key
    assert made["1a"].done == "32 values; compared: 16, 32"
    assert made["conv-d"].done == "Adam, 20 epochs, batches of 128, MSE"


def test_each_departure_has_the_command_that_settles_it(folder):
    make_run(folder, "dense-ae", 0, activation="relu", limit=500)
    make_run(folder, "svm-eval", 1, limit=100)
    make_run(folder, "conv-dae", 2, batch_size=32, epochs=3)
    make_run(folder, "charrnn", 3, length=12, units=32, epochs=2)
    made = {key: [tuple(each) for each in row.departures] for key, row in rows(folder, names=3).items()}
    assert made["1b"] == [
        ("activation of the code relu instead of linear", "pw13 train-dense-ae --limit 500"),
    ]
    assert ("at most 500 training images", "pw13 train-dense-ae --activation relu") in made["1d"]
    assert made["1d"][0][0] == "notMNIST with 10,440 training images, not the published 60,000"
    assert ("at most 100 training images", "pw13 svm-eval") in made["1g"]
    assert made["conv-d"] == [
        ("batch size 32 instead of 128", "pw13 train-conv-dae --epochs 3"),
        ("3 epochs instead of the default 20", "pw13 train-conv-dae --batch-size 32"),
    ]
    base = "pw13 train-charrnn --units 32 --length 12 --epochs 2"
    assert made["2c"] == [("60 of 600 names are held out to measure with, not trained on", f"{base} --hold-out 0")]
    assert made["2d"] == [("length 12 instead of 10", base.replace(" --length 12", ""))]
    assert made["2e"] == [("units 32 instead of 64", base.replace(" --units 32", ""))]
    assert made["2f"] == [("2 epochs instead of the default 10", base.replace(" --epochs 2", ""))]
    assert made["2g"][-1] == ("3 names chosen instead of 5 to 10", "pw13 report --names FILE")


def test_built_in_data_are_a_departure(folder):
    make_run(folder, "dense-ae", 0, data=BUILTIN)
    (departure,) = rows(folder)["1d"].departures
    assert departure == (
        "built-in letters (rendered) instead of notMNIST", "pw13 data fetch notmnist, then: pw13 train-dense-ae"
    )  # fmt: skip


def test_what_no_run_provides_is_missing(folder):
    make_run(folder, "dense-ae")
    made = rows(folder)
    assert (made["1a"].status, made["1g"].status, made["1e"].status) == ("partly missing", "missing", "complete")
    assert made["1g"].done == "–"
    assert made["1g"].departures == (("No evaluation of SVMs.", "pw13 svm-eval"),)


def test_questions_are_answered_by_oneself_by_pw13_or_not_yet(folder):
    make_run(folder, "dense-ae")
    made = rows(folder, answers={"3a": prepared_answers()["3a"]}, comments={"3b": "Mine."})
    assert [made[key].done for key in ("3a", "3b", "3c")] == ["prepared answer", "own answer", "–"]
    assert made["3c"].status == "to answer"


def test_the_command_prints_the_list(pw13, runs):
    code, out, _ = pw13("report", "--handout")
    assert code == 0 and "conv d" in out and "partly missing" in out
    assert "2c: 60 of 600 names are held out" in out
    listed = json.loads(pw13("report", "--handout", "--json")[1])["items"]
    assert len(listed) == 24 and listed[0]["key"] == "1a" and not (runs.parent / "report").exists()


def test_the_command_writes_a_template_once(pw13, tmp_path):
    assert pw13("report", "--template", "mine.toml")[0] == 0
    assert "conv-b" in (tmp_path / "mine.toml").read_text("utf-8")
    code, _, err = pw13("report", "--template", "mine.toml")
    assert code == 1 and "--template mine.toml: already exists" in err
