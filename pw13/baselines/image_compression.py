"""What the codes of images compete with: image files, lossless and lossy, and PCA. Measured once, then cached."""

import functools
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pw13.baselines.pca import PCA
from pw13.metrics import mse
from pw13.metrics.rate_distortion import BITS, ENTROPY_BITS, Point, code_points
from pw13.system import machine
from pw13.system.cache import cached, digest

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
T = TypeVar("T")

VERSION = 1  # of the measurements: a change makes what is in the cache unusable
MAX_CACHE_BYTES = 2**20

LOSSLESS: dict[str, dict[str, Any]] = {
    "png": {"optimize": True},
    "webp": {"lossless": True, "quality": 100, "method": 4},
}
LOSSY: dict[str, dict[str, Any]] = {"webp": {"method": 6}, "jpeg": {"optimize": True}}
QUALITIES = {"webp": (1, 10, 25, 50), "jpeg": (5, 15, 30, 50)}
COMPONENTS = (8, 16, 32, 64, 128, 256)


def lossless_bytes(images: Bytes) -> dict[str, float]:
    """Return the mean file sizes of `(n, height, width)` grey images saved losslessly: `png_bytes`, `webp_bytes`."""
    return dict(_lossless_bytes(images.tobytes(), images.shape))


@functools.lru_cache(maxsize=2)  # runs of one process usually share their test images
def _lossless_bytes(pixels: bytes, shape: tuple[int, ...]) -> dict[str, float]:
    images = np.frombuffer(pixels, np.uint8).reshape(shape)

    def make() -> dict[str, npt.NDArray[Any]]:
        return {
            f"{format}_bytes": np.array(np.mean([len(file) for file in _files(images, format, **options)]))
            for format, options in LOSSLESS.items()
        }

    key = {"version": VERSION, "options": LOSSLESS, "libraries": _libraries(), "images": digest(images)}
    return {name: float(value) for name, value in cached("lossless", key, make, max_bytes=MAX_CACHE_BYTES).items()}


def lossy_points(images: Bytes, format: str) -> list[Point]:
    """Return a point for each quality of a lossy format, "webp" or "jpeg", with a file, headers included, per image.

    images: `(n, height, width)` uint8 grey images.
    """
    return list(_lossy_points(images.tobytes(), images.shape, format))


@functools.lru_cache(maxsize=4)
def _lossy_points(pixels: bytes, shape: tuple[int, ...], format: str) -> tuple[Point, ...]:
    images = np.frombuffer(pixels, np.uint8).reshape(shape)
    options = {"format": format, "qualities": QUALITIES[format], "options": LOSSY[format]}
    key = {**options, "libraries": _libraries(), "images": digest(images)}
    return tuple(_cached_points(key, lambda: [_lossy_point(images, format, each) for each in QUALITIES[format]]))


def _lossy_point(images: Bytes, format: str, quality: int) -> Point:
    files = _files(images, format, quality=quality, **LOSSY[format])
    decoded = np.array(_in_threads(_decode, files), np.float32) / np.float32(255)
    size = float(np.mean([len(file) for file in files]))
    return Point(f"quality {quality}", size, mse(decoded, images / np.float32(255)))


def pca_points(linear: PCA, train: Floats, test: Floats) -> list[Point]:
    """Return the points of PCA codes of each size in `COMPONENTS` that `linear` has, and at most of all it has.

    train, test: `(n, d)` float32 in [0, 1]; the first are those that `linear` is fitted to, or a sample of them.
    """
    sizes = sorted({min(size, len(linear.components)) for size in COMPONENTS})
    digests = {"pca": digest(*linear.truncate(sizes[-1])), "train": digest(train), "test": digest(test)}
    key = {"sizes": sizes, "bits": (BITS, ENTROPY_BITS), **digests}
    return _cached_points(key, lambda: [point for size in sizes for point in _code_points(linear, size, train, test)])


def _code_points(linear: PCA, size: int, train: Floats, test: Floats) -> list[Point]:
    part = linear.truncate(size)
    equal = np.ones(size, np.float32)  # components are orthonormal
    return code_points(part.encode(train), part.encode(test), test, part.decode, sensitivity=equal, unit="component")


def _cached_points(key: dict[str, Any], make: Callable[[], list[Point]]) -> list[Point]:
    def make_arrays() -> dict[str, npt.NDArray[Any]]:
        return {name: np.array(column) for name, column in zip(Point._fields, zip(*make(), strict=True), strict=True)}

    arrays = cached("rate-distortion", {"version": VERSION, **key}, make_arrays, max_bytes=MAX_CACHE_BYTES)
    return [Point(*values) for values in zip(*(arrays[name].tolist() for name in Point._fields), strict=True)]


def _files(images: Bytes, format: str, **options: Any) -> list[bytes]:
    return _in_threads(functools.partial(_encode, format=format, options=options), images)


def _encode(image: Bytes, format: str, options: dict[str, Any]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format, **options)
    return buffer.getvalue()


def _decode(file: bytes) -> Bytes:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(file)).convert("L"))


def _in_threads(function: Callable[[Any], T], items: Any) -> list[T]:
    """Apply `function` to every item, in order; Pillow's encoders run outside Python's lock."""
    block = -(-len(items) // (8 * machine.cores()))
    blocks = [items[start : start + block] for start in range(0, len(items), block)]
    with ThreadPoolExecutor(machine.cores()) as pool:
        return [result for part in pool.map(lambda part: [*map(function, part)], blocks) for result in part]


def _libraries() -> dict[str, str | None]:
    """Return the versions of the libraries that file sizes depend on."""
    import PIL
    from PIL import features

    return {"pillow": PIL.__version__, **{name: features.version(name) for name in ("zlib", "webp", "libjpeg_turbo")}}
