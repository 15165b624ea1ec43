"""The seed alone decides the first weights, whatever else runs in the process."""

import random

from pw13.system import tensorflow_runtime


def first_weights(seed: int, disturbance: int) -> bytes:
    tensorflow_runtime.start(2, seed)
    import keras

    for _ in range(disturbance):
        random.random()  # as another thread of the process may
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    return b"".join(array.tobytes() for array in model.get_weights())


def test_other_draws_from_python_s_generator_change_nothing():
    assert first_weights(7, 0) == first_weights(7, 5)
    assert first_weights(7, 0) != first_weights(8, 0)


def test_the_seeds_are_those_of_keras_itself():
    tensorflow_runtime.start(2, 7)
    import keras

    assert keras.initializers.GlorotUniform().seed == random.Random(7).randint(1, 10**9)
