"""The rules by which a generated name is selected: few and whole words, the first one new and pronounceable."""

import itertools
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pw13.report.commentary.phrasing import format_count

MIN_LENGTH, MAX_LENGTH = 4, 30  # characters of a name
MAX_WORDS = 2
MIN_WORD = 3  # letters of any word
FIRST_WORD = (4, 9)  # letters
PAIR_SHARE = 1 / 500  # of the known words that have a letter pair, from which on it is frequent
NAMES_PER_WORD = 5000  # a further word is known if at least one name in so many, and two names, have it
VOWELS = frozenset("aeiouy")


class KnownWords(NamedTuple):
    """The words of a corpus, case ignored.

    names: in how many names each word occurs. minimum: in how many a known word occurs at least. pairs: the frequent
    letter pairs; a space stands for the beginning or the end of a word. capitalized: whether most names begin with a
    capital.
    """

    names: Mapping[str, int]
    minimum: int
    pairs: frozenset[str]
    capitalized: bool


def known_words(corpus: Sequence[str]) -> KnownWords:
    """Count the words and letter pairs of known names."""
    names = Counter(word for name in corpus for word in set(name.casefold().split()))
    words = [word for word in names if word.isalpha()]
    pairs = Counter(pair for word in words for pair in set(letter_pairs(word)))
    frequent = frozenset(pair for pair, count in pairs.items() if count >= PAIR_SHARE * len(words))
    capitalized = sum(name[:1].isupper() for name in corpus) > len(corpus) / 2
    return KnownWords(names, max(2, len(corpus) // NAMES_PER_WORD), frequent, capitalized)


def letter_pairs(word: str) -> list[str]:
    """Return the pairs of neighbouring letters, and a space with the first and with the last one."""
    padded = f" {word} "
    return [padded[index : index + 2] for index in range(len(padded) - 1)]


def is_presentable(text: str) -> bool:
    """Return whether a name has a suitable length, printable characters, and balanced quotes and brackets."""
    balanced = text.count('"') % 2 == 0 and text.count("(") == text.count(")")
    return MIN_LENGTH <= len(text) <= MAX_LENGTH and text == text.strip() and text.isprintable() and balanced


def broken_rules(text: str, known: KnownWords | None) -> tuple[str, ...]:
    """Return which rules a name breaks, in words; without known words only those on form are checked."""
    words = text.split()
    broken = [f"{len(words)} words"] if len(words) > MAX_WORDS else []
    broken += [f"no whole word: {word}" for word in words if not is_whole(word)]
    if not FIRST_WORD[0] <= len(words[0]) <= FIRST_WORD[1]:
        broken.append(f"{words[0]} has {format_count(len(words[0]), 'letter')}")
    return (*broken, *(_not_new(words, known) if known else ()))


def is_whole(word: str) -> bool:
    """Return whether a word has letters only, at least `MIN_WORD`, and no capital but the first."""
    return word.isalpha() and len(word) >= MIN_WORD and word[1:] == word[1:].lower()


def _not_new(words: Sequence[str], known: KnownWords) -> list[str]:
    """Return which rules on known words and their letter pairs a name breaks."""
    first = words[0].casefold()
    rare = [pair.strip() for pair in letter_pairs(first) if pair not in known.pairs]
    return [
        *([f"{words[0]} is a known word"] if first in known.names else []),
        *(f"{word} is no known word" for word in words[1:] if known.names.get(word.casefold(), 0) < known.minimum),
        *([f"no capital: {words[0]}"] if known.capitalized and not words[0][0].isupper() else []),
        *([f"rare letter pair: {rare[0]}"] if rare else []),
    ]


def alternation(word: str) -> float:
    """Return the share of neighbouring letters that are a vowel and a consonant: how easily a word is spoken."""
    vowels = [is_vowel(letter) for letter in word]
    return sum(a != b for a, b in itertools.pairwise(vowels)) / max(len(word) - 1, 1)


def is_vowel(letter: str) -> bool:
    """Return whether a letter, without its accents, is one of a, e, i, o, u and y."""
    return unicodedata.normalize("NFD", letter.casefold())[:1] in VOWELS
