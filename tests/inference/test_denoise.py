"""`pw13 denoise`: any image file in tiles through a trained network, without overwriting."""

import contextlib
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pw13 import console
from pw13.baselines import denoisers
from pw13.data.images import noise
from pw13.errors import UserError
from pw13.inference import denoise, tiling
from pw13.inference.best_filter import BestFilter, best_filter
from pw13.inference.image_files import read_grey, write_new
from pw13.inference.noise_level import estimate_level, is_far
from pw13.runs.record import Record
from tests.helpers.runs import only_run


def ignore(count):
    pass


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A completed run of one epoch."""
    from pw13 import cli
    from pw13.system import signals

    runs = tmp_path_factory.mktemp("conv") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "listen", lambda: None)
        options = ["--data", str(data), "--runs-dir", str(runs), "--epochs", "1", "--batch-size", "20", "--quiet"]
        assert cli.main(["train-conv-dae", *options]) == 0
    return only_run(runs, "conv-dae")


def picture(path, size, mode="L", **options):
    """Save an image of smooth stripes, `size` (width, height), at `path`."""
    width, height = size
    values = 127 + 100 * np.sin(np.add.outer(np.arange(height), 2 * np.arange(width)) / 9)
    Image.fromarray(values.astype(np.uint8)).convert(mode).save(path, **options)
    return path


# ---------------------------------------------------------------------------------------------- tiles


@pytest.mark.parametrize("size", [(28, 28), (3, 5), (28, 29), (100, 61), (1, 200)])
def test_unchanged_tiles_give_the_image_back(size):
    image = np.random.default_rng(0).random(size, dtype=np.float32)
    counts = []
    result = tiling.map_tiles(image, (28, 28), lambda tiles: tiles, counts.append)
    np.testing.assert_allclose(result, image, atol=1e-6)
    assert sum(counts) == tiling.count_tiles(size, (28, 28))


def test_an_image_of_the_tile_size_is_one_tile():
    image = np.random.default_rng(0).random((28, 28), dtype=np.float32)
    assert tiling.count_tiles(image.shape, (28, 28)) == 1
    np.testing.assert_allclose(tiling.map_tiles(image, (28, 28), lambda tiles: tiles**2, ignore), image**2, atol=1e-6)


def test_tiles_are_blended_without_seams():
    image = np.full((90, 90), 0.5, np.float32)
    levels = iter(np.linspace(0, 1, tiling.count_tiles(image.shape, (28, 28))))
    result = tiling.map_tiles(image, (28, 28), lambda tiles: np.stack([t * 0 + next(levels) for t in tiles]), ignore)
    assert np.abs(np.diff(result, axis=1)).max() < 0.1  # neighbours differ by 1/36 in a row, by 1/6 between rows
    assert result.min() >= 0 and result.max() <= 1


# ---------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P", "CMYK"])
def test_every_mode_becomes_greyscale(tmp_path, mode):
    path = picture(tmp_path / f"a.{'jpg' if mode == 'CMYK' else 'png'}", (30, 20), mode)
    image = read_grey(path)
    assert image.shape == (20, 30) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1 and image.std() > 0.1


def test_sixteen_bits_are_scaled(tmp_path):
    Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)).save(tmp_path / "a.png")
    np.testing.assert_allclose(read_grey(tmp_path / "a.png"), [[0, 0.5, 1]], atol=1e-4)


def test_transparent_pixels_become_white(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert np.all(read_grey(tmp_path / "a.png") == 1)


def test_the_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "a.jpg", (30, 20), exif=exif)
    assert read_grey(tmp_path / "a.jpg").shape == (30, 20)


def bomb(width, height):
    """Return a PNG whose header declares far more pixels than its bytes hold."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "not an image"),
        (b"", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript file, not supported; convert it to PNG"),
        (bomb(60_000, 60_000), "pixels, expected at most 100,000,000"),
        (bomb(12_000, 12_000), "12000x12000 pixels, expected at most 100,000,000"),
        (bomb(50, 50), "corrupt"),
    ],
)
def test_a_file_that_is_no_image_is_refused(tmp_path, content, message):
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"odd\.png: .*{message}"):
        read_grey(path)


