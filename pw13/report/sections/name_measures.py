"""Measures of sampled names as tables: of the network, of the n-gram model, and of real names as the target."""

from collections.abc import Mapping, Sequence
from typing import Any

from pw13.baselines import ngram_models
from pw13.report.commentary.phrasing import format_number, format_percent
from pw13.report.document import Block, table
from pw13.report.run_selection import metric
from pw13.runs.record import Record

AS_TRAINED = 1.0  # the temperature at which networks are compared: a lower one makes all names likelier
MAX_EXAMPLE_LENGTH = 30  # characters
COLUMNS = (
    "names",
    "temperature",
    "complete",
    "novel",
    "unique",
    "distinct trigrams",
    "held-out met",
    "similarity",
    "n-gram nats",
    "off real",
)
LEGEND = (
    "Distinct trigrams: share of the names' trigrams of characters that are distinct. Similarity: mean, to the nearest "
    "training name."
)
TARGET_LEGEND = (
    " Held-out met: share of the real held-out names among the samples. Off real: difference from real names in n-gram "
    "nats per character."
)

Names = Mapping[str, Any]  # a row of `by_temperature`, or `real_names`, in metrics.json


def names_table(caption: str, rows: Sequence[tuple[str, Names]], real: Names) -> list[Block]:
    """Return a table of (label, measures), and of real names in the last row."""
    known = [(label, names) for label, names in rows if names]
    target = ("real, held-out", real)
    cells = [(label, *_cells(names, real)) for label, names in (*known, *([target] if real else []))]
    return [table(f"{caption} {LEGEND}{TARGET_LEGEND if real else ''}", COLUMNS, cells)] if known else []


def _cells(names: Names, real: Names) -> tuple[str, ...]:
    nats, target = names.get("ngram_nats"), real.get("ngram_nats")
    return (
        f"{names['temperature']:g}" if "temperature" in names else "–",
        *(share(names.get(key)) for key in ("whole", "new", "unique", "distinct_trigrams")),
        share(names.get("held_out_met"), 2),
        decimals(names.get("similarity")),
        decimals(nats),
        "–" if names is real or nats is None or target is None else decimals(abs(nats - target)),
    )


def decimals(value: float | None) -> str:
    """Return a number with two decimals; a dash for None."""
    return "–" if value is None else f"{value:.2f}"


def share(fraction: float | None, digits: int = 1) -> str:
    return format_percent(fraction, digits) if fraction is not None else "–"


def at_temperature(run: Record, temperature: float) -> Names:
    """Return the measures of the network's names at a temperature; empty if the run has none."""
    return _at((run.metrics or {}).get("by_temperature"), temperature)


def ngram_at_temperature(run: Record, temperature: float) -> Names:
    """Return the measures of the n-gram model's names at a temperature; empty if the run has none."""
    return _at(ngram(run).get("by_temperature"), temperature)


def _at(rows: Sequence[Names] | None, temperature: float) -> Names:
    return next((row for row in rows or () if row.get("temperature") == temperature), {})


def ngram(run: Record) -> Names:
    """Return the metrics of the n-gram model; empty if the run has none."""
    return (run.metrics or {}).get("ngram") or {}


def mixture(run: Record) -> Names:
    """Return the metrics of the mixture of network and n-gram model; empty if the run has none."""
    return (run.metrics or {}).get("mixture") or {}


def ngram_name(run: Record) -> str:
    return ngram_models.ngram_name(ngram(run))


def real_names(run: Record) -> Names:
    """Return the measures of real held-out names; of a run of 0.1.0 their n-gram nats only; empty without any."""
    nats = metric(run, "ngram.held_out_nats")
    return (run.metrics or {}).get("real_names") or ({"ngram_nats": nats} if nats is not None else {})


def name_statistics(run: Record) -> tuple[str, str, str]:
    """Return the shares of complete and novel names at the default temperature, and their n-gram nats per character."""
    complete, novel = (share(metric(run, f"names.{key}")) for key in ("whole", "new"))
    return complete, novel, format_number(metric(run, "names.ngram_nats"), 3)


def default_temperature(run: Record) -> float:
    """Return the temperature of `names` in metrics.json."""
    return metric(run, "names.temperature") or 0.8


def examples(run: Record) -> list[str]:
    """Return novel names of a run at the default temperature, short enough for several to fit a line."""
    return short_names((run.metrics or {}).get("names") or {})


def short_names(names: Names) -> list[str]:
    texts = names.get("examples") or []
    short = [text for text in texts if len(text) <= MAX_EXAMPLE_LENGTH]
    return short or [text[:MAX_EXAMPLE_LENGTH] for text in texts]
