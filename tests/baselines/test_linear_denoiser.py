"""The linear denoiser is scikit-learn's ridge regression, its penalty chosen on validation images."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from pw13.baselines import linear_denoiser

SIZE = (4, 5)


def images(count, seed):
    """Smooth images: products of two random ramps."""
    rng = np.random.default_rng(seed)
    rows, columns = np.linspace(0, 1, SIZE[0]), np.linspace(0, 1, SIZE[1])
    ramps = [np.abs(rng.random((count, 1)) - side) for side in (rows, columns)]
    return (ramps[0][:, :, np.newaxis] * ramps[1][:, np.newaxis]).astype(np.float32)


class Noise:
    """Adds clipped noise, and keeps what it was given and what it returned."""

    def __init__(self, seed=0, level=0.2):
        self.rng, self.level = np.random.default_rng(seed), level
        self.clean, self.noisy = [], []

    def __call__(self, batch):
        noisy = np.clip(batch + self.level * self.rng.standard_normal(batch.shape, dtype=np.float32), 0, 1)
        self.clean.append(batch)
        self.noisy.append(noisy)
        return noisy


def fit(clean, batch=50, level=0.2):
    noise, val = Noise(level=level), images(80, 9)
    batches = (clean[start : start + batch] for start in range(0, len(clean), batch))
    return linear_denoiser.fit(batches, noise, val, Noise(1, level)(val)), noise


def test_it_equals_scikit_learn_s_ridge_regression():
    fitted, noise = fit(images(130, 2))
    x, y = (np.concatenate(parts).reshape(-1, 20) for parts in (noise.noisy, noise.clean))
    assert len(x) == linear_denoiser.DRAWS * 130 == 1040
    expected = Ridge(alpha=fitted.penalty * len(x)).fit(x.astype(np.float64), y.astype(np.float64))
    np.testing.assert_allclose(fitted.weights, expected.coef_.T, atol=1e-4)
    np.testing.assert_allclose(fitted.bias, expected.intercept_, atol=1e-4)
    assert fitted.weights.dtype == fitted.bias.dtype == np.float32


def test_every_training_image_has_eight_different_noise_draws():
    _, noise = fit(images(60, 2), batch=60)
    assert len(noise.noisy) == 8
    assert all(np.array_equal(batch, images(60, 2)) for batch in noise.clean)
    assert len({array.tobytes() for array in noise.noisy}) == 8


def test_the_size_of_the_batches_does_not_matter():
    clean, val = images(60, 2), images(80, 9)

    def disturb(batch):
        return batch + np.float32(0.2) * np.sin(1000 * batch)

    def fit_in_batches(size):
        batches = (clean[start : start + size] for start in range(0, len(clean), size))
        return linear_denoiser.fit(batches, disturb, val, disturb(val))

    one, other = fit_in_batches(60), fit_in_batches(7)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-4)
    np.testing.assert_allclose(one.bias, other.bias, atol=1e-4)


def test_the_penalty_is_the_best_on_validation_images():
    clean = images(12, 3)
    fitted, noise = fit(clean, level=0.4)
    x, y = (np.concatenate(parts).reshape(-1, 20).astype(np.float64) for parts in (noise.noisy, noise.clean))
    val = images(80, 9)
    val_noisy = Noise(1, 0.4)(val)
    errors = {}
    for penalty in linear_denoiser.PENALTIES:
        ridge = Ridge(alpha=penalty * len(x)).fit(x, y)
        errors[penalty] = np.mean((np.clip(ridge.predict(val_noisy.reshape(-1, 20)), 0, 1) - val.reshape(-1, 20)) ** 2)
    assert fitted.penalty == min(errors, key=errors.get)
    assert min(linear_denoiser.PENALTIES) < fitted.penalty < max(linear_denoiser.PENALTIES)


def test_it_denoises():
    fitted, _ = fit(images(400, 2))
    clean = images(100, 4)
    noisy = Noise(5)(clean)
    denoised = fitted.denoise(noisy)
    assert denoised.shape == clean.shape and denoised.dtype == np.float32
    assert denoised.min() >= 0 and denoised.max() <= 1
    assert np.mean((denoised - clean) ** 2) < 0.3 * np.mean((noisy - clean) ** 2)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_constant_images_are_reproduced(value):
    fitted, _ = fit(np.full((20, *SIZE), value, np.float32), level=0.0)
    np.testing.assert_allclose(fitted.denoise(np.full((2, *SIZE), value, np.float32)), value, atol=1e-5)
