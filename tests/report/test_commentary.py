"""Comments computed from numbers: each says what the numbers say, whichever way they turn out."""

import pytest

from pw13.report.commentary import charrnn, conv_dae, dense_ae, phrasing, svm_eval, training_curves


def rows(*losses):
    return [{"epoch": i, "loss": train, "val_loss": val} for i, (train, val) in enumerate(losses, 1)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (2.0, 1.0, "50.0 % lower"),
        (1.0, 1.5, "50.0 % higher"),
        (1.0, 1.004, "practically the same"),
        (0.0, 1.0, "practically the same"),
    ],
)
def test_change(before, after, said):
    assert phrasing.change(before, after) == said


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0215411, "0.02154"),
        (855992, "855,992"),
        (784, "784"),
        (443.4211, "443.4"),
        (1.0, "1.000"),
        (128.0, "128.0"),
        (123456.7, "123,457"),
    ],
)
def test_figure(value, text):
    assert phrasing.figure(value) == text


def test_listed():
    assert [phrasing.listed(said) for said in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


# --------------------------------------------------------------------------------------------------------- training


def test_training_that_has_levelled_off():
    text = training_curves.training(rows(*[(1 / n, 1 / n) for n in (1, 2, 3)], *[(0.25, 0.25)] * 30))
    assert "The lowest validation loss, 0.2500, comes at epoch 4 of 33." in text
    assert "levelled off" in text
    assert "more epochs" not in text
    assert "no overfitting" in text


def test_training_that_still_falls():
    text = training_curves.training(rows(*[(1 - n / 100, 1 - n / 100) for n in range(30)]))
    assert "still fell by" in text
    assert "more epochs may lower it" in text


def test_training_that_has_risen_again():
    text = training_curves.training(rows((1, 1), (0.8, 0.9), (0.5, 0.85), (0.3, 0.95), (0.2, 1.1)))
    assert "epoch 3 of 5" in text
    assert "it has risen" in text
    assert "70.0 % above the training loss" in text


def test_training_that_has_risen_and_falls_a_little_in_the_end():
    text = training_curves.training(rows((0.6, 0.7), (0.5, 0.5), (0.4, 0.6), (0.3, 0.58)))
    assert "epoch 2 of 4" in text and "it has risen" in text
    assert "more epochs" not in text


def test_training_of_one_epoch_and_of_none():
    assert "So few epochs" in training_curves.training(rows((1, 0.9)))
    assert training_curves.training([]) == ""


@pytest.mark.parametrize(
    ("train", "validation", "said"),
    [
        (1.0, 1.2, "by heart"),
        (1.0, 0.9, "below the training loss"),
        (1.0, 1.03, "no overfitting"),
        (0.0, 1.0, "no overfitting"),
    ],
)
def test_overfitting(train, validation, said):
    assert said in training_curves.overfitting(train, validation)


# ------------------------------------------------------------------------------------------------ dense autoencoder


def test_code_sizes_that_help_throughout():
    text = dense_ae.code_sizes([(16, 0.04), (32, 0.02), (64, 0.01)])
    assert text.startswith(
        "A larger code reconstructs better throughout: test MSE 0.04000 with 16 values; from 16 to 32 "
        "values 50.0 % lower"
    )
    assert text.endswith("The lowest is 0.01000 with 64 values.")


def test_code_sizes_that_do_not_help():
    text = dense_ae.code_sizes([(16, 0.02), (32, 0.03), (64, 0.0299)])
    assert text.startswith("More is not always better here")
    assert "from 16 to 32 values 50.0 % higher, from 32 to 64 values practically the same" in text
    assert text.endswith("The lowest is 0.02000 with 16 values.")


@pytest.mark.parametrize("known", [[], [(32, 0.02)], [(16, None), (32, 0.02)]])
def test_code_sizes_without_two_figures(known):
    assert dense_ae.code_sizes(known) == ""


@pytest.mark.parametrize(
    ("mse", "pca", "said"),
    [
        (0.02, 0.03, "33.3 % lower than that of 32 principal components, 0.03000: what is not linear in it"),
        (
            0.04,
            0.03,
            "33.3 % higher than that of 32 principal components, 0.03000, the best linear map of that size.",
        ),
        (0.03, 0.03, "practically the same as that of 32 principal components, 0.03000: it does as well"),
    ],
)
def test_against_pca(mse, pca, said):
    assert said in dense_ae.against_pca(32, mse, pca)


def test_what_a_run_lacks_is_left_out():
    assert dense_ae.against_pca(32, None, 0.03) == dense_ae.against_pca(32, 0.03, None) == ""
    assert dense_ae.dead_units(None, 32) == ""
    assert dense_ae.reconstruction(None, 0.02) == ""
    assert dense_ae.compression({}, 0.02) == ""
    assert conv_dae.denoising(None, 10.0, {}) == ""
    assert conv_dae.structure(0.3, None) == ""
    assert conv_dae.conv_code(None, 784, 1, 1, 1) == ""
    assert charrnn.against_ngram(None, 1.0, 5) == ""
    assert charrnn.many_to_many(2.0, None, {}, {}) == ""
    assert charrnn.temperatures([]) == ""


def test_dead_units():
    assert dense_ae.dead_units(0, 32) == "All 32 code units are in use."
    assert dense_ae.dead_units(5, 32).startswith("5 of 32 code units never change")
    assert "they carry nothing, and 27 values would do" in dense_ae.dead_units(5, 32)
    assert dense_ae.dead_units(1, 2) == (
        "1 of 2 code units never changes over the training images: it carries nothing, and 1 value would do."
    )
    assert dense_ae.dead_units(0, 1) == "The one code unit is in use."


def test_a_reconstruction_is_judged_by_its_numbers_alone():
    assert dense_ae.reconstruction(16.7, 0.04) == (
        "Over the whole test file the reconstructions reach 16.7 dB: a pixel is off by 0.20 of the range from black to "
        "white (root of the mean square)."
    )


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


def test_compression():
    text = dense_ae.compression(SIZES, 0.02)
    assert (
        "784 bytes becomes a code of 128 bytes as float32 (6.1 times fewer), or 32 bytes at 8 bits a "
        "value (24.5 times fewer)" in text
    )
    assert "from 0.02000 to 0.02200 (+10.00 %)" in text
    assert "Without any loss lossless WebP needs 371 bytes" in text
    assert "on average: against that the gain is 11.6 times, at the price of the loss above" in text
    assert "103,744 bytes, so that sending codes pays from 138 images on, and from 253 images on against PNG" in text


def test_compression_without_other_formats_and_decoder():
    text = dense_ae.compression({"raw_bytes": 784, "float32_code_bytes": 128, "uint8_code_bytes": 32}, None)
    assert "24.5 times fewer" in text
    assert "Without any loss" not in text
    assert "decoder" not in text


# -------------------------------------------------------------------------------------------------------------- SVM


@pytest.mark.parametrize(
    ("pixels", "codes", "p", "said"),
    [
        (
            0.90,
            0.893,
            0.08,
            "codes lose 0.70 points against pixels, 89.30 % against 90.00 %, not significant (p = 0.08, McNemar)",
        ),
        (0.90, 0.893, 0.001, "significant (p = 0.001, McNemar)"),
        (
            0.89,
            0.90,
            0.00000001,
            "codes gain 1.00 points against pixels, 90.00 % against 89.00 %, significant (p < 0.0001, McNemar)",
        ),
        (0.90, 0.90, 1.0, "codes are as good as pixels, 90.00 % of the test images, not significant"),
        (0.9, 0.8998, None, "codes lose 0.02 points against pixels, 89.98 % against 90.00 %"),
        (0.90, 0.893, None, "89.30 % against 90.00 %. A code has 32 values."),
    ],
)
def test_svm(pixels, codes, p, said):
    assert said in svm_eval.svm(pixels, codes, p, size=32)


def test_significance_is_not_claimed_at_the_level():
    assert "not significant" in svm_eval.svm(0.9, 0.8, 0.05, size=32)


def test_usable():
    assert svm_eval.usable(0.9, 10).startswith(
        "Yes: trained on codes alone, an SVM names 90.0 % of the test images right, 9.0 times"
    )
    assert svm_eval.usable(0.15, 10) == "Hardly: 15.0 % right, where guessing among 10 classes gives 10.0 %."
    assert svm_eval.usable(0.98, 2).startswith("Yes: trained on codes alone, an SVM names 98.0 %")
    assert svm_eval.usable(0.52, 2).startswith("Hardly: 52.0 % right, where guessing among 2 classes gives 50.0 %")
    assert svm_eval.usable(0.05, 47).startswith("Hardly: ") and svm_eval.usable(0.4, 47).startswith("Yes: ")
    assert svm_eval.usable(0.9, 0) == ""


def test_a_code_of_one_value():
    assert svm_eval.svm(0.9, 0.8, None, size=1).endswith("A code has 1 value.")


# ---------------------------------------------------------------------------------------------------------- denoiser


def test_denoising_that_helps():
    text = conv_dae.denoising(9.4, 17.4, {"median": 13.5, "nlm": 12.0, "tv": None})
    assert "from 9.4 to 17.4 dB, by 8.0 dB: the mean squared error becomes 6.3 times smaller" in text
    assert "3.9 dB more than the best classical filter, median, reaches (13.5 dB" in text


def test_denoising_that_a_filter_beats():
    text = conv_dae.denoising(9.4, 12.5, {"median": 13.5})
    assert "1.0 dB less than the best classical filter, median" in text
    assert text.endswith("tuned on validation images): as trained, the network is no use beside it.")


def test_filters_have_names_that_are_words():
    assert "the best classical filter, non-local means, reaches" in conv_dae.denoising(
        9.4, 17.4, {"nlm": 13.5, "tv": 12}
    )
    assert "best classical filter, total variation, tuned" in conv_dae.denoising(9.4, 13.5, {"nlm": 12, "tv": 13.5})


def test_denoising_that_harms():
    assert (
        conv_dae.denoising(9.4, 8.0, {})
        == "The network does not denoise: PSNR 8.0 dB against 9.4 dB of the noisy images."
    )


def test_denoising_as_a_filter():
    assert "as much as the best classical filter, median" in conv_dae.denoising(9.4, 13.5, {"median": 13.52})


@pytest.mark.parametrize(
    ("noisy", "denoised", "word"), [(0.3, 0.8, "rises"), (0.8, 0.3, "falls"), (0.5, 0.501, "stays")]
)
def test_structure(noisy, denoised, word):
    assert word in conv_dae.structure(noisy, denoised)


def level(noise, noisy, denoised):
    return {"noise": noise, "noisy_psnr_db": noisy, "denoised_psnr_db": denoised}


def test_noise_levels():
    helps = conv_dae.noise_levels([level(0.1, 22, 16), level(0.5, 9, 17), level(0.9, 6, 12)], 0.5)
    assert "it helps at 2 of the 3 levels measured, most at 0.5 (+8.0 dB); at 0.1 it takes away more" in helps
    assert conv_dae.noise_levels([level(0.1, 20, 21), level(0.5, 9, 17)], 0.5).endswith("most at 0.5 (+8.0 dB).")
    assert "at none of the levels" in conv_dae.noise_levels([level(0.1, 20, 10), level(0.5, 9, 8)], 0.5)
    assert conv_dae.noise_levels([level(0.1, None, 10), level(0.5, 9, 8)], 0.5) == ""


def test_conv_code():
    larger = conv_dae.conv_code(6272, 784, 6272, 1500, 350)
    assert "6,272 values for 784 pixels, 8 times as many: as it stands it does not compress" in larger
    assert (
        "6,272 bytes, and packed by LZMA 1,500: still more than the 784 bytes of the raw image, and more than the 350 "
        "of its pixels packed in the same way." in larger
    )
    smaller = conv_dae.conv_code(196, 784, 196, 150, 350)
    assert "4 times fewer" in smaller
    assert "fewer than the 784 bytes of the raw image, and fewer than the 350 of its pixels" in smaller
    assert "raw image, but more than the 350" in conv_dae.conv_code(6272, 784, 6272, 600, 350)
    assert conv_dae.conv_code(6272, 784, 6272, 600, None).endswith("fewer than the 784 bytes of the raw image.")


# ---------------------------------------------------------------------------------------------------------- char-RNN


def test_charrnn():
    text = charrnn.charrnn({"train_nats": 2.0, "held_out_nats": 2.1, "held_out_accuracy": 0.38})
    assert "2.100 nats a character (3.03 bits)" in text
    assert "as if among 8.2 equally likely characters" in text
    assert "right in 38.0 % of places" in text
    assert "On training names it is 2.000, 4.8 % less" in text
    assert "holds for new names" in charrnn.charrnn({"train_nats": 2.1, "held_out_nats": 2.1})
    assert charrnn.charrnn({"train_nats": 2.1, "held_out_nats": None}) == (
        "Training loss 2.100 nats a character. No name was held out, so nothing can be said of new names."
    )


@pytest.mark.parametrize(
    ("loss", "said"), [(1.5, "25.0 % lower than"), (2.5, "25.0 % higher than"), (2.0, "practically what")]
)
def test_against_ngram(loss, said):
    assert said in charrnn.against_ngram(loss, 2.0, 5)


@pytest.mark.parametrize(
    ("known", "lead"),
    [
        (
            [(32, 2.2), (64, 2.1), (128, 2.0)],
            "More units, lower validation loss: 2.200 with 32, 2.100 with 64, 2.000 with 128.",
        ),
        ([(32, 2.0), (64, 2.1), (128, 2.2)], "More units do not lower the validation loss"),
        ([(32, 2.2), (64, 2.0), (128, 2.1)], "The validation loss is lowest with 64 units"),
        ([(32, 2.0), (64, 1.999)], "The number of units hardly matters"),
    ],
)
def test_against_setting(known, lead):
    assert charrnn.against_setting("units", known).startswith(lead)


def test_against_setting_needs_two():
    assert charrnn.against_setting("units", [(64, 2.0), (128, None)]) == ""


def test_temperatures():
    cold = {"temperature": 0.5, "new": 0.7, "unique": 0.6, "whole": 1.0, "ngram_nats": 1.8}
    hot = {"temperature": 1.2, "new": 0.99, "unique": 1.0, "whole": 0.9, "ngram_nats": 3.1}
    text = charrnn.temperatures([cold, hot])
    assert "70.0 % are new at temperature 0.5 and 99.0 % at 1.2" in text
    assert "Hotter names are stranger" in text
    assert "no stranger" in charrnn.temperatures([hot, cold])


def test_cells():
    assert "Yes, with GRU and LSTM" in charrnn.cells([("SimpleRNN", 2.1), ("GRU", 1.9), ("LSTM", 1.8)])
    assert "Yes, with LSTM:" in charrnn.cells([("SimpleRNN", 2.1), ("GRU", 2.2), ("LSTM", 1.8)])
    on_training = charrnn.cells([("SimpleRNN", 2.1), ("GRU", 1.9)], place="training names")
    assert "SimpleRNN 2.100 nats a character on training names, GRU" in on_training
    assert "held-out" not in on_training
    assert "? No: SimpleRNN 2.100" in charrnn.cells([("SimpleRNN", 2.1), ("GRU", 2.2), ("LSTM", 2.1)])
    assert charrnn.cells([("SimpleRNN", 2.1), ("GRU", None)]) == charrnn.cells([("GRU", 2.1)]) == ""


def test_cell_names():
    base = ("SimpleRNN", {"ngram_nats": 2.5, "new": 0.9, "whole": 1.0})
    better = charrnn.cell_names([base, ("GRU", {"ngram_nats": 2.4}), ("LSTM", {"ngram_nats": 2.2})])
    assert "GRU and LSTM write names that the n-gram model finds more usual" in better
    assert "SimpleRNN 2.50 nats (90.0 % new, 100.0 % whole)" in better
    assert "LSTM writes names that" in charrnn.cell_names([base, ("LSTM", {"ngram_nats": 2.2})])
    assert "Not by this measure" in charrnn.cell_names([base, ("LSTM", {"ngram_nats": 2.6})])
    assert charrnn.cell_names([base]) == ""


@pytest.mark.parametrize(
    ("many", "said"), [(1.8, "10.0 % lower than"), (2.2, "10.0 % higher than"), (2.0, "practically the same as")]
)
def test_many_to_many(many, said):
    text = charrnn.many_to_many(2.0, many, {"ngram_nats": 2.5}, {"ngram_nats": 2.4})
    assert said in text
    assert "2.40 nats a character under the n-gram model, those of many-to-one 2.50" in text


@pytest.mark.parametrize(("count", "said"), [(1_412_386_800, "1.41 GB"), (5_000_000, "5.00 MB"), (1500, "1.50 kB")])
def test_size(count, said):
    assert phrasing.size(count) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 threads"), (1, "1 thread"), (2, "2 threads"), (12345, "12,345 threads"), (None, "– threads")],
)
def test_count(count, said):
    assert phrasing.count(count, "thread") == said


def test_windows():
    assert charrnn.windows(1000, 50, 10) == (
        "As one-hot vectors all windows and labels would be 550 kB at a byte a cell and 2.20 MB as float32. So only "
        "the ids are kept: a one-hot vector times a weight matrix is a row of it."
    )
