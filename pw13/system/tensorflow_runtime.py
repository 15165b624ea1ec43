"""Start TensorFlow: once per process, with fixed threads and seed."""

import contextlib
import gc
import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from pw13.errors import AlreadyRunningError, UserError
from pw13.system import device as devices
from pw13.system.threads import limit

# What networks depend on in a user's keras.json; values as Keras has them by default.
KERAS_SETTINGS = {
    "backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last",
}  # fmt: skip
ROUNDING = ("ONEDNN_DEFAULT_FPMATH_MODE", "TF_SET_ONEDNN_FPMATH_MODE")  # variables that lower the precision


def start(threads: int, seed: int, device: str = "cpu") -> list[str]:
    """Import TensorFlow with oneDNN on, on the CPU or the first GPU, and seed Keras; all libraries get `threads`.

    Returns a line for each setting of the user's that is overridden.

    oneDNN is set once per process, at import; TensorFlow turns it on by default only on some processors. The number of
    threads affects results, since it decides the order of summation.

    Raises:
        AlreadyRunningError: TensorFlow already runs with a different number of threads or another device.
        UserError: it cannot be imported.
        OptionError: there is no GPU.
    """
    overridden = _override_environment()
    limit(threads)
    with _quiet_import():
        first = "tensorflow" not in sys.modules
        import keras
        import tensorflow as tf
    if first:
        gc.freeze()  # what was imported stays: without it every run's `clear_session` looks through all of it again
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        running = tf.config.threading.get_intra_op_parallelism_threads()
        if running != threads:
            raise AlreadyRunningError(
                f"--threads: TensorFlow already runs with {running} threads, expected {threads}"
            ) from None
    devices.select(device)
    keras.utils.clear_session()  # so that layer names and memory are those of a fresh process
    keras.utils.set_random_seed(seed)
    _seed_initializers(seed)
    return overridden


def running_threads() -> int | None:
    """Return the number of threads that TensorFlow runs with in this process; None before it is started."""
    tf = sys.modules.get("tensorflow")
    return tf.config.threading.get_intra_op_parallelism_threads() or None if tf else None


def _override_environment() -> list[str]:
    """Set the environment that TensorFlow and Keras read at import; return a line for each setting of the user's."""
    lines = [f"{name}={os.environ.pop(name)} is ignored" for name in ROUNDING if name in os.environ]
    path = Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras"), "keras.json")  # noqa: PTH111  never fails
    changed = sorted(key for key, value in _keras_settings(path).items() if KERAS_SETTINGS.get(key, value) != value)
    if changed:
        lines.append(f"{path} is ignored ({', '.join(changed)})")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["KERAS_HOME"] = os.devnull  # where there can be no keras.json
    return lines


def _keras_settings(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


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
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    try:
        yield
    except ImportError as error:
        raise UserError(f"cannot import TensorFlow: {' '.join(str(error).split())[:300]}") from None
    finally:
        os.dup2(kept, 2)
        os.close(kept)
