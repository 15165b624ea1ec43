"""Blocks of the report as Markdown."""

from pw13.report.document import Figure, Markdown, Verbatim, table
from pw13.report.renderers import markdown


def test_markup_is_escaped():
    assert markdown.escape("a*b_c <i> $x$ | #1") == r"a\*b\_c &lt;i&gt; \$x\$ \| \#1"
    assert "| \\| | 2 |" in markdown.markdown(table("c", ("a", "b"), [("|", "2")]))


def test_verbatim_text_cannot_end_its_code_block():
    assert markdown.markdown(Verbatim("x\n```", "c")) == "c\n\n    x\n    ```"


def test_own_words_are_quoted_as_they_are():
    assert markdown.markdown(Markdown("A *b*\n\n- c")) == "> *our own words:*\n> \n> A *b*\n> \n> - c"


def test_a_figure_is_an_attachment():
    assert markdown.markdown(Figure("f.png", b"", "c", "a")) == "![a](attachment:f.png)\n\n*c*"
    drawn = markdown.markdown(Figure("f.png", b"", "c.", "a", "RUN"))
    assert drawn == "![a](attachment:f.png)\n\n*c. Drawn by run RUN.*"
