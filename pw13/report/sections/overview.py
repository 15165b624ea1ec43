"""What stands first: what a reader has to know before any number, and the chief numbers."""

from pw13 import console
from pw13.report.commentary import conv_dae, dense_ae, phrasing
from pw13.report.document import Block, Text, sentence, table
from pw13.report.run_selection import RunSelection, number, same_data
from pw13.report.sections import charrnn, svm_eval
from pw13.report.sections.blocks import format_number
from pw13.runs.record import Record
from pw13.svm import summary as svm_summary

HEADLINE = (  # (what, metric) of the first table; "svm" is worked out
    ("dense-ae", "Dense autoencoder, test MSE", "test_mse"),
    ("conv-dae", "Denoising: PSNR of noisy test images, dB", "noisy_psnr_db"),
    ("conv-dae", "Denoising: PSNR of denoised test images, dB", "denoised_psnr_db"),
)


def notices(found: RunSelection) -> list[str]:
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
                f"{'; '.join(sorted({data_name(r) for r in of_kind}))}."
            )
    said += dict.fromkeys(
        sentence(text) for r in found.records for text in (r.facts.get("data") or {}).get("notes", [])
    )
    return [*said, *limited(found)]


def limited(found: RunSelection) -> list[str]:
    """Runs that trained on a part of their data only."""
    return [
        f"Run {record.name} trained on at most {phrasing.count(record.config['limit'], 'image')} (--limit)."
        for record in found.records
        if record.config.get("limit") is not None
    ]


def summary(found: RunSelection) -> list[Block]:
    """The chief numbers, and the sentences that go with them."""
    return [
        table("The chief numbers, each with its run.", ("what", "value", "run"), _chief_numbers(found)),
        *(Text(text, "comment") for text in _sentences(found) if text),
    ]


def _chief_numbers(found: RunSelection) -> list[tuple[str, str, str]]:
    by_kind = {"dense-ae": found.dense, "conv-dae": found.conv}
    rows = [
        (what, format_number(number(record, name), digits=3), record.name)
        for kind, what, name in HEADLINE
        if (record := by_kind[kind])
    ]
    if found.svm:
        rows += [_accuracy(found.svm, features) for features in ("pixels", "codes")]
    for record in found.of_kind("charrnn"):
        if record == found.baseline_rnn or record.config.get("cell") != "simple":
            name = (
                f"{charrnn.CELLS[record.config['cell']]}, {record.config['units']} units, "
                f"{record.config['target']}, held out, nats a character"
            )
            rows.append((name, format_number(number(record, "held_out_nats")), record.name))
    return rows


def _accuracy(run: Record, features: str) -> tuple[str, str, str]:
    """Test accuracy with the kernel that does better in cross-validation: nothing is chosen on test images."""
    results = (run.metrics or {}).get("results") or []
    both = [found for kernel in ("rbf", "linear") if (found := svm_eval.preferred(results, features, kernel))]
    if not both:
        return f"SVM on {features}, test accuracy", "–", run.name
    best = max(both, key=lambda result: result.get("cv_accuracy") or 0.0)
    chosen = " (chosen by cross-validation)" if len(both) > 1 else ""
    what = f"SVM on {features}, {svm_summary.kernel(best)}{chosen}, test accuracy"
    return what, phrasing.percent(best["accuracy"]), run.name


def _sentences(found: RunSelection) -> list[str]:
    said: list[str] = []
    if found.dense:
        mse, linear = number(found.dense, "test_mse"), number(found.dense, "pca_test_mse")
        text = dense_ae.against_pca(found.dense.config["code_size"], mse, linear)
        said.append(text.replace("Its test MSE", "The dense autoencoder's test MSE"))
    if found.svm:
        said += svm_eval.verdict(found.svm.metrics or {})[1:2]
    if found.conv:
        baselines = (found.conv.metrics or {}).get("baselines") or {}
        filters = {name: (each or {}).get("psnr_db") for name, each in baselines.items()}
        noisy, denoised = number(found.conv, "noisy_psnr_db"), number(found.conv, "denoised_psnr_db")
        said.append(conv_dae.denoising(noisy, denoised, filters))
    return said


def data_block(record: Record | None, what: str) -> list[Block]:
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
        Text(f"{what}: {data_name(record)} ({counts}).", "note"),
        *(Text(sentence(note), "note") for note in data.get("notes", [])),
    ]


def data_name(record: Record) -> str:
    """What the data of a run are called."""
    return console.printable(str((record.facts.get("data") or {}).get("name", "unknown data")))
