"""Estimate the noise in an image, given what a denoiser made of it."""

import numpy as np

from pw13.data.images import noise

MAX_SIDE = 1024  # pixels of the middle that is looked at
MAX_LEVEL = 4.0  # of Gaussian noise: more cannot be told from it, as all pixels are black or white
STEPS = 12  # of the bisection: precise to a thousandth
FAINT = 0.02  # fewer than this are taken for no noise: five of 255 greys, as rounding and JPEG files leave them too
FAR = 1.5  # ratio of two noise levels from which on a denoiser is outside its domain


def estimate_level(image: np.ndarray, denoised: np.ndarray, kind: str) -> float:
    """Return the level of noise in `image`: the one that makes `denoised` as noisy; both `(height, width)` in [0, 1].

    Comparing like with like takes the clipping to [0, 1] and the structure of the image into account. Where the
    denoiser fails, what it has removed counts as noise.

    Of masking noise: the share of black pixels where `denoised` is bright. Elsewhere the image may be black itself.
    """
    image, clean = _middle(image), _middle(denoised)
    if kind == "masking":
        bright = clean > clean.max() / 2
        return float(np.mean(image[bright] == 0)) if bright.any() else 0.0
    target = _roughness(image)
    low, high = 0.0, MAX_LEVEL if kind == "gaussian" else 1.0
    for _ in range(STEPS):
        level = (low + high) / 2
        noisy = noise.add(clean[None], kind, level, rng=np.random.default_rng(noise.VALIDATION_SEED))[0]
        low, high = (level, high) if _roughness(noisy) < target else (low, level)
    return (low + high) / 2


def is_far(level: float, trained: float) -> bool:
    """Return whether a level is so far from that of the training that the denoiser is outside its domain.

    Levels below `FAINT` count as that: a network trained without noise still changes an image by a little.
    """
    level, trained = max(level, FAINT), max(trained, FAINT)
    return not trained / FAR <= level <= trained * FAR


def _roughness(image: np.ndarray) -> float:
    """Return the mean absolute second difference along the diagonal, which slopes and straight edges do not add to."""
    if min(image.shape) < 2:
        return float(np.abs(np.diff(image.ravel())).mean()) if image.size > 1 else 0.0
    return float(np.abs(np.diff(np.diff(image, axis=0), axis=1)).mean())


def _middle(image: np.ndarray) -> np.ndarray:
    top, left = (max(0, (side - MAX_SIDE) // 2) for side in image.shape)
    return image[top : top + MAX_SIDE, left : left + MAX_SIDE]
