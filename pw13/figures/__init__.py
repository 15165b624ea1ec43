"""Functions that draw arrays and metrics as matplotlib figures, with matplotlib's own settings, not the user's."""

import io
import logging
from typing import Any

import matplotlib

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # about fonts and folders
matplotlib.rcdefaults()


def to_files(figure: Any) -> tuple[bytes, bytes]:
    """Return a matplotlib Figure as PNG and as SVG, laid out once, which takes longer than drawing."""
    png = to_png(figure)
    figure.set_layout_engine("none")
    return png, to_svg(figure)


def to_png(figure: Any) -> bytes:
    """Return a matplotlib Figure as a PNG file, the same bytes every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()


def to_svg(figure: Any) -> bytes:
    """Return a matplotlib Figure as an SVG file whose text is text, the same bytes every time."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pw13"}):
        figure.savefig(buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
