"""`fit`: Adam equals Keras's, partial batches count, and any interruption ends with bit-identical weights."""

import contextlib
import errno
import os
import signal

import numpy as np
import pytest

from pw13.config.settings import DenseAE
from pw13.errors import ResumeError, UserError
from pw13.runs.ending import track_status
from pw13.runs.folder import Run
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import read_run
from pw13.system import files, signals
from pw13.training import resume_state
from tests.helpers import tally
from tests.helpers.disks import Died, FaultyDisk, LoggedDisk
from tests.helpers.runs import settings
from tests.helpers.tensorflow import start_tensorflow

ROWS, FEATURES, BATCH_SIZE = 23, 3, 5


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    start_tensorflow()


@pytest.fixture(autouse=True)
def no_pending_signal():
    signals.reset()
    yield
    signals.reset()


def make_task(*, noise: float = 0.1):
    """Build a linear regression with noise from the key and a carry that counts steps."""
    import keras
    import tensorflow as tf

    from pw13.training.task import TrainingTask, epoch_rng, shuffled_batches

    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = x @ np.array([1.0, -2.0, 0.5], np.float32)
    weights = keras.Variable(np.zeros(FEATURES, np.float32))
    tx, ty = tf.constant(x), tf.constant(y)

    def loss(parameters, indices, carry, key):
        mask = tf.cast(indices >= 0, tf.float32)
        indices = tf.maximum(indices, 0)
        outputs = tf.linalg.matvec(tf.gather(tx, indices), parameters[0])
        outputs += tf.random.stateless_normal((BATCH_SIZE,), key) * noise
        errors = tf.square(outputs - tf.gather(ty, indices))
        return tf.reduce_sum(errors * mask), tf.reduce_sum(mask), (carry[0] + 1,)

    return TrainingTask(
        parameters=[weights],
        order=lambda epoch: shuffled_batches(ROWS, BATCH_SIZE, epoch_rng(0, epoch)),
        loss=loss,
        carry=lambda: (tf.constant(0),),
        validation=lambda parameters: tf.reduce_mean(tf.square(tf.linalg.matvec(tx, parameters[0]) - ty)),
        xla=False,
        steps_per_chunk=2,
    )


def start_run(folder) -> Run:
    return create_run(folder, "dense-ae", {})


def train(run, task=None, *, epochs=6, learning_rate=0.05, **options):
    """Train and return the result; the models are saved at least once."""
    from pw13.training.fit import fit
    from pw13.training.task import TrainingOptions

    saved = []
    options = TrainingOptions(epochs, learning_rate, **options)
    result = fit(task or make_task(), options, run=run, save=lambda best, last: saved.append((best, last)))
    assert len(saved) >= 1
    return result


def identical(a, b) -> bool:
    """Return whether two trainings ended with the same bits, history included."""
    arrays = zip([*a.best, *a.last], [*b.best, *b.last], strict=True)
    return all(np.array_equal(x, y) for x, y in arrays) and a.history == b.history and a.best_epoch == b.best_epoch


def test_adam_equals_keras(tmp_path):
    import keras
    import tensorflow as tf

    task = make_task(noise=0.0)
    result = train(start_run(tmp_path), task, epochs=3)
    weights = keras.Variable(np.zeros(FEATURES, np.float32))
    adam = keras.optimizers.Adam(0.05)
    for epoch in (1, 2, 3):
        for indices in task.order(epoch):
            with tf.GradientTape() as tape:
                loss, count, _ = task.loss([weights.value], tf.constant(indices), (0,), tf.constant([0, 0]))
                mean = loss / count
            adam.apply([tape.gradient(mean, weights.value)], [weights])
    np.testing.assert_allclose(result.last[0], weights.numpy(), rtol=2e-6)


def test_rows_of_a_partial_batch_count_once(tmp_path, capsys):
    task = make_task(noise=0.0)
    result = train(start_run(tmp_path), task, epochs=1, learning_rate=1e-12)
    expected = float(task.validation([np.zeros(FEATURES, np.float32)]))
    assert result.history[0]["loss"] == pytest.approx(expected, rel=1e-5)
    assert "measuring (1 epoch in " in capsys.readouterr().err


def test_loss_falls_and_best_is_kept(tmp_path):
    result = train(start_run(tmp_path), epochs=40)
    losses = [row["val_loss"] for row in result.history]
    assert losses[-1] < 0.1 * losses[0]
    assert result.best_epoch == int(np.argmin(losses)) + 1
    assert float(make_task().validation([result.best[0]])) == pytest.approx(min(losses))


