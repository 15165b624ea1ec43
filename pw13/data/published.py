"""Published data files, recognized by checksum, and their URLs."""

from pathlib import Path
from typing import NamedTuple

from pw13.data.source import git_blob_id

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
PUBLISHED_COUNT = 60_000  # training images of the published set
NOTMNIST = ("notMNIST (as published)", "notMNIST (known by sha256)")  # names of the set: published, with the stand-ins

GITHUB_RAW = "https://raw.githubusercontent.com"
NOTMNIST_URL = f"{GITHUB_RAW}/davidflanagan/notMNIST-to-MNIST"
NOTMNIST_REVISIONS = ("c58c29ff93d7b8c809c449b380a232f9f39909fd", "HEAD")  # HEAD in case the commit disappears
NAMES_URL = f"{GITHUB_RAW}/suizo12/TSM_DeLearn/700181e8178f1abff789d77afd11db4982e1fb1d/work11"
MAKEMORE_URL = f"{GITHUB_RAW}/karpathy/makemore"
MAKEMORE_REVISIONS = ("988aa59e4d8fefa526d06f3b453ad116258398d4", "HEAD")


class PublishedFile(NamedTuple):
    """A published file.

    Attributes:
        name: file name.
        urls: where it is published, in the order of preference.
        max_bytes: its size, or an upper bound.
        sha256: its sha256; None where only the blob id is known.
        blob: its git blob id.
        member: name of the one file to extract where `name` is a zip archive; size and checksum are then that file's.
    """

    name: str
    urls: tuple[str, ...]
    max_bytes: int
    sha256: str | None = None
    blob: str | None = None
    member: str | None = None


def _image_file(name: str, max_bytes: int, sha256: str | None = None, blob: str | None = None) -> PublishedFile:
    urls = tuple(f"{NOTMNIST_URL}/{revision}/{name}" for revision in NOTMNIST_REVISIONS)
    return PublishedFile(name, urls, max_bytes, sha256, blob)


# No sha256 of the published training images is known, only their git blob id.
PUBLISHED_IMAGES = (
    _image_file(TRAIN_IMAGES, 64 << 20, blob="6cf3076b36bafa7da1563b28bbe863fd78a008a8"),
    _image_file(TRAIN_LABELS, 29_455, "0db4c4ec5d019838a57f8c9dd764ada7dc3c73e6ccc93032c538c5845f332545"),
    _image_file(TEST_IMAGES, 3_172_375, "70ae9e06201f2827e5b0a3781a3169d735dd2efc69996b9eeaee7f10ed4044d7"),
    _image_file(TEST_LABELS, 5_118, "1fa03836e01c862542f8eb83463bb951bebec6fcb3efa28dad748c6b38a9021b"),
)
PUBLISHED_NAMES = (
    PublishedFile(
        "companies.csv.zip",
        (f"{NAMES_URL}/companies.csv.zip",),
        2_569_218,
        sha256="5d7636fa721bd68c6b58207f0df73e084a4d4dc321f1f7bf6910540b5b8f625c",
        member="companies.csv",
    ),
)
PUBLISHED_MAKEMORE = (
    PublishedFile(
        "names.txt",
        tuple(f"{MAKEMORE_URL}/{revision}/names.txt" for revision in MAKEMORE_REVISIONS),
        228_145,
        sha256="0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
    ),
)

# Training files with 10,440 images, from other public copies of notMNIST, that stand in for the published 60,000.
STAND_INS = {
    TRAIN_IMAGES: "81f4c00925c5213eff9c575ace29ead3f0722d448f14b9fb3fa2782c6bd806dc",
    TRAIN_LABELS: "72c4187334c89e1181b139f49762ba0b0a633cedc4964a96a4e3e7ec386d31dc",
}
CORPUS_NAMES = {  # by sha256
    "5d7636fa721bd68c6b58207f0df73e084a4d4dc321f1f7bf6910540b5b8f625c": "startup names (known by sha256)",
    "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d": "makemore's first names (known by sha256)",
    "aa1607f667b970d2b784cb2a72661190b6698a0b5deec4a7ab7f265157872c11": "startup names, edited copy (known by sha256)",
}


def published_file_name(name: str, sha256: str, path: Path) -> str | None:
    """Classify an image or label file as "as published", "stand-in" or None (unknown)."""
    known = next((file for file in PUBLISHED_IMAGES if file.name == name.removesuffix(".gz") + ".gz"), None)
    if known is None:
        return None
    if STAND_INS.get(known.name) == sha256:
        return "stand-in"
    published = sha256 == known.sha256 if known.sha256 else path.suffix == ".gz" and git_blob_id(path) == known.blob
    return "as published" if published else None


def published_set_name(paths: dict[str, Path], files: dict[str, str]) -> str | None:
    """Return the name of the image set if all its files (name -> sha256) are known, else None."""
    status = {name: published_file_name(name, files[path.name], path) for name, path in paths.items()}
    if None in status.values() or status[TRAIN_IMAGES] != status[TRAIN_LABELS]:
        return None
    return NOTMNIST[status[TRAIN_IMAGES] == "stand-in"]
