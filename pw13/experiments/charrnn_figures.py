"""The figures of a char-RNN's run, drawn from its metrics."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pw13.baselines.ngram_models import ngram_name
from pw13.config.settings import CharRNN
from pw13.data.names import load_names, prepare_dataset
from pw13.experiments.charrnn_names import with_names
from pw13.figures import charrnn as figures
from pw13.figures.loss_curves import loss_curves
from pw13.inference.name_generator import load_generator
from pw13.runs import comparison
from pw13.runs.folder import NamedFigure
from pw13.runs.record import Record, check_same_data

NATS = {"train": "train_nats", "validation": "val_nats", "held_out": "held_out_nats"}


def draw(metrics: Mapping[str, Any], history: Sequence[Mapping[str, float]], config: CharRNN) -> Iterator[NamedFigure]:
    """Draw the loss curves with the n-gram's line, nats per set of names and by position, calibration, sampled names.

    Runs of 0.1.0 measured neither positions nor calibration, and sampled no names from the n-gram.
    """
    ngram = metrics["ngram"]
    name = ngram_name(ngram)
    lines = {f"{name}, validation": ngram["validation_nats"]} if _is_number(ngram["validation_nats"]) else {}
    curves = curve_names(config, held_out=_is_number(metrics["val_nats"]))
    yield "loss", loss_curves(history, label="nats per character", lines=lines, names=curves)
    bars = {subset: (metrics[key], ngram[f"{subset}_nats"]) for subset, key in NATS.items() if _is_number(metrics[key])}
    yield "nats", figures.cross_entropy_bars(bars, name)
    if rows := metrics.get("by_position"):
        lines_by_model = {"network": [row["nats"] for row in rows], name: [row["ngram_nats"] for row in rows]}
        yield "positions", figures.loss_by_position(lines_by_model)
    if rows := metrics.get("reliability"):
        yield "calibration", figures.calibration(rows, metrics["calibration_error"])
    if ngram.get("by_temperature"):
        models = {"network": metrics["by_temperature"], name: ngram["by_temperature"]}
        models |= {"mixture": metrics["mixture"]["by_temperature"]} if metrics.get("mixture") else {}
        yield "names", figures.novelty_against_plausibility(models, metrics["real_names"])


def redraw(
    config: CharRNN, record: Record, *, corpus: str | None, init_from: str | None = None
) -> Iterator[NamedFigure]:
    """Draw the figures of a finished run from its folder, as the run itself draws them."""
    metrics = record.metrics or {}
    if not metrics.get("by_temperature"):
        name_list = load_names(corpus, encoding=config.encoding, fix_accents=config.fix_accents)
        check_same_data(record, name_list.source)
        generator = load_generator(record)
        data = prepare_dataset(name_list.names, config, known=generator.vocab_file.vocabulary.characters)
        metrics = with_names(metrics, generator.network, data, config)
    return draw(metrics, comparison.history(record.folder), config)


def _is_number(value: float | None) -> bool:
    """Return whether a metric is defined: nan, or None as JSON holds it, means that there are no such names."""
    return value is not None and math.isfinite(value)


def curve_names(config: CharRNN, *, held_out: bool) -> tuple[str, str]:
    """Return the names of the loss curves, which tell where the training loss is not on validation's scale.

    held_out: whether there are validation names; without any the second curve is of training names.
    """
    from_mid_name = config.target == "many-to-many" and not config.carry_state
    conditions = [
        *(["windows from mid-name"] if from_mid_name else []),
        *([f"dropout {config.dropout:g}"] if config.dropout else []),
        *([f"recurrent dropout {config.recurrent_dropout:g}"] if config.recurrent_dropout else []),
    ]
    training = f"training ({', '.join(conditions)})" if conditions else "training"
    measured = "validation" if held_out else "training names, after each epoch"
    return training, f"{measured} (whole names)" if from_mid_name and held_out else measured
