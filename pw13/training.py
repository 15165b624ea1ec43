"""The one training engine: an epoch runs in chunks of steps, each chunk inside one compiled function.

Nothing happens in Python per batch. What step `s` of epoch `e` sees and draws depends on (seed, e, s) alone, a chunk's
bounds on the settings alone, and one compiled function serves every chunk: so a training that was stopped anywhere goes
on from its last checkpoint to the same weights, bit for bit.
"""

import importlib.util
import math
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from pw13 import checkpoints, console, files, stopping
from pw13.errors import UserError
from pw13.runs import Run

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam (Kingma and Ba, 2015), with the constants that Keras takes
PAUSE = 20  # files are written again after 20 times as long as writing took: at most a twentieth of the time


class Problem(NamedTuple):
    """What is trained, on what, and how well it does.

    parameters: variables that change, in an order of their own.
    order: epoch (from 1) -> array `(steps, ...)`: what each step sees, such as row numbers `(steps, batch)` int32 with -1
        where the last batch is not full.
    loss: (parameters, item, carry, key) -> (sum of losses, count, carry); a pure function of tensors with static shapes.
        `item` is one step of `order`; `key` `(2,)` int32 differs for every (seed, epoch, step).
    carry: () -> tensors that go from step to step, as they are when an epoch begins.
    validation: parameters -> mean loss on the validation data, a scalar tensor.
    xla: whether XLA compiles the chunk; chosen by measurement, see each problem.
    steps_per_chunk: about a second of work; depends on the settings alone.
    """

    parameters: list[keras.Variable]
    order: Callable[[int], np.ndarray]
    loss: Callable[..., tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]]
    carry: Callable[[], tuple[tf.Tensor, ...]]
    validation: Callable[[list[tf.Tensor]], tf.Tensor]
    xla: bool
    steps_per_chunk: int


class Plan(NamedTuple):
    """How long and how fast to train; `name` is what the progress bar says."""

    epochs: int
    learning_rate: float
    schedule: str = "constant"
    clip_norm: float = 0.0
    patience: int = 0
    seed: int = 0
    checkpoint_every: float = 60.0
    name: str = "training"
    tensorboard: bool = False


class Moving(NamedTuple):
    """What every update changes: parameters, Adam's means of gradients and of their squares, updates done, carry."""

    parameters: list[tf.Tensor]
    first: list[tf.Tensor]
    second: list[tf.Tensor]
    updates: tf.Tensor
    carry: tuple[tf.Tensor, ...]


class Progress(NamedTuple):
    """Where a training stands; all of it goes into a checkpoint.

    `epoch` counts whole epochs, `step` the steps done of the next one, `loss_sum` and `count` belong to those steps.
    """

    moving: Moving
    best: list[np.ndarray]
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    count: float = 0.0
    best_loss: float | None = None
    best_epoch: int = 0
    examples: float = 0.0
    chunk_seconds: float = 0.0
    train_seconds: float = 0.0
    history: tuple[dict[str, float], ...] = ()


class Fitted(NamedTuple):
    """The end of a training: parameters as arrays, a dict of figures for every epoch, seconds (compile included).

    epoch_seconds: of an average epoch, compile and validation excluded.
    """

    best: list[np.ndarray]
    last: list[np.ndarray]
    history: list[dict[str, float]]
    best_epoch: int
    train_seconds: float
    throughput_per_second: float
    epoch_seconds: float


Save = Callable[[list[np.ndarray], list[np.ndarray]], None]


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
    saver = _Saver(plan, run, save)
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
            if not _finite(state):
                saver.write(before)
                raise UserError(f"the loss is not finite in epoch {before.epoch + 1}; try a smaller --learning-rate")
            if ended and board:
                board(state.history[-1])
            if ended and on_epoch:
                on_epoch(state.epoch, _arrays(state.moving.parameters))
            bar.advance(int(ended), _figures(state))
            saver.after_chunk(state, ended=ended)
        saver.write(state)
    return _fitted(state)


def plan(config: Any, name: str) -> Plan:
    """The plan that a settings record asks for; settings that it lacks keep the plan's defaults."""
    return Plan(name=name, **{key: getattr(config, key) for key in Plan._fields if hasattr(config, key)})


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


