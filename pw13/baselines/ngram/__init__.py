"""An n-gram model of names: what counting alone predicts, on the scale of the networks.

Interpolated modified Kneser-Ney smoothing (Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for
Language Modeling", section 3): each context length takes a discount from its counts and gives it to the next shorter
one, down to the uniform distribution. A name begins after one start symbol, never after the name before it. N-grams
that begin with the start symbol have no symbol before them, so they keep their raw counts at every order, as in KenLM
(Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation", section 3.1).
"""

from pw13.baselines.ngram.estimation import (
    DEFAULT_ORDER,
    LONG_TEXT,
    MAX_NGRAMS,
    MAX_ORDER,
    PRUNED,
    TOLERANCE,
    Estimate,
    choose_order,
    estimate,
    fit,
)
from pw13.baselines.ngram.model import Level, Ngram, from_arrays, to_arrays
from pw13.baselines.ngram.sampling import State, advance, initial_state, next_probabilities
from pw13.baselines.ngram.scoring import nats, probabilities

__all__ = [
    "DEFAULT_ORDER",
    "LONG_TEXT",
    "MAX_NGRAMS",
    "MAX_ORDER",
    "PRUNED",
    "TOLERANCE",
    "Estimate",
    "Level",
    "Ngram",
    "State",
    "advance",
    "choose_order",
    "estimate",
    "fit",
    "from_arrays",
    "initial_state",
    "nats",
    "next_probabilities",
    "probabilities",
    "to_arrays",
]
