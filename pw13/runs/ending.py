"""How a run ends: what run.json says if it did not complete, and what is undone."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pw13 import console
from pw13.errors import OptionError, ResumeError, TakenOverError, UserError
from pw13.runs.folder import Run, run_json_lock
from pw13.runs.places import quote
from pw13.system import locks, signals
from pw13.system.signals import Interrupted


@contextlib.contextmanager
def track_status(run: Run) -> Iterator[Run]:
    """Write to run.json how the work in this context ended, if it did not complete.

    A new run rejected before its data were recorded is deleted; a reopened one that is rejected, or that cannot be
    resumed, is restored. One that another process has resumed is left to it. The lock of the folder is released.

    Raises:
        UserError: memory ran out; what is finished is kept.
    """
    signals.on_forced_exit(lambda: _on_forced_exit(run))
    try:
        yield run
    except Interrupted as stop:
        run.close("interrupted", signal=stop.number)
        stop.run = cli_name(run.folder)
        raise
    except TakenOverError:
        raise
    except BaseException as error:
        if isinstance(error, (UserError, OptionError)) and _discard_rejected(run, error):
            raise
        with contextlib.suppress(OSError):
            run.close("failed", error=f"{error}"[:2000] or type(error).__name__)
        if _is_out_of_memory(error):
            raise UserError(f"out of memory; free some, then resume with: pw13 resume {cli_name(run.folder)}") from None
        raise
    finally:
        signals.clear_exit_hooks()
        locks.release(run.folder)


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, for Python or for TensorFlow, which need not be imported here."""
    return any(cls.__name__ in ("MemoryError", "ResourceExhaustedError") for cls in type(error).__mro__)


def _discard_rejected(run: Run, error: UserError | OptionError) -> bool:
    """Undo a run that was rejected before any work on it; return whether it was.

    Raises:
        TakenOverError: another process has resumed it since; it is left unchanged.
    """
    if run.data_recorded and not (run.previous is not None and isinstance(error, ResumeError)):
        return False
    run.read_own()
    if run.previous is not None:
        run.save_json("config.json", run.previous.config)
        run.save_json("run.json", run.previous.facts)
        return True
    if (run.folder.parent / "run.json").exists():  # a point of a sweep: its folder records the failure
        return False
    locks.release(run.folder)
    shutil.rmtree(run.folder, ignore_errors=True)
    return True


def cli_name(folder: Path) -> str:
    """Return a run's name on the command line: its folder name in `runs`, else its path; quoted for a shell."""
    in_runs = folder.parent.absolute() == Path("runs").absolute()
    return quote(folder.name if in_runs else os.fspath(folder))


def discard(folder: str) -> None:
    """Remove a temporary folder of runs that was interrupted, and say so."""
    shutil.rmtree(folder, ignore_errors=True)
    console.warning("interrupted; nothing was saved")


def _on_forced_exit(run: Run) -> None:
    run_json_lock.acquire(timeout=2)  # never released: a later write would overwrite the status
    run.close("interrupted")
    console.warning(f"interrupted; progress saved. Resume with: pw13 resume {cli_name(run.folder)}")
