"""Figures as Markdown tables."""

import statistics
from collections.abc import Sequence

from bench.tasks import Task, flops
from bench.turns import Result

NAMES = {
    "pw13": "pw13",
    "keras": "Keras `fit`, oneDNN off",
    "onednn": "Keras `fit`, oneDNN on",
    "torch": "PyTorch eager",
}
CLOSE = 0.01  # how far the loss of the first epoch may be from pw13's


def markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


COLUMNS = (
    "peer", "examples/s", "lowest-highest", "pw13 is faster by", "compile, s", "of sgemm", "loss, epoch 1", "peak MiB",
)  # fmt: skip


def task_table(task: Task, results: Sequence[Result], rates: Sequence[float]) -> str:
    """One task, a row a peer; a row whose loss differs does not count and says so."""
    ours = results[0]
    work = flops(task, ours.facts["characters"])
    rate = statistics.median(rates)
    rows = []
    for result in results:
        count = result.facts["examples"]
        speeds = [count / seconds for seconds in result.turns]
        rows.append(
            (
                NAMES[result.peer],
                f"{count / result.seconds:,.0f}",
                f"{min(speeds):,.0f}-{max(speeds):,.0f}",
                ratio(result, ours),
                f"{result.compile:.1f}",
                f"{count / result.seconds * work / 1e9 / rate:.0%}",
                f"{result.first['loss']:.5f}",
                f"{result.peak:,.0f}",
            )
        )
    head = f"### {task.title}\n\n{ours.facts['examples']:,} {task.unit} an epoch, batch 128, {ours.facts['source']}. "
    on = {name: "on" if ours.facts[name] in (True, "1") else "off" for name in ("xla", "one_dnn")}
    how = f"pw13: XLA {on['xla']}, oneDNN {on['one_dnn']}. "
    return f"{head}{how}sgemm {rate:.0f} GFLOP/s ({min(rates):.0f}-{max(rates):.0f}).\n\n{markdown(COLUMNS, rows)}"


def ratio(result: Result, ours: Result) -> str:
    """The median over the rounds of how much longer the peer took; nothing where it did not train the same."""
    if result is ours:
        return ""
    near = abs(result.first["loss"] / ours.first["loss"] - 1) <= CLOSE
    same = near and result.facts["examples"] == ours.facts["examples"]
    factor = statistics.median(theirs / mine for theirs, mine in zip(result.turns, ours.turns, strict=True))
    return f"{factor:.1f}x" if same else "does not count: another loss"
