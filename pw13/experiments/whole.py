"""The whole practical work: every experiment of the handout in one process, so that TensorFlow is imported once."""

import dataclasses
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import console, experiments, fields, files, records, runs, stopping
from pw13.data import images as image_sets
from pw13.data import names as corpora
from pw13.data import windows
from pw13.errors import OptionError, UserError
from pw13.experiments import pace
from pw13.records import Record
from pw13.report.evidence import LAST_ALL
from pw13.runs import Run

SIZES = (0.5, 1, 2)  # of the configured code size and units: 16, 32, 64 and 32, 64, 128
AROUND = {"dense-ae": 8, "conv-dae": 40, "svm-eval": 5, "charrnn": 3}  # seconds beside training: data, figures, names


class Step(NamedTuple):
    """One run; `name` is unique, `uses` names earlier steps whose encoders it takes."""

    name: str
    kind: str
    settings: Any
    uses: tuple[str, ...] = ()


class Data(NamedTuple):
    """What the steps work on: where it is, its sha256, how much there is of it."""

    places: dict[str, str]  # data, corpus
    sha256: dict[str, str]
    images: int
    characters: int


class Done(NamedTuple):
    """A finished step: how ("new", "resumed", "reused"), its run, and the seconds it took now."""

    step: Step
    how: str
    run: Path
    seconds: float


