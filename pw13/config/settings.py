"""Every setting of every experiment: its type, default, range and meaning, written here and nowhere else.

A field of one of these records is a flag of its command (`code_size` is `--code-size`), a key of its TOML table and a
key of `config.json`. Whatever the way a value came in, the record checks it when it is made.
"""

from dataclasses import dataclass
from typing import Literal

from pw13.config.fields import BIG, check, setting
from pw13.errors import OptionError


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
        False,
        "more than 20,000 images, or 6,000 of two classes: LinearSVC and Nystroem, even where scikit-learn-intelex is "
        "installed",
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


def kind_of(cls: type) -> str:
    return next(kind for kind, record in KINDS.items() if record is cls)
