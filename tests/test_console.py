"""Durations in words; progress in plain lines, with status, time spent and time left."""

import pytest

from pw13 import console


@pytest.fixture
def clock(monkeypatch):
    """Return the time in seconds, in a list to be set."""
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (40, "40 s"), (89, "89 s"), (90, "2 min"), (600, "10 min"), (5399, "90 min"), (5400, "1.5 h")],
)
def test_durations_have_a_readable_unit(seconds, text):
    assert console.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("completed", "line"),
    [
        (0.5, "training: 0/13  loss 2.5  30 s, about 12 min left"),  # 12.5 steps at a minute each
        (2, "training: 2/13  loss 2.5  30 s, about 3 min left"),
        (0, "training: 0/13  loss 2.5  30 s"),
        (13, "training: 13/13  loss 2.5  30 s"),
    ],
)
def test_time_left_counts_partial_steps(clock, capsys, completed, line):
    with console.progress("training", 13) as bar:
        clock[0] = 30
        bar.update(completed, "loss 2.5")
    assert capsys.readouterr().err == f"{line}\n"


def test_time_left_of_a_resumed_task_counts_only_new_steps(clock, capsys):
    with console.progress("training", 10, completed=4) as bar:
        clock[0] = 30
        bar.advance(2, "loss 2.5")
    assert capsys.readouterr().err == "training: 6/10  loss 2.5  30 s, about 60 s left\n"


def test_lines_are_an_interval_apart(clock, capsys):
    with console.progress("training", 10) as bar:
        for clock[0] in (1.0, console.LINE_INTERVAL, console.LINE_INTERVAL + 1):
            bar.advance(1, "loss 2.5")
    assert capsys.readouterr().err.count("\n") == 1
