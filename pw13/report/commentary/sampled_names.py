"""Comments on sampled names: how near they come to real ones, by temperature, cell and target (exercise 2)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pw13.report.commentary.charrnn import BASELINE_CELL
from pw13.report.commentary.contrasts import BySeed, compared, mean
from pw13.report.commentary.phrasing import format_number, format_percent, join_sentences, join_words

# Of earlier runs, which do not say the standard error of their means.
NATS_DEVIATION = 0.65  # nats per character, over held-out built-in names (measured: 0.66); sampled ones vary less
MEASURED = 1000  # names, where a run does not say how many its mean is over
SAME_DIVERSITY = 0.01  # share of distinct trigrams


def temperatures(
    rows: Sequence[Mapping[str, Any]],
    others: Mapping[str, Sequence[Mapping[str, Any]]],
    real: Mapping[str, Any],
) -> str:
    """Return the effect of the temperature on names, and how near they come to real ones.

    Args:
        rows: `by_temperature` in metrics.json.
        others: the same of names sampled from other models, by what they are called in a sentence; may be empty.
        real: the same measures of real held-out names, at least `ngram_nats`; may be empty.
    """
    if len(rows) < 2:
        return ""
    low, high = rows[0], rows[-1]
    shares = [
        f"{format_percent(low[key])} are {word} at temperature {low['temperature']:g} and {format_percent(high[key])} "
        f"at {high['temperature']:g}"
        for key, word in (("new", "novel"), ("unique", "unique"), ("whole", "complete"))
        if low.get(key) is not None and high.get(key) is not None
    ]
    return join_sentences(
        f"Of the sampled names {'; '.join(shares)}." if shares else "",
        _like_real({"the network": rows, **others}, real),
    )


def _like_real(models: Mapping[str, Sequence[Mapping[str, Any]]], real: Mapping[str, Any]) -> str:
    """Return at which temperature names come nearest to real ones; nothing if no names are held out."""
    if real.get("ngram_nats") is None:
        return ""
    nearest = [
        f"{model} at temperature {names['temperature']:g}, with {_nats_and_diversity(names)}"
        for model, measured in models.items()
        for names in [_nearest_to_real(measured, real)]
        if names
    ]
    if not nearest:
        return ""
    return join_sentences(
        f"Real held-out names have {_nats_and_diversity(real)}. In likelihood, the nearest are those of "
        f"{join_words(nearest)}.",
        _coldest(models["the network"][0], real),
    )


def _coldest(names: Mapping[str, Any], real: Mapping[str, Any]) -> str:
    """Return whether the network's names at its lowest temperature are likelier than real ones, and more alike."""
    if names.get("ngram_nats") is None:
        return ""
    difference = names["ngram_nats"] - real["ngram_nats"]
    likely = f"{'likelier' if difference < 0 else 'less likely'} than"
    if abs(difference) <= 2 * math.hypot(_error(names), _error(real)):
        likely = "about as likely as"
    alike = ", and more alike" if _is_less_diverse(names, real) else ""
    return f"At temperature {names['temperature']:g}, the lowest, names of the network are {likely} real ones{alike}."


def _nearest_to_real(rows: Sequence[Mapping[str, Any]], real: Mapping[str, Any]) -> Mapping[str, Any] | None:
    known = [row for row in rows if row.get("ngram_nats") is not None]
    return min(known, key=lambda row: _off(row, real), default=None)


def _nats_and_diversity(names: Mapping[str, Any]) -> str:
    nats = f"{format_number(names['ngram_nats'], 3)} nats per character under the n-gram model"
    distinct = names.get("distinct_trigrams")
    return f"{nats} and {format_percent(distinct)} distinct trigrams" if distinct is not None else nats


def cell_names(
    rows: Sequence[tuple[str, Mapping[str, Any]]], real: Mapping[str, Any], ngram: Mapping[str, Any] | None
) -> str:
    """Answer the second question, whether the names are better: whether they are nearer to real names.

    Likelihood alone is no measure: a low temperature can make names likelier than real ones. Names are nearer only by
    more than two standard errors.

    Args:
        rows: (cell, its row of `by_temperature` at temperature 1).
        real: the same measures of real held-out names.
        ngram: the row of names sampled from the n-gram model; None if there are none.
    """
    known = {cell: names for cell, names in rows if names.get("ngram_nats") is not None}
    if BASELINE_CELL not in known or len(known) < 2 or real.get("ngram_nats") is None:
        return ""
    judged = [*known.items(), *([("the n-gram model itself", ngram)] if ngram else [])]
    return (
        f"Are the names better? {_answer(known, real)}. Names sampled as trained (temperature 1) are judged by how far "
        f"their nats per character under the n-gram model are from the {format_number(real['ngram_nats'], 3)} of real "
        f"held-out names: {join_words([_distance(cell, names, real) for cell, names in judged])}."
    )


