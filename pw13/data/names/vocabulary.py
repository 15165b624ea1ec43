"""The characters of a corpus and their numbers: the handout's encoding and decoding dictionaries."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import UserError

NEWLINE = "\n"
FORMAT = 1


@dataclass(frozen=True)
class Vocabulary:
    """The distinct characters of a text, sorted by code point; a character's id is its place."""

    characters: tuple[str, ...]

    @cached_property
    def char_to_id(self) -> dict[str, int]:
        """Character -> id."""
        return {character: number for number, character in enumerate(self.characters)}

    @cached_property
    def id_to_char(self) -> dict[int, str]:
        """Id -> character."""
        return dict(enumerate(self.characters))

    @property
    def size(self) -> int:
        return len(self.characters)

    @property
    def newline(self) -> int:
        """The id of the newline, which ends every name."""
        return self.char_to_id[NEWLINE]

    @property
    def dtype(self) -> np.dtype:
        """The smallest unsigned type that holds every id."""
        return np.min_scalar_type(max(self.size - 1, 0))

    @cached_property
    def digest(self) -> str:
        """The sha256 of the characters in order: models with equal digests mean the same by an id."""
        return hashlib.sha256("".join(self.characters).encode("utf-8")).hexdigest()

    def encode(self, text: str) -> np.ndarray:
        """The ids of a text's characters, `(len(text),)` in `self.dtype`.

        Raises:
            KeyError: a character is not in the vocabulary; the key is that character.
        """
        points, known = code_points(text), self._code_points
        places = np.minimum(np.searchsorted(known, points), self.size - 1)
        strange = np.flatnonzero(known[places] != points)
        if len(strange):
            raise KeyError(text[strange[0]])
        return places.astype(self.dtype)

    def decode(self, ids: np.ndarray) -> str:
        """The text of `(n,)` integer ids."""
        return self._code_points[ids].astype("<u4").tobytes().decode("utf-32-le")

    @cached_property
    def _code_points(self) -> np.ndarray:
        return code_points("".join(self.characters))


class VocabularyFile(NamedTuple):
    """What `vocabulary.json` holds."""

    vocabulary: Vocabulary
    endings: tuple[str, ...]  # the last characters of training names, newline included: where a name may begin


def code_points(text: str) -> np.ndarray:
    """The Unicode code points of a text, `(len(text),)` uint32."""
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def build_vocabulary(text: str) -> Vocabulary:
    """The vocabulary of a text."""
    return Vocabulary(tuple(map(chr, np.unique(code_points(text)))))


def to_data(vocabulary: Vocabulary, endings: tuple[str, ...]) -> dict[str, Any]:
    """The content of `vocabulary.json`."""
    return {
        "format": FORMAT,
        "digest": vocabulary.digest,
        "encode": vocabulary.char_to_id,
        "decode": vocabulary.id_to_char,
        "endings": list(endings),
    }


def from_data(data: Any, *, path: object) -> VocabularyFile:
    """The vocabulary and the endings in a `vocabulary.json`; `path` is for messages only.

    Raises:
        UserError: the content is not a vocabulary, its dictionaries disagree, or a newer format wrote it.
    """
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected a vocabulary (a JSON object), received {type(data).__name__}")
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise UserError(f"{path}: vocabulary format {data['format']} is newer than {FORMAT}, the newest known here")
    encode, decode, endings = data.get("encode"), data.get("decode"), data.get("endings")
    if not (isinstance(encode, dict) and isinstance(decode, dict) and isinstance(endings, list)):
        raise UserError(f"{path}: a vocabulary has encode, decode and endings; the file is damaged")
    characters = tuple(encode)
    vocabulary = Vocabulary(characters)
    if not _agree(vocabulary, encode, decode) or data.get("digest") != vocabulary.digest:
        raise UserError(f"{path}: the vocabulary's dictionaries and digest do not agree; the file is damaged")
    known = set(characters)
    if not all(isinstance(ending, str) and ending.endswith(NEWLINE) and set(ending) <= known for ending in endings):
        raise UserError(f"{path}: a name's ending has characters that the vocabulary lacks; the file is damaged")
    return VocabularyFile(vocabulary, tuple(endings))


def _agree(vocabulary: Vocabulary, encode: dict, decode: dict) -> bool:
    characters = vocabulary.characters
    plain = all(len(character) == 1 and not "\ud800" <= character <= "\udfff" for character in characters)
    return (
        plain
        and NEWLINE in encode
        and list(characters) == sorted(characters)
        and encode == vocabulary.char_to_id
        and decode == {str(number): character for number, character in vocabulary.id_to_char.items()}
    )
