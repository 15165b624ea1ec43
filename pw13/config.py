"""Every setting of every experiment: its type, default, range and meaning, written here and nowhere else.

A field of one of these records is a flag of its command (`code_size` is `--code-size`), a key of its TOML table and a
key of `config.json`. Whatever the way a value came in, the record checks it when it is made.
"""

import dataclasses
import difflib
import math
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pw13.errors import OptionError, UserError

BIG = 2**31 - 1
NO_BOUNDS = {"low": None, "high": None, "above": None}


def setting(
    default: Any, help: str, *, low: float | None = None, high: float | None = None, above: float | None = None
):
    """A field with its default, its help text and its range (`low` and `high` belong to it, `above` does not)."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, "above": above})


def seed():
    return setting(0, "seed of every random draw", low=0, high=BIG)


def threads():
    return setting(
        2, "threads of the computation; part of the result, since sums depend on their order", low=1, high=256
    )


def limit():
    return setting(None, "train on this many images only, the same share of each class", low=1, high=BIG)


def epochs(default: int):
    return setting(default, "passes over the training data", low=1, high=1_000_000)


def batch_size(default: int):
    return setting(default, "examples a step", low=1, high=65536)


def learning_rate(default: float):
    return setting(default, "step size of Adam at the start", above=0, high=100)


def schedule(default: str):
    return setting(default, "learning rate over the run: constant, or falling to 0 as half a cosine")


def patience():
    return setting(0, "stop after this many epochs without a better validation loss; 0: never", low=0, high=BIG)


def validation_share():
    return setting(0.1, "share of the training file kept for validation", above=0, high=0.9)


def checkpoint_every():
    return setting(60.0, "seconds between checkpoints inside a long epoch", above=0, high=86400)


def tensorboard():
    return setting(False, "write TensorBoard logs too (extra: tensorboard)")


Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True)
class DenseAE:
    """Settings of `train-dense-ae`."""

    code_size: int = setting(32, "values of the code, the one hidden layer", low=1, high=65536)
    activation: Literal["linear", "relu", "sigmoid", "tanh"] = setting("linear", "activation of the code")
    epochs: int = epochs(150)
    batch_size: int = batch_size(128)
    learning_rate: float = learning_rate(3e-3)
    schedule: Schedule = schedule("cosine")
    loss: Literal["mse", "bce"] = setting("mse", "mean squared error, or binary cross-entropy")
    patience: int = patience()
    validation_share: float = validation_share()
    limit: int | None = limit()
    seed: int = seed()
    threads: int = threads()
    checkpoint_every: float = checkpoint_every()
    tensorboard: bool = tensorboard()

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class ConvDAE:
    """Settings of `train-conv-dae`."""

    noise: float = setting(0.5, "deviation of Gaussian noise, or share of changed pixels", low=0, high=100)
    noise_kind: Literal["gaussian", "salt-pepper", "masking"] = setting("gaussian", "kind of noise")
    fixed_noise: bool = setting(False, "draw the training noise once, not anew in each epoch")
    epochs: int = epochs(20)
    batch_size: int = batch_size(128)
    learning_rate: float = learning_rate(2e-3)
    schedule: Schedule = schedule("cosine")
    patience: int = patience()
    validation_share: float = validation_share()
    limit: int | None = limit()
    seed: int = seed()
    threads: int = threads()
    checkpoint_every: float = checkpoint_every()
    tensorboard: bool = tensorboard()

    def __post_init__(self) -> None:
        check(self)
        if self.noise_kind != "gaussian" and self.noise > 1:
            raise OptionError(f"--noise: expected a share from 0 to 1 for {self.noise_kind}, received {self.noise!r}")


@dataclass(frozen=True)
class SvmEval:
    """Settings of `svm-eval`."""

    kernel: Literal["rbf", "linear", "both"] = setting("both", "kernel of the SVM")
    folds: int = setting(3, "folds of the cross-validation that chooses C and gamma", low=2, high=20)
    tune_on: int = setting(4000, "training images that C and gamma are chosen on, at most", low=20, high=BIG)
    approximate: bool = setting(
        False, "more than 20,000 images: LinearSVC and Nystroem, even where scikit-learn-intelex is installed"
    )
    limit: int | None = limit()
    seed: int = seed()

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class CharRNN:
    """Settings of `train-charrnn`."""

    cell: Literal["simple", "gru", "lstm"] = setting("simple", "kind of recurrent layer")
    target: Literal["many-to-one", "many-to-many"] = setting(
        "many-to-one", "predict the character after a window, or the next one after each of its characters"
    )
    units: int = setting(64, "units of a recurrent layer", low=1, high=8192)
    layers: int = setting(1, "recurrent layers", low=1, high=8)
    length: int = setting(10, "characters of a window", low=1, high=256)
    skip: int = setting(3, "characters from a window to the next", low=1, high=10_000)
    carry_state: bool = setting(False, "many-to-many: carry the state from window to window through whole names")
    dropout: float = setting(0.0, "share of a layer's outputs dropped in training", low=0, high=0.95)
    epochs: int = epochs(10)
    batch_size: int = batch_size(128)
    learning_rate: float = learning_rate(1e-3)
    schedule: Schedule = schedule("constant")
    clip_norm: float = setting(0.0, "longer gradients are scaled down to this norm; 0: none", low=0, high=1e6)
    patience: int = patience()
    hold_out: float = setting(0.05, "share of names held out, as many for validation; 0: none", low=0, high=0.4)
    sample_every: int = setting(0, "epochs between samples in samples.txt; 0: ten times a training", low=0, high=BIG)
    encoding: str = setting("utf-8", "encoding of the corpus file")
    fix_accents: bool = setting(False, "restore Mac Roman letters that were read as Latin-1")
    seed: int = seed()
    threads: int = threads()
    checkpoint_every: float = checkpoint_every()
    tensorboard: bool = tensorboard()

    def __post_init__(self) -> None:
        check(self)
        if self.carry_state and self.target == "many-to-one":
            raise OptionError("--carry-state: needs --target many-to-many; a many-to-one window starts from nothing")


@dataclass(frozen=True)
class Generate:
    """What `generate` is asked for; not a kind of run."""

    temp: float = setting(0.8, "temperature", low=0)
    n: int = setting(10, "names", low=1, high=10_000_000)
    prefix: str = setting("", "how every name begins")
    top_k: int = setting(0, "likeliest characters to choose among; 0: all", low=0, high=BIG)
    top_p: float = setting(1.0, "share that the characters to choose among reach together", above=0, high=1)
    max_length: int = setting(100, "characters of the longest name", low=1, high=100_000)
    only_new: bool = setting(False, "no name of the corpus, none twice")

    def __post_init__(self) -> None:
        check(self)


# The kinds of run, in the order of the handout: the name in the run folder's name and of the TOML table.
KINDS: dict[str, type] = {"dense-ae": DenseAE, "conv-dae": ConvDAE, "svm-eval": SvmEval, "charrnn": CharRNN}

# Keys that any command understands and that stand at the top of a TOML file.
SHARED = {"data": str, "corpus": str, "runs_dir": str, "seed": int, "threads": int, "json": bool, "quiet": bool}


def flag(name: str) -> str:
    """The flag of a field: `code_size` -> `--code-size`."""
    return "--" + name.replace("_", "-")


def check(record: Any) -> None:
    """Refuse a record whose fields have a wrong type or leave their ranges.

    Raises:
        OptionError: names the flag, what was expected and what was received.
    """
    for spec, kind in typed_fields(type(record)):
        value = getattr(record, spec.name)
        if value is None and spec.default is None:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and kind is float:
            value = as_float(value)
            object.__setattr__(record, spec.name, value)
        if not _fits(value, kind, spec.metadata):
            raise OptionError(f"{flag(spec.name)}: expected {expected(kind, spec.metadata)}, received {shown(value)}")


def as_float(value: int) -> float:
    """The number as a float; infinite where it is beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def shown(value: Any) -> str:
    """A received value as a message shows it: its beginning, if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else text[:77] + "..."


def typed_fields(cls: type) -> list[tuple[dataclasses.Field, Any]]:
    """The fields of a settings record with their types; `int | None` counts as int."""
    hints = typing.get_type_hints(cls)
    return [(spec, _without_none(hints[spec.name])) for spec in dataclasses.fields(cls)]


def expected(kind: Any, bounds: Mapping[str, Any]) -> str:
    """In words what a field takes: "a whole number from 1 to 65536"."""
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text"
    words = "a whole number" if kind is int else "a finite number"
    if bounds["above"] is not None:
        words += f" above {bounds['above']:g}"
    if bounds["low"] is not None:
        words += f" from {bounds['low']:g}"
    if bounds["high"] is not None and bounds["high"] != BIG:
        words += f" to {bounds['high']:.16g}"
    return words


def parse(cls: type, key: str, text: str) -> Any:
    """The value that `text` means for field `key` of `cls`, as `--grid` gives it.

    Raises:
        OptionError: no such setting, or text that its type cannot be read from.
    """
    kinds = {spec.name: kind for spec, kind in typed_fields(cls)}
    if key not in kinds:
        raise OptionError(f"no setting {key!r} in [{kind_of(cls)}]{_nearest(key, kinds)}")
    kind = kinds[key]
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        wanted = expected(kind, next(spec.metadata for spec, _ in typed_fields(cls) if spec.name == key))
        raise OptionError(f"{flag(key)}: expected {wanted}, received {shown(text)}") from None


def from_dict(cls: type, values: Mapping[str, Any], where: str) -> Any:
    """A settings record of `cls` from `values`, unknown keys refused; `where` names their origin in the message."""
    names = [spec.name for spec in dataclasses.fields(cls)]
    for key in values:
        if key not in names:
            raise OptionError(f"{where}: unknown key {shown(key)}{_nearest(key, names)}")
    try:
        return cls(**values)
    except OptionError as error:
        raise OptionError(f"{where}: {error}") from None


def as_dict(record: Any) -> dict[str, Any]:
    """The settings as config.json holds them."""
    return dataclasses.asdict(record)


def kind_of(cls: type) -> str:
    return next(kind for kind, record in KINDS.items() if record is cls)


def read_toml(name: str) -> tuple[dict[str, Any], Path]:
    """The content of a TOML file: a path, or the name of a file that pw13 ships, such as "quick".

    Raises:
        UserError: no such file, not readable, not UTF-8.
        OptionError: not TOML, or a table or shared key that no command has.
    """
    path = find_toml(name)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    except (ValueError, RecursionError) as error:  # a ValueError of its own: a number of thousands of digits
        raise OptionError(f"--config {path}: not TOML: {str(error) or 'nested too deep'}") from None
    known = [*SHARED, *KINDS]
    for key, value in content.items():
        if key not in known or isinstance(value, dict) != (key in KINDS):
            what = "table" if isinstance(value, dict) else "key"
            raise OptionError(f"--config {path}: unknown {what} {shown(key)}{_nearest(key, known)}")
        if key in SHARED and type(value) is not SHARED[key]:
            raise OptionError(
                f"--config {path}: {key}: expected {expected(SHARED[key], NO_BOUNDS)}, received {shown(value)}"
            )
        if isinstance(value, str) and "\0" in value:
            raise OptionError(f"--config {path}: {key}: expected text without zero bytes, received {shown(value)}")
    for kind, table in content.items():
        if kind in KINDS:
            from_dict(KINDS[kind], table, f"--config {path} [{kind}]")  # a fault in any table is told at once
    return content, path


def find_toml(name: str) -> Path:
    """Where the TOML file `name` lies: as a path, or among the files that pw13 ships."""
    if Path(name).is_file():
        return Path(name)
    for folder in shipped_configs():
        if (folder / f"{name}.toml").is_file() and "/" not in name:
            return folder / f"{name}.toml"
    near = _nearest(name, shipped())
    raise UserError(f"--config {name}: no such file, and none of the shipped ones ({', '.join(shipped())}){near}")


def shipped() -> list[str]:
    """The names of the TOML files that come with pw13."""
    return sorted({path.stem for folder in shipped_configs() for path in folder.glob("*.toml")})


def shipped_configs() -> list[Path]:
    """Folders with the TOML files that come with pw13: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    return [folder for folder in (package / "configs", package.parent / "configs") if folder.is_dir()]


def _without_none(kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        return next(part for part in typing.get_args(kind) if part is not type(None))
    return kind


def _fits(value: Any, kind: Any, bounds: Mapping[str, Any]) -> bool:
    if typing.get_origin(kind) is Literal:
        return value in typing.get_args(kind)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return False
    if kind not in (int, float):
        return True
    low, high, above = bounds["low"], bounds["high"], bounds["above"]
    return (
        (kind is int or math.isfinite(value))
        and (low is None or value >= low)
        and (high is None or value <= high)
        and (above is None or value > above)
    )


def _nearest(key: str, known: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
