"""`pw13 generate --choose`: a name written by hand in the terminal, from the ten likeliest next characters."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pw13 import console
from pw13.config import Generate
from pw13.errors import OptionError
from pw13.system import signals

if TYPE_CHECKING:
    from pw13.inference.choosing import Draft
    from pw13.inference.generate import Sampler

RANKS = "1234567890"  # keys of the ten likeliest characters
ESCAPE = "\x1b"  # begins what an arrow key sends
UNDO = ("\x7f", "\b")
END_OF_INPUT = ("", "\x04")  # end of file, Ctrl-D
NEWLINE_SIGN = "↵"
HELP = "1 to 9, 0: one of the ten; any other key: that character; Enter: end; Backspace: undo; Ctrl-D: stop"


def require_terminal() -> None:
    """Refuse to ask where nobody can answer.

    Raises:
        OptionError: standard input or standard error is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise OptionError("--choose: expected a terminal, received a pipe or file")


def choose_name(sampler: "Sampler", settings: Generate, *, json: bool) -> None:
    """Ask for one character after the other, then print the name."""
    from pw13.inference import choosing

    console.start()  # a question is no progress that --quiet would suppress
    drafts = [choosing.begin(sampler.model, sampler.generator.vocab_file, settings.prefix, seed=sampler.seed)]
    console.message(HELP)
    with _keys() as read_key:
        while not drafts[-1].complete and len(drafts[-1].text) < settings.max_length:
            _offer(drafts[-1])
            key = read_key()
            if key in END_OF_INPUT:
                break
            if key in UNDO:
                drafts = drafts[:-1] or drafts
            elif character := _character(drafts[-1], key):
                drafts.append(choosing.extend(drafts[-1], character))
            else:
                console.message(f"no character of the model, or the end of a blank name: {key!r}")
    _print(sampler, drafts[-1], json=json)
    if settings.seed is None:
        console.message(f"seed {sampler.seed}")


def _offer(draft: "Draft") -> None:
    from pw13.inference.choosing import likeliest

    offered = zip(RANKS, likeliest(draft), strict=False)
    choices = "  ".join(f"{rank} {_visible(character)} {share:.0%}" for rank, (character, share) in offered)
    console.message(f"{draft.text}_   {choices}")


def _character(draft: "Draft", key: str) -> str | None:
    """Return the character that a key stands for; None if the name cannot go on with it."""
    from pw13.inference.choosing import allowed, likeliest

    if key in RANKS:
        offered = likeliest(draft)
        return offered[RANKS.index(key)][0] if RANKS.index(key) < len(offered) else None
    character = "\n" if key == "\r" else key
    return character if allowed(draft, character) else None


def _print(sampler: "Sampler", draft: "Draft", *, json: bool) -> None:
    text = draft.text.removesuffix("\n")
    mean = draft.log_probability / len(draft.text) if draft.text else None
    if json:
        whole = draft.complete and text == text.strip()
        name = {"name": text, "complete": draft.complete, "whole": whole, "mean_log_probability": mean}
        return console.json_document({"run": str(sampler.run), "seed": sampler.seed, "names": [name]})
    console.print_result(text)
    if mean is not None:
        console.message(f"{-mean:.3f} nats per character")


def _visible(character: str) -> str:
    return {"\n": NEWLINE_SIGN, " ": "space"}.get(character, character)


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """Yield a function that waits for a key; where the terminal gives lines only, it returns their characters."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield _one_by_one(lambda: sys.stdin.readline().removesuffix("\n") or "\n")
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def restore() -> None:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    signals.on_forced_exit(restore)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        yield _one_by_one(lambda: os.read(terminal, 1024).decode("utf-8", "replace"))
    finally:
        restore()
        signals.clear_exit_hooks()


def _one_by_one(read: Callable[[], str]) -> Callable[[], str]:
    """Return a function that returns the characters that `read` has read, and what a special key sends as one."""
    waiting: list[str] = []

    def next_key() -> str:
        if not waiting:
            text = read()
            waiting.extend([text] if text.startswith(ESCAPE) else text)
        return waiting.pop(0) if waiting else ""

    return next_key
