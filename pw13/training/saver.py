"""When a training writes its history, checkpoints and models, and its TensorBoard logs."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import tensorflow as tf

from pw13.runs.folder import Run
from pw13.system import files, signals
from pw13.training import resume_state
from pw13.training.state import TrainState, to_arrays, to_resume_state
from pw13.training.task import SaveModels, TrainingOptions

WRITE_TIME_FACTOR = 20  # wait this many times as long as the last write took: at most 1/20 of the time goes to writing
MODELS_AFTER = 5.0  # seconds from the start; until then the checkpoint is enough to resume, and a short run saves once


class Saver:
    """Decides when checkpoints and models are written, so that writing takes a small fraction of the time."""

    def __init__(self, options: TrainingOptions, run: Run, save: SaveModels):
        self._options, self._run, self._save = options, run, save
        self._next = {"checkpoint": 0.0, "models": time.monotonic() + MODELS_AFTER}
        self._last_checkpoint = time.monotonic()
        self._saved_epoch = 0

    def after_chunk(self, state: TrainState, *, epoch_ended: bool) -> None:
        """Write what is due after a chunk; on a signal write everything and raise Interrupted."""
        if signals.requested():
            self.write(state)
            signals.check()
        now = time.monotonic()
        due = epoch_ended and now >= self._next["checkpoint"]
        if due or now - self._last_checkpoint >= self._options.checkpoint_every:
            self._write_checkpoint(state)
        if epoch_ended and state.best_epoch > self._saved_epoch and now >= self._next["models"]:
            self._write_models(state)

    def write(self, state: TrainState) -> None:
        """Write everything: history, checkpoint and, after the first epoch, the models."""
        self._write_checkpoint(state)
        if state.epoch:  # before, the best weights are the initial ones
            self._write_models(state)

    def _write_checkpoint(self, state: TrainState) -> None:
        started = time.monotonic()
        files.write_atomic(self._run.folder / "history.csv", history_csv(state.history).encode())
        resume_state.save(self._run.checkpoints, to_resume_state(state, self._options))
        self._last_checkpoint = time.monotonic()
        self._next["checkpoint"] = self._last_checkpoint + WRITE_TIME_FACTOR * (self._last_checkpoint - started)

    def _write_models(self, state: TrainState) -> None:
        started = time.monotonic()
        self._save(state.best, to_arrays(state.optimizer.parameters))
        self._saved_epoch = state.best_epoch
        self._next["models"] = time.monotonic() + WRITE_TIME_FACTOR * (time.monotonic() - started)


def history_csv(history: tuple[dict[str, float], ...]) -> str:
    """Return the history as CSV: a header and one line per epoch."""
    columns = list(history[0]) if history else ["epoch", "loss", "val_loss"]
    lines = [",".join(columns), *(",".join(repr(row[name]) for name in columns) for row in history)]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def tensorboard_logger(run: Run) -> Iterator[Callable[[dict[str, float]], None]]:
    """Yield a function that logs the history row of an epoch to `tensorboard/` in the run folder; close it after."""
    writer = tf.summary.create_file_writer(os.fsencode(run.folder / "tensorboard"))

    def log_epoch(row: dict[str, float]) -> None:
        with writer.as_default(step=int(row["epoch"])):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        writer.flush()

    try:
        yield log_epoch
    finally:
        writer.close()
