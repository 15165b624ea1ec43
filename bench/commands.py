"""Whole commands compared: what a user waits for, imports included.

Each starts with pw13's cache empty, in every repeat; rows "again" start with what the first time left there.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.table import markdown
from bench.worker import environment
from pw13.config.settings import DenseAE
from pw13.system import machine

REPEATS = 3
PW13 = [sys.executable, "-m", "pw13"]
COLUMNS = ("command", "seconds", "range", "pw13 speed-up", "peak MiB")

# A small process that starts the command: a child's peak memory includes what its parent held when it was forked.
STARTER = """
import os, sys, time
started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - started, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Timing(NamedTuple):
    """Seconds of each repeat of a command, its peak memory in MiB, and the standard output of the last one."""

    label: str
    seconds: list[float]
    peak: float
    output: str


def run(command: list[str], cache: str | None = None) -> tuple[float, float, str]:
    """Run a command and return wall-clock seconds, peak memory in MiB and standard output.

    cache: the folder of pw13's cache, by default the user's. TensorFlow uses oneDNN, as it does under pw13.

    Raises:
        RuntimeError: the command failed.
    """
    starter = [sys.executable, "-I", "-S", "-c", STARTER, *command]
    variables = environment("onednn") | ({} if cache is None else {"PW13_CACHE_DIR": cache})
    done = subprocess.run(starter, capture_output=True, text=True, check=False, env=variables)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr[-500:].strip()}")
    seconds, peak = done.stderr.split("\n")[-2].split()
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    return float(seconds), float(peak) / unit, done.stdout


def time_commands(commands: dict[str, list[str]], repeats: int, again: Sequence[str] = ()) -> list[Timing]:
    """Run the commands alternately, each `repeats` times, every other time in reverse order, with an empty cache.

    again: labels of commands that are run a second time each time, with the cache that the first has filled.
    """
    rounds: list[dict[str, tuple[float, float, str]]] = [{} for _ in range(repeats)]
    for number, done in enumerate(rounds):
        for label in commands if number % 2 == 0 else reversed(commands):
            with TemporaryDirectory() as cache:
                done[label] = run(commands[label], cache)
                if label in again:
                    done[f"{label}, again"] = run(commands[label], cache)
    return [
        Timing(label, [r[label][0] for r in rounds], max(r[label][1] for r in rounds), rounds[-1][label][2])
        for label in rounds[0]
    ]


def rows(timings: list[Timing]) -> list[tuple[str, ...]]:
    """Return table rows; the first timing is pw13's, which those of other programs are compared with."""
    pw13 = timings[0].seconds
    lines: list[tuple[str, ...]] = []
    for label, seconds, peak, _ in timings:
        ratio = statistics.median(peer / own for peer, own in zip(seconds, pw13, strict=True))
        span = f"{min(seconds):.2f}-{max(seconds):.2f}"
        speed_up = "" if label.startswith("pw13 ") else f"{ratio:.1f}x"
        lines.append((label, f"{statistics.median(seconds):.2f}", span, speed_up, f"{peak:,.0f}"))
    return lines


def svm(tiny: bool) -> str:
    """Compare `svm-eval` with GridSearchCV; pw13's time includes its learning curves and figures."""
    limit, tune_on = (200, 100) if tiny else (3000, 1500)
    with TemporaryDirectory() as folder:
        sizes = ["--limit", str(limit), "--tune-on", str(tune_on)]
        command = ["svm-eval", *sizes, "--runs-dir", folder, "--json", "--quiet"]
        sklearn = [sys.executable, "-m", "bench.svm_sklearn", str(limit), str(tune_on)]
        commands = {"pw13 svm-eval": [*PW13, *command], "scikit-learn, GridSearchCV": sklearn}
        timings = time_commands(commands, 1 if tiny else REPEATS, again=["pw13 svm-eval"])
    results = {f"{r['features']}-{r['kernel']}": r["accuracy"] for r in json.loads(timings[0].output)["results"]}
    expected = json.loads(timings[-1].output)
    accuracies = ", ".join(f"{name} {value:.4f} and {expected[name]:.4f}" for name, value in results.items())
    head = (
        f"### svm-eval\n\n{limit:,} training images, tuned on {tune_on:,}; both kernels on pixels and PCA-32, fitted "
    )
    head += (
        f"to all training images. Both: the same rows, scaling, grids and folds, {machine.cores()} threads for tuning "
    )
    head += "and prediction; scikit-learn's final fits take one. pw13's time includes its learning curves, tests and "
    head += "figures. Test accuracies of pw13 and scikit-learn"
    return f"{head}: {accuracies}.\n\n{markdown(COLUMNS, rows(timings))}"


