"""The one training engine: an epoch runs in chunks of steps, each chunk inside one compiled function.

Nothing happens in Python per batch. What step `s` of epoch `e` sees and draws depends on (seed, e, s) alone, a chunk's
bounds on the settings alone, and one compiled function serves every chunk: so a training that was stopped anywhere goes
on from its last checkpoint to the same weights, bit for bit.
"""

import time
from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf

from pw13 import console
from pw13.errors import UserError
from pw13.runs.folder import Run
from pw13.system import signals
from pw13.training.chunk import compiled_chunk
from pw13.training.saver import Saver, tensorboard_logger
from pw13.training.state import (
    TrainState,
    advance_chunk,
    close_epoch,
    initial_state,
    is_finished,
    is_finite,
    restore_state,
    to_arrays,
    training_result,
)
from pw13.training.task import (
    Save,
    TrainingOptions,
    TrainingResult,
    TrainingTask,
)


def fit(
    problem: TrainingTask,
    plan: TrainingOptions,
    *,
    run: Run,
    save: Save,
    on_epoch: Callable[[int, list[np.ndarray]], None] | None = None,
) -> TrainingResult:
    """Train to the end of the plan, from the run's last checkpoint if it has one.

    save: called with the best and the last parameters to write the models: at the end, when stopped, and now and then.
    on_epoch: called after every epoch with its number and the parameters.

    Raises:
        Stopped: a signal asked to stop; all that was learnt is on disk.
        UserError: the loss is not finite any more; the last finite checkpoint is on disk.
    """
    began = time.monotonic()
    board = tensorboard_logger(run) if plan.tensorboard else None
    state = restore_state(problem, plan, run) or initial_state(problem)
    already = state.train_seconds
    chunk = compiled_chunk(problem, plan, state.moving)
    saver = Saver(plan, run, save)
    order, loaded = np.empty(0), 0
    with signals.graceful_stop(), console.progress(plan.name, plan.epochs, completed=state.epoch) as bar:
        while not is_finished(state, plan):
            if loaded != state.epoch + 1:
                order, loaded = tf.constant(problem.order(state.epoch + 1)), state.epoch + 1
            before, state = state, advance_chunk(state, chunk, order, problem)
            ended = state.step == len(order)
            if ended:
                state = close_epoch(state, problem)
            state = state._replace(train_seconds=already + time.monotonic() - began)
            if not is_finite(state):
                saver.write(before)
                raise UserError(f"the loss is not finite in epoch {before.epoch + 1}; try a smaller --learning-rate")
            if ended and board:
                board(state.history[-1])
            if ended and on_epoch:
                on_epoch(state.epoch, to_arrays(state.moving.parameters))
            bar.update(state.epoch + state.step / len(order), _progress_text(state))
            saver.after_chunk(state, ended=ended)
        saver.write(state)
    return training_result(state)


def training_metrics(fitted: TrainingResult, model: keras.Model) -> dict[str, float | int]:
    """The figures of metrics.json that every trainer has."""
    return {
        "train_seconds": fitted.train_seconds,
        "throughput_per_second": fitted.throughput_per_second,
        "epoch_seconds": fitted.epoch_seconds,
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "parameters": model.count_params(),
    }


def model_summaries(models: Iterable[keras.Model]) -> str:
    """Keras's own summary of each model, as `summary.txt` holds them."""
    lines: list[str] = []
    for model in models:
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=80)
    return "\n".join(lines) + "\n"


def _progress_text(state: TrainState) -> str:
    if state.step:
        return f"loss {state.loss_sum / state.loss_count:.4f}"
    return "  ".join(f"{name} {state.history[-1][name]:.4f}" for name in ("loss", "val_loss"))
