"""Comments on the convolutional denoising autoencoder."""

import pytest

from pw13.report.commentary import conv_dae


def test_shapes_are_those_of_a_diabolo():
    assert conv_dae.shapes(["28x28", "7x7", "28x28"], 6272) == (
        "The feature maps shrink and grow again, 28x28 -> 7x7 -> 28x28: a diabolo network, whose output has the shape "
        "of its input. The code has 6,272 values."
    )
    assert conv_dae.shapes(["28x28", "7x7", "28x28"], None).endswith("the shape of its input.")
    assert conv_dae.shapes([], 6272) == ""


def linear(psnr, low, high):
    return {"psnr_db": psnr, "network_gain_db": {"mean": (low + high) / 2, "ci95": [low, high], "n": 100}}


def test_denoising_that_outperforms_the_baselines():
    filters = {"median": {"psnr_db": 13.5, "corrected_psnr_db": 13.6}, "nlm": {"psnr_db": 12.0}, "tv": None}
    text = conv_dae.denoising(9.4, 17.4, {**filters, "linear": linear(15.8, 1.57, 1.63)})
    assert text == (
        "On the test images the network raises the PSNR from 9.4 to 17.4 dB, by 8.0 dB: the mean squared error becomes "
        "6.3 times smaller. That is 1.6 dB more than the linear denoiser reaches (15.8 dB; 95 % interval of the "
        "difference +1.57 to +1.63 dB): beyond what any linear map of the pixels can do, the network has learned what "
        "such images look like. The best classical filter, median with gain and offset, tuned on validation images, "
        "reaches 13.6 dB, 3.8 dB less than the network: it only assumes that neighbouring pixels are alike."
    )


@pytest.mark.parametrize(
    ("psnr", "low", "high", "text"),
    [
        (16.0, -0.03, 0.03, "The linear denoiser reaches as much (16.0 dB; 95 % interval of the difference -0.03 to "),
        (15.97, 0.01, 0.05, "The linear denoiser reaches as much (16.0 dB; "),
        (16.5, -0.55, -0.45, "The linear denoiser reaches 0.5 dB more (16.5 dB; "),
    ],
)
def test_only_a_gain_over_the_linear_denoiser_counts_as_learned(psnr, low, high, text):
    shown = conv_dae.denoising(9.4, 16.0, {"linear": linear(psnr, low, high)})
    assert text in shown and "learned what such images look like" not in shown
    no_more, no_use = "does no more than a linear map of the pixels.", "is of no use."
    assert f"as trained, the network {no_more if psnr < 16.5 else no_use}" in shown


@pytest.mark.parametrize(("low", "high"), [(-0.3, 0.5), (-0.05, 0.11), (-0.11, 0.05)])
def test_an_interval_wider_than_nothing_proves_neither_a_gain_nor_that_there_is_none(low, high):
    assert conv_dae.denoising(9.4, 16.0, {"linear": linear(15.9, low, high)}).endswith(
        "4.6 times smaller. The linear denoiser reaches 15.9 dB; the difference is not distinguishable from 0 (95 % "
        f"interval {low:+.2f} to {high:+.2f} dB)."
    )


@pytest.mark.parametrize("interval", [None, [None, None]])
def test_without_an_interval_the_linear_denoiser_is_not_judged(interval):
    one = {"psnr_db": 15.8, "network_gain_db": {"mean": 1.6, "ci95": interval, "n": 1}}
    assert conv_dae.denoising(9.4, 17.4, {"linear": one}).endswith(
        "6.3 times smaller. The linear denoiser reaches 15.8 dB."
    )


def test_without_a_linear_denoiser_nothing_is_said_to_be_learned():
    old = conv_dae.denoising(9.4, 17.4, {"median": {"psnr_db": 13.5}})
    assert "compared with neither a linear denoiser nor filters with gain and offset." in old
    assert "reaches 13.5 dB, 3.9 dB less" in old and "learned" not in old
    large = conv_dae.denoising(9.4, 17.4, {"linear": None})
    assert large.endswith("Images of more than 4,096 pixels have no linear denoiser.")
    undefined = {"psnr_db": None, "network_gain_db": {"mean": None, "ci95": [None, None], "n": 3}}
    assert "linear" not in conv_dae.denoising(9.4, 17.4, {"linear": undefined})


