"""`pw13 data`: what data sets are here; download, verify and convert them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pw13 import console
from pw13.cli import data_tables
from pw13.cli.options import CorpusOption, DataOption, JsonOption, QuietOption
from pw13.data.staging import Progress
from pw13.errors import OptionError, UserError
from pw13.system import signals

app = typer.Typer(no_args_is_help=True, help="The data sets: what is here, download, verify, convert.")

ENDINGS = (".png", ".svg", ".pdf")
Figure = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE", help="draw a contact sheet into a .png, .svg or .pdf file")
]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="encoding of the corpus")]
FixAccents = Annotated[bool, typer.Option("--fix-accents", help="restore Mac Roman letters that were read as Latin-1")]


@app.command()
def info(
    data: DataOption = None,
    corpus: CorpusOption = None,
    encoding: Encoding = "utf-8",
    fix_accents: FixAccents = False,
    figure: Figure = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Show what data are found where. Counts, classes, digests, copies, odd images and characters."""
    from pw13.data import inspection
    from pw13.data.images import load_images
    from pw13.data.names import load_names

    console.start(quiet=bool(quiet))
    if figure is not None and figure.suffix not in ENDINGS:
        raise OptionError(f"--figure: expected a file ending in {', '.join(ENDINGS)}, received {str(figure)!r}")
    images, names = load_images(data), load_names(corpus, encoding=encoding, fix_accents=fix_accents)
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
    what: Annotated[Literal["notmnist", "names", "all"], typer.Argument(help="which data")],
    mirror: Annotated[
        str | None,
        typer.Option("--from", metavar="URL|DIR", help="a mirror of the files; they are verified all the same"),
    ] = None,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="where the data sets are kept")] = Path("data"),
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Download data to where pw13 looks for them. Each file is verified by its digest."""
    from pw13.data import published
    from pw13.data.download import fetch
    from pw13.data.source import DEFAULT_PATHS

    console.start(quiet=bool(quiet))
    fetch.check_mirror(mirror)
    sets = {"notmnist": ("data", published.IMAGE_PINS), "names": ("corpus", published.NAME_PINS)}
    fetched: list[fetch.Fetched] = []
    with _shown("files that were complete before are kept") as progress:
        for name, (place, pins) in sets.items():
            if what in (name, "all"):
                fetched += fetch.fetch(pins, to / DEFAULT_PATHS[place][0], mirror=mirror, progress=progress)
    if json:
        return console.json_document({"files": [file._asdict() for file in fetched]})
    data_tables.show_fetched(fetched)


@app.command()
def check(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="an image folder, an IDX file, a corpus, or a folder of them")
    ],
    json: JsonOption = None,
) -> None:
    """List every fault of a data folder or a corpus. Exit code 1 if there is any."""
    from pw13.data import checking

    results = checking.check(path)
    faults = sum(len(result.faults) for result in results)
    if json:
        console.json_document({"faults": faults, "checked": [result._asdict() for result in results]})
    else:
        data_tables.show_checked(results)
    if faults:
        raise typer.Exit(1)


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="folders A, B, ... of images, a .tar.gz of them, or IDX files")
    ],
    target: Annotated[Path, typer.Argument(metavar="DEST", help="the data folder to make")],
    size: Annotated[
        int | None, typer.Option(metavar="SIDE", help="scale every image to SIDE x SIDE pixels, such as 28")
    ] = None,
    test_share: Annotated[
        float, typer.Option(metavar="SHARE", help="share of each class that becomes the test file")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="seed of the split and the order")] = 0,
    transpose: Annotated[bool, typer.Option("--transpose", help="swap rows and columns, as EMNIST needs")] = False,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Turn images into a data folder that --data takes. From folders by class, their archives, or other IDX files."""
    from pw13.data.importing import pictures
    from pw13.data.importing.options import ImportOptions

    console.start(quiet=bool(quiet))
    choice = ImportOptions(size, test_share, seed, transpose)
    with _shown("nothing was written") as progress:
        record = pictures.import_set(source, target, choice, progress=progress)
    if json:
        return console.json_document({"folder": str(target), **record})
    data_tables.show_imported(target, record)


@contextlib.contextmanager
def _shown(if_stopped: str) -> Iterator[Progress]:
    """Progress as a bar for each file, which also looks whether a signal asks to stop; `if_stopped` is said then."""
    bars: dict[str, tuple[console.ProgressBar, list[int]]] = {}
    with contextlib.ExitStack() as stack, signals.graceful_stop():

        def tell(what: str, done: int, total: int) -> None:
            signals.check()
            if what not in bars:
                stack.close()  # one bar at a time
                bars[what] = stack.enter_context(console.progress(what, total)), [0]
            bar, told = bars[what]
            if done < told[0] or (done - told[0]) * 500 >= total or done == total:
                bar.advance(done - told[0], "")
                told[0] = done

        try:
            yield tell
        except signals.Interrupted as stop:
            stack.close()
            console.warning(f"interrupted; {if_stopped}")
            raise typer.Exit(stop.exit_code) from None


def _draw(images: Any, path: Path) -> None:
    from pw13.figures.contact_sheet import contact_sheet
    from pw13.system import files

    parts = {
        f"training: {len(images.train_labels):,} images": (images.train_images, images.train_labels),
        f"test: {len(images.test_labels):,} images": (images.test_images, images.test_labels),
    }
    heading = "\n".join([images.source.name, *images.notes])
    figure = contact_sheet(parts, images.classes, heading)
    try:
        files.write_with(path, lambda buffer: figure.savefig(buffer, format=path.suffix[1:], dpi=120))
    except OSError as error:
        raise UserError(f"--figure {path}: {(error.strerror or str(error)).lower()}") from None
    console.message(f"figure: {path}")
