"""Comments on the dense autoencoder."""

import pytest

from pw13.metrics.rate_distortion import Point
from pw13.report.commentary import dense_ae
from pw13.report.commentary.contrasts import Loss

SIZES = {
    "raw_bytes": 784,
    "png_bytes": 443.4,
    "webp_bytes": 370.6,
    "float32_code_bytes": 128,
    "uint8_code_bytes": 32,
    "uint8_code_test_mse": 0.022,
    "decoder_bytes": 103744,
    "break_even_images": 138,
    "break_even_images_png": 253,
}


def one_seed(rows):
    """Return rows of (name, loss) with the loss by seed, as of a single training; none where it is None."""
    return [(name, {} if loss is None else {0: Loss(loss)}) for name, loss in rows]


def test_larger_codes_that_reconstruct_better():
    text = dense_ae.code_sizes(one_seed([(16, 0.04), (32, 0.02), (64, 0.01)]))
    assert text.startswith(
        "Larger codes reconstruct better throughout: test MSE 0.04000 with 16 values; from 16 to 32 values 50.0 % lower"
    )
    assert text.endswith("The lowest is 0.01000 with 64 values.")


def test_larger_codes_that_do_not_reconstruct_better():
    text = dense_ae.code_sizes(one_seed([(16, 0.02), (32, 0.03), (64, 0.0299)]))
    assert text.startswith("Larger codes do not always reconstruct better")
    assert "from 16 to 32 values 50.0 % higher, from 32 to 64 values practically the same" in text
    assert text.endswith("The lowest is 0.02000 with 16 values.")


def test_over_seeds_a_gain_of_a_larger_code_that_may_be_chance_is_called_so():
    losses = ((16, (0.0400, 0.0402)), (32, (0.0200, 0.0202)), (64, (0.0180, 0.0199)))
    rows = [(size, {seed: Loss(loss) for seed, loss in enumerate(each)}) for size, each in losses]
    assert dense_ae.code_sizes(rows).startswith("Not every gain of a larger code can be told from chance: test MSE ")
    assert dense_ae.code_sizes(rows[:2]).startswith("Larger codes reconstruct better throughout")


def test_a_difference_from_pca_that_may_be_chance_is_no_match():
    text = dense_ae.against_pca(32, {0: Loss(0.018), 1: Loss(0.0199)}, {0: Loss(0.02), 1: Loss(0.0202)})
    assert "is not distinguishable (" in text and text.endswith(", the best linear map of that size.")


@pytest.mark.parametrize("rows", [[], [(32, 0.02)], [(16, None), (32, 0.02)]])
def test_one_code_size_is_not_compared(rows):
    assert dense_ae.code_sizes(one_seed(rows)) == ""


@pytest.mark.parametrize(
    ("mse", "pca", "text"),
    [
        (0.02, 0.03, "33.3 % lower than that of 32 principal components, 0.03000: being nonlinear, it outperforms"),
        (
            0.04,
            0.03,
            "33.3 % higher than that of 32 principal components, 0.03000, the best linear map of that size.",
        ),
        (0.03, 0.03, "practically the same as that of 32 principal components, 0.03000: it matches the best linear"),
    ],
)
def test_pca_is_better_worse_or_the_same(mse, pca, text):
    assert text in dense_ae.against_pca(32, {0: Loss(mse)}, {0: Loss(pca)})


def test_a_missing_metric_leaves_its_comment_out():
    assert dense_ae.against_pca(32, {}, {0: Loss(0.03)}) == dense_ae.against_pca(32, {0: Loss(0.03)}, {}) == ""
    assert dense_ae.dead_units(None, 32) == ""
    assert dense_ae.reconstruction(None, 0.02) == ""
    assert dense_ae.compression({}, 0.02) == ""


@pytest.mark.parametrize(
    ("dead", "size", "text"),
    [
        (0, 32, "All 32 code units are in use."),
        (0, 1, "The one code unit is in use."),
        (
            5,
            32,
            "5 of 32 code units are dead (constant over the training images): 27 values would suffice.",
        ),
        (1, 2, "1 of 2 code units is dead (constant over the training images): 1 value would suffice."),
    ],
)
def test_dead_units_are_counted(dead, size, text):
    assert dense_ae.dead_units(dead, size) == text


