"""Characters and their numbers."""

import json

import numpy as np
import pytest

from pw13.data.names import vocabulary
from pw13.errors import UserError

TEXT = "Zoë\nAda\u0085x\n"


def saved(**changes):
    words = vocabulary.of_text(TEXT)
    return {**json.loads(json.dumps(vocabulary.to_data(words, ("da\u0085x\n",)))), **changes}


def test_characters_are_distinct_and_sorted_by_code_point():
    assert vocabulary.of_text("banana\nBob\n").characters == ("\n", "B", "a", "b", "n", "o")


def test_dictionaries_undo_each_other():
    words = vocabulary.of_text(TEXT)
    assert all(words.decode[words.encode[character]] == character for character in TEXT)
    assert words.encode["\n"] == words.newline == 0


def test_text_to_ids_and_back():
    words = vocabulary.of_text(TEXT)
    ids = words.ids(TEXT)
    assert ids.dtype == np.uint8
    assert ids.tolist() == [words.encode[character] for character in TEXT]
    assert words.text(ids) == TEXT
    assert words.text(words.ids("")) == ""


def test_ids_take_the_smallest_type():
    assert vocabulary.of_text("".join(map(chr, range(10, 10 + 256)))).dtype == np.uint8
    assert vocabulary.of_text("".join(map(chr, range(10, 10 + 257)))).dtype == np.uint16


def test_a_strange_character_is_named():
    with pytest.raises(KeyError, match="q"):
        vocabulary.of_text(TEXT).ids("Adaq")


def test_digest_tells_vocabularies_apart():
    digests = {vocabulary.of_text(text).digest for text in ("ab\n", "abc\n", "ac\n")}
    assert len(digests) == 3
    assert vocabulary.of_text("ab\n").digest == vocabulary.of_text("b\na\n").digest


def test_file_round_trip():
    read = vocabulary.from_data(saved(), path="v.json")
    assert read.vocabulary == vocabulary.of_text(TEXT)
    assert read.endings == ("da\u0085x\n",)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        saved(encode={"a": 0}),
        saved(decode={"0": "a"}),
        saved(digest="0" * 64),
        saved(endings=["q\n"]),
        saved(endings=["Ada"]),
        saved(endings=[3]),
        saved(encode=[1]),
    ],
)
def test_a_damaged_file_is_refused_by_name(content):
    with pytest.raises(UserError, match=r"v\.json"):
        vocabulary.from_data(content, path="v.json")


def test_a_newer_format_is_refused_with_both_versions():
    with pytest.raises(UserError, match=r"7.*newer.*1"):
        vocabulary.from_data(saved(format=7), path="v.json")
