"""The report as HTML."""

import base64
import re

from pw13.report.renderers import html
from pw13.report.sections.answers import prepared_answers
from tests.helpers.report_runs import build, items, png


def test_the_page_is_self_contained_and_escaped(runs):
    document = build(runs, comments={"1a": "<script>alert(1)</script>"}, answers=prepared_answers())
    page = html.html(document).decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "Ada &lt;b&gt;" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<img ") == len(document.figures) == len(re.findall(r'<img [^>]*alt="[^"]+"', page))
    assert base64.b64encode(png()).decode() in page
    for item in items(document).values():
        assert f'id="item-{item.key}"' in page


def test_adjacent_comments_share_a_heading(runs):
    page = html.html(build(runs, comments={"3a": "One.\n\nTwo."})).decode()
    assert page.count("<b>our own words</b>") == 1 and "<p>One.</p>\n<p>Two.</p>" in page
    assert page.count('<div class="comment">') == page.count("computed from the runs by pw13</b>") > 1


def test_prepared_answers_are_marked_and_own_words_are_markdown(runs):
    page = html.html(build(runs, comments={"3a": "A **bold** <i>word</i>\n\n- x"}, answers=prepared_answers())).decode()
    assert page.count("<b>prepared answer of pw13</b>") == 5
    assert "A <strong>bold</strong> &lt;i&gt;word&lt;/i&gt;" in page and "<li>x</li>" in page
