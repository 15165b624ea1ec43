"""What all renderers have in common."""

import html as html_entities
import json
import re

from pw13.report.document import Text
from pw13.report.renderers import html, notebook, pdf
from pw13.report.run_selection import select_runs
from pw13.report.sections.answers import prepared_answers
from tests.helpers.report_runs import build


def test_every_paragraph_is_in_every_rendering(runs):
    document = build(runs, answers=prepared_answers())
    page = html_entities.unescape(html.html(document).decode())
    data = json.dumps(pdf.template_data(document), ensure_ascii=False)
    cells = "".join(cell["source"] for cell in notebook.notebook(document, select_runs([], runs))["cells"])
    unescaped = html_entities.unescape(re.sub(r"\\(.)", r"\1", cells))
    paragraphs = [block.text for block in document.blocks if isinstance(block, Text)]
    assert len(paragraphs) > 30
    for text in paragraphs:
        assert text in page
        assert json.dumps(text, ensure_ascii=False) in data
        assert text in unescaped
