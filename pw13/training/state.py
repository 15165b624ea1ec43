"""The state of a training: updated after every chunk and epoch, saved in checkpoints, restored from them."""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from pw13.errors import ResumeError, UserError
from pw13.runs.folder import Run
from pw13.training import resume_state
from pw13.training.chunk import OptimizerState
from pw13.training.task import TrainingOptions, TrainingResult, TrainingTask


class TrainState(NamedTuple):
    """The state of a training, all of it saved in a checkpoint.

    `epoch` counts complete epochs, `step` the steps done of the next one; `loss_sum`, `loss_count` are of those.
    """

    optimizer: OptimizerState
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


def initial_state(task: TrainingTask) -> TrainState:
    """Return the state before the first update: the variables' initial values, Adam's moments at zero."""
    parameters = [tf.convert_to_tensor(variable.value) for variable in task.parameters]
    zeros = [tf.zeros_like(parameter) for parameter in parameters]
    optimizer = OptimizerState(parameters, zeros, list(zeros), tf.constant(0), tuple(task.carry()))
    return TrainState(optimizer, to_arrays(parameters))


def advance_chunk(state: TrainState, chunk: Callable[..., Any], order: tf.Tensor, task: TrainingTask) -> TrainState:
    """Run the next chunk of the current epoch and return the new state."""
    optimizer = state.optimizer._replace(carry=tuple(task.carry())) if state.step == 0 else state.optimizer
    count = min(task.steps_per_chunk, len(order) - state.step)
    started = time.monotonic()
    optimizer, loss, examples = chunk(
        order, tf.constant(state.step), tf.constant(count), tf.constant(state.epoch + 1), optimizer
    )
    loss, examples = float(loss), float(examples)
    return state._replace(
        optimizer=optimizer,
        step=state.step + count,
        loss_sum=state.loss_sum + loss,
        loss_count=state.loss_count + examples,
        examples=state.examples + examples,
        chunk_seconds=state.chunk_seconds + time.monotonic() - started,
    )


def close_epoch(state: TrainState, task: TrainingTask) -> TrainState:
    """Validate, append to the history, and keep the parameters if they are the best so far."""
    val_loss = float(task.validation(state.optimizer.parameters))
    row = {"epoch": state.epoch + 1, "loss": state.loss_sum / state.loss_count, "val_loss": val_loss}
    closed = state._replace(epoch=state.epoch + 1, step=0, loss_sum=0.0, loss_count=0.0, history=(*state.history, row))
    if state.best_loss is None or val_loss < state.best_loss:
        best = to_arrays(state.optimizer.parameters)
        closed = closed._replace(best=best, best_loss=val_loss, best_epoch=closed.epoch)
    return closed


def is_finished(state: TrainState, options: TrainingOptions) -> bool:
    """Return whether all epochs are done, or `patience` epochs passed without improvement."""
    waited = state.epoch - state.best_epoch
    return state.step == 0 and (state.epoch >= options.epochs or (options.patience > 0 and waited >= options.patience))


def restore_state(task: TrainingTask, options: TrainingOptions, run: Run) -> TrainState | None:
    """Return the state in the run's newest checkpoint; None if it has none.

    Raises:
        ResumeError: corrupt, or of a training with other settings or shapes.
    """
    completed = run.previous is not None and run.previous.status == "completed"
    way_on = "" if completed else f"delete {run.checkpoints}/state-*.npz to train this run from the start, or "
    way_on += "train a new run"
    try:
        saved = resume_state.load(run.checkpoints)
    except ResumeError:
        raise
    except UserError as error:
        raise ResumeError(f"{error}; {way_on}") from None
    if saved is None:
        return None
    facts = dict(saved.facts)
    if facts.pop("plan") != resume_signature(options):
        raise ResumeError(f"{run.checkpoints}: the checkpoint is of other settings than config.json; {way_on}")
    initial = initial_state(task)
    expected = {**_array_groups(initial.optimizer), "best": initial.best}
    keys = {group: [f"{group}/{i}" for i in range(len(arrays))] for group, arrays in expected.items()}
    restored = {group: [saved.arrays[key] for key in keys[group] if key in saved.arrays] for group in expected}
    for group, arrays in expected.items():
        if [array.shape for array in restored[group]] != [tuple(array.shape) for array in arrays]:
            raise ResumeError(f"{run.checkpoints}: the checkpoint does not match the model in config.json; {way_on}")
    best = restored.pop("best")
    tensors = {group: [tf.constant(array) for array in arrays] for group, arrays in restored.items()}
    carry = tuple(tensors.pop("carry"))
    optimizer = OptimizerState(**tensors, updates=tf.constant(facts.pop("updates")), carry=carry)
    facts["history"] = tuple(facts["history"])
    return TrainState(optimizer, best, **facts)


def resume_signature(options: TrainingOptions) -> dict[str, Any]:
    """Return the options that must not change on resume; `epochs` may grow under a constant learning rate."""
    free = {"name", "checkpoint_every", "tensorboard", *(["epochs"] if options.schedule == "constant" else [])}
    return {name: value for name, value in options._asdict().items() if name not in free}


def to_resume_state(state: TrainState, options: TrainingOptions) -> resume_state.ResumeState:
    """Return the content of a checkpoint: arrays by name, and facts."""
    groups = {**_array_groups(state.optimizer), "best": state.best}
    arrays = {f"{group}/{i}": np.asarray(a) for group, tensors in groups.items() for i, a in enumerate(tensors)}
    facts = {key: value for key, value in state._asdict().items() if key not in ("optimizer", "best")}
    facts |= {"updates": int(state.optimizer.updates), "plan": resume_signature(options)}
    return resume_state.ResumeState(arrays, facts)


def _array_groups(optimizer: OptimizerState) -> dict[str, Any]:
    """Return what a checkpoint holds as arrays: all but the number of updates."""
    return {name: tensors for name, tensors in optimizer._asdict().items() if name != "updates"}


def is_finite(state: TrainState) -> bool:
    """Return whether the losses and all parameters are finite."""
    numbers = (state.loss_sum, *(state.history[-1].values() if state.history else ()))
    return all(map(math.isfinite, numbers)) and all(
        bool(tf.reduce_all(tf.math.is_finite(parameter))) for parameter in state.optimizer.parameters
    )


def training_result(state: TrainState) -> TrainingResult:
    """Return the result of a finished training."""
    throughput = state.examples / state.chunk_seconds if state.chunk_seconds else 0.0
    last = to_arrays(state.optimizer.parameters)
    epoch_seconds = state.chunk_seconds / max(state.epoch, 1)
    return TrainingResult(
        state.best, last, list(state.history), state.best_epoch, state.train_seconds, throughput, epoch_seconds
    )


def to_arrays(tensors: list[tf.Tensor]) -> list[np.ndarray]:
    """Convert tensors to NumPy arrays."""
    return [np.asarray(tensor) for tensor in tensors]
