"""The arrays of the convolutional denoiser as in a `.keras` file, and its code, known without TensorFlow."""

from pw13.errors import UserError
from pw13.models.keras_archive import WeightSpec

# Height, width, input and output channels of each convolution's kernel.
KERNELS = ((3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 128), (3, 3, 128, 128), (3, 3, 128, 64), (3, 3, 64, 1))
CODE_CHANNELS = 128


def code_shape(height: int, width: int) -> tuple[int, int, int]:
    """Return the shape of an image's code, a quarter of each side after two poolings.

    Raises:
        UserError: height or width is no multiple of 4.
    """
    if height % 4 or width % 4 or not height or not width:
        raise UserError(f"images of {height} x {width} pixels: height and width must be multiples of 4, such as 28")
    return height // 4, width // 4, CODE_CHANNELS


def weight_specs() -> list[WeightSpec]:
    """Return path and shape of each convolution's kernel and bias in best.keras."""
    names = ["conv2d", *(f"conv2d_{i}" for i in range(1, len(KERNELS)))]
    return [
        WeightSpec(f"layers/{name}/vars/{i}", shape)
        for name, kernel in zip(names, KERNELS, strict=True)
        for i, shape in enumerate((kernel, kernel[3:]))
    ]
