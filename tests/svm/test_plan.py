"""Memory decides which methods an evaluation uses."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pw13.experiments.svm_features import EncodedRows
from pw13.svm import cross_validation, evaluation, exact, kernels, plan
from pw13.svm.kernels import Setting
from tests.svm.conftest import make_clusters

GB = 10**9
ONE = [Setting("linear", 1.0, 0.0)]


def job(count: int, **changes) -> plan.Workload:
    facts = {"test": 10_000, "sizes": (784, 32, 32), "kernels": ("rbf", "linear"), "tune_on": 4000, "folds": 3}
    fixed = 350_000_000 + 784 * (count + 10_000)
    return plan.Workload(**{**facts, "labels": np.arange(count) % 10, "fixed": fixed, **changes})


def make(described: plan.Workload, limit: float, *, use_intelex: bool = False) -> plan.Plan | None:
    return plan.make(described, int(limit * GB), threads=2, use_intelex=use_intelex)


def test_the_sets_of_the_handout_are_evaluated_exactly_and_keep_their_features():
    for count in (120, 10_440, 20_000):
        chosen = make(job(count), 3)
        assert chosen.exact == count and chosen.all_by == {"rbf": "SVC", "linear": "SVC"}
        assert chosen.held == (True, True, True) and chosen.memory < 3 * GB


def test_of_a_large_set_as_many_images_as_fit_are_evaluated_exactly():
    few, many = (make(job(529_114), limit) for limit in (2, 3))
    for chosen, limit in ((few, 2), (many, 3)):
        assert chosen.all_by == {"rbf": "Nystroem 1000 + SGD", "linear": "SGD"}
        assert chosen.held == (False, True, True) and chosen.memory <= limit * GB
        assert chosen.exact % 1000 == 0
        assert chosen.memory > 0.9 * limit * GB
    assert 10_000 < few.exact < many.exact


def test_more_memory_makes_a_larger_set_exact():
    assert make(job(60_000), 3).exact < 60_000
    assert make(job(60_000), 12).all_by == {"rbf": "SVC", "linear": "SVC"}


def test_a_large_pair_of_classes_takes_more_memory_than_many_small_ones():
    assert exact.memory(np.array([6000, 6000]), 32, 2, ONE) > exact.memory(np.full(10, 1200), 32, 2, ONE)
    assert make(job(20_000, labels=np.arange(20_000) % 2), 3).exact < 20_000


def test_what_does_not_fit_has_no_plan_but_a_least_memory():
    large = job(529_114)
    least = plan.least_memory(large, threads=2)
    assert make(large, 0.5) is None and make(large, (least - 1) / GB) is None
    smallest = make(large, least / GB)
    assert (smallest.exact, smallest.held, smallest.memory) == (plan.MIN_EXACT, (False, False, False), least)


jobs = st.builds(
    lambda count, classes, codes: job(count, labels=np.arange(count) % classes, sizes=(784, *codes)),
    st.integers(100, 300_000), st.integers(2, 47), st.lists(st.sampled_from([16, 32, 64, 6272]), max_size=4),
)  # fmt: skip
bytes_of_memory = st.integers(10**8, 6 * GB)


@settings(deadline=None, max_examples=50)
@given(jobs, bytes_of_memory)
def test_a_plan_keeps_to_its_memory_and_is_made_wherever_the_least_fits(described, limit):
    chosen = plan.make(described, limit, threads=2, use_intelex=False)
    assert (chosen is None) == (limit < plan.least_memory(described, threads=2))
    assert chosen is None or chosen.memory <= limit


@settings(deadline=None, max_examples=50)
@given(jobs, bytes_of_memory, st.integers(0, 2 * GB))
def test_more_memory_never_means_fewer_exact_images(described, limit, more):
    few, many = (plan.make(described, each, threads=2, use_intelex=False) for each in (limit, limit + more))
    assert few is None or few.exact <= many.exact


def test_where_one_more_kind_of_features_is_kept_as_many_images_are_exact():
    large = job(529_114, sizes=(784, 32))
    threshold = int(4 * (816 + 784) * 539_114 / plan.HELD_SHARE)  # from here on pixels are kept
    below, above = (plan.make(large, limit, threads=2, use_intelex=False) for limit in (threshold - 10, threshold + 10))
    assert (below.held, above.held) == ((False, True), (True, True)) and below.exact == above.exact


def test_features_are_not_kept_where_all_images_are_exact_without_them(monkeypatch):
    described = job(20_000, sizes=(784,))
    with monkeypatch.context() as patch:
        patch.setattr(plan, "HELD_SHARE", 0)
        without = make(described, 3).memory
    plans = [plan.make(described, limit, threads=2, use_intelex=False) for limit in (without, without + GB)]
    assert [(each.exact, each.held) for each in plans] == [(20_000, (False,)), (20_000, (True,))]


def test_gammas_are_tuned_together_only_where_their_kernel_matrices_fit():
    assert make(job(20_000), 2).together and make(job(20_000), 2).memory < 2 * GB
    many = job(20_000, tune_on=20_000, folds=20)
    small, large = make(many, 2), make(many, 5)
    assert (small.exact, small.together) == (large.exact, not large.together) == (20_000, False)
    tuning = exact.memory(np.full(10, 1900), 784, 2, kernels.grid("rbf", 784), together=True)
    assert small.memory < 2 * GB and large.memory > many.fixed + plan.BLOCKS + tuning
    linear = make(job(20_000, tune_on=20_000, folds=20, kernels=("linear",)), 2)
    assert linear.together  # one gamma


@pytest.mark.parametrize(("limit", "method"), [(3, "SVC (scikit-learn-intelex 1.2.3)"), (1.5, "SGD")])
def test_the_extra_is_used_where_its_memory_fits(fake_intelex, limit, method):
    assert make(job(60_000), limit, use_intelex=True).all_by["linear"] == method


def test_more_work_takes_longer():
    seconds = [make(job(count), 3).seconds for count in (5_000, 10_440, 529_114)]
    assert seconds == sorted(seconds) and 10 < seconds[1] < 60 and 240 < seconds[2] < 900
    assert make(job(10_440, kernels=("linear",)), 3).seconds < seconds[1]


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize(
    ("count", "classes", "size", "threads"), [(600, 30, 20, 1), (600, 30, 20, 4), (900, 4, 20, 1), (900, 4, 20, 2)]
)
def test_a_plan_is_a_close_upper_bound_of_what_numpy_allocates(
    monkeypatch, count, classes, size, threads, kernel, held
):
    monkeypatch.setattr(plan, "BLOCKS", 1_000_000)  # NumPy joins small matrices in two steps
    monkeypatch.setattr(plan, "HELD_SHARE", held)
    train, labels = make_clusters(count, 1, size, classes)
    test, _ = make_clusters(600, 2, size, classes)
    facts = {"sizes": (size,), "kernels": (kernel,), "tune_on": count, "test": len(test), "fixed": 0}
    chosen = plan.make(job(count, labels=labels, **facts), GB, threads=threads, use_intelex=False)
    folds = cross_validation.stratified_folds(np.arange(count), labels, 3, rng=np.random.default_rng(0))
    assert (chosen.exact, chosen.held, chosen.together) == (count, (held,), True)

    def evaluate(map_fn):
        rows = [array.copy() if held else EncodedRows(array, np.arange(len(array)), np.copy) for array in (train, test)]
        solvers = [evaluation.exact_solver(None)]
        return evaluation.evaluate(rows[0], labels, rows[1], kernel, folds=folds, solvers=solvers, map_fn=map_fn)

    with kernels.thread_pool(threads) as pool:
        tracemalloc.start()
        try:
            evaluate(pool.map)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak <= chosen.memory
    if threads == 1:  # of several, fits need not be at their peaks at the same time
        assert chosen.memory < 1.5 * peak