def test_denoising_that_a_filter_outperforms():
    text = conv_dae.denoising(9.4, 12.5, {"median": {"psnr_db": 13.5, "corrected_psnr_db": None}})
    assert text.endswith("reaches 13.5 dB, 1.0 dB more than the network.")


def test_denoising_that_equals_a_filter():
    assert conv_dae.denoising(9.4, 13.5, {"median": {"psnr_db": 13.52}}).endswith(
        "The best classical filter, median, tuned on validation images, reaches the same."
    )


def test_denoising_that_does_more_harm_than_good():
    assert conv_dae.denoising(9.4, 8.0, {}) == (
        "The network does not denoise: its PSNR is 8.0 dB, that of the noisy images 9.4 dB."
    )


def test_filters_have_readable_names():
    nlm = {"nlm": {"psnr_db": 13.5, "corrected_psnr_db": 13.4}, "tv": {"psnr_db": 12, "corrected_psnr_db": 12}}
    assert "the best classical filter, non-local means, tuned" in conv_dae.denoising(9.4, 17.4, nlm).lower()
    tv = {**nlm, "tv": {"psnr_db": 12, "corrected_psnr_db": 14}}
    assert "filter, total variation with gain and offset, tuned" in conv_dae.denoising(9.4, 17.4, tv)


def test_the_best_filter_is_chosen_on_validation_images_where_a_run_says_how_it_did_there():
    filters = {
        "median": {"psnr_db": 13.0, "corrected_psnr_db": 13.2, "val_psnr_db": 13.1, "corrected_val_psnr_db": 13.4},
        "tv": {"psnr_db": 14.0, "corrected_psnr_db": 14.1, "val_psnr_db": 13.0, "corrected_val_psnr_db": 13.3},
    }
    said = "The best classical filter, median with gain and offset, tuned on validation images, reaches 13.2 dB, 4.2 dB"
    assert said in conv_dae.denoising(9.4, 17.4, filters)
    row = {**level(0.1, 9, 13.5), "corrected_baselines": {"median": 13.2, "tv": 14.1}}
    rows = [{**row, "corrected_best_filter": "median"}, {**row, "noise": 0.2, "corrected_best_filter": "tv"}]
    said = "The best filter, with gain and offset and tuned at each level, has a higher PSNR at 0.2."
    assert said in conv_dae.noise_levels(rows, 0.5, {})


@pytest.mark.parametrize(
    ("noisy", "denoised", "trend"), [(0.3, 0.8, "rises"), (0.8, 0.3, "falls"), (0.5, 0.501, "is unchanged")]
)
def test_ssim_rises_falls_or_is_unchanged(noisy, denoised, trend):
    assert f") {trend}: " in conv_dae.structure(noisy, denoised)


def level(noise, noisy, denoised):
    return {"noise": noise, "noisy_psnr_db": noisy, "denoised_psnr_db": denoised}


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [level(0.1, 22, 16), level(0.5, 9, 17), level(0.9, 6, 12)],
            "Trained at noise 0.5 only, the network helps at 2 of the 3 levels measured, most at 0.5 (+8.0 dB); at 0.1 "
            "it does more damage than the noise.",
        ),
        (
            [level(0.1, 20, 21), level(0.5, 9, 17)],
            "Trained at noise 0.5 only, the network helps at 2 of the 2 levels measured, most at 0.5 (+8.0 dB).",
        ),
        (
            [level(0.1, 20, 10), level(0.5, 9, 8)],
            "Trained at noise 0.5, the network helps at none of the levels measured (0.1 to 0.5).",
        ),
        (
            [level(0.1, 20, 19.99), level(0.2, 15, 15.04), level(0.5, 9, 17)],
            "Trained at noise 0.5 only, the network helps at 1 of the 3 levels measured, most at 0.5 (+8.0 dB).",
        ),
        (
            [level(0.1, 20, 20.04), level(0.5, 9, 9)],
            "Trained at noise 0.5, the network helps at none of the levels measured (0.1 to 0.5).",
        ),
        ([level(0.1, None, 10), level(0.5, 9, 8)], ""),
    ],
)
def test_noise_levels_are_those_at_which_the_network_helps(rows, text):
    assert conv_dae.noise_levels(rows, 0.5, {}) == text


