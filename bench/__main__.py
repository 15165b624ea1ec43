"""`python -m bench`: every peer on every task, interleaved; about a quarter of an hour on two cores."""

import argparse
import datetime
import importlib.metadata
import platform
import time
from pathlib import Path

from bench import growth, processes, table, tasks, turns
from pw13.system import machine

ROUNDS = 3
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "torch")
NOTES = """\
Every peer is a process of its own that waits while the others train; they take turns, every other round backwards.
All begin with the same weights and take the same examples in the same order in the first epoch, the last batch as
full as it comes; a row whose first epoch's loss differs from pw13's by more than 1 % does not count. TensorFlow
leaves oneDNN off on processors without AVX-512 VNNI unless the user switches it on (2.9 and later), so Keras trains
without it and with it. examples/s: median of the rounds, compile and data preparation left out. compile: for pw13
before the first step, else what the first epoch took longer. of sgemm: the arithmetic of the model's products, there
and back, as a share of the rate of a 2048 x 2048 float32 product in NumPy, measured between the rounds; a one-hot
product counts as nothing, and a convolution after a doubling as the layer defines it, though pw13 does 16 of its 36
multiplications. peak: of the whole process, with what TensorFlow or PyTorch take by themselves.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", help="parts, comma-separated: " + ", ".join(parts()))
    parser.add_argument("--tiny", action="store_true", help="a hundredth of the data, one round: to see that it runs")
    parser.add_argument("--out", type=Path, default=Path("bench", "RESULTS.md"))
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else parts()
    if unknown := set(wanted) - set(parts()):
        parser.error(f"--only: expected some of {', '.join(parts())}, received {', '.join(unknown)}")
    begun = time.monotonic()
    text = heading(options.only, options.tiny)
    for part in wanted:
        print(f"{time.monotonic() - begun:6.0f} s  {part}", flush=True)
        text += "\n" + section(part, options.tiny)
    text += f"\nThe whole took {(time.monotonic() - begun) / 60:.1f} minutes.\n"
    options.out.write_text(text, encoding="utf-8")
    print(text)


def parts() -> list[str]:
    return [*(task.name for task in tasks.TASKS), "svm", "generate", "help", "growth"]


def section(part: str, tiny: bool) -> str:
    """The Markdown of one part."""
    if part == "growth":
        sizes = {name: size // 100 for name, size in growth.SIZES.items()} if tiny else growth.SIZES
        return f"### pw13 alone, more and more data\n\n{growth.table(sizes, rounds=1 if tiny else 5)}"
    if part in processes.PARTS:
        return processes.PARTS[part](tiny)
    task = tasks.called(part)
    count, rounds = (max(200, task.size // 100), 1) if tiny else (task.size, ROUNDS)
    return table.task_table(task, *turns.interleaved(task, count, turns.present(), rounds))


def heading(only: str, tiny: bool) -> str:
    found = [f"{name} {version(name)}" for name in PACKAGES]
    command = "python -m bench" + (f" --only {only}" if only else "") + (" --tiny" if tiny else "")
    here = f"{machine.processor()}, {machine.cores()} cores, {platform.platform()}, Python {platform.python_version()}"
    return f"# pw13 beside its peers\n\n`{command}`, {datetime.date.today()}, {here}, {', '.join(found)}.\n\n{NOTES}"


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing: its rows are left out (pip install -e '.[bench]')"


if __name__ == "__main__":
    main()
