"""Importing: every picture once, on one side, from folders, archives and IDX sets; hostile sources."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pw13.data.checking import check
from pw13.data.images import load_images
from pw13.data.images.idx import write_idx
from pw13.data.importing import idx_sets, picture_files, pictures
from pw13.data.importing.options import ImportOptions
from pw13.data.importing.pictures import import_set
from pw13.errors import OptionError, UserError
from tests.helpers.data import FILES, make_images


def png(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def letters(count: int, seed: int = 0, size: tuple[int, int] = (28, 28)) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, *size)).astype(np.uint8))


def put(folder: str, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Path(folder)


def pack(name: str, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(name, "w:gz" if name.endswith("gz") else "w") as archive:
        for path, target in (links or {}).items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return Path(name)


def tree(count: int = 20, classes: str = "AB") -> dict[str, bytes]:
    """`count` different pictures a class."""
    every = letters(count * len(classes))
    return {f"{classes[i % len(classes)]}/{i}.png": png(image) for i, image in enumerate(every)}


def contents(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_folders_become_a_data_folder():
    record = import_set(put("src", tree()), Path("out"), ImportOptions(test_share=0.25))
    images = load_images("out")
    assert images.classes == ("A", "B")
    assert record["train"] == np.bincount(images.train_labels).tolist() == [15, 15]
    assert record["test"] == np.bincount(images.test_labels).tolist() == [5, 5]
    by_label = dict(zip(contents_in_order(letters(40)), [0, 1] * 20, strict=True))
    for array, labels in ((images.train_images, images.train_labels), (images.test_images, images.test_labels)):
        assert [by_label[image.tobytes()] for image in array] == labels.tolist()
    assert contents(images.train_images) | contents(images.test_images) == set(by_label)
    assert json.loads(Path("out/import.json").read_text())["pictures"] == 40
    assert check(Path("out"))[0].faults == ()


def contents_in_order(images: list[np.ndarray]) -> list[bytes]:
    return [image.tobytes() for image in images]


def digests(folder: str) -> list[str]:
    return [hashlib.sha256(Path(folder, name).read_bytes()).hexdigest() for name in FILES]


def test_content_and_seed_alone_decide():
    """The same pictures from a folder, an archive, under other names, in another order: the same bytes."""
    files = tree()
    renamed = {f"deep/{name[0]}/x{number}.PNG": files[name] for number, name in enumerate(reversed(files))}
    import_set(put("src", files), Path("one"), ImportOptions(seed=5))
    import_set(pack("src.tar.gz", renamed), Path("two"), ImportOptions(seed=5))
    import_set(pack("src.tar", renamed), Path("three"), ImportOptions(seed=6))
    assert digests("one") == digests("two") != digests("three")


def test_no_picture_stands_on_both_sides_or_under_two_classes():
    files = tree(10)
    files |= {f"A/copy{n}.png": files["A/0.png"] for n in range(4)}  # repeats within a class: one is kept
    files |= {"B/stray.png": files["A/2.png"]}  # under A and under B: neither is kept
    files |= {"A/lossless.bmp": png(letters(20)[4], format="BMP")}  # the same pixels in another format
    record = import_set(put("src", files), Path("out"), ImportOptions(test_share=0.3))
    images = load_images("out")
    every = np.concatenate([images.train_images, images.test_images])
    assert len(contents(every)) == len(every) == 19
    assert letters(20)[2].tobytes() not in contents(every)
    assert (record["pictures"], record["repeats"], record["under_two_classes"]) == (26, 5, 2)


def test_unreadable_files_are_counted_and_named():
    good = png(letters(1, 9)[0])
    files = tree() | {
        "A/empty.png": b"",
        "A/cut.png": good[: len(good) // 2],
        "B/page.png": b"<html>",
        "B/flipped.png": good[:60] + bytes([good[60] ^ 255]) + good[61:],
    }
    record = import_set(put("src", files), Path("out"), ImportOptions())
    assert record["unreadable"] == 4
    assert record["unreadable_files"] == {
        str(Path("A/cut.png")): "damaged",
        str(Path("A/empty.png")): "empty",
        str(Path("B/flipped.png")): "damaged",
        str(Path("B/page.png")): "not a picture",
    }


def test_other_files_are_passed_over():
    files = tree() | {
        "A/Thumbs.db": b"x",
        "A/.hidden.png": b"x",
        "__MACOSX/A/0.png": b"x",
        "top.png": b"x",
        "LICENSE": b"x",
    }
    record = import_set(put("src", files), Path("out"), ImportOptions())
    assert record["passed_over"]["other files"] == 4
    assert record["passed_over"]["pictures outside a class folder"] == 1
    assert record["unreadable"] == 0


def test_classes_are_in_their_natural_order_and_empty_ones_left_out():
    every = letters(24)
    files = {
        f"{label}/{n}.png": png(every[i * 2 + n]) for i, label in enumerate(["10", "9", "b", "a"]) for n in range(2)
    }
    record = import_set(put("src", files | {"0/x.png": b"damaged"}), Path("out"), ImportOptions(test_share=0.5))
    assert record["classes"] == ["9", "10", "a", "b"]
    assert Path("out/classes.txt").read_bytes() == b"9\n10\na\nb\n"
    assert load_images("out").classes == ("9", "10", "a", "b")


def test_any_picture_is_scaled_and_made_grey():
    colour = np.zeros((40, 50, 3), np.uint8)
    colour[..., 1] = 255
    clear = np.zeros((30, 30, 4), np.uint8)
    deep = np.full((10, 10), 0x8000, np.uint16)
    files = {
        "A/colour.jpg": png(colour, format="JPEG"),
        "A/clear.png": png(clear),
        "B/deep.png": png(deep),
        "B/bits.gif": png(np.eye(20, dtype=np.uint8) * 255, format="GIF"),
    }
    import_set(put("src", files), Path("out"), ImportOptions(side=28, test_share=0.5))
    images = load_images("out")
    every = np.concatenate([images.train_images, images.test_images])
    assert every.shape == (4, 28, 28)
    means = sorted(float(image.mean()) for image in every)
    assert means[1:] == pytest.approx([128, 150, 255], abs=2)  # 16 bits halved; green by its luma; transparent is white


def test_pictures_of_two_sizes_ask_for_a_size():
    files = tree() | {"B/wide.png": png(letters(1, 3, (28, 30))[0])}
    with pytest.raises(UserError, match=r"wide\.png has 28x30 pixels, .* 28x28; --size 28"):
        import_set(put("src", files), Path("out"), ImportOptions())
    assert sorted(path.name for path in Path().iterdir()) == ["src"]


def test_transposed():
    import_set(
        put("src", {f"A/{n}.png": png(image) for n, image in enumerate(letters(4, 1, (5, 7)))}),
        Path("out"),
        ImportOptions(transpose=True),
    )
    assert contents(load_images("out").train_images) < {image.T.tobytes() for image in letters(4, 1, (5, 7))}


def test_an_archive_cannot_lead_anywhere():
    files = {"../A/0.png": b"x", "/A/0.png": b"x", "A/../../B/0.png": b"x", "C:/A/0.png": b"x", "..\\A\\0.png": b"x"}
    source = pack("src.tgz", files | tree(), {"A/link.png": "/etc/passwd", "B": "/etc"})
    record = import_set(source, Path("out"), ImportOptions())
    assert record["passed_over"] == {"links": 2, "paths that leave the archive": 5}
    assert sorted(path.name for path in Path().iterdir()) == ["out", "src.tgz"]
    assert sorted(path.name for path in Path("out").iterdir()) == sorted([*FILES, "classes.txt", "import.json"])


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_links_and_pipes_in_a_folder_are_not_opened():
    put("elsewhere", {"secret.png": png(letters(1, 8)[0])})
    source = put("src", tree())
    Path("src/A/link.png").symlink_to(Path("elsewhere/secret.png").absolute())
    Path("src/C").symlink_to(Path("elsewhere").absolute())
    os.mkfifo("src/B/pipe.png")
    record = import_set(source, Path("out"), ImportOptions())
    assert record["passed_over"] == {"links": 2, "other files": 1} and record["classes"] == ["A", "B"]


def test_a_bomb_of_pixels_is_unreadable_and_not_decoded():
    bomb = png(np.zeros((5000, 5000), np.uint8))
    record = import_set(put("src", tree() | {"A/bomb.png": bomb}), Path("out"), ImportOptions(side=28))
    assert record["unreadable_files"] == {str(Path("A/bomb.png")): "too large: 5000x5000 pixels"}


def test_an_archive_that_unpacks_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(picture_files, "ALWAYS_UNPACKED", 1 << 20)
    source = pack("src.tar.gz", {"A/0.png": png(letters(1)[0]), "zeros": bytes(8 << 20)})
    with pytest.raises(UserError, match=r"src\.tar\.gz: unpacks to more than 1,048,576 bytes"):
        import_set(source, Path("out"), ImportOptions())
    assert [path.name for path in Path().iterdir()] == ["src.tar.gz"]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_cut_archive_is_refused(part):
    data = pack("src.tar.gz", tree()).read_bytes()
    Path("cut.tar.gz").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(UserError, match=r"cut\.tar\.gz: damaged"):
        import_set(Path("cut.tar.gz"), Path("out"), ImportOptions())
    plain = gzip.decompress(data)
    Path("cut.tar").write_bytes(plain[: int(len(plain.rstrip(b"\0")) * part) // 512 * 512])
    with pytest.raises(UserError, match=r"cut\.tar: damaged"):
        import_set(Path("cut.tar"), Path("out"), ImportOptions())
    assert not Path("out").exists()


def test_what_follows_the_archive_is_checked_too():
    data = pack("src.tar.gz", tree()).read_bytes()
    Path("src.tar.gz").write_bytes(data[:-8] + bytes([data[-8] ^ 1]) + data[-7:])
    with pytest.raises(UserError, match="damaged or incomplete gzip data"):
        import_set(Path("src.tar.gz"), Path("out"), ImportOptions())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no pictures in class folders"),
        ({"top.png": png(letters(1)[0])}, "no pictures in class folders"),
        ({"A/x.png": b"x", "A/y.png": b""}, "2 files are unreadable"),
        ({"A/x.png": png(letters(1)[0])}, "1 different pictures are too few"),
        (
            {"A/x.png": png(letters(1)[0]), "B/x.png": png(letters(1)[0])},
            "no picture is left: 2 stand under two classes",
        ),
    ],
)
def test_a_source_without_enough_is_refused(files, words):
    Path("src").mkdir()
    with pytest.raises(UserError, match=words):
        import_set(put("src", files), Path("out"), ImportOptions())
    assert not Path("out").exists()


def test_more_classes_than_a_label_can_say(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_CLASSES", 2)
    with pytest.raises(UserError, match="more than 2 class folders"):
        import_set(put("src", tree(4, "ABC")), Path("out"), ImportOptions())


def test_other_sources_and_targets_are_refused():
    put("src", tree())
    with pytest.raises(UserError, match="nowhere: no such"):
        import_set(Path("nowhere"), Path("out"), ImportOptions())
    Path("file.zip").write_bytes(b"x")
    with pytest.raises(UserError, match="expected a folder, or an archive"):
        import_set(Path("file.zip"), Path("out"), ImportOptions())
    put("full", {"x": b""})
    with pytest.raises(UserError, match="full: is there already and not empty"):
        import_set(Path("src"), Path("full"), ImportOptions())
    Path("empty").mkdir()
    import_set(Path("src"), Path("empty"), ImportOptions())
    assert load_images("empty").classes == ("A", "B")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (ImportOptions(side=0), "--size"),
        (ImportOptions(side=5000), "--size"),
        (ImportOptions(test_share=0.0), "--test-share"),
        (ImportOptions(test_share=1.0), "--test-share"),
        (ImportOptions(test_share=float("nan")), "--test-share"),
        (ImportOptions(seed=-1), "--seed"),
    ],
)
def test_choices_out_of_range(choice, words):
    with pytest.raises(OptionError, match=words):
        import_set(put("src", tree()), Path("out"), choice)


def test_many_pictures_go_through_other_processes_with_the_same_result(monkeypatch):
    import_set(put("src", tree(40)), Path("one"), ImportOptions())
    monkeypatch.setattr(pictures, "BATCH", 8)
    monkeypatch.setattr(pictures, "IN_THIS_PROCESS", 16)
    import_set(Path("src"), Path("two"), ImportOptions())
    assert digests("one") == digests("two")


def put_idx(folder: str, names: tuple[str, ...], train_labels: np.ndarray, test_labels: np.ndarray) -> Path:
    Path(folder).mkdir()
    arrays = make_images(len(train_labels), 1)[0], train_labels, make_images(len(test_labels), 2)[0], test_labels
    for name, array in zip(names, arrays, strict=True):
        write_idx(Path(folder, name), array.shape, [np.asarray(array, np.uint8)])
    return Path(folder)


EMNIST = tuple(
    f"emnist-letters-{part}-{what}-ubyte.gz" for part in ("train", "test") for what in ("images-idx3", "labels-idx1")
)


def test_labels_from_one_are_shifted_under_emnist_names():
    source = put_idx("src", EMNIST, np.arange(52) % 26 + 1, np.arange(26) + 1)
    record = import_set(source, Path("out"), ImportOptions(transpose=True))
    images = load_images("out")
    assert images.train_labels.tolist() == [*range(26), *range(26)] and images.test_labels.tolist() == [*range(26)]
    assert images.classes == tuple(str(number) for number in range(1, 27))
    assert np.array_equal(images.train_images, make_images(52, 1)[0].transpose(0, 2, 1))
    assert record["old_labels"] == list(range(1, 27))


@pytest.mark.parametrize("classes", [10, 47, 62])
def test_sets_of_any_number_of_classes(classes):
    """The shapes of MNIST and Fashion-MNIST (10), EMNIST balanced (47) and by class (62)."""
    source = put_idx("src", FILES, np.arange(classes * 2) % classes, np.arange(classes))
    import_set(source, Path("out"), ImportOptions())
    assert len(load_images("out").classes) == classes
    assert digests("out")[1] == digests("src")[1]


def test_class_names_come_along_from_classes_txt_or_the_mapping_of_emnist():
    source = put_idx("src", EMNIST, np.arange(6) % 3 + 1, np.arange(3) + 1)
    Path("src/emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n", "ascii")
    import_set(source, Path("letters"), ImportOptions())
    assert load_images("letters").classes == ("A", "B", "C")
    for words, found in (("one\ntwo\nthree\n", ("one", "two", "three")), ("0\nU\nV\nW\n", ("U", "V", "W"))):
        Path("src/classes.txt").write_text(words, "utf-8")
        target = Path("out-" + found[0])
        import_set(source, target, ImportOptions())
        assert load_images(str(target)).classes == found
    for words, fault in (
        ("one\ntwo\n", "2 class names, expected 3 or 4"),
        ("a\na\nb\n", "line 2: 'a' is empty, a rep"),
    ):
        Path("src/classes.txt").write_text(words, "utf-8")
        with pytest.raises(UserError, match=fault):
            import_set(source, Path("out"), ImportOptions())


@pytest.mark.parametrize("mapping", ["", "no mapping\n", "1 65\n2 65\n3 66\n", "1 65\n2 66\n", "1 7\n2 8\n3 9\n"])
def test_a_mapping_that_does_not_name_every_class_once_is_passed_over(mapping):
    source = put_idx("src", EMNIST, np.arange(6) % 3 + 1, np.arange(3) + 1)
    Path("src/emnist-letters-mapping.txt").write_text(mapping, "ascii")
    import_set(source, Path("out"), ImportOptions())
    assert load_images("out").classes == ("1", "2", "3")


def test_files_under_other_names_are_told_where_to_go():
    put_idx("src", EMNIST, np.arange(6) % 3 + 1, np.arange(3) + 1)
    with pytest.raises(UserError, match=r"missing .*; emnist-.* is there: `pw13 data import` takes such names"):
        load_images("src")


def test_many_images_of_an_idx_set_are_turned_and_scaled_block_by_block(monkeypatch):
    source = put_idx("src", FILES, np.arange(20) % 2, np.arange(2))
    import_set(source, Path("whole"), ImportOptions(side=14, transpose=True))
    monkeypatch.setattr(idx_sets, "BLOCK", 3)
    import_set(source, Path("blocks"), ImportOptions(side=14, transpose=True))
    assert digests("whole") == digests("blocks")


def test_labels_with_gaps_are_closed_and_sizes_scaled():
    source = put_idx("src", FILES, np.tile([2, 5, 200], 4), np.array([200, 2]))
    import_set(source, Path("out"), ImportOptions(side=14))
    images = load_images("out")
    assert images.classes == ("2", "5", "200") and images.test_labels.tolist() == [2, 0]
    assert images.train_images.shape == (12, 14, 14)


def test_an_idx_set_that_does_not_fit_is_refused():
    put_idx("src", EMNIST, np.arange(10) % 2, np.array([0, 7]))
    with pytest.raises(UserError, match="test label 7 has no training image"):
        import_set(Path("src"), Path("out"), ImportOptions())
    Path("src", EMNIST[1]).unlink()
    with pytest.raises(UserError, match="missing train-labels"):
        import_set(Path("src"), Path("out"), ImportOptions())
    put_idx("both", FILES, np.arange(4) % 2, np.arange(2))
    write_idx(Path("both/mnist-train-images-idx3-ubyte"), (1, 2, 2), [np.zeros((1, 2, 2), np.uint8)])
    with pytest.raises(UserError, match="are both there"):
        import_set(Path("both"), Path("out"), ImportOptions())
    assert not Path("out").exists()


def test_the_command(pw13):
    put("src", tree() | {"A/empty.png": b"", "A/[red]\x1b.png": b"x"})
    code, out, err = pw13("data", "import", "src", "out", "--test-share", 0.2, "--seed", 3)
    assert code == 0 and "unreadable files" in out and "A/empty.png (empty)" in err and "\x1b" not in err
    code, out, err = pw13("data", "import", "src", "out2", "--json")
    assert json.loads(out)["train"] == [18, 18]
    assert pw13("data", "import", "src", "out")[0] == 1
    assert pw13("data", "import", "src", "out3", "--test-share", "nan")[0] == 2
    assert pw13("data", "import", "src", "out3", "--size", "0")[0] == 2


def test_a_signal_stops_it_and_leaves_nothing(pw13, monkeypatch):
    from pw13.system import signals

    put("src", tree())
    monkeypatch.setattr(signals, "_received", [2])
    code, _, err = pw13("data", "import", "src", "out")
    assert code == 130 and "interrupted; nothing was written" in err
    assert [path.name for path in Path().iterdir()] == ["src"]
