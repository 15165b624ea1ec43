"""Decode an image file to greyscale, in one way for `pw13 data import` and `pw13 denoise`.

The orientation in its EXIF data is applied, transparency is on white, and deeper pixels than 8 bits keep their range.
Of several frames or pages the first is read; the caller says so.
"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from pw13.data.source import describe_content

if TYPE_CHECKING:
    from PIL import Image

# No others: some formats of Pillow start external programs.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000")
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".pbm", ".pgm", ".ppm",
    ".pnm", ".avif", ".jp2", ".j2k",
)  # fmt: skip
OTHER_SUFFIXES = (".heic", ".heif", ".jxl", ".svg", ".psd", ".ico", ".tga", ".eps", ".dcm", ".exr", ".xcf")
# What other image formats begin with: offset, bytes, name.
OTHER_FORMATS = (
    *((4, b"ftyp" + brand, "HEIC") for brand in (b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1")),
    (4, b"ftypcrx", "Canon raw"), (4, b"ftyp", "video"), (0, b"\xff\x0a", "JPEG XL"), (4, b"JXL ", "JPEG XL"),
    (0, b"<svg", "SVG"), (0, b"8BPS", "Photoshop"), (0, b"\0\0\1\0", "icon"), (0, b"%!PS", "PostScript"),
    (128, b"DICM", "DICOM"), (0, b"\x76\x2f\x31\x01", "OpenEXR"), (0, b"gimp xcf", "GIMP"),
)  # fmt: skip
# What images in the formats above begin with, where Pillow may not know them once they are damaged: offset, bytes.
HEADS = (
    (0, b"\x89PNG"), (0, b"\xff\xd8\xff"), (0, b"GIF8"), (8, b"WEBP"), (4, b"ftypavif"), (4, b"ftypavis"), (4, b"jP  "),
)  # fmt: skip
TIFF_HEADS = (b"II*\0", b"MM\0*")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF 6.0
UNSIGNED = 1
CORRUPT = "corrupt or truncated image"
WHITE_IS_ZERO = 0


class Grey(NamedTuple):
    """A decoded picture.

    Attributes:
        pixels: `(height, width)`, uint8, or float32 in [0, 1] where the file has more than 8 bits per pixel.
        frames: frames or pages in the file.
    """

    pixels: np.ndarray
    frames: int


class Unreadable(Exception):
    """The file is not a readable image; the message says why."""


def read_grey(file: BinaryIO | Path, *, max_pixels: int) -> Grey:
    """Decode an image file.

    Raises:
        Unreadable: not an image in a known format, corrupt, too large, or of unknown range.
        OSError: the file cannot be opened.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with open(file, "rb") if isinstance(file, Path) else contextlib.nullcontext(file) as stream:
        head = stream.read(132)
        stream.seek(0)
        try:
            with Image.open(stream, formats=FORMATS) as image:
                if image.width * image.height > max_pixels:
                    raise Unreadable(f"{image.width}x{image.height} pixels, expected at most {max_pixels:,} in total")
                frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # a photo and its preview
                top, inverted = _range(image)
                image.load()
                with contextlib.suppress(Exception):  # damaged EXIF data of a sound image
                    ImageOps.exif_transpose(image, in_place=True)
                pixels = _to_grey(image, top)
                return Grey(1 - pixels if inverted else pixels, frames)
        except Unreadable:
            raise
        except UnidentifiedImageError:
            raise Unreadable(_describe(head)) from None
        except Image.DecompressionBombError:
            raise Unreadable(f"too many pixels, expected at most {max_pixels:,}") from None
        except Exception:  # decoders raise almost anything on invalid bytes
            raise Unreadable(CORRUPT) from None


def to_bytes(pixels: np.ndarray) -> np.ndarray:
    """Return grey pixels as uint8, from floats in [0, 1] rounded."""
    return pixels if pixels.dtype == np.uint8 else np.rint(pixels * 255).astype(np.uint8)


def to_floats(pixels: np.ndarray) -> np.ndarray:
    """Return grey pixels as float32 in [0, 1]."""
    return pixels.astype(np.float32) / 255 if pixels.dtype == np.uint8 else pixels


def _range(image: "Image.Image") -> tuple[int, bool]:
    """Return the value of white in a picture of integers above 8 bits, and whether Pillow leaves it inverted.

    Raises:
        Unreadable: integers of 32 bits or with a sign, whose white is unknown.
    """
    tags: Any = getattr(image, "tag_v2", {})
    if not image.mode.startswith(("I", "F")) or not tags:
        return 65535, False
    bits = tags.get(BITS_PER_SAMPLE, (16,))[0]
    if image.mode != "F" and (bits > 16 or tags.get(SAMPLE_FORMAT, (UNSIGNED,))[0] != UNSIGNED):
        raise Unreadable(f"{bits}-bit integers with unknown range, expected 8 or 16 bits without sign")
    return (1 << bits) - 1 if bits <= 16 else 65535, tags.get(PHOTOMETRIC) == WHITE_IS_ZERO


def _to_grey(image: "Image.Image", top: int) -> np.ndarray:
    """Convert a loaded image of any mode: `(height, width)` uint8, or float32 in [0, 1]."""
    from PIL import Image, ImageCms

    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.float32)
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):
            values[values == transparent] = top
        return _checked(values / np.float32(top))
    if image.mode == "F":
        return _checked(np.asarray(image, np.float32))
    if image.mode == "LAB":
        to_rgb = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        image = ImageCms.applyTransform(image, to_rgb) or image
    if image.has_transparency_data:
        background = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(background, image.convert("RGBA"))
    return np.asarray(image if image.mode == "L" else image.convert("L"))


def _checked(values: np.ndarray) -> np.ndarray:
    """Return values in [0, 1].

    Raises:
        Unreadable: some are not, so that white is unknown.
    """
    if not (values.min() >= 0 and values.max() <= 1):  # false for NaN
        raise Unreadable(f"pixel values from {values.min():g} to {values.max():g}, expected 0 to 1")
    return values


def _describe(head: bytes) -> str:
    """Say what a file is that Pillow does not know as an image in a supported format."""
    if any(head.startswith(prefix, offset) for offset, prefix in HEADS):
        return CORRUPT
    if head.startswith(TIFF_HEADS):
        return "corrupt, or a kind of TIFF that is not supported"
    for offset, prefix, name in OTHER_FORMATS:
        if head[offset:].startswith(prefix):
            return f"{name} file, not supported; convert it to PNG"
    content = describe_content(head)
    return f"not an image: the file {content}" if content else "not an image"
