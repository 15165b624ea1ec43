"""Exercise 2: train a character RNN on startup names, evaluate it on held-out names, sample from it."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pw13.baselines import ngram, ngram_models
from pw13.baselines.ngram import Ngram
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset, NameList, load_names, prepare_dataset, vocabulary
from pw13.experiments import charrnn_samples
from pw13.experiments.charrnn_task import make_task, windows_per_epoch
from pw13.figures import charrnn as figures
from pw13.figures.loss_curves import loss_curves
from pw13.models import charrnn, likelihood
from pw13.runs.folder import Run
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import training_options


def run_experiment(config: CharRNN, *, corpus: str | None, run: Run) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds."""
    name_list = load_names(corpus, encoding=config.encoding, fix_accents=config.fix_accents)
    data = prepare_dataset(name_list.names, config)
    record_corpus(run, name_list, data, config)
    model = charrnn.build(data.vocab_file.vocabulary.size, config)
    run.save_text("summary.txt", model_summaries([model]))

    result = fit(
        make_task(model, data, config),
        training_options(config, f"{config.cell} RNN, {config.target}"),
        run=run,
        save=lambda best, last: save_models(run, model, best, last),
        on_epoch=charrnn_samples.sample_callback(run, data, config),
    )
    scores = {subset: evaluate(names, data, config, result.best) for subset, names in data.evaluation_sets().items()}
    counts = fit_ngram(data)
    samples = charrnn_samples.statistics(charrnn_samples.network(config, result.best), counts, data, config)
    real = charrnn_samples.real_names(counts, data, config)
    ngram_metrics = evaluate_ngram(counts, data, config)
    save_figures(run, config, result.history, scores, ngram_metrics, samples, real)
    held_out_nats, held_out_accuracy = scores["held_out"]
    return {
        **training_metrics(result, model),
        "cell": config.cell,
        "target": config.target,
        "units": config.units,
        "corpus": data.counts,
        "train_windows": windows_per_epoch(len(data.train_ids), config),
        "train_nats": scores["train"][0],
        "val_nats": scores["validation"][0],
        "held_out_nats": held_out_nats,
        "held_out_bits": held_out_nats / math.log(2),
        "held_out_accuracy": held_out_accuracy,
        "ngram": ngram_metrics,
        "names": charrnn_samples.at_default(samples),
        "by_temperature": samples,
        "real_names": real,
    }


def record_corpus(run: Run, name_list: NameList, data: NameDataset, config: CharRNN) -> None:
    """Record the data source, its counts and the vocabulary."""
    notes = name_list.notes
    if config.hold_out and not data.split.held_out:
        notes = (*notes, f"corpus too small to hold out {config.hold_out:.0%} of the names; none are held out")
    split = {"training": len(data.split.train), "validation": len(data.split.validation)}
    run.record_data(name_list.source, notes, **data.counts, **split, held_out=len(data.split.held_out))
    run.save_json("vocabulary.json", vocabulary.to_data(*data.vocab_file))
    run.update(vocabulary=data.vocab_file.vocabulary.digest)


def save_models(run: Run, model: keras.Model, best: list[np.ndarray], last: list[np.ndarray]) -> None:
    """Save model.keras (last epoch) and best.keras (best epoch); both take one-hot characters."""
    model.set_weights(last)
    run.save_model("model", model)
    model.set_weights(best)
    run.save_model("best", model)


def evaluate(
    names: tuple[str, ...], data: NameDataset, config: CharRNN, parameters: list[np.ndarray]
) -> tuple[float, float]:
    """Return nats per character and accuracy on names; nan for no names."""
    if not names:
        return float("nan"), float("nan")
    evaluator = likelihood.make_evaluator(data.encode(names), data.vocab_file.vocabulary.newline, config)
    nats, accuracy = evaluator([tf.constant(array) for array in parameters]).numpy().astype(float)
    return float(nats), float(accuracy)


def fit_ngram(data: NameDataset) -> Ngram:
    """Return the n-gram model of the distinct training names, its order chosen on the validation names."""
    vocab, validation = data.vocab_file.vocabulary, data.joined_ids(data.split.validation)
    return ngram_models.fit_best(data.distinct_text, validation, size=vocab.size, newline=vocab.newline)


def evaluate_ngram(counts: Ngram, data: NameDataset, config: CharRNN) -> dict[str, Any]:
    """Return the n-gram's order, its nats on each subset, and the statistics of names sampled from it."""
    samples = charrnn_samples.statistics(counts, counts, data, config)
    return {
        "order": counts.order,
        "smoothing": "kneser-ney",
        **{
            f"{subset}_nats": ngram.nats(counts, data.joined_ids(names))
            for subset, names in data.evaluation_sets().items()
        },
        "names": charrnn_samples.at_default(samples),
        "by_temperature": samples,
    }


def curve_names(config: CharRNN) -> tuple[str, str]:
    """Return the names of the loss curves, which tell where the training loss is not on validation's scale."""
    from_mid_name = config.target == "many-to-many" and not config.carry_state
    conditions = [
        *(["windows from mid-name"] if from_mid_name else []),
        *([f"dropout {config.dropout:g}"] if config.dropout else []),
    ]
    training = f"training ({', '.join(conditions)})" if conditions else "training"
    return training, "validation (whole names)" if from_mid_name else "validation"


def save_figures(
    run: Run,
    config: CharRNN,
    history: list[dict[str, float]],
    scores: Mapping[str, tuple[float, float]],
    ngram_metrics: dict[str, Any],
    samples: list[charrnn_samples.Row],
    real: charrnn_samples.Row | None,
) -> None:
    """Save the loss curves with the n-gram's line, nats per subset, and sampled names next to real ones."""
    ngram_name, baseline = f"{ngram_metrics['order']}-gram", ngram_metrics["validation_nats"]
    lines = {f"{ngram_name}, validation": baseline} if np.isfinite(baseline) else {}
    curves = loss_curves(history, label="nats per character", lines=lines, names=curve_names(config))
    run.save_figure("loss", curves)
    bars = {
        subset: (nats, ngram_metrics[f"{subset}_nats"]) for subset, (nats, _) in scores.items() if np.isfinite(nats)
    }
    run.save_figure("nats", figures.cross_entropy_bars(bars, ngram_name))
    models = {"network": samples, ngram_name: ngram_metrics["by_temperature"]}
    run.save_figure("names", figures.novelty_against_plausibility(models, real))
