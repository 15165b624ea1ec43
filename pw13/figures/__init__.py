"""Functions that draw arrays and metrics as matplotlib figures."""

import io
from typing import Any


def to_png(figure: Any) -> bytes:
    """Return a matplotlib Figure as a PNG file, the same bytes every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()