def _answer(known: Mapping[str, Mapping[str, Any]], real: Mapping[str, Any]) -> str:
    """Return with which cells the names are better, and of which cells that cannot be said."""
    base = known[BASELINE_CELL]
    gains = {cell: _gain(names, base, real) for cell, names in known.items() if cell != BASELINE_CELL}
    nearer, same = [cell for cell in gains if gains[cell] > 0], [cell for cell in gains if gains[cell] == 0]
    uniform = [cell for cell in nearer if _is_less_diverse(known[cell], base, real)]
    better = [cell for cell in nearer if cell not in uniform]
    if len(same) == len(gains):
        return "They are not distinguishable"
    notes = [
        f"{join_words(cells)}: {text}"
        for cells, text in ((uniform, "nearer in likelihood, but less diverse"), (same, "not distinguishable"))
        if cells
    ]
    answer = f"Yes, with {join_words(better)}" if better else "No"
    return f"{answer} ({'; '.join(notes)})" if notes else answer


def _gain(names: Mapping[str, Any], base: Mapping[str, Any], real: Mapping[str, Any]) -> float:
    """Return how much nearer to real names they are than those of `base`, in nats; 0 within two standard errors.

    The error of the real names cancels where both are on one side of them, else it counts twice.
    """
    gain = _off(base, real) - _off(names, real)
    low, high = sorted((names["ngram_nats"], base["ngram_nats"]))
    between = low < real["ngram_nats"] < high
    error = math.hypot(_error(names), _error(base), 2 * _error(real) if between else 0.0)
    return gain if abs(gain) > 2 * error else 0.0


def _error(names: Mapping[str, Any]) -> float:
    """Return the standard error of the mean n-gram nats of sampled or of real names."""
    error = names.get("ngram_nats_error")
    if error is not None:
        return float(error)
    return NATS_DEVIATION / math.sqrt(names.get("sampled") or names.get("names") or MEASURED)


def _off(names: Mapping[str, Any], real: Mapping[str, Any]) -> float:
    """Return the absolute difference in n-gram nats from real names."""
    return abs(float(names["ngram_nats"]) - float(real["ngram_nats"]))


def _is_less_diverse(names: Mapping[str, Any], *others: Mapping[str, Any]) -> bool:
    """Return whether names have fewer distinct trigrams than all others, such as real ones; False if one is unknown."""
    shares = [row.get("distinct_trigrams") for row in (names, *others)]
    known = [share for share in shares if share is not None]
    return len(known) == len(shares) and known[0] < min(known[1:]) - SAME_DIVERSITY


def _distance(cell: str, names: Mapping[str, Any], real: Mapping[str, Any]) -> str:
    distinct = names.get("distinct_trigrams")
    diversity = f", {format_percent(distinct)} distinct trigrams" if distinct is not None else ""
    return f"{cell} {_off(names, real):.2f} ({format_number(names['ngram_nats'], 3)}{diversity})"


def many_to_many(
    one: BySeed,
    many: BySeed,
    names_one: Mapping[str, Any],
    names_many: Mapping[str, Any],
    real: Mapping[str, Any],
) -> str:
    """Return many-to-many compared with many-to-one: held-out losses by seed, and `names` in metrics.json.

    real: the same measures of real held-out names; may be empty.
    """
    if not one or not many:
        return ""
    loss = (
        f"On the same held-out characters many-to-many has a loss of {format_number(mean(many))} nats per character, "
        f"{compared(one, many)} many-to-one ({format_number(mean(one))})."
    )
    if None in (names_one.get("ngram_nats"), names_many.get("ngram_nats"), real.get("ngram_nats")):
        return loss
    return (
        f"{loss} Its sampled names are {_off(names_many, real):.2f} nats per character from real held-out names "
        f"under the n-gram model ({format_number(names_many['ngram_nats'], 3)} and "
        f"{format_number(real['ngram_nats'], 3)}), those of many-to-one {_off(names_one, real):.2f} "
        f"({format_number(names_one['ngram_nats'], 3)})."
    )
