"""pw13 alone on more and more data: time and memory of an example must not grow."""

import statistics

from bench.table import markdown
from bench.tasks import called
from bench.turns import workers

TIMES = (1, 2, 4, 8)
SIZES = {"dense": 10_000, "simple": 100_000}


def table(sizes: dict[str, int] = SIZES, rounds: int = 3) -> str:
    """A row a task and size, each in a process of its own."""
    rows = []
    for name, size in sizes.items():
        for times in TIMES:
            task = called(name)
            with workers(task, size * times, ["pw13"]) as (worker,):
                answers = [worker.epoch(1 + number) for number in range(1 + rounds)]
                seconds = statistics.median(answer["seconds"] for answer in answers[1:])
                count = worker.facts["examples"]
            peak = answers[-1]["peak"]
            rows.append((f"{task.title}, {times}x", f"{count:,}", f"{seconds / count * 1e6:.2f}", f"{peak:,.0f}"))
    return markdown(("task", "examples", "microseconds an example", "peak MiB"), rows)
