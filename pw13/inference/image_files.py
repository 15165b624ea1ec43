"""Read a user's own image files in greyscale; write new ones."""

import io
import warnings
from pathlib import Path

import numpy as np

from pw13.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
MAX_PIXELS = 100_000_000


def read_grey(path: Path) -> np.ndarray:
    """Read an image in greyscale, EXIF orientation applied, on white: `(height, width)` float32 in [0, 1].

    Raises:
        UserError: missing, not an image, corrupt, or too large; the message names the file.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd files; what matters is refused below
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UserError(f"{path}: {width}x{height} pixels, expected at most {MAX_PIXELS:,} in total")
                return _grey(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise UserError(f"{path}: not an image; expected {', '.join(FORMATS[:-1])} or {FORMATS[-1]}") from None
    except Image.DecompressionBombError:
        raise UserError(f"{path}: too many pixels, expected at most {MAX_PIXELS:,}") from None
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot read: {error.strerror or 'corrupt or truncated image'}") from None
    except (ValueError, SyntaxError, MemoryError, TypeError, IndexError, KeyError, OverflowError, EOFError):
        raise UserError(f"{path}: corrupt image") from None


def _grey(image) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Convert a Pillow image's first frame: `(height, width)` float32 in [0, 1]."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits per pixel
        return np.clip(np.asarray(image, np.float32) / 65535, 0, 1)
    if image.mode == "F":
        return np.clip(np.nan_to_num(np.asarray(image, np.float32)), 0, 1)
    if image.has_transparency_data:
        background = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(background, image.convert("RGBA"))
    return np.asarray(image.convert("L"), np.float32) / 255


def encode_png(image: np.ndarray) -> bytes:
    """Encode `(height, width)` floats in [0, 1] as an 8-bit greyscale PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet; leave no partial file behind.

    Raises:
        UserError: it already exists, or cannot be written.
    """
    try:
        file = open(path, "xb")  # noqa: SIM115  closed below, whatever happens
    except FileExistsError:
        raise UserError(f"{path}: already exists; not overwriting, choose another --out") from None
    except OSError as error:
        raise UserError(f"{path}: cannot write: {error.strerror}") from None
    try:
        with file:
            file.write(data)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UserError(f"{path}: cannot write: {error.strerror}") from None
        raise
