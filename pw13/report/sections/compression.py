"""Item 1f: the dense autoencoder as compression, against image files and PCA."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from pw13.metrics.rate_distortion import Point, from_rows, mse_at
from pw13.report import hints
from pw13.report.commentary import dense_ae as commentary
from pw13.report.commentary.phrasing import format_number, join_words
from pw13.report.document import Block, Figure, Text, table
from pw13.report.run_selection import RunSelection, Series, metric
from pw13.report.sections.blocks import comment, int_metric, missing, seeds_note
from pw13.report.sections.dense_ae import no_run
from pw13.runs.record import Record

METHODS = {"autoencoder": "autoencoder", "pca": "PCA", "webp": "WebP", "jpeg": "JPEG"}
SIZES = (*commentary.COMPARED_SIZES, 128, 256)  # bytes; image files begin at about 130
MEASURED = (
    "The same test images, at most 1,000, in different numbers of bytes: codes of 2 to 8 bits per value, of fixed "
    "length or entropy-coded (ideal order-0 coder, tables learnt on training images), and image files with their "
    "headers. What a receiver needs once (decoder, components, tables) is not counted."
)


def compression(selection: RunSelection) -> list[Block]:
    run = selection.dense
    if run is None:
        return no_run(selection)
    return [*formats(run), *rate_distortion(selection.series(run, "code_size"))]


def formats(run: Record) -> list[Block]:
    """Return the bytes per image of the run's code and of lossless files."""
    sizes = (run.metrics or {}).get("compression")
    if sizes is None:  # of a point of a sweep
        return missing(f"No sizes measured in {run.reference}.", hints.rerun(run))
    mse = sizes.get("float32_code_test_mse", metric(run, "test_mse"))  # 0.1.0 measured both errors on all images
    sample = int_metric(run, "test_sample")
    images = f"{format_number(sample)} test images" if sample else "the test set"
    rows = [
        ("raw pixels", format_number(sizes.get("raw_bytes")), "1.0", "0"),
        ("PNG", format_number(sizes.get("png_bytes"), 3), _ratio(sizes, "png_bytes"), "0"),
        ("lossless WebP", format_number(sizes.get("webp_bytes"), 3), _ratio(sizes, "webp_bytes"), "0"),
        (
            "float32 code",
            format_number(sizes.get("float32_code_bytes")),
            _ratio(sizes, "float32_code_bytes"),
            format_number(mse),
        ),
        (
            "8-bit code",
            format_number(sizes.get("uint8_code_bytes")),
            _ratio(sizes, "uint8_code_bytes"),
            format_number(sizes.get("uint8_code_test_mse")),
        ),
    ]
    columns = ("format", "bytes", "compression ratio", "test MSE")
    return [
        table(f"Bytes per image, mean over {images}.", columns, rows),
        *comment(commentary.compression(sizes, mse)),
    ]


def rate_distortion(all_series: Sequence[Series]) -> list[Block]:
    """Return bytes against MSE by method, the autoencoders of all code sizes as one method; nothing for old runs."""
    measured = [series for series in all_series if any(_points(run) for run in series.records)]
    if not measured:
        return []
    curves = joined_points(measured)
    rows = [(str(size), *(format_number(mse_at(curves.get(method, []), size)) for method in METHODS)) for size in SIZES]
    sizes = [str(series.value) for series in measured]
    images = int_metric(next(run for run in measured[0].records if _points(run)), "test_sample")
    code_sizes = f"code size{'s' if len(sizes) > 1 else ''} {join_words(sizes)}"
    return [
        Text(MEASURED),
        _figure(curves, code_sizes),
        table(
            f"MSE by bytes per image, {code_sizes}: the lines of the figure. A dash: no setting is so small or large.",
            ("bytes per image", *METHODS.values()),
            rows,
        ),
        *comment(commentary.rate_distortion(curves, images), seeds_note(measured)),
    ]


def joined_points(all_series: Sequence[Series]) -> dict[str, list[Point]]:
    """Return points by method: the autoencoder's of all code sizes, means over the seeds; the others' are the same."""
    runs = [run for series in all_series for run in series.records]
    others = next(points for run in runs if (points := _points(run)))
    own = [
        Point(setting, fmean(point.bytes for point in points), fmean(point.mse for point in points))
        for series in all_series
        for setting, points in _by_setting(_points(run).get("autoencoder", []) for run in series.records).items()
    ]
    return {**others, "autoencoder": own}


def _by_setting(curves: Iterable[Sequence[Point]]) -> dict[str, list[Point]]:
    points: dict[str, list[Point]] = {}
    for curve in curves:
        for point in curve:
            points.setdefault(point.setting, []).append(point)
    return points


def _points(run: Record) -> dict[str, list[Point]]:
    return from_rows((run.metrics or {}).get("rate_distortion"))


def _figure(curves: Mapping[str, Sequence[Point]], code_sizes: str) -> Figure:
    from pw13.figures import dense_ae as figures
    from pw13.figures import to_files

    png, svg = to_files(figures.rate_distortion(curves, code_sizes))
    return Figure(
        "1f-rate_distortion.png",
        png,
        f"Bytes per image against MSE, {code_sizes}. Lines: the best of each method; what lies between two points is "
        "reached by storing some images with one setting and the rest with the other.",
        "Line plot of MSE against bytes per image on logarithmic axes, one line per method.",
        svg=svg,
    )


def _ratio(sizes: dict[str, Any], name: str) -> str:
    raw, size = sizes.get("raw_bytes"), sizes.get(name)
    return f"{raw / size:.1f}" if raw and size else "–"
