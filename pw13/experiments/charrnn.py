"""Exercise 2: a character RNN that invents startup names, trained, measured on held-out names, heard."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pw13.baselines import ngram
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset, NameList, load_names, prepare_dataset, vocabulary, windows
from pw13.experiments import charrnn_samples
from pw13.experiments.charrnn_task import make_task
from pw13.figures import charrnn as figures
from pw13.figures.loss_curves import loss_curves
from pw13.models import charrnn, likelihood
from pw13.runs.folder import Run
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import training_options


def run_experiment(config: CharRNN, *, corpus: str | None, run: Run) -> dict[str, Any]:
    """Train, fill the run folder, and return the numbers of metrics.json."""
    loaded = load_names(corpus, encoding=config.encoding, fix_accents=config.fix_accents)
    data = prepare_dataset(loaded.names, config)
    record_corpus(run, loaded, data, config)
    model = charrnn.build(data.vocab_file.vocabulary.size, config)
    run.save_text("summary.txt", model_summaries([model]))
    counting = choose_counting(data)

    fitted = fit(
        make_task(model, data, config),
        training_options(config, f"{config.cell} RNN, {config.target}"),
        run=run,
        save=lambda best, last: save(run, model, best, last),
        on_epoch=charrnn_samples.sample_callback(run, data, config),
    )
    scores = {part: score(some, data, config, fitted.best) for part, some in data.evaluation_sets().items()}
    heard = charrnn_samples.statistics(charrnn_samples.network(config, fitted.best), data, config)
    counted = count(counting, data, heard)
    save_figures(run, fitted.history, scores, counted, heard)
    (held_out, accuracy), usual = (
        scores["held_out"],
        heard[charrnn_samples.TEMPERATURES.index(charrnn_samples.DEFAULT_TEMPERATURE)],
    )
    return {
        **training_metrics(fitted, model),
        "cell": config.cell,
        "target": config.target,
        "units": config.units,
        "corpus": data.counts,
        "train_windows": len(windows.window_starts(len(data.train_ids), config.length, config.skip)),
        "train_nats": scores["train"][0],
        "val_nats": scores["validation"][0],
        "held_out_nats": held_out,
        "held_out_bits": held_out / np.log(2),
        "held_out_accuracy": accuracy,
        "ngram": counted,
        "names": usual,
        "by_temperature": heard,
    }


def record_corpus(run: Run, loaded: NameList, data: NameDataset, config: CharRNN) -> None:
    """Record the data and the vocabulary, and say what is used."""
    notes = loaded.notes
    if config.hold_out and not data.split.held_out:
        notes = (*notes, f"the corpus is too small to hold out {config.hold_out:.0%} of its names: none are held out")
    split = {"training": len(data.split.train), "validation": len(data.split.validation)}
    run.record_data(loaded.source, notes, **data.counts, **split, held_out=len(data.split.held_out))
    run.save_json("vocabulary.json", vocabulary.to_data(*data.vocab_file))
    run.update(vocabulary=data.vocab_file.vocabulary.digest)


def save(run: Run, model: keras.Model, best: list[np.ndarray], last: list[np.ndarray]) -> None:
    """model.keras of the last epoch, best.keras of the best one; both take one-hot characters."""
    model.set_weights(last)
    run.save_model("model", model)
    model.set_weights(best)
    run.save_model("best", model)


def score(
    some: tuple[str, ...], data: NameDataset, config: CharRNN, parameters: list[np.ndarray]
) -> tuple[float, float]:
    """Nats a character and accuracy on names; nan for no names."""
    if not some:
        return float("nan"), float("nan")
    measure = likelihood.make_evaluator(data.encode(some), data.vocab_file.vocabulary.newline, config)
    nats, accuracy = measure([tf.constant(array) for array in parameters]).numpy().astype(float)
    return float(nats), float(accuracy)


def choose_counting(data: NameDataset) -> dict[str, Any]:
    """Order and smoothing of the n-gram model of the training names, chosen on validation where there is one."""
    vocab, train = data.vocab_file.vocabulary, data.distinct_text
    if not data.split.validation:
        return {"order": min(5, ngram.highest_order(vocab.size)), "smoothing": "kneser-ney"}
    best = ngram.choose(train, data.joined_ids(data.split.validation), size=vocab.size, newline=vocab.newline)
    return {"order": best["order"], "smoothing": best["smoothing"]}


def count(counting: dict[str, Any], data: NameDataset, heard: list[dict[str, Any]]) -> dict[str, Any]:
    """The n-gram's nats of each part of the names; those of the sampled names go into the rows of `heard`."""
    vocab = data.vocab_file.vocabulary
    texts = {part: data.joined_ids(some) for part, some in data.evaluation_sets().items()}
    texts |= {str(row["temperature"]): data.joined_ids(tuple(row.pop("texts"))) for row in heard}
    nats = ngram.names_nats(texts, data.distinct_text, size=vocab.size, newline=vocab.newline, **counting)
    for row in heard:
        row["ngram_nats"] = nats[str(row["temperature"])]
    return {**counting, **{f"{part}_nats": nats[part] for part in data.evaluation_sets()}}


def save_figures(run: Run, history: list, scores: dict, counted: dict[str, Any], heard: list) -> None:
    """Loss curves with the n-gram's line, nats of each part, sampled names by temperature."""
    gram, line = f"{counted['order']}-gram", counted["validation_nats"]
    lines = {f"{gram}, validation": line} if np.isfinite(line) else {}
    run.save_figure("loss", loss_curves(history, label="nats a character", lines=lines))
    rows = {part: (nats, counted[f"{part}_nats"]) for part, (nats, _) in scores.items() if np.isfinite(nats)}
    run.save_figure("nats", figures.cross_entropy_bars(rows, gram))
    run.save_figure("names", figures.names_by_temperature(heard))
