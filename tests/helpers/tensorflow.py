"""TensorFlow for tests that use it directly."""

from types import ModuleType


def start_tensorflow() -> ModuleType:
    """Start TensorFlow as pw13 starts it, and return the module."""
    from pw13.system import tensorflow_runtime

    tensorflow_runtime.start(2, 0)
    import tensorflow

    return tensorflow
