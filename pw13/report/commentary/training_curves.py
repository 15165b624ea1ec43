"""Comments on the curves of any training (1d, conv d, 2f)."""

from collections.abc import Mapping, Sequence

from pw13.report.commentary.phrasing import figure, joined, percent

LEVEL_SHARE = (
    0.01  # relative fall of the validation loss over the last tenth of a training up to which it has levelled off
)


def training(history: Sequence[Mapping[str, float]]) -> str:
    """Whether a training has levelled off, and whether it fits its training data better than others."""
    if not history:
        return ""
    losses = [row["val_loss"] for row in history]
    best = min(range(len(losses)), key=losses.__getitem__)
    reached = f"The lowest validation loss, {figure(losses[best])}, comes at epoch {best + 1} of {len(losses)}."
    return joined(reached, _levelled(losses), overfitting(history[best]["loss"], losses[best]))


def _levelled(losses: Sequence[float]) -> str:
    if len(losses) < 3:
        return "So few epochs do not show where the curve would level off."
    before = losses[-1 - max(1, len(losses) // 10)]
    fall = (before - losses[-1]) / before if before else 0.0
    span = "epoch" if len(losses) < 20 else f"{len(losses) // 10} epochs"
    if losses[-1] > min(losses) * (1 + LEVEL_SHARE):
        return "Since then it has risen, so that the model of the best epoch is the one used everywhere below."
    if fall > LEVEL_SHARE:
        return f"It still fell by {percent(fall)} over the last {span}: more epochs may lower it further."
    return f"Over the last {span} it changed by {percent(abs(fall))}: the training has levelled off."


def overfitting(train: float, validation: float) -> str:
    """The gap between the losses of the best epoch."""
    gap = (validation - train) / train if train else 0.0
    if gap > 0.1:
        return (
            f"The validation loss is {percent(gap)} above the training loss: the model has begun to learn "
            "its examples by heart."
        )
    if gap < -0.02:
        return (
            f"The validation loss is {percent(-gap)} below the training loss, which is a mean over an epoch "
            "while the weights "
            "still move."
        )
    return (
        f"The two losses are within {percent(max(abs(gap), 0.001))} of each other: there is no overfitting to speak of."
    )