def tensorboard(run: Run) -> Callable[[dict[str, float]], None]:
    """A function that writes the figures of an epoch into `tensorboard/` of the run, for TensorBoard to show.

    Raises:
        UserError: the extra is not installed; TensorFlow alone has no `tf.summary.scalar`.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise UserError("--tensorboard: TensorBoard is not installed; pip install 'pw13[tensorboard]'")
    writer = tf.summary.create_file_writer(str(run.folder / "tensorboard"))

    def write(row: dict[str, float]) -> None:
        with writer.as_default(step=int(row["epoch"])):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        writer.flush()

    return write


def summaries(models: Iterable[keras.Model]) -> str:
    """Keras's own summary of each model, as `summary.txt` holds them."""
    lines: list[str] = []
    for model in models:
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=80)
    return "\n".join(lines) + "\n"


def shuffled(n: int, batch: int, rng: np.random.Generator) -> np.ndarray:
    """0 to n-1 in random order, `(steps, batch)` int32, the last row filled up with -1."""
    steps = math.ceil(n / batch)
    order = np.full(steps * batch, -1, np.int32)
    order[:n] = rng.permutation(n)
    return order.reshape(steps, batch)


def epoch_rng(seed: int, epoch: int) -> np.random.Generator:
    """The generator for what NumPy draws in an epoch; it depends on (seed, epoch) alone."""
    return np.random.default_rng([seed, epoch])


def in_batches(mean_loss: Callable[..., tf.Tensor], rows: int, batch: int) -> Callable[[list[tf.Tensor]], tf.Tensor]:
    """A validation function: the mean of `mean_loss(parameters, first, last)` over `rows` rows, `batch` at a time."""
    bounds = [(start, min(start + batch, rows)) for start in range(0, rows, batch)]
    compiled = tf.function(mean_loss, reduce_retracing=True)

    def validation(parameters: list[tf.Tensor]) -> tf.Tensor:
        sums = [compiled(parameters, tf.constant(a), tf.constant(b)) * float(b - a) for a, b in bounds]
        return tf.add_n(sums) / float(rows)

    return validation


# ---------------------------------------------------------------------------------------------- the compiled part


def compiled_chunk(problem: Problem, plan: Plan, moving: Moving) -> Callable[..., Any]:
    """The function that takes `count` steps from step `first` of an epoch, compiled.

    Both are tensors, so that this one function serves all chunks: another static length could compile to other bits.
    """
    total = float(plan.epochs * len(problem.order(1)))

    @tf.function(jit_compile=problem.xla, autograph=False)
    def chunk(order, first, count, epoch, moving):  # type: ignore[no-untyped-def]
        epoch_key = tf.random.experimental.stateless_fold_in(tf.constant([plan.seed, 0]), epoch)

        def step(i, moving, loss_sum, examples):  # type: ignore[no-untyped-def]
            key = tf.random.experimental.stateless_fold_in(epoch_key, i)
            moving, loss, count = updated(problem, plan, total, moving, order[i], key)
            return i + 1, moving, loss_sum + loss, examples + count

        start = (first, moving, tf.constant(0.0), tf.constant(0.0))
        _, moving, loss_sum, examples = tf.while_loop(lambda i, *_: i < first + count, step, start)
        return moving, loss_sum, examples

    none = tf.constant(0)
    chunk(tf.constant(problem.order(1)), none, none, tf.constant(1), moving)  # compiles without taking a step
    return chunk


def updated(problem: Problem, plan: Plan, total: float, moving: Moving, item: tf.Tensor, key: tf.Tensor):
    """One update by Adam on the mean loss of a batch; `total` updates make the whole plan."""
    with tf.GradientTape() as tape:
        tape.watch(moving.parameters)
        loss, count, carry = problem.loss(moving.parameters, item, moving.carry, key)
        mean = loss / count
    gradients = tape.gradient(mean, moving.parameters)
    if plan.clip_norm:
        gradients, _ = tf.clip_by_global_norm(gradients, plan.clip_norm)
    done = moving.updates + 1
    t = tf.cast(done, tf.float32)
    rate = learning_rate(plan, t, total) * tf.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    first = [m + (g - m) * (1 - BETA_1) for m, g in zip(moving.first, gradients, strict=True)]
    second = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(moving.second, gradients, strict=True)]
    steps = [rate * m / (tf.sqrt(v) + EPSILON) for m, v in zip(first, second, strict=True)]
    parameters = [p - s for p, s in zip(moving.parameters, steps, strict=True)]
    return Moving(parameters, first, second, done, tuple(carry)), loss, count


