"""Train the runs of a hand-in again, from the settings in its zip, and compare the numbers; run no code of it."""

import functools
import graphlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pw13 import __version__, config, console, experiments
from pw13.config import fields
from pw13.data.images import load_images
from pw13.data.names import load_names
from pw13.data.source import Source
from pw13.errors import OptionError, UserError
from pw13.report.archive import check_archive
from pw13.runs.comparison import flatten, is_number
from pw13.runs.ending import discard
from pw13.runs.opening import create_run
from pw13.runs.record import DATA_PATH_KEYS, parse_object, read_json
from pw13.system import signals
from pw13.system.process_pool import Worker, WorkerDied

TOLERANCE = 0.01  # relative: other processors round differently
# Parts of the names of metrics that are of the machine, not of the result.
OF_THE_MACHINE = ("seconds", "per_second", "cores", "memory")
FILES = ("config", "run", "metrics")  # of a run in the zip, .json
KIND_ORDER = ("dense-ae", "conv-dae", "charrnn", "svm-eval")  # an SVM evaluation needs the encoders


class ZippedRun(NamedTuple):
    """A run as a hand-in describes it: settings as given, names of the runs that it used, data and metrics.

    encoders: the runs that an SVM evaluation used. init_from: the run that the network was trained further from.
    lean: whether it measured only what a sweep compares.
    """

    name: str
    kind: str
    settings: Any
    encoders: tuple[str, ...]
    init_from: str | None
    lean: bool
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    version: str

    @property
    def uses(self) -> tuple[str, ...]:
        return (*self.encoders, *([self.init_from] if self.init_from else []))


class Difference(NamedTuple):
    """A number that differs by more than the tolerance; None where one of the two lacks it. `relative` to the zip's."""

    run: str
    metric: str
    zip: float | None
    rerun: float | None
    relative: float | None


class Rerun(NamedTuple):
    """How many runs were trained again and numbers compared, and which differ."""

    runs: int
    numbers: int
    differences: tuple[Difference, ...]


def rerun_hand_in(path: Path, *, data: str, corpus: str) -> Rerun:
    """Train every run of a hand-in again, in a temporary folder.

    data, corpus: where the data are; they must be those of the runs.

    Raises:
        UserError: not an intact hand-in, without runs, or made on other data.
        OptionError: settings out of range.
    """
    runs = read_runs(path)
    check_data(runs, data, corpus)
    for version in sorted({run.version for run in runs} - {__version__}):
        console.warning(f"the runs were made with pw13 {version or 'of unknown version'}; this is {__version__}")
    metrics = {}
    with tempfile.TemporaryDirectory(prefix="pw13-rerun-") as scratch:
        again: dict[str, Path] = {}
        here = next((setup for run in runs if (setup := _setup(run))), None)
        for number, run in enumerate(runs, 1):
            console.message(f"[{number}/{len(runs)}] {run.name}")
            signals.on_forced_exit(lambda: discard(scratch))  # for every run: its end removes all actions
            apart = _setup(run) not in (here, None)
            arguments = (run, again, Path(scratch), data, corpus)
            again[run.name], metrics[run.name] = _train_apart(*arguments) if apart else _train(*arguments)
    pairs = [(run, dict(compared(run.metrics)), dict(compared(metrics[run.name]))) for run in runs]
    found = [difference for run, old, new in pairs for difference in differences(run.name, old, new)]
    return Rerun(len(runs), sum(len(old.keys() | new.keys()) for _, old, new in pairs), tuple(found))


def _train(
    run: ZippedRun, again: Mapping[str, Path], folder: Path, data: str, corpus: str
) -> tuple[Path, Mapping[str, Any]]:
    places: dict[str, Any] = {"corpus": corpus} if run.kind == "charrnn" else {"data": data}
    if run.kind == "svm-eval":
        nowhere = str(folder / "none")  # where no encoder is found that the run did not use
        places |= {"runs": [str(again[name]) for name in run.encoders], "runs_dir": nowhere}
    if run.init_from:
        places["init_from"] = str(again[run.init_from])
    created = create_run(folder, run.kind, {**fields.as_dict(run.settings), **places})
    lean = {"lean": True} if run.lean else {}
    experiments.run_experiment(run.kind, run.settings, run=created, **places, **lean)
    return created.folder, read_json(created.folder / "metrics.json")  # null for NaN, as in the zip


def _setup(run: ZippedRun) -> tuple[int, str] | None:
    """Return threads and device, of which a process has one each; None for an SVM evaluation, which has neither."""
    return None if run.kind == "svm-eval" else (run.settings.threads, run.settings.device)


def _train_apart(run: ZippedRun, *others: Any) -> tuple[Path, Mapping[str, Any]]:
    """Train a run in a process of its own."""
    worker: Worker[Any, Any] = Worker(_answer, functools.partial(console.start, quiet=console.is_quiet()))
    try:
        worker.send((run, *others))
        while not worker.connection.poll(0.5):
            signals.check()
        answer = worker.receive()
    except (WorkerDied, OSError):  # OSError: of `poll` on Windows
        raise UserError(f"{run.name}: its process was killed (out of memory?)") from None
    finally:
        signals.clear_exit_hooks()
        worker.terminate()
    if isinstance(answer, str):
        raise UserError(answer)
    trained: tuple[Path, Mapping[str, Any]] = answer
    return trained


