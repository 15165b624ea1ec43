"""Answers to the handout's questions, the review questions of exercise 3, and a user's own comments."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pw13.config import fields
from pw13.errors import OptionError
from pw13.report.document import Block, Item, Markdown, Sources, Space, Text
from pw13.system import files

TEMPLATE_HEAD = """# Your own words on each item of the handout, in Markdown (paragraphs, lists, **bold**, *italic*).
# Items that stay empty are left out. Use it with: pw13 report --comments FILE
# Without the prepared answers: pw13 report --comments FILE --answers none
"""
REVIEW_QUESTIONS = {
    "3a": "What are autoencoders used for?",
    "3b": "When to extract features with an autoencoder?",
    "3c": "What is a generative system, and what are the two approaches with RNNs?",
}


def prepared_answers() -> dict[str, Any]:
    """Return the answers shipped with pw13: item key -> {"text": paragraphs, "sources": references}."""
    return tomllib.loads((Path(__file__).parent / "answers.toml").read_text("utf-8"))


def with_answer(item: Item, answers: dict[str, Any]) -> Item:
    """Return the item with its answer, if any, after its results."""
    answer = answers.get(item.key)
    if not answer:
        return item
    paragraphs = (Text(text, "answer") for text in answer["text"])
    return item._replace(blocks=(*item.blocks, *paragraphs, Sources(tuple(answer["sources"]))))


def review_items() -> list[Item]:
    """Return the items of exercise 3, without answers."""
    return [Item(key, key, title, ()) for key, title in REVIEW_QUESTIONS.items()]


def read_comments(path: Path, keys: Sequence[str]) -> dict[str, str]:
    """Return a user's comments by item, from a TOML file such as `1a = "We chose ..."`.

    Raises:
        UserError: the file cannot be read.
        OptionError: not TOML, an unknown item, or a value that is not a string.
    """
    text = files.read_text(path, "--comments")
    try:
        content = tomllib.loads(text)
    except ValueError as error:  # a plain one: a number of thousands of digits
        raise OptionError(f"--comments {path}: not TOML: {error}") from None
    except RecursionError:
        raise OptionError(f"--comments {path}: not TOML: nested too deeply") from None
    for key, value in content.items():
        if key not in keys:
            hint = fields.suggest(key, keys) or f"; items: {', '.join(keys)}"
            raise OptionError(f"--comments {path}: unknown item {key!r}{hint}")
        if not isinstance(value, str):
            raise OptionError(f"--comments {path}: {key}: expected a string, received {value!r}")
    return content


def with_comment(item: Item, comments: dict[str, str]) -> Item:
    """Return the item with the user's own words last."""
    text = comments.get(item.key, "").strip()
    return item._replace(blocks=(*item.blocks, Markdown(text))) if text else item


def with_space(item: Item) -> Item:
    """Return the item with room for an answer, if it asks a question and has none."""
    if item.key not in prepared_answers() or any(_is_answer(block) for block in item.blocks):
        return item
    return item._replace(blocks=(*item.blocks, Space()))


def _is_answer(block: Block) -> bool:
    return isinstance(block, Markdown) or (isinstance(block, Text) and block.role == "answer")


def template(questions: Mapping[str, str]) -> str:
    """Return a TOML file with every item and what it asks, to fill in; questions: by item key."""
    lines = [TEMPLATE_HEAD]
    lines += [f'# {question}\n{key} = """\n"""\n' for key, question in questions.items()]
    return "\n".join(lines)
