"""Render the report as a self-contained HTML page."""

import base64
from pathlib import Path

from pw13.report.document import MARKS, Document
from pw13.system import files


def html(document: Document) -> bytes:
    """Return the page in UTF-8, with all text escaped and figures embedded."""
    import jinja2
    from markdown_it import MarkdownIt

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["markdown"] = MarkdownIt("commonmark", {"html": False}).render  # escapes HTML
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    chapters = [chapter._asdict() for chapter in document.chapters]  # Jinja would find tuple.index before a field
    template = environment.get_template("report.html.j2")
    page = template.render(document={**document._asdict(), "chapters": chapters}, marks=MARKS)
    return files.to_utf8(page)
