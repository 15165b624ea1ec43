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


def test_psnr_gain_of_known_errors():
    before, after = np.full(50, 0.1), np.full(50, 0.01)
    gain = metrics.psnr_gain(before, after, rng=np.random.default_rng(0))
    assert gain == {"mean": pytest.approx(10), "ci95": [pytest.approx(10), pytest.approx(10)], "n": 50}
    lost = metrics.psnr_gain(after, before, rng=np.random.default_rng(0))
    assert lost["mean"] == pytest.approx(-10)


def test_the_interval_of_a_psnr_gain_is_paired_and_of_the_mean_error():
    rng = np.random.default_rng(1)
    before = rng.exponential(0.05, 2000)
    gain = metrics.psnr_gain(before, before / 2, rng=np.random.default_rng(0))
    assert gain["ci95"] == [pytest.approx(10 * np.log10(2))] * 2  # paired: the spread of `before` does not matter
    after = before * rng.uniform(0.5, 1.5, 2000)
    gain = metrics.psnr_gain(before, after, rng=np.random.default_rng(0))
    assert gain["mean"] == pytest.approx(10 * np.log10(before.mean() / after.mean()))
    ratio = after / before.mean() - before * after.mean() / before.mean() ** 2  # delta method
    deviation = 10 / np.log(10) * ratio.std() / np.sqrt(2000) * before.mean() / after.mean()
    low, high = gain["ci95"]
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.1)
    assert low < gain["mean"] < high


def test_psnr_gain_of_one_image_has_no_interval():
    gain = metrics.psnr_gain(np.array([0.1]), np.array([0.01]), rng=np.random.default_rng(0))
    assert gain == {"mean": pytest.approx(10), "ci95": None, "n": 1}


def test_psnr_gain_of_perfect_images():
    perfect, some = np.zeros(5), np.full(5, 0.1)
    assert metrics.psnr_gain(some, perfect, rng=np.random.default_rng(0))["mean"] == np.inf
    assert np.isnan(metrics.psnr_gain(perfect, perfect, rng=np.random.default_rng(0))["mean"])


def test_errors_in_blocks_are_those_of_all_images_at_once(monkeypatch):
    from pw13.metrics import images

    clean, noisy = make_pairs((7, 28, 20))
    expected = metrics.mse(clean, noisy), metrics.image_mse(clean, noisy)
    monkeypatch.setattr(images, "MSE_BLOCK", 3)
    assert metrics.mse(clean, noisy) == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_array_equal(metrics.image_mse(clean, noisy), expected[1])
