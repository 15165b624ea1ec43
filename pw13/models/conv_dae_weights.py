"""The arrays of the convolutional denoiser as in a `.keras` file, known without TensorFlow."""

from pw13.models.keras_archive import WeightSpec

# Height, width, input and output channels of each convolution's kernel.
KERNELS = ((3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 128), (3, 3, 128, 128), (3, 3, 128, 64), (3, 3, 64, 1))


def weight_specs() -> list[WeightSpec]:
    """Return path and shape of each convolution's kernel and bias in best.keras."""
    names = ["conv2d", *(f"conv2d_{i}" for i in range(1, len(KERNELS)))]
    return [
        WeightSpec(f"layers/{name}/vars/{i}", shape)
        for name, kernel in zip(names, KERNELS, strict=True)
        for i, shape in enumerate((kernel, kernel[3:]))
    ]