def generate(tiny: bool) -> str:
    """Compare `generate` with Keras `predict` per character on the same run; and time 10,000 names of an LSTM-256."""
    with TemporaryDirectory() as folder:
        corpus = Path(folder, "names.txt")
        lines = [name + "\n" for name in _names(500 if tiny else 20_000)]
        corpus.write_text("".join(lines), encoding="utf-8", newline="")
        paths = ["--corpus", str(corpus), "--runs-dir", folder]
        train = [*PW13, "train-charrnn", *paths, "--epochs", "2", "--json", "--quiet"]
        small = json.loads(run(train)[2])["run"]
        lstm = ["--cell", "lstm", "--units", "8" if tiny else "256", "--target", "many-to-many", "--length", "32"]
        large = json.loads(run([*train, *lstm, "--skip", "32"])[2])["run"]
        pw13 = [*PW13, "generate", "--seed", "0", "--quiet", "--run"]
        keras = [sys.executable, "-m", "bench.generate_keras", small, "10", "0.8"]
        ten = {
            "pw13 generate -n 10, SimpleRNN-64": [*pw13, small, "-n", "10"],
            "Keras, `predict` in a loop": [*keras, "predict"],
            "Keras, one compiled function in a loop": [*keras, "function"],
        }
        many = {"pw13 generate -n 10000, LSTM-256": [*pw13, large, "-n", "100" if tiny else "10000"]}
        lines_ten = rows(time_commands(ten, 1 if tiny else REPEATS))
        lines_many = rows(time_commands(many, 1 if tiny else REPEATS))
    head = "### generate\n\nTen names from the same many-to-one run.\n\n"
    return head + markdown(COLUMNS, [*lines_ten, *lines_many])


def train(tiny: bool) -> str:
    """Compare `train-dense-ae`, with all that it measures and draws, with a script that does the same in Keras."""
    epochs = DenseAE().epochs if not tiny else 2
    with TemporaryDirectory() as folder:
        own = [*PW13, "train-dense-ae", "--epochs", str(epochs), "--runs-dir", folder, "--json", "--quiet"]
        keras = [sys.executable, "-m", "bench.dense_keras", folder, str(epochs), "0", "[32]", "1"]
        commands = {"pw13 train-dense-ae": own, **in_keras("Keras, scikit-learn, matplotlib", keras)}
        timings = time_commands(commands, 1 if tiny else REPEATS, again=["pw13 train-dense-ae"])
    (expected,) = json.loads(timings[-1].output).values()
    head = f"### train-dense-ae\n\n{epochs} epochs, and everything around them: all measure PCA, sizes of image files "
    head += "and a t-SNE of 1,000 codes, draw and save. pw13 also measures rates and distortions and draws four more "
    head += f"figures. Test MSE {json.loads(timings[0].output)['test_mse']:.4f} and {expected:.4f}."
    return f"{head}\n\n{markdown(COLUMNS, rows(timings))}"


def sweep(tiny: bool) -> str:
    """Compare a sweep of eight points with a loop over Keras trainings in one process."""
    sizes, seeds, limit, epochs = ([8, 16], 2, 200, 1) if tiny else ([8, 16, 32, 64], 2, 500, 2)
    with TemporaryDirectory() as folder:
        grid = ["--grid", f"code_size={','.join(map(str, sizes))}", "--seeds", str(seeds)]
        counts = ["--limit", str(limit), "--epochs", str(epochs)]
        own = [*PW13, "sweep", "dense-ae", *grid, *counts, "--runs-dir", folder, "--quiet"]
        numbers = [str(epochs), str(limit), json.dumps(sizes), str(seeds)]
        keras = [sys.executable, "-m", "bench.dense_keras", folder, *numbers]
        commands = {"pw13 sweep dense-ae": own, **in_keras("Keras `fit` in a loop", keras)}
        timings = time_commands(commands, 1 if tiny else REPEATS)
    head = f"### sweep\n\n{len(sizes) * seeds} trainings on {limit} images, {epochs} epochs each. pw13 leaves a run "
    head += "folder for each, with weights, history and errors; Keras leaves the test errors. Trainings this short are "
    head += (
        f"mostly start-up and compilation. pw13 runs {machine.cores()} at a time, one process per core, and compiles"
    )
    head += " once per process and code size; Keras trains one after the other on all cores and compiles for each."
    # No peak memory: that of the largest process is known, and pw13 has several.
    return f"{head}\n\n{markdown(COLUMNS[:-1], [row[:-1] for row in rows(timings)])}"


def in_keras(label: str, command: list[str]) -> dict[str, list[str]]:
    """Return a script's command by label, as Keras trains by default, with XLA, and as it trains without."""
    return {label: [*command, "auto"], f"{label}, no XLA": [*command, "off"]}


def _names(count: int) -> tuple[str, ...]:
    from pw13.data.names import load_names

    return tuple(dict.fromkeys(load_names(None).names))[:count]


def startup(tiny: bool) -> str:
    """Compare the time of `--help` with that of importing libraries."""
    commands = {" ".join(["pw13", *words]): [*PW13, *words] for words in (["--help"], ["train-charrnn", "--help"])}
    for name in ("typer, rich", "tensorflow"):
        commands[f"python -c 'import {name}'"] = [sys.executable, "-c", f"import {name}"]
    return f"### start-up\n\n{markdown(COLUMNS, rows(time_commands(commands, 1 if tiny else REPEATS)))}"


PARTS = {"train": train, "sweep": sweep, "svm": svm, "generate": generate, "startup": startup}
