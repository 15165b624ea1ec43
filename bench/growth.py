"""pw13 alone on more and more data: time and memory of an example must not grow."""

import contextlib
import statistics
from typing import Any

from bench.table import markdown
from bench.tasks import called
from bench.turns import workers

TIMES = (1, 2, 4, 8)
SIZES = {"dense": 10_000, "simple": 100_000}


def table(sizes: dict[str, int] = SIZES, rounds: int = 5) -> str:
    """A row a task and size; the sizes take turns, each in a process of its own."""
    return markdown(
        ("task", "examples", "microseconds an example", "lowest-highest", "peak MiB"),
        [row for name, size in sizes.items() for row in rows(name, size, rounds)],
    )


def rows(name: str, size: int, rounds: int) -> list[tuple[str, ...]]:
    """One task at every size."""
    task = called(name)
    made: list[tuple[str, ...]] = []
    with contextlib.ExitStack() as stack:
        crews = [stack.enter_context(workers(task, size * times, ["pw13"])) for times in TIMES]
        answers: list[list[dict[str, Any]]] = [[] for _ in crews]
        for number in range(1 + rounds):
            for (worker,), own in zip(crews, answers, strict=True):
                own.append(worker.epoch(1 + number))
        for times, (worker,), own in zip(TIMES, crews, answers, strict=True):
            count = worker.facts["examples"]
            each = [answer["seconds"] / count * 1e6 for answer in own[1:]]
            span = f"{min(each):.2f}-{max(each):.2f}"
            middle = f"{statistics.median(each):.2f}"
            made.append((f"{task.title}, {times}x", f"{count:,}", middle, span, f"{own[-1]['peak']:,.0f}"))
    return made
