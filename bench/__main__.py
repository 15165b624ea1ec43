"""`python -m bench`: every peer on every task, interleaved; about 45 minutes on two cores, less on a GPU."""

import argparse
import datetime
import importlib.metadata
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import commands, gpu, growth, makemore, rounds, scaling, table, tasks
from pw13.cli.doctor import simd_extensions
from pw13.system import machine
from pw13.system.device import nvidia_gpus
from pw13.system.installation import install_hint
from pw13.system.process_pool import WorkerDied

ROUNDS = 3
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "torch")
NOTES = """\
Every peer runs in its own process, which waits while the others train; the peers alternate, every other round in
reverse order. All start from the same weights and see the same examples in the same order in the first epoch, the last
partial batch included; a row whose first-epoch loss differs from pw13's by more than 1 % does not count. All: float32,
two threads, no validation, everything in memory; Keras and PyTorch get float arrays, characters one-hot, and pw13
looks rows up. TensorFlow (2.9 and later) leaves oneDNN off on processors without AVX-512 VNNI unless the user enables
it, so Keras trains with oneDNN off and on, both with its defaults: XLA, and one step per call of the compiled
function. With oneDNN on it also trains without XLA, with 32 steps per call (`steps_per_execution`), and with both.
PyTorch updates by fused Adam; `torch.compile` needs a C++ compiler, and leaves recurrent layers as they are, so it has
no row there. examples/s: median over the rounds of the mean epoch in each. In a round every peer trains one epoch that
does not count, in which Keras `fit` converts its data, and then for at least a second, in the same call of `fit`.
compile: for pw13 before the first step, for the others how much longer the first epoch took, conversion of data
included. of sgemm: arithmetic of the model's matrix products, forward and backward, as a fraction of the rate of a
2048 x 2048 float32 product in NumPy measured between the rounds; one-hot products count as nothing, and a convolution
after upsampling counts as the layer defines it, although pw13 computes 16 of its 36 multiplications. peak: memory of
the whole process, including TensorFlow or PyTorch itself.
"""


def main() -> None:
    """Parse the options, run the parts and write the results."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="gpu: compare with the CPU and Keras")
    parser.add_argument("--only", default="", help="comma-separated parts: " + ", ".join([*parts("cpu"), "gpu"]))
    parser.add_argument("--tiny", action="store_true", help="one round on 1 %% of the data, to check that it runs")
    parser.add_argument("--sizes", default="", help="comma-separated numbers of examples for the part growth")
    parser.add_argument("--makemore", type=Path, metavar="DIR", help="only compare with a checkout of makemore")
    parser.add_argument("--out", type=Path, help="Markdown file to write, by default bench/RESULTS.md")
    options = parser.parse_args()
    of = "-makemore" if options.makemore else "-gpu" if options.device == "gpu" else ""
    out: Path = options.out or Path("bench", f"RESULTS{of}.md")
    if not out.parent.is_dir():
        parser.error(f"--out {out}: no folder {out.parent}")
    if options.makemore:
        if reason := makemore.missing(options.makemore):
            parser.error(f"--makemore {reason}")
        text = heading(f"--makemore {options.makemore.name}") + makemore.section(options.makemore)
        out.write_text(text, encoding="utf-8")
        print(text)
    elif failed := all_parts(parser, options, out):
        sys.exit(f"failed: {', '.join(failed)}; the others are in {out}")


def all_parts(parser: argparse.ArgumentParser, options: argparse.Namespace, out: Path) -> list[str]:
    """Run the selected parts, write the results after each, and return the names of those that failed."""
    known, device = parts(options.device), options.device
    selected = options.only.split(",") if options.only else known
    if unknown := set(selected) - set(known):
        parser.error(f"--only: expected some of {', '.join(known)}, received {', '.join(unknown)}")
    if device == "gpu" and not nvidia_gpus():
        parser.error("--device gpu: nvidia-smi finds no GPU; pw13 doctor shows what is missing")
    if not all(size.isdecimal() and int(size) > 0 for size in options.sizes.split(",") if options.sizes):
        parser.error(f"--sizes: expected numbers separated by commas, received {options.sizes}")
    started = time.monotonic()
    arguments = ["--device gpu"] if device == "gpu" else []
    arguments += [*(["--only", options.only] if options.only else []), *(["--tiny"] if options.tiny else [])]
    arguments += ["--sizes", options.sizes] if options.sizes else []
    text, failed = heading(" ".join(arguments)) + NOTES, []
    sizes = [int(size) for size in options.sizes.split(",") if size]
    for part in selected:
        print(f"{time.monotonic() - started:6.0f} s  {part}", flush=True)
        try:
            text += "\n" + section(part, device, options.tiny, sizes)
        except (RuntimeError, WorkerDied) as error:  # of one peer: no reason to lose what others took minutes for
            text += f"\n### {part}\n\nFailed: {error}\n"
            failed.append(part)
        total = f"\nTotal time: {(time.monotonic() - started) / 60:.1f} minutes.\n"
        out.write_text(text + total, encoding="utf-8")
    print(text + total)
    return failed


def parts(device: str) -> list[str]:
    """Return the names of the parts for a device, in the order of the results."""
    trainings = [task.name for task in tasks.TASKS]
    return [*trainings, "gpu"] if device == "gpu" else [*trainings, *commands.PARTS, "scaling", "growth"]


def section(part: str, device: str, tiny: bool, growth_sizes: Sequence[int] = ()) -> str:
    """Run one part and return its Markdown; `growth_sizes`: numbers of examples, by default those of its subjects."""
    if part == "growth":
        return growth.section(tiny, growth_sizes)
    if part == "gpu":
        return gpu.section(device)
    if part == "scaling":
        sizes = {name: size // 100 for name, size in scaling.SIZES.items()} if tiny else scaling.SIZES
        return f"### pw13 on growing data\n\n{scaling.table(sizes, rounds=1 if tiny else 5)}"
    if part in commands.PARTS:
        return commands.PARTS[part](tiny)
    task = tasks.find_task(part)
    count, repeats = (max(200, task.size // 100), 1) if tiny else (task.size, ROUNDS)
    return table.task_table(task, *rounds.run_rounds(task, count, rounds.installed_peers(device, task.kind), repeats))


def heading(arguments: str) -> str:
    """Return title, command, date, machine and versions."""
    command = f"python -m bench {arguments}".rstrip()
    processor = f"{machine.processor()} ({', '.join(simd_extensions())}), {machine.cores()} cores"
    host = f"{processor}, {platform.platform()}, Python {platform.python_version()}"
    host += "".join(f", {gpu['name']} (driver {gpu['driver_version']})" for gpu in nvidia_gpus())
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"# Benchmark results\n\n`{command}`, {datetime.date.today()}, {host}, {versions}.\n\n"


def version(package: str) -> str:
    """Return the installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"not installed: its rows are omitted ({install_hint('bench')})"


if __name__ == "__main__":
    main()
