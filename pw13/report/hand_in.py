"""The hand-in: report.pdf, report.html, notebook.ipynb and hand-in.zip, written from finished runs."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pw13 import console
from pw13.errors import UserError
from pw13.report import archive as packing
from pw13.report import name_selection as choosing
from pw13.report import outline as making
from pw13.report import run_selection as evidence
from pw13.report.document import Missing
from pw13.report.name_selection import Chosen
from pw13.report.renderers import html as web
from pw13.report.renderers import notebook
from pw13.report.renderers import notebook_execution as executing
from pw13.report.renderers import pdf as typeset
from pw13.report.run_selection import Evidence
from pw13.report.sections import answers as questions
from pw13.system import files

OF_A_RUN = ("config.json", "metrics.json")  # what of each run goes into the zip


class Request(NamedTuple):
    """What a hand-in is asked for: `runs` by name (none: chosen), `comments` and `names` files of the user's."""

    runs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    comments: Path | None = None
    names: Path | None = None
    answers: bool = True
    execute: bool = True


class Written(NamedTuple):
    """Where the hand-in lies, its files, and the runs that it rests on."""

    folder: Path
    files: tuple[str, ...]
    runs: tuple[str, ...]
    notices: tuple[str, ...]
    missing: tuple[str, ...]


def look(request: Request, out: Path) -> None:
    """Refuse what would be refused when the hand-in is written; for before the hours of training.

    Raises:
        UserError: a file of the user's cannot be read, `out` cannot be written.
        OptionError: the comments name an item that there is not.
    """
    if request.comments:
        questions.read_own(request.comments, making.keys())
    if request.names:
        choosing.read_names(request.names)
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise UserError(f"{out}: cannot be written: {there} is not a folder that may be written to")


def perform(request: Request, *, runs_dir: Path, out: Path) -> Written:
    """Write the hand-in into `out`.

    Raises:
        UserError: no usable run, a file of the user's cannot be read, a model is damaged, `out` cannot be written.
        OptionError: the comments name an item that there is not.
    """
    own = questions.read_own(request.comments, making.keys()) if request.comments else {}
    found = evidence.gather(request.runs, runs_dir)
    answers = questions.answers() if request.answers else {}
    with whole_records(found):
        console.message(f"report on {found.origin}: {', '.join(record.name for record in found.records)}")
        chosen = names(request, found)
        document = making.make(found, chosen, authors=request.authors, answers=answers, own=own)
    for text in document.notices:  # what a reader must know, such as --limit, is told even under --quiet
        console.warning(text)

    contents = {"report.pdf": typeset.pdf(document), "report.html": web.html(document)}
    cells = notebook.notebook(document, found)
    if request.execute:
        console.message("notebook: running its cells (about a minute)")
        cells = executing.executed(cells, folder=Path.cwd())
    contents["notebook.ipynb"] = notebook.as_bytes(cells)
    contents["hand-in.zip"] = packing.packed(contents | of_runs(found))
    write(contents, out)
    absent = [f"{block.what} {block.command}" for block in document.blocks if isinstance(block, Missing)]
    missing = tuple(dict.fromkeys(absent))
    return Written(out, tuple(contents), tuple(r.name for r in found.records), document.notices, missing)


@contextlib.contextmanager
def whole_records(found: Evidence) -> Iterator[None]:
    """Refuse runs whose files are sound JSON but do not hold what pw13 writes into them.

    The report takes hundreds of their values; what one that is missing trips over is told here once.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        listed = ", ".join(record.name for record in found.records)
        raise UserError(f"a run's files lack what a report needs ({error}); looked into {listed}") from error


def names(request: Request, found: Evidence) -> Chosen | None:
    """The user's names, or some chosen by rule."""
    if request.names:
        return choosing.by_hand(request.names, found.of("charrnn"))
    return choosing.choose(found.of("charrnn"))


def of_runs(found: Evidence) -> dict[str, bytes]:
    """Settings and numbers of every run, by their names in the zip."""
    try:
        return {f"runs/{r.name}/{name}": (r.folder / name).read_bytes() for r in found.records for name in OF_A_RUN}
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from None


def write(contents: dict[str, bytes], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            files.write_whole(out / name, data)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror or error}") from None


def check(path: Path) -> Sequence[str]:
    """The names of a hand-in's files, all as its manifest says.

    Raises:
        UserError: a file is missing, changed or too much; or the zip is none.
    """
    fine, faults = packing.check(path)
    if faults:
        console.warning("; ".join(f"{name}: {what}" for name, what in faults[1:])) if faults[1:] else None
        raise UserError(
            f"{path}: {faults[0].name}: {faults[0].what} ({len(faults)} of {len(fine) + len(faults)} files)"
        )
    return fine
