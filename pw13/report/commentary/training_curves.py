"""Comments on the loss curves of any training (1d, conv d, 2f)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pw13.report.commentary.contrasts import SAME_LOSS_TOLERANCE
from pw13.report.commentary.phrasing import (
    format_count,
    format_number,
    format_percent,
    join_sentences,
    join_words,
)

# Relative fall of the validation loss over a tenth of the epochs that counts as level: what counts as the same loss.
LEVEL_TOLERANCE = SAME_LOSS_TOLERANCE
RISE_TOLERANCE = 0.01  # relative rise above the minimum that is more than the noise of a curve
MIN_EPOCHS = 3  # a shorter curve shows no trend


class Conditions(NamedTuple):
    """What a run's settings say about how to read its loss curves.

    dropout: the rate, which raises the training loss but not the validation loss. from_mid_name: whether training
    windows begin in mid-name, from zero states, where validation reads every name from its start.
    """

    schedule: str
    dropout: float = 0.0
    from_mid_name: bool = False

    @property
    def decays(self) -> bool:
        """Whether the learning rate ends at 0, and with it every curve flat."""
        return self.schedule != "constant"


def training(history: Sequence[Mapping[str, float]], conditions: Conditions) -> str:
    """Return the best epoch, whether the validation loss has levelled off, and the gap to the training loss."""
    if not history:
        return ""
    losses = [row["val_loss"] for row in history]
    best = min(range(len(losses)), key=losses.__getitem__)
    minimum = f"The lowest validation loss, {format_number(losses[best])}, is at epoch {best + 1} of {len(losses)}."
    gap = overfitting(history[best]["loss"], losses[best], conditions, risen=_has_risen(losses))
    return join_sentences(minimum, _convergence(losses, conditions), gap)


def is_falling(losses: Sequence[float], conditions: Conditions) -> bool:
    """Return whether the training was too short for its result to stand for the network.

    losses: validation loss of every epoch. Too few of them show no trend, and count as falling. Under a rate that
    decays to 0 the end is flat however far a longer training would go; then the fall at half of the epochs counts too.
    """
    if not losses:
        return False  # nothing is known of the run
    if len(losses) < MIN_EPOCHS:
        return True
    if _has_risen(losses):
        return False
    ends = (len(losses) - 1, len(losses) // 2) if conditions.decays else (len(losses) - 1,)
    return any(_fall(losses, end) > LEVEL_TOLERANCE for end in ends)


def too_short(what: str, epochs: int, falling: Sequence[str]) -> str:
    """Return that runs cannot be compared by `what`; `falling` names those whose loss was still falling."""
    return (
        f"Too short to compare {what}: after {format_count(epochs, 'epoch')} the loss of {join_words(falling)} was "
        "still falling. With more epochs the order may change."
    )


def _convergence(losses: Sequence[float], conditions: Conditions) -> str:
    if len(losses) < MIN_EPOCHS:
        return "These are too few epochs to tell where the loss would level off."
    if _has_risen(losses):
        return "It has risen since, so the model of the best epoch is used throughout."
    fall, span = _fall(losses, len(losses) - 1), _span(losses)
    if fall > LEVEL_TOLERANCE:
        return f"It still fell by {format_percent(fall)} over the last {span}: more epochs may lower it further."
    if not conditions.decays:
        return f"Over the last {span} it changed by {format_percent(abs(fall))}: it has levelled off."
    halfway = _fall(losses, len(losses) // 2)
    earlier = f"; at half of the epochs it still fell by {format_percent(halfway)} per {span}" if halfway > 0 else ""
    return (
        "The learning rate decays to 0, so the curve ends flat however many epochs there are: whether a longer "
        f"training would reach a lower loss it does not show{earlier}."
    )


def _has_risen(losses: Sequence[float]) -> bool:
    return losses[-1] > min(losses) * (1 + RISE_TOLERANCE)


def _fall(losses: Sequence[float], end: int) -> float:
    """Return the relative fall over a tenth of the epochs, at least one, up to index `end`."""
    before = losses[end - max(1, len(losses) // 10)]
    return (before - losses[end]) / before if before else 0.0


def _span(losses: Sequence[float]) -> str:
    return "epoch" if len(losses) < 20 else f"{len(losses) // 10} epochs"


def overfitting(train: float, validation: float, conditions: Conditions, *, risen: bool = False) -> str:
    """Return the gap between training and validation loss of the best epoch, if they are on one scale.

    risen: whether the validation loss is higher at the end.
    """
    if conditions.from_mid_name:
        dropout = f", and has dropout ({conditions.dropout:g})" if conditions.dropout else ""
        return (
            "The two losses are not on one scale: the training loss is that of windows that begin in mid-name, from "
            f"zero states{dropout}; for validation every name is read from its start, the state carried through it."
        )
    gap = (validation - train) / train if train else 0.0
    if gap > 0.1:
        return f"The validation loss is {format_percent(gap)} above the training loss: the model has begun to overfit."
    if gap < -0.02:
        dropout = (
            f" and is measured with dropout ({conditions.dropout:g}), which validation is without"
            if conditions.dropout
            else ""
        )
        return (
            f"The validation loss is {format_percent(-gap)} below the training loss, which is a mean over the epoch "
            f"while the weights still change{dropout}."
        )
    within = f"The two losses are within {format_percent(max(abs(gap), 0.001))} of each other"
    if conditions.dropout:
        return (
            f"{within}; dropout ({conditions.dropout:g}) raises the training loss, so this is no sign of a small gap."
        )
    return f"{within} at that epoch." if risen else f"{within}: no sign of overfitting."