@pytest.mark.parametrize(("schedule", "expected"), [("constant", [2.0, 2.0, 2.0]), ("cosine", [2.0, 1.0, 0.0])])
def test_cosine_decays_to_zero_and_constant_does_not(schedule, expected):
    import tensorflow as tf

    from pw13.training.chunk import learning_rate, numbers_of
    from pw13.training.task import TrainingOptions

    numbers = numbers_of(TrainingOptions(1, 2.0), 100)
    rates = [float(learning_rate(schedule, numbers, tf.constant(t))) for t in (1.0, 51.0, 101.0)]
    assert rates == pytest.approx(expected, abs=1e-6)


def test_shuffled_batches_hold_every_row_once():
    from pw13.training.task import epoch_rng, shuffled_batches

    order = shuffled_batches(ROWS, BATCH_SIZE, epoch_rng(3, 1))
    assert order.shape == (5, BATCH_SIZE) and order.dtype == np.int32
    assert sorted(order.ravel()) == [-1, -1, *range(ROWS)]
    assert not np.array_equal(order, shuffled_batches(ROWS, BATCH_SIZE, epoch_rng(3, 2)))


def test_interrupted_after_every_chunk_it_ends_with_the_same_bits(tmp_path, monkeypatch):
    uninterrupted = train(start_run(tmp_path))
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
    assert identical(uninterrupted, resumed)


def test_the_history_is_on_disk_after_an_interruption(tmp_path, monkeypatch):
    run = start_run(tmp_path)
    monkeypatch.setattr(signals, "requested", lambda: signal.SIGINT)
    monkeypatch.setattr(signals, "check", lambda: (_ for _ in ()).throw(signals.Interrupted(signal.SIGINT)))
    for _ in range(4):
        with pytest.raises(signals.Interrupted):
            train(run)
    lines = (run.folder / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss" and len(lines) == 2


def test_more_epochs_end_like_one_long_run(tmp_path):
    run = start_run(tmp_path)
    train(run, epochs=4)
    assert identical(train(run, epochs=9), train(start_run(tmp_path), epochs=9))


def test_a_run_with_cosine_decay_takes_no_more_epochs(tmp_path):
    run = start_run(tmp_path)
    train(run, epochs=4, schedule="cosine")
    with pytest.raises(ResumeError, match="of other settings"):
        train(run, epochs=9, schedule="cosine")


def test_patience_stops_and_survives_a_resume(tmp_path):
    run = start_run(tmp_path)
    result = train(run, epochs=500, learning_rate=0.5, patience=3)
    assert len(result.history) == result.best_epoch + 3 < 500
    assert identical(result, train(run, epochs=500, learning_rate=0.5, patience=3))


def test_a_loss_that_is_not_finite_leaves_the_last_finite_state(tmp_path):
    run = start_run(tmp_path)
    with pytest.raises(UserError, match=r"not finite in epoch \d+; try a smaller --learning-rate"):
        train(run, epochs=100, learning_rate=1e30)
    state = resume_state.load(run.checkpoints)
    assert state is not None and all(np.isfinite(array).all() for array in state.arrays.values())


def test_a_corrupt_newest_checkpoint_is_skipped_for_the_one_before(tmp_path):
    folder = tmp_path / "informatics"  # a name that contains "format" is no other format
    folder.mkdir()
    run = start_run(folder)
    uninterrupted = train(run, checkpoint_every=1e-9)
    _, newest = resume_state.states(run.checkpoints)
    newest.write_bytes(newest.read_bytes()[:-100])
    assert identical(uninterrupted, train(run, checkpoint_every=1e-9))
    for path in resume_state.states(run.checkpoints):
        path.write_bytes(b"nothing")
    with pytest.raises(
        ResumeError, match=r"corrupt.*; delete .*state-\*\.npz to train this run from the start, or train a new run$"
    ):
        train(run)


def corrupt(run):
    for path in resume_state.states(run.checkpoints):
        path.write_bytes(b"nothing")


def of_another_model(run):
    state = resume_state.load(run.checkpoints)
    resume_state.save(run.checkpoints, state._replace(arrays={name: np.zeros(9) for name in state.arrays}))


@pytest.mark.parametrize("damage", [corrupt, of_another_model])
def test_a_completed_run_that_cannot_be_trained_on_stays_completed(tmp_path, damage):
    run = create_run(tmp_path, "dense-ae", settings(epochs=6))
    train(run)
    run.finish({"test_mse": 1.0})
    damage(run)
    before = read_run(run.folder)
    reopened = reopen_run(before, DenseAE(epochs=9))
    with pytest.raises(ResumeError, match="; train a new run"), track_status(reopened) as again:
        again.data_recorded = True
        train(again, epochs=9)
    assert read_run(run.folder) == before and before.status == "completed"


def test_the_seconds_of_a_resumed_run_include_its_earlier_training(tmp_path):
    run = start_run(tmp_path)
    train(run, epochs=4)
    state = resume_state.load(run.checkpoints)
    resume_state.save(run.checkpoints, state._replace(facts={**state.facts, "train_seconds": 1000.0}))
    resumed = Run(run.folder)
    seconds = train(resumed, epochs=5).train_seconds
    assert 1000 < seconds <= resumed.finish({})["seconds"] < 1100


def test_the_length_of_chunks_changes_no_weight(tmp_path):
    results = [train(start_run(tmp_path), make_task()._replace(steps_per_chunk=steps)) for steps in (1, 2, 1000)]
    for result in results[1:]:
        np.testing.assert_array_equal(result.last, results[0].last)
        assert [row["loss"] for row in result.history] == pytest.approx([row["loss"] for row in results[0].history])


def test_a_changed_array_does_not_match_its_sha256(tmp_path):
    run = start_run(tmp_path)
    train(run)
    path = resume_state.states(run.checkpoints)[-1]
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive}
    arrays["parameters/0"] = arrays["parameters/0"] + 1
    np.savez(path, **arrays)
    with pytest.raises(UserError, match="parameters/0 does not match its sha256"):
        resume_state.read_state(path)


