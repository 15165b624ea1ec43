"""pw13 alone on more and more data: time per example and memory must not grow."""

import contextlib
import statistics

from bench.rounds import MIN_SECONDS, start_workers
from bench.table import markdown
from bench.tasks import find_task

MULTIPLES = (1, 2, 4, 8)
SIZES = {"dense": 10_000, "simple": 100_000}
COLUMNS = ("task", "examples", "microseconds per example", "range", "peak MiB")


def table(sizes: dict[str, int], rounds: int) -> str:
    """Time tasks at multiples of their size; the sizes alternate, each in its own process."""
    return markdown(COLUMNS, [row for name, size in sizes.items() for row in _rows(name, size, rounds)])


def _rows(name: str, size: int, rounds: int) -> list[tuple[str, ...]]:
    """Time one task at every multiple of `size` examples."""
    task = find_task(name)
    rows: list[tuple[str, ...]] = []
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(start_workers(task, size * times, ["pw13"]))[0] for times in MULTIPLES]
        replies: list[list[dict[str, float]]] = [[] for _ in workers]
        for _ in range(rounds):
            for worker, own in zip(workers, replies, strict=True):
                own.append(worker.train(MIN_SECONDS))
        for times, worker, own in zip(MULTIPLES, workers, replies, strict=True):
            count = worker.facts["examples"]
            micros = [reply["seconds"] / count * 1e6 for reply in own]
            median, span = f"{statistics.median(micros):.2f}", f"{min(micros):.2f}-{max(micros):.2f}"
            rows.append((f"{task.title}, {times}x", f"{count:,}", median, span, f"{own[-1]['peak']:,.0f}"))
    return rows
