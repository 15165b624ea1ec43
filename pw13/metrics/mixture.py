"""A mixture of two models of text: per character, a weighted mean of the probabilities that both give it."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEIGHTS = np.linspace(0, 1, 101)


def mix(first: Floats, second: Floats, weight: float) -> Floats:
    """Return ln(weight p + (1 - weight) q) for log-probabilities ln p and ln q of two models, of any one shape."""
    with np.errstate(divide="ignore"):  # the logarithm of a weight of 0
        return np.asarray(np.logaddexp(first + np.log(weight), second + np.log1p(-weight)))


def best_weight(first: Floats, second: Floats) -> float:
    """Return the weight of the first model, in steps of 0.01, that gives the mixture the lowest mean -ln p.

    first, second: log-probabilities of the same characters, `(n,)`. The mean is convex in the weight.
    """
    return float(WEIGHTS[np.argmax([mix(first, second, weight).mean() for weight in WEIGHTS])])
