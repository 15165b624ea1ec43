"""The report as PDF."""

import pytest

from pw13.report.renderers import pdf
from pw13.report.sections.answers import prepared_answers
from tests.helpers.report_runs import build, png


def test_the_pdf_is_reproducible_and_takes_typst_markup_as_text(runs):
    document = build(runs, comments={"1a": '#let x = 3 $ \\ * _ @ref <b> #"'}, answers=prepared_answers())
    first = pdf.pdf(document)
    assert first.startswith(b"%PDF-")
    assert pdf.pdf(document) == first


def test_characters_without_a_glyph_are_escaped_with_a_notice():
    content = {"notices": ("a",), "blocks": [{"text": "Zoë – Ж \u65e5 \U0001f600", "width": 3.5}]}
    escaped = pdf.escape_missing_glyphs(content)
    assert escaped["blocks"] == [{"text": "Zoë – Ж \\u65e5 \\U0001f600", "width": 3.5}]
    assert escaped["notices"] == ["a", pdf.GLYPH_NOTICE]
    plain = {"notices": ("a",), "blocks": ["Zoë"]}
    assert pdf.escape_missing_glyphs(plain) == plain


def test_figures_fit_the_page():
    assert pdf.width_mm(png(4000, 1000)) == pdf.MAX_WIDTH
    assert pdf.width_mm(png(1000, 4000)) == pytest.approx(pdf.MAX_HEIGHT / 4, abs=0.06)
    assert pdf.width_mm(png(120, 60)) == pytest.approx(25.4 * pdf.SCALE, abs=0.05)
