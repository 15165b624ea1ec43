"""The first page: notices, key results and a summary."""

from collections.abc import Iterator, Sequence

from pw13 import console
from pw13.metrics.intervals import Interval
from pw13.report.commentary import conv_dae, dense_ae
from pw13.report.commentary.contrasts import BySeed
from pw13.report.commentary.phrasing import ONE_SEED, OTHER_SEEDS, format_count, format_percent, join_words
from pw13.report.comparable_runs import same_data
from pw13.report.document import MARKS, Block, Text, as_sentence, table
from pw13.report.handout import Row
from pw13.report.portable import runs_used
from pw13.report.run_selection import RunSelection, Series, metric
from pw13.report.sections import charrnn, charrnn_variants, svm_eval
from pw13.report.sections.blocks import int_metric, pca_size, seeds_note, series_mean
from pw13.runs.record import Record
from pw13.svm import summary as svm_summary

AUTHORSHIP = (
    f'This report was written by the program pw13: text marked "{MARKS["comment"]}" from the metrics of the runs, '
    f'text marked "{MARKS["answer"]}" as it comes with the program. The authors\' own words are marked '
    f'"{MARKS["markdown"]}".'
)
KEY_METRICS = (  # kind, result, metric; those of SVMs and RNNs are computed below
    ("dense-ae", "Dense autoencoder: test MSE", "test_mse"),
    ("conv-dae", "Denoising: PSNR of the noisy test images (dB)", "noisy_psnr_db"),
    ("conv-dae", "Denoising: PSNR of the denoised test images (dB)", "denoised_psnr_db"),
    ("conv-dae", "Denoising: PSNR of the linear denoiser, a baseline (dB)", "baselines.linear.psnr_db"),
)
IMAGE_KINDS = ("dense-ae", "conv-dae", "svm-eval")
NAME_KINDS = ("charrnn",)


def notices(selection: RunSelection) -> list[str]:
    """Return the caveats to all results: built-in, limited, incomplete or differing data, short trainings."""
    texts: list[str] = []
    for kinds, published in ((IMAGE_KINDS, "notMNIST"), (NAME_KINDS, "the corpus of 172,486 names")):
        runs = [run for run in selection.records if run.kind in kinds]
        built_in = dict.fromkeys(run.data["name"] for run in runs if run.data.get("kind") == "builtin")
        texts += [f"Built-in data: {name}. Results are not comparable with those on {published}." for name in built_in]
        if any(not same_data(run, runs[0]) for run in runs):
            names = "; ".join(sorted({data_name(run) for run in runs}))
            texts.append(f"The runs use different data ({names}); each table compares only runs on the same data.")
    texts += dict.fromkeys(as_sentence(text) for run in selection.records for text in run.data.get("notes", []))
    limited = [run for run in selection.records if run.config.get("limit") is not None]
    for limit in dict.fromkeys(run.config["limit"] for run in limited):
        alike = [run.reference for run in limited if run.config["limit"] == limit]
        which = f"Run{'s' * (len(alike) > 1)} {join_words(alike)}"
        texts.append(f"{which} trained on at most {format_count(limit, 'image')} (--limit).")
    texts += _trained_further(selection)
    too_short = charrnn_variants.too_short_to_compare(charrnn_variants.cells(selection))
    return [*texts, *([too_short] if too_short else [])]


def _trained_further(selection: RunSelection) -> Iterator[str]:
    """Yield per network that others were trained further from which they are."""
    runs: dict[str, list[str]] = {}
    for run in selection.of_kind("charrnn"):
        for start in runs_used(run):
            runs.setdefault(start, []).append(run.reference)
    for start, further in runs.items():
        yield (
            f"Trained further from the network of {start} (--init-from): {join_words(further)}. That network may have "
            "seen names that are held out here."
        )


def handout(rows: Sequence[Row]) -> list[Block]:
    """Return whose words the report has, what was done for each item of the handout, and the departures."""
    departures = [(row.label, each.text, each.command) for row in rows for each in row.departures]
    return [
        Text(AUTHORSHIP, "note"),
        table("What was done.", ("item", "status", "done"), [(row.label, row.status, row.done) for row in rows]),
        *([table("Departures, and what would settle them.", ("item", "departure", "command"), departures)] if departures
          else []),
    ]  # fmt: skip


