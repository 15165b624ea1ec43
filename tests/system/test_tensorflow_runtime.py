"""The seed alone determines the initial weights, whatever else runs in the process."""

import random

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