def test_another_checkpoint_format_is_refused_with_both_versions(tmp_path, monkeypatch):
    run = start_run(tmp_path)
    monkeypatch.setattr(resume_state, "FORMAT", 7)
    train(run)
    monkeypatch.setattr(resume_state, "FORMAT", 2)
    with pytest.raises(UserError, match=r"checkpoint format 7 .*, expected 2"):
        train(run)


def test_every_rename_of_a_training_follows_an_fsync(tmp_path, monkeypatch):
    log = LoggedDisk()
    monkeypatch.setattr(files, "file_ops", log)
    train(start_run(tmp_path), **FREQUENT)
    log.check()
    assert log.names().count("rename") > 10


def interrupted_by(folder, operation: str, number: int, fault: BaseException, monkeypatch) -> tuple[bool, object]:
    """Train on a disk that fails once, resume on a good one; return whether it failed, and the result."""
    run = start_run(folder)
    disk = FaultyDisk(operation, number, fault)
    monkeypatch.setattr(files, "file_ops", disk)
    with contextlib.suppress(Died, OSError):
        train(run, **FREQUENT)
    monkeypatch.setattr(files, "file_ops", files.FileOps())
    return disk.happened, train(run, **FREQUENT)


FREQUENT = {"epochs": 4, "checkpoint_every": 1e-9}
FAULTS = {"death": Died, "full": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("operation", "numbers"), [("write", (1, 4, 9)), ("fsync", (2, 11)), ("rename", (1, 6)), ("unlink", (1,))]
)
def test_a_single_disk_fault_changes_no_bit(tmp_path, monkeypatch, operation, numbers, fault):
    uninterrupted = train(start_run(tmp_path), **FREQUENT)
    for number in numbers:
        happened, resumed = interrupted_by(tmp_path, operation, number, FAULTS[fault](), monkeypatch)
        assert happened
        assert identical(uninterrupted, resumed), f"{operation} {number}"


@pytest.mark.faults
@pytest.mark.parametrize("operation", ["write", "fsync", "rename", "unlink", "mkdir"])
def test_a_fault_in_any_disk_operation_changes_no_bit(tmp_path, monkeypatch, operation):
    uninterrupted = train(start_run(tmp_path), **FREQUENT)
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
            assert identical(uninterrupted, resumed), f"{operation} {number}"
    tally.count("faults injected", operation, tried)
    assert tried >= len(kinds)


def test_interrupted_in_its_first_epoch_it_has_a_checkpoint_and_no_model(tmp_path):
    from pw13.training.fit import fit
    from pw13.training.task import TrainingOptions

    run, saved = start_run(tmp_path), []
    signals.request(signal.SIGINT)
    with pytest.raises(signals.Interrupted):
        fit(make_task(), TrainingOptions(6, 0.05), run=run, save=lambda best, last: saved.append(best))
    assert saved == [] and len(resume_state.states(run.checkpoints)) == 1
    signals.reset()
    assert identical(train(run), train(start_run(tmp_path)))
