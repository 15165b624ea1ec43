"""Import from folders, archives and IDX sets: every image once, in one split; hostile sources."""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pw13.data.checking import check
from pw13.data.images import idx, load_images
from pw13.data.images.idx import write_idx
from pw13.data.importing import idx_sets, picture_files, pictures
from pw13.data.importing.options import ImportOptions
from pw13.data.importing.pictures import import_set
from pw13.data.published import TEST_IMAGES, TRAIN_IMAGES
from pw13.errors import OptionError, UserError
from tests.helpers.data import FILES, make_images
from tests.helpers.disks import lack_sync_and_replace


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
    """Return the files of `count` distinct images per class."""
    images = letters(count * len(classes))
    return {f"{classes[i % len(classes)]}/{i}.png": png(image) for i, image in enumerate(images)}


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


def test_a_file_system_without_sync_and_replace_takes_a_data_folder(monkeypatch):
    lack_sync_and_replace(monkeypatch)
    import_set(put("src", tree()), Path("out"), ImportOptions())
    assert check(Path("out"))[0].faults == () and sorted(path.name for path in Path().iterdir()) == ["out", "src"]


def contents_in_order(images: list[np.ndarray]) -> list[bytes]:
    return [image.tobytes() for image in images]


def digests(folder: str) -> list[str]:
    return [hashlib.sha256(Path(folder, name).read_bytes()).hexdigest() for name in FILES]


def test_the_result_depends_on_content_and_seed_alone():
    """A folder and an archive of the same images, with other names and order, give the same bytes."""
    files = tree()
    renamed = {f"deep/{name[0]}/x{number}.PNG": files[name] for number, name in enumerate(reversed(files))}
    import_set(put("src", files), Path("one"), ImportOptions(seed=5))
    import_set(pack("src.tar.gz", renamed), Path("two"), ImportOptions(seed=5))
    import_set(pack("src.tar", renamed), Path("three"), ImportOptions(seed=6))
    assert digests("one") == digests("two") != digests("three")


