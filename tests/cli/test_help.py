"""Help texts: every option of every command shows its values and its default in one form."""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from pw13 import config
from pw13.cli import app

# Alternatives are separated by "|": a placeholder in capitals, such as FILE, or a value to type, such as builtin.
METAVAR = re.compile(r"(([A-Z]+|NAME=V,V,)(\.\.\.)?|[a-z][a-z-]*)(\|([A-Z]+|[a-z][a-z-]*))*")
DEFAULT = re.compile(r".*\S  \[default: [^][()]+\]", re.DOTALL)


def commands(command: Any = None, path: str = "pw13") -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that call it, the groups included."""
    command = command or typer.main.get_command(app)
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def parameters() -> dict[str, tuple[Any, Any]]:
    """Return every parameter of every command with its context, by its name: "generate --temp"."""
    found = {}
    for path, command in commands():
        context = command.make_context(path, [], resilient_parsing=True)
        for parameter in command.get_params(context):
            found[f"{path} {max(parameter.opts, key=len)}".removeprefix("pw13 ")] = (parameter, context)
    return found


def help_texts() -> dict[str, str]:
    """Return the help of every parameter by its name."""
    return {name: parameter.get_help_record(context)[1] for name, (parameter, context) in parameters().items()}


def takes_value(parameter: Any) -> bool:
    return not getattr(parameter, "is_flag", False)


def test_the_walk_reaches_options_and_arguments_of_every_level():
    assert {"--version", "generate --temp", "sweep charrnn --grid", "data fetch what"} <= parameters().keys()


def test_every_value_is_shown_as_a_placeholder_or_as_words_to_type():
    shown = {name: p.make_metavar(context) for name, (p, context) in parameters().items() if takes_value(p)}
    assert {name: text for name, text in shown.items() if not METAVAR.fullmatch(text)} == {}


def test_every_default_is_shown_in_the_same_form():
    wrong = {name: text for name, text in help_texts().items() if "default" in text and not DEFAULT.fullmatch(text)}
    assert wrong == {}


def test_every_default_of_an_option_is_shown():
    texts = help_texts()
    defaults = {name: p.default for name, (p, _) in parameters().items() if takes_value(p)}
    given = {name: value for name, value in defaults.items() if value not in (None, "")}
    assert {name: texts[name] for name, value in given.items() if not texts[name].endswith(f"[default: {value}]")} == {}


def test_every_option_has_a_help_text():
    assert [name for name, text in help_texts().items() if not re.match(r"\w", text)] == []


@pytest.mark.parametrize(
    ("command", "cls"),
    [
        *((f"train-{kind}", config.KINDS[kind]) for kind in ("dense-ae", "conv-dae", "charrnn")),
        *((f"sweep {kind}", config.KINDS[kind]) for kind in ("dense-ae", "conv-dae", "charrnn")),
        ("svm-eval", config.SvmEval),
        ("generate", config.Generate),
    ],
)
def test_every_setting_shows_its_help_and_its_default(command, cls):
    texts = help_texts()
    for field in dataclasses.fields(cls):
        text = texts[f"{command} --{field.name.replace('_', '-')}"]
        default = {"False": "off", "True": "on", "None": field.metadata["unset"]}.get(
            str(field.default), f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        )
        plain = default == "" or (cls is config.Generate and field.default is False)  # a flag that no file sets
        assert text == field.metadata["help"] + ("" if plain else f"  [default: {default}]")


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("generate --runs-dir", "runs"),
        ("train-charrnn --runs-dir", "runs"),
        ("generate --run", "latest"),
        ("svm-eval --run", "latest dense-ae"),
        ("svm-eval --memory", "3, or three quarters of the free memory if that is less"),
        ("all --config", "full"),
        ("report --execute", "on"),
        ("sweep charrnn --seeds", "1"),
    ],
)
def test_defaults_that_the_parser_does_not_know_are_shown_too(name, default):
    assert help_texts()[name].endswith(f"  [default: {default}]")


def test_svm_eval_names_both_kinds_of_runs_that_it_takes():
    assert all(kind in help_texts()["svm-eval --run"].split(";")[0] for kind in ("dense-ae", "conv-dae"))


def test_a_sweep_takes_the_data_of_its_trainer():
    names = parameters().keys()
    assert "sweep charrnn --corpus" in names and "sweep charrnn --data" not in names
    for kind in ("dense-ae", "conv-dae"):
        assert f"sweep {kind} --data" in names and f"sweep {kind} --corpus" not in names


def test_the_top_help_names_the_variables_and_the_exit_codes(pw13):
    lines = pw13("--help")[1].splitlines()
    for variable in ("PW13_DATA_DIR", "PW13_CACHE_DIR", "PW13_DEVICE"):
        assert sum(variable in line for line in lines) == 1
    assert sum("130 Ctrl-C" in line for line in lines) == 1
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("group", [(), ("data",), ("runs",), ("sweep",)])
def test_no_summary_of_a_command_is_truncated(pw13, group):
    text = pw13(*group, "--help")[1]
    assert "..." not in text.split("Commands:")[1]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("report", "explore.html"),
        ("svm-eval", "without effect: --split-seed decides"),
        ("runs prune", "nothing is deleted without it"),
        ("runs prune", "but not those of the N best runs of each kind and task"),
    ],
)
def test_the_help_says_what_is_written_drawn_and_kept(pw13, command, text):
    code, out, _ = pw13(*command.split(), "--help")
    assert code == 0 and text in " ".join(out.split())
