"""`pw13 data`: inspect, download, verify and convert data sets."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pw13 import console
from pw13.cli import data_tables, figure_file
from pw13.cli.interruption import interruptible
from pw13.cli.options import CorpusOption, DataOption, EncodingOption, JsonOption, QuietOption, described, user_path
from pw13.data.staging import Progress
from pw13.system import files, signals

app = typer.Typer(no_args_is_help=True, help="Inspect, download, verify and convert data sets.")

FigureOption = Annotated[
    Path | None,
    typer.Option(
        "--figure", metavar="FILE", parser=user_path, help="also plot a contact sheet to a .png, .svg or .pdf file"
    ),
]
FixAccentsOption = Annotated[bool, typer.Option("--fix-accents", help="repair Mac Roman text decoded as Latin-1")]


@app.command()
def info(
    data: DataOption = None,
    corpus: CorpusOption = None,
    encoding: EncodingOption = "utf-8",
    fix_accents: FixAccentsOption = False,
    figure: FigureOption = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Show which data sets are available. With counts, checksums, duplicates and anomalies."""
    from pw13.data import inspection
    from pw13.data.images import load_images
    from pw13.data.names import load_names

    console.start(quiet=bool(quiet))
    if figure is not None:
        figure_file.check_suffix(figure)
    images = load_images(_expanded(data, "--data"))
    names = load_names(_expanded(corpus, "--corpus"), encoding=encoding, fix_accents=fix_accents)
    facts = {
        "places": inspection.resolved_paths(),
        "images": inspection.describe_images(images),
        "names": inspection.describe_names(names),
    }
    if figure is not None:
        _draw(images, figure)
    if json:
        return console.json_document(facts)
    data_tables.show_info(facts)


@app.command()
def fetch(
    what: Annotated[
        Literal["notmnist", "names", "makemore", "all"],
        typer.Argument(metavar="notmnist|names|makemore|all", help="data set; all: the two of the course"),
    ],
    mirror: Annotated[
        str | None,
        typer.Option("--from", metavar="URL|DIR", help="mirror to download from (checksums are still verified)"),
    ] = None,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", parser=user_path, help="data directory")] = Path("data"),
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Download data sets and verify their checksums."""
    from pw13.data import published
    from pw13.data.download import fetch
    from pw13.data.source import DEFAULT_PATHS, NAMED_CORPORA

    console.start(quiet=bool(quiet))
    fetch.check_mirror(mirror)
    sets = {
        "notmnist": (DEFAULT_PATHS["data"], published.PUBLISHED_IMAGES),
        "names": (DEFAULT_PATHS["corpus"], published.PUBLISHED_NAMES),
        "makemore": (NAMED_CORPORA["makemore"], published.PUBLISHED_MAKEMORE),
    }
    wanted = ("notmnist", "names") if what == "all" else (what,)
    fetched: list[fetch.Fetched] = []
    with _progress_bars("files that are complete are kept") as progress:
        for (folder, *_), published_files in (sets[name] for name in wanted):
            fetched += fetch.fetch(published_files, to / folder, mirror=mirror, progress=progress)
    if json:
        return console.json_document({"files": [file._asdict() for file in fetched]})
    data_tables.show_fetched(fetched)


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", parser=user_path, help="image folder, IDX file, corpus, or a folder of data sets"
        ),
    ],
    encoding: EncodingOption = "utf-8",
    fix_accents: FixAccentsOption = False,
    json: JsonOption = None,
) -> None:
    """Report every problem in a data folder or corpus. Exits with code 1 if there are any."""
    from pw13.data import checking

    results = checking.check(path, encoding=encoding, fix_accents=fix_accents)
    count = sum(len(result.faults) for result in results)
    if json:
        console.json_document({"faults": count, "checked": [result._asdict() for result in results]})
    else:
        data_tables.show_checked(results)
    if count:
        raise typer.Exit(1)


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SRC", parser=user_path, help="class folders A, B, ... of images, a .tar.gz of them, or IDX files"
        ),
    ],
    target: Annotated[Path, typer.Argument(metavar="DEST", parser=user_path, help="data folder to create")],
    size: Annotated[int | None, typer.Option(metavar="N", help="scale every image to N x N pixels, such as 28")] = None,
    test_share: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help=described("fraction of each class to use as test set; IDX files keep their split", "0.1"),
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help=described("seed for splitting and shuffling", "0"))
    ] = None,
    transpose: Annotated[bool, typer.Option("--transpose", help="swap rows and columns, as EMNIST needs")] = False,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Convert images into a data folder for --data. From class folders, tar archives or other IDX sets."""
    from pw13.data.importing import pictures
    from pw13.data.importing.options import ImportOptions

    console.start(quiet=bool(quiet))
    options = ImportOptions(size, test_share, seed, transpose)
    with _progress_bars("nothing was written") as progress:
        record = pictures.import_set(source, target, options, progress=progress)
    for note in record.get("notes", ()):
        console.warning(note)
    if json:
        return console.json_document({"folder": str(target), **record})
    data_tables.show_imported(target, record)


def _expanded(path: str | None, option: str) -> str | None:
    """Return a path with `~` expanded; another, such as "./builtin", which is not the name "builtin", as it is."""
    return str(files.expand_user(path, option)) if path and path.startswith("~") else path


@contextlib.contextmanager
def _progress_bars(on_interrupt: str) -> Iterator[Progress]:
    """Show a progress bar per file and stop at a signal; `on_interrupt` is what the user is told then."""
    bars: dict[str, tuple[console.ProgressBar, list[int]]] = {}
    stack = contextlib.ExitStack()
    with signals.graceful_stop():

        def update(label: str, done: int, total: int) -> None:
            signals.check()
            if label not in bars:
                stack.close()  # one bar at a time
                bars[label] = stack.enter_context(console.progress(label, total)), [0]
            bar, reported = bars[label]
            if done < reported[0] or (done - reported[0]) * 500 >= total or done == total:
                bar.advance(done - reported[0], "")
                reported[0] = done

        with interruptible(on_interrupt), stack:  # the bar ends before the line
            yield update


def _draw(images: Any, path: Path) -> None:
    from pw13.figures.contact_sheet import contact_sheet

    parts = {
        f"training: {len(images.train_labels):,} images": (images.train_images, images.train_labels),
        f"test: {len(images.test_labels):,} images": (images.test_images, images.test_labels),
    }
    heading = "\n".join([images.source.name, *images.notes])
    figure_file.save(contact_sheet(parts, images.classes, heading), path)