def test_noise_levels_at_which_a_baseline_is_better_are_named():
    rows = [
        {
            **level(noise, noisy, 16),
            "baselines": {"tv": 30, "linear": linear},
            "corrected_baselines": {"tv": tv, "nlm": 5},
        }
        for noise, noisy, linear, tv in ((0.1, 15, 20, 26), (0.2, 14, 19, 15), (0.3, 13, 15, None), (0.5, 9, None, 14))
    ]
    assert conv_dae.noise_levels(rows, 0.5, {}).endswith(
        "(+7.0 dB). The linear denoiser, fitted at noise 0.5 as well, has a higher PSNR at 0.1 and 0.2. The best "
        "filter, with gain and offset and tuned at each level, has a higher PSNR at 0.1. These differences have no "
        "intervals."
    )


def test_baselines_that_are_as_good_are_not_better():
    rows = [
        {**level(noise, 10, 16), "baselines": {"linear": 16.04}, "corrected_baselines": {"tv": 16.04}}
        for noise in (0.1, 0.5)
    ]
    assert "higher" not in (said := conv_dae.noise_levels(rows, 0.5, {})) and "intervals" not in said


@pytest.mark.parametrize(
    ("low", "high", "levels", "intervals"),
    [
        (-0.5, 0.1, "0.1", "These differences have no intervals."),
        (-0.04, -0.01, "0.1", "These differences have no intervals."),
        (-0.4, -0.1, "0.1 and 0.5", "Of these differences only the linear denoiser's at 0.5 has an interval."),
    ],
)
def test_the_linear_denoiser_is_better_at_the_noise_trained_at_only_where_the_interval_says_so(
    low, high, levels, intervals
):
    rows = [{**level(noise, 10, 16), "baselines": {"linear": 16.3}} for noise in (0.1, 0.5)]
    text = conv_dae.noise_levels(rows, 0.5, {"linear": linear(16.2, low, high)})
    said = f"The linear denoiser, fitted at noise 0.5 as well, has a higher PSNR at {levels}."
    assert text.endswith(f"{said} {intervals}")


def test_the_linear_denoiser_without_an_interval_is_not_called_better_at_the_noise_trained_at():
    rows = [{**level(noise, 10, 16), "baselines": {"linear": 16.3}} for noise in (0.1, 0.5)]
    gain = {"mean": -0.3, "ci95": None, "n": 1}
    text = conv_dae.noise_levels(rows, 0.5, {"linear": {"psnr_db": 16.3, "network_gain_db": gain}})
    assert text.endswith("has a higher PSNR at 0.1. These differences have no intervals.")


def test_a_larger_code_does_not_compress():
    text = conv_dae.conv_code(6272, 784, 6272, 1500, 350)
    assert text == (
        "The code has 6,272 values for 784 pixels, 8 times as many: by itself it does not compress. Rounded to 8 bits "
        "it takes 6,272 bytes, LZMA-compressed 1,500: still more than the 784 bytes of the raw image, and more than "
        "the 350 of its LZMA-compressed pixels."
    )


def test_a_smaller_code_compresses():
    text = conv_dae.conv_code(196, 784, 196, 150, 350)
    assert "4 times fewer." in text
    assert "fewer than the 784 bytes of the raw image, and fewer than the 350 of its LZMA-compressed pixels." in text
    assert "raw image, but more than the 350" in conv_dae.conv_code(6272, 784, 6272, 600, 350)
    assert conv_dae.conv_code(6272, 784, 6272, 600, None).endswith("fewer than the 784 bytes of the raw image.")
    assert conv_dae.conv_code(196, 784, None, None, None).endswith("4 times fewer.")


def test_a_missing_metric_leaves_its_comment_out():
    assert conv_dae.denoising(None, 10.0, {}) == ""
    assert conv_dae.structure(0.3, None) == ""
    assert conv_dae.conv_code(None, 784, 1, 1, 1) == ""