def test_a_truncated_image_is_refused(tmp_path):
    whole = picture(tmp_path / "a.png", (200, 200)).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"half\.png: .*(corrupt|truncated)"):
        read_grey(tmp_path / "half.png")


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.png: no such file"):
        read_grey(tmp_path / "none.png")
    with pytest.raises(UserError, match="cannot read"):
        read_grey(tmp_path)


def test_write_new_does_not_overwrite(tmp_path):
    (tmp_path / "a.png").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"a\.png: already exists"):
        write_new({tmp_path / "b.png": b"new", tmp_path / "a.png": b"new"})
    assert (tmp_path / "a.png").read_bytes() == b"mine" and not (tmp_path / "b.png").exists()


# ---------------------------------------------------------------------------------------------- the command


def test_images_of_any_size_are_denoised(trained, tmp_path, pw13):
    paths = [picture(tmp_path / "small.png", (11, 7)), picture(tmp_path / "wide.jpg", (90, 41), "RGB")]
    before = [path.read_bytes() for path in paths]
    code, out, err = pw13("denoise", "--run", trained, *paths, "--out", "results", "--json")
    assert code == 0, err
    results = json.loads(out)["images"]
    for path, result, size in zip(paths, results, [(11, 7), (90, 41)], strict=True):
        denoised = tmp_path / "results" / f"{path.stem}-denoised.png"
        assert result["denoised"] == f"results/{denoised.name}" and (result["width"], result["height"]) == size
        with Image.open(denoised) as image, Image.open(tmp_path / result["figure"]) as figure:
            assert image.size == size and image.mode == "L"
            assert figure.width > 500
    assert [path.read_bytes() for path in paths] == before


def test_the_filter_takes_the_threads_of_the_run_and_shows_its_progress(trained, tmp_path, pw13, monkeypatch):
    threads, advances = [], {}
    denoise_tiles = denoisers.denoise

    def recorded(*arguments, **options):
        threads.append(options["threads"])
        return denoise_tiles(*arguments, **options)

    @contextlib.contextmanager
    def progress(label, total):
        advances[label] = [total]
        yield SimpleNamespace(advance=lambda count, status: advances[label].append(count))

    monkeypatch.setattr(denoisers, "denoise", recorded)
    monkeypatch.setattr(denoisers, "IMAGES_PER_BLOCK", 3)
    monkeypatch.setattr(console, "progress", progress)
    code, out, err = pw13("denoise", picture(tmp_path / "a.png", (300, 200)), "--run", trained, "--json")
    assert code == 0, err
    assert threads == [2, 2]
    assert advances[f"a.png, {json.loads(out)['images'][0]['filter']}"] == [12, 6, 6]  # a block per thread


def test_an_image_of_the_training_size_is_not_tiled(trained, tmp_path, pw13):
    import keras

    path = picture(tmp_path / "a.png", (28, 28))
    assert pw13("denoise", path, "--run", trained)[0] == 0
    with Image.open(path) as image, Image.open(tmp_path / "a-denoised.png") as result:
        model = keras.models.load_model(trained / "checkpoints/best.keras")
        expected = model.predict(np.asarray(image, np.float32)[None, ..., None] / 255, verbose=0)[0, ..., 0]
        np.testing.assert_allclose(np.asarray(result) / 255, expected, atol=0.51 / 255)


def test_existing_outputs_are_not_overwritten(trained, tmp_path, pw13):
    path = picture(tmp_path / "a.png", (28, 28))
    (tmp_path / "a-before-after.png").write_bytes(b"mine")
    code, _, err = pw13("denoise", path, "--run", trained)
    assert code == 1 and "a-before-after.png: already exists" in err and err.count("\n") == 1
    assert (tmp_path / "a-before-after.png").read_bytes() == b"mine"
    assert not (tmp_path / "a-denoised.png").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("a.png", "a.png: cannot write: "),
        ("a.png/results", f"{Path('a.png/results')}: cannot write: "),
        pytest.param(
            "/proc", "/proc: cannot write: ", marks=pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")
        ),
    ],
)
def test_an_output_folder_that_cannot_be_written_is_refused_before_any_work(
    trained, tmp_path, pw13, monkeypatch, out, message
):
    monkeypatch.setattr(denoise, "load_denoiser", None)
    code, _, err = pw13("denoise", picture(tmp_path / "a.png", (28, 28)), "--run", trained, "--out", out)
    assert code == 1 and message in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_failure_leaves_no_output_folder(trained, tmp_path, pw13, monkeypatch):
    def fail(*args):
        raise UserError("best.keras: cannot read")

    monkeypatch.setattr(denoise, "load_denoiser", fail)
    image, out = picture(tmp_path / "a.png", (28, 28)), tmp_path / "new" / "out"
    code, _, err = pw13("denoise", image, "--run", trained, "--out", out)
    assert code == 1 and "best.keras: cannot read" in err
    assert list(tmp_path.iterdir()) == [image]