def learning_rate(plan: Plan, t: tf.Tensor, total: float) -> tf.Tensor:
    """The learning rate of update `t` (from 1): constant, or half a cosine from the top to 0 after `total` updates."""
    if plan.schedule == "constant":
        return tf.constant(plan.learning_rate)
    return plan.learning_rate * 0.5 * (1 + tf.cos(math.pi * (t - 1) / total))


# ------------------------------------------------------------------------------------------- where training stands


def beginning(problem: Problem) -> Progress:
    """The state before the first update: the variables' own values, Adam's means at zero."""
    parameters = [tf.convert_to_tensor(variable.value) for variable in problem.parameters]
    zeros = [tf.zeros_like(parameter) for parameter in parameters]
    moving = Moving(parameters, zeros, list(zeros), tf.constant(0), tuple(problem.carry()))
    return Progress(moving, _arrays(parameters))


def after_chunk(state: Progress, chunk: Callable[..., Any], order: tf.Tensor, problem: Problem) -> Progress:
    """The state after the next chunk of the epoch under way."""
    moving = state.moving._replace(carry=tuple(problem.carry())) if state.step == 0 else state.moving
    count = min(problem.steps_per_chunk, len(order) - state.step)
    began = time.monotonic()
    moving, loss, examples = chunk(order, tf.constant(state.step), tf.constant(count), tf.constant(state.epoch + 1), moving)
    loss, examples = float(loss), float(examples)
    return state._replace(
        moving=moving,
        step=state.step + count,
        loss_sum=state.loss_sum + loss,
        count=state.count + examples,
        examples=state.examples + examples,
        chunk_seconds=state.chunk_seconds + time.monotonic() - began,
    )


def after_epoch(state: Progress, problem: Problem) -> Progress:
    """The state with the epoch closed: validated, written into the history, remembered if it is the best."""
    val_loss = float(problem.validation(state.moving.parameters))
    row = {"epoch": state.epoch + 1, "loss": state.loss_sum / state.count, "val_loss": val_loss}
    closed = state._replace(
        epoch=state.epoch + 1, step=0, loss_sum=0.0, count=0.0, history=(*state.history, row)
    )
    if state.best_loss is None or val_loss < state.best_loss:
        closed = closed._replace(best=_arrays(state.moving.parameters), best_loss=val_loss, best_epoch=closed.epoch)
    return closed


def finished(state: Progress, plan: Plan) -> bool:
    """Whether all epochs are done, or `patience` of them brought nothing better."""
    waited = state.epoch - state.best_epoch
    return state.step == 0 and (state.epoch >= plan.epochs or (plan.patience > 0 and waited >= plan.patience))


def restored(problem: Problem, plan: Plan, run: Run) -> Progress | None:
    """The state in the run's newest checkpoint; None if it has none.

    Raises:
        UserError: damaged, or of a training with other settings or shapes.
    """
    saved = checkpoints.load(run.checkpoints)
    if saved is None:
        return None
    facts = dict(saved.facts)
    if facts.pop("plan") != _fixed(plan):
        raise UserError(f"{run.checkpoints}: the checkpoint belongs to other settings than config.json")
    start = beginning(problem)
    groups = {"parameters": start.moving.parameters, "first": start.moving.first, "second": start.moving.second}
    groups |= {"carry": list(start.moving.carry), "best": start.best}
    found = {name: [saved.arrays.get(f"{name}/{i}") for i in range(len(like))] for name, like in groups.items()}
    for name, like in groups.items():
        if any(a is None or a.shape != tuple(b.shape) for a, b in zip(found[name], like, strict=True)):
            raise UserError(f"{run.checkpoints}: the checkpoint does not fit the model of config.json")
    tensors = {name: [tf.constant(a) for a in found[name]] for name in ("parameters", "first", "second", "carry")}
    updates = tf.constant(facts.pop("updates"))
    moving = Moving(tensors["parameters"], tensors["first"], tensors["second"], updates, tuple(tensors["carry"]))
    facts["history"] = tuple(facts["history"])
    return Progress(moving, found["best"], **facts)


