"""A process that trains one task with one library, one epoch per request, and reports the seconds each took."""

import importlib
import json
import sys
import time
from pathlib import Path

from bench.tasks import find_task
from pw13.system.machine import peak_memory_mib

MODULES = {
    "pw13": "bench.train_pw13",
    "keras": "bench.train_keras",
    "onednn": "bench.train_keras",
    "torch": "bench.train_torch",
}


def main(peer: str, task: str, count: str, folder: str) -> None:
    """Serve epochs until standard input ends; pw13 leaves arrays for the other peers in `folder`."""
    facts, epoch = importlib.import_module(MODULES[peer]).prepare(find_task(task), int(count), Path(folder))
    reply(**facts)
    for line in sys.stdin:
        train = epoch(int(line))
        started = time.perf_counter()
        loss = train()
        reply(seconds=time.perf_counter() - started, loss=loss, peak=peak_memory_mib())


def reply(**facts: object) -> None:
    """Write one JSON line for the parent process."""
    print("bench: " + json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
