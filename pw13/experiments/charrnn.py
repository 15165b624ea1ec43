"""Exercise 2: train a character RNN on startup names, evaluate it on held-out names, sample from it."""

import contextlib
import math
from typing import Any

import keras
import numpy as np

from pw13.baselines import ngram_models
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset, NameList, load_names, prepare_dataset, vocabulary
from pw13.errors import UserError
from pw13.experiments import charrnn_evaluation as evaluation
from pw13.experiments import charrnn_figures, charrnn_ngram, charrnn_samples
from pw13.experiments.charrnn_evaluation import LogProbabilities
from pw13.experiments.charrnn_names import MEASURES, with_names
from pw13.experiments.charrnn_start import apply_start, load_start
from pw13.experiments.charrnn_task import make_task, windows_per_epoch
from pw13.models import charrnn
from pw13.runs import example_losses
from pw13.runs.folder import Run
from pw13.runs.record import read_json
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import training_options


def run_experiment(
    config: CharRNN, *, corpus: str | None, run: Run, init_from: str | None = None, lean: bool = False
) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds.

    init_from: the folder of a char-RNN run whose network is trained further.
    lean: leave out figures and the measures of names, which are None; `redraw` draws the figures later.
    """
    name_list = load_names(corpus, encoding=config.encoding, fix_accents=config.fix_accents)
    start = load_start(run, init_from, config)
    known = start.vocabulary.characters if start else ()
    data = prepare_dataset(name_list.names, config, known=known, where=name_list.source.path)
    record_corpus(run, name_list, data, config)
    model = charrnn.build(data.vocab_file.vocabulary.size, config)
    apply_start(model, start, data.vocab_file.vocabulary, run, init_from)
    run.save_text("summary.txt", model_summaries([model]))

    result = fit(
        make_task(model, data, config),
        training_options(config, f"{config.cell} RNN, {config.target}"),
        run=run,
        save=lambda best, last: save_models(run, model, best, last),
        on_epoch=None if lean else charrnn_samples.sample_callback(run, data, config),
    )
    run.update(ngram_texts=ngram_models.digests(*data.ngram_texts))  # so that the model is found again in the cache
    network = charrnn_samples.network(config, result.best)
    predicted, held_out = evaluation.predict(network, data)
    facts, counted = charrnn_ngram.predict(data)
    nats = evaluation.nats(predicted)
    train_windows, epoch_seconds = windows_per_epoch(len(data.train_ids), config), result.epoch_seconds
    example_losses.save(run, evaluation.losses(predicted, data))
    metrics = {
        **training_metrics(result, model),
        "throughput_per_second": train_windows / epoch_seconds if epoch_seconds else 0.0,  # the loss counts characters
        "cell": config.cell,
        "target": config.target,
        "units": config.units,
        "corpus": data.counts,
        "train_windows": train_windows,
        "train_nats": nats["train"],
        "val_nats": nats["validation"],
        "held_out_nats": nats["held_out"],
        "held_out_bits": nats["held_out"] / math.log(2),
        **evaluation.certainty(held_out),
        "by_position": evaluation.by_position(predicted, counted, data),
        "ngram": {**facts, **ngram_metrics(predicted, counted, data)},
        "mixture": evaluation.mix(predicted, counted, data),
        **dict.fromkeys(MEASURES),
    }
    if lean:
        return metrics
    metrics = with_names(metrics, network, data, config)
    run.save_figures(charrnn_figures.draw(metrics, result.history, config))
    return metrics


def record_corpus(run: Run, name_list: NameList, data: NameDataset, config: CharRNN) -> None:
    """Record the data source, its counts and the vocabulary."""
    notes = name_list.notes
    if config.hold_out and not data.split.held_out:
        notes = (*notes, f"corpus too small to hold out {config.hold_out:.0%} of the names; none are held out")
    split = {"training": len(data.split.train), "validation": len(data.split.validation)}
    run.record_data(name_list.source, notes, **data.counts, **split, held_out=len(data.split.held_out))
    save_vocabulary(run, data)
    run.update(vocabulary=data.vocab_file.vocabulary.digest)


def save_vocabulary(run: Run, data: NameDataset) -> None:
    """Save vocabulary.json, unless the run is resumed and has it: it stays as it was if the resumption is refused."""
    path = run.folder / "vocabulary.json"
    with contextlib.suppress(UserError):
        saved = vocabulary.from_data(read_json(path), path=path)
        if run.previous is not None and saved.vocabulary == data.vocab_file.vocabulary:
            return
    run.save_json("vocabulary.json", vocabulary.to_data(*data.vocab_file))


def save_models(run: Run, model: keras.Model, best: list[np.ndarray], last: list[np.ndarray]) -> None:
    """Save model.keras (last epoch) and best.keras (best epoch); both take one-hot characters."""
    model.set_weights(last)
    run.save_model("model", model)
    model.set_weights(best)
    run.save_model("best", model)


def ngram_metrics(network: LogProbabilities, counted: LogProbabilities, data: NameDataset) -> dict[str, Any]:
    """Return the n-gram's nats on each subset; None for the measures of names sampled from it.

    `difference_ci95` is the interval of the network's held-out nats per character minus the n-gram's;
    None of fewer than two names.
    """
    return {
        "smoothing": "kneser-ney",
        **{f"{subset}_nats": nats for subset, nats in evaluation.nats(counted).items()},
        "difference_ci95": evaluation.difference_interval(network, counted, data),
        "names": None,
        "by_temperature": None,
    }
