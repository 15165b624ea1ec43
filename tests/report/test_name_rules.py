"""The rules for generated names: whole, few, new and pronounceable words."""

import pytest

from pw13.report.name_rules import alternation, broken_rules, is_presentable, known_words, letter_pairs

CORPUS = ["Bonobo Labs", "Nimble Labs", "Cobalt", "Moneta Net", "Global Tobano Net"]


@pytest.mark.parametrize(
    ("text", "presentable"),
    [("Zimble", True), ('The "Zim" Co', True), ("Zim (UK)", True), ('Zimble LLC"', False), ("Zim (UK", False),
     ("Zim", False), ("Z" * 31, False), (" Zimble", False), ("Zim\x85ble", False)],
)  # fmt: skip
def test_a_presentable_name_has_a_suitable_length_and_balanced_quotes_and_brackets(text, presentable):
    assert is_presentable(text) == presentable


def test_letter_pairs_include_the_ends_of_a_word():
    assert letter_pairs("abc") == [" a", "ab", "bc", "c "]


def test_words_are_counted_once_per_name_and_case_ignored():
    words = known_words(["Acme Acme", "ACME Net", "x1 Zoo"])
    assert words.names == {"acme": 2, "net": 1, "x1": 1, "zoo": 1}
    assert words.minimum == 2
    assert "zo" in words.pairs and "x1" not in words.pairs


def test_a_letter_pair_is_frequent_in_one_of_500_words():
    corpus = [*("b" + "a" * n for n in range(1, 1000)), "xo"]
    assert "ba" in known_words(corpus).pairs and "xo" not in known_words(corpus).pairs
    assert "xo" in known_words([*corpus[:400], "xo"]).pairs


def test_a_further_word_is_known_by_a_share_of_the_names():
    assert known_words(["Acme"] * 4).minimum == 2
    assert known_words(["Acme"] * 50_000).minimum == 10


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Monobo", ()),
        ("Toneta Labs", ()),
        ("Monobo Labs Net", ("3 words",)),
        ("Monobo Co", ("no whole word: Co", "Co is no known word")),
        ("Mon-obo", ("no whole word: Mon-obo", "rare letter pair: n-")),
        ("MonObo", ("no whole word: MonObo",)),
        ("Neta", ()),
        ("neta", ("no capital: neta",)),
        ("Tobonobano", ("Tobonobano has 10 letters",)),
        ("Global Net", ("Global is a known word",)),
        ("GLOBAL Net", ("no whole word: GLOBAL", "GLOBAL is a known word")),
        ("Monobo Cobalt", ("Cobalt is no known word",)),
        ("Monoxo", ("rare letter pair: ox",)),
        ("Monoboz", ("rare letter pair: oz",)),
    ],
)
def test_broken_rules_are_named(text, broken):
    assert broken_rules(text, known_words(CORPUS)) == broken


def test_without_known_words_only_the_form_is_checked():
    assert broken_rules("Global Xqzt", None) == ()
    assert broken_rules("A Global Xqzt Net", None) == ("4 words", "no whole word: A", "A has 1 letter")


@pytest.mark.parametrize(
    ("word", "share"), [("Zimbo", 3 / 4), ("Kitola", 1), ("rhythm", 2 / 5), ("strong", 2 / 5), ("Été", 1), ("a", 0)]
)
def test_a_pronounceable_word_alternates_vowels_and_consonants(word, share):
    assert alternation(word) == pytest.approx(share)
