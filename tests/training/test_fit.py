"""The engine: Adam as Keras has it, partial batches count, and any interruption ends in the same bits."""

import contextlib
import errno
import os
import signal

import numpy as np
import pytest

from pw13.errors import UserError
from pw13.runs.folder import Run, create_run
from pw13.system import files, signals
from tests.helpers import tally
from tests.helpers.disks import Died, FaultyDisk, LoggedDisk
from tests.helpers.tensorflow import start_tensorflow

tf = start_tensorflow()

from pw13.training import chunk, resume_state
from pw13.training.fit import fit  # noqa: E402
from pw13.training.task import TrainingOptions, TrainingTask, epoch_rng, shuffled_batches

ROWS, FEATURES, BATCH = 23, 3, 5


@pytest.fixture(autouse=True)
def forget():
    signals.reset()
    yield
    signals.reset()


def toy(*, scale: float = 1.0, steps_per_chunk: int = 2, noise: float = 0.1) -> TrainingTask:
    """Linear regression with noise from the key and a carry that counts steps."""
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = (x @ np.array([1.0, -2.0, 0.5], np.float32)) * np.float32(scale)
    weights = keras.Variable(np.zeros(FEATURES, np.float32))
    tx, ty = tf.constant(x), tf.constant(y)

    def loss(parameters, rows, carry, key):
        there = tf.cast(rows >= 0, tf.float32)
        rows = tf.maximum(rows, 0)
        drawn = tf.random.stateless_normal((BATCH,), key) * noise
        errors = tf.square(tf.linalg.matvec(tf.gather(tx, rows), parameters[0]) + drawn - tf.gather(ty, rows))
        return tf.reduce_sum(errors * there), tf.reduce_sum(there), (carry[0] + 1,)

    return TrainingTask(
        parameters=[weights],
        order=lambda epoch: shuffled_batches(ROWS, BATCH, epoch_rng(0, epoch)),
        loss=loss,
        carry=lambda: (tf.constant(0),),
        validation=lambda parameters: tf.reduce_mean(tf.square(tf.linalg.matvec(tx, parameters[0]) - ty)),
        xla=False,
        steps_per_chunk=steps_per_chunk,
    )


def start_run(folder) -> Run:
    return create_run(folder, "dense-ae", {})


USUAL = TrainingOptions(6, 0.05)


def train(run, plan=USUAL, problem=None, **more):
    saved = []
    fitted = fit(problem or toy(), plan, run=run, save=lambda best, last: saved.append((best, last)), **more)
    assert len(saved) >= 1
    return fitted


def same(a, b) -> bool:
    """Whether two trainings ended in the same bits, figures included."""
    arrays = zip([*a.best, *a.last], [*b.best, *b.last], strict=True)
    return all(np.array_equal(x, y) for x, y in arrays) and a.history == b.history and a.best_epoch == b.best_epoch


def test_adam_is_that_of_keras(tmp_path):
    import keras

    problem = toy(noise=0.0)
    fitted = train(start_run(tmp_path), TrainingOptions(3, 0.05), problem)
    weights = keras.Variable(np.zeros(FEATURES, np.float32))
    adam = keras.optimizers.Adam(0.05)
    for epoch in (1, 2, 3):
        for rows in problem.order(epoch):
            with tf.GradientTape() as tape:
                loss, count, _ = problem.loss([weights.value], tf.constant(rows), (0,), tf.constant([0, 0]))
                mean = loss / count
            adam.apply([tape.gradient(mean, weights.value)], [weights])
    np.testing.assert_allclose(fitted.last[0], weights.numpy(), rtol=2e-6)


def test_rows_of_a_partial_batch_count_once(tmp_path):
    fitted = train(start_run(tmp_path), TrainingOptions(1, 1e-12), toy(noise=0.0))
    expected = float(toy(noise=0.0).validation([tf.zeros(FEATURES)]))
    assert fitted.history[0]["loss"] == pytest.approx(expected, rel=1e-5)


