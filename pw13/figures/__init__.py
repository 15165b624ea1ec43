"""Functions that draw arrays and metrics as matplotlib figures, with matplotlib's own settings, not the user's."""

import io
import logging
from typing import Any

import matplotlib

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # about fonts and folders
matplotlib.rcdefaults()


def to_png(figure: Any) -> bytes:
    """Return a matplotlib Figure as a PNG file, the same bytes every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()
