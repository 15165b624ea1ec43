"""When and what a training writes: history, resume states, models."""

import importlib.util
import time
from collections.abc import Callable

import tensorflow as tf

from pw13.errors import UserError
from pw13.runs.folder import Run
from pw13.system import files, signals
from pw13.training import resume_state
from pw13.training.state import TrainState, to_arrays, to_resume_state
from pw13.training.task import Save, TrainingOptions

WRITE_TIME_FACTOR = (
    20  # files are written again after 20 times as long as writing took: at most a twentieth of the time
)


class Saver:
    """Decides when the state and the models are written, so that writing takes a small share of the time."""

    def __init__(self, plan: TrainingOptions, run: Run, save: Save):
        self._plan, self._run, self._save = plan, run, save
        self._next = {"state": 0.0, "models": 0.0}
        self._last_state = time.monotonic()
        self._published = 0

    def after_chunk(self, state: TrainState, *, ended: bool) -> None:
        """Write what is due after a chunk; on a signal write all and raise Stopped."""
        if signals.requested():
            self.write(state)
            signals.check()
        now = time.monotonic()
        if (ended and now >= self._next["state"]) or now - self._last_state >= self._plan.checkpoint_every:
            self._write_state(state)
        if ended and state.best_epoch > self._published and now >= self._next["models"]:
            self._write_models(state)

    def write(self, state: TrainState) -> None:
        """Write everything: history, resume state and, once an epoch is over, the models."""
        self._write_state(state)
        if state.epoch:  # before that the best weights are those it began with
            self._write_models(state)

    def _write_state(self, state: TrainState) -> None:
        began = time.monotonic()
        files.write_atomic(self._run.folder / "history.csv", history_csv(state.history).encode())
        resume_state.save(self._run.checkpoints, to_resume_state(state, self._plan))
        self._last_state = time.monotonic()
        self._next["state"] = self._last_state + WRITE_TIME_FACTOR * (self._last_state - began)

    def _write_models(self, state: TrainState) -> None:
        began = time.monotonic()
        self._save(state.best, to_arrays(state.moving.parameters))
        self._published = state.best_epoch
        self._next["models"] = time.monotonic() + WRITE_TIME_FACTOR * (time.monotonic() - began)


def history_csv(history: tuple[dict[str, float], ...]) -> str:
    """One line an epoch under a line of names."""
    columns = list(history[0]) if history else ["epoch", "loss", "val_loss"]
    lines = [",".join(columns), *(",".join(repr(row[name]) for name in columns) for row in history)]
    return "\n".join(lines) + "\n"


def tensorboard_logger(run: Run) -> Callable[[dict[str, float]], None]:
    """A function that writes the figures of an epoch into `tensorboard/` of the run, for TensorBoard to show.

    Raises:
        UserError: the extra is not installed; TensorFlow alone has no `tf.summary.scalar`.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise UserError("--tensorboard: TensorBoard is not installed; pip install -e '.[tensorboard]' in pw13's folder")
    writer = tf.summary.create_file_writer(str(run.folder / "tensorboard"))

    def write(row: dict[str, float]) -> None:
        with writer.as_default(step=int(row["epoch"])):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        writer.flush()

    return write
