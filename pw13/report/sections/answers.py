"""Texts that answer the handout's questions, the review questions of exercise 3, and a user's own words."""

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pw13.errors import OptionError, UserError
from pw13.report.document import Block, Item, Sources, Text

TITLES = {
    "3a": "What are autoencoders used for?",
    "3b": "When to extract features with an autoencoder?",
    "3c": "What is a generative system, and which are the two approaches with RNNs?",
}


def prepared_answers() -> dict[str, Any]:
    """The answers that come with pw13: item key -> {"text": paragraphs, "sources": references}."""
    return tomllib.loads((Path(__file__).parent / "answers.toml").read_text("utf-8"))


def with_answer(item: Item, given: dict[str, Any]) -> Item:
    """The item with its answer, if there is one, behind what is measured."""
    return item._replace(blocks=(*item.blocks, *answer(given.get(item.key))))


def answer(given: dict[str, Any] | None) -> list[Block]:
    if not given:
        return []
    return [*(Text(paragraph, "answer") for paragraph in given["text"]), Sources(tuple(given["sources"]))]


def review() -> list[Item]:
    """The items of exercise 3, without answers yet."""
    return [Item(key, key, title, ()) for key, title in TITLES.items()]


def read_own(path: Path, keys: Sequence[str]) -> dict[str, str]:
    """A user's comments by item, from a TOML file such as `1a = "We chose ..."`.

    Raises:
        UserError: the file cannot be read.
        OptionError: it is not TOML, names an item that there is not, or a value is no text.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--comments {path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise OptionError(f"--comments {path}: not TOML: {str(error) or 'nested too deep'}") from None
    for key, value in content.items():
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(keys)}"
            raise OptionError(f"--comments {path}: no item {key!r}{hint}")
        if not isinstance(value, str):
            raise OptionError(f"--comments {path}: {key}: expected text, received {value!r}")
    return content


def with_comment(item: Item, own: dict[str, str]) -> Item:
    """The item with the user's words, a paragraph for each that blank lines part, behind all else."""
    paragraphs = [" ".join(part.split()) for part in own.get(item.key, "").split("\n\n")]
    return item._replace(blocks=(*item.blocks, *(Text(text, "own") for text in paragraphs if text)))
