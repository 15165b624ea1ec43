"""The report as PDF."""

from unittest.mock import Mock

import pytest

from pw13.errors import UserError
from pw13.report import hints
from pw13.report.document import Figure
from pw13.report.renderers import pdf
from pw13.report.sections import blocks
from pw13.report.sections.answers import prepared_answers
from pw13.runs.record import read_run
from tests.helpers.fonts import make_font, only_fonts
from tests.helpers.report_runs import build, make_run, make_sweep, png


def test_the_pdf_is_reproducible_and_takes_typst_markup_as_text(runs):
    document = build(runs, comments={"1a": '#let x = 3 $ \\ * _ @ref <b> #"'}, answers=prepared_answers())
    first = pdf.pdf(document)
    assert first.startswith(b"%PDF-")
    assert pdf.pdf(document) == first


def test_characters_of_a_font_of_the_system_are_shown(runs, monkeypatch, tmp_path):
    only_fonts(monkeypatch, make_font(tmp_path / "han.ttf", "日本"))
    document = build(runs)._replace(authors=("日本 علی\u200cرضا",))
    assert pdf.missing_characters(document) == frozenset()
    assert pdf.pdf(document) != pdf.pdf(document._replace(authors=("日日 علی\u200cرضا",)))
    assert pdf.missing_characters(document._replace(authors=("日本語",))) == {"語"}


def test_a_full_temporary_folder_is_named(runs, monkeypatch):
    monkeypatch.setattr(pdf, "_write_sources", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(UserError, match=r"pw13-report-.*: No space left on device; set TMPDIR"):
        pdf.pdf(build(runs))


def test_characters_without_a_glyph_are_escaped_with_a_notice(monkeypatch):
    only_fonts(monkeypatch)
    content = {"notices": ("a",), "blocks": [{"text": "Zoë – Ж \u65e5 \U0001f9e0", "width": 3.5}]}
    escaped = pdf.escape_missing_glyphs(content)
    assert escaped["blocks"] == [{"text": "Zoë – Ж \\u65e5 \\U0001f9e0", "width": 3.5}]
    assert escaped["notices"] == ["a", pdf.GLYPH_NOTICE]
    plain = {"notices": ("a",), "blocks": ["Zoë"]}
    assert pdf.escape_missing_glyphs(plain) == plain


def test_figures_fit_the_page():
    assert pdf.width_mm(png(4000, 1000)) == pdf.MAX_WIDTH
    assert pdf.width_mm(png(1000, 4000)) == pytest.approx(pdf.MAX_HEIGHT / 4, abs=0.06)
    assert pdf.width_mm(png(120, 60)) == pytest.approx(25.4 * pdf.SCALE, abs=0.05)


@pytest.mark.parametrize("content", [b"", b"GIF89a" + bytes(30), png()[:20], png(1, 1)[:16] + bytes(8)])
def test_a_figure_that_is_no_png_is_named_with_its_run(content):
    with pytest.raises(UserError, match=r"run-7: corrupt figure 1d-loss\.png: not a PNG; draw it again"):
        pdf.block_data(Figure("1d-loss.png", content, "Loss.", "a line", "run-7", b"<svg/>"))


@pytest.mark.parametrize(("content", "name"), [({"svg": b"<svg"}, "svg"), ({"png": png()[:30]}, "png")])
def test_a_figure_that_cannot_be_drawn_is_named_with_its_run(runs, content, name):
    document = build(runs)
    chapter = next(chapter for chapter in document.chapters if chapter.items)
    figure = Figure("1d-loss.png", png(), "Loss.", "a line", "run-7")._replace(**content)
    broken = chapter._replace(items=(chapter.items[0]._replace(blocks=(figure,)),))
    with pytest.raises(UserError, match=rf"run-7: corrupt figure 1d-loss\.{name}: failed to"):
        pdf.pdf(document._replace(chapters=(broken,)))


def test_a_corrupt_figure_says_which_command_draws_it_again(tmp_path, monkeypatch):
    folder = tmp_path / "runs"
    sweep = make_sweep(folder, "dense-ae", 0, {}, {"seed": 1})
    point = sweep / "01_seed=0"
    dense, svm = make_run(folder, "dense-ae", 10), make_run(folder, "svm-eval", 11, folds=5)
    for run, name, command in (
        (dense, dense.name, f"pw13 runs figures {dense.name}"),
        (svm, svm.name, "pw13 svm-eval --folds 5"),
        (point, f"{sweep.name}/{point.name}", f"pw13 runs figures {sweep.name}/01_seed=0"),
    ):
        (run / "figures").mkdir(exist_ok=True)
        (run / "figures" / "loss.png").write_bytes(b"GIF89a" + bytes(30))
        (figure,) = blocks.figure_block(read_run(run), "loss", "1d", "Loss.", "a line")
        with pytest.raises(UserError) as raised:
            pdf.block_data(figure)
        fault = f"{name}: corrupt figure 1d-loss.png: not a PNG; draw it again with: {command}"
        assert str(raised.value) == fault
    monkeypatch.chdir(folder)
    assert hints.redraw(read_run(dense)) == f"pw13 runs figures {dense.name} --runs-dir ."


def test_own_words_are_a_tree_of_markdown():
    nodes = pdf.markdown_nodes("A **b** `c`\n\n- x\n- y")
    assert [node["kind"] for node in nodes] == ["paragraph", "bullet_list"]
    inline = nodes[0]["children"][0]["children"]
    assert [(node["kind"], node["text"]) for node in inline] == [
        ("text", "A "), ("strong", ""), ("text", " "), ("code_inline", "c")
    ]  # fmt: skip
    assert inline[1]["children"][0]["text"] == "b"
    assert len(nodes[1]["children"]) == 2


def test_text_of_figures_is_in_the_typeface_of_the_report():
    svg = b"<text style=\"font-size: 10px; font-family: 'DejaVu Sans', 'Arial'; x: y\">x</text>"
    expected = b"<text style=\"font-size: 12px; font-family: 'Libertinus Serif', 'DejaVu Sans Mono'; x: y\">x</text>"
    assert pdf.in_typeface(svg) == expected


def test_a_figure_is_vectors_where_there_are_some_and_names_its_item():
    figure = Figure("1d-loss.png", png(), "Loss.", "a line", svg=b"<svg/>")
    assert (pdf.file_name(figure), pdf.file_name(figure._replace(svg=b""))) == ("1d-loss.svg", "1d-loss.png")
    assert pdf.block_data(figure, "1d")["caption"] == "1d: Loss."
