"""The seed alone determines the initial weights, whatever else runs in the process."""

import json
import os
import random

import pytest

from pw13.system import tensorflow_runtime


def initial_weights(seed: int, other_draws: int) -> bytes:
    tensorflow_runtime.start(2, seed)
    import keras

    for _ in range(other_draws):
        random.random()  # as another thread of the process may
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    return b"".join(array.tobytes() for array in model.get_weights())


def test_other_draws_from_python_s_generator_do_not_change_the_weights():
    assert initial_weights(7, 0) == initial_weights(7, 5)
    assert initial_weights(7, 0) != initial_weights(8, 0)


def test_the_seeds_are_those_that_keras_would_draw():
    tensorflow_runtime.start(2, 7)
    import keras

    assert keras.initializers.GlorotUniform().seed == random.Random(7).randint(1, 10**9)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (
            {"floatx": "float16", "backend": "theano", "image_data_format": "channels_first"},
            "backend, floatx, image_data",
        ),
        ({"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}, None),
        ("not JSON", None),
    ],
)
def test_settings_of_the_users_do_not_matter_and_are_named(monkeypatch, tmp_path, settings, named):
    (tmp_path / "keras.json").write_text(json.dumps(settings).strip('"'), "utf-8")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")
    lines = tensorflow_runtime.start(2, 0)
    import keras

    assert (keras.config.floatx(), keras.config.image_data_format()) == ("float32", "channels_last")
    assert lines[0] == "ONEDNN_DEFAULT_FPMATH_MODE=BF16 is ignored" and len(lines) == (2 if named else 1)
    assert named is None or f"keras.json is ignored ({named}" in lines[1]
    assert os.environ["KERAS_HOME"] == os.devnull and "ONEDNN_DEFAULT_FPMATH_MODE" not in os.environ
    assert tensorflow_runtime.start(2, 0) == []  # said once
