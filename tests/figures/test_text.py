"""Text of the user's in figures: any script for which the system has a font, else escapes and one message."""

import numpy as np
import pytest

from pw13 import console
from pw13.figures import conv_dae, to_png
from pw13.figures.contact_sheet import contact_sheet
from pw13.figures.text import plain
from pw13.system import fonts
from tests.helpers.fonts import make_font, only_fonts

FIRST, SECOND = list("おきす"), list("あいう")
IMAGES, LABELS = np.zeros((6, 4, 4), np.uint8), np.arange(6) % 3


def sheet(classes) -> bytes:
    return to_png(contact_sheet({"training": (IMAGES, LABELS)}, classes, "set"))


def test_characters_of_a_font_of_the_system_are_drawn(monkeypatch, tmp_path, capsys):
    only_fonts(monkeypatch, make_font(tmp_path / "kana.ttf", "おきすあいう"))
    assert [plain(name) for name in FIRST] == FIRST
    assert sheet(FIRST) != sheet(SECOND)  # and no warning of a missing glyph, which is an error in tests
    assert capsys.readouterr().err == ""


def test_without_a_font_classes_have_different_escapes_and_one_message(monkeypatch, capsys):
    only_fonts(monkeypatch)
    assert sheet(FIRST) != sheet(SECOND)
    err = capsys.readouterr().err
    assert (
        err.startswith("note: no font here has お (HIRAGANA LETTER O); figures show escapes") and err.count("\n") == 1
    )
    assert plain("お 1") == "\\u304a 1"
    console.start(quiet=True)
    assert plain("ん") == "\\u3093"
    assert capsys.readouterr().err == ""


def test_of_the_fonts_the_most_useful_are_chosen(monkeypatch, tmp_path):
    one, all_, none = (make_font(tmp_path / f"{name}.ttf", name, name) for name in ("お", "おきす", "ㄅㄆ"))
    only_fonts(monkeypatch, none, one, all_)
    assert [font.path for font in fonts.covering("おき")] == [all_]
    assert [font.path for font in fonts.covering("おきㄅん")] == [all_, none]
    assert fonts.covering("ん") == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$x$", r"\$x\$"),
        ("Zoë Ж α", "Zoë Ж α"),
        ("a\x85b", "a\\x85b"),
        ("na\udce9me", "na\\xe9me"),
        ("می\u200cترا", "می\u200cترا"),
    ],
)
def test_text_is_literal(text, shown):
    assert plain(text) == shown


def test_a_picture_of_any_name_has_a_figure():
    for name in ("na\udce9me.png", "$100$.png", "写真.png"):
        assert to_png(conv_dae.before_after({"input": np.zeros((5, 5))}, name)).startswith(b"\x89PNG")