def summary(selection: RunSelection) -> list[Block]:
    """Return the table of key results, and comments on them."""
    note = seeds_note(headline(selection))
    return [
        table("Key results.", ("result", "value", "run"), _key_results(selection)),
        *([Text(f"{note} {OTHER_SEEDS}" if note == ONE_SEED else note, "note")] if note else []),
        *(Text(text, "comment") for text in _sentences(selection) if text),
    ]


def _key_results(selection: RunSelection) -> list[tuple[str, str, str]]:
    by_kind = {"dense-ae": selection.dense, "conv-dae": selection.conv}
    rows = [
        (result, series_mean(selection.repeats(run), name, 3), run.reference)
        for kind, result, name in KEY_METRICS
        if (run := by_kind[kind])
    ]
    if selection.svm:
        rows += [_svm_accuracy(selection.svm, features) for features in ("pixels", "codes")]
    for series in headline(selection):
        run = series.first
        if run.kind == "charrnn":
            epochs = format_count(int_metric(run, "epochs") or run.config["epochs"], "epoch")
            result = (
                f"{charrnn.CELLS[run.config['cell']]}, {run.config['units']} units, {run.config['target']}, {epochs}: "
                "held-out nats per character"
            )
            rows.append((result, series_mean(series, "held_out_nats"), run.reference))
    return rows


def headline(selection: RunSelection) -> list[Series]:
    """Return the networks of the key results, each with all its seeds."""
    rnns = [
        run
        for run in selection.of_kind("charrnn")
        if run == selection.baseline_rnn or run.config.get("cell") != "simple"
    ]
    runs = [run for run in (selection.dense, selection.conv, *rnns) if run]
    return list({series.first.folder: series for series in map(selection.repeats, runs)}.values())


def _svm_accuracy(run: Record, features: str) -> tuple[str, str, str]:
    """Return the test accuracy of the kernel with the higher cross-validation accuracy."""
    results = (run.metrics or {}).get("results") or []
    candidates = [result for kernel in ("rbf", "linear") if (result := svm_eval.preferred(results, features, kernel))]
    if not candidates:
        return f"SVM on {features}: test accuracy", "–", run.reference
    best = max(candidates, key=lambda result: result.get("cv_accuracy") or 0.0)
    chosen = " (chosen by cross-validation)" if len(candidates) > 1 else ""
    return (
        f"SVM on {features}, {svm_summary.kernel(best)}{chosen}: test accuracy",
        _percent(svm_eval.over_encoders(results, best)) or format_percent(best["accuracy"], 2),
        run.reference,
    )


def _percent(accuracy: Interval | None) -> str:
    """Return a mean accuracy with its interval; nothing for None."""
    if accuracy is None or accuracy.ci95 is None:
        return ""
    low, high = map(format_percent, accuracy.ci95)
    return f"{format_percent(accuracy.mean)} ({low} to {high})"


def _sentences(selection: RunSelection) -> list[str]:
    sentences: list[str] = []
    if run := selection.dense:
        sentences.append(dense_ae.against_pca(pca_size(run), *_by_seed(selection, run, "test_mse", "pca_test_mse")))
    if run := selection.svm:
        sentences += list(svm_eval.comparisons(run.metrics or {}))[:1]
    if run := selection.conv:
        baselines = (run.metrics or {}).get("baselines") or {}
        sentences.append(conv_dae.denoising(metric(run, "noisy_psnr_db"), metric(run, "denoised_psnr_db"), baselines))
    return sentences


def _by_seed(selection: RunSelection, run: Record, *names: str) -> list[BySeed]:
    """Return metrics of a run and of those that differ from it in their seed alone."""
    return [selection.repeats(run).by_seed(name) for name in names]


def data_block(run: Record | None, what: str) -> list[Block]:
    """Return the data of an exercise, with counts and notes."""
    if run is None:
        return []
    data = run.data
    counts = ", ".join(
        f"{value:,} {key.replace('_', ' ')}"
        for key, value in (data.get("counts") or {}).items()
        if isinstance(value, int)
    )
    return [
        Text(f"{what}: {data_name(run)} ({counts}).", "note"),
        *(Text(as_sentence(note), "note") for note in data.get("notes", [])),
    ]


def data_name(run: Record) -> str:
    return console.printable(str(run.data.get("name", "unknown data")))
