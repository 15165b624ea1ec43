"""The experiments of the course, in the order of the handout."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pw13.errors import OptionError

SIZE_FACTORS = (0.5, 1, 2)  # of the configured code size and units: 16, 32, 64 and 32, 64, 128


MAX_SEEDS = 100
MAX_DENOISERS = 3  # seeds of the denoiser: it takes as long as all other trainings together


class Step(NamedTuple):
    """One run, and a sweep over further seeds if `seeds` is above 1.

    `name` is unique, `uses` names earlier steps whose encoders it needs.
    """

    name: str
    kind: str
    settings: Any
    uses: tuple[str, ...] = ()
    seeds: int = 1


class CourseData(NamedTuple):
    """The data of all steps: paths, sha256 and sizes."""

    data_paths: dict[str, str]  # data, corpus
    sha256: dict[str, str]
    images: int
    characters: int


class StepResult(NamedTuple):
    """A finished step: how ("new", "resumed" or "reused"), its run, its sweep over further seeds, seconds of both."""

    step: Step
    how: str
    run: Path
    seconds: float
    sweep: Path | None = None


def course_steps(base: Mapping[str, Any], seeds: int = 1) -> list[Step]:
    """Return the steps from one settings record per kind; the handout fixes their order, cells and targets.

    seeds: of each headline network, counting up from that of its settings; of the denoiser at most `MAX_DENOISERS`.

    Raises:
        OptionError: `seeds` out of range, or of networks without validation names to compare them on.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise OptionError(f"--seeds: expected an integer from 1 to {MAX_SEEDS}, received {seeds}")
    dense, conv, svm, rnn = (base[kind] for kind in ("dense-ae", "conv-dae", "svm-eval", "charrnn"))
    if seeds > 1 and rnn.hold_out == 0:
        raise OptionError("--config: charrnn: hold_out: expected a fraction above 0 with --seeds, received 0")
    sizes = dict.fromkeys(max(1, int(dense.code_size * factor)) for factor in SIZE_FACTORS)
    codes = [
        Step(
            f"dense autoencoder, code {n}",
            "dense-ae",
            dataclasses.replace(dense, code_size=n),
            seeds=seeds if n == dense.code_size else 1,
        )
        for n in sizes
    ]
    rnn = dataclasses.replace(rnn, cell="simple", target="many-to-one", carry_state=False)
    variants = [rnn]
    variants += [dataclasses.replace(rnn, epochs=n) for n in sorted({1, max(1, rnn.epochs // 4)} - {rnn.epochs})]
    variants += [
        dataclasses.replace(rnn, units=max(1, int(rnn.units * factor))) for factor in SIZE_FACTORS if factor != 1
    ]
    headline = [rnn, *(dataclasses.replace(rnn, cell=cell) for cell in ("gru", "lstm"))]
    headline += [dataclasses.replace(rnn, target="many-to-many")]
    variants += headline[1:]
    return [
        *codes,
        Step("SVM on pixels, codes and PCA codes", "svm-eval", svm, tuple(step.name for step in codes)),
        Step(f"denoising autoencoder, noise {conv.noise:g}", "conv-dae", conv, seeds=min(seeds, MAX_DENOISERS)),
        *(
            Step(describe(settings), "charrnn", settings, seeds=seeds if settings in headline else 1)
            for settings in dict.fromkeys(variants)  # of one unit, fewer are the same
        ),
    ]


def overrides_handout(rnn: Any) -> bool:
    """Return whether the settings ask for a cell or a target that the handout fixes."""
    return (rnn.cell, rnn.target, rnn.carry_state) != ("simple", "many-to-one", False)


def describe(rnn: Any) -> str:
    """Return a name such as "simple RNN, many-to-one, 64 units, 10 epochs"."""
    return f"{rnn.cell} RNN, {rnn.target}, {rnn.units} units, {rnn.epochs} epoch{'s' if rnn.epochs > 1 else ''}"
