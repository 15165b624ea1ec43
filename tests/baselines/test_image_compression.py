"""Image files and PCA as rivals of codes: sizes as of files on disk, measured once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pw13.baselines import image_compression, pca
from tests.helpers.data import make_images

IMAGES = make_images(12, 3)[0]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """Forget what this process has measured, and use a cache folder of the test's own."""
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "cache"))
    image_compression._lossless_bytes.cache_clear()
    image_compression._lossy_points.cache_clear()


@pytest.fixture
def encoded(monkeypatch) -> list[str]:
    """Return the list of formats that images are encoded in, one entry per image."""
    formats: list[str] = []
    encode = image_compression._encode

    def counted(image, format, options):
        formats.append(format)
        return encode(image, format, options)

    monkeypatch.setattr(image_compression, "_encode", counted)
    return formats


def saved(format: str, **options) -> tuple[float, float]:
    """Return mean file size and MSE of the images, saved one by one and read back."""
    sizes, errors = [], []
    for number, image in enumerate(IMAGES):
        path = Path(f"{number}.{format}")
        Image.fromarray(image).save(path, **options)
        sizes.append(path.stat().st_size)
        with Image.open(path) as opened:
            errors.append(np.mean((np.asarray(opened.convert("L"), float) - image) ** 2) / 255**2)
    return float(np.mean(sizes)), float(np.mean(errors))


def test_lossless_bytes_are_the_sizes_of_files():
    png, webp = saved("png", optimize=True), saved("webp", lossless=True, quality=100, method=4)
    assert png[1] == webp[1] == 0
    assert image_compression.lossless_bytes(IMAGES) == {"png_bytes": png[0], "webp_bytes": webp[0]}


@pytest.mark.parametrize(("format", "options"), [("webp", {"method": 6}), ("jpeg", {"optimize": True})])
def test_lossy_points_are_those_of_files(format, options):
    found = image_compression.lossy_points(IMAGES, format)
    qualities = image_compression.QUALITIES[format]
    assert [point.setting for point in found] == [f"quality {quality}" for quality in qualities]
    for point, quality in zip(found, qualities, strict=True):
        size, mse = saved(format, quality=quality, **options)
        assert point.bytes == size and point.mse == pytest.approx(mse, rel=1e-5)
    assert found[-1].mse < found[0].mse and found[-1].bytes > found[0].bytes


def test_two_images_are_enough():
    assert len(image_compression.lossy_points(IMAGES[:2], "jpeg")) == 4
    assert set(image_compression.lossless_bytes(IMAGES[:2])) == {"png_bytes", "webp_bytes"}


def test_the_second_call_takes_everything_from_the_cache(encoded, monkeypatch):
    def measure():
        image_compression._lossless_bytes.cache_clear()
        image_compression._lossy_points.cache_clear()
        return (
            image_compression.lossless_bytes(IMAGES),
            image_compression.lossy_points(IMAGES, "webp"),
            image_compression.lossy_points(IMAGES, "jpeg"),
            image_compression.pca_points(linear, vectors[:8], vectors[8:]),
        )

    vectors = IMAGES.reshape(12, -1).astype(np.float32) / 255
    linear = pca.fit(vectors[:8], 256)
    fitted = []
    points_of_codes = image_compression.code_points
    monkeypatch.setattr(image_compression, "code_points", lambda *a, **k: fitted.append(1) or points_of_codes(*a, **k))
    first = measure()
    assert {format: encoded.count(format) for format in set(encoded)} == {"png": 12, "webp": 12 + 48, "jpeg": 48}
    assert fitted == [1]
    assert measure() == first
    assert len(encoded) == 120 and fitted == [1]


def test_other_images_are_measured_anew(encoded):
    image_compression.lossy_points(IMAGES, "jpeg")
    image_compression.lossy_points(IMAGES[::-1], "jpeg")
    assert len(encoded) == 96


def test_codes_of_other_components_are_measured_anew():
    vectors = IMAGES.reshape(12, -1).astype(np.float32) / 255  # of many training images `train` is a sample
    points = [image_compression.pca_points(pca.fit(vectors[:n], 8), vectors[:8], vectors[8:]) for n in (8, 12)]
    assert points[0] != points[1]


def test_other_qualities_are_measured_anew(encoded, monkeypatch):
    first = image_compression.lossy_points(IMAGES, "jpeg")
    image_compression._lossy_points.cache_clear()
    monkeypatch.setitem(image_compression.QUALITIES, "jpeg", (5, 60))
    assert image_compression.lossy_points(IMAGES, "jpeg")[0] == first[0]
    assert len(encoded) == 12 * 6


def test_without_a_cache_a_process_measures_once(encoded, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "file" / "cache"))
    first, again = (image_compression.lossless_bytes(IMAGES) for _ in range(2))
    assert first == again and len(encoded) == 24


def test_pca_has_the_sizes_that_the_data_allow():
    vectors = IMAGES.reshape(12, -1).astype(np.float32) / 255
    found = image_compression.pca_points(pca.fit(vectors[:10], 256), vectors[:10], vectors[10:])
    sizes = {point.setting.split(",")[0] for point in found}
    assert sizes == {"8 components", "10 components"}
    rng = np.random.default_rng(0)
    many = rng.random((300, 400), np.float32)
    found = image_compression.pca_points(pca.fit(many, 256), many, many[:5])
    sizes = list(dict.fromkeys(int(point.setting.split()[0]) for point in found))
    assert sizes == [8, 16, 32, 64, 128, 256]
    best = [min(point.mse for point in found if point.setting.startswith(f"{size} ")) for size in sizes]
    assert best == sorted(best, reverse=True)


def test_truncated_pca_is_the_pca_of_that_size():
    vectors = IMAGES.reshape(12, -1).astype(np.float32) / 255
    for part, direct in zip(pca.fit(vectors, 9).truncate(4), pca.fit(vectors, 4), strict=True):
        np.testing.assert_array_equal(part, direct)
    assert len(pca.fit(vectors, 4).truncate(9).components) == 4