def test_the_reconstruction_error_is_in_db_and_per_pixel():
    assert dense_ae.reconstruction(16.7, 0.04) == (
        "The reconstructions of the test set reach a PSNR of 16.7 dB: pixels are off by 0.20 of the range from black "
        "to white (root mean square)."
    )


def test_compression_has_gain_and_cost():
    text = dense_ae.compression(SIZES, 0.02)
    assert (
        "784 bytes becomes a code of 128 bytes as float32 (6.1 times smaller), or 32 bytes at 8 bits per value (24.5 "
        "times smaller)" in text
    )
    assert "from 0.02000 to 0.02200 (+10.00 %)" in text
    assert "Lossless WebP takes 371 bytes per test image on average; the 8-bit code is 11.6 times smaller" in text
    assert "103,744 bytes, once: codes pay off from 138 images on (253 images compared with PNG)." in text


def test_a_code_larger_than_the_image_is_not_called_smaller():
    text = dense_ae.compression({**SIZES, "float32_code_bytes": 3136, "uint8_code_bytes": 784}, 0.02)
    assert "3,136 bytes as float32 (4.0 times larger), or 784 bytes at 8 bits per value (about as large)." in text
    assert "the 8-bit code is 2.1 times larger, and lossy." in text
    assert "smaller" not in text


def test_compression_without_other_formats_and_decoder():
    text = dense_ae.compression({"raw_bytes": 784, "float32_code_bytes": 128, "uint8_code_bytes": 32}, None)
    assert "24.5 times smaller" in text
    assert "Lossless" not in text
    assert "decoder" not in text


def curve(*pairs):
    return [Point("", *pair) for pair in pairs]


STEEP, FLAT = curve((4.0, 0.1), (36.0, 0.01)), curve((4.0, 0.05), (36.0, 0.03))


def test_the_autoencoder_is_ahead_up_to_some_bytes_and_pca_after():
    text = dense_ae.rate_distortion({"autoencoder": FLAT, "pca": STEEP}, 10_000)
    assert text == (
        "At the same number of bytes per image, up to the 36 that both reach, the autoencoder's MSE is at least 4 % "
        "lower from 4.0 to 26 bytes and PCA's is at least 4 % lower from 28 to 36 bytes; smaller differences may be "
        "chance. The autoencoder is far ahead at 8 bytes (0.0475 against 0.0888) and 16 bytes (0.0425 against 0.0663). "
        "PCA is far ahead at 32 bytes (0.0212 against 0.0325)."
    )


def test_pca_is_not_ahead_at_more_bytes_than_the_largest_code_takes():
    pca = curve((8, 0.05), (32, 0.02), (64, 0.001), (256, 0.0001))
    text = dense_ae.rate_distortion({"autoencoder": curve((8, 0.05), (31, 0.02), (32, 0.02)), "pca": pca}, 10_000)
    assert "up to the 32 that both reach, " in text and "PCA's is nowhere" in text and "far ahead" not in text


def test_pca_is_ahead_up_to_some_bytes_and_the_autoencoder_after():
    text = dense_ae.rate_distortion({"autoencoder": STEEP, "pca": FLAT}, 1000)
    assert (
        "the autoencoder's MSE is at least 4 % lower from 28 to 36 bytes and PCA's is at least 4 % lower from 4.0 to"
        in text
    )
    assert "The autoencoder is far ahead at 32 bytes" in text and "PCA is far ahead at 8 bytes" in text


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (0.9, "is at least 4 % lower from 4.0 to 36 bytes and PCA's is nowhere at least 4 % lower; smaller"),
        (1.1, "is nowhere at least 4 % lower and PCA's is at least 4 % lower from 4.0 to 36 bytes; smaller"),
        (1.03, "is nowhere at least 4 % lower and PCA's is nowhere at least 4 % lower; smaller"),
    ],
)
def test_one_is_ahead_throughout_or_none(factor, text):
    own = [point._replace(mse=factor * point.mse) for point in STEEP]
    comment = dense_ae.rate_distortion({"autoencoder": own, "pca": STEEP}, 1000)
    assert text in comment and "far ahead" not in comment


