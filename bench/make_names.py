"""`python -m bench.make_names N --out FILE`: distinct names in any number, sampled from a 5-gram of the built-in list.

Three of four are followed by the last word of a built-in name, so that they have about 22 characters.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pw13.data.names import load_names, vocabulary, windows

CONTEXT = 4  # characters
LONGER = 0.75  # share of names with another word
MAX_LENGTH = 60  # characters of a sampled name
BATCH = 50_000


def main() -> None:
    """Parse the options and write the list."""
    parser = argparse.ArgumentParser(prog="python -m bench.make_names", description=__doc__)
    parser.add_argument("count", type=int, metavar="N", help="names")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="text file to write, one name per line")
    options = parser.parse_args()
    make(options.out, options.count)


def make(path: Path, count: int) -> None:
    """Write `count` distinct names, the same for the same number; a longer list begins with a shorter one."""
    known = load_names("builtin").names
    words = np.array([name.split()[-1] for name in known])
    names: dict[str, None] = {}
    rng = np.random.default_rng(0)
    for sampled in sample(known, rng):
        longer, drawn = rng.random(len(sampled)) < LONGER, rng.choice(words, len(sampled))
        made = (f"{name} {word}" if more else name for name, more, word in zip(sampled, longer, drawn, strict=True))
        names.update(dict.fromkeys(made))
        if len(names) >= count:
            break
    path.write_text(windows.join(list(names)[:count]), encoding="utf-8", newline="")


def sample(known: tuple[str, ...], rng: np.random.Generator) -> Iterator[list[str]]:
    """Yield batches of names without end; each character is one that follows the last four in some known name."""
    vocab = vocabulary.build_vocabulary(windows.join(known))
    keys, following = contexts(vocab.encode(windows.join(known)).astype(np.int64), vocab.size, vocab.newline)
    while True:
        ids = np.full((BATCH, MAX_LENGTH), vocab.newline)
        context = np.full(BATCH, keys_of(np.full((1, CONTEXT), vocab.newline), vocab.size))
        for place in range(MAX_LENGTH):
            first, end = (np.searchsorted(keys, context, side) for side in ("left", "right"))
            drawn = first + (rng.random(BATCH) * (end - first)).astype(np.int64)
            ids[:, place] = following[np.minimum(drawn, len(following) - 1)]  # nothing follows the end of a name
            context = context * vocab.size % vocab.size**CONTEXT + ids[:, place]
        lines = (vocab.decode(row).split("\n")[0] for row in ids)
        yield [line for line in lines if line and line == line.strip()]


def contexts(text: np.ndarray, size: int, newline: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys of the contexts of all characters of joined names, sorted, and the characters in that order.

    Characters before a name count as newlines.
    """
    begins = np.append(0, np.flatnonzero(text == newline)[:-1] + 1)
    depth = np.arange(len(text)) - np.repeat(begins, np.diff(begins, append=len(text)))
    before = np.stack([np.where(depth >= back, np.roll(text, back), newline) for back in range(CONTEXT, 0, -1)], axis=1)
    keys = keys_of(before, size)
    order = np.argsort(keys, kind="stable")
    return keys[order], text[order]


def keys_of(ids: np.ndarray, size: int) -> np.ndarray:
    """Return a number for each row of ids, `(n, CONTEXT)`: its digits in base `size`."""
    return np.asarray(ids @ size ** np.arange(CONTEXT - 1, -1, -1))


if __name__ == "__main__":
    main()
