"""Describe a data set: counts, duplicates, anomalous images and unusual characters."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pw13.data.images import ImageSet, digests
from pw13.data.names import NameList, windows
from pw13.data.published import published_file_name
from pw13.data.source import DEFAULT_PATHS, candidate_paths, holds_something

IMAGES_PER_BLOCK = 4096  # keeps temporary arrays small whatever the size of the set
WINDOW, SKIP = 10, 3  # of the handout


def resolved_paths() -> list[dict[str, Any]]:
    """List the default paths of data sets in the order of preference, and whether they exist."""
    candidates = [(name, path) for name, parts in DEFAULT_PATHS.items() for path in candidate_paths(*parts)]
    return [{"flag": f"--{name}", "place": str(path), "found": holds_something(path)} for name, path in candidates]


def describe_images(images: ImageSet) -> dict[str, Any]:
    """Count images, duplicates and anomalies of a set.

    `test_in_train` counts the test images that are also in the training set; `under_two_labels` counts the distinct
    images with conflicting labels, over both sets.
    """
    train, test = digests(images.train_images), digests(images.test_images)
    labelled = zip([*train, *test], [*images.train_labels.tolist(), *images.test_labels.tolist()], strict=True)
    labels_per_image = Counter(digest for digest, _ in set(labelled))
    train_set = set(train)
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
        "test_in_train": sum(digest in train_set for digest in test),
        "under_two_labels": sum(count > 1 for count in labels_per_image.values()),
    }


def _files(images: ImageSet) -> list[dict[str, Any]]:
    if images.source.kind == "builtin":
        return [{"name": name, "sha256": sha256, "known": "built-in"} for name, sha256 in images.source.files.items()]
    folder = Path(images.source.path)
    return [
        {"name": name, "sha256": sha256, "known": published_file_name(name, sha256, folder / name)}
        for name, sha256 in images.source.files.items()
    ]


def _describe_part(images: np.ndarray, labels: np.ndarray, hashes: list[bytes], classes: int) -> dict[str, Any]:
    """Describe the training or the test set.

    `copied_patterns` counts the distinct images that occur more than once, `copies` all their occurrences. `mean` and
    `std` are of pixels in [0, 1].
    """
    counts = Counter(hashes)
    mean, std = _mean_and_std(images)
    return {
        "images": len(images),
        "per_class": np.bincount(labels, minlength=classes).tolist(),
        "distinct": len(counts),
        "copied_patterns": sum(count > 1 for count in counts.values()),
        "copies": sum(count for count in counts.values() if count > 1),
        "constant": count_constant(images),
        "mean": mean,
        "std": std,
    }


def count_constant(images: np.ndarray) -> int:
    """Count the images, of `(n, height, width)` uint8, that have a single grey level."""
    return int(sum(np.sum(np.ptp(block.reshape(len(block), -1), axis=1) == 0) for block in _blocks(images)))


def _mean_and_std(images: np.ndarray) -> tuple[float, float]:
    levels = sum(np.bincount(block.ravel(), minlength=256) for block in _blocks(images)) / images.size
    values = np.arange(256) / 255
    mean = float(levels @ values)
    return mean, float(np.sqrt(levels @ np.square(values - mean)))


def _blocks(images: np.ndarray) -> Iterator[np.ndarray]:
    return (images[start : start + IMAGES_PER_BLOCK] for start in range(0, len(images), IMAGES_PER_BLOCK))


def describe_names(corpus: NameList) -> dict[str, Any]:
    """Count names, duplicates, lengths and unusual characters of a corpus; characters include one newline per name."""
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
    """Count unusual characters: not ASCII, control characters, Unicode line separators, and the like.

    `mac_roman` counts U+0080 to U+009F, which Mac Roman decoded as Latin-1 leaves; `line_ends_elsewhere` counts what
    `str.splitlines` splits at besides the newline.
    """
    counts = Counter(text)
    del counts["\n"]
    return {
        "not_ascii": sum(n for c, n in counts.items() if c > "\x7f"),
        "names_not_ascii": sum(not name.isascii() for name in names),
        "control": sum(n for c, n in counts.items() if c < " " or "\x7f" <= c <= "\x9f"),
        "mac_roman": sum(n for c, n in counts.items() if "\x80" <= c <= "\x9f"),
        "line_ends_elsewhere": sum(counts[c] for c in "\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"),
        "replacement": counts["\ufffd"],
        "names_with_outer_spaces": sum(name != name.strip(" \t") for name in names),
    }
