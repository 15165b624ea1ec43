"""The denoiser's baselines: fitted on the run's own data, kept in the cache, and the same without it."""

import json

import numpy as np
import pytest

from pw13.baselines import linear_denoiser
from pw13.config.settings import ConvDAE
from pw13.data.images import TrainValSplit, noise, to_float
from pw13.experiments import denoising_baselines
from pw13.experiments.denoising_baselines import Baselines, evaluate_filters, fit
from tests.helpers.data import make_images

LEVELS = (0.3, 0.6)
CONFIG = ConvDAE(noise=0.5, threads=2)


def make_split(seed=1, size=(12, 8)) -> TrainValSplit:
    train, val = make_images(60, seed, size), make_images(30, seed + 1, size)
    return TrainValSplit(train[0], train[1].astype(np.int64), val[0], val[1].astype(np.int64))


SPLIT = make_split()
ONE_PIXEL = np.zeros_like(SPLIT.train_images)
ONE_PIXEL[7, 3, 2] = 1


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def work(monkeypatch):
    """A list of what was computed rather than read from the cache: "linear", or the name of a filter tuned."""
    done = []
    tune, fit_linear = denoising_baselines.tune, linear_denoiser.fit

    def counted_tune(name, *arguments, **options):
        done.append(name)
        return tune(name, *arguments, **options)

    def counted_fit(*arguments):
        done.append("linear")
        return fit_linear(*arguments)

    monkeypatch.setattr(denoising_baselines, "tune", counted_tune)
    monkeypatch.setattr(linear_denoiser, "fit", counted_fit)
    return done


def assert_same(one: Baselines, other: Baselines) -> None:
    assert one.filters == other.filters
    assert one.linear.penalty == other.linear.penalty
    np.testing.assert_array_equal(one.linear.weights, other.linear.weights)
    np.testing.assert_array_equal(one.linear.bias, other.linear.bias)


def test_filters_are_tuned_at_every_level_and_the_run_s_own():
    baselines = fit(SPLIT, CONFIG, LEVELS)
    assert list(baselines.filters) == [0.3, 0.5, 0.6]
    assert all(
        list(filters) == ["median", "gaussian", "tv", "nlm", "wavelet"] for filters in baselines.filters.values()
    )
    assert baselines.linear.weights.shape == (96, 96)


def test_the_second_time_nothing_is_computed_and_the_numbers_are_the_same(work):
    first = fit(SPLIT, CONFIG, LEVELS)
    assert len(work) == 1 + 3 * 5
    work.clear()
    assert_same(fit(SPLIT, CONFIG, LEVELS), first)
    assert work == []


def test_without_a_cache_the_numbers_are_the_same(cache, work):
    kept = fit(SPLIT, CONFIG, LEVELS)
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    cache.write_bytes(b"a file where the folder should be")
    work.clear()
    assert_same(fit(SPLIT, CONFIG, LEVELS), kept)
    assert len(work) == 1 + 3 * 5


def test_seed_and_training_settings_do_not_matter(work):
    fit(SPLIT, CONFIG, LEVELS)
    work.clear()
    fit(SPLIT, ConvDAE(noise=0.5, seed=3, epochs=7, learning_rate=1e-4), LEVELS)
    assert work == []


def test_another_level_of_the_run_tunes_and_fits_that_one_alone(work):
    fit(SPLIT, CONFIG, LEVELS)
    work.clear()
    fit(SPLIT, ConvDAE(noise=0.4), LEVELS)
    assert sorted(work) == ["gaussian", "linear", "median", "nlm", "tv", "wavelet"]


@pytest.mark.parametrize("kind", ["salt-pepper", "masking"])
def test_another_kind_of_noise_is_computed_anew(work, kind):
    first = fit(SPLIT, CONFIG, ())
    work.clear()
    other = fit(SPLIT, ConvDAE(noise=0.5, noise_kind=kind), ())
    assert len(work) == 6
    assert other.filters != first.filters and not np.array_equal(other.linear.weights, first.linear.weights)


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ({"train_images": SPLIT.train_images[:-1]}, ["linear"]),
        ({"train_images": SPLIT.train_images ^ ONE_PIXEL}, ["linear"]),
        ({"val_images": SPLIT.val_images[::-1].copy()}, ["linear", "median", "gaussian", "tv", "nlm", "wavelet"]),
    ],
)
def test_other_data_are_computed_anew(work, change, computed):
    fit(SPLIT, CONFIG, ())
    work.clear()
    fit(SPLIT._replace(**change), CONFIG, ())
    assert work == computed


def test_the_linear_denoiser_sees_every_training_image_eight_times(monkeypatch):
    seen = []
    monkeypatch.setattr(denoising_baselines, "BATCH", 25)
    monkeypatch.setattr(noise, "add", lambda batch, kind, level, *, rng: seen.append((batch, kind, level)) or batch)
    denoising_baselines.fit_linear(SPLIT.train_images, to_float(SPLIT.val_images), CONFIG)
    drawn = [batch for batch, *rest in seen if rest == ["gaussian", 0.5]]
    training = to_float(SPLIT.train_images)
    parts = [training[:25]] * 8 + [training[25:50]] * 8 + [training[50:]] * 8
    assert len(drawn) == 1 + len(parts)  # the first is of validation images
    assert all(np.array_equal(one, other) for one, other in zip(drawn[1:], parts, strict=True))


@pytest.mark.parametrize(("size", "fitted"), [((64, 64), True), ((64, 68), False)])
def test_images_of_more_than_4096_pixels_have_no_linear_denoiser(monkeypatch, size, fitted):
    monkeypatch.setattr(linear_denoiser, "fit", lambda *_: linear_denoiser.LinearDenoiser(*np.ones((2, 3)), 0.1))
    images = np.zeros((3, *size), np.uint8)
    result = denoising_baselines.fit_linear(images, to_float(images[:1]), CONFIG)
    assert (result is not None) == fitted


def test_the_test_numbers_of_a_filter_are_those_of_its_settings(work):
    tuned = fit(SPLIT, CONFIG, ()).filters[0.5]
    clean = to_float(make_images(40, 8, (12, 8))[0])
    noisy = noise.add_for_test(clean, "gaussian", 0.5)
    values = evaluate_filters(tuned, clean, noisy, 2)
    for name, each in values.items():
        corrected = np.mean((tuned[name].denoise(noisy) - clean) ** 2)
        assert each["corrected_psnr_db"] == pytest.approx(-10 * np.log10(corrected), abs=1e-4)
        assert (each["setting"], each["corrected_setting"]) == (tuned[name].setting, tuned[name].corrected_setting)
        assert (each["gain"], each["offset"]) == (tuned[name].gain, tuned[name].offset)
    assert evaluate_filters(tuned, clean, noisy, 1) == values  # from the cache
    assert json.dumps(values)
    fewer = evaluate_filters(tuned, clean[:20], noisy[:20], 2)
    assert fewer["tv"]["psnr_db"] != values["tv"]["psnr_db"]
    other = {**tuned, "tv": tuned["tv"]._replace(gain=1.0)}
    assert evaluate_filters(other, clean, noisy, 2)["tv"]["corrected_psnr_db"] != values["tv"]["corrected_psnr_db"]


def test_a_perfect_filter_is_infinitely_good_with_and_without_the_cache():
    tuned = fit(SPLIT, ConvDAE(noise=0.0), ()).filters[0.0]
    clean = to_float(SPLIT.val_images)
    for _ in range(2):
        assert evaluate_filters(tuned, clean, clean, 2)["median"]["psnr_db"] == float("inf")
