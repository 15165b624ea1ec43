"""Worker processes keep the order of items, end with their parent, and a dead one gives one line of error."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pw13.errors import UserError
from pw13.system.process_pool import Worker, map_in_processes


def double(number: int) -> int:
    return 2 * number


def own_pid(number: int) -> int:
    return os.getpid()


def exit_at_5(number: int) -> int:
    if number == 5:
        os._exit(3)
    return number


def test_results_come_in_order_with_their_items():
    assert list(map_in_processes(double, iter(range(23)), workers=2, first=3)) == [(n, 2 * n) for n in range(23)]


def test_a_short_list_starts_no_process():
    assert {pid for _, pid in map_in_processes(own_pid, iter(range(4)), workers=2, first=4)} == {os.getpid()}


def test_a_long_list_uses_every_worker():
    pids = [pid for _, pid in map_in_processes(own_pid, iter(range(9)), workers=2, first=1)]
    assert pids[0] == os.getpid() and len(set(pids)) == 3


def test_a_worker_imports_no_module_of_the_current_folder(capfd):
    for name in ("signal", "pickle", "numpy"):
        Path(f"{name}.py").write_text(f"print('the {name} of the user')\nraise SystemExit(1)\n", "utf-8")
    assert list(map_in_processes(double, iter(range(3)), workers=1, first=0)) == [(n, 2 * n) for n in range(3)]
    assert "of the user" not in "".join(capfd.readouterr())


def test_a_killed_worker_is_reported():
    with pytest.raises(UserError, match="worker process was killed"):
        list(map_in_processes(exit_at_5, iter(range(9)), workers=2, first=0))


@pytest.mark.skipif(sys.platform == "win32", reason="looks at processes by /proc or ps")
def test_workers_end_when_their_parent_is_killed(tmp_path):
    code = (
        "import functools, itertools, sys\n"
        "from pw13.system.process_pool import map_in_processes\n"
        "from tests.helpers.workers import sleep\n"
        "if __name__ == '__main__':\n"
        "    task = functools.partial(sleep, folder=sys.argv[1])\n"
        "    for _ in map_in_processes(task, itertools.count(), workers=2, first=0): pass\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    folder = tmp_path / "pids"
    folder.mkdir()
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen([sys.executable, str(script), str(folder)], env={**os.environ, "PYTHONPATH": paths})
    wait_until(lambda: len(list(folder.iterdir())) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(is_alive(int(path.name)) for path in folder.iterdir()))


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no masks of signals")
def test_no_worker_can_be_interrupted_while_it_starts(tmp_path):
    code = (
        "import signal\n"
        "masked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())\n"  # at import
        "def answer(_): return masked\n"
        "if __name__ == '__main__':\n"
        "    from pw13.system.process_pool import Worker\n"
        "    for worker in (Worker(answer), Worker(answer)):\n"
        "        worker.send(0)\n"
        "        print(worker.receive())\n"
        "        worker.terminate()\n"
        "    print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.stdout.split() == ["True", "True", "set()"], done.stderr


def test_a_stopped_worker_ends_in_the_middle_of_an_item(tmp_path):
    worker = Worker(functools.partial(touch_and_sleep, seconds=60))
    worker.send(tmp_path / "started")
    wait_until((tmp_path / "started").exists)
    worker.request_stop()
    worker.join(10)
    assert worker._process.exitcode is not None


def touch_and_sleep(path: Path, seconds: float) -> None:
    path.touch()
    time.sleep(seconds)


def wait_until(done, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_partial_functions_are_valid_tasks():
    assert list(map_in_processes(functools.partial(pow, 2), iter([1, 2, 3]), workers=1, first=0)) == [
        (1, 2),
        (2, 4),
        (3, 8),
    ]