def _fixed(plan: Plan) -> dict[str, Any]:
    """What must not change between a checkpoint and its resumption; more epochs may follow a constant rate."""
    fixed = plan._asdict()
    for name in ("name", "checkpoint_every", "tensorboard", *(["epochs"] if plan.schedule == "constant" else [])):
        del fixed[name]
    return fixed


def checkpoint(state: Progress, plan: Plan) -> checkpoints.State:
    """`state` as arrays and facts."""
    groups = {**state.moving._asdict(), "best": state.best}
    del groups["updates"]
    arrays = {f"{name}/{i}": np.asarray(a) for name, group in groups.items() for i, a in enumerate(group)}
    facts = {key: value for key, value in state._asdict().items() if key not in ("moving", "best")}
    return checkpoints.State(arrays, {**facts, "updates": int(state.moving.updates), "plan": _fixed(plan)})


class _Saver:
    """Decides when the state and the models are written, so that writing takes a small share of the time."""

    def __init__(self, plan: Plan, run: Run, save: Save):
        self._plan, self._run, self._save = plan, run, save
        self._next = {"state": 0.0, "models": 0.0}
        self._last_state = time.monotonic()
        self._published = 0

    def after_chunk(self, state: Progress, *, ended: bool) -> None:
        """Write what is due after a chunk; on a signal write all and raise Stopped."""
        if stopping.requested():
            self.write(state)
            stopping.check()
        now = time.monotonic()
        if (ended and now >= self._next["state"]) or now - self._last_state >= self._plan.checkpoint_every:
            self._write_state(state)
        if ended and state.best_epoch > self._published and now >= self._next["models"]:
            self._write_models(state)

    def write(self, state: Progress) -> None:
        """Write everything: history, resume state and, once an epoch is over, the models."""
        self._write_state(state)
        self._write_models(state)

    def _write_state(self, state: Progress) -> None:
        began = time.monotonic()
        files.write_whole(self._run.folder / "history.csv", history_csv(state.history).encode())
        checkpoints.save(self._run.checkpoints, checkpoint(state, self._plan))
        self._last_state = time.monotonic()
        self._next["state"] = self._last_state + PAUSE * (self._last_state - began)

    def _write_models(self, state: Progress) -> None:
        began = time.monotonic()
        self._save(state.best, _arrays(state.moving.parameters))
        self._published = state.best_epoch
        self._next["models"] = time.monotonic() + PAUSE * (time.monotonic() - began)


def history_csv(history: tuple[dict[str, float], ...]) -> str:
    """One line an epoch under a line of names."""
    columns = list(history[0]) if history else ["epoch", "loss", "val_loss"]
    lines = [",".join(columns), *(",".join(repr(row[name]) for name in columns) for row in history)]
    return "\n".join(lines) + "\n"


def _arrays(tensors: list[tf.Tensor]) -> list[np.ndarray]:
    return [np.asarray(tensor) for tensor in tensors]


def _finite(state: Progress) -> bool:
    numbers = (state.loss_sum, *(state.history[-1].values() if state.history else ()))
    return all(map(math.isfinite, numbers)) and all(
        bool(tf.reduce_all(tf.math.is_finite(parameter))) for parameter in state.moving.parameters
    )


def _figures(state: Progress) -> str:
    if state.step:
        return f"loss {state.loss_sum / state.count:.4f}"
    return "  ".join(f"{name} {state.history[-1][name]:.4f}" for name in ("loss", "val_loss"))


def _fitted(state: Progress) -> Fitted:
    rate = state.examples / state.chunk_seconds if state.chunk_seconds else 0.0
    last = _arrays(state.moving.parameters)
    epoch = state.chunk_seconds / max(state.epoch, 1)
    return Fitted(state.best, last, list(state.history), state.best_epoch, state.train_seconds, rate, epoch)
