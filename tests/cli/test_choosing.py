"""`pw13 generate --choose`: a name written with keys in a terminal."""

import json
import os
import sys

import numpy as np
import pytest

from pw13.cli import choosing
from pw13.inference import choosing as drafts
from pw13.inference.name_generator import load_generator
from pw13.runs.record import read_run
from tests.helpers import charrnn_run


@pytest.fixture
def run(tmp_path):
    """Write a completed char-RNN run."""
    return charrnn_run.make_run(tmp_path / "runs" / charrnn_run.NAME)


@pytest.fixture
def terminal(monkeypatch):
    """Return a function that puts keys into a terminal on standard input."""
    pty = pytest.importorskip("pty")
    keyboard, screen = pty.openpty()
    pytest.importorskip("tty").setcbreak(screen)  # what is typed before the command asks is not edited as a line
    monkeypatch.setattr(choosing, "require_terminal", lambda: None)
    with os.fdopen(screen, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield lambda text: os.write(keyboard, text.encode())
    os.close(keyboard)


def first_offer(run, prefix="", **options):
    generator = load_generator(read_run(run))
    return drafts.likeliest(drafts.begin(generator.network, generator.vocab_file, prefix, seed=1))


def choose(pw13, run, *arguments):
    return pw13("generate", "--choose", "--seed", 1, "--run", run, *arguments)


def test_the_ten_likeliest_characters_are_offered_the_end_of_a_blank_name_never(run):
    offered = first_offer(run)
    assert len(offered) == charrnn_run.VOCAB.size - 1 and "\n" not in dict(offered)
    assert [share for _, share in offered] == sorted((share for _, share in offered), reverse=True)
    after = dict(first_offer(run, "a"))
    assert "\n" in after and sum(after.values()) == pytest.approx(1)


def test_digits_choose_by_rank_other_keys_themselves_and_enter_ends(pw13, run, terminal):
    terminal("1ab\n")
    code, out, err = choose(pw13, run)
    assert code == 0, err
    first, share = first_offer(run)[0]
    assert out == f"{first}ab\n"
    assert f"_   1 {first} {share:.0%}  2 " in err
    assert "nats per character" in err


def test_backspace_takes_back_but_not_the_prefix(pw13, run, terminal):
    terminal("c\x7f\x7fd\n")
    assert choose(pw13, run, "--prefix", "ab")[1] == "abd\n"


def test_keys_that_the_model_does_not_know_are_refused_and_asked_again(pw13, run, terminal):
    terminal("\nzc\n")
    code, out, err = choose(pw13, run)
    assert (code, out) == (0, "c\n")
    assert "no character of the model, or the end of a blank name: '\\n'" in err and "'z'" in err


def test_an_arrow_key_is_no_character():
    keys = choosing._one_by_one(iter(["\x1b[A", "ab", ""]).__next__)
    assert [keys() for _ in range(4)] == ["\x1b[A", "a", "b", ""]


def test_end_of_input_stops_with_the_name_so_far(pw13, run, terminal):
    terminal("ab\x04")
    document = json.loads(choose(pw13, run, "--json")[1])
    (name,) = document["names"]
    assert (name["name"], name["whole"]) == ("ab", False)


def test_the_likelihood_is_that_of_the_network(pw13, run, terminal):
    terminal("ab\n")
    (name,) = json.loads(choose(pw13, run, "--json", "--quiet")[1])["names"]
    generator = load_generator(read_run(run))
    draft = drafts.begin(generator.network, generator.vocab_file, "ab", seed=1)
    expected = draft.log_probability + np.log(dict(drafts.likeliest(draft))["\n"])
    assert name["mean_log_probability"] == pytest.approx(expected / 3)


def test_a_seed_is_shown_if_none_is_given(pw13, run, terminal):
    terminal("ab\n")
    code, out, err = pw13("generate", "--choose", "--run", run, "--json")
    assert code == 0 and err.split("\n")[-2] == f"seed {json.loads(out)['seed']}"
    terminal("ab\n")
    assert "seed" not in choose(pw13, run)[2]


def test_a_name_ends_at_the_maximum_length(pw13, run, terminal):
    terminal("abc")
    assert choose(pw13, run, "--max-length", 3)[1] == "abc\n"


def test_the_terminal_is_restored(pw13, run, terminal):
    termios = pytest.importorskip("termios")
    before = termios.tcgetattr(sys.stdin.fileno())
    terminal("a\n")
    choose(pw13, run)
    assert termios.tcgetattr(sys.stdin.fileno()) == before


def test_without_a_terminal_it_is_refused_before_anything_is_read(pw13, tmp_path):
    code, out, err = pw13("generate", "--choose", "--runs-dir", tmp_path / "none")
    assert (code, out, err) == (2, "", "pw13: --choose: expected a terminal, received a pipe or file\n")
