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
from pw13.system import signals as stopping
from pw13.training.chunk import compiled_chunk
from pw13.training.saver import Saver, tensorboard
from pw13.training.state import (
    Progress,
    after_chunk,
    after_epoch,
    arrays,
    beginning,
    finished,
    finite,
    fitted,
    restored,
)
from pw13.training.task import Fitted, Plan, Problem, Save, epoch_rng, in_batches, plan, shuffled

__all__ = [
    "Fitted", "Plan", "Problem", "Save",
    "beginning", "compiled_chunk", "epoch_rng", "fit", "in_batches", "metrics", "plan", "shuffled", "summaries",
]  # fmt: skip


def fit(
    problem: Problem,
    plan: Plan,
    *,
    run: Run,
    save: Save,
    on_epoch: Callable[[int, list[np.ndarray]], None] | None = None,
) -> Fitted:
    """Train to the end of the plan, from the run's last checkpoint if it has one.

    save: called with the best and the last parameters to write the models: at the end, when stopped, and now and then.
    on_epoch: called after every epoch with its number and the parameters.

    Raises:
        Stopped: a signal asked to stop; all that was learnt is on disk.
        UserError: the loss is not finite any more; the last finite checkpoint is on disk.
    """
    began = time.monotonic()
    board = tensorboard(run) if plan.tensorboard else None
    state = restored(problem, plan, run) or beginning(problem)
    already = state.train_seconds
    chunk = compiled_chunk(problem, plan, state.moving)
    saver = Saver(plan, run, save)
    order, loaded = np.empty(0), 0
    with stopping.cooperative(), console.progress(plan.name, plan.epochs, done=state.epoch) as bar:
        while not finished(state, plan):
            if loaded != state.epoch + 1:
                order, loaded = tf.constant(problem.order(state.epoch + 1)), state.epoch + 1
            before, state = state, after_chunk(state, chunk, order, problem)
            ended = state.step == len(order)
            if ended:
                state = after_epoch(state, problem)
            state = state._replace(train_seconds=already + time.monotonic() - began)
            if not finite(state):
                saver.write(before)
                raise UserError(f"the loss is not finite in epoch {before.epoch + 1}; try a smaller --learning-rate")
            if ended and board:
                board(state.history[-1])
            if ended and on_epoch:
                on_epoch(state.epoch, arrays(state.moving.parameters))
            bar.reach(state.epoch + state.step / len(order), _figures(state))
            saver.after_chunk(state, ended=ended)
        saver.write(state)
    return fitted(state)


def metrics(fitted: Fitted, model: keras.Model) -> dict[str, float | int]:
    """The figures of metrics.json that every trainer has."""
    return {
        "train_seconds": fitted.train_seconds,
        "throughput_per_second": fitted.throughput_per_second,
        "epoch_seconds": fitted.epoch_seconds,
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "parameters": model.count_params(),
    }


def summaries(models: Iterable[keras.Model]) -> str:
    """Keras's own summary of each model, as `summary.txt` holds them."""
    lines: list[str] = []
    for model in models:
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=80)
    return "\n".join(lines) + "\n"


def _figures(state: Progress) -> str:
    if state.step:
        return f"loss {state.loss_sum / state.loss_count:.4f}"
    return "  ".join(f"{name} {state.history[-1][name]:.4f}" for name in ("loss", "val_loss"))
