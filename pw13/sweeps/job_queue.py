"""Run the jobs of a queue by an executor, and those again whose worker dies."""

from collections import Counter
from collections.abc import Sized
from pathlib import Path
from typing import Protocol

from pw13 import console
from pw13.sweeps.executors import Executor
from pw13.sweeps.jobs import INTERRUPTED, WORKER_DIED, Job, JobResult
from pw13.system import signals

MAX_TRIES = 3  # starts of a job whose worker dies; after that, the job is taken to be the cause


class JobQueue(Protocol):
    """Jobs and what is shown of them.

    running: what was started and has not finished.
    """

    @property
    def running(self) -> Sized: ...

    def ready(self) -> list[Job]:
        """Return jobs that can be started now, all of those or one at a time."""
        ...

    def mark_started(self, job: Job) -> None:
        """Record that a job runs."""
        ...

    def mark_finished(self, result: JobResult) -> bool:
        """Record how a job ended, and return whether its run is complete."""
        ...

    def mark_retry(self, job: Job) -> None:
        """Record that a job whose worker died waits again, to be resumed from its last checkpoint."""
        ...

    def show(self, update: console.TableUpdate | None) -> None:
        """Show what the jobs do, on a terminal by `update`."""
        ...


def run_jobs(queue: JobQueue, executor: Executor) -> None:
    """Run jobs, as many at a time as the executor has slots for, until none waits.

    Raises:
        Interrupted: by a signal; running jobs have written their checkpoints.
    """
    tries: Counter[Path] = Counter()
    with signals.graceful_stop(), console.live_table() as update:
        while (ready := queue.ready()) or queue.running:
            while ready and executor.free_slots:
                job = ready[executor.choose(ready)]
                executor.start(job)
                queue.mark_started(job)
                ready = queue.ready()
            finished = executor.wait_finished(0.5)
            if signals.requested():  # which may have reached the workers, too
                executor.stop()
                signals.check()
            for result in finished:
                console.repeat_notes(result.notes)
                tries[result.job.folder] += 1
                complete = queue.mark_finished(result)
                died = not complete and result.error in (WORKER_DIED, INTERRUPTED)
                if died and tries[result.job.folder] < MAX_TRIES:
                    queue.mark_retry(result.job)
            queue.show(update)
