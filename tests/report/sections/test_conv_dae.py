"""Items conv a to e."""

from pw13.report.document import Table
from tests.helpers.report_runs import (
    add_figure,
    build,
    captions,
    items,
    make_run,
    make_sweep,
    missing_commands,
    only_table,
    texts,
)


def test_comments_come_from_the_metrics(runs):
    made = items(build(runs))
    assert "1.6 dB more than the linear denoiser reaches (15.8 dB" in texts(made["conv-e"], "comment")
    assert "8 times as many" in texts(made["conv-b"], "comment")


def test_the_shapes_of_the_feature_maps_are_those_of_the_run(runs):
    assert texts(items(build(runs))["conv-a"]) == (
        "The feature maps shrink and grow again, 28x28 -> 7x7 -> 28x28: a diabolo network, whose output has the shape "
        "of its input. The code has 6,272 values."
    )


def test_without_shapes_nothing_is_said_of_them(tmp_path):
    folder = make_run(tmp_path, "conv-dae")
    (folder / "summary.txt").write_text('Model: "autoencoder"\n', "utf-8")
    assert texts(items(build(tmp_path))["conv-a"]) == ""


def test_images_too_small_for_ssim_have_their_psnr_alone(runs, tmp_path):
    assert texts(items(build(runs))["conv-c"]).endswith(" a PSNR of 9.4 dB and an SSIM of 0.350.")
    make_run(tmp_path / "small", "conv-dae", metrics={"noisy_ssim": None})
    assert texts(items(build(tmp_path / "small"))["conv-c"]).endswith(" The noisy test images have a PSNR of 9.4 dB.")


def test_pixels_and_codes_are_compressed_alike(runs):
    made = items(build(runs))["conv-b"]
    shown = only_table(made)
    assert ("raw pixels, LZMA", "784", "372") in shown.rows
    assert "codes are those of noisy test images" in shown.caption
    assert "more than the 372 of its LZMA-compressed pixels" in texts(made)


def test_baselines_are_shown_as_they_are_and_corrected_with_readable_names(runs):
    made = items(build(runs))["conv-e"]
    assert list(only_table(made).rows) == [
        ("none (noisy image)", "9.4", "", "", ""),
        ("the network", "17.4", "", "", ""),
        ("linear denoiser", "15.8", "penalty 1e-07", "", ""),
        ("total variation filter", "12.1", "weight 0.15", "14.9", "weight 0.3, 1.86, -0.42"),
        ("median filter", "13.5", "size 3", "13.6", "size 5, 1.06, -0.04"),
    ]
    assert "ridge regression" in texts(made) and "8 noise draws" in texts(made)
    assert "denoised by the best classical filter, the linear denoiser and the network." in captions(made)


def test_a_run_without_corrections_and_linear_denoiser_has_dashes_and_says_so(tmp_path):
    make_run(tmp_path, "conv-dae", metrics={"baselines": {"median": {"psnr_db": 13.5, "setting": {"size": 3}}}})
    made = items(build(tmp_path))["conv-e"]
    assert list(only_table(made).rows[2:]) == [("median filter", "13.5", "size 3", "–", "")]
    assert "neither a linear denoiser nor filters with gain and offset" in texts(made)
    assert "ridge regression" not in texts(made)
    assert "denoised by the best classical filter and the network." in captions(made)


def test_large_images_have_no_linear_denoiser(tmp_path):
    make_run(tmp_path, "conv-dae", metrics={"baselines": {"linear": None}})
    made = items(build(tmp_path))["conv-e"]
    assert list(only_table(made).rows[2:]) == [("linear denoiser", "–", "", "", "")]
    assert "Images of more than 4,096 pixels have no linear denoiser." in texts(made, "comment")


def test_with_fixed_noise_the_linear_denoiser_is_said_to_be_favoured(runs, tmp_path):
    said = "on 8 noise draws of each. That favours it: the network saw one draw of each."
    make_run(tmp_path / "fixed", "conv-dae", fixed_noise=True)
    assert said in texts(items(build(tmp_path / "fixed"))["conv-e"])
    assert "favours it" not in texts(items(build(runs))["conv-e"])


def test_a_point_of_a_sweep_has_neither_sizes_nor_baselines_and_says_how_to_measure_them(tmp_path):
    sweep = make_sweep(tmp_path / "runs", "conv-dae", 0, {"epochs": 3})
    document = build(tmp_path / "runs", sweep.name)
    made, commands = items(document), missing_commands(document)
    assert commands["conv-b"] == commands["conv-e"] == ["pw13 train-conv-dae --epochs 3"]
    assert not [block for block in made["conv-b"].blocks if isinstance(block, Table)]
    shown = [row[:2] for row in only_table(made["conv-e"]).rows]
    assert shown == [("none (noisy image)", "9.4"), ("the network", "17.4")]


def test_psnr_by_noise_level_is_said_to_be_of_some_test_images(tmp_path):
    add_figure(make_run(tmp_path, "conv-dae"), "psnr_against_noise")
    assert "PSNR by noise level on at most 1,000 test images, of the linear" in captions(
        items(build(tmp_path))["conv-e"]
    )
