"""The convolutional denoiser: the handout's network, the fast functions for it, and a run from command to folder."""

from pathlib import Path

import numpy as np
import pytest

from pw13 import metrics
from pw13.config.settings import ConvDAE
from pw13.data.images import load_images, noise, to_float
from pw13.errors import OptionError, UserError
from pw13.metrics import compression
from pw13.models import keras_archive
from pw13.models.conv_dae_weights import weight_specs
from pw13.runs import example_losses
from pw13.runs.record import read_run
from pw13.training import resume_state
from tests.helpers.data import make_data
from tests.helpers.runs import load_json, only_run
from tests.helpers.tensorflow import start_tensorflow

FAST = ["--epochs", "4", "--batch-size", "16"]


def model():
    start_tensorflow()
    from pw13.models import conv_dae

    return conv_dae


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A completed run of the command on the small data."""
    from pw13 import cli
    from pw13.system import signals

    folder = tmp_path_factory.mktemp("conv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "listen", lambda: None)
        options = ["--data", str(data), "--runs-dir", str(folder / "runs"), "--quiet"]
        assert cli.main(["train-conv-dae", *options, *FAST]) == 0
    return only_run(folder / "runs", "conv-dae")


# ---------------------------------------------------------------------------------------------- before training


def test_shapes_and_parameter_counts_of_the_handouts_network():
    models = model().build(28, 28)
    assert models.autoencoder.count_params() == 314_625
    assert models.encoder.count_params() + models.decoder.count_params() == 314_625
    shapes = [layer.output.shape[1:] for layer in models.autoencoder.layers]
    assert shapes == [
        (28, 28, 1), (28, 28, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64), (7, 7, 128),
        (7, 7, 128), (14, 14, 128), (14, 14, 64), (28, 28, 64), (28, 28, 1),
    ]  # fmt: skip
    assert models.encoder.output_shape == models.decoder.input_shape == (None, 7, 7, 128)


def test_the_bottleneck_summary_shows_a_diabolo():
    conv_dae = model()
    text = conv_dae.bottleneck_summary(conv_dae.build(28, 36))
    assert "28x36 -> 14x18 -> 7x9 -> 14x18 -> 28x36" in text and "8,064 values" in text


def test_a_network_without_a_bottleneck_is_refused():
    conv_dae = model()
    models = conv_dae.build(28, 28)
    with pytest.raises(ValueError, match="not a diabolo"):
        conv_dae.bottleneck_summary(models._replace(autoencoder=models.encoder))


@pytest.mark.parametrize(("height", "width"), [(27, 27), (28, 30), (26, 28), (0, 28)])
def test_sides_that_are_no_multiples_of_4_are_refused(height, width):
    with pytest.raises(UserError, match=rf"images of {height} x {width} pixels: .* multiples of 4"):
        model().build(height, width)


def random_arrays(models, scale=0.2):
    rng = np.random.default_rng(2)
    arrays = [scale * rng.standard_normal(v.shape).astype(np.float32) for v in models.autoencoder.trainable_variables]
    models.autoencoder.set_weights(arrays)
    return arrays


@pytest.mark.parametrize("size", [(28, 28), (8, 12), (4, 4)])
def test_the_fast_functions_equal_the_layers(size):
    conv_dae = model()
    models = conv_dae.build(*size)
    net = conv_dae.Denoiser(random_arrays(models))
    images = np.random.default_rng(3).random((5, *size), dtype=np.float32)
    codes = models.encoder.predict(images[..., None], verbose=0)
    np.testing.assert_allclose(net.encode(images), codes, atol=1e-4)
    np.testing.assert_allclose(net.decode(codes), models.decoder.predict(codes, verbose=0)[..., 0], atol=1e-4)
    expected = models.autoencoder.predict(images[..., None], verbose=0)[..., 0]
    np.testing.assert_allclose(net.denoise(images), expected, atol=1e-4)


@pytest.mark.parametrize("filters", [1, 2])
def test_upsample_conv_equals_upsampling_and_convolution(filters):
    conv_dae, tf = model(), start_tensorflow()
    rng = np.random.default_rng(4)
    image, kernel = rng.standard_normal((2, 5, 3, 4)), rng.standard_normal((3, 3, 4, filters))
    upsampled = image.repeat(2, axis=1).repeat(2, axis=2)
    expected = tf.nn.conv2d(upsampled, kernel, 1, "SAME")
    result = conv_dae.upsample_conv(tf.constant(image), tf.constant(kernel))
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_gradients_of_the_fast_functions_equal_those_of_the_layers():
    conv_dae, tf = model(), start_tensorflow()
    models = conv_dae.build(8, 8)
    random_arrays(models)
    rng = np.random.default_rng(5)
    noisy, clean = (tf.constant(rng.random((6, 8, 8, 1), dtype=np.float32)) for _ in range(2))
    variables = models.autoencoder.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(models.autoencoder(noisy) - clean))
    expected = tape.gradient(loss, [variable.value for variable in variables])
    parameters = [tf.constant(variable.value) for variable in variables]
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        mean = tf.reduce_mean(conv_dae.losses(parameters, noisy, clean))
    assert float(mean) == pytest.approx(float(loss), rel=1e-5)
    for ours, theirs in zip(tape.gradient(mean, parameters), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("kind", ["salt-pepper", "masking"])
def test_a_fraction_above_one_is_refused_a_standard_deviation_is_not(kind):
    assert ConvDAE(noise=1.5).noise == 1.5
    with pytest.raises(OptionError, match=r"--noise: expected a fraction from 0 to 1.*received 1.5"):
        ConvDAE(noise=1.5, noise_kind=kind)


@pytest.mark.parametrize("value", ["-0.5", "nan", "inf"])
def test_invalid_noise_is_refused(pw13, data, value):
    code, _, err = pw13("train-conv-dae", "--data", data, f"--noise={value}")
    assert code == 2 and "--noise" in err


def test_odd_sizes_are_refused_without_a_run_folder(pw13, tmp_path):
    folder = make_data(tmp_path / "odd", size=(27, 27))
    code, _, err = pw13("train-conv-dae", "--data", folder, "--epochs", 1)
    assert code == 1 and "27 x 27" in err and "multiples of 4" in err and err.count("\n") == 1
    assert not list((tmp_path / "runs").glob("*_conv-dae"))


# ---------------------------------------------------------------------------------------------- the code's size


def test_entropy_of_known_values():
    assert compression.order_0_bits(np.zeros(100, np.uint8)) == 0
    assert compression.order_0_bits(np.arange(256, dtype=np.uint8)) == 8
    assert compression.order_0_bits(np.array([0, 0, 1, 1], np.uint8)) == 1


def test_sizes_of_feature_maps():
    rng = np.random.default_rng(6)
    codes = rng.random((20, 2, 2, 3), dtype=np.float32) * [1, 10, 0]
    codes = codes.astype(np.float32)
    sizes = compression.feature_maps(codes, lambda quantised: quantised[..., 1] / 10, codes[..., 1] / 10)
    assert sizes["code_bytes_uint8"] == 12 and sizes["code_bytes_float32"] == 48
    assert sizes["code_uint8_mse"] < (0.5 / 255) ** 2
    assert 0 < sizes["code_bytes_order_0"] < 12 and sizes["code_zero_share"] > 1 / 3
    assert 8 < sizes["code_bytes_entropy"] < 14  # two thirds are random bytes, which do not compress


# ---------------------------------------------------------------------------------------------- a run


def test_the_run_folder_is_complete(trained):
    names = {str(path.relative_to(trained)) for path in trained.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.png" for name in ("denoising", "worst", "psnr_against_noise", "loss")}
    models = {f"checkpoints/{name}.keras" for name in ("model", "best", "encoder", "decoder")}
    assert names >= {"config.json", "run.json", "history.csv", "summary.txt", "metrics.json"} | figures | models
    assert load_json(trained / "run.json")["status"] == "completed"
    summary = (trained / "summary.txt").read_text("utf-8")
    assert "A diabolo: 28x28 -> 14x14 -> 7x7" in summary and "314,625" in summary and "max_pooling2d" in summary


def test_metrics_are_those_of_the_saved_model(trained, data):
    import keras

    values = load_json(trained / "metrics.json")
    clean = to_float(load_images(str(data)).test_images)
    noisy = noise.add_for_test(clean, "gaussian", 0.5)
    autoencoder = keras.models.load_model(trained / "checkpoints/best.keras")
    outputs = autoencoder.predict(noisy[..., None], verbose=0)[..., 0]
    assert values["test_mse"] == pytest.approx(metrics.mse(clean, outputs), rel=1e-3)
    assert values["denoised_psnr_db"] == pytest.approx(metrics.psnr(values["test_mse"]))
    assert values["noisy_psnr_db"] == pytest.approx(metrics.psnr(metrics.mse(clean, noisy)))
    assert values["denoised_ssim"] == pytest.approx(metrics.ssim(clean, outputs), abs=1e-3)
    assert values["noisy_ssim"] == pytest.approx(metrics.ssim(clean, noisy))
    assert (values["code_values"], values["pixel_values"], values["code_bytes_uint8"]) == (6272, 784, 6272)
    assert 0 < values["code_bytes_entropy"] < 6400 and values["parameters"] == 314_625


def test_baselines_and_levels_are_in_the_metrics(trained):
    values = load_json(trained / "metrics.json")
    linear = values["baselines"].pop("linear")
    assert set(values["baselines"]) == {"median", "gaussian", "tv", "nlm", "wavelet"}
    for each in values["baselines"].values():
        assert set(each) == {
            "psnr_db", "val_psnr_db", "setting", "gain", "offset",
            "corrected_psnr_db", "corrected_val_psnr_db", "corrected_setting",
        }  # fmt: skip
        assert each["corrected_val_psnr_db"] == pytest.approx(each["corrected_psnr_db"], abs=1)  # images of one kind
        assert min(each["psnr_db"], each["corrected_psnr_db"]) > values["noisy_psnr_db"]
        assert each["setting"] and each["corrected_setting"] and each["gain"] > 0
    assert linear["psnr_db"] > values["noisy_psnr_db"] and 0 < linear["setting"]["penalty"] <= 3
    assert [row["noise"] for row in values["by_noise"]] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    own = values["by_noise"][4]
    assert own["noisy_psnr_db"] == pytest.approx(values["noisy_psnr_db"])  # 60 test images: the subset is all of them
    assert own["denoised_psnr_db"] == pytest.approx(values["denoised_psnr_db"], abs=1e-3)
    assert own["baselines"]["tv"] == pytest.approx(values["baselines"]["tv"]["psnr_db"])
    assert own["baselines"]["linear"] == pytest.approx(linear["psnr_db"])
    for kind in ("", "corrected_"):
        chosen = max(values["baselines"], key=lambda name, kind=kind: values["baselines"][name][f"{kind}val_psnr_db"])
        assert own[f"{kind}best_filter"] == chosen
    assert own["corrected_baselines"]["tv"] == pytest.approx(values["baselines"]["tv"]["corrected_psnr_db"])


def test_baselines_are_kept_as_they_were_measured(trained, data):
    values, stored = load_json(trained / "metrics.json")["baselines"], np.load(trained / "checkpoints/baselines.npz")
    assert stored["levels"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    for name, key in (("median", "size"), ("gaussian", "sigma")):
        own = values[name]
        assert stored[name].shape == (9, 3)
        assert stored[name][4] == pytest.approx([own["corrected_setting"][key], own["gain"], own["offset"]])
    clean = to_float(load_images(str(data)).test_images)
    noisy = noise.add_for_test(clean, "gaussian", 0.5).reshape(len(clean), -1)
    denoised = np.clip(noisy @ stored["linear_weights"].astype(np.float32) + stored["linear_bias"], 0, 1)
    psnr = metrics.psnr(metrics.mse(clean.reshape(denoised.shape), denoised))
    assert stored["linear_weights"].dtype == np.float16 and psnr == pytest.approx(values["linear"]["psnr_db"], abs=0.01)


def test_the_gain_over_the_linear_denoiser_has_an_interval(trained):
    values = load_json(trained / "metrics.json")
    linear = values["baselines"]["linear"]
    gain, (low, high) = linear["network_gain_db"]["mean"], linear["network_gain_db"]["ci95"]
    assert gain == pytest.approx(values["denoised_psnr_db"] - linear["psnr_db"], abs=1e-4)
    assert low < gain < high and linear["network_gain_db"]["n"] == 60


def test_errors_of_each_test_image_are_kept(trained):
    losses = example_losses.read(read_run(trained), "test_mse")
    assert losses.sums.mean() == pytest.approx(load_json(trained / "metrics.json")["test_mse"], rel=1e-6)


def test_the_loss_falls_and_every_weight_moves(trained):
    lines = (trained / "history.csv").read_text().splitlines()
    losses = [float(line.split(",")[1]) for line in lines[1:]]
    assert losses[-1] < losses[0]
    conv_dae = model()
    arrays = keras_archive.read_weights(trained / "checkpoints/model.keras", weight_specs())
    start_tensorflow()  # the seed again: the same first weights
    first = [variable.numpy() for variable in conv_dae.build(28, 28).autoencoder.trainable_variables]
    assert all(not np.array_equal(a, b) for a, b in zip(arrays, first, strict=True))


@pytest.fixture
def one_noise_level(monkeypatch):
    """Evaluate at one noise level only, to save time."""
    start_tensorflow()
    from pw13.experiments import conv_dae_evaluation

    monkeypatch.setattr(conv_dae_evaluation, "NOISE_LEVELS", (0.5,))


@pytest.mark.parametrize("kind", ["salt-pepper", "masking"])
def test_other_kinds_of_noise_and_fixed_noise(pw13, data, one_noise_level, kind):
    options = ["--data", data, "--noise-kind", kind, "--noise", 0.3, "--fixed-noise", "--epochs", 1, "--limit", 40]
    code, _, err = pw13("train-conv-dae", *options)
    assert code == 0, err
    values = load_json(only_run_of("runs") / "metrics.json")
    assert values["noise_kind"] == kind and values["noise"] == 0.3
    assert len(values["baselines"]) == 6 and values["baselines"]["linear"]["psnr_db"] > values["noisy_psnr_db"]


def test_without_noise_noisy_images_equal_clean_ones(pw13, data, one_noise_level):
    code, _, err = pw13("train-conv-dae", "--data", data, "--noise", 0, "--epochs", 1, "--limit", 40)
    assert code == 0, err
    values = load_json(only_run_of("runs") / "metrics.json")
    assert values["noisy_psnr_db"] is None and values["noisy_ssim"] == pytest.approx(1)


def test_images_of_more_than_4096_pixels_have_no_linear_denoiser(pw13, tmp_path, one_noise_level):
    folder = make_data(tmp_path / "large", 20, 10, (68, 64))
    code, out, err = pw13("train-conv-dae", "--data", folder, "--epochs", 1, "--quiet")
    assert code == 0, err
    assert "linear" in out and "more than 4,096 pixels" in out
    values = load_json(only_run_of("runs") / "metrics.json")
    assert values["baselines"]["linear"] is None and values["by_noise"][0]["baselines"]["linear"] is None


def test_of_many_test_images_a_sample_is_evaluated_and_the_run_says_so(pw13, data, one_noise_level, monkeypatch):
    from pw13.experiments import conv_dae_evaluation

    monkeypatch.setattr(conv_dae_evaluation, "MAX_TEST", 30)
    code, _, err = pw13("train-conv-dae", "--data", data, "--epochs", 1, "--limit", 40, "--quiet")
    assert code == 0, err
    record = read_run(only_run_of("runs"))
    assert record.metrics["test_sample"] == 30 and record.metrics["baselines"]["linear"]["network_gain_db"]["n"] == 30
    assert "the denoiser is evaluated on 30 of 60 test images" in record.facts["data"]["notes"]
    images = conv_dae_evaluation.sample_test_images(load_images(str(data)))
    assert np.bincount(images.test_labels, minlength=10).tolist() == [3] * 10
    assert len(example_losses.read(record, "test_mse").sums) == 30


def test_the_table_shows_baselines_as_they_are_and_corrected(pw13, data, one_noise_level):
    code, out, err = pw13("train-conv-dae", "--data", data, "--epochs", 1, "--limit", 40, "--quiet")
    assert code == 0, err
    table = " ".join(out.split())
    assert "tv filter" in table and "with gain" in table and "(weight" in table and "test PSNR, dB: linear" in table


def test_the_same_seed_gives_the_same_bytes(trained, pw13, data, one_noise_level):
    assert pw13("train-conv-dae", "--data", data, *FAST)[0] == 0
    first, again = (resume_state.load(folder / "checkpoints").arrays for folder in (trained, only_run_of("runs")))
    assert all(np.array_equal(first[name], again[name]) for name in first)


def only_run_of(folder):
    return only_run(Path(folder), "conv-dae")


@pytest.mark.slow
def test_denoising_real_letters_better_than_the_linear_denoiser(real_data, pw13):
    code, _, err = pw13("train-conv-dae", "--config", "quick", "--quiet")
    assert code == 0, err
    values = load_json(only_run_of("runs") / "metrics.json")
    assert values["noisy_psnr_db"] == pytest.approx(9.36, abs=0.02)
    baselines = values["baselines"]
    assert baselines["linear"]["psnr_db"] > 15.5
    assert baselines["linear"]["network_gain_db"]["ci95"][0] > 0.3
    assert baselines["median"]["psnr_db"] == pytest.approx(13.47, abs=0.03)
    assert max(each["corrected_psnr_db"] for name, each in baselines.items() if name != "linear") > 14.7
