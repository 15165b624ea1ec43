"""The hand-in, from finished runs: report.pdf, report.html, notebook.ipynb, explore.html and hand-in.zip."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pw13 import console
from pw13.data.staging import try_folder
from pw13.errors import OptionError, UserError
from pw13.explore import runs as explore_runs
from pw13.explore.contents import choose_among
from pw13.explore.contents import contents as page_contents
from pw13.explore.page import render
from pw13.report import hand_in_data, portable
from pw13.report.archive import check_archive, pack
from pw13.report.commentary.phrasing import join_words
from pw13.report.document import Document, Missing
from pw13.report.handout import Row, compliance
from pw13.report.name_selection import NameSelection, select_names
from pw13.report.names_by_hand import names_from_file, read_names
from pw13.report.outline import build_document, item_keys, questions
from pw13.report.renderers import html, notebook, notebook_execution, pdf
from pw13.report.run_selection import RunSelection, select_runs
from pw13.report.sections.answers import prepared_answers, read_comments, template
from pw13.report.shortening import shorten
from pw13.system import files

if TYPE_CHECKING:
    from nbformat import NotebookNode


ZIP, PAGE = "hand-in.zip", "explore.html"


class HandInOptions(NamedTuple):
    """The options of a hand-in: `runs` by name (default: see `select_runs`), `comments` and `names`: user files.

    explore: whether the page of `pw13 explore` is part of it.
    """

    runs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    comments: Path | None = None
    names: Path | None = None
    answers: bool = True
    execute: bool = True
    explore: bool = True
    short: bool = False


class HandIn(NamedTuple):
    """A written hand-in: folder, files, runs, notices, and the results that no run provides."""

    folder: Path
    files: tuple[str, ...]
    runs: tuple[str, ...]
    notices: tuple[str, ...]
    missing: tuple[str, ...]


def check_options(options: HandInOptions, out: Path) -> None:
    """Raise early, before hours of training, what `write_hand_in` would raise for its options.

    Raises:
        UserError: a user file cannot be read, or `out` cannot be written.
        OptionError: a comment on an unknown item, or an author's name that is no text.
    """
    refuse_authors(options.authors)
    if options.comments:
        read_comments(options.comments, item_keys())
    if options.names:
        read_names(options.names)
    check_out(out)


def check_out(out: Path) -> None:
    """Raise UserError if the folder of a hand-in cannot be created, or not be written into."""
    try:
        try_folder(out)
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror or error}") from None


def write_hand_in(options: HandInOptions, *, runs_dir: Path, out: Path) -> HandIn:
    """Write the hand-in into `out`.

    Raises:
        UserError: no usable run, an unreadable user file, a corrupt model, or `out` cannot be written.
        OptionError: a comment on an unknown item.
    """
    selection, names, document = build(options, runs_dir)
    check_out(out)  # before a minute of work
    for text in document.notices:  # caveats, such as --limit, are shown even with --quiet
        console.warning(text)

    if missing_characters := pdf.missing_characters(document):
        shown = " ".join(sorted(missing_characters))
        console.warning(f"no font here has {shown}; report.pdf shows escapes, report.html the characters")

    cells, data = notebook.notebook(document, selection), hand_in_data.files(selection)
    failure = None
    with ThreadPoolExecutor(1) as pool:  # the notebook has a process of its own, and takes longer
        rendering = pool.submit(render_pages, document, selection, names, options)
        try:
            cells = execute(cells, data, hand_in_data.environment(selection)) if options.execute else cells
        except UserError as error:
            failure = error
    pages = rendering.result()
    if failure:
        write_files(pages, out)
        older = f" ({ZIP} there is of an earlier report)" if (out / ZIP).exists() else ""
        raise UserError(f"{failure}; {join_words(list(pages))} are written; the rest: --no-execute{older}")
    contents = {**pages, "notebook.ipynb": notebook.to_bytes(cells)}
    readme = {"README.md": files.to_utf8(portable.readme(selection, explore=PAGE in contents))}
    contents[ZIP] = pack(contents | readme | data | portable.run_files(selection))
    write_files(contents, out)
    missing = dict.fromkeys(f"{block.what} {block.command}" for block in document.blocks if isinstance(block, Missing))
    run_names = tuple(record.reference for record in selection.records)
    return HandIn(out, tuple(contents), run_names, document.notices, tuple(missing))


def render_pages(
    document: Document, selection: RunSelection, names: NameSelection | None, options: HandInOptions
) -> dict[str, bytes]:
    """Return the report as PDF and HTML, and the page of `pw13 explore` if it is wanted, by file name."""
    printed = shorten(document) if options.short else document
    pages = {"report.pdf": pdf.pdf(printed), "report.html": html.html(printed)}
    if options.explore and (page := explore_page(selection, names)):
        pages[PAGE] = page
    return pages


def refuse_authors(authors: Sequence[str]) -> None:
    """Refuse an author without a name, or with bytes that the terminal's encoding lacks: no report shows them."""
    for author in authors:
        if not author.strip():
            raise OptionError(f"--author: expected a name, received {author!r}")
        if any("\ud800" <= character <= "\udfff" for character in author):
            raise OptionError(f"--author: expected text in UTF-8, received {author!r}")


