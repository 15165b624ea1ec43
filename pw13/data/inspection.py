"""What is in a data set: counts, copies, odd images and odd characters, as plain figures."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pw13.data.images import ImageSet
from pw13.data.names import NameList, windows
from pw13.data.published import published_file_name
from pw13.data.source import DEFAULT_PATHS

BLOCK = 4096  # images looked at together: temporary arrays stay small whatever the set's size
WINDOW, SKIP = 10, 3  # the exercise's windows


def resolved_paths() -> list[dict[str, Any]]:
    """Where data are looked for, in the order of preference, and whether something is there."""
    roots = [Path(root) for root in (os.environ.get("PW13_DATA_DIR"), "data") if root]
    looked_at = [(what, root.joinpath(*parts)) for what, parts in DEFAULT_PATHS.items() for root in roots]
    return [{"flag": f"--{what}", "place": str(place), "found": place.exists()} for what, place in looked_at]


def describe_images(images: ImageSet) -> dict[str, Any]:
    """Counts, copies and odd images of a set; `test_in_train` counts test images whose pixels stand in training too."""
    train, test = digests(images.train_images), digests(images.test_images)
    both = zip([*train, *test], [*images.train_labels.tolist(), *images.test_labels.tolist()], strict=True)
    labels_of = Counter(digest for digest, _ in set(both))
    in_train = set(train)
    return {
        "name": images.source.name,
        "path": images.source.path,
        "sha256": images.source.sha256,
        "files": _files(images),
        "notes": list(images.notes),
        "height": images.train_images.shape[1],
        "width": images.train_images.shape[2],
        "classes": list(images.classes),
        "train": _describe_part(images.train_images, images.train_labels, train, len(images.classes)),
        "test": _describe_part(images.test_images, images.test_labels, test, len(images.classes)),
        "test_in_train": sum(digest in in_train for digest in test),
        "under_two_labels": sum(count > 1 for count in labels_of.values()),
    }


def digests(images: np.ndarray) -> list[bytes]:
    """One digest of 16 bytes an image (BLAKE2b); equal for equal pixels."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    return [hashlib.blake2b(row.data, digest_size=16).digest() for row in rows]


def _files(images: ImageSet) -> list[dict[str, Any]]:
    if images.source.kind == "builtin":
        return [{"name": name, "sha256": sha256, "known": "built-in"} for name, sha256 in images.source.files.items()]
    folder = Path(images.source.path)
    return [
        {"name": name, "sha256": sha256, "known": published_file_name(name, sha256, folder / name)}
        for name, sha256 in images.source.files.items()
    ]


def _describe_part(images: np.ndarray, labels: np.ndarray, marks: list[bytes], classes: int) -> dict[str, Any]:
    """`copied_patterns` stand more than once, in `copies` images together; pixels in [0, 1] for mean and deviation."""
    counts = Counter(marks)
    mean, std = _mean_and_deviation(images)
    return {
        "images": len(images),
        "per_class": np.bincount(labels, minlength=classes).tolist(),
        "distinct": len(counts),
        "copied_patterns": sum(count > 1 for count in counts.values()),
        "copies": sum(count for count in counts.values() if count > 1),
        "constant": constant(images),
        "mean": mean,
        "std": std,
    }


def constant(images: np.ndarray) -> int:
    """How many of `(n, height, width)` uint8 images have one grey level only."""
    rows = images.reshape(len(images), -1)
    return int(sum(np.sum(np.ptp(rows[at : at + BLOCK], axis=1) == 0) for at in range(0, len(rows), BLOCK)))


def _mean_and_deviation(images: np.ndarray) -> tuple[float, float]:
    blocks = (images[at : at + BLOCK].ravel() for at in range(0, len(images), BLOCK))
    levels = sum(np.bincount(block, minlength=256) for block in blocks) / images.size
    values = np.arange(256) / 255
    mean = float(levels @ values)
    return mean, float(np.sqrt(levels @ np.square(values - mean)))


def describe_names(corpus: NameList) -> dict[str, Any]:
    """Counts, repeats, lengths and odd characters of a corpus; characters include one newline a name."""
    names, source = corpus.names, corpus.source
    counts, lengths = Counter(names), np.array([len(name) for name in names])
    text = "\n".join(names) + "\n"
    return {
        "name": source.name,
        "path": source.path,
        "sha256": source.sha256,
        "notes": list(corpus.notes),
        "names": len(names),
        "characters": len(text),
        "distinct": len(set(text)),
        "windows": len(windows.window_starts(len(text), WINDOW, SKIP)),
        "distinct_names": len(counts),
        "repeats": len(names) - len(counts),
        "repeated_names": sum(count > 1 for count in counts.values()),
        "most_repeated": list(counts.most_common(1)[0]),
        "length": {
            "shortest": int(lengths.min()),
            "median": float(np.median(lengths)),
            "mean": float(lengths.mean()),
            "95 % at most": int(np.percentile(lengths, 95, method="inverted_cdf")),
            "longest": int(lengths.max()),
        },
        "one_word": sum(" " not in name for name in names),
        "in_quotes": sum(len(name) > 1 and name[0] == name[-1] == '"' for name in names),
        "odd": odd_characters(names, text),
    }


def odd_characters(names: Sequence[str], text: str) -> dict[str, int]:
    """Counts of characters that surprise: not ASCII, control characters, what other programs take for line ends."""
    found = Counter(text)
    del found["\n"]
    return {
        "not_ascii": sum(count for character, count in found.items() if character > "\x7f"),
        "names_not_ascii": sum(not name.isascii() for name in names),
        "control": sum(n for c, n in found.items() if c < " " or "\x7f" <= c <= "\x9f"),
        "mac_roman": sum(n for c, n in found.items() if "\x80" <= c <= "\x9f"),
        "line_ends_elsewhere": sum(found[c] for c in "\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"),
        "replacement": found["\ufffd"],
        "names_with_outer_spaces": sum(name != name.strip(" \t") for name in names),
    }
