"""PyTorch, eager: the loop that its tutorials show, on tensors in memory (no DataLoader, which would be slower)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bench import peers_keras
from bench.tasks import THREADS, Task

BATCH = 128


def prepare(task: Task, _: int, folder: Path) -> tuple[dict[str, Any], Callable[[int], Callable[[], float]]]:
    """The model with the weights that pw13 began with, the examples in the order of pw13's first epoch."""
    torch.set_num_threads(THREADS)
    with np.load(folder / "material.npz") as file:
        material = dict(file)
    x, y = tensors(material)
    count = sum(name.startswith("weight") for name in material)
    weights = [torch.from_numpy(material[f"weight{i}"]) for i in range(count)]
    model = {"dense-ae": dense, "conv-dae": conv, "charrnn": Characters}[task.kind](task, weights)
    characters = task.kind == "charrnn"
    loss_of = nn.CrossEntropyLoss() if characters else nn.MSELoss()
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    adam = torch.optim.Adam(moving, lr=task.settings["learning_rate"], eps=1e-7)

    def train() -> float:
        total = 0.0
        for start in range(0, len(x), BATCH):
            inputs, targets = x[start : start + BATCH], y[start : start + BATCH]
            adam.zero_grad()
            outputs = model(inputs)
            loss = loss_of(outputs.flatten(0, -2), targets.flatten()) if characters else loss_of(outputs, targets)
            loss.backward()
            adam.step()
            total += loss.item() * len(inputs)
        return total / len(x)

    return {"examples": len(x), "version": torch.__version__}, lambda number: train


def tensors(material: dict[str, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets: one-hot float32 and ids, or images (channels last in memory)."""
    x, y = map(torch.from_numpy, peers_keras.arrays(material))
    if "x" in material:
        return x, torch.from_numpy(material["y"][material["order"]].astype(np.int64))
    if "noisy" in material:
        return x.permute(0, 3, 1, 2), y.permute(0, 3, 1, 2)
    return x, y


def dense(task: Task, weights: list[torch.Tensor]) -> nn.Module:
    model = nn.Sequential(nn.Linear(784, 32), nn.Linear(32, 784), nn.Sigmoid())
    load([model[0].weight, model[0].bias, model[1].weight, model[1].bias], [w.T for w in weights])
    return model


def conv(task: Task, weights: list[torch.Tensor]) -> nn.Module:
    """Channels last, which is the faster layout here."""
    sizes = [(1, 32), (32, 64), (64, 128), (128, 128), (128, 64), (64, 1)]
    convs = [nn.Conv2d(a, b, 3, padding=1) for a, b in sizes]
    pool, up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="nearest")
    after = [(nn.ReLU(), pool), (nn.ReLU(), pool), (nn.ReLU(),), (nn.ReLU(), up), (nn.ReLU(), up), (nn.Sigmoid(),)]
    load([p for c in convs for p in (c.weight, c.bias)], [w.permute(3, 2, 0, 1) if w.ndim == 4 else w for w in weights])
    stack = [layer for c, others in zip(convs, after, strict=True) for layer in (c, *others)]
    return nn.Sequential(*stack).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class Characters(nn.Module):
    """A recurrent layer over one-hot characters and a linear one: Keras's arithmetic, one bias where Keras has one."""

    def __init__(self, task: Task, weights: list[torch.Tensor]):
        super().__init__()
        kernel, recurrent, bias, out, out_bias = weights
        layer = {"simple": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[task.settings["cell"]]
        self.many = task.settings.get("target") == "many-to-many"
        self.recurrent = layer(len(kernel), len(recurrent), batch_first=True)
        self.out = nn.Linear(*out.shape)
        biases = [bias, torch.zeros_like(bias)]
        if task.settings["cell"] == "gru":  # Keras: update, reset, candidate; PyTorch: reset, update, candidate
            kernel, recurrent, *biases = (reset_first(part) for part in (kernel, recurrent, *bias))
        else:
            self.recurrent.bias_hh_l0.requires_grad_(False)
        load([self.recurrent.weight_ih_l0, self.recurrent.weight_hh_l0], [kernel.T, recurrent.T])
        load([self.recurrent.bias_ih_l0, self.recurrent.bias_hh_l0], biases)
        load([self.out.weight, self.out.bias], [out.T, out_bias])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        signals, _ = self.recurrent(x)
        return self.out(signals if self.many else signals[:, -1])


def reset_first(part: torch.Tensor) -> torch.Tensor:
    update, reset, candidate = part.chunk(3, dim=-1)
    return torch.cat([reset, update, candidate], dim=-1)


def load(parameters: list[Any], values: list[torch.Tensor]) -> None:
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