def steps(base: Mapping[str, Any]) -> list[Step]:
    """The plan from one settings record a kind, in the order of the handout, which says which cells and targets.

    Raises:
        OptionError: other numbers of threads, of which a process can have one only.
    """
    dense, conv, svm, rnn = (base[kind] for kind in ("dense-ae", "conv-dae", "svm-eval", "charrnn"))
    if len({each.threads for each in (dense, conv, rnn)}) > 1:
        told = ", ".join(f"{kind} {base[kind].threads}" for kind in ("dense-ae", "conv-dae", "charrnn"))
        raise OptionError(f"--config: threads: expected the same for all kinds, which share a process, received {told}")
    sizes = [max(1, int(dense.code_size * factor)) for factor in SIZES]
    codes = [Step(f"dense autoencoder, code {n}", "dense-ae", dataclasses.replace(dense, code_size=n)) for n in sizes]
    rnn = dataclasses.replace(rnn, cell="simple", target="many-to-one", carry_state=False)
    variants = [rnn]
    variants += [dataclasses.replace(rnn, epochs=n) for n in sorted({1, max(1, rnn.epochs // 4)} - {rnn.epochs})]
    variants += [dataclasses.replace(rnn, units=max(1, int(rnn.units * factor))) for factor in SIZES if factor != 1]
    variants += [dataclasses.replace(rnn, cell=cell) for cell in ("gru", "lstm")]
    variants += [dataclasses.replace(rnn, target="many-to-many")]
    return [
        *codes,
        Step("SVM on pixels, codes and PCA codes", "svm-eval", svm, tuple(step.name for step in codes)),
        Step(f"denoising autoencoder, noise {conv.noise:g}", "conv-dae", conv),
        *(Step(described(each), "charrnn", each) for each in variants),
    ]


def set_by_the_handout(rnn: Any) -> bool:
    """Whether the settings ask for a cell or a target that the plan has in any case, beside the others."""
    return (rnn.cell, rnn.target, rnn.carry_state) != ("simple", "many-to-one", False)


def described(rnn: Any) -> str:
    """ "simple RNN, many-to-one, 64 units, 10 epochs"."""
    return f"{rnn.cell} RNN, {rnn.target}, {rnn.units} units, {rnn.epochs} epoch{'s' if rnn.epochs > 1 else ''}"


def perform(plan: Sequence[Step], data: Data, *, runs_dir: Path, fresh: bool) -> list[Done]:
    """Carry out the steps that have no finished run yet (all of them if `fresh`), and note which runs they are.

    Raises:
        Stopped: a signal asked to stop; finished steps are kept, the one under way can go on.
    """
    done: list[Done] = []
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of functions that every run compiles anew
    for number, step in enumerate(plan, 1):
        stopping.check()  # a signal may have come when the step before had nothing more to stop
        places = places_of(step, data, done, runs_dir)
        record = None if fresh else existing(step, places, data, runs_dir)
        if record is not None and record.status == "completed":
            console.message(f"[{number}/{len(plan)}] {step.name}: {record.name} is there already")
            done.append(Done(step, "reused", record.folder, 0.0))
            continue
        console.message(f"[{number}/{len(plan)}] {step.name}{left(plan[number - 1 :], done, data)}")
        begun = time.time()
        run = opened(step, places, record, runs_dir, begun)
        experiments.perform(step.kind, step.settings, run=run, **places)
        done.append(Done(step, "resumed" if record else "new", run.folder, time.time() - begun))
    files.write_json(runs_dir / LAST_ALL, {"runs": {each.step.name: each.run.name for each in done}})
    stopping.check()
    return done


def look(data: str, corpus: str, settings: Any) -> Data:
    """The digests and sizes of the data that all steps will use.

    Raises:
        UserError: they cannot be read.
    """
    images = image_sets.load_images(data)
    names = corpora.load_names(corpus, encoding=settings.encoding, fix_accents=settings.fix_accents)
    return Data(
        {"data": data, "corpus": corpus},
        {"data": images.source.sha256, "corpus": names.source.sha256},
        len(images.train_images),
        len(windows.join(names.names)),
    )


def places_of(step: Step, data: Data, done: Sequence[Done], runs_dir: Path) -> dict[str, Any]:
    """Where a step's data are, as its experiment takes them."""
    if step.kind == "charrnn":
        return {"corpus": data.places["corpus"]}
    if step.kind != "svm-eval":
        return {"data": data.places["data"]}
    used = [str(each.run.absolute()) for each in done if each.step.name in step.uses]
    return {"data": data.places["data"], "runs": used, "runs_dir": str(runs_dir.absolute())}


def existing(step: Step, places: Mapping[str, Any], data: Data, runs_dir: Path) -> Record | None:
    """The newest run with the step's settings on the same data: a complete one, else one that can go on."""
    fitting = [record for record in records.listing(runs_dir, step.kind) if fits(record, step, places, data)]
    for good in (("completed",), ("interrupted", "died")):
        found = [record for record in fitting if record.status in good]
        if found:
            return found[-1]
    return None


def fits(record: Record, step: Step, places: Mapping[str, Any], data: Data) -> bool:
    """Whether a run is one of the step: equal settings, equal data, equal encoders."""
    if record.problem or record.config.get("runs", []) != places.get("runs", []):
        return False
    sha256 = data.sha256["corpus" if step.kind == "charrnn" else "data"]
    try:
        return (record.facts.get("data") or {}).get("sha256") == sha256 and records.settings_of(record) == step.settings
    except UserError:  # of another version of pw13
        return False


def opened(step: Step, places: Mapping[str, Any], record: Record | None, runs_dir: Path, begun: float) -> Run:
    """The run folder to work in: a new one, or that of the run that goes on."""
    if record is not None:
        console.message(f"going on with {record.name}")
        run = runs.reopen(record, step.settings)
    else:
        run = runs.create(runs_dir, step.kind, {**fields.as_dict(step.settings), **places})
    return dataclasses.replace(run, began=begun)


# ------------------------------------------------------------------------------------------------------ how long yet


def left(open_steps: Sequence[Step], done: Sequence[Done], data: Data) -> str:
    """In words how long the next step and all that are left will take, from what the ones before took."""
    spent = [(each.seconds, guess(each.step, data)) for each in done if each.how == "new"]
    factor = sum(seconds for seconds, _ in spent) / sum(guessed for _, guessed in spent) if spent else 1.0
    mine, *_ = seconds = [factor * guess(step, data) for step in open_steps]
    rest = f"; all {len(open_steps)} that are left about {in_words(sum(seconds))}" if len(open_steps) > 1 else ""
    return f": about {in_words(mine)}{rest}"


def guess(step: Step, data: Data) -> float:
    """Seconds a step may take on two cores."""
    of, around = step.settings, AROUND[step.kind]
    if step.kind == "svm-eval":
        images = min(data.images, of.limit or data.images)
        return around + (1 + len(step.uses)) * (4 + 15 * (images / 10_000) ** 1.5)
    if step.kind == "charrnn":
        counting = data.characters / 140_000  # n-grams, and measuring and sampling
        return around + counting + of.epochs * pace.epoch_seconds(step.kind, of, data.characters)
    return around + of.epochs * pace.epoch_seconds(step.kind, of, data.images)


def in_words(seconds: float) -> str:
    """ "40 s", "3 min", "1.5 h"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