def test_loss_falls_and_best_is_kept(tmp_path):
    fitted = train(start_run(tmp_path), TrainingOptions(40, 0.05))
    losses = [row["val_loss"] for row in fitted.history]
    assert losses[-1] < 0.1 * losses[0]
    assert fitted.best_epoch == int(np.argmin(losses)) + 1
    assert float(toy().validation([tf.constant(fitted.best[0])])) == pytest.approx(min(losses))


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_cosine_ends_at_zero_and_constant_does_not(schedule):
    rates = [
        float(chunk.learning_rate(TrainingOptions(1, 2.0, schedule), tf.constant(t), 100.0)) for t in (1.0, 51.0, 101.0)
    ]
    assert rates == pytest.approx([2.0, 1.0, 0.0] if schedule == "cosine" else [2.0, 2.0, 2.0], abs=1e-6)


def test_shuffled_holds_every_row_once():
    order = shuffled_batches(ROWS, BATCH, epoch_rng(3, 1))
    assert order.shape == (5, BATCH) and order.dtype == np.int32
    assert sorted(order.ravel()) == [-1, -1, *range(ROWS)]
    assert not np.array_equal(order, shuffled_batches(ROWS, BATCH, epoch_rng(3, 2)))


def test_stopped_after_every_chunk_it_ends_in_the_same_bits(tmp_path, monkeypatch):
    unbroken = train(start_run(tmp_path))
    run, stops = start_run(tmp_path), 0
    monkeypatch.setattr(signals, "requested", lambda: signal.SIGINT)
    monkeypatch.setattr(signals, "check", lambda: (_ for _ in ()).throw(signals.Interrupted(signal.SIGINT)))
    while True:
        try:
            resumed = train(run)
            break
        except signals.Interrupted:
            stops += 1
    assert stops == 18  # 3 chunks in each of 6 epochs
    assert same(unbroken, resumed)


def test_history_is_on_disk_after_a_stop(tmp_path, monkeypatch):
    run = start_run(tmp_path)
    monkeypatch.setattr(signals, "requested", lambda: signal.SIGINT)
    monkeypatch.setattr(signals, "check", lambda: (_ for _ in ()).throw(signals.Interrupted(signal.SIGINT)))
    for _ in range(4):
        with pytest.raises(signals.Interrupted):
            train(run)
    lines = (run.folder / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss" and len(lines) == 2


@pytest.mark.parametrize("threads", [2])
def test_more_epochs_go_on_as_one_long_run(tmp_path, threads):
    run = start_run(tmp_path)
    train(run, TrainingOptions(4, 0.05))
    assert same(train(run, TrainingOptions(9, 0.05)), train(start_run(tmp_path), TrainingOptions(9, 0.05)))


def test_a_cosine_run_cannot_be_made_longer(tmp_path):
    run = start_run(tmp_path)
    train(run, TrainingOptions(4, 0.05, "cosine"))
    with pytest.raises(UserError, match="other settings"):
        train(run, TrainingOptions(9, 0.05, "cosine"))


def test_patience_stops_and_survives_a_resume(tmp_path):
    plan = TrainingOptions(500, 0.5, patience=3)
    run = start_run(tmp_path)
    fitted = train(run, plan)
    assert len(fitted.history) == fitted.best_epoch + 3 < 500
    assert same(fitted, train(run, plan))


def test_a_loss_that_is_not_finite_keeps_the_last_finite_state(tmp_path):
    run = start_run(tmp_path)
    with pytest.raises(UserError, match=r"not finite in epoch \d+; try a smaller --learning-rate"):
        train(run, TrainingOptions(100, 1e30))
    state = resume_state.load(run.checkpoints)
    assert state is not None and all(np.isfinite(array).all() for array in state.arrays.values())


def test_two_states_stay_and_a_damaged_newest_one_is_passed_over(tmp_path):
    tmp_path = tmp_path / "informatics"  # a word that holds "format" is no other format
    tmp_path.mkdir()
    run = start_run(tmp_path)
    unbroken = train(run, TrainingOptions(6, 0.05, checkpoint_every=1e-9))
    old, new = resume_state.states(run.checkpoints)
    new.write_bytes(new.read_bytes()[:-100])
    assert same(unbroken, train(run, TrainingOptions(6, 0.05, checkpoint_every=1e-9)))
    for path in resume_state.states(run.checkpoints):
        path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="damaged"):
        train(run, TrainingOptions(6, 0.05))
    assert old.parent == run.checkpoints


