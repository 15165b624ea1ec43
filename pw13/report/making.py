"""The document of a hand-in, made once from the runs; every rendering is of this."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pw13 import console
from pw13.records import Record
from pw13.report import charrnn, exercise1, exercise2, questions, svm, words
from pw13.report.blocks import shown
from pw13.report.choosing import Chosen
from pw13.report.comments import conv, dense
from pw13.report.document import Block, Chapter, Document, Item, Text, sentence, table
from pw13.report.evidence import Evidence, number, same_data

TITLE = "Autoencoders and generative RNNs"
HEADLINE = (  # (what, metric) of the first table; "svm" is worked out
    ("dense-ae", "Dense autoencoder, test MSE", "test_mse"),
    ("conv-dae", "Denoising: PSNR of noisy test images, dB", "noisy_psnr_db"),
    ("conv-dae", "Denoising: PSNR of denoised test images, dB", "denoised_psnr_db"),
)


def make(
    found: Evidence, chosen: Chosen | None, *, authors: Sequence[str], answers: dict[str, Any], own: dict[str, str]
) -> Document:
    """The whole hand-in, in the order of the handout."""

    def finished(items: list[Item]) -> tuple[Item, ...]:
        return tuple(questions.commented(questions.answered(item, answers), own) for item in items)

    images = [*exercise1.items(found)]
    chapters = (
        Chapter("In short", tuple(in_short(found)), ()),
        Chapter(
            "Exercise 1: autoencoders",
            tuple(data_of(found.dense or found.conv or found.svm, "Images")),
            finished(images[:7]),
        ),
        Chapter("Exercise 1: convolutional denoising autoencoder", (), finished(images[7:])),
        Chapter(
            "Exercise 2: a generator of startup names",
            tuple(data_of(found.simple, "Names")),
            finished(exercise2.items(found, chosen)),
        ),
        Chapter("Exercise 3: review questions", (), finished(questions.review())),
        Chapter("Appendix: where the numbers come from", tuple(provenance(found)), ()),
    )
    return Document(TITLE, tuple(authors), date(found), tuple(notices(found)), chapters)


def keys() -> list[str]:
    """The keys of all items, for a user's comments."""
    found = Evidence((), "")
    return [item.key for item in [*exercise1.items(found), *exercise2.items(found, None), *questions.review()]]


def date(found: Evidence) -> str:
    """The day of the newest run, so that the same runs give the same report whenever it is made."""
    newest = max(str(record.facts.get("ended") or record.facts["started"]) for record in found.records)
    return datetime.fromisoformat(newest).date().isoformat()


# -------------------------------------------------------------------------------------------------------- first page


def notices(found: Evidence) -> list[str]:
    """What a reader has to know before any number: built-in data, cut data, few images, several data sets."""
    said = []
    for kinds, real in (
        (("dense-ae", "conv-dae", "svm-eval"), "notMNIST"),
        (("charrnn",), "the corpus of 172,486 names"),
    ):
        names = dict.fromkeys(
            data["name"]
            for r in found.records
            if r.kind in kinds and (data := r.facts.get("data") or {}).get("kind") == "builtin"
        )
        said += [
            f"Built-in data: {name}. These are not results on {real}, and cannot be compared with them."
            for name in names
        ]
        of_kind = [r for r in found.records if r.kind in kinds]
        if any(not same_data(r, of_kind[0]) for r in of_kind):
            said.append(
                "The runs rest on different data; tables compare only runs on the same: "
                f"{'; '.join(sorted({_data_name(r) for r in of_kind}))}."
            )
    said += dict.fromkeys(
        sentence(text) for r in found.records for text in (r.facts.get("data") or {}).get("notes", [])
    )
    return [*said, *limited(found)]


def limited(found: Evidence) -> list[str]:
    """Runs that trained on a part of their data only."""
    return [
        f"Run {record.name} trained on at most {record.config['limit']:,} images (--limit)."
        for record in found.records
        if record.config.get("limit") is not None
    ]


