"""How long the steps of a coursework will still take."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pw13.coursework.plan import CourseData, Step
from pw13.experiments.runtime_estimate import estimate_seconds
from pw13.sweeps.jobs import MULTITHREADED_KINDS
from pw13.system import machine


class Left(NamedTuple):
    """What is left of a step: the run of its first seed, perhaps, and how many further ones."""

    step: Step
    first: bool
    further: int


def seconds_left(
    left: Sequence[Left],
    plan: Sequence[Step],
    measured: Mapping[str, float],
    spent: Mapping[str, float],
    data: CourseData,
    parallel: int,
) -> float:
    """Estimate the seconds of what is left of a plan, `parallel` runs at a time.

    measured: the seconds of finished first seeds by the names of their steps; the estimates are scaled by them. spent:
    those of the running ones so far.
    """
    each = {step.name: run_seconds(step, data, plan) for step in plan}
    scale = sum(measured.values()) / sum(each[name] for name in measured) if measured else 1.0
    firsts = [max(scale * each[step.name] - spent.get(step.name, 0.0), 0.0) for step, first, _ in left if first]
    further = [scale * each[step.name] * seeds / seeds_at_a_time(step, parallel) for step, _, seeds in left if seeds]
    return max(sum(firsts) / parallel, max(firsts, default=0.0)) + sum(further)


def run_seconds(step: Step, data: CourseData, plan: Sequence[Step]) -> float:
    """Estimate the seconds of one seed of a step of a plan on two cores."""
    encoders = sum(used.seeds for used in plan if used.name in step.uses)
    return estimate_seconds(step.kind, step.settings, images=data.images, characters=data.characters, encoders=encoders)


def seeds_at_a_time(step: Step, parallel: int) -> int:
    """Return about how many further seeds of a step run at a time."""
    if step.kind in MULTITHREADED_KINDS:
        return max(1, min(parallel, machine.cores() // int(step.settings.threads)))
    return parallel
