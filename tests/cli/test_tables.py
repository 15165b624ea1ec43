"""What a finished run prints."""

import pytest

from pw13.cli import tables
from tests.helpers.report_runs import CONV, DENSE, METRICS, NOT_IN_LEAN, RNN

PCA = [{"method": "pca", "setting": "", "bytes": size, "mse": mse} for size, mse in ((4, 0.1), (36, 0.01))]


def own(*pairs):
    return [{"method": "autoencoder", "setting": "", "bytes": size, "mse": mse} for size, mse in pairs]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([*PCA, *own((4, 0.05), (36, 0.03))], "from 4.0 to 26.2"),
        ([*PCA, *own((8, 0.05), (36, 0.001))], "from 8.0 to 36.0"),
        ([*PCA, *own((8, 0.05), (30, 0.001), (32, 0.001))], "from 8.0 to 32.0"),
        ([*PCA, *own((4, 0.2))], "-"),
        (PCA, "-"),
        (None, "-"),
    ],
)
def test_where_the_code_is_ahead_of_pca(rows, text):
    assert tables.ahead_of_pca(rows, 1000) == text


def test_of_few_images_the_code_is_ahead_only_with_a_larger_lead():
    rows = [*PCA, *own((4, 0.08), (36, 0.008))]
    assert tables.ahead_of_pca(rows, 1000) == "from 4.0 to 36.0"
    assert tables.ahead_of_pca(rows, 30) == "-"


TRAINING = {"epochs": 3, "best_epoch": 2, "train_seconds": 8.0, "seconds": 30.0, "throughput_per_second": 1e5}


def test_numbers_that_do_not_exist_are_dashes():
    sizes = {**DENSE["compression"], "break_even_images": None, "break_even_images_png": 37}
    shown = tables.dense_ae({**TRAINING, **DENSE, "compression": sizes})
    assert shown["break-even images (vs raw; PNG)"] == "-; 37"
    shown = tables.conv_dae({**TRAINING, **CONV, "noisy_ssim": float("nan"), "denoised_ssim": float("nan")})
    assert shown["test SSIM: noisy; denoised"] == "-; -"


def test_without_an_interval_baselines_are_shown_without():
    linear = {**CONV["baselines"]["linear"], "network_gain_db": {"mean": 1.6, "ci95": None, "n": 1}}
    shown = tables.conv_dae({**TRAINING, **CONV, "baselines": {"linear": linear}})
    assert shown["test PSNR, dB: linear denoiser"] == "15.80"
    ngram, mixture = {**RNN["ngram"], "difference_ci95": None}, {**RNN["mixture"], "gain_ci95": None}
    shown = tables.charrnn({**TRAINING, **RNN, "ngram": ngram, "mixture": mixture})
    assert shown["nats per character: held-out, 5-gram"] == 1.9
    assert shown["nats per character: held-out, mixture with the 5-gram"] == "1.8500 (weight 0.3)"


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        ("dense-ae", ("bytes per image", "8-bit code", "decoder size", "break-even")),
        ("conv-dae", ("filter", "denoiser", "values: image", "bytes per image")),
        ("charrnn", ("sampled names",)),
    ],
)
def test_the_table_of_a_sweeps_point_has_no_rows_of_what_it_does_not_measure(kind, left_out):
    whole = tables.TABLES[kind]({**TRAINING, **METRICS[kind]})
    point = tables.TABLES[kind]({**TRAINING, **METRICS[kind], **dict.fromkeys(NOT_IN_LEAN[kind])})
    assert list(point) == [row for row in whole if not any(part in row for part in left_out)]
    assert all(any(part in row for row in whole) for part in left_out)
