"""The dense autoencoder from command to run folder."""

import io
import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pw13 import metrics
from pw13.baselines import pca
from pw13.config.settings import DenseAE
from pw13.data.images import load_images, to_vectors, train_val_split
from pw13.errors import UserError
from pw13.metrics import compression, rate_distortion
from pw13.models import keras_archive
from pw13.runs import example_losses
from pw13.runs.record import read_run
from pw13.system import memory
from pw13.training import resume_state, shared
from tests.helpers.data import make_data, make_images
from tests.helpers.runs import load_json, only_run
from tests.helpers.tensorflow import start_tensorflow

METHODS = ("autoencoder", "pca", "webp", "jpeg")
FAST = ["--epochs", "12", "--batch-size", "16", "--code-size", "6"]


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A completed run of the command on the small data."""
    from pw13 import cli
    from pw13.system import signals

    folder = tmp_path_factory.mktemp("dense")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "listen", lambda: None)
        assert (
            cli.main(["train-dense-ae", "--data", str(data), "--runs-dir", str(folder / "runs"), "--quiet", *FAST]) == 0
        )
    return only_run(folder / "runs", "dense-ae")


def test_parameter_counts_of_the_handouts_model():
    start_tensorflow()
    from pw13.models import dense_ae

    models = dense_ae.build(784, DenseAE())
    assert models.autoencoder.count_params() == 50_992
    assert models.encoder.count_params() + models.decoder.count_params() == 50_992
    assert models.encoder.output_shape == (None, 32) and models.autoencoder.output_shape == (None, 784)
    assert models.autoencoder.layers[1] is models.encoder.layers[1]  # the three share their layers


def test_a_chunk_takes_about_a_second_whatever_the_size():
    from pw13.experiments.dense_ae import steps_per_chunk

    steps = [steps_per_chunk(784, DenseAE(code_size=code_size)) for code_size in (32, 512, 65536)]
    assert steps == [1000, 81, 1]
    assert steps_per_chunk(4 * 784, DenseAE(code_size=512)) == 20


def test_the_run_folder_is_complete(trained):
    names = {str(path.relative_to(trained)) for path in trained.rglob("*") if path.is_file()}
    drawn = ("reconstructions", "best_and_worst", "loss", "codes", "code_space", "units", "rate_distortion")
    figures = {f"figures/{name}.{form}" for name in drawn for form in ("png", "svg")}
    models = {f"checkpoints/{name}.keras" for name in ("model", "best", "encoder", "decoder")}
    states = {name for name in names if "state-" in name}
    written = {"config.json", "run.json", "history.csv", "summary.txt", "metrics.json", "checkpoints/map.npz",
               "checkpoints/losses.npz"}  # fmt: skip
    assert names - states == written | figures | models
    assert 1 <= len(states) <= 2
    facts = load_json(trained / "run.json")
    assert facts["status"] == "completed" and facts["seed"] == 0 and facts["peak_memory_mib"] > 100
    assert facts["data"]["counts"] == {"train": 110, "validation": 10, "test": 60}
    assert len((trained / "history.csv").read_text().splitlines()) == 13
    assert "encode" in (trained / "summary.txt").read_text("utf-8")


def test_errors_of_each_test_image_are_kept(trained):
    record, values = read_run(trained), load_json(trained / "metrics.json")
    for metric in ("test_mse", "pca_test_mse"):
        losses = example_losses.read(record, metric)
        assert losses.sums.shape == (60,) and losses.sums.mean() == pytest.approx(values[metric], rel=1e-6)
    gap = example_losses.bootstrap_difference(*(example_losses.read(record, m) for m in ("test_mse", "pca_test_mse")))
    assert gap.mean == pytest.approx(values["test_mse"] - values["pca_test_mse"], rel=1e-4) and gap.n == 60


def test_the_map_of_codes_and_pca_are_kept(trained, data):
    stored, images = np.load(trained / "checkpoints/map.npz"), load_images(str(data))
    assert sorted(stored["rows"]) == list(range(60)) and stored["tsne"].shape == (60, 2)
    test, mean, axes = to_vectors(images.test_images), stored["pca_mean"], stored["pca_components"].astype(np.float32)
    assert axes.shape == (6, 784) and axes.dtype == np.float32 and stored["pca_components"].dtype == np.float16
    outputs = np.clip((test - mean) @ axes.T @ axes + mean, 0, 1)
    assert np.mean((outputs - test) ** 2) == pytest.approx(
        load_json(trained / "metrics.json")["pca_test_mse"], abs=2e-4
    )


def test_metrics_are_those_of_the_saved_model(trained, data):
    import keras

    values = load_json(trained / "metrics.json")
    images = load_images(str(data))
    test = to_vectors(images.test_images)
    autoencoder = keras.models.load_model(trained / "checkpoints/best.keras")
    encoder = keras.models.load_model(trained / "checkpoints/encoder.keras")
    decoder = keras.models.load_model(trained / "checkpoints/decoder.keras")
    outputs = autoencoder.predict(test, verbose=0)
    np.testing.assert_allclose(decoder.predict(encoder.predict(test, verbose=0), verbose=0), outputs, atol=1e-6)
    assert values["test_mse"] == pytest.approx(np.mean((outputs - test) ** 2), rel=1e-4)
    assert values["test_psnr_db"] == pytest.approx(-10 * math.log10(values["test_mse"]))
    assert values["code_size"] == 6 and values["epochs"] == 12 and values["parameters"] == 784 * 6 * 2 + 6 + 784
    assert values["dead_units"] == 0 and values["test_mse"] < 0.1 and values["pca_test_mse"] < values["test_mse"] + 0.1
    assert set(values["compression"]) >= {
        "raw_bytes", "png_bytes", "webp_bytes", "float32_code_bytes", "uint8_code_bytes", "float32_code_test_mse",
        "uint8_code_test_mse", "decoder_bytes", "break_even_images",
    }  # fmt: skip


def test_codes_of_no_image_are_measured(trained):
    space = load_json(trained / "metrics.json")["code_space"]
    shares, errors = space["neighbours"], space["nearest_mse"]
    assert (shares.pop("count"), shares.pop("letters"), errors.pop("images")) == (10, 60, 110)
    assert set(shares) == {"codes", "tsne", "pca", "pixels"}
    assert all(0.1 < share["mean"] <= 1 and share["n"] == 60 for share in shares.values())  # 0.1: by chance
    assert set(errors) == {"letters", "means", "midpoints", "random"}
    for each in errors.values():
        low, high = each["ci95"]
        assert 0 < low < each["mean"] < high < 0.5


def test_a_single_training_image_is_enough(pw13, data, tmp_path):
    """Its code has no spread, so random codes are all the same."""
    assert pw13("train-dense-ae", "--data", data, "--limit", 1, "--epochs", 1)[0] == 0
    space = load_json(only_run(tmp_path / "runs", "dense-ae") / "metrics.json")["code_space"]
    assert 0 < space["nearest_mse"]["random"]["mean"] < 1


def test_rate_and_distortion_are_measured_for_every_method(trained):
    rows = load_json(trained / "metrics.json")["rate_distortion"]
    assert all(set(row) == {"method", "setting", "bytes", "mse"} and row["mse"] > 0 < row["bytes"] for row in rows)
    settings = {method: [row["setting"] for row in rows if row["method"] == method] for method in METHODS}
    assert sum(map(len, settings.values())) == len(rows)
    assert settings["autoencoder"][:7] == [f"6 values, {bits} bits" for bits in range(2, 9)]
    assert len(settings["autoencoder"]) == 20 and settings["autoencoder"][-1] == "6 values, 8 bits, entropy-coded"
    components = list(dict.fromkeys(setting.split(",")[0] for setting in settings["pca"]))
    assert components == [f"{size} components" for size in (8, 16, 32, 64, 110)]  # 110 training images
    assert settings["webp"][0] == "quality 1" and settings["jpeg"][0] == "quality 5"


def test_the_points_of_the_code_are_those_of_the_saved_model(trained, data):
    """The 60 test images are fewer than the sample, so it is all of them."""
    import keras

    values, images = load_json(trained / "metrics.json"), load_images(str(data))
    encoder, decoder = (
        keras.models.load_model(trained / f"checkpoints/{name}.keras") for name in ("encoder", "decoder")
    )
    split = train_val_split(images, share=DenseAE().validation_share, limit=None, split_seed=0)
    train, test = to_vectors(split.train_images), to_vectors(images.test_images)
    codes, known = encoder.predict(test, verbose=0), encoder.predict(train, verbose=0)
    steps = (known.max(0) - known.min(0)) / 15
    rounded = np.round((np.clip(codes, known.min(0), known.max(0)) - known.min(0)) / steps) * steps + known.min(0)
    row = next(row for row in values["rate_distortion"] if row["setting"] == "6 values, 4 bits")
    assert row["bytes"] == 3
    assert row["mse"] == pytest.approx(np.mean((decoder.predict(rounded, verbose=0) - test) ** 2), rel=1e-3)


def test_the_sample_of_test_images_is_the_same_for_every_run(data, pw13):
    for seed in (0, 1):
        options = ["--data", data, "--epochs", 1, "--runs-dir", f"runs{seed}", "--seed", seed]
        assert pw13("train-dense-ae", *options)[0] == 0
    first, other = (load_json(only_run_of(f"runs{seed}") / "metrics.json")["rate_distortion"] for seed in (0, 1))
    assert [row for row in first if row["method"] != "autoencoder"] == [
        row for row in other if row["method"] != "autoencoder"
    ]
    assert first != other


def test_weights_read_without_keras_give_the_same_error(trained, data):
    from pw13.models import dense_ae_numpy

    config = DenseAE(code_size=6)
    arrays = keras_archive.read_weights(trained / "checkpoints/best.keras", dense_ae_numpy.weight_specs(784, config))
    net = dense_ae_numpy.Weights(config.activation, *arrays)
    test = to_vectors(load_images(str(data)).test_images)
    assert metrics.mse(test, net.decode(net.encode(test))) == pytest.approx(
        load_json(trained / "metrics.json")["test_mse"]
    )


def test_saved_models_open_without_pw13(trained):
    code = (
        "import sys, keras; keras.models.load_model(sys.argv[1]);"
        "assert not any(name.startswith('pw13') for name in sys.modules)"
    )
    path = trained / "checkpoints/best.keras"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_same_seed_gives_the_same_bytes_another_seed_others(trained, data, pw13):
    for seed in (0, 1):
        assert pw13("train-dense-ae", "--data", data, "--runs-dir", f"runs{seed}", "--seed", seed, *FAST)[0] == 0
    folders = (trained, only_run_of("runs0"), only_run_of("runs1"))
    first, same_seed, other_seed = (resume_state.load(folder / "checkpoints").arrays for folder in folders)
    assert all(np.array_equal(first[name], same_seed[name]) for name in first)
    assert not np.array_equal(first["parameters/0"], other_seed["parameters/0"])


def only_run_of(folder):
    return only_run(Path(folder), "dense-ae")


def test_json_is_one_document_and_quiet_prints_no_progress(data, pw13):
    code, out, err = pw13("train-dense-ae", "--data", data, "--epochs", 1, "--json", "--quiet")
    assert code == 0 and err == ""
    document = json.loads(out)
    assert document["epochs"] == 1 and (only_run_of("runs")).name in document["run"]


def test_limit_applies_to_training_only(data, pw13):
    assert pw13("train-dense-ae", "--data", data, "--epochs", 1, "--limit", 30)[0] == 0
    assert load_json(only_run_of("runs") / "run.json")["data"]["counts"] == {"train": 30, "validation": 10, "test": 60}


def test_resume_of_a_complete_run_says_so(trained, pw13):
    code, _, err = pw13("resume", trained)
    assert code == 0 and "complete; nothing to do" in err


def test_resume_with_more_epochs_under_cosine_is_refused(trained, pw13):
    code, _, err = pw13("resume", trained, "--epochs", 20)
    assert code == 2 and "--epochs: the cosine schedule ends at epoch 12" in err


def test_resume_on_changed_data_is_refused(data, pw13, tmp_path):
    folder = make_data(tmp_path / "images")
    options = ["--data", folder, "--schedule", "constant", "--epochs", 2]
    assert pw13("train-dense-ae", *options)[0] == 0
    make_data(folder, train=130)
    code, _, err = pw13("resume", only_run_of("runs"), "--epochs", 3)
    assert code == 1 and "data changed since this run started" in err


# ---------------------------------------------------------------------------------------------- building blocks


def test_pca_is_exact_at_full_rank_and_optimal_below():
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(0.5, 0.1, (50, 8)).astype(np.float32), 0, 1)
    full = pca.fit(images, 8)
    np.testing.assert_allclose(full.decode(full.encode(images)), images, atol=1e-5)
    truncated = pca.fit(images, 3)
    values = np.linalg.svd(images - images.mean(0), compute_uv=False)
    mse = metrics.mse(images, truncated.encode(images) @ truncated.components + truncated.mean)
    assert mse == pytest.approx((values[3:] ** 2).sum() / images.size, rel=1e-4)


def test_pca_in_blocks_of_bytes_is_that_of_all_images_as_floats(monkeypatch):
    images = make_images(50, 1, (8, 10))[0]
    whole = pca.fit(images.reshape(50, -1).astype(np.float32) / np.float32(255), 6)
    np.testing.assert_array_equal(pca.fit(images, 6).components, whole.components)
    monkeypatch.setattr(pca, "ROWS_PER_BLOCK", 16)
    parts = pca.fit(images, 6)
    np.testing.assert_array_equal(parts.mean, whole.mean)
    np.testing.assert_allclose(np.abs(np.sum(parts.components * whole.components, axis=1)), 1, atol=1e-5)


def test_a_large_set_is_measured_in_blocks_and_on_samples(data, pw13, monkeypatch, trained):
    """The validation loss in blocks is that of all images at once; metrics.json says how large the samples are."""
    from pw13.experiments import dense_ae, dense_ae_evaluation

    monkeypatch.setattr(dense_ae, "IMAGES_PER_BLOCK", 4)
    monkeypatch.setattr(dense_ae_evaluation, "ROWS_PER_BLOCK", 4)
    monkeypatch.setattr(dense_ae_evaluation, "MAX_TRAIN", 50)
    monkeypatch.setattr(dense_ae_evaluation, "MAX_TEST", 20)
    shared._kept.clear()
    assert pw13("train-dense-ae", "--data", data, "--runs-dir", "blocks", *FAST)[0] == 0
    whole, parts = (load_json(folder / "metrics.json") for folder in (trained, only_run_of("blocks")))
    assert (whole["train_sample"], whole["test_sample"]) == (110, 60)
    assert (parts["train_sample"], parts["test_sample"]) == (50, 20)
    for name in ("test_mse", "val_mse", "pca_test_mse"):
        assert parts[name] == pytest.approx(whole[name], rel=1e-5)
    assert parts["compression"]["png_bytes"] != whole["compression"]["png_bytes"]
    assert whole["compression"]["float32_code_test_mse"] == pytest.approx(whole["test_mse"], rel=1e-5)
    exact, rounded = (parts["compression"][f"{name}_code_test_mse"] for name in ("float32", "uint8"))
    assert rounded == pytest.approx(exact, rel=0.02) and exact != pytest.approx(parts["test_mse"], rel=1e-4)
    shared._kept.clear()


def test_quantisation_errors_are_at_most_half_a_level():
    codes = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    scale = compression.scale_of(codes)
    back = compression.dequantise(compression.quantise(codes, scale), scale)
    assert np.abs(back - codes).max() <= ((scale.high - scale.low) / 255 / 2).max() * 1.001
    assert compression.quantise(codes + 100, scale).max() == 255


def test_compression_metrics_count_bytes():
    images = np.zeros((3, 28, 28), np.uint8)
    codes = np.zeros((3, 32), np.float32)
    files = {"png_bytes": 76.5, "webp_bytes": 30.0}
    values = compression.compression_metrics(
        images, codes, compression.scale_of(codes), lambda c: np.zeros((3, 784), np.float32), 25_872, files
    )
    assert (values["raw_bytes"], values["float32_code_bytes"], values["uint8_code_bytes"]) == (784, 128, 32)
    assert values["decoder_bytes"] == 4 * (25_872 + 64) and values["uint8_code_test_mse"] == 0
    assert values["float32_code_test_mse"] == 0
    assert values["break_even_images"] == math.ceil(values["decoder_bytes"] / (784 - 32))
    assert (values["png_bytes"], values["webp_bytes"]) == (76.5, 30)
    assert values["break_even_images_png"] == math.ceil(values["decoder_bytes"] / (76.5 - 32))


# ---------------------------------------------------------------------------------------------- hostile files


def test_a_model_of_other_shapes_is_refused(trained):
    from pw13.models import dense_ae_numpy

    with pytest.raises(UserError, match=r"best.keras: does not match the model in config.json"):
        keras_archive.read_weights(
            trained / "checkpoints/best.keras", dense_ae_numpy.weight_specs(784, DenseAE(code_size=7))
        )


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_model_is_corrupt(trained, tmp_path, keep):
    from pw13.models import dense_ae_numpy

    data = (trained / "checkpoints/best.keras").read_bytes()
    path = tmp_path / "best.keras"
    path.write_bytes(data[: int(keep if keep > 1 else keep * len(data))])
    with pytest.raises(UserError, match=r"best.keras: corrupt"):
        keras_archive.read_weights(path, dense_ae_numpy.weight_specs(784, DenseAE(code_size=6)))


def test_links_and_bombs_in_a_model_are_refused(tmp_path):
    import h5py

    def keras_file(fill, name="model.weights.h5", compress=zipfile.ZIP_STORED):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            fill(file)
        path = tmp_path / "x.keras"
        with zipfile.ZipFile(path, "w", compress) as archive:
            archive.writestr(name, buffer.getvalue())
        return path

    specs = [keras_archive.WeightSpec("layers/dense/vars/0", (2, 2))]

    def external(file):
        file.require_group("layers/dense/vars")["0"] = h5py.ExternalLink("/etc/passwd", "/x")

    def soft(file):
        file["secret"] = np.zeros((2, 2), np.float32)
        file.require_group("layers/dense/vars")["0"] = h5py.SoftLink("/secret")

    def compressed(file):
        file.create_dataset("layers/dense/vars/0", (2, 2), np.float32, compression="gzip")

    def large(file):
        file["layers/dense/vars/0"] = np.zeros((3000, 3000), np.float32)

    for fill in (external, soft, compressed):
        with pytest.raises(UserError, match=r"does not match the model in config\.json"):
            keras_archive.read_weights(keras_file(fill), specs)
    with pytest.raises(UserError, match="expected at most"):
        keras_archive.read_weights(keras_file(large, compress=zipfile.ZIP_DEFLATED), specs)
    with pytest.raises(UserError, match="corrupt"):
        keras_archive.read_weights(keras_file(compressed, name="../model.weights.h5"), specs)


# ---------------------------------------------------------------------------------------------- real data


@pytest.mark.slow
def test_real_notmnist_beats_pca_and_the_best_public_notebook(real_data, pw13):
    code, out, _ = pw13("train-dense-ae", "--json", "--quiet")
    values = json.loads(out)
    assert code == 0 and values["test_mse"] <= 0.0235 < values["pca_test_mse"]
    assert values["dead_units"] == 0 and values["parameters"] == 50_992
    facts = load_json(only_run_of("runs") / "run.json")
    assert facts["data"]["name"].startswith("notMNIST") and "10,440" in facts["data"]["notes"][0]


@pytest.mark.slow
def test_real_notmnist_codes_against_pca_codes_of_as_many_bytes(real_data, pw13):
    """One size of code is ahead in a narrow range only; all of them together up to about 30 bytes."""
    own = {}
    for size in (32, 64):
        code, out, _ = pw13("train-dense-ae", "--json", "--quiet", "--code-size", size)
        assert code == 0
        points = rate_distortion.from_rows(json.loads(out)["rate_distortion"])
        own[size] = points["autoencoder"]
    pca_codes, one, both = points["pca"], own[32], own[32] + own[64]

    def ratio(found, size):
        return rate_distortion.mse_at(found, size) / rate_distortion.mse_at(pca_codes, size)

    assert rate_distortion.mse_at(pca_codes, 30) == pytest.approx(0.0123, rel=0.03)
    assert rate_distortion.mse_at(one, 30) == pytest.approx(0.0221, rel=0.03) and ratio(one, 30) > 1.7
    assert rate_distortion.mse_at(one, 64) is None
    assert ratio(one, 12) < 0.96 < ratio(one, 15) < 1.04  # about the same at 15 bytes
    assert ratio(both, 15) < 0.96 and ratio(both, 20) < 0.9 and ratio(both, 30) < 1 < ratio(both, 40)
    assert next(point.bytes for point in points["webp"]) == pytest.approx(132.5, rel=0.03)


def test_images_too_large_for_pca_are_refused_before_the_training(pw13, tmp_path, monkeypatch):
    data = make_data(tmp_path / "large", train=30, test=10, size=(80, 80))
    monkeypatch.setattr(memory, "free_memory", lambda: 1_000_000)
    code, _, err = pw13("train-dense-ae", "--data", data, "--quiet", *FAST)
    assert code == 1 and len(err.strip().splitlines()) == 1
    assert "too little memory for PCA of 20 images of 6,400 pixels: expected 0.0 GB, 0.0 GB are free; use fewer" in err
    assert not list(Path().glob("runs/*/history.csv"))
