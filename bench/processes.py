"""Whole processes beside each other: what a user waits for, imports included."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.table import markdown
from bench.turns import environment
from pw13.config.settings import SvmEval

PW13 = [sys.executable, "-m", "pw13"]
COLUMNS = ("command", "seconds", "lowest-highest", "pw13 is faster by", "peak MiB")


# A small process that starts the command: the most memory of a child counts what its parent held when it was made.
STARTER = """
import os, sys, time
begun = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - begun, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Timed(NamedTuple):
    """Seconds of each time that a command ran, the most memory it held, and what it printed last."""

    label: str
    seconds: list[float]
    peak: float
    output: str


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds on the wall, MiB at most, standard output of one process; an error if it fails."""
    starter = [sys.executable, "-I", "-S", "-c", STARTER, *command]
    done = subprocess.run(starter, capture_output=True, text=True, check=False, env=environment("pw13"))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} has ended with {done.returncode}")
    seconds, peak = done.stderr.split("\n")[-2].split()
    return float(seconds), float(peak) / 1024, done.stdout


def in_turns(commands: dict[str, list[str]], times: int) -> list[Timed]:
    """Each command `times` times, in turn."""
    rounds = [{label: run(command) for label, command in commands.items()} for _ in range(times)]
    return [
        Timed(label, [r[label][0] for r in rounds], max(r[label][1] for r in rounds), rounds[-1][label][2])
        for label in commands
    ]


def rows(timed: list[Timed]) -> list[tuple[str, ...]]:
    """Table rows; the first command is pw13's, which the others are compared with."""
    first = timed[0].seconds
    made: list[tuple[str, ...]] = []
    for label, seconds, peak, _ in timed:
        factor = statistics.median(theirs / mine for theirs, mine in zip(seconds, first, strict=True))
        span = f"{min(seconds):.2f}-{max(seconds):.2f}"
        times = "" if seconds is first else f"{factor:.1f}x"
        made.append((label, f"{statistics.median(seconds):.2f}", span, times, f"{peak:,.0f}"))
    return made


def svm(tiny: bool) -> str:
    """`svm-eval` beside GridSearchCV; pw13's time includes its learning curves and figures."""
    limit, tune_on = (200, 100) if tiny else (3000, 1500)
    folds = SvmEval().folds
    with TemporaryDirectory() as folder:
        sizes = ["--limit", str(limit), "--tune-on", str(tune_on)]
        command = ["svm-eval", *sizes, "--runs-dir", folder, "--json", "--quiet"]
        plain = [sys.executable, "-m", "bench.plain_svm", str(limit), str(tune_on), str(folds)]
        timed = in_turns({"pw13 svm-eval": [*PW13, *command], "scikit-learn, GridSearchCV": plain}, 1 if tiny else 2)
    results = {f"{r['features']}-{r['kernel']}": r["accuracy"] for r in json.loads(timed[0].output)["results"]}
    theirs = json.loads(timed[1].output)
    accuracies = ", ".join(f"{name} {value:.4f} and {theirs[name]:.4f}" for name, value in results.items())
    head = f"### svm-eval\n\n{limit:,} training images, tuned on {tune_on:,}; both kernels on pixels and PCA-32. "
    words = "pw13's time includes its learning curves, tests and figures. Test accuracy, pw13's and scikit-learn's"
    return f"{head}{words}: {accuracies}.\n\n{markdown(COLUMNS, rows(timed))}"


def generate(tiny: bool) -> str:
    """`generate` beside Keras `predict` a character at a time, from the same run; and 10,000 names from an LSTM-256."""
    with TemporaryDirectory() as folder:
        corpus = Path(folder, "names.txt")
        corpus.write_text("".join(name + "\n" for name in names(500 if tiny else 20_000)), encoding="utf-8", newline="")
        places = ["--corpus", str(corpus), "--runs-dir", folder]
        train = [*PW13, "train-charrnn", *places, "--epochs", "2", "--json", "--quiet"]
        one = json.loads(run(train)[2])["run"]
        large = ["--cell", "lstm", "--units", "8" if tiny else "256", "--target", "many-to-many", "--length", "32"]
        many = json.loads(run([*train, *large, "--skip", "32"])[2])["run"]
        ask = [*PW13, "generate", "--seed", "0", "--quiet", "--run"]
        plain = [sys.executable, "-m", "bench.plain_generate", one, "10", "0.8"]
        pair = {"pw13 generate -n 10, SimpleRNN-64": [*ask, one, "-n", "10"], "Keras, `predict` in a loop": plain}
        timed = in_turns(pair, 1 if tiny else 2)
        bulk = in_turns(
            {"pw13 generate -n 10000, LSTM-256": [*ask, many, "-n", "100" if tiny else "10000"]}, 1 if tiny else 3
        )
    return (
        f"### generate\n\nTen names from the same many-to-one run.\n\n{markdown(COLUMNS, [*rows(timed), *rows(bulk)])}"
    )


def names(count: int) -> tuple[str, ...]:
    from pw13.data.names import load_names

    return tuple(dict.fromkeys(load_names(None).names))[:count]


def start_up(tiny: bool) -> str:
    """How long help takes, beside what importing the libraries alone would."""
    commands = {
        f"pw13 {' '.join(words)}".rstrip(): [*PW13, *words] for words in (["--help"], ["train-charrnn", "--help"])
    }
    commands |= {
        f"python -c 'import {name}'": [sys.executable, "-c", f"import {name}"] for name in ("typer, rich", "tensorflow")
    }
    return f"### start-up\n\n{markdown(COLUMNS, rows(in_turns(commands, 1 if tiny else 3)))}"


PARTS = {"svm": svm, "generate": generate, "help": start_up}
