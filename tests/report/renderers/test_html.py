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
    assert page.count("<b>our comment</b>") == 1
    assert page.count('<div class="comment">') == page.count("auto-generated comment</b>") > 1
