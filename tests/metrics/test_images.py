"""Image metrics against known values and scikit-image."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from pw13 import metrics


def make_pairs(size=(3, 28, 20), seed=0):
    rng = np.random.default_rng(seed)
    clean = rng.random(size).cumsum(axis=2)
    clean = (clean / clean.max()).astype(np.float32)
    return clean, np.clip(clean + 0.2 * rng.standard_normal(size), 0, 1).astype(np.float32)


def test_mse_of_known_arrays():
    assert metrics.mse(np.zeros((2, 2, 2)), np.full((2, 2, 2), 0.5)) == 0.25
    assert metrics.mse(np.ones((1, 2)), np.array([[1.0, 0.0]])) == 0.5


def test_psnr_of_known_errors():
    assert metrics.psnr(0.01) == pytest.approx(20)
    assert metrics.psnr(1) == 0
    assert metrics.psnr(0) == float("inf")


def test_image_mse_is_one_value_per_image():
    clean, noisy = make_pairs()
    errors = metrics.image_mse(clean, noisy)
    assert errors.shape == (3,)
    assert errors.mean() == pytest.approx(metrics.mse(clean, noisy), rel=1e-6)
    assert metrics.image_mse(clean, clean).tolist() == [0, 0, 0]


@pytest.mark.parametrize("size", [(3, 28, 20), (1, 11, 11), (2, 64, 33)])
def test_ssim_equals_scikit_image(size):
    clean, noisy = (array.astype(np.float64) for array in make_pairs(size))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1}
    expected = np.mean([structural_similarity(a, b, **options) for a, b in zip(clean, noisy, strict=True)])
    assert metrics.ssim(clean, noisy) == pytest.approx(expected, abs=1e-9)


def test_ssim_of_equal_and_of_tiny_images():
    clean, _ = make_pairs()
    assert metrics.ssim(clean, clean) == pytest.approx(1)
    assert np.isnan(metrics.ssim(clean[:, :8, :8], clean[:, :8, :8]))


def test_ssim_of_many_images_is_the_mean_over_all():
    clean, noisy = make_pairs((1001, 12, 12))
    first, last = metrics.ssim(clean[:1000], noisy[:1000]), metrics.ssim(clean[1000:], noisy[1000:])
    assert metrics.ssim(clean, noisy) == pytest.approx((1000 * first + last) / 1001)
