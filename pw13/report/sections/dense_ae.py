"""Items 1a to 1e: the shallow dense autoencoder."""

from pw13.report import hints
from pw13.report.commentary import dense_ae as commentary
from pw13.report.commentary.phrasing import format_count, format_number, format_percent
from pw13.report.document import Block, table
from pw13.report.run_selection import RunSelection, metric
from pw13.report.sections.blocks import (
    Section,
    comment,
    curves,
    epochs,
    figure_block,
    int_metric,
    missing,
    model_summary,
    paragraph,
    pca_size,
    seeds_note,
    series_mean,
    training_speed,
)
from pw13.runs.record import Record


def build(selection: RunSelection, section: Section) -> list[Block]:
    """Return a section of the dense run, or what is missing."""
    run = selection.dense
    return section(run) if run else no_run(selection)


def no_run(selection: RunSelection) -> list[Block]:
    return missing("No run of the dense autoencoder.", hints.first_run(selection, "dense-ae"))


def code_size(selection: RunSelection) -> list[Block]:
    run = selection.dense
    if run is None:
        return no_run(selection)
    size, pixels = run.config["code_size"], pixels_of(run)
    smaller = f", {pixels / size:.3g} times fewer" if pixels and size < pixels else ""
    image = f" for the {format_number(pixels)} pixels of an image{smaller}" if pixels else ""
    chosen = f"The hidden layer is the code: {format_count(size, 'value')}{image}."
    all_series = selection.series(run, "code_size")
    rows = [
        (
            str(series.value),
            series_mean(series, "val_mse"),
            series_mean(series, "test_mse"),
            series_mean(series, "test_psnr_db", 3),
            series_mean(series, "pca_test_mse"),
            series_mean(series, "compression.uint8_code_bytes"),
        )
        for series in all_series
    ]
    columns = ("code size", "validation MSE", "test MSE", "test PSNR (dB)", "PCA test MSE", "bytes (8-bit)")
    caption = "Code sizes. Settings are chosen on validation images; the test set is evaluated once, at the end."
    several = len(all_series) > 1
    return [
        *paragraph(chosen),
        table(caption, columns, rows),
        *(
            []
            if several
            else missing(
                "No runs of other code sizes with the same settings.",
                hints.rerun(run, code_size=64 if size == 32 else 32),
            )
        ),
        *comment(
            commentary.code_sizes([(series.value, series.by_seed("test_mse")) for series in all_series]),
            seeds_note(all_series) if several else "",
        ),
    ]


def pixels_of(run: Record) -> int | None:
    """Return the number of pixels of an image, else as the number of parameters has it; None if unknown.

    Points of a sweep know their parameters only: weights and biases of two layers.
    """
    parameters, size = int_metric(run, "parameters"), run.config["code_size"]
    derived = (parameters - size) // (2 * size + 1) if parameters else None
    return int_metric(run, "compression.raw_bytes") or derived


def layers(run: Record) -> list[Block]:
    size, pixels = run.config["code_size"], pixels_of(run)
    encode, decode = (pixels * size + biases if pixels else None for biases in (size, pixels))
    rows = [
        ("input", format_number(pixels), "", "0"),
        ("Dense, encode", str(size), run.config["activation"], format_number(encode)),
        ("Dense, decode", format_number(pixels), "sigmoid", format_number(decode)),
    ]
    linear = " The code is linear, so its values are unbounded." if run.config["activation"] == "linear" else ""
    return [
        *paragraph(
            "The output has the size of the input, one value per pixel; a sigmoid bounds it to the range of the "
            f"input, 0 (black) to 1 (white).{linear}"
        ),
        table(
            f"Layers: {format_number(metric(run, 'parameters'))} parameters in total.",
            ("layer", "values", "activation", "parameters"),
            rows,
        ),
    ]


def models(run: Record) -> list[Block]:
    return [
        *paragraph(
            "The encoder maps an image to its code, the decoder a code to an image, and the autoencoder chains the "
            "two. The three models share their layers, so fitting the autoencoder trains all of them. The notebook "
            "builds them in Keras."
        ),
        *model_summary(run, "autoencoder"),
    ]


def fitting(run: Record) -> list[Block]:
    config = run.config
    return [
        *paragraph(
            f"Adam, learning rate {config['learning_rate']:g} ({config['schedule']}), loss {config['loss']}, "
            f"{epochs(run)}, batch size {config['batch_size']}. "
            f"{format_percent(config['validation_share'], 0)} of the training set, stratified by class, is used for "
            "validation, and the weights of the best epoch are kept. The test set is used for the final evaluation "
            "only."
        ),
        *figure_block(
            run,
            "loss",
            "1d",
            f"Loss of the dense autoencoder, code size {config['code_size']}.",
            "Line plot of training and validation loss per epoch, the best epoch marked.",
        ),
        *comment(curves(run), training_speed(run)),
    ]


def reconstructions(selection: RunSelection) -> list[Block]:
    run = selection.dense
    if run is None:
        return no_run(selection)
    size, mse, repeats = run.config["code_size"], metric(run, "test_mse"), selection.repeats(run)
    space = (run.metrics or {}).get("code_space") or {}
    return [
        *figure_block(
            run,
            "reconstructions",
            "1e",
            f"Test images (top) and their reconstructions from {format_count(size, 'value')} (bottom): the first of "
            "each class, at most 20 classes.",
            "Two rows of grayscale images, one column per class: a test image above its reconstruction.",
        ),
        *comment(
            commentary.reconstruction(metric(run, "test_psnr_db"), mse),
            commentary.against_pca(pca_size(run), repeats.by_seed("test_mse"), repeats.by_seed("pca_test_mse")),
            commentary.dead_units(int_metric(run, "dead_units"), size),
        ),
        *figure_block(
            run,
            "best_and_worst",
            "1e",
            "The best reconstructions of some classes, and the worst of all.",
            "Rows of test images and reconstructions: those with the smallest and those with the largest errors.",
        ),
        *figure_block(
            run,
            "codes",
            "1e",
            "Test codes in two dimensions, by t-SNE and by PCA: one point per image, coloured by class.",
            "Two scatter plots of codes in two dimensions, coloured by class.",
        ),
        *figure_block(
            run,
            "code_space",
            "1e",
            "What the decoder makes of codes that belong to no image: mean codes of the classes, codes on the line "
            "between two letters, and codes drawn from a normal distribution with mean and covariance of the training "
            "codes.",
            "Three rows of decoded images.",
        ),
        *comment(commentary.code_map(space), commentary.generation(space)),
        *figure_block(
            run,
            "units",
            "1e",
            "Effect of each code unit (at most 128): change of the output as the unit goes from low to high.",
            "A small image per unit, in two colours for darker and brighter.",
        ),
    ]
