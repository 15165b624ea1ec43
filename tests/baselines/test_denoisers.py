"""The classical filters equal scikit-image or their formula, on images of any size."""

import numpy as np
import pytest
from skimage import restoration

from pw13.baselines import denoisers, filter_tuning


@pytest.fixture
def noisy():
    rng = np.random.default_rng(3)
    clean = np.zeros((6, 20, 28), np.float32)
    clean[:, 5:14, 8:20] = 0.9
    return np.clip(clean + 0.3 * rng.standard_normal(clean.shape, dtype=np.float32), 0, 1)


def clean_and_noisy():
    rng = np.random.default_rng(4)
    clean = np.zeros((120, 28, 28), np.float32)
    clean[:, 6:22, 8:20] = 1
    return clean, np.clip(clean + 0.4 * rng.standard_normal(clean.shape, dtype=np.float32), 0, 1)


def test_tv_equals_scikit_image(noisy):
    expected = [restoration.denoise_tv_chambolle(image, 0.15, eps=0, max_num_iter=50) for image in noisy]
    # scikit-image counts the initial state as an iteration
    np.testing.assert_allclose(denoisers.tv(noisy, weight=0.15, iterations=49), expected, atol=1e-5)


@pytest.mark.parametrize(("h", "patch"), [(0.2, 5), (0.35, 3)])
def test_non_local_means_follow_the_formula(noisy, h, patch):
    image, radius, margin = noisy[0].astype(np.float64), 2, patch // 2
    padded = np.pad(image, radius + margin, mode="symmetric")

    def patch_at(y, x):
        return padded[y + radius : y + radius + patch, x + radius : x + radius + patch]

    expected = np.empty_like(image)
    for y, x in np.ndindex(image.shape):
        offsets = [(i, j) for i in range(-radius, radius + 1) for j in range(-radius, radius + 1)]
        others = [patch_at(y + i, x + j) for i, j in offsets]
        weights = [np.exp(-np.mean((patch_at(y, x) - other) ** 2) / h**2) for other in others]
        expected[y, x] = np.average([other[margin, margin] for other in others], weights=weights)
    np.testing.assert_allclose(denoisers.nlm(noisy, h=h, patch=patch, radius=radius)[0], expected, atol=1e-5)


def test_non_local_means_are_about_as_good_as_scikit_images():
    clean, noisy = clean_and_noisy()
    expected = np.stack([restoration.denoise_nl_means(image, 3, 4, 0.25) for image in noisy[:40]])
    result = denoisers.nlm(noisy[:40], h=0.25, patch=3)
    assert np.mean((result - clean[:40]) ** 2) < 1.05 * np.mean((expected - clean[:40]) ** 2)


@pytest.mark.filterwarnings("ignore:Level value of 3 is too high")
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_wavelet_equals_scikit_image(noisy, levels):
    options = {"wavelet": "db2", "method": "VisuShrink", "mode": "soft", "wavelet_levels": levels}
    expected = [restoration.denoise_wavelet(image, sigma=0.1, **options) for image in noisy]
    np.testing.assert_allclose(denoisers.wavelet(noisy, sigma=0.1, levels=levels), expected, atol=1e-5)


def test_median_and_gaussian_do_not_mix_images(noisy):
    for name, setting in (("median", {"size": 3}), ("gaussian", {"sigma": 0.8})):
        alone = denoisers.denoise(name, setting, noisy[2:3])
        np.testing.assert_array_equal(denoisers.denoise(name, setting, noisy)[2:3], alone)


def test_median_of_a_known_image():
    image = np.zeros((1, 5, 5), np.float32)
    image[0, 2, 2] = 1
    image[0, :, 4] = 0.5
    assert denoisers.median(image, size=3)[0, 2, 2] == 0
    assert denoisers.median(image, size=3)[0, 2, 4] == 0.5


@pytest.mark.parametrize("name", denoisers.FILTERS)
def test_threads_and_blocks_do_not_change_the_result(name):
    _, noisy = clean_and_noisy()
    setting = filter_tuning.SETTINGS[name][1]
    expected = denoisers.denoise(name, setting, noisy[:105])
    np.testing.assert_array_equal(denoisers.denoise(name, setting, noisy[:105], threads=3), expected)
    np.testing.assert_array_equal(expected[:20], denoisers.denoise(name, setting, noisy[:20]))


@pytest.mark.parametrize("size", [(4, 4), (4, 12), (8, 8)])
@pytest.mark.parametrize("name", denoisers.FILTERS)
def test_every_filter_takes_small_images_with_every_setting(name, size):
    tiny = np.random.default_rng(0).random((3, *size), dtype=np.float32)
    for setting in filter_tuning.SETTINGS[name]:
        result = denoisers.denoise(name, setting, tiny)
        assert result.shape == tiny.shape and result.dtype == np.float32
        assert np.isfinite(result).all() and result.min() >= 0 and result.max() <= 1
