"""Decoding a picture: orientation, range, transparency, frames and formats; the same for `import` and `denoise`."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from pw13.data.importing import picture_files
from pw13.data.importing.options import ImportOptions
from pw13.data.importing.pictures import import_set
from pw13.data.pictures import OTHER_SUFFIXES, SUFFIXES, Unreadable, read_grey, to_bytes, to_floats
from pw13.inference import image_files

RAMP = np.tile(np.linspace(0, 255, 30).astype(np.uint8), (20, 1))


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    buffer.seek(0)
    return buffer


def decode(file):
    return read_grey(file, max_pixels=1_000_000)


def tiff(values, *, photometric=1, bits=16, sample_format=1):
    """Return a TIFF of one strip, whose tags Pillow would not write so."""
    data = np.ascontiguousarray(values).tobytes()
    entries = [
        (256, 4, values.shape[1]), (257, 4, values.shape[0]), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
        (273, 4, 8), (277, 3, 1), (278, 4, values.shape[0]), (279, 4, len(data)), (339, 3, sample_format),
    ]  # fmt: skip
    table = b"".join(
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<I" if kind == 4 else "<HH", *((n,) if kind == 4 else (n, 0)))
        for tag, kind, n in entries
    )
    head = b"II*\0" + struct.pack("<I", 8 + len(data))
    return io.BytesIO(head + data + struct.pack("<H", len(entries)) + table + b"\0\0\0\0")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    corner = np.zeros((20, 30), np.uint8)
    corner[:10, :15] = 255  # in the stored picture: top left
    pixels = decode(encoded(Image.fromarray(corner), "PNG", exif=exif)).pixels
    assert pixels.shape == ((20, 30) if orientation < 5 else (30, 20))
    top, left = {1: (1, 1), 2: (1, 0), 3: (0, 0), 4: (0, 1), 5: (1, 1), 6: (1, 0), 7: (0, 0), 8: (0, 1)}[orientation]
    assert pixels[0 if top else -1, 0 if left else -1] == 255 and np.mean(pixels == 255) == 0.25


def test_damaged_exif_data_do_not_matter():
    assert np.array_equal(decode(encoded(Image.fromarray(RAMP), "PNG", exif=b"Exif\0\0II*\0\xff\xff")).pixels, RAMP)


DEEP = np.array([[0, 1000, 30000, 65535]], np.uint16)


@pytest.mark.parametrize(
    "file",
    [
        encoded(Image.fromarray(DEEP), "PNG"),
        encoded(Image.fromarray(DEEP), "TIFF"),
        io.BytesIO(b"P5 4 1 65535\n" + DEEP.astype(">u2").tobytes()),
        tiff(DEEP),
        tiff(65535 - DEEP, photometric=0),
        encoded(Image.fromarray((DEEP / 65535).astype(np.float32)), "TIFF"),
        tiff((1 - DEEP / 65535).astype("<f4"), photometric=0, bits=32, sample_format=3),
    ],
    ids=["png", "tiff", "pgm", "tiff-16", "white-is-zero", "floats", "floats-white-is-zero"],
)
def test_deep_pixels_keep_their_range(file):
    pixels = decode(file).pixels
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, DEEP / 65535, atol=1e-6)
    assert to_bytes(pixels).tolist() == [[0, 4, 117, 255]]


def test_twelve_bits_have_their_own_white():
    packed = bytes([0x00, 0x0F, 0xFF, 0x80, 0x00, 0x00])  # 0, 4095, 2048, 0
    file = tiff(np.frombuffer(packed, np.uint8).reshape(1, 6), bits=12)
    content = bytearray(file.getvalue())
    content[8 + 6 + 2 + 8 : 8 + 6 + 2 + 12] = struct.pack("<I", 4)  # the width in pixels
    np.testing.assert_allclose(decode(io.BytesIO(bytes(content))).pixels, [[0, 1, 2048 / 4095, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (tiff(np.array([[0, 300]], "<i4"), bits=32, sample_format=2), "32-bit integers with unknown range"),
        (tiff(np.array([[-5, 300]], "<i2"), sample_format=2), "16-bit integers with unknown range"),
        (encoded(Image.fromarray(np.array([[0, 255]], np.float32)), "TIFF"), "pixel values from 0 to 255, expected 0"),
        (encoded(Image.fromarray(np.array([[0, np.nan]], np.float32)), "TIFF"), "pixel values from nan"),
    ],
)
def test_pixels_of_unknown_range_are_refused(file, message):
    with pytest.raises(Unreadable, match=message):
        decode(file)


def test_transparency_is_on_white():
    for image in (Image.new("RGBA", (4, 4), (0, 0, 0, 0)), Image.new("LA", (4, 4), (0, 0))):
        assert np.all(decode(encoded(image, "PNG")).pixels == 255)
    marked = encoded(Image.fromarray(DEEP), "PNG", transparency=1000)
    np.testing.assert_allclose(decode(marked).pixels, [[0, 1, 30000 / 65535, 1]], atol=1e-6)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM", "JPEG2000", "WEBP", "AVIF", "JPEG"])
def test_every_format_is_read(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    grey = decode(encoded(Image.fromarray(RAMP), kind, **options))
    np.testing.assert_allclose(grey.pixels, RAMP, atol=8)
    assert grey.frames == 1


def test_lab_is_the_grey_that_it_was():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(Image.fromarray(RAMP).convert("RGB"), *profiles, outputMode="LAB")
    np.testing.assert_allclose(decode(encoded(lab, "TIFF")).pixels, RAMP, atol=4)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_of_several_frames_the_first_is_read(kind):
    frames = [Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (0, 100, 200)]
    grey = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert grey.frames == 3 and np.all(to_floats(grey.pixels) < 0.02)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "JPEG2000"])
def test_a_damaged_picture_is_called_corrupt(kind):
    whole = encoded(Image.fromarray(RAMP), kind).getvalue()
    for damaged in (whole[:14], whole[:14] + bytes(len(whole) - 14)):
        with pytest.raises(Unreadable, match=r"^corrupt or truncated image$"):
            decode(io.BytesIO(damaged))


def test_a_tiff_that_pillow_does_not_know_may_be_of_an_unsupported_kind():
    with pytest.raises(Unreadable, match=r"^corrupt, or a kind of TIFF that is not supported$"):
        decode(tiff(DEEP, photometric=32803))  # of a camera's sensor


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypisom", "video"),
        (b"\xff\x0a\xfa", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0" * 128 + b"DICM", "DICOM"),
    ],
)
def test_other_formats_are_called_by_their_names(head, name):
    with pytest.raises(Unreadable, match=rf"^{name} file, not supported; convert it to PNG"):
        decode(io.BytesIO(head + b"\0" * 200))


def test_other_files_are_called_what_they_look_like():
    for head, what in ((b"<!doctype html>", "web page"), (b"version https://git-lfs", "Git LFS pointer")):
        with pytest.raises(Unreadable, match=f"not an image: the file .*{what}"):
            decode(io.BytesIO(head + b"\n" * 200))


def test_import_and_denoise_see_the_same_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    upright, deep, clear = Image.fromarray(RAMP), Image.fromarray(DEEP), Image.new("RGBA", (3, 2), (0, 0, 0, 99))
    for number, (image, options) in enumerate([(upright, {"exif": exif}), (deep, {}), (clear, {})]):
        path = tmp_path / f"{number}.png"
        image.save(path, **options)
        imported = picture_files.decode(path.read_bytes(), None)
        pixels = np.frombuffer(imported.pixels, np.uint8).reshape(imported.shape)
        np.testing.assert_allclose(image_files.read_grey(path), pixels / 255, atol=0.51 / 255)


def test_an_import_counts_frames_and_names_formats_in_any_case(tmp_path):
    for letter, value in (("A", 0), ("B", 128)):
        (tmp_path / "src" / letter).mkdir(parents=True)
        for number in range(4):
            pixels = np.full((8, 8), value + number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "src" / letter / f"{number}.PNG")
    second = Image.fromarray(np.full((8, 8), 250, np.uint8))
    Image.fromarray(np.full((8, 8), 9, np.uint8)).save(
        tmp_path / "src/A/movie.GIF", save_all=True, append_images=[second]
    )
    (tmp_path / "src/B/photo.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    record = import_set(tmp_path / "src", tmp_path / "out", ImportOptions())
    assert record["pictures"] == 9 and record["first_of_several_frames"] == 1
    (reason,) = record["unreadable_files"].values()
    assert reason == "HEIC file, not supported; convert it to PNG"


def test_no_suffix_is_listed_twice():
    assert not set(SUFFIXES) & set(OTHER_SUFFIXES)
