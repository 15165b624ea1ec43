"""One of makemore's models trained on given names: `python -m bench.train_makemore DIR MODEL SECONDS < split.json`.

Reads `{"train": [...], "validation": [...], "held_out": [...]}`, writes `{"parameters", "steps", "validation",
"held_out"}`. Model sizes, optimizer and batch size are makemore's own defaults.
"""

import importlib.util
import json
import math
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.nn import functional

from bench.tasks import THREADS, Facts

BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY, BETAS = 32, 5e-4, 0.01, (0.9, 0.99)  # makemore's defaults
EVALUATE_EVERY = 500  # steps, as makemore does
SIZES = {"n_layer": 4, "n_head": 4, "n_embd": 64, "n_embd2": 64}


def load_makemore(folder: Path) -> ModuleType:
    """Import `folder/makemore.py`."""
    spec = importlib.util.spec_from_file_location("makemore", folder / "makemore.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["makemore"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def build(makemore: ModuleType, model: str, vocab_size: int, block_size: int) -> Any:
    """Build a model of makemore's by the name that its `--type` has."""
    config = makemore.ModelConfig(vocab_size=vocab_size, block_size=block_size, **SIZES)
    return makemore.Transformer(config) if model == "transformer" else makemore.RNN(config, cell_type=model)


def tensors(makemore: ModuleType, names: list[str], characters: list[str], longest: int) -> tuple[Any, Any]:
    """Return inputs and targets of names as makemore encodes them, `(n, longest + 1)` int64; targets end in -1."""
    dataset = makemore.CharDataset(names, characters, longest)
    inputs, targets = zip(*(dataset[i] for i in range(len(names))), strict=True)
    return torch.stack(inputs), torch.stack(targets)


def nats(model: Any, data: tuple[Any, Any]) -> float:
    """Return the mean of -ln p over every character, the end of each name included."""
    total = 0.0
    with torch.inference_mode():
        for x, y in zip(data[0].split(1000), data[1].split(1000), strict=True):
            logits = model(x)[0].flatten(0, 1)
            total += functional.cross_entropy(logits, y.flatten(), ignore_index=-1, reduction="sum").item()
    return total / int((data[1] >= 0).sum())


def train(model: Any, sets: dict[str, tuple[Any, Any]], seconds: float) -> Facts:
    """Train for `seconds`, evaluation included; return the figures at the lowest validation nats."""
    started, steps, best = time.monotonic(), 0, math.inf
    facts: Facts = {}
    adam = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, betas=BETAS, eps=1e-8)
    x, y = sets["train"]
    over = False
    while not over:
        rows = torch.randint(len(x), (BATCH_SIZE,))
        _, loss = model(x[rows], y[rows])
        model.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        steps += 1
        over = time.monotonic() - started >= seconds
        if (over or steps % EVALUATE_EVERY == 0) and (validation := nats(model, sets["validation"])) < best:
            best = validation
            facts = {"validation": validation, "held_out": nats(model, sets["held_out"])}
    return {**facts, "steps": steps}


def main(folder: str, model_name: str, seconds: str) -> None:
    """Train and print the figures as JSON."""
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    makemore = load_makemore(Path(folder))
    split = json.load(sys.stdin)
    names = [name for subset in split.values() for name in subset]
    characters, longest = sorted(set("".join(names))), max(map(len, names))
    model = build(makemore, model_name, len(characters) + 1, longest + 1)
    sets = {subset: tensors(makemore, members, characters, longest) for subset, members in split.items()}
    facts = train(model, sets, float(seconds))
    print(json.dumps({**facts, "parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
