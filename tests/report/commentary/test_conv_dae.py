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


def test_denoising_that_outperforms_filters():
    text = conv_dae.denoising(9.4, 17.4, {"median": 13.5, "nlm": 12.0, "tv": None})
    assert "from 9.4 to 17.4 dB, by 8.0 dB: the mean squared error becomes 6.3 times smaller" in text
    assert "3.9 dB more than the best classical filter, median, reaches (13.5 dB" in text


def test_denoising_that_a_filter_outperforms():
    text = conv_dae.denoising(9.4, 12.5, {"median": 13.5})
    assert "1.0 dB less than the best classical filter, median" in text
    assert text.endswith("tuned on validation images): as trained, the network is of no use.")


def test_denoising_that_equals_a_filter():
    assert "equals the best classical filter, median" in conv_dae.denoising(9.4, 13.5, {"median": 13.52})


def test_denoising_that_does_more_harm_than_good():
    assert conv_dae.denoising(9.4, 8.0, {}) == (
        "The network does not denoise: its PSNR is 8.0 dB, that of the noisy images 9.4 dB."
    )


def test_filters_have_readable_names():
    nlm, tv = ({"nlm": 13.5, "tv": 12}, {"nlm": 12, "tv": 13.5})
    assert "the best classical filter, non-local means, reaches" in conv_dae.denoising(9.4, 17.4, nlm)
    assert "best classical filter, total variation, tuned" in conv_dae.denoising(9.4, 13.5, tv)


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
        ([level(0.1, None, 10), level(0.5, 9, 8)], ""),
    ],
)
def test_noise_levels_are_those_at_which_the_network_helps(rows, text):
    assert conv_dae.noise_levels(rows, 0.5) == text


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
