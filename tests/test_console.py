"""Progress in plain lines: figures, time spent, time left."""

import pytest

from pw13 import console


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the start, to be set."""
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (0.5, "training: 0/13  loss 2.5  30 s, about 750 s left"),  # half of the first of 13 takes 30 s, 12.5 are left
        (2, "training: 2/13  loss 2.5  30 s, about 165 s left"),
        (0, "training: 0/13  loss 2.5  30 s"),
        (13, "training: 13/13  loss 2.5  30 s, about 0 s left"),
    ],
)
def test_time_left_counts_parts_of_a_step(clock, capsys, done, line):
    with console.progress("training", 13) as bar:
        clock[0] = 30
        bar.set(done, "loss 2.5")
    assert capsys.readouterr().err == f"{line}\n"


def test_time_left_counts_from_where_a_resumed_task_goes_on(clock, capsys):
    with console.progress("training", 10, done=4) as bar:
        clock[0] = 30
        bar.advance(2, "loss 2.5")
    assert capsys.readouterr().err == "training: 6/10  loss 2.5  30 s, about 60 s left\n"


def test_lines_are_seconds_apart(clock, capsys):
    with console.progress("training", 10) as bar:
        for clock[0] in (1.0, console.PLAIN_SECONDS, console.PLAIN_SECONDS + 1):
            bar.advance(1, "loss 2.5")
    assert capsys.readouterr().err.count("\n") == 1
