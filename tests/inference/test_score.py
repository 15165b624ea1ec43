"""`pw13 score`: likelihood of names, without training."""

import json
import math

import numpy as np
import pytest

from pw13.data.names import vocabulary
from pw13.inference import log_probabilities
from pw13.inference.name_generator import load_generator
from pw13.runs.record import read_run
from tests.helpers import charrnn_run

BAD_BYTE = "line 1, byte 2 (0xff) is not UTF-8; set the file's encoding with --encoding"
KNOWN = ["abc", "hag", "bad", "deaf"]


@pytest.fixture
def run(tmp_path):
    """Write a completed char-RNN run with training names."""
    folder = charrnn_run.make_run(tmp_path / "runs" / charrnn_run.NAME)
    document = {**charrnn_run.DOCUMENTS["vocabulary.json"], "names": KNOWN}
    (folder / "vocabulary.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def expected(run, name):
    """Return ln p of each character after the run's first ending."""
    generator = load_generator(read_run(run))
    vocab = generator.vocab_file.vocabulary
    ending = vocab.encode(charrnn_run.ENDINGS[0])
    return log_probabilities.of_names(
        generator.network, vocab.encode(name + "\n"), vocab.newline, ending
    ).log_probabilities


def score(pw13, run, *arguments):
    return pw13("score", *arguments, "--run", run)


def test_names_are_scored_per_character_and_ranked_among_training_names(pw13, run):
    code, out, err = score(pw13, run, "abba", "hag", "--json")
    assert code == 0, err
    document = json.loads(out)
    for scored, name in zip(document["names"], ["abba", "hag"], strict=True):
        values = [character["log_probability"] for character in scored["characters"]]
        assert scored["text"] == name
        assert "".join(character["character"] for character in scored["characters"]) == name + "\n"
        assert values == pytest.approx(expected(run, name), abs=1e-6)
        assert scored["log_probability"] == pytest.approx(sum(values))
        means = [expected(run, other).mean() for other in KNOWN]
        less, equal = (np.mean([op(np.mean(values)) for op in ops]) for ops in _compare(means))
        assert scored["percentile"] == pytest.approx(100 * (less + equal / 2))
    assert document["characters"] == 9
    assert document["nats"] == pytest.approx(-sum(scored["log_probability"] for scored in document["names"]) / 9)
    assert document["bits"] == pytest.approx(document["nats"] / math.log(2))


def _compare(means):
    return (
        [lambda value, mean=mean: mean < value - 1e-5 for mean in means],
        [lambda value, mean=mean: abs(mean - value) <= 1e-5 for mean in means],
    )


def test_a_file_is_scored_after_the_arguments(pw13, run, tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfbad\r\n\r\nabc\n")
    document = json.loads(score(pw13, run, "hag", "--file", tmp_path / "list.txt", "--json")[1])
    assert [scored["text"] for scored in document["names"]] == ["hag", "bad", "abc"]


@pytest.mark.parametrize("fix_accents", [True, False])
def test_accents_in_a_file_are_repaired_as_for_the_training(pw13, run, tmp_path, fix_accents):
    vocab = vocabulary.build_vocabulary("\nabcdefgá")
    endings = tuple(ending.replace("h", "á") for ending in charrnn_run.ENDINGS)
    changes = {
        "config.json": {"fix_accents": fix_accents},
        "run.json": {"vocabulary": vocab.digest},
        "vocabulary.json": vocabulary.to_data(vocab, endings),
    }
    for name, change in changes.items():
        document = {**charrnn_run.DOCUMENTS[name], **change}
        (run / name).write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "list.txt").write_text("bad\nb\x87d\n", encoding="utf-8")
    code, out, err = score(pw13, run, "--file", tmp_path / "list.txt", "--json")
    if fix_accents:
        assert [scored["text"] for scored in json.loads(out)["names"]] == ["bad", "bád"]
    else:
        assert code == 1 and "list.txt: line 2: 'b\\x87d': '\\x87' (U+0087) is not in the model's vocabulary" in err


def test_several_names_are_rows_with_their_mean(pw13, run):
    code, out, _ = score(pw13, run, "abc", "hag")
    assert code == 0
    assert "abc↵" in out and "hag↵" in out and "2 names, 8 characters: " in out
    assert "bits)" in out


def test_a_single_name_shows_its_characters(pw13, run):
    out = score(pw13, run, "abc")[1]
    values = [f"{-value:.4g}" for value in expected(run, "abc")]
    assert [value in out for value in values] == [True] * 4


def test_a_name_longer_than_any_window_is_scored(pw13, run):
    code, out, _ = score(pw13, run, "abcdefgh" * 500, "--json")
    assert code == 0 and json.loads(out)["characters"] == 4001


def test_a_run_without_training_names_has_no_percentiles(pw13, tmp_path):
    folder = charrnn_run.make_run(tmp_path / "runs" / charrnn_run.NAME)
    code, out, err = score(pw13, folder, "abc", "--json")
    assert code == 0 and json.loads(out)["names"][0]["percentile"] is None
    assert "no percentiles" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([""], 2, "NAME '': expected at least one character, received an empty name"),
        (["abz"], 2, "NAME 'abz': 'z' (U+007A) is not in the model's vocabulary"),
        (["a\nb"], 2, "NAME 'a\\nb': expected a single name, received a newline"),
        ([], 2, "NAME: expected names, or a list of names with --file; received neither"),
        (["--file", "unknown.txt"], 1, "unknown.txt: line 4: 'Zab': 'Z' (U+005A) is not in the model's vocabulary"),
        (["--file", "binary.txt"], 1, f"binary.txt: {BAD_BYTE}"),
        (["--file", "empty.txt"], 1, "empty.txt: contains no names (the file is empty)"),
        (["--file", "missing.txt"], 1, "missing.txt: no such file or directory"),
        (["abc", "--encoding", "klingon", "--file", "unknown.txt"], 2, "--encoding: unknown encoding 'klingon'"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line(pw13, run, tmp_path, arguments, code, message):
    (tmp_path / "unknown.txt").write_text("\ufeffabc\r\n\n \nZab\n", encoding="utf-8")
    (tmp_path / "binary.txt").write_bytes(b"a\xff\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    assert score(pw13, run, *arguments) == (code, "", f"pw13: {message}\n")


@pytest.mark.parametrize("names", [["ab\n"], ["xyz"], [3], "abc", {"a": 1}])
def test_corrupt_training_names_are_refused(pw13, run, names):
    document = {**charrnn_run.DOCUMENTS["vocabulary.json"], "names": names}
    (run / "vocabulary.json").write_text(json.dumps(document), encoding="utf-8")
    code, out, err = score(pw13, run, "abc")
    assert (code, out) == (1, "")
    assert "vocabulary.json: corrupt: names" in err and err.count("\n") == 1