def test_fewer_images_take_a_larger_difference():
    text = dense_ae.rate_distortion({"autoencoder": FLAT, "pca": STEEP}, 40)
    assert (
        "MSE is at least 20 % lower from 4.0 to 22 bytes and PCA's is at least 20 % lower from 30 to 36 bytes; " in text
    )
    text = dense_ae.rate_distortion({"autoencoder": FLAT, "pca": STEEP}, 10)
    assert "at least 40 % lower from" in text
    assert text.endswith("The autoencoder is far ahead at 8 bytes (0.0475 against 0.0888).")
    assert dense_ae.rate_distortion({"autoencoder": FLAT, "pca": STEEP}, 1) == ""


def test_of_an_unknown_number_of_images_nothing_is_called_chance():
    text = dense_ae.rate_distortion({"autoencoder": FLAT, "pca": STEEP}, None)
    assert "PCA's is at least 4 % lower from 28 to 36 bytes. The" in text


def test_image_files_begin_where_their_headers_let_them():
    files = {"webp": curve((200, 0.001), (132.5, 0.0037)), "jpeg": curve((239.6, 0.0105))}
    text = dense_ae.rate_distortion({"autoencoder": FLAT, "pca": STEEP, **files}, 1000)
    assert text.endswith(
        "Image files, headers included, take 132 bytes (WebP, MSE 0.00370) and 240 bytes (JPEG, MSE 0.0105) or more."
    )


@pytest.mark.parametrize("curves", [{}, {"pca": STEEP}, {"autoencoder": FLAT, "pca": []}])
def test_without_points_nothing_is_claimed(curves):
    assert dense_ae.rate_distortion(curves, 1000) == ""


def interval(mean, half):
    return {"mean": mean, "ci95": [mean - half, mean + half], "n": 200}


SPACE = {
    "neighbours": {
        "count": 10,
        "letters": 1000,
        "codes": interval(0.82, 0.02),
        "tsne": interval(0.79, 0.02),
        "pca": interval(0.41, 0.02),
        "pixels": interval(0.75, 0.02),
    },
    "nearest_mse": {
        "images": 9400,
        "letters": interval(0.02, 0.001),
        "means": {"mean": 0.03, "ci95": None, "n": 1},
        "midpoints": interval(0.035, 0.001),
        "random": interval(0.05, 0.002),
    },
}


def test_codes_pixels_and_maps_are_compared_by_the_class_of_neighbours():
    assert dense_ae.code_map(SPACE) == (
        "Of the 10 nearest neighbours of a test letter among the 1,000 on the map 82 % (80 % to 84 %) are of its class "
        "by code, 75 % (73 % to 77 %) by pixels, 79 % (77 % to 81 %) on the t-SNE map and 41 % (39 % to 43 %) along "
        "the first two principal components of the codes."
    )
    assert dense_ae.code_map({}) == dense_ae.code_map({"neighbours": {**SPACE["neighbours"], "tsne": None}}) == ""


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [
        (0.05, "2.5 times that of test letters: nothing in the training of a plain autoencoder asks that such codes "),
        (0.021, "about that of test letters. Brackets: 95 % intervals."),
        (0.01, "less than that of test letters. "),
    ],
)
def test_random_codes_are_judged_by_the_nearest_real_image(mean, verdict):
    text = dense_ae.generation({"nearest_mse": {**SPACE["nearest_mse"], "random": interval(mean, 0.001)}})
    assert text.startswith(
        "The MSE between a decoded code and the nearest of 9,400 training images is 0.0200 (0.0190 to 0.0210) for test "
        "letters, 0.0300 for mean codes of classes, halfway between two letters 0.0350 (0.0340 to 0.0360), and for "
        "random codes "
    )
    assert f"), {verdict}" in text


def test_without_midpoints_or_measures_nothing_is_said_of_them():
    assert "halfway" not in dense_ae.generation({"nearest_mse": {**SPACE["nearest_mse"], "midpoints": None}})
    assert dense_ae.generation({}) == ""
