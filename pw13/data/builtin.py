"""The built-in data: letters A to J rendered from typefaces, and names of existing companies.

They need no download, and they are not notMNIST and not the course's list; whoever shows a figure says so.
"""

import gzip
import hashlib
import io
from pathlib import Path

import numpy as np

from pw13 import files
from pw13.errors import UserError

HERE = Path(__file__).parent
TRAINING, TESTING = 10_000, 2_000
LETTERS_SHA256 = "01800181a0c19792ae8e2cc7456a751b8adf9bf7d48175cfc960ecf0f6a081e0"  # over the four arrays' bytes
NAMES_SHA256 = "60fe66e06e62374a693bdaa012cc859227db4a37cf0499d07caf8d11acb5b5db"  # over the text

Letters = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def letters(cache: Path | None = None) -> Letters:
    """Training images `(10000, 28, 28)` uint8 and labels `(10000,)` uint8, test images `(2000, 28, 28)` and labels.

    The same bytes on every machine. Rendered in seconds the first time, then read from `cache` (a file in the user's
    cache folder by default); a cache that is damaged is made anew, one that cannot be written is done without.

    Raises:
        UserError: the installation is damaged, so that other images come out.
    """
    path = cache_file() if cache is None else cache
    cached = _read(path)
    if cached is not None:
        return cached
    made = _render()
    if digest(made) != LETTERS_SHA256:
        raise UserError(f"{HERE / 'letters.xz'}: the built-in letters come out changed; install pw13 anew")
    _keep(path, made)
    return made


def names() -> str:
    """12,000 names of companies, one a line, a newline after each.

    Raises:
        UserError: the installation is damaged.
    """
    path = HERE / "names.txt.gz"
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        data = b""
    if hashlib.sha256(data).hexdigest() != NAMES_SHA256:
        raise UserError(f"{path}: damaged; install pw13 anew")
    return data.decode()


def cache_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("pw13")) / f"letters-{LETTERS_SHA256[:12]}.npz"


def digest(arrays: Letters) -> str:
    """One sha256 over the bytes of the four arrays, in their order."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _render() -> Letters:
    from pw13.data.glyphs import masters, rendering

    glyphs = masters.read_masters((HERE / "letters.xz").read_bytes())
    train = rendering.render_set(glyphs, masters.families_for(glyphs, testing=False), 0, TRAINING)
    test = rendering.render_set(glyphs, masters.families_for(glyphs, testing=True), 1, TESTING, train[0])
    return (*train, *test)


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
        files.write_whole(path, buffer.getvalue())
    except OSError:
        pass
