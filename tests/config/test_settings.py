"""Settings: default < TOML < flag, checked wherever they come from; every error names what is wrong."""

import dataclasses
import math
from pathlib import Path

import pytest

from pw13 import config
from pw13.cli import coursework, options
from pw13.config import fields, presets
from pw13.config.settings import DenseAE
from pw13.errors import OptionError, UserError


def test_default_then_toml_then_flag(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('seed = 5\nruns_dir = "elsewhere"\n[dense-ae]\nepochs = 7\ncode_size = 8\nlearning_rate = 1\n')
    given = {"code_size": 9, "epochs": None, "runs_dir": None, "data": None}
    settings, rest = options.resolve_settings(DenseAE, presets.read_config(str(path)), given)
    assert (settings.epochs, settings.code_size, settings.seed, settings.batch_size) == (7, 9, 5, DenseAE.batch_size)
    assert settings.learning_rate == 1.0 and isinstance(settings.learning_rate, float)
    assert rest == {"runs_dir": Path("elsewhere"), "data": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0), ("epochs", 1.5), ("epochs", "3"), ("epochs", True), ("epochs", None), ("code_size", -1),
        ("learning_rate", math.nan), ("learning_rate", math.inf), ("learning_rate", 0.0), ("learning_rate", "fast"),
        ("loss", "mae"), ("schedule", None), ("validation_share", 1.0), ("seed", -1), ("seed", 2**31), ("limit", 0),
        ("tensorboard", 1), ("checkpoint_every", math.inf),
    ],
)  # fmt: skip
def test_an_invalid_value_is_refused_by_its_flag(field, value):
    with pytest.raises(OptionError, match=rf"^{fields.flag(field)}: expected .+, received "):
        DenseAE(**{field: value})


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("[dense-ea]\nepochs = 1\n", OptionError, r"unknown table 'dense-ea'; did you mean 'dense-ae'"),
        ("epochs = 1\n", OptionError, r"unknown key 'epochs'"),
        ("[dense-ae]\nepoch = 1\n", OptionError, r"\[dense-ae\]: unknown key 'epoch'; did you mean 'epochs'"),
        ("[dense-ae]\nepochs = -1\n", OptionError, r"\[dense-ae\]: --epochs: expected"),
        ("runs_dir = 3\n", OptionError, r"runs_dir: expected text, received 3"),
        ("quiet = 1\n", OptionError, r"quiet: expected true or false, received 1"),
        ("dense-ae = 3\n", OptionError, r"dense-ae: expected a table \[dense-ae\], received 3$"),
        ("[[charrnn]]\nseed = 1\n", OptionError, r"charrnn: expected a table \[charrnn\], received \[\{'seed': 1\}\]$"),
        ("[runs_dir]\nx = 1\n", OptionError, r"runs_dir: expected text, received \{'x': 1\}$"),
        ("[dense-ae\n", OptionError, r"not TOML"),
        ("a = " + "[" * 5000 + "]" * 5000, OptionError, r"not TOML"),
        ("\xe9".encode("latin-1"), UserError, r"line 1 is not UTF-8; save it as UTF-8"),
        ("seed = 1\n".encode("utf-16"), UserError, r"UTF-16; save it as UTF-8"),
    ],
)
def test_an_invalid_toml_file_is_refused(tmp_path, text, error, message):
    path = tmp_path / "c.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(error, match=message):
        presets.read_config(str(path))


def test_a_byte_order_mark_is_no_part_of_a_toml_file(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text("\ufeff[dense-ae]\nepochs = 3\n", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert presets.read_config("~/mine.toml") == {"dense-ae": {"epochs": 3}}


def test_a_missing_file_lists_the_presets():
    with pytest.raises(UserError, match=r"--config nix: no such file or preset \(charrnn, .*svm_eval\)"):
        presets.read_config("nix")


@pytest.mark.parametrize(("kind", "cls"), config.KINDS.items())
def test_the_preset_of_a_kind_repeats_its_defaults(kind, cls):
    assert cls(**presets.read_config(kind.replace("-", "_"))[kind]) == cls()


@pytest.mark.parametrize(
    "path", [path for folder in presets.preset_folders() for path in folder.glob("*.toml")], ids=str
)
def test_every_preset_loads_and_begins_with_its_purpose(path):
    presets.read_config(str(path))
    assert path.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("kind", config.KINDS)
def test_every_setting_has_help_and_a_round_trip(kind):
    cls = config.KINDS[kind]
    record = cls()
    assert all(spec.metadata["help"] for spec in dataclasses.fields(cls))
    assert fields.from_dict(cls, fields.as_dict(record), "x") == record
    with pytest.raises(OptionError, match="unknown key 'colour'"):
        fields.from_dict(cls, {"colour": 1}, "x")


def test_grid_values_are_parsed_by_type():
    assert fields.parse(DenseAE, "epochs", "12") == 12
    assert fields.parse(DenseAE, "learning_rate", "1e-3") == 1e-3
    assert fields.parse(DenseAE, "loss", "bce") == "bce"
    with pytest.raises(OptionError, match="--epochs: expected an integer from 1"):
        fields.parse(DenseAE, "epochs", "x")
    with pytest.raises(OptionError, match=r"no setting 'epoch'; did you mean 'epochs'"):
        fields.parse(DenseAE, "epoch", "1")


def test_a_flag_overrides_the_file_in_both_directions(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[charrnn]\ncarry_state = true\n")  # valid only with the target of the flag
    content = presets.read_config(str(path))

    def carry_state(**flags):
        return options.resolve_settings(config.CharRNN, content, flags)[0].carry_state

    assert carry_state(target="many-to-many", carry_state=None) is True
    assert carry_state(target=None, carry_state=False) is False
    with pytest.raises(OptionError, match="--carry-state: requires --target many-to-many"):
        carry_state(target=None, carry_state=None)


def test_every_boolean_setting_has_a_negative_flag(pw13):
    text = pw13("train-charrnn", "--help")[1]
    assert all(f"--no-{name}" in text for name in ("carry-state", "fix-accents", "tensorboard"))


def test_all_reads_its_settings_file_once(monkeypatch, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('seed = 5\nruns_dir = "elsewhere"\nquiet = true\n[conv-dae]\nepochs = 3\n[charrnn]\nseed = 6\n')
    names = []
    read_config = presets.read_config
    monkeypatch.setattr(presets, "read_config", lambda name: names.append(name) or read_config(name))
    shared = {"data": None, "corpus": "builtin", "runs_dir": None, "json": None, "quiet": None}
    base, rest = coursework.coursework_settings(str(path), None, shared)
    assert names == [str(path)]
    assert (base["conv-dae"].epochs, base["conv-dae"].seed, base["charrnn"].seed) == (3, 5, 6)
    assert rest == {"data": None, "corpus": "builtin", "runs_dir": Path("elsewhere"), "json": False, "quiet": True}
