"""The runs of the course in the order of the handout."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pw13.errors import OptionError

SIZE_FACTORS = (0.5, 1, 2)  # of the configured code size and units: 16, 32, 64 and 32, 64, 128


class Step(NamedTuple):
    """One run; `name` is unique, `uses` names earlier steps whose encoders it takes."""

    name: str
    kind: str
    settings: Any
    uses: tuple[str, ...] = ()


class CourseData(NamedTuple):
    """What the steps work on: where it is, its sha256, how much there is of it."""

    data_paths: dict[str, str]  # data, corpus
    sha256: dict[str, str]
    images: int
    characters: int


class StepResult(NamedTuple):
    """A finished step: how ("new", "resumed", "reused"), its run, and the seconds it took now."""

    step: Step
    how: str
    run: Path
    seconds: float


def course_steps(base: Mapping[str, Any]) -> list[Step]:
    """The plan from one settings record a kind, in the order of the handout, which says which cells and targets.

    Raises:
        OptionError: other numbers of threads, of which a process can have one only.
    """
    dense, conv, svm, rnn = (base[kind] for kind in ("dense-ae", "conv-dae", "svm-eval", "charrnn"))
    if len({each.threads for each in (dense, conv, rnn)}) > 1:
        told = ", ".join(f"{kind} {base[kind].threads}" for kind in ("dense-ae", "conv-dae", "charrnn"))
        raise OptionError(f"--config: threads: expected the same for all kinds, which share a process, received {told}")
    sizes = [max(1, int(dense.code_size * factor)) for factor in SIZE_FACTORS]
    codes = [Step(f"dense autoencoder, code {n}", "dense-ae", dataclasses.replace(dense, code_size=n)) for n in sizes]
    rnn = dataclasses.replace(rnn, cell="simple", target="many-to-one", carry_state=False)
    variants = [rnn]
    variants += [dataclasses.replace(rnn, epochs=n) for n in sorted({1, max(1, rnn.epochs // 4)} - {rnn.epochs})]
    variants += [
        dataclasses.replace(rnn, units=max(1, int(rnn.units * factor))) for factor in SIZE_FACTORS if factor != 1
    ]
    variants += [dataclasses.replace(rnn, cell=cell) for cell in ("gru", "lstm")]
    variants += [dataclasses.replace(rnn, target="many-to-many")]
    return [
        *codes,
        Step("SVM on pixels, codes and PCA codes", "svm-eval", svm, tuple(step.name for step in codes)),
        Step(f"denoising autoencoder, noise {conv.noise:g}", "conv-dae", conv),
        *(Step(describe(each), "charrnn", each) for each in variants),
    ]


def overrides_handout(rnn: Any) -> bool:
    """Whether the settings ask for a cell or a target that the plan has in any case, beside the others."""
    return (rnn.cell, rnn.target, rnn.carry_state) != ("simple", "many-to-one", False)


def describe(rnn: Any) -> str:
    """ "simple RNN, many-to-one, 64 units, 10 epochs"."""
    return f"{rnn.cell} RNN, {rnn.target}, {rnn.units} units, {rnn.epochs} epoch{'s' if rnn.epochs > 1 else ''}"
