"""Comments on SVMs on codes and on pixels (1g)."""

from collections.abc import Sequence

from pw13.metrics.intervals import Interval
from pw13.report.commentary.phrasing import format_count, format_percent, join_words
from pw13.svm.summary import ALPHA

HARDLY_USABLE = 0.1  # of the way from chance to perfect accuracy, below which codes are called hardly usable


def codes_against_pixels(
    pixels: float,
    codes: float,
    p: float | None,
    *,
    size: int,
    kernel: str,
    settings: Sequence[str] = (),
    holm: bool = False,
) -> str:
    """Return the difference in accuracy (a fraction each), and whether it is significant; `p` is McNemar's.

    holm: whether `p` is corrected for the number of tests. settings: what tells the encoder from others of its size.
    """
    points, values = 100 * (codes - pixels), _code(size, settings)
    if abs(points) < 0.005:
        difference = f"codes of {values} match pixels, {format_percent(codes, 2)} accuracy"
    else:
        difference = (
            f"codes of {values} {'gain' if points > 0 else 'lose'} {abs(points):.2f} points against pixels, "
            f"{format_percent(codes, 2)} against {format_percent(pixels, 2)} accuracy"
        )
    significance = f", {_significance(p, holm=holm)}" if p is not None else ""
    return f"{kernel} SVM: {difference}{significance}."


def codes_over_encoders(pixels: float, codes: Interval, *, size: int, kernel: str, settings: Sequence[str] = ()) -> str:
    """Compare the accuracy of codes, over encoders of several seeds, with that of pixels (a fraction).

    settings: what tells the encoders from others of their size.
    """
    assert codes.ci95 is not None
    low, high = (bound - pixels for bound in codes.ci95)
    if low <= 0 <= high:
        verdict = "codes and pixels are not distinguishable"
    else:
        verdict = f"codes {'gain' if low > 0 else 'lose'} {100 * abs(codes.mean - pixels):.2f} points against pixels"
    interval = " to ".join(format_percent(bound, 2) for bound in codes.ci95)
    return (
        f"{kernel} SVM: {verdict}, {format_percent(codes.mean, 2)} accuracy over {codes.n} encoders (95 % interval "
        f"{interval}) against {format_percent(pixels, 2)}. A code has {_code(size, settings)}."
    )


def _code(size: int, settings: Sequence[str]) -> str:
    return f"{format_count(size, 'value')}{f' ({join_words(settings)})' if settings else ''}"


def _significance(p: float, *, holm: bool) -> str:
    value = "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"
    return f"{'significant' if p < ALPHA else 'not significant'} ({value}, McNemar{', Holm' * holm})"


def usable(codes: float, classes: int, majority: float | None = None) -> str:
    """Return the answer to the handout's question whether codes can train an SVM.

    majority: the largest share of one class among the test images, None in older runs. Where classes are not equally
        frequent, always naming that class is right more often than chance.
    """
    if not classes:
        return ""
    chance = 1 / classes
    if majority is not None and majority > chance:
        reached = f"{format_percent(codes, 2)} test accuracy"
        naming = f"always naming the most frequent class reaches {format_percent(majority)} ({classes} classes)"
        if codes - majority < HARDLY_USABLE * (1 - majority):
            return f"Hardly: {reached}, where {naming}."
        return f"Yes: trained on codes alone, an SVM reaches {reached}; {naming}."
    if codes - chance < HARDLY_USABLE * (1 - chance):
        reached = format_percent(codes, 2)
        return f"Hardly: {reached} accuracy, where chance is {format_percent(chance)} ({classes} classes)."
    return (
        f"Yes: trained on codes alone, an SVM reaches {format_percent(codes, 2)} test accuracy, {codes / chance:.1f} "
        f"times chance ({classes} classes)."
    )
