"""Start TensorFlow: once per process, with fixed threads and seed."""

import contextlib
import os
import random
import sys
import tempfile
from collections.abc import Iterator

from pw13.errors import UserError
from pw13.system import device as devices


def start(threads: int, seed: int, device: str = "cpu") -> None:
    """Import TensorFlow with oneDNN on and `threads` threads, on the CPU or the first GPU, and seed Keras.

    oneDNN is set once per process, at import; TensorFlow turns it on by default only on some processors. The number of
    threads affects results, since it decides the order of summation.

    Raises:
        UserError: TensorFlow already runs with a different number of threads or another device, or cannot be imported.
        OptionError: there is no GPU.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with _quiet_import():
        import keras
        import tensorflow as tf
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        running = tf.config.threading.get_intra_op_parallelism_threads()
        if running != threads:
            raise UserError(f"--threads: TensorFlow already runs with {running} threads, expected {threads}") from None
    devices.select(device)
    keras.utils.clear_session()  # so that layer names and memory are those of a fresh process
    keras.utils.set_random_seed(seed)
    _seed_initializers(seed)


def _seed_initializers(seed: int) -> None:
    """Give Keras a generator of its own for the seeds of its initializers.

    By default it uses Python's shared one, from which other threads may draw as well (the event loop of a Dask worker
    does). The numbers are the same.
    """
    from keras.src.random import seed_generator

    seed_generator.python_random = random.Random(seed)


def one_dnn() -> bool:
    """Return whether oneDNN is on for this process."""
    return os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1"


@contextlib.contextmanager
def _quiet_import() -> Iterator[None]:
    """Keep TensorFlow's start-up messages off the terminal."""
    if "tensorflow" in sys.modules or sys.stderr is None:
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with tempfile.TemporaryFile() as scratch:
        os.dup2(scratch.fileno(), 2)
        try:
            yield
        except ImportError as error:
            raise UserError(f"cannot import TensorFlow: {error}") from None
        finally:
            os.dup2(kept, 2)
            os.close(kept)
