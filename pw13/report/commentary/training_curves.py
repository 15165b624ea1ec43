"""Comments on the loss curves of any training (1d, conv d, 2f)."""

from collections.abc import Mapping, Sequence

from pw13.report.commentary.phrasing import format_number, format_percent, join_sentences

LEVEL_TOLERANCE = 0.01  # relative fall of the validation loss over the last tenth of the epochs that counts as level


def training(history: Sequence[Mapping[str, float]]) -> str:
    """Return the best epoch, whether the validation loss has levelled off, and the gap to the training loss."""
    if not history:
        return ""
    losses = [row["val_loss"] for row in history]
    best = min(range(len(losses)), key=losses.__getitem__)
    minimum = f"The lowest validation loss, {format_number(losses[best])}, is at epoch {best + 1} of {len(losses)}."
    return join_sentences(minimum, _convergence(losses), overfitting(history[best]["loss"], losses[best]))


def _convergence(losses: Sequence[float]) -> str:
    if len(losses) < 3:
        return "These are too few epochs to tell where the loss would level off."
    before = losses[-1 - max(1, len(losses) // 10)]
    fall = (before - losses[-1]) / before if before else 0.0
    span = "epoch" if len(losses) < 20 else f"{len(losses) // 10} epochs"
    if losses[-1] > min(losses) * (1 + LEVEL_TOLERANCE):
        return "It has risen since, so the model of the best epoch is used throughout."
    if fall > LEVEL_TOLERANCE:
        return f"It still fell by {format_percent(fall)} over the last {span}: more epochs may lower it further."
    return f"Over the last {span} it changed by {format_percent(abs(fall))}: it has levelled off."


def overfitting(train: float, validation: float) -> str:
    """Return the gap between training and validation loss of the best epoch."""
    gap = (validation - train) / train if train else 0.0
    if gap > 0.1:
        return f"The validation loss is {format_percent(gap)} above the training loss: the model has begun to overfit."
    if gap < -0.02:
        return (
            f"The validation loss is {format_percent(-gap)} below the training loss, which is a mean over the epoch "
            "while the weights still change."
        )
    return f"The two losses are within {format_percent(max(abs(gap), 0.001))} of each other: no sign of overfitting."