def test_two_images_with_one_output_name_are_refused(trained, tmp_path, pw13):
    paths = [picture(tmp_path / "a.png", (28, 28)), picture(tmp_path / "a.jpg", (28, 28))]
    code, _, err = pw13("denoise", *paths, "--run", trained)
    assert code == 1 and "output name clash: " in err


def test_a_bad_image_among_good_ones_is_refused_before_any_work(trained, tmp_path, pw13):
    good = picture(tmp_path / "good.png", (28, 28))
    (tmp_path / "bad.png").write_bytes(b"<html>")
    code, _, err = pw13("denoise", good, tmp_path / "bad.png", "--run", trained)
    assert code == 1 and "bad.png: not an image" in err and err.count("\n") == 1
    assert not (tmp_path / "good-denoised.png").exists()


def test_noise_is_added_to_clean_images_and_the_psnr_is_measured(trained, tmp_path, pw13):
    path = picture(tmp_path / "a.png", (56, 30))
    code, out, _ = pw13("denoise", path, "--run", trained, "--add-noise", "0.2", "--json")
    (result,) = json.loads(out)["images"]
    assert code == 0 and result["filter"] in ("Gaussian filter", "total variation filter", "non-local means filter")
    clean = read_grey(path)
    for name in ("noisy", "filtered", "denoised"):
        mean_mse = np.mean(np.square(read_grey(tmp_path / f"a-{name}.png") - clean))
        assert result[f"{name}_psnr_db"] == pytest.approx(-10 * np.log10(mean_mse), abs=0.02)
    assert 13 < result["noisy_psnr_db"] < 16
    code, out, _ = pw13("denoise", path, "--run", trained, "--add-noise", "0.2", "--out", "again")
    assert code == 0 and "network, dB" in out


@pytest.mark.parametrize("level", ["0", "-1", "nan", "101"])
def test_a_level_of_noise_out_of_range_is_refused(trained, tmp_path, pw13, level):
    code, _, err = pw13("denoise", picture(tmp_path / "a.png", (28, 28)), "--run", trained, "--add-noise", level)
    assert code == 2 and "--add-noise: expected a level of gaussian noise above 0 to 100, received" in err


def test_a_clean_image_is_outside_the_domain_and_gets_a_note(trained, tmp_path, pw13):
    path = picture(tmp_path / "a.png", (56, 56))
    code, _, err = pw13("denoise", path, "--run", trained, "--quiet")
    assert (
        code == 0
        and "a.png: its noise is estimated at 0." in err
        and "far from the 0.5 that the network was trained on; compare with" in err
    )


@pytest.mark.parametrize("kind", noise.KINDS)
@pytest.mark.parametrize("level", [0.1, 0.5])
def test_the_level_of_noise_is_estimated(kind, level):
    clean = np.zeros((240, 240), np.float32)  # the share of so many masked pixels is precise to a few per cent
    clean[60:180, 80:140] = 1
    noisy = noise.add(clean[None], kind, level, rng=np.random.default_rng(0))[0]
    assert estimate_level(noisy, clean, kind) == pytest.approx(level, rel=0.1)


@pytest.mark.parametrize("brightness", [1.0, 0.3])
@pytest.mark.parametrize("level", [0.1, 0.3, 0.5])
def test_masking_noise_is_told_from_what_is_black_in_the_image(level, brightness):
    """A network's output: edges are a little soft, and its sigmoid gives no zeros."""
    clean = np.zeros((120, 120), np.float32)
    clean[30:90, 40:70] = brightness
    denoised = np.clip(clean, 1e-3, 1)
    denoised[:, 1:-1] = (denoised[:, :-2] + 2 * denoised[:, 1:-1] + denoised[:, 2:]) / 4
    noisy = noise.add(clean[None], "masking", level, rng=np.random.default_rng(0))[0]
    assert estimate_level(noisy, denoised, "masking") == pytest.approx(level, abs=0.03)
    assert estimate_level(clean, denoised, "masking") < 0.02
    assert estimate_level(np.zeros_like(clean), np.zeros_like(clean), "masking") == 0


