"""The training loop: an epoch runs in chunks of steps, each chunk inside one compiled function.

Nothing happens in Python per batch. What step `s` of epoch `e` sees and draws depends on (seed, e, s) alone, the bounds
of the chunks on the settings alone, and one compiled function serves every chunk: so a training that was interrupted
anywhere resumes from its last checkpoint to bit-identical weights.
"""

import contextlib
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
from pw13.training.task import SaveModels, TrainingOptions, TrainingResult, TrainingTask


def fit(
    task: TrainingTask,
    options: TrainingOptions,
    *,
    run: Run,
    save: SaveModels,
    on_epoch: Callable[[int, list[np.ndarray]], None] | None = None,
) -> TrainingResult:
    """Train to the end, from the run's last checkpoint if it has one.

    save: called with the best and the last parameters to write the models: at the end, on interruption, and in between.
    on_epoch: called after every epoch with its number and the parameters.

    Raises:
        Interrupted: a signal asked to stop; progress is saved.
        UserError: the loss is no longer finite; the last finite state is saved.
    """
    started = time.monotonic()
    state = restore_state(task, options, run) or initial_state(task)
    run.earlier_seconds = state.train_seconds
    saver = Saver(options, run, save)
    order, order_epoch = np.empty(0), 0
    logger = tensorboard_logger(run) if options.tensorboard else contextlib.nullcontext()
    progress = console.progress(options.name, options.epochs, completed=state.epoch)
    with signals.graceful_stop(), logger as log_epoch, progress as bar:
        bar.update(state.epoch, "compiling")
        chunk = compiled_chunk(task, options, state.optimizer)
        while not is_finished(state, options):
            if order_epoch != state.epoch + 1:
                order, order_epoch = tf.constant(task.order(state.epoch + 1)), state.epoch + 1
            previous, state = state, advance_chunk(state, chunk, order, task)
            epoch_ended = state.step == len(order)
            if epoch_ended:
                state = close_epoch(state, task)
            state = state._replace(train_seconds=run.earlier_seconds + time.monotonic() - started)
            if not is_finite(state):
                saver.write(previous)
                raise UserError(f"the loss is not finite in epoch {previous.epoch + 1}; try a smaller --learning-rate")
            if epoch_ended and log_epoch:
                log_epoch(state.history[-1])
            if epoch_ended and on_epoch:
                on_epoch(state.epoch, to_arrays(state.optimizer.parameters))
            bar.update(state.epoch + state.step / len(order), _progress_text(state))
            saver.after_chunk(state, epoch_ended=epoch_ended)
        saver.write(state)
    epochs = f"{len(state.history)} epoch{'s' * (len(state.history) != 1)}"
    console.message(f"measuring ({epochs} in {console.format_duration(state.train_seconds)})")
    return training_result(state)


def training_metrics(result: TrainingResult, model: keras.Model) -> dict[str, float | int]:
    """Return the metrics that every training writes to metrics.json."""
    return {
        "train_seconds": result.train_seconds,
        "throughput_per_second": result.throughput_per_second,
        "epoch_seconds": result.epoch_seconds,
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "parameters": model.count_params(),
    }


def model_summaries(models: Iterable[keras.Model]) -> str:
    """Return Keras's summaries of the models, the text of summary.txt."""
    lines: list[str] = []
    for model in models:
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=80)
    return "\n".join(lines) + "\n"


def _progress_text(state: TrainState) -> str:
    if state.step:
        return f"loss {state.loss_sum / state.loss_count:.4f}"
    return "  ".join(f"{name} {state.history[-1][name]:.4f}" for name in ("loss", "val_loss"))
