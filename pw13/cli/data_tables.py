"""What `pw13 data` prints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pw13 import console

SHOWN = 10  # unreadable files named in the table; the record names more


def show_info(facts: dict[str, Any]) -> None:
    """What is found where, then the image set and the corpus in use."""
    images, names = facts["images"], facts["names"]
    used = {images["path"], names["path"]}
    rows = [[p["flag"], p["place"], _found(p, used)] for p in facts["places"]]
    console.table("places, in the order in which they are looked at; then the built-in data", ("", "place", ""), rows)
    console.key_values(f"images: {images['name']}", _image_facts(images))
    parts = images["train"], images["test"]
    measures = {
        "images": "images",
        "distinct": "different images",
        "copied_patterns": "images that have copies",
        "copies": "... they and their copies together",
        "constant": "images of one flat grey",
        "mean": "mean of the pixels (0 to 1)",
        "std": "their standard deviation",
    }
    rows = [[words, *(part[key] for part in parts)] for key, words in measures.items()]
    console.table("counts", ("", "training", "test"), rows)
    counts = zip(images["classes"], *(part["per_class"] for part in parts), strict=True)
    console.table("images of each class", ("class", "training", "test"), [list(row) for row in counts])
    console.table("files", ("file", "known", "sha256"), [[f["name"], f["known"], f["sha256"]] for f in images["files"]])
    console.key_values(f"names: {names['name']}", _name_facts(names))


def _found(place: dict[str, Any], used: set[str]) -> str:
    if not place["found"]:
        return "nothing"
    return "used" if place["place"] in used else "there"


def _image_facts(images: dict[str, Any]) -> dict[str, Any]:
    return {
        "place": images["path"],
        "sha256 over the files": images["sha256"],
        "pixels": f"{images['height']} x {images['width']}",
        "classes": len(images["classes"]),
        "test images that also stand in training": images["test_in_train"],
        "pictures under two labels": images["under_two_labels"],
        **{f"note {number}": note for number, note in enumerate(images["notes"], 1)},
    }


def _name_facts(names: dict[str, Any]) -> dict[str, Any]:
    odd, (most, times) = names["odd"], names["most_repeated"]
    return {
        "place": names["path"],
        "sha256": names["sha256"],
        "names": names["names"],
        "different names": names["distinct_names"],
        "names that repeat an earlier one": names["repeats"],
        "names that have repeats": names["repeated_names"],
        "most often": f"{most} ({times} times)",
        "characters, newlines included": names["characters"],
        "different characters": names["distinct"],
        "windows (length 10, skip 3)": names["windows"],
        **{f"length: {key}": value for key, value in names["length"].items()},
        "names of one word": names["one_word"],
        "names in double quotes": names["in_quotes"],
        "names with characters beyond ASCII": odd["names_not_ascii"],
        "characters beyond ASCII": odd["not_ascii"],
        "control characters": odd["control"],
        "... of them damaged accents (--fix-accents)": odd["mac_roman"],
        "characters that others take for line ends": odd["line_ends_elsewhere"],
        "replacement characters (lost letters)": odd["replacement"],
        "names with a space at an end": odd["names_with_outer_spaces"],
        **{f"note {number}": note for number, note in enumerate(names["notes"], 1)},
    }


def show_fetched(fetched: Sequence[Any]) -> None:
    """The files that are here now."""
    rows = [[str(file.path), f"{file.bytes:,}", "new" if file.new else "was here", file.sha256] for file in fetched]
    console.table("verified", ("file", "bytes", "", "sha256"), rows)


def show_checked(results: Sequence[Any]) -> None:
    """Faults, then remarks, a line each."""
    for result in results:
        count = len(result.faults)
        console.print_result(
            f"{result.path}: {'sound' if not count else '1 fault' if count == 1 else f'{count} faults'}"
        )
        for fault in result.faults:
            console.print_result(f"  fault: {fault}")
        for remark in result.remarks:
            console.print_result(f"  remark: {remark}")


def show_imported(target: Path, record: dict[str, Any]) -> None:
    """What went into the data folder, class by class, and what was left out."""
    rows = zip(record["classes"], record["train"], record["test"], strict=True)
    total = ["all", sum(record["train"]), sum(record["test"])]
    console.table(f"images in {target}", ("class", "training", "test"), [*(list(row) for row in rows), total])
    if "pictures" in record:
        console.key_values("left out", _left_out(record))
    for name, why in list(record.get("unreadable_files", {}).items())[:SHOWN]:
        console.warning(f"unreadable: {name} ({why})")
    if record.get("unreadable", 0) > SHOWN:
        console.warning(f"and {record['unreadable'] - SHOWN:,} more; import.json in {target} names them")


def _left_out(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "readable pictures": record["pictures"],
        "copies of another of the same class": record["repeats"],
        "pictures that stand under two classes": record["under_two_classes"],
        "unreadable files": record["unreadable"],
        **record["passed_over"],
    }
