"""The built-in data sets: letters A to J rendered from typefaces, and names of existing companies.

They need no download. They are neither notMNIST nor the course's list, and every figure made from them says so.
"""

import gzip
import hashlib
import io
from pathlib import Path

import numpy as np

from pw13.data.source import os_error
from pw13.errors import UserError
from pw13.system import files
from pw13.system.cache import folder as cache_folder

HERE = Path(__file__).parent
PACKED_SHA256 = {  # of the files written by tools/build_masters.py and tools/build_names.py
    "letters.xz": "12b5f37a1f86d12f5fcaed92e82051f5f3dc9d20c41553991628e27dbbb14d60",
    "names.txt.gz": "24a10a2bd4d9d8a8c62ee20bee71009742988a0d14da97023eac9936093e3212",
}
TRAIN_SIZE, TEST_SIZE = 10_000, 2_000
LETTERS_SHA256 = "8f254b155cd5e93b9d8e5861d4c61b97db4e91e4f61e7d85274c7cc1f7a81119"  # over the bytes of the four arrays

Letters = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
ARRAY_NAMES = ("train_images", "train_labels", "test_images", "test_labels")


def letters(cache: Path | None = None) -> Letters:
    """Return training images and labels, then test images and labels.

    The bytes are the same on every machine. The first call renders them in seconds and writes them to `cache` (by
    default a file in the user's cache folder); later calls read the cache. A corrupt cache is replaced, and one that
    cannot be written is ignored.

    Returns:
        `(10000, 28, 28)` uint8, `(10000,)` uint8, `(2000, 28, 28)` uint8 and `(2000,)` uint8.

    Raises:
        UserError: the installation is corrupt, or rendering gives other images on this machine.
    """
    path = cache_file() if cache is None else cache
    cached = _read_cache(path)
    if cached is not None:
        return cached
    rendered = _render()
    received = digest(rendered)
    if received != LETTERS_SHA256:
        raise UserError(
            "rendering the built-in letters gave an unexpected checksum: "
            f"expected sha256 {LETTERS_SHA256}, received {received}"
        )
    _write_cache(path, rendered)
    return rendered


def names() -> str:
    """Return 12,000 company names, one per line, each with a newline.

    Raises:
        UserError: the installation is corrupt.
    """
    return gzip.decompress(_read_packed("names.txt.gz")).decode()


def cache_file() -> Path:
    return cache_folder() / f"letters-{LETTERS_SHA256[:12]}.npz"


def digest(arrays: Letters) -> str:
    """Return the sha256 of the concatenated bytes of the four arrays."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _render() -> Letters:
    from pw13.data.builtin import masters, rendering

    glyphs = masters.read_masters(_read_packed("letters.xz"))
    train = rendering.render_set(glyphs, masters.families_for(glyphs, testing=False), 0, TRAIN_SIZE)
    test = rendering.render_set(glyphs, masters.families_for(glyphs, testing=True), 1, TEST_SIZE, train[0])
    return (*train, *test)


def _read_packed(name: str) -> bytes:
    """Return the bytes of a file of the package, verified by its sha256."""
    path = HERE / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{os_error(path, error)}; reinstall pw13") from error
    if hashlib.sha256(data).hexdigest() != PACKED_SHA256[name]:
        raise UserError(f"{path}: corrupt; reinstall pw13")
    return data


def _read_cache(path: Path) -> Letters | None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            train_images, train_labels, test_images, test_labels = (archive[name] for name in ARRAY_NAMES)
    except Exception:  # a corrupt cache makes NumPy's reader raise almost anything, and it is only a cache
        return None
    cached = (train_images, train_labels, test_images, test_labels)
    return cached if digest(cached) == LETTERS_SHA256 else None


def _write_cache(path: Path, rendered: Letters) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **dict(zip(ARRAY_NAMES, rendered, strict=True)))  # type: ignore[arg-type]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, buffer.getvalue())
    except OSError:
        pass
