"""The hand-in: report.pdf, report.html, notebook.ipynb and hand-in.zip, written from finished runs."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pw13 import console
from pw13.errors import UserError
from pw13.report import run_selection
from pw13.report.archive import check_archive, pack
from pw13.report.document import Missing
from pw13.report.name_selection import NameSelection, read_names, select_names, selected_by_hand
from pw13.report.outline import build_document, item_keys
from pw13.report.renderers import html, notebook, notebook_execution, pdf
from pw13.report.run_selection import RunSelection
from pw13.report.sections.answers import prepared_answers, read_own
from pw13.system import files

OF_A_RUN = ("config.json", "metrics.json")  # what of each run goes into the zip


class HandInOptions(NamedTuple):
    """What a hand-in is asked for: `runs` by name (none: chosen), `comments` and `names` files of the user's."""

    runs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    comments: Path | None = None
    names: Path | None = None
    answers: bool = True
    execute: bool = True


class HandIn(NamedTuple):
    """Where the hand-in lies, its files, and the runs that it rests on."""

    folder: Path
    files: tuple[str, ...]
    runs: tuple[str, ...]
    notices: tuple[str, ...]
    missing: tuple[str, ...]


def check_options(request: HandInOptions, out: Path) -> None:
    """Refuse what would be refused when the hand-in is written; for before the hours of training.

    Raises:
        UserError: a file of the user's cannot be read, `out` cannot be written.
        OptionError: the comments name an item that there is not.
    """
    if request.comments:
        read_own(request.comments, item_keys())
    if request.names:
        read_names(request.names)
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise UserError(f"{out}: cannot be written: {there} is not a folder that may be written to")


def write_hand_in(request: HandInOptions, *, runs_dir: Path, out: Path) -> HandIn:
    """Write the hand-in into `out`.

    Raises:
        UserError: no usable run, a file of the user's cannot be read, a model is damaged, `out` cannot be written.
        OptionError: the comments name an item that there is not.
    """
    own = read_own(request.comments, item_keys()) if request.comments else {}
    found = run_selection.select_runs(request.runs, runs_dir)
    answers = prepared_answers() if request.answers else {}
    with full_records(found):
        console.message(f"report on {found.origin}: {', '.join(record.name for record in found.records)}")
        chosen = names(request, found)
        document = build_document(found, chosen, authors=request.authors, answers=answers, own=own)
    for text in document.notices:  # what a reader must know, such as --limit, is told even under --quiet
        console.warning(text)

    contents = {"report.pdf": pdf.pdf(document), "report.html": html.html(document)}
    cells = notebook.notebook(document, found)
    if request.execute:
        console.message("notebook: running its cells (about a minute)")
        cells = notebook_execution.execute(cells, folder=Path.cwd())
    contents["notebook.ipynb"] = notebook.as_bytes(cells)
    contents["hand-in.zip"] = pack(contents | build_from_runs(found))
    write_files(contents, out)
    absent = [f"{block.what} {block.command}" for block in document.blocks if isinstance(block, Missing)]
    missing = tuple(dict.fromkeys(absent))
    return HandIn(out, tuple(contents), tuple(r.name for r in found.records), document.notices, missing)


@contextlib.contextmanager
def full_records(found: RunSelection) -> Iterator[None]:
    """Refuse runs whose files are sound JSON but do not hold what pw13 writes into them.

    The report takes hundreds of their values; what one that is missing trips over is told here once.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        listed = ", ".join(record.name for record in found.records)
        raise UserError(f"a run's files lack what a report needs ({error}); looked into {listed}") from error


def names(request: HandInOptions, found: RunSelection) -> NameSelection | None:
    """The user's names, or some chosen by rule."""
    if request.names:
        return selected_by_hand(request.names, found.of_kind("charrnn"))
    return select_names(found.of_kind("charrnn"))


def build_from_runs(found: RunSelection) -> dict[str, bytes]:
    """Settings and numbers of every run, by their names in the zip."""
    try:
        return {f"runs/{r.name}/{name}": (r.folder / name).read_bytes() for r in found.records for name in OF_A_RUN}
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from None


def write_files(contents: dict[str, bytes], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            files.write_atomic(out / name, data)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror or error}") from None


def check(path: Path) -> Sequence[str]:
    """The names of a hand-in's files, all as its manifest says.

    Raises:
        UserError: a file is missing, changed or too much; or the zip is none.
    """
    fine, faults = check_archive(path)
    if faults:
        console.warning("; ".join(f"{name}: {what}" for name, what in faults[1:])) if faults[1:] else None
        raise UserError(
            f"{path}: {faults[0].name}: {faults[0].what} ({len(faults)} of {len(fine) + len(faults)} files)"
        )
    return fine
