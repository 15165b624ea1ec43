"""The images that a run was trained on, for the page."""

import functools
from typing import Any

import numpy as np

from pw13.data.images import ImageSet, load_images
from pw13.errors import UserError
from pw13.explore.packing import pack
from pw13.runs.record import Record

MAX_VALUES = 800_000  # pixels of all images in one view: a thousand of 28x28


def images_of(record: Record) -> ImageSet | None:
    """Return the image set of a run, from its recorded path; None if it is gone or has changed."""
    data = record.facts.get("data") or {}
    path = "builtin" if data.get("kind") == "builtin" else data.get("path")
    images = _load(path) if isinstance(path, str) else None
    return images if images and images.source.sha256 == data.get("sha256") else None


@functools.lru_cache(maxsize=2)  # the runs of one page mostly share their data
def _load(path: str) -> ImageSet | None:
    try:
        return load_images(path)
    except (UserError, OSError, ValueError):  # a recorded path may be no path
        return None


def pictures(images: ImageSet | None, rows: np.ndarray) -> dict[str, Any]:
    """Return test images, their labels, the classes and the name of the set, as many rows as the page has room for."""
    if images is None:
        return {"rows": [], "classes": [], "source": None}
    rows = rows[: max(1, MAX_VALUES // images.test_images[0].size)]
    return {
        "rows": rows.tolist(),
        "images": pack(images.test_images[rows]),
        "labels": images.test_labels[rows].tolist(),
        "classes": list(images.classes),
        "source": images.source.name,
    }
