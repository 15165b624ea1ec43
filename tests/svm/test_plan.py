"""Memory decides which methods an evaluation uses."""

import numpy as np
import pytest

from pw13.svm import exact, plan

GB = 10**9


def job(count: int, **changes) -> plan.Job:
    facts = {"test": 10_000, "sizes": (784, 32, 32), "kernels": ("rbf", "linear"), "tune_on": 4000, "folds": 3}
    fixed = 350_000_000 + 784 * (count + 10_000)
    return plan.Job(**{**facts, "labels": np.arange(count) % 10, "fixed": fixed, **changes})


def make(described: plan.Job, limit: float, *, use_intelex: bool = False) -> plan.Plan | None:
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
        more = exact.memory(np.full(10, (chosen.exact + 1000) / 10), 2) - exact.memory(
            np.full(10, chosen.exact / 10), 2
        )
        assert chosen.memory + more + 3 * 4 * 784 * 1000 > limit * GB
    assert 10_000 < few.exact < many.exact


def test_more_memory_makes_a_larger_set_exact():
    assert make(job(60_000), 3).exact < 60_000
    assert make(job(60_000), 12).all_by == {"rbf": "SVC", "linear": "SVC"}


def test_a_large_pair_of_classes_takes_more_memory_than_many_small_ones():
    assert exact.memory(np.array([6000, 6000]), 2) > exact.memory(np.full(10, 1200), 2)
    assert make(job(20_000, labels=np.arange(20_000) % 2), 3).exact < 20_000


def test_what_does_not_fit_has_no_plan_but_a_least_memory():
    large = job(529_114)
    least = plan.least_memory(large, threads=2)
    assert make(large, 0.5) is None and make(large, (least - 2e6) / GB) is None
    held = 2 * 4 * 32 * 539_114  # the codes, which are kept where they take at most a quarter
    assert make(large, (least + held) / GB).exact >= plan.MIN_EXACT


@pytest.mark.parametrize(("limit", "method"), [(3, "SVC (scikit-learn-intelex 1.2.3)"), (1.5, "SGD")])
def test_the_extra_is_used_where_its_memory_fits(fake_intelex, limit, method):
    assert make(job(60_000), limit, use_intelex=True).all_by["linear"] == method


def test_more_work_takes_longer():
    seconds = [make(job(count), 3).seconds for count in (5_000, 10_440, 529_114)]
    assert seconds == sorted(seconds) and 10 < seconds[1] < 60 and 240 < seconds[2] < 900
    assert make(job(10_440, kernels=("linear",)), 3).seconds < seconds[1]
