"""Streams of random numbers: one for each role, so that no two roles ever draw the same numbers."""

import numpy as np

# The position of a role is part of its stream: append, never reorder.
ROLES = (
    "order",  # of the training examples in an epoch
    "fixed noise",  # of --fixed-noise
    "limit",  # which training examples --limit keeps
    "tuning",  # which examples choose the settings of an SVM or a filter
    "folds",  # of a cross-validation
    "map",  # which test images the map of codes shows
    "samples",  # names sampled in and after a training
    "statistics",  # names sampled for statistics
    "learning curve",
    "linear denoiser",  # noise draws that it is fitted on
    "bootstrap",
    "rate-distortion",  # which test images are measured
    "name selection",  # names sampled for the report's shortlist
    "random codes",  # decoded to show that a plain autoencoder does not generate
    "SVM order",  # in which stochastic gradient descent reads the training images
    "exact SVM",  # which training images an exact SVM is fitted on where not all fit in memory
    "nearest letters",  # test letters that are compared with the nearest training image
)


def stream(role: str, seed: int, *numbers: int) -> np.random.Generator:
    """Return the generator of `role` under `seed`; `numbers` tell apart what one role draws for (an epoch, say).

    A seed sequence of a plain list is padded with zeros, so that [7, 4] and [7, 4, 0] are one stream; a spawn key is
    not padded.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(ROLES.index(role), *numbers)))


def derive_seed(role: str, seed: int, *numbers: int) -> int:
    """Return the seed of `role`, below 2^64, for a generator that is not NumPy's."""
    return int(stream(role, seed, *numbers).integers(2**64, dtype=np.uint64))
