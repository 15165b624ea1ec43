"""The characters of a corpus and their ids: the handout's encoding and decoding dictionaries."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import UserError

NEWLINE = "\n"
FORMAT = 1
BLOCK = 2**18  # characters encoded at a time: 8-byte indices of a whole corpus would be most of the memory


@dataclass(frozen=True)
class Vocabulary:
    """The distinct characters of a text, sorted by code point; a character's id is its index."""

    characters: tuple[str, ...]

    @cached_property
    def char_to_id(self) -> dict[str, int]:
        """Character -> id."""
        return {character: index for index, character in enumerate(self.characters)}

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
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned type that holds every id."""
        return np.min_scalar_type(max(self.size - 1, 0))

    @cached_property
    def digest(self) -> str:
        """The sha256 of the characters in order: vocabularies with equal digests have the same ids."""
        return hashlib.sha256("".join(self.characters).encode("utf-8")).hexdigest()

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text's characters, `(len(text),)` in `self.dtype`.

        Raises:
            KeyError: a character is not in the vocabulary; the key is that character.
        """
        ids = np.empty(len(text), self.dtype)
        for start in range(0, len(text), BLOCK):
            ids[start : start + BLOCK] = self._encode(text[start : start + BLOCK])
        return ids

    def _encode(self, text: str) -> np.ndarray:
        points, known = code_points(text), self._code_points
        ids = np.minimum(np.searchsorted(known, points), self.size - 1)
        unknown = np.flatnonzero(known[ids] != points)
        if len(unknown):
            raise KeyError(text[unknown[0]])
        return ids

    def decode(self, ids: np.ndarray) -> str:
        """Return the text of `(n,)` integer ids."""
        encoded: bytes = self._code_points[ids].astype("<u4").tobytes()
        return encoded.decode("utf-32-le")

    @cached_property
    def _code_points(self) -> np.ndarray:
        return code_points("".join(self.characters))


class VocabularyFile(NamedTuple):
    """The content of `vocabulary.json`.

    Attributes:
        vocabulary: the characters and their ids.
        endings: windows of the training text that end in a newline, as first windows of generated names.
        names: some training names, among which the likelihood of others is ranked; none in runs of pw13 0.1.0.
    """

    vocabulary: Vocabulary
    endings: tuple[str, ...]
    names: tuple[str, ...] = ()


def code_points(text: str) -> np.ndarray:
    """Return the Unicode code points of a text, `(len(text),)` uint32."""
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def build_vocabulary(text: str) -> Vocabulary:
    """Build the vocabulary of a text."""
    return Vocabulary(tuple(sorted(set(text))))


def to_data(vocabulary: Vocabulary, endings: tuple[str, ...], names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the content of `vocabulary.json`."""
    return {
        "format": FORMAT,
        "digest": vocabulary.digest,
        "encode": vocabulary.char_to_id,
        "decode": vocabulary.id_to_char,
        "endings": list(endings),
        "names": list(names),
    }


def from_data(data: Any, *, path: object) -> VocabularyFile:
    """Validate the content of `vocabulary.json`; `path` is for messages only.

    Raises:
        UserError: the content is not a vocabulary, is inconsistent, or has a newer format.
    """
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected a vocabulary (a JSON object), received {type(data).__name__}")
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise UserError(f"{path}: vocabulary format {data['format']} is newer than the supported format {FORMAT}")
    encode, decode, endings = data.get("encode"), data.get("decode"), data.get("endings")
    if not (isinstance(encode, dict) and isinstance(decode, dict) and isinstance(endings, list)):
        raise UserError(f"{path}: corrupt: expected the objects encode and decode and the list endings")
    characters = tuple(encode)
    vocabulary = Vocabulary(characters)
    if not _is_consistent(vocabulary, encode, decode) or data.get("digest") != vocabulary.digest:
        raise UserError(f"{path}: corrupt: encode, decode and digest do not match")
    known = set(characters)
    if not all(isinstance(ending, str) and ending.endswith(NEWLINE) and set(ending) <= known for ending in endings):
        raise UserError(f"{path}: corrupt: an ending lacks its newline or has characters outside the vocabulary")
    names = data.get("names", [])
    visible = known - {NEWLINE}
    if not isinstance(names, list) or not all(isinstance(name, str) and set(name) <= visible for name in names):
        raise UserError(f"{path}: corrupt: names: expected a list of names of characters in the vocabulary")
    return VocabularyFile(vocabulary, tuple(endings), tuple(names))


def _is_consistent(vocabulary: Vocabulary, encode: dict[str, Any], decode: dict[str, Any]) -> bool:
    characters = vocabulary.characters
    valid = all(len(character) == 1 and not "\ud800" <= character <= "\udfff" for character in characters)
    return (
        valid
        and NEWLINE in encode
        and list(characters) == sorted(characters)
        and encode == vocabulary.char_to_id
        and decode == {str(index): character for index, character in vocabulary.id_to_char.items()}
    )
