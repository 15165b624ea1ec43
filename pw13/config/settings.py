"""Every setting of every experiment: its type, default, range and meaning, written here and nowhere else.

A field of one of these records is a flag of its command (`code_size` is `--code-size`), a key of its TOML table and a
key of `config.json`. However a value is given, the record checks it when it is created.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pw13.config.fields import MAX_INT, check, setting
from pw13.errors import OptionError

Schedule = Literal["constant", "cosine"]
Device = Literal["cpu", "gpu"]


def seed() -> int:
    return setting(0, "random seed of weights, order and noise", low=0, high=MAX_INT)


def split_seed() -> int:
    return setting(0, "random seed that decides which examples are held out and kept", low=0, high=MAX_INT)


def threads() -> int:
    return setting(2, "compute threads (affects the result through summation order)", low=1, high=256)


def device() -> Device:
    return setting("cpu", "processor that trains (gpu: NVIDIA, extra gpu); PW13_DEVICE sets another default")


def limit() -> int | None:
    return setting(None, "train on at most N images, stratified by class", low=1, high=MAX_INT, unset="all")


def epochs(default: int) -> int:
    return setting(default, "passes over the training data", low=1, high=1_000_000)


def batch_size(default: int) -> int:
    return setting(default, "examples per step", low=1, high=65536)


def learning_rate(default: float) -> float:
    return setting(default, "initial learning rate (Adam)", above=0, high=100)


def schedule(default: Schedule) -> Schedule:
    return setting(default, "learning-rate schedule: constant, or cosine decay to 0")


def patience() -> int:
    return setting(0, "early-stopping patience in epochs (0 = off)", low=0, high=MAX_INT)


def validation_share() -> float:
    return setting(0.1, "fraction of the training set used for validation", above=0, high=0.9)


def checkpoint_every() -> float:
    return setting(60.0, "seconds between checkpoints within an epoch", above=0, high=86400)


def tensorboard() -> bool:
    return setting(False, "also write TensorBoard logs (extra: tensorboard)")


@dataclass(frozen=True)
class DenseAE:
    """Settings of `train-dense-ae`."""

    code_size: int = setting(32, "size of the code (the hidden layer)", low=1, high=65536)
    activation: Literal["linear", "relu", "sigmoid", "tanh"] = setting("linear", "activation of the code")
    epochs: int = epochs(150)
    batch_size: int = batch_size(128)
    learning_rate: float = learning_rate(3e-3)
    schedule: Schedule = schedule("cosine")
    loss: Literal["mse", "bce"] = setting("mse", "mean squared error or binary cross-entropy")
    patience: int = patience()
    validation_share: float = validation_share()
    limit: int | None = limit()
    seed: int = seed()
    split_seed: int = split_seed()
    threads: int = threads()
    device: Device = device()
    checkpoint_every: float = checkpoint_every()
    tensorboard: bool = tensorboard()

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class ConvDAE:
    """Settings of `train-conv-dae`."""

    noise: float = setting(0.5, "standard deviation (gaussian) or fraction of pixels changed", low=0, high=100)
    noise_kind: Literal["gaussian", "salt-pepper", "masking"] = setting("gaussian", "kind of noise")
    fixed_noise: bool = setting(False, "draw the training noise once instead of every epoch")
    epochs: int = epochs(20)
    batch_size: int = batch_size(128)
    learning_rate: float = learning_rate(2e-3)
    schedule: Schedule = schedule("cosine")
    patience: int = patience()
    validation_share: float = validation_share()
    limit: int | None = limit()
    seed: int = seed()
    split_seed: int = split_seed()
    threads: int = threads()
    device: Device = device()
    checkpoint_every: float = checkpoint_every()
    tensorboard: bool = tensorboard()

    def __post_init__(self) -> None:
        check(self)
        if self.noise_kind != "gaussian" and self.noise > 1:
            raise OptionError(
                f"--noise: expected a fraction from 0 to 1 for {self.noise_kind}, received {self.noise!r}"
            )


@dataclass(frozen=True)
class SvmEval:
    """Settings of `svm-eval`."""

    kernel: Literal["rbf", "linear", "both"] = setting("both", "SVM kernel")
    folds: int = setting(3, "cross-validation folds for choosing C and gamma", low=2, high=20)
    tune_on: int = setting(4000, "maximum training images for tuning C and gamma", low=20, high=MAX_INT)
    memory: float | None = setting(
        None,
        "gigabytes to stay within; exact SVMs are fitted on as many images as that takes",
        above=0,
        high=1_000_000,
        unset="3, or three quarters of the free memory if that is less",
    )
    approximate: bool = setting(
        False,
        "on images that exceed --memory use SGD/Nystroem even if scikit-learn-intelex is installed",
    )
    limit: int | None = limit()
    seed: int = setting(0, "without effect: --split-seed decides all that svm-eval draws", low=0, high=MAX_INT)
    split_seed: int = split_seed()

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class CharRNN:
    """Settings of `train-charrnn`."""

    cell: Literal["simple", "gru", "lstm"] = setting("simple", "kind of recurrent layer")
    target: Literal["many-to-one", "many-to-many"] = setting(
        "many-to-one", "predict the next character once per window or at every position"
    )
    units: int = setting(64, "units per recurrent layer", low=1, high=8192)
    layers: int = setting(1, "number of recurrent layers", low=1, high=8)
    length: int = setting(10, "window length in characters", low=1, high=256)
    skip: int = setting(
        3, "stride between windows in characters (without effect with --carry-state)", low=1, high=10_000
    )
    carry_state: bool = setting(False, "many-to-many only: keep the state across the windows of a name")
    dropout: float = setting(0.0, "dropout rate", low=0, high=0.95)
    recurrent_dropout: float = setting(
        0.0, "dropout rate of the state where it enters the recurrent kernel", low=0, high=0.95
    )
    epochs: int = epochs(10)
    batch_size: int = batch_size(128)
    learning_rate: float = learning_rate(1e-3)
    schedule: Schedule = schedule("constant")
    clip_norm: float = setting(0.0, "gradient clipping norm (0 = off)", low=0, high=1e6)
    patience: int = patience()
    hold_out: float = setting(
        0.05, "fraction of names for the held-out set, and again for validation (0 = none)", low=0, high=0.4
    )
    sample_every: int = setting(0, "epochs between samples in samples.txt (0 = about ten per run)", low=0, high=MAX_INT)
    encoding: str = setting("utf-8", "text encoding of the corpus")
    fix_accents: bool = setting(False, "repair Mac Roman text decoded as Latin-1")
    seed: int = seed()
    split_seed: int = split_seed()
    threads: int = threads()
    device: Device = device()
    checkpoint_every: float = checkpoint_every()
    tensorboard: bool = tensorboard()

    def __post_init__(self) -> None:
        check(self)
        if self.carry_state and self.target == "many-to-one":
            raise OptionError("--carry-state: requires --target many-to-many")


@dataclass(frozen=True)
class Generate:
    """Options of `generate`; not a kind of run, without a TOML table."""

    temp: float = setting(
        0.8,
        "sampling temperature (1 = as trained, lower = more conservative, 0 = greedy: many-to-one names then differ "
        "only by the training name that each follows)",
        low=0,
    )
    n: int = setting(10, "number of names", low=1, high=10_000_000)
    prefix: str = setting("", "beginning of every name")
    top_k: int = setting(0, "sample from the k most likely characters (0 = all)", low=0, high=MAX_INT)
    top_p: float = setting(1.0, "nucleus sampling threshold", above=0, high=1)
    max_length: int = setting(100, "maximum characters per name", low=1, high=100_000)
    only_new: bool = setting(False, "skip names in the corpus and duplicates")
    mix: bool = setting(False, "sample from the mixture of network and n-gram model")
    ladder: bool = setting(False, "the same random draws at five temperatures around --temp, side by side")
    choose: bool = setting(False, "choose each character of a name by hand from the ten likeliest")
    seed: int | None = setting(None, "random seed", low=0, high=MAX_INT, unset="random")

    def __post_init__(self) -> None:
        check(self)
        chosen = [f"--{name.replace('_', '-')}" for name in ("only_new", "ladder", "choose") if getattr(self, name)]
        if len(chosen) > 1:
            raise OptionError(f"{chosen[1]}: cannot be combined with {chosen[0]}")
        if self.ladder and self.temp == 0:
            raise OptionError("--ladder: expected a --temp above 0, received 0")


# The kinds of run, in the order of the handout: part of the run folder's name, and the name of the TOML table.
KINDS: dict[str, type] = {"dense-ae": DenseAE, "conv-dae": ConvDAE, "svm-eval": SvmEval, "charrnn": CharRNN}

# Keys at the top of a TOML file, which every command understands.
SHARED = {
    "data": str,
    "corpus": str,
    "runs_dir": str,
    "seed": int,
    "split_seed": int,
    "threads": int,
    "device": str,
    "json": bool,
    "quiet": bool,
}

DEFAULT_RUNS_DIR = Path("runs")
NETWORK_SETTINGS = ("cell", "target", "units", "layers", "length")  # that a char-RNN that is trained further keeps


def kind_of(cls: type) -> str:
    """Return the kind of run that a settings class belongs to."""
    return next(kind for kind, record in KINDS.items() if record is cls)
