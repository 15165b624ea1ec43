"""How long the steps of a coursework will still take."""

from collections.abc import Mapping, Sequence

from pw13.coursework.plan import CourseData, Step, StepResult
from pw13.experiments.runtime_estimate import estimate_seconds


def seconds_left(
    left: Sequence[Step],
    plan: Sequence[Step],
    done: Sequence[StepResult],
    spent: Mapping[str, float],
    data: CourseData,
    parallel: int,
) -> float:
    """Estimate the seconds of the steps `left` of a plan, `parallel` at a time, scaled by what new ones took.

    spent: seconds of the running ones so far, by name.
    """
    new = [(result, result.step.seeds if result.sweep else 1) for result in done if result.how == "new"]
    estimated = sum(step_seconds(result.step._replace(seeds=seeds), data, plan) for result, seeds in new)
    factor = sum(result.seconds for result, _ in new) / estimated if new else 1.0
    seconds = [max(factor * step_seconds(step, data, plan) - spent.get(step.name, 0.0), 0.0) for step in left]
    longest = max((each / step.seeds for each, step in zip(seconds, left, strict=True)), default=0.0)
    return max(sum(seconds) / parallel, longest)


def step_seconds(step: Step, data: CourseData, plan: Sequence[Step]) -> float:
    """Estimate the seconds of a step of a plan with all its seeds on two cores, one after the other."""
    encoders = sum(used.seeds for used in plan if used.name in step.uses)
    return step.seeds * estimate_seconds(
        step.kind, step.settings, images=data.images, characters=data.characters, encoders=encoders
    )
