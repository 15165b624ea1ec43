"""The known name nearest to a generated one."""

import pytest

from pw13.inference import similarity
from pw13.inference.similarity import nearest_known

CORPUS = ("ACME", "Acme", "Facebook", "Straße AG")


@pytest.mark.parametrize(
    ("text", "nearest", "similarity"),
    [
        ("acme", "ACME", 1.0),
        ("FACEBOK", "Facebook", 14 / 15),
        ("STRASSE AG", "Straße AG", 1.0),
    ],
)
def test_case_is_ignored(text, nearest, similarity):
    (found,) = nearest_known([text], CORPUS)
    assert (found.name, found.similarity) == (nearest, pytest.approx(similarity))


def test_an_identical_name_is_preferred_to_one_in_another_case():
    assert nearest_known(["Acme", "ACME"], CORPUS) == [("Acme", 1.0), ("ACME", 1.0)]


def test_names_come_back_in_their_order():
    assert [nearest.name for nearest in nearest_known(["facebooc", "acm", "Facebook"], CORPUS)] == [
        "Facebook",
        "ACME",
        "Facebook",
    ]


@pytest.mark.parametrize("corpus", [None, ()])
def test_without_a_corpus_no_name_is_known(corpus):
    assert nearest_known(["Acme", "Zimble"], corpus) == [None, None]


def test_blocks_of_names_give_what_the_whole_gives(monkeypatch):
    names = [f"{first}{last}" for first in ("ax", "Bo", "cu", "Ax", "de") for last in ("nim", "nimbo", "zi", "")]
    texts = ["axnimb", "Axzi", "bo", "denimbus", "qq", "cuzi"]
    whole = nearest_known(texts, names)
    monkeypatch.setattr(similarity, "BLOCK", 3)
    monkeypatch.setattr(similarity, "COMPARISONS", 6)
    assert nearest_known(texts, names) == whole
    assert whole[0].name == "axnimbo"  # before "Axnimbo", which is as similar
