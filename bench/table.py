"""Results as Markdown tables."""

import statistics
from collections.abc import Sequence

from bench.rounds import Result
from bench.tasks import Task, flops

LABELS = {
    "pw13": "pw13",
    "pw13-gpu": "pw13 on the GPU",
    "keras-gpu": "Keras `fit` on the GPU, cuDNN",
    "keras": "Keras `fit`, oneDNN off",
    "onednn": "Keras `fit`, oneDNN on",
    "keras-no-xla": "Keras `fit`, oneDNN on, no XLA",
    "keras-steps": "Keras `fit`, oneDNN on, 32 steps per call",
    "keras-no-xla-steps": "Keras `fit`, oneDNN on, no XLA, 32 steps per call",
    "torch": "PyTorch eager",
    "torch-compile": "PyTorch, `torch.compile`",
}
LOSS_TOLERANCE = 0.01  # relative difference from pw13's loss of the first epoch
COLUMNS = ("peer", "examples/s", "range", "pw13 speed-up", "compile (s)", "of sgemm", "loss, epoch 1", "peak MiB")


def markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Format a table, the first column aligned left and the others right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def task_table(task: Task, results: Sequence[Result], rates: Sequence[float]) -> str:
    """Format one task with a row per peer; pw13 is the first of `results`, `rates` are of sgemm in GFLOP/s."""
    pw13 = results[0]
    work = flops(task, pw13.facts["vocab_size"])
    rate = statistics.median(rates)
    rows = []
    for result in results:
        count = result.facts["examples"]
        speeds = [count / seconds for seconds in result.rounds]
        rows.append(
            (
                LABELS[result.peer],
                f"{count / result.seconds:,.0f}",
                f"{min(speeds):,.0f}-{max(speeds):,.0f}",
                speed_up(result, pw13),
                f"{result.compile:.1f}",
                f"{count / result.seconds * work / 1e9 / rate:.0%}",
                f"{result.first['loss']:.5f}",
                f"{result.peak:,.0f}",
            )
        )
    head = f"### {task.title}\n\n{pw13.facts['examples']:,} {task.unit} per epoch, batch size 128, "
    head += f"{pw13.facts['source']}. "
    switches = {name: "on" if pw13.facts[name] in (True, "1") else "off" for name in ("xla", "one_dnn")}
    head += f"pw13: XLA {switches['xla']}, oneDNN {switches['one_dnn']}. "
    return f"{head}sgemm {rate:.0f} GFLOP/s ({min(rates):.0f}-{max(rates):.0f}).\n\n{markdown(COLUMNS, rows)}"


def speed_up(result: Result, pw13: Result) -> str:
    """Return the median ratio over the rounds, such as "2.5x", or that the peer did not train the same."""
    if result is pw13:
        return ""
    close = abs(result.first["loss"] / pw13.first["loss"] - 1) <= LOSS_TOLERANCE
    if not close or result.facts["examples"] != pw13.facts["examples"]:
        return "does not count: different loss"
    return f"{statistics.median(peer / own for peer, own in zip(result.rounds, pw13.rounds, strict=True)):.1f}x"
