"""Generate names as the notebooks do: load the model in Keras and call it for every character."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def main(run: str, count: int, temperature: float, how: str) -> None:
    """Print `count` names from a many-to-one run, one per line; `how`: by `predict`, or a compiled `function`."""
    model = keras.models.load_model(Path(run, "checkpoints", "best.keras"))
    compiled = tf.function(model, reduce_retracing=True)
    vocab = json.loads(Path(run, "vocabulary.json").read_text("utf-8"))
    rng = np.random.default_rng(0)
    for _ in range(count):
        window, name = list(vocab["endings"][rng.integers(len(vocab["endings"]))]), ""
        while len(name) < 100 and not name.endswith("\n"):
            one_hot = np.zeros((1, len(window), len(vocab["encode"])), np.float32)
            one_hot[0, np.arange(len(window)), [vocab["encode"][character] for character in window]] = 1
            outputs = model.predict(one_hot, verbose=0) if how == "predict" else compiled(tf.constant(one_hot)).numpy()
            weights = outputs[0].astype(np.float64) ** (1 / temperature)
            character = vocab["decode"][str(rng.choice(len(weights), p=weights / weights.sum()))]
            window, name = [*window[1:], character], name + character
        print(name.rstrip("\n"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
