"""The document as one HTML file that needs nothing else."""

import base64
from pathlib import Path

from pw13.report.document import Document


def html(document: Document) -> bytes:
    """The page, UTF-8; all text of the document is escaped, pictures are inside."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    chapters = [chapter._asdict() for chapter in document.chapters]  # a tuple has an `index`, a dict only its keys
    page = environment.get_template("report.html.j2").render(document={**document._asdict(), "chapters": chapters})
    return page.encode()
