"""The images that a run was trained on, for the page."""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from pw13.data.images import ImageSet, load_images
from pw13.errors import UserError
from pw13.explore.packing import pack
from pw13.runs.record import Record

MAX_VALUES = 800_000  # pixels of all images in one view: a thousand of 28x28


def images_of(record: Record) -> ImageSet | None:
    """Return the image set of a run, from its recorded path; None if it is gone or has changed."""
    data = record.data
    path = "builtin" if data.get("kind") == "builtin" else data.get("path")
    images = _load(path) if isinstance(path, str) else None
    return images if images and images.source.sha256 == data.get("sha256") else None


@functools.lru_cache(maxsize=2)  # the runs of one page mostly share their data
def _load(path: str) -> ImageSet | None:
    try:
        return load_images(path)
    except (UserError, OSError, ValueError):  # a recorded path may be no path
        return None


def pictures(
    images: ImageSet | None, rows: np.ndarray, groups: Sequence[Sequence[int]] | None = None
) -> dict[str, Any]:
    """Return test images, their labels, the classes and the name of the set, as many rows as the page has room for.

    groups: of rows, of which one each is taken in turn where not all have room; without them the classes.
    """
    if images is None:
        return {"rows": [], "classes": [], "source": None}
    room = max(1, MAX_VALUES // images.test_images[0].size)
    if len(rows) > room:
        labels = images.test_labels[rows]
        rows = rows[np.isin(rows, in_turn(groups or [rows[labels == label] for label in np.unique(labels)], room))]
    return {
        "rows": rows.tolist(),
        "images": pack(images.test_images[rows]),
        "labels": images.test_labels[rows].tolist(),
        "classes": list(images.classes),
        "source": images.source.name,
    }


def in_turn(groups: Sequence[Sequence[int]], limit: int) -> list[int]:
    """Return `limit` different rows: the first of each group, then the second of each, and so on."""
    turns = itertools.chain.from_iterable(itertools.zip_longest(*groups))
    return list(dict.fromkeys(row for row in turns if row is not None))[:limit]
