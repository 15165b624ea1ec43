"""Filters are tuned on validation images, as they are and with the gain and offset of the least squared error."""

import numpy as np
import pytest

from pw13.baselines import denoisers, filter_tuning
from pw13.baselines.filter_tuning import TunedFilter


@pytest.fixture(scope="module", params=["gaussian", "salt-pepper", "masking"])
def pair(request):
    """Clean letters-like images and noisy copies, with clipped noise of one kind."""
    rng = np.random.default_rng(4)
    clean = np.zeros((60, 20, 16), np.float32)
    clean[:, 4:16, 5:12] = 1
    if request.param == "gaussian":
        return clean, np.clip(clean + 0.5 * rng.standard_normal(clean.shape, dtype=np.float32), 0, 1)
    value = np.float32(0) if request.param == "masking" else rng.integers(0, 2, clean.shape).astype(np.float32)
    return clean, np.where(rng.random(clean.shape) < 0.5, value, clean).astype(np.float32)


def mse(clean, images):
    return float(np.mean((clean.astype(np.float64) - images) ** 2))


def test_gain_and_offset_by_hand():
    filtered = np.array([0.2, 0.8, 0.2, 0.8], np.float32)
    clean = np.array([0, 1, 0, 1], np.float32)
    assert filter_tuning.gain_and_offset(clean, filtered) == (pytest.approx(5 / 3), pytest.approx(-1 / 3))
    np.testing.assert_allclose(filter_tuning.correct(filtered, 5 / 3, -1 / 3), clean, atol=1e-6)
    # y = (0, 0, 1) on x = (0, 1, 2): slope 1/2, through the means (1, 1/3)
    gain, offset = filter_tuning.gain_and_offset(np.array([0, 0, 1], np.float32), np.array([0, 1, 2], np.float32))
    assert (gain, offset) == (pytest.approx(1 / 2), pytest.approx(-1 / 6))


def test_a_constant_image_is_corrected_to_the_mean():
    clean = np.array([0, 1, 1, 1], np.float32)
    assert filter_tuning.gain_and_offset(clean, np.full(4, 0.5, np.float32)) == (0, 0.75)


def test_corrected_images_are_clipped():
    images = np.array([0, 0.5, 1], np.float32)
    corrected = filter_tuning.correct(images, 3, -1)
    assert corrected.tolist() == [0, 0.5, 1] and corrected.dtype == np.float32


@pytest.mark.parametrize("name", denoisers.FILTERS)
def test_every_tuned_filter_reduces_the_error_and_a_correction_never_makes_it_worse(name, pair):
    clean, noisy = pair
    tuned = filter_tuning.tune(name, clean, noisy, threads=2)
    plain, corrected = tuned.errors(clean, noisy)
    assert plain == pytest.approx(mse(clean, denoisers.denoise(name, tuned.setting, noisy)))
    assert corrected == pytest.approx(mse(clean, tuned.denoise(noisy, threads=2)))
    assert corrected <= plain <= mse(clean, noisy)
    assert {str(tuned.setting), str(tuned.corrected_setting)} <= set(map(str, filter_tuning.SETTINGS[name]))


def test_gain_and_offset_are_those_of_the_corrected_setting(pair):
    clean, noisy = pair
    tuned = filter_tuning.tune("gaussian", clean, noisy)
    filtered = denoisers.denoise("gaussian", tuned.corrected_setting, noisy)
    assert filter_tuning.gain_and_offset(clean, filtered) == (tuned.gain, tuned.offset)


def test_the_settings_beat_every_other_one(pair):
    clean, noisy = pair
    plain, corrected = {}, {}
    for setting in filter_tuning.SETTINGS["gaussian"]:
        filtered = denoisers.denoise("gaussian", setting, noisy)
        plain[str(setting)] = mse(clean, filtered)
        x, y = filtered.ravel().astype(np.float64), clean.ravel().astype(np.float64)
        gain, offset = np.polyfit(x, y, 1)
        corrected[str(setting)] = mse(y, np.clip(gain * x + offset, 0, 1))
    tuned = filter_tuning.tune("gaussian", clean, noisy)
    assert str(tuned.setting) == min(plain, key=plain.get)
    assert str(tuned.corrected_setting) == min(corrected, key=corrected.get)


def test_clipped_noise_makes_a_gain_above_1_best():
    rng = np.random.default_rng(5)
    clean = np.zeros((20, 20, 20), np.float32)
    clean[:, :, 10:] = 1
    noisy = np.clip(clean + 0.5 * rng.standard_normal(clean.shape, dtype=np.float32), 0, 1)
    tuned = filter_tuning.tune("gaussian", clean, noisy)
    plain, corrected = tuned.errors(clean, noisy)
    assert tuned.gain > 1.2 and tuned.offset < -0.1
    assert corrected < 0.7 * plain


def test_one_image_is_enough():
    image = np.random.default_rng(6).random((1, 8, 8), dtype=np.float32)
    tuned = filter_tuning.tune("median", image, image)
    zero = pytest.approx(0, abs=1e-6)
    assert tuned == TunedFilter("median", {"size": 1}, {"size": 1}, pytest.approx(1), zero, 0, zero)


def test_the_best_filter_has_the_lowest_error_on_the_images_that_it_was_tuned_on():
    rng = np.random.default_rng(7)
    clean = np.zeros((20, 12, 12), np.float32)
    clean[:, :, 6:] = 1
    noisy = np.clip(clean + 0.4 * rng.standard_normal(clean.shape, dtype=np.float32), 0, 1)
    tuned = {name: filter_tuning.tune(name, clean, noisy) for name in ("median", "gaussian")}
    for each in tuned.values():
        assert (each.val_mse, each.corrected_val_mse) == pytest.approx(each.errors(clean, noisy))
    swapped = {**tuned, "median": tuned["median"]._replace(val_mse=0.0, corrected_val_mse=1.0)}
    assert filter_tuning.best(swapped, corrected=False) == "median"
    assert filter_tuning.best(swapped, corrected=True) == "gaussian"
