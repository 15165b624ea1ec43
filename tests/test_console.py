"""Durations, tables and cells, escapes; progress in plain lines, with status, time spent and time left."""

import io
import json
import re
import sys

import pytest

from pw13 import console
from pw13.console import progress_bar, tables


@pytest.fixture
def clock(monkeypatch):
    """Return the time in seconds, in a list to be set."""
    now = [0.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
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
        for clock[0] in (1.0, progress_bar.LINE_INTERVAL, progress_bar.LINE_INTERVAL + 1):
            bar.advance(1, "loss 2.5")
    assert capsys.readouterr().err.count("\n") == 1


def test_control_characters_are_escaped():
    class Stream:
        encoding = "ascii"

    assert console.printable("a\x85b\x1b[31mc") == "a\\x85b\\x1b[31mc"
    assert console.printable("Zoë", Stream) == "Zo\\xeb"
    assert console.printable("Zoë") == "Zoë"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_json_document_reads_back_whatever_the_encoding_of_standard_output(monkeypatch, encoding):
    names = ["Zoë", "Łódź", "👩", "na\udce9mes"]
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    console.json_document(names)
    sys.stdout.flush()
    assert json.loads(written.getvalue().decode(encoding)) == names
    assert ("Zoë" in written.getvalue().decode(encoding)) == (encoding == "utf-8")


def test_characters_of_a_script_are_shown_and_bytes_of_names_escaped():
    for text in ("علی\u200cرضا", "👩\u200d💻", "\u200eab\u200f", "\u06dd"):
        assert console.printable(text) == text
    assert console.printable("a\u202eb\u2066c\ufeff\u00ad") == "a\\u202eb\\u2066c\\ufeff\\xad"
    assert console.printable("na\udce9mes \ud800") == "na\\xe9mes \\ud800"


def test_a_table_shows_markup_literally(capsys):
    console.table("[bold]t[/bold]", ("name", "n"), [("[red]x[/red]", 1234567), ("y", None)])
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out and "[bold]t[/bold]" in out and "1,234,567" in out


@pytest.mark.parametrize("rows", [1, tables.MAX_STYLED_ROWS + 1])
def test_control_characters_in_the_headings_of_a_table_are_escaped(capsys, rows):
    console.table("t", ("", "run\x1b[2J"), [("a", 1)] * rows)
    out = capsys.readouterr().out
    assert "run\\x1b[2J" in out and "\x1b" not in out


@pytest.mark.parametrize("rows", [1, tables.MAX_STYLED_ROWS + 1])
def test_a_table_of_any_length_ends_with_its_caption(capsys, rows):
    console.table("t", ("run", "n"), [("a", 1)] * rows, caption="* best.")
    assert capsys.readouterr().out.splitlines()[-1].strip() == "* best."
    console.table("t", ("run", "n"), [("a", 1)] * (tables.MAX_STYLED_ROWS + 1))
    assert capsys.readouterr().out.splitlines()[-1].split() == ["a", "1"]


NAME = "2026-11-24_22-36-05_conv-dae"


@pytest.mark.parametrize("width", [20, 30, 40, 50, 60, 80, 120])
def test_a_narrow_table_cuts_no_number_and_no_name_of_a_run(monkeypatch, capsys, width):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("run", "kind", "status", "metric", "seconds", "note")
    rows = [
        (NAME, "conv-dae", "completed", "denoised_psnr_db 17.41", 123456, "text that may be folded anywhere it likes")
    ]
    console.table("runs", columns, rows)
    console.key_values("facts", {"folder": f"/a/{'long/' * 20}", "bytes per image": 1234567, "share": 0.98765})
    lines = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).split("\n")
    for whole in (NAME, "17.41", "123,456", "1,234,567", "0.9877"):
        assert any(whole in line for line in lines), whole
    if width > len(NAME):
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [20, 40])
def test_a_stacked_table_names_its_columns(monkeypatch, capsys, width):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    console.table(
        "two runs", ("run", "kind", "loss", "note"), [(NAME, "charrnn", 1.5, ""), (f"{NAME}_2", "charrnn", 2.25, "x")]
    )
    out = capsys.readouterr().out
    assert out.split("\n")[:5] == ["two runs", NAME, "  kind: charrnn", "  loss: 1.5", f"{NAME}_2"]


def test_the_numbers_of_a_column_are_written_alike(capsys):
    console.table("t", ("a", "b", "c"), [(2000, 2000, "x"), (10_000, 9999, None), (1234.5, 0.5, True)])
    out = capsys.readouterr().out
    assert all(word in out for word in ("2,000", "10,000", "1,234", "2000 ", "9999", "0.5", "yes"))


def test_a_live_table_shows_markup_literally(monkeypatch, capsys):
    monkeypatch.setattr(tables, "is_live", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with console.live_table() as show:
        show("points\x1b[2J", ("[red]point[/red]", "epoch\x1b[2J"), [("a=1", 3), ("a=2", None)], 0)
    err = capsys.readouterr().err
    assert "points\\x1b[2J" in err and "epoch\\x1b[2J" in err
    assert "[red]point[/red]" in err and "a=2" in err


def test_a_progress_bar_shows_markup_literally(monkeypatch, capsys):
    monkeypatch.setattr(progress_bar, "is_live", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with console.progress("a[1][/b].png", 3) as bar:
        bar.update(1, "[red]tiles")
    err = capsys.readouterr().err
    assert "a[1][/b].png" in err and "[red]tiles" in err


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.123456, "0.1235"),
        (12345.6, "12,346"),
        (9999, "9999"),
        (10000, "10,000"),
        (True, "yes"),
        ("a", "a"),
    ],
)
def test_cells_have_four_significant_digits_and_thousands_separators(value, text):
    assert console.format_cell(value) == text
