"""`data info` and `data check`: counts on small sets, every fault at once, and counts of the real data."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pw13.data.checking import check
from pw13.data.images import digests, load_images
from pw13.data.images.idx import write_idx
from pw13.data.inspection import count_constant, describe_images, describe_names, resolved_paths
from pw13.data.names import load_names
from pw13.figures.contact_sheet import contact_sheet
from tests.helpers.data import FILES, make_data, make_images


def make_set(train: list[int], test: list[int], train_labels: list[int], test_labels: list[int]) -> None:
    """Make a folder "set" of 2x2 images; each is one of nine patterns, the first of them constant."""
    patterns = np.random.default_rng(0).integers(0, 256, (9, 2, 2)).astype(np.uint8)
    patterns[0] = 255
    Path("set").mkdir()
    arrays = patterns[train], np.array(train_labels, np.uint8), patterns[test], np.array(test_labels, np.uint8)
    for name, array in zip(FILES, arrays, strict=True):
        write_idx(Path("set", name), array.shape, [array])


def test_duplicates_constant_images_and_conflicting_labels_are_counted():
    make_set(train=[0, 1, 1, 1, 2, 3], test=[0, 0, 4, 3], train_labels=[0, 1, 1, 0, 0, 1], test_labels=[0, 0, 1, 0])
    facts = describe_images(load_images("set"))
    assert (facts["height"], facts["width"], facts["classes"]) == (2, 2, ["0", "1"])
    train, test = facts["train"], facts["test"]
    keys = "images", "distinct", "copied_patterns", "copies", "constant"
    assert [train[key] for key in keys] == [6, 4, 1, 3, 1]
    assert [test[key] for key in keys] == [4, 3, 1, 2, 2]
    assert train["per_class"] == [3, 3] and test["per_class"] == [3, 1]
    assert facts["test_in_train"] == 3  # the constant one twice, and pattern 3
    assert facts["under_two_labels"] == 2  # patterns 1 and 3
    assert [file["known"] for file in facts["files"]] == [None] * 4
    pixels = load_images("set").train_images / 255
    assert (train["mean"], train["std"]) == pytest.approx((pixels.mean(), pixels.std()))


def test_constant_images_are_counted_across_blocks():
    images, _ = make_images(5000, 3, (4, 10))
    images[[0, 4095, 4096, 4999]] = 7
    assert count_constant(images) == 4


def test_digests_are_equal_for_equal_pixels_only():
    images, _ = make_images(20, 1)
    hashes = digests(np.concatenate([images, images[:5]]))
    assert len(set(hashes)) == 20 and hashes[:5] == hashes[20:]


def test_a_corpus_is_counted():
    text = 'Nimbo\nNimbo\n"Vador, Inc."\nSzolg\x87ltat\x97\nM\x85bel\n x\nL\ufffdst\nÅre Labs\nNimbo\n'
    Path("names.txt").write_text(text, encoding="utf-8", newline="")
    facts = describe_names(load_names("names.txt"))
    assert (facts["names"], facts["distinct_names"], facts["repeats"], facts["repeated_names"]) == (9, 7, 2, 1)
    assert (facts["characters"], facts["distinct"]) == (len(text), len(set(text)))
    assert facts["windows"] == len(range(0, len(text) - 10, 3))
    assert facts["most_repeated"] == ["Nimbo", 3] and facts["in_quotes"] == 1 and facts["one_word"] == 6
    assert facts["length"] == {
        "shortest": 2,
        "median": 5,
        "mean": pytest.approx(58 / 9),
        "95 % at most": 13,
        "longest": 13,
    }
    assert facts["odd"] == {
        "not_ascii": 5,
        "names_not_ascii": 4,
        "control": 3,
        "mac_roman": 3,
        "line_ends_elsewhere": 1,
        "replacement": 1,
        "names_with_outer_spaces": 1,
    }


def test_default_paths_are_listed_in_order(monkeypatch):
    monkeypatch.setenv("PW13_DATA_DIR", "here")
    make_data(Path("data/notmnist"))
    assert [(place["flag"], Path(place["place"]), place["found"]) for place in resolved_paths()] == [
        ("--data", Path("here/notmnist"), False),
        ("--data", Path("data/notmnist"), True),
        ("--corpus", Path("here/startup-names/companies.csv"), False),
        ("--corpus", Path("data/startup-names/companies.csv"), False),
    ]


def test_all_faults_of_a_folder_are_reported(data):
    folder = make_data(Path("set"))
    Path(folder, FILES[0]).write_bytes(b"<html>")
    write_idx(folder / FILES[1], (3,), [np.array([1, 2, 9], np.uint8)])
    write_idx(folder / FILES[3], (59,), [np.zeros(59, np.uint8)])
    (folder / "classes.txt").write_text("A\n")
    (checked,) = check(folder)
    assert len(checked.faults) == 3 and checked.remarks == ()
    page, counts, gap = checked.faults
    assert FILES[0] in page and "web page" in page
    assert FILES[3] in counts and "60 images but 59 labels" in counts
    assert FILES[1] in gap and "labels from 1 to 9" in gap
    assert check(data) == [(str(data), (), (f"{data}: files without a published checksum: 4",))]


def test_a_valid_folder_gets_remarks():
    make_set(train=[0, 1, 1, 2], test=[1, 3], train_labels=[0, 1, 0, 1], test_labels=[0, 1])
    write_idx(Path("set", FILES[0].removesuffix(".gz")), (1, 2, 2), [np.zeros((1, 2, 2), np.uint8)])
    (checked,) = check(Path("set"))
    assert checked.faults == ()
    plain = FILES[0].removesuffix(".gz")
    assert checked.remarks == (
        "set: files without a published checksum: 4",
        "set: duplicate training images: 1",
        "set: constant training images: 1",
        "set: test images also in training: 1",
        "set: images with conflicting labels: 1",
        f"set: both {FILES[0]} and {plain} exist; using {FILES[0]}",
    )


def test_a_valid_corpus_gets_remarks():
    Path("names.txt").write_bytes("Nimbo\nNimbo\nSzolg\x87\n a\x0bb\nL\ufffdst\n".encode())
    (checked,) = check(Path("names.txt"))
    assert checked.faults == ()
    assert checked.remarks == (
        "names.txt: duplicate names: 1",
        "names.txt: garbled accents (Mac Roman decoded as Latin-1; repair with --fix-accents): 1",
        "names.txt: other control characters: 1",
        "names.txt: Unicode line separators: 1",
        "names.txt: replacement characters U+FFFD (the original letters are lost): 1",
        "names.txt: 1 name has a space at an edge; sampled names with one are not counted as whole",
    )


def test_every_invalid_line_of_a_corpus_is_reported():
    Path("names.txt").write_bytes(b"Nimbo\nCaf\xe9\nAr\0bo\nok\n\xff\n" + b"\xfe\n" * 30)
    (checked,) = check(Path("names.txt"))
    assert checked.faults[:3] == (
        "names.txt: line 3 contains a NUL byte",
        "names.txt: line 2, byte 4 (0xe9) is not UTF-8",
        "names.txt: line 5, byte 1 (0xff) is not UTF-8",
    )
    assert checked.faults[-1] == "names.txt: and 12 more such lines" and len(checked.faults) == 22


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no names"),
        (b"\n\n", "no names"),
        ("a\n".encode("utf-16"), "UTF-16"),
        (b"a\rb\r", "carriage returns only"),
    ],
)
def test_an_invalid_corpus_has_one_fault(data, words):
    Path("names.txt").write_bytes(data)
    (checked,) = check(Path("names.txt"))
    assert len(checked.faults) == 1 and words in checked.faults[0]


def test_a_corpus_is_checked_with_the_options_of_training(pw13):
    Path("names.txt").write_bytes("Café Zürich\nNaïve Labs\n".encode("cp1252"))
    Path("wide.txt").write_bytes("Acme\n".encode("utf-16"))
    assert pw13("data", "check", "names.txt")[0] == 1
    for name, encoding in (("names.txt", "cp1252"), ("wide.txt", "utf-16")):
        code, out, _ = pw13("data", "check", name, "--encoding", encoding, "--fix-accents")
        assert code == 0 and out.startswith(f"{name}: ok") and "accents: nothing to repair" in out
    code, out, _ = pw13("data", "check", "names.txt", "--encoding", "ascii")
    assert code == 1 and "byte 4 (0xe9) is not ASCII" in out
    assert pw13("data", "check", "names.txt", "--encoding", "klingon")[0] == 2


@pytest.mark.parametrize("name", ["makemore", "builtin"])
def test_a_file_with_the_name_of_a_corpus_is_checked_and_shown_itself(pw13, name):
    Path(name).write_text("Nimbo\nNimbo\nArbo\n", "utf-8")
    assert check(Path(name)) == [(name, (), (f"{name}: duplicate names: 1",))]
    for path in (f"./{name}", Path(name).absolute()):
        code, out, err = pw13("data", "info", "--data", "builtin", "--corpus", path, "--json")
        assert code == 0 and not err and json.loads(out)["names"]["names"] == 3


def test_an_empty_corpus_option_is_no_corpus(pw13):
    code, out, err = pw13("data", "info", "--data", "builtin", "--corpus", "")
    assert code == 1 and not out and err == "pw13: .: is a folder; expected a text file, one name per line\n"
    code, _, err = pw13("train-charrnn", "--corpus", "")
    assert code == 1 and "is a folder; expected a text file, one name per line" in err


def test_a_pointer_is_a_fault_of_a_corpus():
    Path("names.txt").write_text("version https://git-lfs.github.com/spec/v1\n", "utf-8")
    (checked,) = check(Path("names.txt"))
    assert "is a Git LFS pointer" in checked.faults[0]


def test_a_contact_sheet_is_cropped_to_40_classes_and_says_so():
    labels = np.repeat(np.arange(47), 2)
    images = np.zeros((94, 4, 4), np.uint8)
    figure = contact_sheet({"training": (images, labels)}, [str(k) for k in range(47)], "set")
    assert figure.get_suptitle() == "set\nfirst 40 of 47 classes"
    assert figure.axes[0].images[0].get_array().shape == (40 * 6 + 2, 2 * 6 + 2)


def test_check_exits_1_on_faults(pw13, data):
    code, out, _ = pw13("data", "check", data)
    assert code == 0 and out.startswith(f"{data}: ok\n")
    Path("bad.gz").write_bytes(b"PK\3\4")
    code, out, _ = pw13("data", "check", "bad.gz", "--json")
    assert code == 1 and json.loads(out)["faults"] == 1
    code, out, err = pw13("data", "check", "nowhere")
    assert code == 1 and out == "" and err == "pw13: nowhere: no such file or folder\n"
    Path("all/startup-names").mkdir(parents=True)
    Path("all/startup-names/companies.csv").write_bytes(b"\xff\n")
    make_data(Path("all/notmnist"))
    code, out, _ = pw13("data", "check", "all")
    assert code == 1 and f"{Path('all/notmnist')}: ok" in out and "companies.csv: 1 problem" in out


def test_info_shows_counts_and_draws_a_contact_sheet(pw13, data, corpus):
    code, out, _ = pw13("data", "info", "--data", data, "--corpus", corpus, "--figure", "sheet.png", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["images"]["train"]["images"] == 120 and facts["names"]["names"] == 300
    assert Path("sheet.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = pw13("data", "info", "--data", data, "--corpus", corpus)
    assert code == 0 and "images per class" in out and "single-word names" in out
    code, _, err = pw13("data", "info", "--data", data, "--corpus", corpus, "--figure", "sheet.bmp")
    assert code == 2 and "--figure" in err
    code, _, err = pw13("data", "info", "--data", "nowhere")
    assert code == 1 and "nowhere: no such folder" in err
    code, _, err = pw13("data", "info", "--data", data, "--corpus", corpus, "--encoding", "klingon")
    assert code == 2 and "--encoding" in err


@pytest.mark.slow
def test_the_real_data_have_their_known_counts(real_data):
    images = describe_images(load_images(None))
    assert [file["known"] for file in images["files"]] == ["stand-in", "stand-in", "as published", "as published"]
    train, test = images["train"], images["test"]
    assert (train["images"], train["distinct"], train["constant"], images["test_in_train"]) == (10_440, 10_440, 0, 0)
    assert (test["distinct"], test["copied_patterns"], test["copies"], test["constant"]) == (9804, 57, 253, 141)
    assert (train["mean"], train["std"]) == pytest.approx((0.4159, 0.4557), abs=5e-5)
    assert (test["mean"], test["std"]) == pytest.approx((0.4266, 0.4589), abs=5e-5)
    names = describe_names(load_names(None))
    assert (names["names"], names["distinct_names"], names["repeats"], names["repeated_names"]) == (
        172_486,
        171_377,
        1109,
        942,
    )
    assert (names["characters"], names["distinct"], names["windows"]) == (2_567_986, 150, 855_992)
    assert names["most_repeated"] == ["Monsun Kft", 7] and names["in_quotes"] == 3806 and names["one_word"] == 76_491
    assert (names["odd"]["names_not_ascii"], names["odd"]["not_ascii"], names["odd"]["line_ends_elsewhere"]) == (
        1032,
        1232,
        9,
    )
    assert list(names["length"].values()) == [1, 12, pytest.approx(13.89, abs=0.01), 29, 93]


def test_a_name_that_occurs_once_is_counted_once(pw13, tmp_path):
    (tmp_path / "names.txt").write_text("Nimbo\nTarvo\n", "utf-8")
    code, out, _ = pw13("data", "info", "--corpus", "names.txt", "--data", "builtin")
    assert code == 0 and re.search(r"\w+ \(1 time\)", out)
