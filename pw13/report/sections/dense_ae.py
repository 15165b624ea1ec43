"""Items 1a to 1f: the shallow dense autoencoder."""

from typing import Any

from pw13.report.commentary import dense_ae as comments
from pw13.report.commentary import phrasing, training_curves
from pw13.report.document import Block, table
from pw13.report.run_selection import RunSelection, history, number
from pw13.report.sections.blocks import (
    computed_comment,
    figure_block,
    format_count,
    format_number,
    missing,
    note,
    seeds,
    series_value,
    speed,
    summary,
)
from pw13.runs.record import Record

TRAIN = "pw13 train-dense-ae"


def part(found: RunSelection, tell: Any) -> list[Block]:
    return tell(found.dense) if found.dense else missing("No run of the dense autoencoder.", TRAIN)


def code_size(found: RunSelection) -> list[Block]:
    if found.dense is None:
        return missing("No run of the dense autoencoder.", TRAIN)
    size, pixels = found.dense.config["code_size"], number(found.dense, "compression.raw_bytes")
    chosen = note(
        f"The hidden layer is the code: {phrasing.count(size, 'value')} {'stands' if size == 1 else 'stand'} for the "
        f"{phrasing.figure(pixels)} pixels of an image{_times_fewer(pixels, size)}."
    )
    series = found.series(found.dense, "code_size")
    rows = [
        (
            str(s.setting),
            series_value(s, "val_mse"),
            series_value(s, "test_mse"),
            series_value(s, "test_psnr_db", 3),
            series_value(s, "pca_test_mse"),
            series_value(s, "compression.uint8_code_bytes"),
        )
        for s in series
    ]
    columns = ("values", "validation MSE", "test MSE", "test PSNR, dB", "test MSE of PCA", "bytes at 8 bits")
    compared: list[Block] = [
        table("Code sizes. A setting is chosen by validation; test figures are read once.", columns, rows)
    ]
    if len(series) < 2:
        compared += missing("Other code sizes have no run with the same settings.", f"{TRAIN} --code-size 16")
    said = computed_comment(
        comments.code_sizes([(s.setting, s.value("test_mse")) for s in series]),
        seeds(series) if len(series) > 1 else "",
    )
    return [*chosen, *compared, *said]


def _times_fewer(large: float | None, small: float) -> str:
    return f", {large / small:.3g} times fewer" if large and small < large else ""


def layers(run: Record) -> list[Block]:
    size, pixels, parameters = run.config["code_size"], number(run, "compression.raw_bytes"), number(run, "parameters")
    each = pixels or 0
    rows = [
        ("input", f"{phrasing.figure(pixels)}", "", "0"),
        ("Dense, encode", str(size), run.config["activation"], phrasing.figure(each * size + size)),
        ("Dense, decode", f"{phrasing.figure(pixels)}", "sigmoid", phrasing.figure(size * each + each)),
    ]
    told = (
        "The output is as large as the input, one value a pixel; a sigmoid keeps it between 0 (black) "
        "and 1 (white), as the input is."
    )
    linear = " The code is linear, so that a unit can take any value." if run.config["activation"] == "linear" else ""
    return [
        *note(told + linear),
        table(
            f"Layers: {phrasing.figure(parameters)} parameters in all.",
            ("layer", "values", "activation", "parameters"),
            rows,
        ),
    ]


def models(run: Record) -> list[Block]:
    told = (
        "The encoder goes from image to code, the decoder from code to image, and the autoencoder is "
        "one after the other; the three "
        "share their layers, so that fitting the third trains all. The notebook has them in Keras."
    )
    return [*note(told), *summary(run, only="autoencoder")]


def fitting(run: Record) -> list[Block]:
    of = run.config
    told = (
        f"Adam, learning rate {of['learning_rate']:g} ({of['schedule']}), loss {of['loss']}, "
        f"{phrasing.count(of['epochs'], 'epoch')} in batches of "
        f"{of['batch_size']}; {phrasing.percent(of['validation_share'], 0)} of the training file, of "
        "each class alike, are kept for validation, "
        f"and the weights of the best epoch are used. The test file is touched only for final figures."
    )
    alt = "Line plot of training and validation loss against the epoch, the best epoch marked."
    figure = figure_block(
        run, "loss", "1d", f"Loss of the dense autoencoder with {phrasing.count(of['code_size'], 'value')}.", alt
    )
    return [*note(told), *figure, *computed_comment(training_curves.training(history(run)), speed(run, "images"))]


def reconstructions(run: Record) -> list[Block]:
    size = run.config["code_size"]
    pairs = figure_block(
        run,
        "reconstructions",
        "1e",
        f"Test images above, their reconstructions from {phrasing.count(size, 'value')} below: the first of each class, "
        "of at most 20 classes.",
        "Two rows of grey images, one column a class: above a test image, below what the decoder made of its code.",
    )
    extremes = figure_block(
        run,
        "best_and_worst",
        "1e",
        "The best reconstructions of some classes, and the worst of all.",
        "Rows of test images and reconstructions: those with a small and those with the largest error.",
    )
    codes = figure_block(
        run,
        "codes",
        "1e",
        "Test codes in the plane (t-SNE): a point is an image, its colour the class.",
        "Scatter plot of codes in two dimensions, coloured by class.",
    )
    units = figure_block(
        run,
        "units",
        "1e",
        "What code units draw (128 of them at most): the change of the output as one goes from low to high.",
        "A small picture for each unit shown, in two colours for darker and brighter.",
    )
    text = comments.reconstruction(number(run, "test_psnr_db"), number(run, "test_mse"))
    pca = comments.against_pca(size, number(run, "test_mse"), number(run, "pca_test_mse"))
    return [
        *pairs,
        *computed_comment(text, pca, comments.dead_units(format_count(run, "dead_units"), size)),
        *extremes,
        *codes,
        *units,
    ]


def compression(run: Record) -> list[Block]:
    sizes = (run.metrics or {}).get("compression") or {}
    mse = number(run, "test_mse")
    rows = [
        ("raw pixels", format_number(sizes.get("raw_bytes")), "1.0", "0"),
        ("PNG", format_number(sizes.get("png_bytes"), digits=3), _gain(sizes, "png_bytes"), "0"),
        ("lossless WebP", format_number(sizes.get("webp_bytes"), digits=3), _gain(sizes, "webp_bytes"), "0"),
        (
            "code, float32",
            format_number(sizes.get("float32_code_bytes")),
            _gain(sizes, "float32_code_bytes"),
            format_number(mse),
        ),
        (
            "code, 8 bits a value",
            format_number(sizes.get("uint8_code_bytes")),
            _gain(sizes, "uint8_code_bytes"),
            format_number(sizes.get("uint8_code_test_mse")),
        ),
    ]
    measured = table("Bytes an image, mean over the test file.", ("form", "bytes", "times smaller", "test MSE"), rows)
    return [measured, *computed_comment(comments.compression(sizes, mse))]


def _gain(sizes: dict[str, Any], name: str) -> str:
    raw, size = sizes.get("raw_bytes"), sizes.get(name)
    return f"{raw / size:.1f}" if raw and size else "–"
