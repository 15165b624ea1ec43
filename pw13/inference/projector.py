"""Codes of test images in the format of TensorBoard's Embedding Projector."""

import io
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pw13.data.images import ImageSet
from pw13.errors import UserError
from pw13.inference.encoders import Encoder
from pw13.system import files

MAX_SPRITE = 8192  # pixels per side that the projector takes

CONFIG = """embeddings {{
  tensor_name: "{name}"
  tensor_path: "codes.tsv"
  metadata_path: "labels.tsv"
  sprite {{
    image_path: "sprite.png"
    single_image_dim: {width}
    single_image_dim: {height}
  }}
}}
"""


class Projection(NamedTuple):
    """What was written: the folder, the number of images and the size of their codes."""

    folder: Path
    images: int
    code_size: int


def write_projection(encoder: Encoder, images: ImageSet, out: Path, limit: int) -> Projection:
    """Write codes.tsv, labels.tsv, sprite.png and projector_config.pbtxt of the first `limit` test images.

    Raises:
        UserError: `out` cannot be written, or there are too many images for a sprite.
    """
    shown, labels = images.test_images[:limit], images.test_labels[:limit]
    codes = encoder.encode(shown)
    height, width = shown.shape[1:]
    contents = {
        "codes.tsv": "".join("\t".join(f"{value:.6g}" for value in code) + "\n" for code in codes).encode(),
        "labels.tsv": "".join(f"{images.classes[label]}\n" for label in labels).encode(),
        "sprite.png": to_png(sprite(shown)),
        "projector_config.pbtxt": CONFIG.format(name=encoder.run, height=height, width=width).encode(),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            files.write_atomic(out / name, data)
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror or error}") from None
    return Projection(out, len(shown), codes.shape[1])


def sprite(images: np.ndarray) -> np.ndarray:
    """Return images `(n, height, width)` uint8 in rows of one picture with as many rows as columns, the rest black.

    The projector reads images row by row from a square grid; images that are not square give a picture that is not.

    Raises:
        UserError: a side is above `MAX_SPRITE`.
    """
    count, height, width = images.shape
    side = math.ceil(math.sqrt(count))
    if side * max(height, width) > MAX_SPRITE:
        most = (MAX_SPRITE // max(height, width)) ** 2
        raise UserError(f"--limit: expected at most {most:,} images of {width}x{height}, received {count:,}")
    grid = np.zeros((side * side, height, width), np.uint8)
    grid[:count] = images
    return grid.reshape(side, side, height, width).swapaxes(1, 2).reshape(side * height, side * width)


def to_png(picture: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
