"""Exercise 2: train a character RNN on startup names, evaluate it on held-out names, sample from it."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from pw13.baselines.ngram import Ngram
from pw13.config.settings import CharRNN
from pw13.data.names import NameDataset, NameList, load_names, prepare_dataset, vocabulary
from pw13.errors import UserError
from pw13.experiments import charrnn_evaluation as evaluation
from pw13.experiments import charrnn_samples
from pw13.experiments.charrnn_evaluation import LogProbabilities
from pw13.experiments.charrnn_start import apply_start, load_start
from pw13.experiments.charrnn_task import make_task, windows_per_epoch
from pw13.figures import charrnn as figures
from pw13.figures.loss_curves import loss_curves
from pw13.inference.contexts import Mixture
from pw13.models import charrnn
from pw13.models.charrnn_numpy import Network
from pw13.runs.folder import Run
from pw13.runs.record import read_json
from pw13.training.fit import fit, model_summaries, training_metrics
from pw13.training.task import training_options


def run_experiment(config: CharRNN, *, corpus: str | None, run: Run, init_from: str | None = None) -> dict[str, Any]:
    """Train and evaluate, fill the run folder, and return what metrics.json holds.

    init_from: the folder of a char-RNN run whose network is trained further.
    """
    name_list = load_names(corpus, encoding=config.encoding, fix_accents=config.fix_accents)
    start = load_start(run, init_from, config)
    data = prepare_dataset(name_list.names, config, known=start.vocabulary.characters if start else ())
    record_corpus(run, name_list, data, config)
    model = charrnn.build(data.vocab_file.vocabulary.size, config)
    apply_start(model, start, data.vocab_file.vocabulary, run, init_from)
    run.save_text("summary.txt", model_summaries([model]))

    result = fit(
        make_task(model, data, config),
        training_options(config, f"{config.cell} RNN, {config.target}"),
        run=run,
        save=lambda best, last: save_models(run, model, best, last),
        on_epoch=charrnn_samples.sample_callback(run, data, config),
    )
    network, counts = charrnn_samples.network(config, result.best), evaluation.fit_ngram(data, run)
    predicted, held_out_accuracy = evaluation.predict(network, data)
    counted = evaluation.predict_ngram(counts, data)
    nats, baseline = evaluation.nats(predicted), ngram_metrics(counts, predicted, counted, data, config)
    samples = charrnn_samples.statistics(network, counts, data, config)
    real = charrnn_samples.real_names(counts, data, config)
    mixture = mixture_metrics(network, counts, predicted, counted, data, config)
    save_figures(run, config, result.history, nats, baseline, mixture, samples, real)
    return {
        **training_metrics(result, model),
        "cell": config.cell,
        "target": config.target,
        "units": config.units,
        "corpus": data.counts,
        "train_windows": windows_per_epoch(len(data.train_ids), config),
        "train_nats": nats["train"],
        "val_nats": nats["validation"],
        "held_out_nats": nats["held_out"],
        "held_out_bits": nats["held_out"] / math.log(2),
        "held_out_accuracy": held_out_accuracy,
        "ngram": baseline,
        "mixture": mixture,
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


def ngram_metrics(
    counts: Ngram, network: LogProbabilities, counted: LogProbabilities, data: NameDataset, config: CharRNN
) -> dict[str, Any]:
    """Return the n-gram's order, its nats on each subset, and the statistics of names sampled from it.

    `difference_ci95` is the interval of the network's held-out nats per character minus the n-gram's.
    """
    samples = charrnn_samples.statistics(counts, counts, data, config)
    return {
        "order": counts.order,
        "smoothing": "kneser-ney",
        **{f"{subset}_nats": nats for subset, nats in evaluation.nats(counted).items()},
        "difference_ci95": evaluation.difference_interval(network, counted, data),
        "names": charrnn_samples.at_default(samples),
        "by_temperature": samples,
    }


def mixture_metrics(
    network: Network,
    counts: Ngram,
    predicted: LogProbabilities,
    counted: LogProbabilities,
    data: NameDataset,
    config: CharRNN,
) -> dict[str, Any] | None:
    """Return weight and nats of the mixture, and the statistics of names sampled from it; None if none are held out."""
    metrics = evaluation.mix(predicted, counted, data)
    if metrics is None:
        return None
    samples = charrnn_samples.statistics(Mixture(network, counts, metrics["weight"]), counts, data, config)
    return {**metrics, "names": charrnn_samples.at_default(samples), "by_temperature": samples}


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
    nats: Mapping[str, float],
    ngram: dict[str, Any],
    mixture: dict[str, Any] | None,
    samples: list[charrnn_samples.Row],
    real: charrnn_samples.Row | None,
) -> None:
    """Save the loss curves with the n-gram's line, nats per subset, and sampled names next to real ones."""
    ngram_name, baseline = f"{ngram['order']}-gram", ngram["validation_nats"]
    lines = {f"{ngram_name}, validation": baseline} if np.isfinite(baseline) else {}
    curves = loss_curves(history, label="nats per character", lines=lines, names=curve_names(config))
    run.save_figure("loss", curves)
    bars = {subset: (value, ngram[f"{subset}_nats"]) for subset, value in nats.items() if np.isfinite(value)}
    run.save_figure("nats", figures.cross_entropy_bars(bars, ngram_name))
    models = {"network": samples, ngram_name: ngram["by_temperature"]}
    models |= {"mixture": mixture["by_temperature"]} if mixture else {}
    run.save_figure("names", figures.novelty_against_plausibility(models, real))
