"""What `pw13 data` prints."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pw13 import console

if TYPE_CHECKING:
    from pw13.data.checking import CheckResult
    from pw13.data.download.fetch import Fetched

MAX_UNREADABLE = 10  # unreadable files printed by name; import.json lists more


def show_info(facts: dict[str, Any]) -> None:
    """Print where data are looked for, then the image set and the corpus in use."""
    images, names = facts["images"], facts["names"]
    used = {images["path"], names["path"]}
    rows = [[place["flag"], place["place"], _status(place, used)] for place in facts["places"]]
    console.table("search path, in order of priority (then the built-in data)", ("option", "path", "status"), rows)
    console.key_values(f"images: {images['name']}", _image_facts(images))
    parts = images["train"], images["test"]
    measures = {
        "images": "images",
        "distinct": "distinct images",
        "copied_patterns": "duplicate groups",
        "copies": "images in duplicate groups",
        "constant": "constant images",
        "mean": "mean pixel value (0 to 1)",
        "std": "standard deviation",
    }
    rows = [[label, *(part[key] for part in parts)] for key, label in measures.items()]
    console.table("counts", ("", "training", "test"), rows)
    counts = zip(images["classes"], *(part["per_class"] for part in parts), strict=True)
    console.table("images per class", ("class", "training", "test"), [list(row) for row in counts])
    console.table("files", ("file", "known", "sha256"), [[f["name"], f["known"], f["sha256"]] for f in images["files"]])
    console.key_values(f"names: {names['name']}", _name_facts(names))


def _status(place: dict[str, Any], used: set[str]) -> str:
    if not place["found"]:
        return "not found"
    return "in use" if place["place"] in used else "available"


def _image_facts(images: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": images["path"],
        "sha256 of all files": images["sha256"],
        "image size": f"{images['height']} x {images['width']}",
        "classes": len(images["classes"]),
        "test images also in training": images["test_in_train"],
        "images with conflicting labels": images["under_two_labels"],
        **{f"note {number}": note for number, note in enumerate(images["notes"], 1)},
    }


def _name_facts(names: dict[str, Any]) -> dict[str, Any]:
    odd, (most_frequent, times) = names["odd"], names["most_repeated"]
    return {
        "path": names["path"],
        "sha256": names["sha256"],
        "names": names["names"],
        "distinct names": names["distinct_names"],
        "repetitions of an earlier name": names["repeats"],
        "names that occur more than once": names["repeated_names"],
        "most frequent": f"{most_frequent} ({times:,} time{'s' * (times != 1)})",
        "characters, including newlines": names["characters"],
        "distinct characters": names["distinct"],
        "windows (length 10, skip 3)": names["windows"],
        **{f"length: {key}": value for key, value in names["length"].items()},
        "single-word names": names["one_word"],
        "names in double quotes": names["in_quotes"],
        "names with non-ASCII characters": odd["names_not_ascii"],
        "non-ASCII characters": odd["not_ascii"],
        "control characters": odd["control"],
        "... from garbled accents (--fix-accents)": odd["mac_roman"],
        "Unicode line separators": odd["line_ends_elsewhere"],
        "replacement characters (lost letters)": odd["replacement"],
        "names with leading or trailing spaces": odd["names_with_outer_spaces"],
        **{f"note {number}": note for number, note in enumerate(names["notes"], 1)},
    }


def show_fetched(fetched: Sequence["Fetched"]) -> None:
    """Print the files that are present and verified."""
    rows = [
        [str(file.path), f"{file.bytes:,}", "new" if file.new else "already present", file.sha256] for file in fetched
    ]
    console.table("verified files", ("file", "bytes", "status", "sha256"), rows)


def show_checked(results: Sequence["CheckResult"]) -> None:
    """Print problems, then notes, one per line."""
    for result in results:
        count = len(result.faults)
        verdict = "ok" if not count else f"{count} problem{'s' * (count > 1)}"
        console.print_result(f"{result.path}: {verdict}")
        for problem in result.faults:
            console.print_result(f"  problem: {problem}")
        for note in result.remarks:
            console.print_result(f"  note: {note}")


def show_imported(target: Path, record: dict[str, Any]) -> None:
    """Print the contents of the new data folder by class, and what was skipped."""
    rows = zip(record["classes"], record["train"], record["test"], strict=True)
    total = ["all", sum(record["train"]), sum(record["test"])]
    console.table(f"images in {target}", ("class", "training", "test"), [*(list(row) for row in rows), total])
    if "pictures" in record:
        console.key_values("source files", _source_facts(record))
    for name, error in list(record.get("unreadable_files", {}).items())[:MAX_UNREADABLE]:
        console.warning(f"unreadable: {name} ({error})")
    if record.get("unreadable", 0) > MAX_UNREADABLE:
        console.warning(f"and {record['unreadable'] - MAX_UNREADABLE:,} more; see import.json in {target}")


def _source_facts(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "readable images": record["pictures"],
        "skipped: duplicates within a class": record["repeats"],
        "skipped: images in two classes": record["under_two_classes"],
        "skipped: unreadable files": record["unreadable"],
        "first of several frames or pages": record["first_of_several_frames"],
        **{f"skipped: {reason}": count for reason, count in record["passed_over"].items()},
    }
