"""A user's own image files, read as grey."""

import io
import warnings
from pathlib import Path

import numpy as np

from pw13.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
MAX_PIXELS = 100_000_000


def read_grey(path: Path) -> np.ndarray:
    """The picture in a file, turned as its camera says, transparent parts white: `(height, width)` float32 in [0, 1].

    Raises:
        UserError: missing, not an image, damaged, or too large; the message names the file.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd files; what matters is refused below
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UserError(f"{path}: {width}x{height} pixels, expected at most {MAX_PIXELS:,} in all")
                return _grey(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise UserError(f"{path}: not an image; expected {', '.join(FORMATS[:-1])} or {FORMATS[-1]}") from None
    except Image.DecompressionBombError:
        raise UserError(f"{path}: unpacks to far too many pixels, expected at most {MAX_PIXELS:,}") from None
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or 'a damaged or cut image'}") from None
    except (ValueError, SyntaxError, MemoryError, TypeError, IndexError, KeyError, OverflowError, EOFError):
        raise UserError(f"{path}: a damaged image") from None


def _grey(image) -> np.ndarray:  # type: ignore[no-untyped-def]
    """A Pillow image's first frame, `(height, width)` float32 in [0, 1]."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits a pixel
        return np.clip(np.asarray(image, np.float32) / 65535, 0, 1)
    if image.mode == "F":
        return np.clip(np.nan_to_num(np.asarray(image, np.float32)), 0, 1)
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return np.asarray(image.convert("L"), np.float32) / 255


def encode_png(image: np.ndarray) -> bytes:
    """`(height, width)` floats in [0, 1] as a grey PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet; a part of one is not left behind.

    Raises:
        UserError: it exists, or cannot be written.
    """
    try:
        file = open(path, "xb")  # noqa: SIM115  closed below, whatever happens
    except FileExistsError:
        raise UserError(f"{path}: exists already and is not overwritten; choose another --out") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with file:
            file.write(data)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UserError(f"{path}: cannot be written: {error.strerror}") from None
        raise
