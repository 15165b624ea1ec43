"""Comments on the character RNN: its losses, its settings, and the models it is compared with (exercise 2)."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pw13.baselines.ngram import PRUNED
from pw13.report.commentary.contrasts import BySeed, change, is_lower, is_same, is_undecided, mean
from pw13.report.commentary.phrasing import (
    format_bytes,
    format_number,
    format_percent,
    join_sentences,
    join_words,
)

CALIBRATED = 0.01  # mean gap between accuracy and confidence that counts as none
BASELINE_CELL = "SimpleRNN"
DIVERGED = math.log(0x110000)  # nats per character of blind guessing among all characters of Unicode
SMALL_GAP = 0.02  # relative gap between training and held-out loss up to which the network is said to generalize


def held_out_loss(metrics: Mapping[str, Any]) -> str:
    """Return the loss on held-out names, as nats, bits and perplexity, and the gap to the training loss."""
    train, held_out = metrics.get("train_nats"), metrics.get("held_out_nats")
    if held_out is None and metrics.get("held_out_accuracy") is not None:  # JSON has no infinity
        return "The loss diverged: it is infinite on held-out names."
    if train is None or held_out is None:
        training = f"Training loss {format_number(train)} nats per character." if train is not None else ""
        return join_sentences(training, "No names were held out, so nothing can be said of new names.")
    if held_out > DIVERGED:
        return (
            f"The loss diverged: {held_out:.4g} nats per character on held-out names, more than guessing "
            "blindly among all characters of Unicode would give."
        )
    accuracy = metrics.get("held_out_accuracy")
    correct = (
        f"; the most likely next character is correct in {format_percent(accuracy)} of cases"
        if accuracy is not None
        else ""
    )
    loss = (
        f"On held-out names the loss is {format_number(held_out)} nats per character "
        f"({format_number(held_out / math.log(2), 3)} bits, perplexity {math.exp(held_out):.1f}){correct}."
    )
    gap = 1 - train / held_out if held_out else 0.0
    if gap > SMALL_GAP:
        return f"{loss} On training names it is {format_number(train)}, {format_percent(gap)} lower."
    return f"{loss} On training names it is {format_number(train)}: the network generalizes to new names."


def against_ngram(metrics: Mapping[str, Any]) -> str:
    """Return which of network and n-gram model has the lower held-out loss; one only if the interval excludes 0."""
    ngram = metrics.get("ngram") or {}
    network, baseline = metrics.get("held_out_nats"), ngram.get("held_out_nats")
    if network is None or baseline is None:
        return ""
    model, missing = _ngram_model(ngram), _not_counted(ngram)
    if not ngram.get("difference_ci95"):  # of a run of 0.1.0, or of one held-out name
        return f"{model} has a held-out loss of {format_number(baseline)}."
    high, low = (-bound for bound in ngram["difference_ci95"])  # which is of the network minus the n-gram model
    interval = f"95 % interval of the difference {low:+.4f} to {high:+.4f}"
    if low <= 0 <= high:
        return f"{model} is not distinguishably better or worse: {format_number(baseline)} ({interval}).{missing}"
    verdict = "lower" if baseline < network else "higher"
    return (
        f"{model} has a {verdict} held-out loss: {format_number(baseline)}, by {abs(baseline - network):.4f} "
        f"({interval}).{missing}"
    )


def mixed_with_ngram(metrics: Mapping[str, Any]) -> str:
    """Return what the mixture of network and n-gram model gains over the better one of them."""
    mixture = metrics.get("mixture") or {}
    if mixture.get("held_out_nats") is None:
        return ""
    better = {"network": "network", "ngram": "n-gram model"}[mixture["gain_over"]]
    lead = (
        f"Mixed, with weight {mixture['weight']:g} for the network (chosen on validation names), both reach "
        f"{format_number(mixture['held_out_nats'])}"
    )
    if not mixture.get("gain_ci95"):  # of one held-out name
        return f"{lead}."
    low, high = mixture["gain_ci95"]
    if low <= 0:
        return (
            f"{lead}: not distinguishably better than the {better} alone (95 % interval of the gain {low:+.4f} to "
            f"{high:+.4f})."
        )
    nats = (metrics["ngram"] if mixture["gain_over"] == "ngram" else metrics)["held_out_nats"]
    return (
        f"{lead}, {nats - mixture['held_out_nats']:.4f} less than the {better} alone (95 % interval {low:.4f} to "
        f"{high:.4f}): each knows something that the other does not."
    )


def _not_counted(ngram: Mapping[str, Any]) -> str:
    """Return which n-grams the model of a large corpus does without."""
    left_out, limited = ngram.get("left_out"), ngram.get("limited")
    pruned = f" {left_out:,} n-grams of {PRUNED} and more characters that occur once are left out." if left_out else ""
    return pruned + (" Longer n-grams are too many to count." if limited else "")


def _ngram_model(ngram: Mapping[str, Any]) -> str:
    """Return the model with its article, and the names that it counts."""
    order, counted, names = (ngram.get(key) for key in ("order", "counted_names", "training_names"))
    article = "An" if order is None or str(order).startswith(("8", "11", "18")) else "A"
    sample = f"{counted:,} of the {names:,}" if counted and names and counted < names else "the same"
    return f"{article} {order or 'n'}-gram model of {sample} training names"


def by_position(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return where in a name the network is surprised most and least, and where it beats the n-gram model.

    rows: `by_position` in metrics.json; none in runs of 0.1.0.
    """
    if len(rows) < 2:
        return ""
    hardest, easiest = max(rows, key=lambda row: row["nats"]), min(rows, key=lambda row: row["nats"])
    ahead = [row for row in rows if row["nats"] < row["ngram_nats"]]
    characters = sum(row["characters"] for row in ahead) / sum(row["characters"] for row in rows)
    return (
        f"The network is surprised most by character {hardest['position']} ({format_number(hardest['nats'], 3)} nats) "
        f"and least by character {easiest['position']} ({format_number(easiest['nats'], 3)}); its mean loss is "
        f"below that of the n-gram model at {len(ahead)} of {len(rows)} positions, which hold "
        f"{format_percent(characters, 0)} of the characters."
    )


