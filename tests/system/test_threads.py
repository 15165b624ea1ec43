"""Threads of the libraries: limited for the whole process, asleep while they wait."""

import json
import subprocess
import sys

SHOW = """
import json, os, sys
from pw13.system import threads
threads.let_sleep()
import numpy, sklearn.manifold
threads.limit(1)
import skimage.restoration, scipy.linalg
from threadpoolctl import threadpool_info
pools = [[pool["internal_api"], pool["num_threads"]] for pool in threadpool_info()]
print(json.dumps([pools, {name: os.environ[name] for name in (*threads.COUNTS, *threads.SLEEP_WHILE_WAITING)}]))
"""


def test_every_pool_has_the_threads_asked_for_however_late_it_is_loaded():
    done = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, timeout=120)
    pools, environment = json.loads(done.stdout)
    assert {name for name, _ in pools} >= {"openblas", "openmp"}
    assert {count for _, count in pools} == {1}
    assert environment["OMP_NUM_THREADS"] == "1" and environment["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_user_s_choice_of_waiting_stays(monkeypatch):
    from pw13.system import threads

    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    threads.let_sleep()
    assert threads.os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
