"""PyTorch: the loop of its tutorials, on tensors in memory (no DataLoader, which would be slower), Adam fused.

Eager, and by `torch.compile`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from bench import train_keras
from bench.tasks import THREADS, AfterEpoch, Facts, Task, Train

BATCH_SIZE = 128


class Model(NamedTuple):
    """A forward function and the parameters that Adam changes."""

    forward: Callable[[torch.Tensor], torch.Tensor]
    parameters: Sequence[torch.Tensor]


def prepare(peer: str, task: Task, _: int, folder: Path) -> tuple[Facts, Train]:
    """Build the model with pw13's initial weights, its examples in the order of pw13's first epoch."""
    torch.set_num_threads(THREADS)
    with np.load(folder / "examples.npz") as file:
        examples = dict(file)
    x, y = tensors(examples)
    count = sum(name.startswith("weight") for name in examples)
    weights = [torch.from_numpy(examples[f"weight{i}"]) for i in range(count)]
    model = {"dense-ae": dense, "conv-dae": conv, "charrnn": charrnn}[task.kind](task, weights)
    if peer == "torch-compile":  # a graph for each shape: a dynamic one, for the last batch, is slower
        model = model._replace(forward=torch.compile(model.forward, dynamic=False))
    classify = task.kind == "charrnn"
    loss_function = nn.CrossEntropyLoss() if classify else nn.MSELoss()
    adam = torch.optim.Adam(model.parameters, lr=task.settings["learning_rate"], eps=1e-7, fused=True)

    def epoch() -> float:
        total = 0.0
        for start in range(0, len(x), BATCH_SIZE):
            inputs, targets = x[start : start + BATCH_SIZE], y[start : start + BATCH_SIZE]
            adam.zero_grad()
            outputs = model.forward(inputs)
            if classify:
                outputs, targets = outputs.flatten(0, -2), targets.flatten()
            loss = loss_function(outputs, targets)
            loss.backward()
            adam.step()
            total += loss.item() * len(inputs)
        return total / len(x)

    def train(after_epoch: AfterEpoch) -> None:
        while not after_epoch(epoch()):
            pass

    return {"examples": len(x), "version": torch.__version__}, train


def tensors(examples: dict[str, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets: one-hot float32 and ids, or images (channels last in memory)."""
    x, y = map(torch.from_numpy, train_keras.arrays(examples))
    if "x" in examples:
        return x, torch.from_numpy(examples["y"][examples["order"]].astype(np.int64))
    if "noisy" in examples:
        return x.permute(0, 3, 1, 2), y.permute(0, 3, 1, 2)
    return x, y


def dense(task: Task, weights: list[torch.Tensor]) -> Model:
    """Build the dense autoencoder with Keras's weights."""
    encoder, decoder = nn.Linear(784, 32), nn.Linear(32, 784)
    parameters = [encoder.weight, encoder.bias, decoder.weight, decoder.bias]
    load(parameters, [w.T if w.ndim == 2 else w for w in weights])
    return Model(nn.Sequential(encoder, decoder, nn.Sigmoid()), parameters)


def conv(task: Task, weights: list[torch.Tensor]) -> Model:
    """Build the denoiser with Keras's weights, channels last in memory, which is the faster layout here."""
    sizes = [(1, 32), (32, 64), (64, 128), (128, 128), (128, 64), (64, 1)]
    convs = [nn.Conv2d(a, b, 3, padding=1) for a, b in sizes]
    pool, up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="nearest")
    after = [(nn.ReLU(), pool), (nn.ReLU(), pool), (nn.ReLU(),), (nn.ReLU(), up), (nn.ReLU(), up), (nn.Sigmoid(),)]
    parameters = [p for c in convs for p in (c.weight, c.bias) if p is not None]
    load(parameters, [w.permute(3, 2, 0, 1) if w.ndim == 4 else w for w in weights])
    layers = [layer for c, others in zip(convs, after, strict=True) for layer in (c, *others)]
    return Model(nn.Sequential(*layers), parameters)


def charrnn(task: Task, weights: list[torch.Tensor]) -> Model:
    """Build a recurrent and a linear layer with Keras's weights and arithmetic: one bias where Keras has one."""
    kernel, recurrent, bias, out, out_bias = weights
    cell = {"simple": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[task.settings["cell"]]
    rnn = cell(len(kernel), len(recurrent), batch_first=True)
    linear = nn.Linear(*out.shape)
    biases = [bias, torch.zeros_like(bias)]
    if task.settings["cell"] == "gru":  # Keras: update, reset, candidate; PyTorch: reset, update, candidate
        kernel, recurrent, *biases = (reset_first(weight) for weight in (kernel, recurrent, *bias))
    else:
        rnn.bias_hh_l0.requires_grad_(False)
    load([rnn.weight_ih_l0, rnn.weight_hh_l0], [kernel.T, recurrent.T])
    load([rnn.bias_ih_l0, rnn.bias_hh_l0], biases)
    load([linear.weight, linear.bias], [out.T, out_bias])
    every_step = task.settings.get("target") == "many-to-many"

    def forward(x: torch.Tensor) -> torch.Tensor:
        hidden, _ = rnn(x)
        outputs: torch.Tensor = linear(hidden if every_step else hidden[:, -1])
        return outputs

    return Model(forward, [p for layer in (rnn, linear) for p in layer.parameters() if p.requires_grad])


def reset_first(weight: torch.Tensor) -> torch.Tensor:
    """Reorder the gates of a GRU from Keras's order to PyTorch's."""
    update, reset, candidate = weight.chunk(3, dim=-1)
    return torch.cat([reset, update, candidate], dim=-1)


def load(parameters: Sequence[torch.Tensor], values: Sequence[torch.Tensor]) -> None:
    """Copy values into parameters, convolution kernels channels last in memory."""
    for parameter, value in zip(parameters, values, strict=True):
        if parameter.shape != value.shape:
            raise ValueError(f"expected shape {tuple(parameter.shape)}, received {tuple(value.shape)}")
        layout = torch.channels_last if value.ndim == 4 else torch.contiguous_format
        parameter.data = value.contiguous(memory_format=layout)