def in_short(found: Evidence) -> list[Block]:
    """The chief numbers, and the sentence that goes with each."""
    by_kind = {"dense-ae": found.dense, "conv-dae": found.conv}
    rows = [
        (what, shown(number(record, name), digits=3), record.name)
        for kind, what, name in HEADLINE
        if (record := by_kind[kind])
    ]
    said: list[str] = []
    if found.svm:
        said += svm.verdict(found.svm.metrics or {})[1:2]
        for features, word in (("pixels", "pixels"), ("codes", "codes")):
            best = max(
                (r["accuracy"] for r in (found.svm.metrics or {}).get("results") or [] if r["features"] == features),
                default=None,
            )
            rows.append(
                (
                    f"SVM on {word}, test accuracy of the better kernel",
                    words.percent(best) if best is not None else "–",
                    found.svm.name,
                )
            )
    if found.conv:
        filters = {
            name: (each or {}).get("psnr_db")
            for name, each in ((found.conv.metrics or {}).get("baselines") or {}).items()
        }
        said.append(
            conv.denoising(number(found.conv, "noisy_psnr_db"), number(found.conv, "denoised_psnr_db"), filters)
        )
    for record in found.of("charrnn"):
        if record == found.simple or record.config.get("cell") != "simple":
            name = (
                f"{charrnn.CELLS[record.config['cell']]}, {record.config['units']} units, "
                f"{record.config['target']}, held out, nats a character"
            )
            rows.append((name, shown(number(record, "held_out_nats")), record.name))
    if found.dense:
        said.insert(
            0,
            dense.against_pca(
                found.dense.config["code_size"], number(found.dense, "test_mse"), number(found.dense, "pca_test_mse")
            ).replace("Its test MSE", "The dense autoencoder's test MSE"),
        )
    return [
        table("The chief numbers, each with its run.", ("what", "value", "run"), rows),
        *(Text(text, "comment") for text in said if text),
    ]


def data_of(record: Record | None, what: str) -> list[Block]:
    """Which data the exercise uses."""
    if record is None:
        return []
    data = record.facts.get("data") or {}
    counts = ", ".join(
        f"{value:,} {key.replace('_', ' ')}"
        for key, value in (data.get("counts") or {}).items()
        if isinstance(value, int)
    )
    return [
        Text(f"{what}: {_data_name(record)} ({counts}).", "note"),
        *(Text(sentence(note), "note") for note in data.get("notes", [])),
    ]


def _data_name(record: Record) -> str:
    return console.printable(str((record.facts.get("data") or {}).get("name", "unknown data")))


# ---------------------------------------------------------------------------------------------------------- appendix


def provenance(found: Evidence) -> list[Block]:
    """Every run with its seed, settings, data and versions, so that each number can be traced and made again."""
    runs = [
        (
            r.name,
            shown(r.config.get("seed")),
            _told(r),
            str((r.facts.get("data") or {}).get("sha256", "–"))[:16],
            str(r.facts.get("git_commit") or "–")[:12],
        )
        for r in found.records
    ]
    sources = {str(data.get("sha256")): _data_name(r) for r in found.records if (data := r.facts.get("data"))}
    versions = dict.fromkeys(_versions(r) for r in found.records)
    machines = dict.fromkeys(_machine(r) for r in found.records)
    return [
        Text(
            f"This report uses {found.origin}. Every number is read from a run's metrics.json, config.json "
            "or history.csv; every sentence marked as a comment is computed from them. Settings that are "
            "not named have their defaults.",
            "plain",
        ),
        table("Runs.", ("run", "seed", "settings", "data (sha256)", "commit"), runs),
        table("Data.", ("name", "sha256"), [(name, sha256) for sha256, name in sources.items()]),
        *(Text(text, "note") for text in [*machines, *versions]),
    ]


def _told(record: Record) -> str:
    """The settings that differ from their defaults."""
    from pw13 import config

    kind = config.KINDS.get(record.kind)
    defaults = config.as_dict(kind()) if kind else {}
    changed = {
        key: value
        for key, value in record.config.items()
        if key in defaults and value != defaults[key] and key != "seed"
    }
    return ", ".join(f"{key} {value}" for key, value in changed.items()) or "defaults"


def _versions(record: Record) -> str:
    return (
        "Versions: "
        + ", ".join(f"{name} {version}" for name, version in (record.facts.get("versions") or {}).items())
        + "."
    )


def _machine(record: Record) -> str:
    machine = record.facts.get("machine") or {}
    one_dnn = {"True": "oneDNN on", "False": "oneDNN off"}.get(str(record.facts.get("one_dnn")), "")
    parts = [
        str(machine.get("processor", "")),
        f"{machine.get('cores', '?')} cores",
        str(machine.get("system", "")),
        one_dnn,
    ]
    return "Machine: " + ", ".join(part for part in parts if part) + "."
