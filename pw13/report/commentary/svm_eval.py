"""Comments on SVMs on codes and on pixels (1g)."""

from pw13.report.commentary.phrasing import count, percent
from pw13.svm.summary import ALPHA

BARELY_USABLE = 0.1  # of the way from guessing to all right, up to which codes are called hardly usable


def svm(pixels: float, codes: float, p: float | None, *, size: int, kernel: str = "RBF") -> str:
    """The verdict on codes against pixels: difference in points, and whether it could be chance."""
    points = 100 * (codes - pixels)
    if abs(points) < 0.005:
        verdict = f"{kernel} SVM: codes are as good as pixels, {percent(codes, 2)} of the test images"
    else:
        what = "gain" if points > 0 else "lose"
        verdict = (
            f"{kernel} SVM: codes {what} {abs(points):.2f} points against pixels, {percent(codes, 2)} "
            f"against {percent(pixels, 2)}"
        )
    sure = f", {_chance(p)}" if p is not None else ""
    return f"{verdict}{sure}. A code has {count(size, 'value')}."


def _chance(p: float) -> str:
    shown = "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"
    return f"significant ({shown}, McNemar)" if p < ALPHA else f"not significant ({shown}, McNemar)"


def usable(codes: float, classes: int) -> str:
    """The plain answer to the handout's question whether codes can train an SVM."""
    if not classes:
        return ""
    chance = 1 / classes
    if codes - chance < BARELY_USABLE * (1 - chance):
        return f"Hardly: {percent(codes)} right, where guessing among {classes} classes gives {percent(chance)}."
    return (
        f"Yes: trained on codes alone, an SVM names {percent(codes)} of the test images right, "
        f"{codes / chance:.1f} times the share of guessing among {classes} classes."
    )
