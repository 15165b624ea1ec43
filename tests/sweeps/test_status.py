"""The live table says what is best so far and what each job does."""

from pw13.runs.opening import create_run
from pw13.sweeps import status
from pw13.sweeps.folder import create_sweep, point_status
from pw13.sweeps.jobs import JobResult, make_job
from pw13.sweeps.status import SweepStatus
from tests.helpers.sweeps import finish, make_sweep


def start(tmp_path, data):
    """Return the status of a new sweep over code sizes 2, 4 and 8, its run, and a function that shows its title."""
    sweep = make_sweep(data, seeds=1, code_size=[2, 4, 8])
    run = create_sweep(sweep, tmp_path)
    status = SweepStatus(sweep, run, 120)

    def title() -> list[str]:
        shown = []
        status.show(lambda *table: shown.append(table))
        return shown[0][0].split("\n")

    return sweep, run, status, title


def test_the_live_table_shows_the_best_so_far_and_what_each_job_does(tmp_path, data, capsys):
    sweep, run, status, title = start(tmp_path, data)
    jobs = [make_job(sweep, run, point, "abc") for point in sweep.points]
    for job in jobs:
        status.mark_started(job)
    assert title()[1:] == [
        f"job {n}: code_size {size}, seed 0, starting TensorFlow" for n, size in [(1, 2), (2, 4), (3, 8)]
    ]
    for job in (jobs[1], jobs[0]):
        finish(job)
        status.mark_finished(JobResult(job, None))
    third = create_run(run.folder, "dense-ae", jobs[2].settings, name=jobs[2].folder.name)
    counts, best, job = title()
    assert counts.startswith("2 of 3 points; 1 left, about")
    assert best == "best so far: val_mse 0.25, code_size 4, seed 0"
    assert job == "job 1: code_size 8, seed 0, epoch 1 of 2"
    third.save_text("history.csv", "epoch,loss,val_loss\n1,1.0,1.0\n2,1.0,1.0\n")
    assert title()[2] == "job 1: code_size 8, seed 0, measuring"
    assert "best so far" not in capsys.readouterr().err  # the first is no news, and the second is worse


def test_points_that_wait_for_a_worker_are_counted_and_not_read(tmp_path, data, monkeypatch):
    sweep, run, _, _ = start(tmp_path, data)
    queue = SweepStatus(sweep, run, 120, queued=True)
    for point in sweep.points:
        queue.mark_started(make_job(sweep, run, point, "abc"))
    create_run(run.folder, "dense-ae", make_job(sweep, run, sweep.points[1], "abc").settings, name=sweep.points[1].name)
    read, shown = [], []
    monkeypatch.setattr(status, "point_status", lambda folder: read.append(folder) or point_status(folder))
    queue.show(lambda *table: shown.append(table))
    assert shown[0][0].split("\n")[1:] == ["job 1: code_size 4, seed 0, epoch 1 of 2", "2 wait for a worker"]
    assert read == [run.folder / sweep.points[1].name]


def test_a_running_point_has_no_value_if_its_loss_is_not_the_metric(tmp_path):
    for loss, value in (("mse", 0.5), ("bce", None)):
        run = create_run(tmp_path, "dense-ae", {"loss": loss})
        run.save_text("history.csv", "epoch,loss,val_loss\n1,1.0,0.5\n")
        assert point_status(run.folder).value == value
        run.finish({"val_mse": 0.25})
        assert point_status(run.folder).value == 0.25
    run = create_run(tmp_path, "charrnn", {})
    run.save_text("history.csv", "epoch,loss,val_loss\n1,1.0,0.5\n")  # on training names: none are held out
    run.finish({"val_nats": None})
    assert point_status(run.folder).value is None


def test_lines_without_a_terminal_say_which_point_is_the_best_so_far(tmp_path, data, capsys):
    sweep, run, status, _ = start(tmp_path, data)
    for point in sweep.points[:2]:
        job = make_job(sweep, run, point, "abc")
        status.mark_started(job)
        finish(job)
        status.mark_finished(JobResult(job, None))
    first, second = capsys.readouterr().err.splitlines()
    assert "the best so far" not in first and "val_mse 0.25, 10 s, the best so far; 1 left" in second
