"""TensorFlow for test modules that use it directly."""


def start_tensorflow():
    """TensorFlow, started as pw13 starts it; for test modules that use it directly. Returns the module."""
    from pw13.system import tensorflow_runtime

    tensorflow_runtime.start(2, 0)
    import tensorflow

    return tensorflow