@pytest.mark.parametrize(("level", "far"), [(0.5, False), (0.34, False), (0.32, True), (0.74, False), (0.76, True)])
def test_a_level_is_far_from_half_as_much_again(level, far):
    assert is_far(level, 0.5) is far


@pytest.mark.parametrize(("level", "far"), [(0.0, False), (0.0005, False), (0.02, False), (0.1, True)])
def test_without_noise_in_training_faint_noise_is_not_far(level, far):
    assert is_far(level, 0) is far


def test_the_best_filter_is_that_with_the_highest_validation_psnr_of_earlier_runs_test_psnr(tmp_path):
    baselines = {
        "median": {"psnr_db": 14.0, "setting": {"size": 3}},
        "tv": {"psnr_db": 12.0, "setting": {"weight": 0.1}, "corrected_psnr_db": 15.0,
               "corrected_setting": {"weight": 0.3}, "gain": 1.8, "offset": -0.4},
        "linear": {"psnr_db": 16.0, "setting": {"penalty": 1.0}},
        "nlm": {"psnr_db": 17.0, "setting": {"h": "damaged"}},
    }  # fmt: skip

    def best(**metrics):
        return best_filter(Record(tmp_path, "conv-dae", {}, {}, metrics, None), 784)

    assert best(baselines=baselines) == BestFilter("tv", {"weight": 0.3}, 1.8, -0.4, 784)
    assert best(baselines={"median": baselines["median"]}) == BestFilter("median", {"size": 3}, 1.0, 0.0, 784)
    agreed = {name: {**row, "val_psnr_db": 13.0, "corrected_val_psnr_db": 12.0} for name, row in baselines.items()}
    agreed["tv"]["val_psnr_db"] = 13.5  # test images would choose another filter, and the corrected one
    assert best(baselines=agreed) == BestFilter("tv", {"weight": 0.1}, 1.0, 0.0, 784)
    assert best(baselines=[1]) is None and best() is None


def test_the_wavelet_filter_of_a_large_image_has_the_threshold_that_it_was_tuned_with():
    noisy = np.random.default_rng(0).normal(0.5, 0.1, (100, 100)).astype(np.float32)
    filtered = BestFilter("wavelet", {"sigma": 0.1, "levels": 2}, 1.0, 0.0, 784).apply(noisy, "a.png", threads=1)
    equal = denoisers.wavelet(noisy[None], sigma=0.1 * (np.log(784) / np.log(10_000)) ** 0.5, levels=2)[0]
    np.testing.assert_allclose(filtered, equal, atol=1e-6)
    whole = denoisers.wavelet(noisy[None], sigma=0.1, levels=2)[0]
    assert np.abs(filtered - whole).max() > 0.001


def test_without_a_run_it_is_refused(tmp_path, pw13):
    code, _, err = pw13("denoise", picture(tmp_path / "a.png", (28, 28)), "--runs-dir", tmp_path / "none")
    assert code == 1 and "no trained conv-dae run found; train one with: pw13 train-conv-dae" in err


def test_a_corrupt_model_is_refused(trained, tmp_path, pw13):
    copy = tmp_path / trained.name
    shutil.copytree(trained, copy)
    model = copy / "checkpoints/best.keras"
    model.write_bytes(model.read_bytes()[:1000])
    code, _, err = pw13("denoise", picture(tmp_path / "a.png", (28, 28)), "--run", copy)
    assert code == 1 and "best.keras" in err and "Traceback" not in err


@pytest.mark.parametrize("sides", [None, [27, 27], "28", [28], [True, 28], [0, 4], [1 << 20, 4]])
def test_corrupt_sides_are_refused(trained, tmp_path, pw13, sides):
    copy = tmp_path / trained.name
    shutil.copytree(trained, copy)
    facts = json.loads((copy / "run.json").read_text("utf-8"))
    (copy / "run.json").write_text(json.dumps({**facts, "sides": sides}), "utf-8")
    code, _, err = pw13("denoise", picture(tmp_path / "a.png", (28, 28)), "--run", copy)
    assert code == 1 and "sides" in err
