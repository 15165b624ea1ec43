"""Sweeps without training: an executor that writes finished runs."""

import signal
from pathlib import Path

from pw13.config.settings import DenseAE
from pw13.runs.folder import Run
from pw13.runs.opening import create_run, reopen_run
from pw13.runs.record import read_run
from pw13.sweeps import worker
from pw13.sweeps.folder import Sweep, build_sweep
from pw13.sweeps.jobs import INTERRUPTED, Job, JobResult
from pw13.system import signals

TIMES = {"seconds": 10.0, "epoch_seconds": 2.0}


class FakeExecutor:
    """Runs one job at a time by writing a finished run; `script`: the errors of the next tries of a point."""

    name = "nobody"
    free_slots = 1
    keeps_queue = False

    def __init__(self, script=None, stop_after=None):
        self.script, self.stop_after = script or {}, stop_after
        self.started: list[str] = []
        self.times = TIMES
        self.now: Job | None = None
        self.stopped = self.closed = False

    def choose(self, jobs):
        return 0

    def start(self, job):
        self.started.append(job.folder.name)
        self.now, self.free_slots = job, 0

    def wait_finished(self, seconds):
        if self.stop_after is not None and len(self.started) > self.stop_after:
            signals.request(signal.SIGINT)
            return []
        job, self.now, self.free_slots = self.now, None, 1
        tries = self.script.get(job.folder.name, [])
        error = tries.pop(0) if tries else None
        if error is None:
            finish(job, self.times)
        return [JobResult(job, error)]

    def stop(self):
        self.stopped = True
        if self.now:  # a running point writes its checkpoint and ends
            open_run(self.now).update(status="interrupted")

    def close(self):
        self.closed = True


def finish(job: Job, times: dict[str, float] = TIMES) -> None:
    """Write a completed run of the job, with metrics that follow from its settings."""
    run = open_run(job)
    value = 1 / job.settings["code_size"] + job.settings["seed"] / 100
    run.save_text("history.csv", f"epoch,loss,val_loss\n1,1.0,{value + 1}\n2,1.0,{value}\n")
    run.finish({"val_mse": value, "epochs": 2, "compression": {"raw_bytes": 784}, **times})


def open_run(job: Job) -> Run:
    """Create the run of the job, or reopen it."""
    if job.folder.exists():
        return reopen_run(read_run(job.folder), DenseAE(**job.settings))
    facts = {"started": job.started} if job.started else {}
    return create_run(job.folder.parent, job.kind, {**job.settings, **job.data_paths}, name=job.folder.name, **facts)


def make_sweep(data: Path, seeds: int = 2, **axes) -> Sweep:
    return build_sweep("dense-ae", DenseAE(epochs=2), axes or {"code_size": [2, 4]}, seeds, {"data": str(data)})


def run_with(sweep, run, executor):
    from pw13.sweeps.scheduler import run_sweep

    return run_sweep(sweep, run=run, executor=executor)


def reopen(run):
    return reopen_run(read_run(run.folder), DenseAE(epochs=2))


class InProcessExecutor:
    """Runs jobs in this process, the first one started first; one that is interrupted interrupts the caller."""

    name = "this process"
    keeps_queue = False

    def __init__(self, jobs):
        self.jobs, self.running = jobs, []

    def resize(self, jobs):
        assert not self.running
        self.jobs = jobs

    @property
    def free_slots(self):
        return self.jobs - len(self.running)

    def choose(self, jobs):
        return 0

    def start(self, job):
        assert self.free_slots > 0
        self.running.append(job)

    def wait_finished(self, seconds):
        if not self.running:
            return []
        job = self.running.pop(0)
        result = worker.run_here(job)
        if result.error == INTERRUPTED:
            signals.request(signal.SIGINT)
            return []
        return [result]

    def stop(self):
        self.running.clear()

    def close(self):
        self.stop()
