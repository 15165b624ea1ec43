"""Vocabularies: ids, digests and vocabulary.json."""

import json

import numpy as np
import pytest

from pw13.data.names import vocabulary
from pw13.errors import UserError

TEXT = "Zoë\nAda\u0085x\n"


def saved(**changes):
    vocab = vocabulary.build_vocabulary(TEXT)
    return {**json.loads(json.dumps(vocabulary.to_data(vocab, ("da\u0085x\n",)))), **changes}


def test_characters_are_sorted_by_code_point():
    assert vocabulary.build_vocabulary("banana\nBob\n").characters == ("\n", "B", "a", "b", "n", "o")


def test_dictionaries_are_inverse():
    vocab = vocabulary.build_vocabulary(TEXT)
    assert all(vocab.id_to_char[vocab.char_to_id[character]] == character for character in TEXT)
    assert vocab.char_to_id["\n"] == vocab.newline == 0


def test_text_survives_encode_and_decode():
    vocab = vocabulary.build_vocabulary(TEXT)
    ids = vocab.encode(TEXT)
    assert ids.dtype == np.uint8
    assert ids.tolist() == [vocab.char_to_id[character] for character in TEXT]
    assert vocab.decode(ids) == TEXT
    assert vocab.decode(vocab.encode("")) == ""


def test_blocks_of_a_text_are_encoded_as_the_whole(monkeypatch):
    vocab = vocabulary.build_vocabulary(TEXT)
    whole = vocab.encode(TEXT)
    monkeypatch.setattr(vocabulary, "BLOCK", 4)
    assert vocab.encode(TEXT).tolist() == whole.tolist()
    with pytest.raises(KeyError, match="q"):
        vocab.encode(TEXT + "q")


def test_ids_have_the_smallest_dtype():
    assert vocabulary.build_vocabulary("".join(map(chr, range(10, 10 + 256)))).dtype == np.uint8
    assert vocabulary.build_vocabulary("".join(map(chr, range(10, 10 + 257)))).dtype == np.uint16


def test_an_unknown_character_raises_a_key_error():
    with pytest.raises(KeyError, match="q"):
        vocabulary.build_vocabulary(TEXT).encode("Adaq")


def test_digests_differ_between_vocabularies():
    digests = {vocabulary.build_vocabulary(text).digest for text in ("ab\n", "abc\n", "ac\n")}
    assert len(digests) == 3
    assert vocabulary.build_vocabulary("ab\n").digest == vocabulary.build_vocabulary("b\na\n").digest


def test_vocabulary_json_survives_a_round_trip():
    read = vocabulary.from_data(saved(), path="v.json")
    assert read.vocabulary == vocabulary.build_vocabulary(TEXT)
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
def test_a_corrupt_file_is_refused(content):
    with pytest.raises(UserError, match=r"v\.json"):
        vocabulary.from_data(content, path="v.json")


def test_a_newer_format_is_refused():
    with pytest.raises(UserError, match=r"7.*newer.*1"):
        vocabulary.from_data(saved(format=7), path="v.json")