def handout_rows(options: HandInOptions, *, runs_dir: Path) -> list[Row]:
    """Return what was done for each item of the handout, and where it departs from it.

    Raises:
        UserError: no usable run, or an unreadable user file.
        OptionError: a comment on an unknown item.
    """
    selection, names, document = build(options, runs_dir)
    return compliance(document.items, selection, len(names.names) if names else 0)


def write_template(path: Path) -> None:
    """Write a file with every item of the handout to fill in; never over an existing one.

    Raises:
        UserError: it exists, or cannot be written.
    """
    try:
        with open(path, "xb"):  # empty for a moment, so that no other file can get its name
            pass
        try:
            files.write_atomic(path, files.to_utf8(template(questions())))
        except BaseException:
            path.unlink()
            raise
    except FileExistsError:
        raise UserError(f"--template {path}: already exists; not overwriting") from None
    except OSError as error:
        raise UserError(f"--template {path}: cannot be written: {error.strerror or error}") from None


def build(options: HandInOptions, runs_dir: Path) -> tuple[RunSelection, NameSelection | None, Document]:
    """Return the runs, the names and the document of a report."""
    refuse_authors(options.authors)
    comments = read_comments(options.comments, item_keys()) if options.comments else {}
    selection = select_runs(options.runs, runs_dir)
    answers = prepared_answers() if options.answers else {}
    run_names = tuple(record.reference for record in selection.records)
    with refuse_incomplete_metrics(selection):
        console.message(f"reporting on {selection.origin}: {', '.join(run_names)}")
        names = choose_names(options, selection)
        document = build_document(selection, names, authors=options.authors, answers=answers, comments=comments)
    return selection, names, document


@contextlib.contextmanager
def refuse_incomplete_metrics(selection: RunSelection) -> Iterator[None]:
    """Turn the error of a missing value into one line.

    A run's files may be valid JSON and still lack some of the hundreds of values that the report reads.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        names = ", ".join(record.reference for record in selection.records)
        raise UserError(f"a run lacks a value that the report needs ({error}); runs: {names}") from error


def choose_names(options: HandInOptions, selection: RunSelection) -> NameSelection | None:
    """Return the user's names, else names selected by rule."""
    networks, base = selection.of_kind("charrnn"), selection.baseline_rnn
    return names_from_file(options.names, networks, base) if options.names else select_names(networks, base)


def execute(cells: "NotebookNode", data: dict[str, bytes], environment: dict[str, str]) -> "NotebookNode":
    """Return the notebook with its outputs, executed beside the data files of the hand-in, as after unpacking it."""
    console.message("executing the notebook (about a minute)")
    with tempfile.TemporaryDirectory(prefix="pw13-notebook-") as scratch:
        for name, content in data.items():
            path = Path(scratch, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return notebook_execution.execute(cells, folder=Path(scratch), variables=environment)


def explore_page(selection: RunSelection, names: NameSelection | None) -> bytes | None:
    """Return the page of `pw13 explore` on the runs that the report is about; None if no run has a model to play with.

    Of each kind it shows the run of the report's headline or names; if that has no model, the newest one that has.
    """
    runs = sorted(selection.records, key=lambda record: record.sweep is None)  # points of sweeps first
    samplers = [record for record in runs if names and record.reference == names.run]
    headline = [record for record in (selection.dense, selection.conv, selection.svm, *samplers) if record]
    chosen = choose_among([*runs, *headline])
    if not any(chosen.records.values()):
        return None
    rows = [explore_runs.row(record) for record in reversed(selection.records)]
    return render(page_contents(chosen, rows, served=False)).encode()


def write_files(contents: dict[str, bytes], out: Path) -> None:
    """Write the files of a hand-in, and remove the page of an earlier one that shows other runs."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        files.write_together({out / name: data for name, data in contents.items()})
        if PAGE not in contents:
            (out / PAGE).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror or error}") from None


def check(path: Path) -> Sequence[str]:
    """Return the files of a hand-in, all of which match its manifest.

    Raises:
        UserError: a file is missing, changed or not listed, or `path` is not a hand-in.
    """
    verified, faults = check_archive(path)
    if faults:
        first, *others = faults
        if others:
            console.warning("; ".join(f"{name}: {problem}" for name, problem in others))
        raise UserError(f"{path}: {first.name}: {first.problem} ({len(faults)} of {len(verified) + len(faults)} files)")
    return verified
