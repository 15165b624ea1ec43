"""The document of a hand-in, made once from the runs; every rendering is of this."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pw13.report import appendix, exercise1, exercise2, first_page, questions
from pw13.report.choosing import Chosen
from pw13.report.document import Chapter, Document, Item
from pw13.report.evidence import Evidence

TITLE = "Autoencoders and generative RNNs"


def make(
    found: Evidence, chosen: Chosen | None, *, authors: Sequence[str], answers: dict[str, Any], own: dict[str, str]
) -> Document:
    """The whole hand-in, in the order of the handout."""

    def finished(items: list[Item]) -> tuple[Item, ...]:
        return tuple(questions.commented(questions.answered(item, answers), own) for item in items)

    images = [*exercise1.items(found)]
    chapters = (
        Chapter("In short", tuple(first_page.in_short(found)), ()),
        Chapter(
            "Exercise 1: autoencoders",
            tuple(first_page.data_of(found.dense or found.conv or found.svm, "Images")),
            finished(images[:7]),
        ),
        Chapter("Exercise 1: convolutional denoising autoencoder", (), finished(images[7:])),
        Chapter(
            "Exercise 2: a generator of startup names",
            tuple(first_page.data_of(found.simple, "Names")),
            finished(exercise2.items(found, chosen)),
        ),
        Chapter("Exercise 3: review questions", (), finished(questions.review())),
        Chapter("Appendix: where the numbers come from", tuple(appendix.provenance(found)), ()),
    )
    return Document(TITLE, tuple(authors), date(found), tuple(first_page.notices(found)), chapters)


def keys() -> list[str]:
    """The keys of all items, for a user's comments."""
    found = Evidence((), "")
    return [item.key for item in [*exercise1.items(found), *exercise2.items(found, None), *questions.review()]]


def date(found: Evidence) -> str:
    """The day of the newest run, so that the same runs give the same report whenever it is made."""
    newest = max(str(record.facts.get("ended") or record.facts["started"]) for record in found.records)
    return datetime.fromisoformat(newest).date().isoformat()