def test_a_changed_array_is_noticed_by_its_sha256(tmp_path):
    run = start_run(tmp_path)
    train(run)
    path = resume_state.states(run.checkpoints)[-1]
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive}
    arrays["parameters/0"] = arrays["parameters/0"] + 1
    np.savez(path, **arrays)
    with pytest.raises(UserError, match="parameters/0 does not match its sha256"):
        resume_state.read_state(path)


def test_a_newer_format_is_refused_with_both_versions(tmp_path, monkeypatch):
    run = start_run(tmp_path)
    monkeypatch.setattr(resume_state, "FORMAT", 7)
    train(run)
    monkeypatch.setattr(resume_state, "FORMAT", 2)
    with pytest.raises(UserError, match="format 7, this pw13 reads format 2"):
        train(run)


def test_every_rename_of_a_training_follows_an_fsync(tmp_path, monkeypatch):
    log = LoggedDisk()
    monkeypatch.setattr(files, "file_ops", log)
    train(start_run(tmp_path), TrainingOptions(4, 0.05, checkpoint_every=1e-9))
    log.check()
    assert log.names().count("rename") > 10


def interrupted_by(folder, operation: str, number: int, fault: BaseException, monkeypatch) -> tuple[bool, object]:
    """Train with a disk that fails once, then go on with a good one: (whether it failed, the end of the training)."""
    run, plan = start_run(folder), TrainingOptions(4, 0.05, checkpoint_every=1e-9)
    disk = FaultyDisk(operation, number, fault)
    monkeypatch.setattr(files, "file_ops", disk)
    with contextlib.suppress(Died, OSError):
        train(run, plan)
    monkeypatch.setattr(files, "file_ops", files.FileOps())
    return disk.happened, train(run, plan)


FAULTS = {"death": Died, "full": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("operation", "numbers"), [("write", (1, 4, 9)), ("fsync", (2, 11)), ("rename", (1, 6)), ("unlink", (1,))]
)
def test_a_disk_that_fails_once_costs_nothing(tmp_path, monkeypatch, operation, numbers, fault):
    unbroken = train(start_run(tmp_path), TrainingOptions(4, 0.05, checkpoint_every=1e-9))
    for number in numbers:
        happened, resumed = interrupted_by(tmp_path, operation, number, FAULTS[fault](), monkeypatch)
        assert happened
        assert same(unbroken, resumed), f"{operation} {number}"


@pytest.mark.faults
@pytest.mark.parametrize("operation", ["write", "fsync", "rename", "unlink", "mkdir"])
def test_every_operation_may_fail(tmp_path, monkeypatch, operation):
    unbroken = train(start_run(tmp_path), TrainingOptions(4, 0.05, checkpoint_every=1e-9))
    kinds = [
        Died,
        *(lambda code=code: OSError(code, os.strerror(code)) for code in (errno.ENOSPC, errno.EIO, errno.EACCES)),
    ]
    tried = 0
    for kind in kinds:
        for number in range(1, 10_000):
            happened, resumed = interrupted_by(tmp_path, operation, number, kind(), monkeypatch)
            if not happened:
                break
            tried += 1
            assert same(unbroken, resumed), f"{operation} {number}"
    tally.count("faults injected", operation, tried)
    assert tried >= len(kinds)


def test_stopped_in_its_first_epoch_it_has_a_state_and_no_model(tmp_path):
    run, saved = start_run(tmp_path), []
    signals.request(signal.SIGINT)
    with pytest.raises(signals.Interrupted):
        fit(toy(), USUAL, run=run, save=lambda best, last: saved.append(best))
    assert saved == [] and len(resume_state.states(run.checkpoints)) == 1
    signals.reset()
    assert same(train(run), train(start_run(tmp_path)))