def calibration(error: float | None, rows: Sequence[Mapping[str, float]]) -> str:
    """Return how far the probabilities can be trusted; rows: `reliability` in metrics.json."""
    if error is None or not rows:
        return ""
    total = sum(row["count"] for row in rows)
    accuracy, confidence = (sum(row["count"] * row[key] for row in rows) / total for key in ("accuracy", "confidence"))
    lean = "too cautious" if accuracy > confidence else "too sure"
    return (
        f"The likeliest character comes in {format_percent(accuracy)} of the cases, and is given a probability of "
        f"{format_percent(confidence)} on average: the network is "
        f"{lean if abs(accuracy - confidence) >= CALIBRATED else 'calibrated on average'} (expected calibration error "
        f"{error:.3f})."
    )


def setting_effect(what: str, rows: Sequence[tuple[Any, BySeed]]) -> str:
    """Return the effect of a setting on the validation loss; rows of (value, loss by seed) by ascending value."""
    known = [(value, losses) for value, losses in rows if losses]
    if len(known) < 2:
        return ""
    lowest_value, lowest = min(known, key=lambda row: mean(row[1]))
    best = [value for value, losses in known if is_same(losses, lowest)]
    falling = all(is_lower(before, after) for (_, before), (_, after) in itertools.pairwise(known))
    by_chance = any(is_undecided(losses, lowest) for value, losses in known if value != lowest_value)
    if len(best) == len(known) and by_chance:
        lead = f"No effect of the number of {what} on the validation loss can be told from chance"
    elif len(best) == len(known):
        lead = f"The number of {what} hardly matters for the validation loss"
    elif falling:
        lead = f"More {what}, lower validation loss"
    elif best[0] == known[0][0] and by_chance:
        lead = f"No lower validation loss with more {what} can be told from chance"
    elif best[0] == known[0][0]:
        lead = f"More {what} do not lower the validation loss"
    else:
        lead = f"The validation loss is lowest with {join_words([str(value) for value in best])} {what}"
    return f"{lead}: {', '.join(f'{format_number(mean(losses))} with {value}' for value, losses in known)}."


def cell_losses(rows: Sequence[tuple[str, BySeed]], place: str) -> str:
    """Answer the handout's first question on LSTM and GRU; rows of (cell, loss on `place` by seed)."""
    known = {name: losses for name, losses in rows if losses}
    others = {name: losses for name, losses in known.items() if name != BASELINE_CELL}
    if BASELINE_CELL not in known or not others:
        return ""
    base = known[BASELINE_CELL]
    lower = [name for name, losses in others.items() if is_lower(base, losses)]
    by_chance = any(is_undecided(base, losses) for losses in others.values())
    answer = f"Yes, with {join_words(lower)}" if lower else "Not distinguishable" if by_chance else "No"
    found = [f"{name} {format_number(mean(losses))}, {change(base, losses)}" for name, losses in others.items()]
    return (
        f"Can the loss be reduced further? {answer}: {BASELINE_CELL} {format_number(mean(base))} nats per character on "
        f"{place}; {'; '.join(found)}."
    )


def one_hot_size(windows: int, distinct: int, length: int) -> str:
    """Return the memory that one-hot vectors of all windows and labels would take."""
    elements = windows * (length + 1) * distinct
    return (
        f"One-hot vectors of all windows and labels would take {format_bytes(elements)} at one byte per element and "
        f"{format_bytes(4 * elements)} as float32. Only the ids are stored: a one-hot vector times a weight matrix is "
        "one of its rows."
    )
