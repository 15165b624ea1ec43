"""The built-in data: letters A to J rendered from typefaces, and names of existing companies.

They need no download, and they are not notMNIST and not the course's list; whoever shows a figure says so.
"""

import gzip
import hashlib
import io
from pathlib import Path

import numpy as np

from pw13.errors import UserError
from pw13.system import files

HERE = Path(__file__).parent
PACKED = {  # sha256 of the files that tools/build_masters.py and tools/build_names.py made
    "letters.xz": "12b5f37a1f86d12f5fcaed92e82051f5f3dc9d20c41553991628e27dbbb14d60",
    "names.txt.gz": "24a10a2bd4d9d8a8c62ee20bee71009742988a0d14da97023eac9936093e3212",
}
TRAINING, TESTING = 10_000, 2_000
LETTERS_SHA256 = "8f254b155cd5e93b9d8e5861d4c61b97db4e91e4f61e7d85274c7cc1f7a81119"  # over the four arrays' bytes

Letters = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def letters(cache: Path | None = None) -> Letters:
    """Training images `(10000, 28, 28)` uint8 and labels `(10000,)` uint8, test images `(2000, 28, 28)` and labels.

    The same bytes on every machine. Rendered in seconds the first time, then read from `cache` (a file in the user's
    cache folder by default); a cache that is damaged is made anew, one that cannot be written is done without.

    Raises:
        UserError: the installation is damaged, or other images come out on this machine.
    """
    path = cache_file() if cache is None else cache
    cached = _read(path)
    if cached is not None:
        return cached
    made = _render()
    if digest(made) != LETTERS_SHA256:
        raise UserError(
            f"the built-in letters come out changed: expected sha256 {LETTERS_SHA256}, received {digest(made)}"
        )
    _keep(path, made)
    return made


def names() -> str:
    """12,000 names of companies, one a line, a newline after each.

    Raises:
        UserError: the installation is damaged.
    """
    return gzip.decompress(_packed("names.txt.gz")).decode()


def cache_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("pw13")) / f"letters-{LETTERS_SHA256[:12]}.npz"


def digest(arrays: Letters) -> str:
    """One sha256 over the bytes of the four arrays, in their order."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _render() -> Letters:
    from pw13.data.builtin import masters, rendering

    glyphs = masters.read_masters(_packed("letters.xz"))
    train = rendering.render_set(glyphs, masters.families_for(glyphs, testing=False), 0, TRAINING)
    test = rendering.render_set(glyphs, masters.families_for(glyphs, testing=True), 1, TESTING, train[0])
    return (*train, *test)


def _packed(name: str) -> bytes:
    """The bytes of a file of the package, whole."""
    path = HERE / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {(error.strerror or str(error)).lower()}; install pw13 anew") from error
    if hashlib.sha256(data).hexdigest() != PACKED[name]:
        raise UserError(f"{path}: damaged; install pw13 anew")
    return data


def _read(path: Path) -> Letters | None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            train_images, train_labels, test_images, test_labels = (archive[name] for name in ARRAYS)
    except Exception:  # whatever a damaged cache does to NumPy's reader, it is only a cache
        return None
    found = (train_images, train_labels, test_images, test_labels)
    return found if digest(found) == LETTERS_SHA256 else None


def _keep(path: Path, made: Letters) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **dict(zip(ARRAYS, made, strict=True)))  # type: ignore[arg-type]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, buffer.getvalue())
    except OSError:
        pass
