"""Names the notebook's way: load the model in Keras and call `predict` for every character."""

import json
import sys
from pathlib import Path

import keras
import numpy as np


def main(run: str, count: int, temperature: float) -> None:
    """Print `count` names from a many-to-one run, one a line."""
    model = keras.models.load_model(Path(run, "checkpoints", "best.keras"))
    known = json.loads(Path(run, "vocabulary.json").read_text("utf-8"))
    rng = np.random.default_rng(0)
    for _ in range(count):
        window, name = list(known["endings"][rng.integers(len(known["endings"]))]), ""
        while len(name) < 100 and not name.endswith("\n"):
            one_hot = np.zeros((1, len(window), len(known["encode"])), np.float32)
            one_hot[0, np.arange(len(window)), [known["encode"][character] for character in window]] = 1
            shares = model.predict(one_hot, verbose=0)[0].astype(np.float64) ** (1 / temperature)
            character = known["decode"][str(rng.choice(len(shares), p=shares / shares.sum()))]
            window, name = [*window[1:], character], name + character
        print(name.rstrip("\n"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