@pytest.mark.parametrize(
    ("folders", "merged"),
    [
        (("train", "test"), "train/ and test/"),
        (("mnist_png/testing", "mnist_png/training"), "training/ and testing/"),
        (("Val/png", "Letters-Train/png"), "Letters-Train/ and Val/"),
        (("test", "valid", "train"), "train/ and valid/ and test/"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_source_that_is_split_already_is_merged_with_a_note(pw13, folders, merged, packed):
    files = {f"{folders[n // 2 % len(folders)]}/{name}": data for n, (name, data) in enumerate(tree().items())}
    code, out, err = pw13("data", "import", pack("src.tar", files) if packed else put("src", files), "out", "--json")
    note = f"{merged} are merged; the test set is drawn anew (--test-share)"
    assert code == 0 and err == f"note: {note}\n" and json.loads(out)["notes"] == [note]
    assert json.loads(out)["train"] == [18, 18] and json.loads(out)["test"] == [2, 2]


@pytest.mark.parametrize("folders", [("", ""), ("train", "train"), ("train/test", "train"), ("contest", "train")])
def test_classes_of_one_split_are_no_merge(folders):
    files = {f"./{folders[n // 2 % 2]}/{name}": data for n, (name, data) in enumerate(tree().items())}
    assert import_set(put("src", files), Path("out"), ImportOptions())["notes"] == []


@pytest.mark.parametrize("splits", [("train", "test"), ("Training", "validation")])
def test_splits_that_become_classes_are_noted(pw13, splits):
    files = {f"{name[0]}/{splits[n // 2 % 2]}/{n}.png": data for n, (name, data) in enumerate(tree().items())}
    code, out, err = pw13("data", "import", put("src", files), "out", "--json")
    named = ", ".join(f"{split}/" for split in sorted(splits))
    note = f"the classes are {named}; if they are splits, put the class folders into them (train/A, test/A)"
    assert code == 0 and err == f"note: {note}\n" and json.loads(out)["notes"] == [note]
    assert json.loads(out)["classes"] == sorted(splits)


@pytest.mark.parametrize("labels", [("train", "car"), ("train", "train")])
def test_classes_of_which_one_is_named_as_a_split_are_not_noted(labels):
    files = {f"{labels[n % 2]}/{name[2:]}": data for n, (name, data) in enumerate(tree().items())}
    assert import_set(put("src", files), Path("out"), ImportOptions())["notes"] == []


def test_classes_that_only_one_split_has_are_no_merge():
    files = {f"{'train' if name.startswith('A') else 'test'}/{name}": data for name, data in tree().items()}
    assert import_set(put("src", files), Path("out"), ImportOptions())["notes"] == []


def test_duplicates_and_images_in_two_classes_are_dropped():
    files = tree(10)
    files |= {f"A/copy{n}.png": files["A/0.png"] for n in range(4)}  # duplicates within a class: one is kept
    files |= {"B/stray.png": files["A/2.png"]}  # in A and in B: neither is kept
    files |= {"A/lossless.bmp": png(letters(20)[4], format="BMP")}  # the same pixels in another format
    record = import_set(put("src", files), Path("out"), ImportOptions(test_share=0.3))
    images = load_images("out")
    imported = np.concatenate([images.train_images, images.test_images])
    assert len(contents(imported)) == len(imported) == 19
    assert letters(20)[2].tobytes() not in contents(imported)
    assert (record["pictures"], record["repeats"], record["under_two_classes"]) == (26, 5, 2)


def test_unreadable_files_are_counted_and_listed():
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
        str(Path("A/cut.png")): "corrupt or truncated image",
        str(Path("A/empty.png")): "empty",
        str(Path("B/flipped.png")): "corrupt or truncated image",
        str(Path("B/page.png")): "not an image: the file looks like a web page (HTML)",
    }


def test_other_files_are_skipped():
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


def test_classes_are_in_natural_order_without_empty_ones():
    images = letters(24)
    files = {
        f"{label}/{n}.png": png(images[i * 2 + n]) for i, label in enumerate(["10", "9", "b", "a"]) for n in range(2)
    }
    record = import_set(put("src", files | {"0/x.png": b"corrupt"}), Path("out"), ImportOptions(test_share=0.5))
    assert record["classes"] == ["9", "10", "a", "b"]
    assert Path("out/classes.txt").read_bytes() == b"9\n10\na\nb\n"
    assert load_images("out").classes == ("9", "10", "a", "b")


def test_images_of_any_mode_become_greyscale_of_one_size():
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
    imported = np.concatenate([images.train_images, images.test_images])
    assert imported.shape == (4, 28, 28)
    means = sorted(float(image.mean()) for image in imported)
    assert means[1:] == pytest.approx([128, 150, 255], abs=2)  # 16 bits halved; luma of green; transparent is white


def test_images_of_two_sizes_require_a_size():
    files = tree() | {"B/wide.png": png(letters(1, 3, (28, 30))[0])}
    with pytest.raises(UserError, match=r"wide\.png is 28x30 pixels, .* 28x28; use --size 28"):
        import_set(put("src", files), Path("out"), ImportOptions())
    assert sorted(path.name for path in Path().iterdir()) == ["src"]


def test_transpose_swaps_rows_and_columns():
    import_set(
        put("src", {f"A/{n}.png": png(image) for n, image in enumerate(letters(4, 1, (5, 7)))}),
        Path("out"),
        ImportOptions(transpose=True),
    )
    assert contents(load_images("out").train_images) < {image.T.tobytes() for image in letters(4, 1, (5, 7))}


def test_an_archive_cannot_escape_its_folder():
    files = {"../A/0.png": b"x", "/A/0.png": b"x", "A/../../B/0.png": b"x", "C:/A/0.png": b"x", "..\\A\\0.png": b"x"}
    source = pack("src.tgz", files | tree(), {"A/link.png": "/etc/passwd", "B": "/etc"})
    record = import_set(source, Path("out"), ImportOptions())
    assert record["passed_over"] == {"links": 2, "paths that leave the archive": 5}
    assert sorted(path.name for path in Path().iterdir()) == ["out", "src.tgz"]
    assert sorted(path.name for path in Path("out").iterdir()) == sorted([*FILES, "classes.txt", "import.json"])


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_links_and_pipes_are_not_opened():
    put("elsewhere", {"secret.png": png(letters(1, 8)[0])})
    source = put("src", tree())
    Path("src/A/link.png").symlink_to(Path("elsewhere/secret.png").absolute())
    Path("src/C").symlink_to(Path("elsewhere").absolute())
    os.mkfifo("src/B/pipe.png")
    record = import_set(source, Path("out"), ImportOptions())
    assert record["passed_over"] == {"links": 2, "other files": 1} and record["classes"] == ["A", "B"]


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_source_of_links_only_is_refused_with_their_number():
    put("elsewhere", tree())
    Path("src").mkdir()
    for label in "AB":
        Path("src", label).symlink_to(Path("elsewhere", label).absolute())
    with pytest.raises(UserError, match=r"src: no images in class folders \(A/..., B/...\); skipped links: 2$"):
        import_set(Path("src"), Path("out"), ImportOptions())


def test_a_pixel_bomb_is_not_decoded():
    bomb = png(np.zeros((5000, 5000), np.uint8))
    record = import_set(put("src", tree() | {"A/bomb.png": bomb}), Path("out"), ImportOptions(side=28))
    assert record["unreadable_files"] == {
        str(Path("A/bomb.png")): "5000x5000 pixels, expected at most 16,777,216 in total"
    }


def test_an_archive_bomb_is_stopped(monkeypatch):
    monkeypatch.setattr(picture_files, "MIN_UNPACKED_LIMIT", 1 << 20)
    source = pack("src.tar.gz", {"A/0.png": png(letters(1)[0]), "zeros": bytes(8 << 20)})
    with pytest.raises(UserError, match=r"src\.tar\.gz: unpacks to more than 1,048,576 bytes"):
        import_set(source, Path("out"), ImportOptions())
    assert [path.name for path in Path().iterdir()] == ["src.tar.gz"]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_archive_is_refused(part):
    data = pack("src.tar.gz", tree()).read_bytes()
    Path("cut.tar.gz").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(UserError, match=r"cut\.tar\.gz: corrupt"):
        import_set(Path("cut.tar.gz"), Path("out"), ImportOptions())
    plain = gzip.decompress(data)
    Path("cut.tar").write_bytes(plain[: int(len(plain.rstrip(b"\0")) * part) // 512 * 512])
    with pytest.raises(UserError, match=r"cut\.tar: corrupt"):
        import_set(Path("cut.tar"), Path("out"), ImportOptions())
    assert not Path("out").exists()


def test_the_checksum_after_the_archive_is_verified():
    data = pack("src.tar.gz", tree()).read_bytes()
    Path("src.tar.gz").write_bytes(data[:-8] + bytes([data[-8] ^ 1]) + data[-7:])
    with pytest.raises(UserError, match="corrupt or truncated gzip data"):
        import_set(Path("src.tar.gz"), Path("out"), ImportOptions())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, r"no images in class folders \(A/..., B/...\)$"),
        ({"top.png": png(letters(1)[0])}, r"class folders \(.*\); skipped pictures outside a class folder: 1$"),
        ({"A/x.png": b"x", "A/y.png": b"", "B/Thumbs.db": b""}, "; unreadable files: 2; skipped other files: 1$"),
        ({"A/x.png": png(letters(1)[0])}, "1 distinct images are too few"),
        (
            {"A/x.png": png(letters(1)[0]), "B/x.png": png(letters(1)[0])},
            "no images remain: 2 appear under two classes",
        ),
    ],
)
def test_a_source_with_too_few_images_is_refused(files, words):
    Path("src").mkdir()
    with pytest.raises(UserError, match=words):
        import_set(put("src", files), Path("out"), ImportOptions())
    assert not Path("out").exists()


def test_too_many_classes_are_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_CLASSES", 2)
    with pytest.raises(UserError, match="more than 2 class folders"):
        import_set(put("src", tree(4, "ABC")), Path("out"), ImportOptions())


def test_a_set_that_pw13_would_not_read_is_refused_before_it_is_written(monkeypatch):
    """Of 40 images of 8x8 pixels 36 are for training: 2,304 bytes."""
    monkeypatch.setattr(idx, "MAX_BYTES", 2303)
    put("src", tree())
    fault = "src: 36 images of 8x8 are 2,304 bytes, expected at most 2,303; use --size 7 or smaller"
    with monkeypatch.context() as patch, pytest.raises(UserError, match=fault):
        patch.setattr(pictures, "write_idx", None)
        import_set(Path("src"), Path("out"), ImportOptions(side=8))
    assert [path.name for path in Path().iterdir()] == ["src"]
    import_set(Path("src"), Path("out"), ImportOptions(side=7))
    assert load_images("out").train_images.shape == (36, 7, 7)


@pytest.mark.parametrize(("train", "test", "large"), [(37, 4, FILES[0]), (4, 37, FILES[2])])
def test_an_idx_set_that_pw13_would_not_read_scaled_is_refused_before_it_is_written(monkeypatch, train, test, large):
    source = put_idx("src", FILES, np.arange(train) % 2, np.arange(test) % 2)
    monkeypatch.setattr(idx, "MAX_BYTES", 36 * 28 * 28 * 4)
    fault = f"{large}: 37 images of 56x56 are 116,032 bytes, expected at most 112,896; use --size 55 or smaller"
    with monkeypatch.context() as patch, pytest.raises(UserError, match=fault):
        patch.setattr(idx_sets, "write_idx", None)
        import_set(source, Path("out"), ImportOptions(side=56))
    assert [path.name for path in Path().iterdir()] == ["src"]
    import_set(source, Path("out"), ImportOptions(side=55))
    assert len(load_images("out").train_images) == train


def test_unusable_sources_and_targets_are_refused():
    put("src", tree())
    with pytest.raises(UserError, match="nowhere: no such"):
        import_set(Path("nowhere"), Path("out"), ImportOptions())
    Path("file.zip").write_bytes(b"x")
    with pytest.raises(UserError, match=r"expected a folder or a \.tar, \.tar\.gz or \.tgz archive"):
        import_set(Path("file.zip"), Path("out"), ImportOptions())
    put("full", {"x": b""})
    with pytest.raises(UserError, match="full: not empty; choose a new folder"):
        import_set(Path("src"), Path("full"), ImportOptions())
    Path("empty").mkdir()
    import_set(Path("src"), Path("empty"), ImportOptions())
    assert load_images("empty").classes == ("A", "B")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ImportOptions(side=0), "--size"),
        (ImportOptions(side=5000), "--size"),
        (ImportOptions(test_share=0.0), "--test-share"),
        (ImportOptions(test_share=1.0), "--test-share"),
        (ImportOptions(test_share=float("nan")), "--test-share"),
        (ImportOptions(seed=-1), "--seed"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        import_set(put("src", tree()), Path("out"), options)


def test_worker_processes_give_the_same_result(monkeypatch):
    import_set(put("src", tree(40)), Path("one"), ImportOptions())
    monkeypatch.setattr(pictures, "BATCH", 8)
    monkeypatch.setattr(pictures, "FIRST_IN_PROCESS", 16)
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


def test_labels_from_one_under_emnist_names_are_renumbered():
    source = put_idx("src", EMNIST, np.arange(52) % 26 + 1, np.arange(26) + 1)
    record = import_set(source, Path("out"), ImportOptions(transpose=True))
    images = load_images("out")
    assert images.train_labels.tolist() == [*range(26), *range(26)] and images.test_labels.tolist() == [*range(26)]
    assert images.classes == tuple(str(number) for number in range(1, 27))
    assert np.array_equal(images.train_images, make_images(52, 1)[0].transpose(0, 2, 1))
    assert record["old_labels"] == list(range(1, 27))


def test_emnist_without_transpose_is_noted(pw13):
    put_idx("src", EMNIST, np.arange(6) % 3, np.arange(3))
    code, _, err = pw13("data", "import", "src", "out", "--quiet")
    assert code == 0 and err == (
        "note: EMNIST's images lie on their side, as its files have rows and columns swapped; use --transpose\n"
    )
    assert pw13("data", "import", "src", "turned", "--quiet", "--transpose")[2] == ""
    put_idx("mnist", FILES, np.arange(6) % 3, np.arange(3))
    assert pw13("data", "import", "mnist", "other", "--quiet")[2] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text")
def test_names_that_are_not_utf8_are_escaped_in_folders_and_archives(pw13):
    broken, odd = "A/br\udcf6ken.png", {f"Caf\udce9/{n}.png": png(image) for n, image in enumerate(letters(5, 7))}
    files = tree() | odd | {broken: b"no picture"}
    for source in (put("src", files), pack("src.tar", files)):
        code, out, err = pw13("data", "import", source, f"{source}-made")
        record = json.loads(Path(f"{source}-made/import.json").read_text("utf-8"))
        assert code == 0 and "A/br\\xf6ken.png (not an image)" in err and "Caf\\xe9" in out
        assert record["classes"] == ["A", "B", "Caf\\xe9"] and record["pictures"] == 45
        assert load_images(f"{source}-made").classes == ("A", "B", "Caf\\xe9")


@pytest.mark.parametrize("classes", [10, 47, 62])
def test_sets_of_any_number_of_classes(classes):
    """MNIST and Fashion-MNIST have 10 classes, EMNIST balanced 47 and by class 62."""
    source = put_idx("src", FILES, np.arange(classes * 2) % classes, np.arange(classes))
    import_set(source, Path("out"), ImportOptions())
    assert len(load_images("out").classes) == classes
    assert digests("out")[1] == digests("src")[1]


def test_class_names_come_from_classes_txt_or_emnists_mapping():
    source = put_idx("src", EMNIST, np.arange(6) % 3 + 1, np.arange(3) + 1)
    Path("src/emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n", "ascii")
    import_set(source, Path("letters"), ImportOptions())
    assert load_images("letters").classes == ("A", "B", "C")
    for text, names in (("one\ntwo\nthree\n", ("one", "two", "three")), ("0\nU\nV\nW\n", ("U", "V", "W"))):
        Path("src/classes.txt").write_text(text, "utf-8")
        target = Path("out-" + names[0])
        import_set(source, target, ImportOptions())
        assert load_images(str(target)).classes == names
    for text, fault in (
        ("one\ntwo\n", "2 class names, expected 3 or 4"),
        ("a\na\nb\n", "line 2: 'a' is empty, a dup"),
    ):
        Path("src/classes.txt").write_text(text, "utf-8")
        with pytest.raises(UserError, match=fault):
            import_set(source, Path("out"), ImportOptions())


@pytest.mark.parametrize("mapping", ["", "no mapping\n", "1 65\n2 65\n3 66\n", "1 65\n2 66\n", "1 7\n2 8\n3 9\n"])
def test_an_incomplete_or_ambiguous_mapping_is_ignored(mapping):
    source = put_idx("src", EMNIST, np.arange(6) % 3 + 1, np.arange(3) + 1)
    Path("src/emnist-letters-mapping.txt").write_text(mapping, "ascii")
    import_set(source, Path("out"), ImportOptions())
    assert load_images("out").classes == ("1", "2", "3")


def test_an_error_on_emnist_names_suggests_data_import():
    put_idx("src", EMNIST, np.arange(6) % 3 + 1, np.arange(3) + 1)
    with pytest.raises(UserError, match=r"missing .*; found emnist-.*: convert such names with `pw13 data import`"):
        load_images("src")


def test_an_idx_set_is_transposed_and_scaled_in_blocks(monkeypatch):
    source = put_idx("src", FILES, np.arange(20) % 2, np.arange(2))
    import_set(source, Path("whole"), ImportOptions(side=14, transpose=True))
    monkeypatch.setattr(idx_sets, "IMAGES_PER_BLOCK", 3)
    import_set(source, Path("blocks"), ImportOptions(side=14, transpose=True))
    assert digests("whole") == digests("blocks")


def test_labels_with_gaps_are_renumbered_and_images_scaled():
    source = put_idx("src", FILES, np.tile([2, 5, 200], 4), np.array([200, 2]))
    import_set(source, Path("out"), ImportOptions(side=14))
    images = load_images("out")
    assert images.classes == ("2", "5", "200") and images.test_labels.tolist() == [2, 0]
    assert images.train_images.shape == (12, 14, 14)


@pytest.mark.parametrize("option", [("--test-share", "0.3"), ("--seed", "0")])
def test_options_of_a_split_are_refused_for_idx_files(pw13, option):
    put_idx("src", FILES, np.arange(6) % 3, np.arange(3))
    code, _, err = pw13("data", "import", "src", "out", *option)
    assert code == 2 and err == (
        f"pw13: {option[0]}: the IDX files in src keep their split and order; leave {option[0]} out\n"
    )
    assert [path.name for path in Path().iterdir()] == ["src"]


def test_seed_and_test_share_are_recorded_where_they_split():
    import_set(put("src", tree()), Path("out"), ImportOptions())
    record = json.loads(Path("out/import.json").read_text())
    assert (record["seed"], record["test_share"]) == (0, 0.1)
    record = import_set(Path("src"), Path("out2"), ImportOptions(test_share=0.25, seed=3))
    assert (record["seed"], record["test_share"], record["test"]) == (3, 0.25, [5, 5])
    import_set(put_idx("idx", FILES, np.arange(6) % 3, np.arange(3)), Path("out3"), ImportOptions())
    assert not {"seed", "test_share"} & json.loads(Path("out3/import.json").read_text()).keys()


def test_an_inconsistent_idx_set_is_refused():
    put_idx("src", EMNIST, np.arange(10) % 2, np.array([0, 7]))
    with pytest.raises(UserError, match="test label 7 has no training image"):
        import_set(Path("src"), Path("out"), ImportOptions())
    Path("src", EMNIST[1]).unlink()
    with pytest.raises(UserError, match="missing train-labels"):
        import_set(Path("src"), Path("out"), ImportOptions())
    put_idx("both", FILES, np.arange(4) % 2, np.arange(2))
    write_idx(Path("both/mnist-train-images-idx3-ubyte"), (1, 2, 2), [np.zeros((1, 2, 2), np.uint8)])
    with pytest.raises(UserError, match=r"both .* and .* exist"):
        import_set(Path("both"), Path("out"), ImportOptions())
    assert not Path("out").exists()


def test_the_command_reports_unreadable_files(pw13):
    put("src", tree() | {"A/empty.png": b"", "A/[red]\x1b.png": b"x"})
    code, out, err = pw13("data", "import", "src", "out", "--test-share", 0.2, "--seed", 3)
    assert code == 0 and "unreadable files" in out and "A/empty.png (empty)" in err and "\x1b" not in err
    code, out, err = pw13("data", "import", "src", "out2", "--json")
    assert json.loads(out)["train"] == [18, 18]
    assert pw13("data", "import", "src", "out")[0] == 1
    assert pw13("data", "import", "src", "out3", "--test-share", "nan")[0] == 2
    assert pw13("data", "import", "src", "out3", "--size", "0")[0] == 2


@pytest.mark.parametrize("kind", ["pictures", "idx"])
def test_an_interrupted_import_leaves_nothing(pw13, monkeypatch, kind):
    from pw13.system import signals

    if kind == "pictures":
        put("src", tree())
    else:
        put_idx("src", FILES, np.arange(6) % 3, np.arange(3))
    monkeypatch.setattr(signals, "_received", [2])
    code, _, err = pw13("data", "import", "src", "out")
    assert code == 130 and "interrupted; nothing was written" in err
    assert [path.name for path in Path().iterdir()] == ["src"]


@pytest.mark.parametrize("kind", ["pictures", "idx"])
def test_every_block_that_is_written_is_progress(monkeypatch, kind):
    for module in (pictures, idx_sets):
        monkeypatch.setattr(module, "IMAGES_PER_BLOCK", 4)
    source = put("src", tree(5)) if kind == "pictures" else put_idx("src", FILES, np.arange(8) % 2, np.arange(2))
    calls = []
    import_set(source, Path("out"), ImportOptions(), progress=lambda *call: calls.append(call))
    written = [(TRAIN_IMAGES, 4, 8), (TRAIN_IMAGES, 8, 8), (TEST_IMAGES, 2, 2)]
    assert [call for call in calls if call[0] != "src"] == written
