"""A process that trains one task with one library, an epoch at a time on request, and says how long each took."""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench import tasks
from pw13.system.machine import peak_memory_mib

PEERS = {
    "pw13": "bench.ours",
    "keras": "bench.peers_keras",
    "onednn": "bench.peers_keras",
    "torch": "bench.peers_torch",
}


def main(peer: str, task: str, count: str, folder: str) -> None:
    """`folder` is where pw13's side leaves its material and the peers find it."""
    facts, epoch = importlib.import_module(PEERS[peer]).prepare(tasks.called(task), int(count), Path(folder))
    say(**facts)
    for line in sys.stdin:
        train = epoch(int(line))
        begun = time.perf_counter()
        loss = train()
        say(seconds=time.perf_counter() - begun, loss=loss, peak=peak_memory_mib())


def say(**facts: Any) -> None:
    print("bench: " + json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