def _answer(arguments: tuple[Any, ...]) -> tuple[Path, Mapping[str, Any]] | str:
    """Train a run; return an error as its message."""
    try:
        return _train(*arguments)
    except (UserError, OptionError) as error:
        return str(error)


def read_runs(path: Path) -> list[ZippedRun]:
    """Return the runs of a hand-in whose files match its manifest, each after those that it uses.

    Raises:
        UserError: a fault, no runs, a corrupt file, or a run that uses another which is not there.
    """
    names, faults = check_archive(path)
    if faults:
        raise UserError(f"{path}: {faults[0].name}: {faults[0].problem}")
    runs = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted({file[len("runs/") :].rpartition("/")[0] for file in names if file.startswith("runs/")}):
            contents = (_read_json(archive, path, f"runs/{name}/{file}.json") for file in FILES)
            runs.append(_zipped_run(path, name, *contents))
    if not runs:
        raise UserError(f"{path}: contains no runs; expected a hand-in written by pw13 report")
    return in_order(runs, path)


def in_order(runs: Sequence[ZippedRun], path: Path) -> list[ZippedRun]:
    """Return the runs by kind, each after those that it uses.

    Raises:
        UserError: a run uses one that is not there, or itself.
    """
    by_name = {run.name: run for run in sorted(runs, key=lambda run: (KIND_ORDER.index(run.kind), run.name))}
    for run in runs:
        for name in run.uses:
            if name not in by_name:
                raise UserError(f"{path}: {run.name} uses {name}, which is not in it; report on both with --run")
    try:
        order = graphlib.TopologicalSorter({name: run.uses for name, run in by_name.items()}).static_order()
        return [by_name[name] for name in order]
    except graphlib.CycleError as error:
        raise UserError(f"{path}: runs use each other: {', '.join(error.args[1])}") from None


def _read_json(archive: zipfile.ZipFile, path: Path, name: str) -> dict[str, Any]:
    try:
        content = archive.read(name)
    except KeyError:
        raise UserError(f"{path}: {name}: missing; written by an older version of pw13?") from None
    return parse_object(content, f"{path}: {name}")


def _zipped_run(
    path: Path, name: str, options: dict[str, Any], facts: dict[str, Any], metrics: dict[str, Any]
) -> ZippedRun:
    kind = str(options.get("kind"))
    if kind not in config.KINDS:
        raise UserError(f"{path}: runs/{name}/config.json: unknown kind {kind!r}")
    values = {key: value for key, value in options.items() if key != "kind" and key not in DATA_PATH_KEYS}
    settings = fields.from_dict(config.KINDS[kind], values, f"{path}: runs/{name}/config.json")
    encoders, init_from = options.get("runs"), options.get("init_from")
    data, versions = facts.get("data"), facts.get("versions")
    return ZippedRun(
        name,
        kind,
        settings,
        tuple(map(str, encoders)) if isinstance(encoders, list) and kind == "svm-eval" else (),
        str(init_from) if init_from and kind == "charrnn" else None,
        facts.get("lean") is True and kind != "svm-eval",
        data if isinstance(data, dict) else {},
        metrics,
        str(versions.get("pw13", "")) if isinstance(versions, dict) else "",
    )


def check_data(runs: Sequence[ZippedRun], data: str, corpus: str) -> None:
    """Refuse data that are not those of the runs, before any training.

    Raises:
        UserError: the sha256 differs, or the data cannot be read.
    """
    for flag, kinds, path in (("--data", KIND_ORDER[:2] + KIND_ORDER[3:], data), ("--corpus", ("charrnn",), corpus)):
        expected = {str(run.data.get("sha256")): str(run.data.get("name")) for run in runs if run.kind in kinds}
        if not expected:
            continue
        source = _names_source(runs, path) if flag == "--corpus" else load_images(path).source
        if set(expected) != {source.sha256}:
            raise UserError(
                f"{flag} {path}: expected the data of the hand-in, {', '.join(expected.values())} (sha256 "
                f"{', '.join(digest[:12] for digest in expected)}), received {source.name} ({source.sha256[:12]})"
            )


def _names_source(runs: Sequence[ZippedRun], corpus: str) -> Source:
    settings = next(run.settings for run in runs if run.kind == "charrnn")
    return load_names(corpus, encoding=settings.encoding, fix_accents=settings.fix_accents).source


def compared(metrics: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Yield the numbers of metrics.json by name, but for times and other facts of the machine."""
    for name, value in flatten(metrics).items():
        if (value is None or is_number(value)) and not any(part in name for part in OF_THE_MACHINE):
            yield name, value


def differences(run: str, old: Mapping[str, float | None], new: Mapping[str, float | None]) -> Iterator[Difference]:
    """Yield the numbers that differ by more than `TOLERANCE`, in the order of the zip."""
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            if before is not after:
                yield Difference(run, name, before, after, None)
            continue
        scale = abs(before) or abs(after)
        if scale and not abs(after - before) <= TOLERANCE * scale:
            yield Difference(run, name, before, after, (after - before) / scale)
