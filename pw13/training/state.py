"""Where a training stands: a record that each chunk and each epoch turn into the next, and that a checkpoint holds."""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from pw13.errors import UserError
from pw13.runs.folder import Run
from pw13.training import resume_state
from pw13.training.chunk import OptimizerState
from pw13.training.task import TrainingOptions, TrainingResult, TrainingTask


class TrainState(NamedTuple):
    """Where a training stands; all of it goes into a checkpoint.

    `epoch` counts whole epochs, `step` the steps done of the next one; `loss_sum`, `loss_count` belong to those steps.
    """

    moving: OptimizerState
    best: list[np.ndarray]
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    loss_count: float = 0.0
    best_loss: float | None = None
    best_epoch: int = 0
    examples: float = 0.0
    chunk_seconds: float = 0.0
    train_seconds: float = 0.0
    history: tuple[dict[str, float], ...] = ()


def initial_state(problem: TrainingTask) -> TrainState:
    """The state before the first update: the variables' own values, Adam's means at zero."""
    parameters = [tf.convert_to_tensor(variable.value) for variable in problem.parameters]
    zeros = [tf.zeros_like(parameter) for parameter in parameters]
    moving = OptimizerState(parameters, zeros, list(zeros), tf.constant(0), tuple(problem.carry()))
    return TrainState(moving, to_arrays(parameters))


def advance_chunk(state: TrainState, chunk: Callable[..., Any], order: tf.Tensor, problem: TrainingTask) -> TrainState:
    """The state after the next chunk of the epoch under way."""
    moving = state.moving._replace(carry=tuple(problem.carry())) if state.step == 0 else state.moving
    count = min(problem.steps_per_chunk, len(order) - state.step)
    began = time.monotonic()
    moving, loss, examples = chunk(
        order, tf.constant(state.step), tf.constant(count), tf.constant(state.epoch + 1), moving
    )
    loss, examples = float(loss), float(examples)
    return state._replace(
        moving=moving,
        step=state.step + count,
        loss_sum=state.loss_sum + loss,
        loss_count=state.loss_count + examples,
        examples=state.examples + examples,
        chunk_seconds=state.chunk_seconds + time.monotonic() - began,
    )


def close_epoch(state: TrainState, problem: TrainingTask) -> TrainState:
    """The state with the epoch closed: validated, written into the history, remembered if it is the best."""
    val_loss = float(problem.validation(state.moving.parameters))
    row = {"epoch": state.epoch + 1, "loss": state.loss_sum / state.loss_count, "val_loss": val_loss}
    closed = state._replace(epoch=state.epoch + 1, step=0, loss_sum=0.0, loss_count=0.0, history=(*state.history, row))
    if state.best_loss is None or val_loss < state.best_loss:
        closed = closed._replace(best=to_arrays(state.moving.parameters), best_loss=val_loss, best_epoch=closed.epoch)
    return closed


def is_finished(state: TrainState, plan: TrainingOptions) -> bool:
    """Whether all epochs are done, or `patience` of them brought nothing better."""
    waited = state.epoch - state.best_epoch
    return state.step == 0 and (state.epoch >= plan.epochs or (plan.patience > 0 and waited >= plan.patience))


def restore_state(problem: TrainingTask, plan: TrainingOptions, run: Run) -> TrainState | None:
    """The state in the run's newest checkpoint; None if it has none.

    Raises:
        UserError: damaged, or of a training with other settings or shapes.
    """
    saved = resume_state.load(run.checkpoints)
    if saved is None:
        return None
    facts = dict(saved.facts)
    if facts.pop("plan") != resume_signature(plan):
        raise UserError(f"{run.checkpoints}: the checkpoint belongs to other settings than config.json")
    start = initial_state(problem)
    groups = {"parameters": start.moving.parameters, "first": start.moving.first, "second": start.moving.second}
    groups |= {"carry": list(start.moving.carry), "best": start.best}
    places = {name: [f"{name}/{i}" for i in range(len(like))] for name, like in groups.items()}
    found = {name: [saved.arrays[key] for key in keys if key in saved.arrays] for name, keys in places.items()}
    for name, like in groups.items():
        if [array.shape for array in found[name]] != [tuple(array.shape) for array in like]:
            raise UserError(f"{run.checkpoints}: the checkpoint does not fit the model of config.json")
    tensors = {name: [tf.constant(a) for a in found[name]] for name in ("parameters", "first", "second", "carry")}
    updates = tf.constant(facts.pop("updates"))
    moving = OptimizerState(
        tensors["parameters"], tensors["first"], tensors["second"], updates, tuple(tensors["carry"])
    )
    facts["history"] = tuple(facts["history"])
    return TrainState(moving, found["best"], **facts)


def resume_signature(plan: TrainingOptions) -> dict[str, Any]:
    """What must not change between a checkpoint and its resumption; more epochs may follow a constant rate."""
    free = {"name", "checkpoint_every", "tensorboard", *(["epochs"] if plan.schedule == "constant" else [])}
    return {name: value for name, value in plan._asdict().items() if name not in free}


def to_resume_state(state: TrainState, plan: TrainingOptions) -> resume_state.ResumeState:
    """`state` as arrays and facts."""
    groups = {**state.moving._asdict(), "best": state.best}
    del groups["updates"]
    named = {f"{name}/{i}": np.asarray(a) for name, group in groups.items() for i, a in enumerate(group)}
    facts = {key: value for key, value in state._asdict().items() if key not in ("moving", "best")}
    return resume_state.ResumeState(
        named, {**facts, "updates": int(state.moving.updates), "plan": resume_signature(plan)}
    )


def is_finite(state: TrainState) -> bool:
    """Whether the losses and every parameter are finite numbers."""
    numbers = (state.loss_sum, *(state.history[-1].values() if state.history else ()))
    return all(map(math.isfinite, numbers)) and all(
        bool(tf.reduce_all(tf.math.is_finite(parameter))) for parameter in state.moving.parameters
    )


def training_result(state: TrainState) -> TrainingResult:
    """The end of a training, as `fit` returns it."""
    rate = state.examples / state.chunk_seconds if state.chunk_seconds else 0.0
    last = to_arrays(state.moving.parameters)
    epoch = state.chunk_seconds / max(state.epoch, 1)
    return TrainingResult(state.best, last, list(state.history), state.best_epoch, state.train_seconds, rate, epoch)


def to_arrays(tensors: list[tf.Tensor]) -> list[np.ndarray]:
    """The tensors as NumPy arrays."""
    return [np.asarray(tensor) for tensor in tensors]
