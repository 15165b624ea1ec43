"""Read a user's own image files in greyscale; write new ones."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pw13.data import pictures
from pw13.errors import UserError

MAX_PIXELS = 100_000_000


def read_picture(path: Path) -> pictures.Grey:
    """Read an image in greyscale.

    Raises:
        UserError: missing, not an image, corrupt, or too large; the message names the file.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd files; what matters is refused
            return pictures.read_grey(path, max_pixels=MAX_PIXELS)
    except pictures.Unreadable as error:
        expected = f"; expected {', '.join(pictures.FORMATS[:-1])} or {pictures.FORMATS[-1]}"
        raise UserError(f"{path}: {error}{expected if str(error) == 'not an image' else ''}") from None
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot read: {error.strerror}") from None


def read_grey(path: Path) -> np.ndarray:
    """Read an image in greyscale: `(height, width)` float32 in [0, 1]; errors as of `read_picture`."""
    return pictures.to_floats(read_picture(path).pixels)


def encode_png(image: np.ndarray) -> bytes:
    """Encode `(height, width)` floats in [0, 1] as an 8-bit greyscale PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_new(contents: Mapping[Path, bytes]) -> None:
    """Write files that must not exist yet, all of them or none, and create their folders.

    Raises:
        UserError: one already exists, or cannot be written.
    """
    written: list[Path] = []
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                written.append(path)
                file.write(data)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise UserError(f"{error.filename}: already exists; not overwriting, choose another --out") from None
        if isinstance(error, OSError):
            raise UserError(f"{error.filename or written[-1]}: cannot write: {error.strerror}") from None
        raise
