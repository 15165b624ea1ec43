"""The hand-in from made-up run folders: what it says, in three renderings, and the zip."""

import base64
import io
import json
import re
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from pw13 import config
from pw13.config import fields
from pw13.data.names.vocabulary import VocabularyFile, build_vocabulary
from pw13.errors import OptionError, UserError
from pw13.inference.name_generator import NameGenerator
from pw13.models import charrnn_numpy
from pw13.report import hand_in, run_selection
from pw13.report.archive import MANIFEST, check_archive, pack
from pw13.report.document import Figure, Missing, Table, Text, Verbatim, sentence, table
from pw13.report.name_selection import (
    COUNT,
    LONG,
    SHORT,
    SIMILAR,
    Candidate,
    distinct,
    presentable,
    ranked,
    selected_by_hand,
)
from pw13.report.outline import build_document, item_keys
from pw13.report.renderers import html, markdown, notebook, notebook_execution, pdf
from pw13.report.sections import blocks
from pw13.report.sections.answers import prepared_answers, read_own

IMAGES = {
    "kind": "folder",
    "path": "/data/notmnist",
    "name": "notMNIST (known by sha256)",
    "sha256": "a" * 64,
    "notes": ["notMNIST with 10,440 training images, not the published 60,000"],
    "counts": {"train": 9400, "test": 10000},
}
NAMES = {
    "kind": "file",
    "path": "/data/companies.csv",
    "name": "companies.csv",
    "sha256": "b" * 64,
    "notes": [],
    "counts": {"names": 600, "training": 540, "validation": 30, "held_out": 30},
}
BUILTIN = {
    "kind": "builtin",
    "path": "builtin",
    "name": "built-in letters (rendered)",
    "sha256": "c" * 64,
    "notes": [],
    "counts": {},
}

DENSE = {
    "seconds": 30.0,
    "train_seconds": 8.0,
    "throughput_per_second": 1e5,
    "epochs": 3,
    "parameters": 50992,
    "code_size": 32,
    "test_mse": 0.0215,
    "test_psnr_db": 16.7,
    "val_mse": 0.022,
    "pca_test_mse": 0.0313,
    "dead_units": 0,
    "compression": {
        "raw_bytes": 784,
        "png_bytes": 443.4,
        "webp_bytes": 370.6,
        "float32_code_bytes": 128,
        "uint8_code_bytes": 32,
        "uint8_code_test_mse": 0.0216,
        "decoder_bytes": 103744,
        "break_even_images": 138,
        "break_even_images_png": 253,
    },
}
CONV = {
    "parameters": 314625,
    "noise": 0.5,
    "noise_kind": "gaussian",
    "test_mse": 0.018,
    "noisy_psnr_db": 9.4,
    "denoised_psnr_db": 17.4,
    "noisy_ssim": 0.35,
    "denoised_ssim": 0.8,
    "code_values": 6272,
    "pixel_values": 784,
    "code_bytes_uint8": 6272,
    "code_bytes_entropy": 2857.2,
    "pixel_bytes_entropy": 371.5,
    "png_bytes": 446.0,
    "baselines": {
        "median": {"psnr_db": 13.5, "setting": {"size": 3}},
        "tv": {"psnr_db": 13.1, "setting": {"weight": 0.4}},
    },
    "by_noise": [
        {"noise": 0.1, "noisy_psnr_db": 22.4, "denoised_psnr_db": 16.0},
        {"noise": 0.5, "noisy_psnr_db": 9.4, "denoised_psnr_db": 17.4},
    ],
}
RNN = {
    "parameters": 23510,
    "cell": "simple",
    "target": "many-to-one",
    "units": 64,
    "corpus": {"names": 600, "characters": 9000, "distinct": 60, "windows": 2997},
    "train_windows": 2700,
    "train_nats": 2.1,
    "val_nats": 2.15,
    "held_out_nats": 2.2,
    "held_out_accuracy": 0.38,
    "ngram": {"order": 5, "validation_nats": 1.88, "held_out_nats": 1.9},
    "names": {
        "temperature": 0.8,
        "sampled": 1000,
        "whole": 1.0,
        "new": 0.9,
        "unique": 0.95,
        "mean_length": 11.0,
        "ngram_nats": 2.4,
        "examples": ["Acme #1 *Labs*", "Tel\x85co", "<b>Bold</b> & Co $x$"],
    },
}
RESULT = {
    "kernel": "rbf",
    "method": "SVC",
    "cv_accuracy": 0.88,
    "ci95": [0.88, 0.91],
    "accuracy_distinct": 0.89,
    "support_vectors": 500,
    "fit_seconds": 1.0,
    "predict_seconds": 0.5,
    "encode_seconds": 0.1,
    "recall": {"A": 0.9, "I": 0.8},
}
SVM = {
    "n_train": 9400,
    "n_test": 10000,
    "n_test_distinct": 9747,
    "mcnemar_p": 0.08,
    "results": [
        {**RESULT, "features": "pixels", "size": 784, "run": None, "accuracy": 0.9},
        {**RESULT, "features": "codes", "size": 32, "run": "r", "accuracy": 0.893},
    ],
    "mcnemar": [{"kernel": "rbf", "first": "pixels", "second": "codes", "size": 32, "run": "r", "p": 0.08}],
}
METRICS = {"dense-ae": DENSE, "conv-dae": CONV, "svm-eval": SVM, "charrnn": RNN}


def png(width: int = 60, height: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 128).save(buffer, "png")
    return buffer.getvalue()


def make_run(
    runs: Path, kind: str, second: int = 0, *, data=None, metrics=None, status="completed", **settings
) -> Path:
    """A run folder as a trainer leaves it, without having trained; `settings` over the defaults."""
    folder = runs / f"2026-11-24_10-00-{second:02d}_{kind}"
    (folder / "figures").mkdir(parents=True)
    asked = config.KINDS[kind](**settings)
    facts = {
        "status": status,
        "started": f"2026-11-24T10:00:{second:02d}+00:00",
        "ended": f"2026-11-24T11:00:{second:02d}+00:00",
        "machine": {"host": "h", "processor": "a processor", "cores": 2},
        "versions": {"pw13": "0.1.0"},
        "threads": 2,
        "data": data or (NAMES if kind == "charrnn" else IMAGES),
    }
    full = {**METRICS[kind], **{k: v for k, v in settings.items() if k in METRICS[kind]}, **(metrics or {})}
    for name, value in (("config", {"kind": kind, **fields.as_dict(asked)}), ("run", facts), ("metrics", full)):
        (folder / f"{name}.json").write_text(json.dumps(value), "utf-8")
    for name in ("loss", "reconstructions", "denoising", "confusion"):
        (folder / "figures" / f"{name}.png").write_bytes(png())
    (folder / "history.csv").write_text("epoch,loss,val_loss\n1,0.3,0.4\n2,0.2,0.3\n3,0.2,0.25\n", "utf-8")
    (folder / "summary.txt").write_text(
        'A diabolo: 28x28 -> 7x7 -> 28x28\nModel: "autoencoder"\n┏━━━┓\n┃ Layer ┃ Param # ┃\n│ dense │ '
        "25,120 │\n└───┘\n",
        "utf-8",
    )
    return folder


@pytest.fixture
def runs(tmp_path):
    """One run of each kind, and two more dense ones."""
    folder = tmp_path / "runs"
    for second, kind in enumerate(("dense-ae", "svm-eval", "conv-dae", "charrnn")):
        make_run(folder, kind, second)
    return folder


def document(runs, *names, own=None, answers=None, chosen=None):
    return build_document(
        run_selection.select_runs(names, runs), chosen, authors=["Ada <b>"], answers=answers or {}, own=own or {}
    )


def items(made):
    return {item.key: item for chapter in made.chapters for item in chapter.items}


def texts(item, role=None):
    return " ".join(block.text for block in item.blocks if isinstance(block, Text) and role in (None, block.role))


# ----------------------------------------------------------------------------------------------------- the document


def test_items_stand_in_the_order_of_the_handout(runs):
    keys = [
        "1a",
        "1b",
        "1c",
        "1d",
        "1e",
        "1f",
        "1g",
        *(f"conv-{x}" for x in "abcde"),
        *(f"2{x}" for x in "abcdefg"),
        "m2m",
        "cells",
        "3a",
        "3b",
        "3c",
    ]
    assert list(items(document(runs))) == keys == item_keys()


def test_comments_come_from_the_numbers(runs):
    made = items(document(runs))
    assert "31.3 % lower than that of 32 principal components" in texts(made["1e"], "comment")
    assert "codes lose 0.70 points against pixels" in texts(made["1g"], "comment")
    assert "not significant (p = 0.08, McNemar)" in texts(made["1g"], "comment")
    assert "3.9 dB more than the best classical filter, median" in texts(made["conv-e"], "comment")
    assert "8 times as many" in texts(made["conv-b"], "comment")
    assert "15.8 % higher than a 5-gram model" in texts(made["2f"], "comment")


def test_other_numbers_other_comments(tmp_path):
    make_run(tmp_path, "dense-ae", metrics={"test_mse": 0.04, "dead_units": 3})
    made = items(document(tmp_path))
    assert "27.8 % higher than that of 32 principal components" in texts(made["1e"])
    assert "3 of 32 code units never change" in texts(made["1e"])


def test_what_no_run_covers_is_said_to_be_missing(tmp_path):
    make_run(tmp_path, "dense-ae")
    made = items(document(tmp_path))
    commands = {key: [b.command for b in made[key].blocks if isinstance(b, Missing)] for key in made}
    assert commands["1a"] == ["pw13 train-dense-ae --code-size 16"]
    assert commands["1e"] == []
    assert commands["1g"] == ["pw13 svm-eval"]
    assert commands["conv-e"] == ["pw13 train-conv-dae"]
    assert commands["2f"] == ["pw13 train-charrnn"]
    assert commands["m2m"] == ["pw13 train-charrnn --target many-to-many"]
    assert commands["cells"] == ["pw13 train-charrnn --cell gru", "pw13 train-charrnn --cell lstm"]


def test_numbers_that_a_run_lacks_are_dashes_and_no_sentence(tmp_path):
    make_run(tmp_path, "dense-ae", metrics={"pca_test_mse": None, "compression": {}})
    made = items(document(tmp_path))
    assert "principal components" not in texts(made["1e"])
    assert all("–" in row for row in next(b for b in made["1f"].blocks if isinstance(b, Table)).rows)


def test_code_sizes_are_compared_with_equal_settings_and_data_only(tmp_path):
    for second, size in enumerate((16, 32, 64)):
        make_run(tmp_path, "dense-ae", second, code_size=size, metrics={"test_mse": 1 / size})
    make_run(tmp_path, "dense-ae", 10, code_size=8, epochs=7)
    make_run(tmp_path, "dense-ae", 11, code_size=4, data=BUILTIN)
    names = [path.name for path in tmp_path.iterdir()]
    (compared,) = [b for b in items(document(tmp_path, *names))["1a"].blocks if isinstance(b, Table)]
    assert [row[0] for row in compared.rows] == ["16", "32", "64"]


def test_several_seeds_give_median_and_range(tmp_path):
    for seed, mse in enumerate((0.03, 0.01, 0.02)):
        make_run(tmp_path, "dense-ae", seed, seed=seed, metrics={"test_mse": mse})
    found = run_selection.select_runs([path.name for path in tmp_path.iterdir()], tmp_path)
    (series,) = found.series(found.dense, "code_size")
    assert series.value("test_mse") == 0.02
    assert series.spread("test_mse") == (0.01, 0.03)
    assert blocks.series_value(series, "test_mse") == "0.02000 (0.01000 to 0.03000)"
    assert blocks.seeds([series]).startswith("Medians over seeds")


def test_other_cells_and_targets_are_compared(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, cell="gru", metrics={"held_out_nats": 1.9})
    make_run(tmp_path, "charrnn", 2, cell="lstm", metrics={"held_out_nats": 1.8})
    make_run(tmp_path, "charrnn", 3, target="many-to-many", carry_state=True, metrics={"held_out_nats": 2.0})
    made = items(document(tmp_path, *[path.name for path in tmp_path.iterdir()]))
    assert "Yes, with GRU and LSTM: SimpleRNN 2.200" in texts(made["cells"])
    assert "loss of 2.000 nats, 9.1 % lower than many-to-one (2.200)" in texts(made["m2m"])


def test_first_page_names_built_in_data_limits_and_the_small_training_set(tmp_path):
    make_run(tmp_path, "dense-ae", 0, data=BUILTIN)
    make_run(tmp_path, "conv-dae", 1, limit=500)
    notices = " ".join(document(tmp_path).notices)
    assert "Built-in data: built-in letters (rendered). These are not results on notMNIST" in notices
    assert "2026-11-24_10-00-01_conv-dae trained on at most 500 images" in notices
    assert "notMNIST with 10,440 training images, not the published 60,000." in notices
    assert "The runs rest on different data" in notices


def test_every_run_stands_in_the_appendix(runs):
    made = document(runs)
    listed = next(b for b in made.chapters[-1].blocks if isinstance(b, Table))
    assert [row[0] for row in listed.rows] == sorted(path.name for path in runs.iterdir())
    assert {row[3] for row in listed.rows} == {"a" * 16, "b" * 16}


def test_date_is_that_of_the_newest_run(runs):
    assert document(runs).date == "2026-11-24"


def test_answers_and_own_comments(runs):
    answers = prepared_answers()
    assert set(answers) == {"1f", "conv-b", "3a", "3b", "3c"}
    with_both = items(document(runs, answers=answers, own={"1f": "Ours.\n\nTwo\nlines."}))
    assert texts(with_both["3c"], "answer").startswith("A generative system models")
    assert [b.text for b in with_both["1f"].blocks if isinstance(b, Text) and b.role == "own"] == [
        "Ours.",
        "Two lines.",
    ]
    assert items(document(runs))["3c"].blocks == ()


def test_own_comments_are_checked(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('1a = "We chose 32."\nconv-a = "x"\n', "utf-8")
    assert read_own(path, item_keys()) == {"1a": "We chose 32.", "conv-a": "x"}
    for content, words in (('1x = "a"', "no item '1x'"), ("1a = 3", "expected text, received 3"), ("= 3", "not TOML")):
        path.write_text(content, "utf-8")
        with pytest.raises(OptionError, match=re.escape(words)):
            read_own(path, item_keys())
    with pytest.raises(UserError, match="cannot be read"):
        read_own(tmp_path / "none.toml", [])


def captions(item):
    return " ".join(block.caption for block in item.blocks if isinstance(block, Table | Figure))


def test_a_code_is_told_beside_the_pixels_that_it_stands_for(tmp_path):
    make_run(tmp_path, "dense-ae", code_size=4, metrics={"code_size": 4})
    make_run(tmp_path, "dense-ae", 1, code_size=1000)
    made = document(tmp_path, "2026-11-24_10-00-00_dense-ae")
    assert texts(items(made)["1a"], "plain") == (
        "The hidden layer is the code: 4 values stand for the 784 pixels of an image, 196 times fewer."
    )
    larger = texts(items(document(tmp_path, "2026-11-24_10-00-01_dense-ae"))["1a"], "plain")
    assert larger.endswith("1,000 values stand for the 784 pixels of an image.")


def test_captions_say_how_many_are_drawn(tmp_path):
    folder = make_run(tmp_path, "dense-ae")
    for name in ("best_and_worst", "units"):
        (folder / "figures" / f"{name}.png").write_bytes(png())
    told = captions(items(document(tmp_path))["1e"])
    assert "the first of each class, of at most 20 classes." in told
    assert "The best reconstructions of some classes, and the worst of all." in told
    assert "What code units draw (128 of them at most)" in told


def test_pixels_are_packed_as_codes_are(runs):
    (shown,) = [b for b in items(document(runs))["conv-b"].blocks if isinstance(b, Table)]
    assert ("raw pixels, packed by LZMA", "784", "372") in shown.rows
    assert "codes are those of noisy test images" in shown.caption
    assert "more than the 372 of its pixels packed in the same way" in texts(items(document(runs))["conv-b"])


def test_filters_are_called_by_their_names(runs):
    made = items(document(runs))["conv-e"]
    (shown,) = [b for b in made.blocks if isinstance(b, Table)]
    assert [row[0] for row in shown.rows][2:] == ["median filter", "total variation filter"]


def test_what_solved_the_svms_is_told(tmp_path):
    results = [{**each, "kernel": kernel, "method": method} for each in SVM["results"]
               for kernel, method in (("rbf", "Nystroem 2000 + LinearSVC"), ("linear", "LinearSVC"))]  # fmt: skip
    make_run(tmp_path, "svm-eval", metrics={"results": results})
    assert "Solved by LinearSVC and Nystroem 2000 + LinearSVC." in captions(items(document(tmp_path))["1g"])


def test_first_page_chooses_a_kernel_by_cross_validation(tmp_path):
    def result(features, size, kernel, cv, accuracy):
        return {**RESULT, "features": features, "size": size, "kernel": kernel, "cv_accuracy": cv,
                "accuracy": accuracy, "run": f"r{size}" if features == "codes" else None}  # fmt: skip

    results = [
        result("pixels", 784, "rbf", 0.90, 0.91), result("pixels", 784, "linear", 0.89, 0.93),
        result("codes", 16, "rbf", 0.99, 0.99), result("codes", 32, "rbf", 0.85, 0.98),
        result("codes", 32, "linear", 0.86, 0.87), result("codes", 64, "linear", 0.95, 0.96),
    ]  # fmt: skip
    make_run(tmp_path, "svm-eval", metrics={"results": results})
    shown = next(b for b in document(tmp_path).chapters[0].blocks if isinstance(b, Table))
    assert [row[:2] for row in shown.rows] == [
        ("SVM on pixels, RBF kernel (chosen by cross-validation), test accuracy", "91.0 %"),
        ("SVM on codes, linear kernel (chosen by cross-validation), test accuracy", "87.0 %"),
    ]
    make_run(tmp_path, "svm-eval", 1, metrics={"results": results[:1]})
    shown = next(b for b in document(tmp_path).chapters[0].blocks if isinstance(b, Table))
    assert [row[:2] for row in shown.rows] == [
        ("SVM on pixels, RBF kernel, test accuracy", "91.0 %"),
        ("SVM on codes, test accuracy", "–"),
    ]


NOTHING_HELD_OUT = {
    "held_out_nats": None,
    "held_out_accuracy": None,
    "val_nats": None,
    "ngram": {"order": 5, "validation_nats": None, "held_out_nats": None},
}
ALL_IN_TRAINING = {**NAMES, "counts": {"names": 600, "training": 600, "validation": 0, "held_out": 0}}


def test_without_held_out_names_nothing_is_said_of_them(tmp_path):
    for second, settings in enumerate(({}, {"cell": "gru"}, {"cell": "lstm"}, {"target": "many-to-many"})):
        metrics = {**NOTHING_HELD_OUT, "train_nats": 2.1 - second / 10}
        folder = make_run(tmp_path, "charrnn", second, data=ALL_IN_TRAINING, metrics=metrics, hold_out=0.0, **settings)
        (folder / "figures" / "nats.png").write_bytes(png())
    made = items(document(tmp_path, *[path.name for path in tmp_path.iterdir()]))
    said = " ".join(texts(made[key]) for key in ("2c", "2f", "m2m", "cells"))
    assert "SimpleRNN 2.100 nats a character on training names, GRU 2.000" in said
    assert "All names in the order of the file are one string" in said
    assert "No name was held out, so nothing can be said of new names." in said
    for claim in ("held-out", "validation", "overfitting", "by heart", "--hold-out"):
        assert claim not in said
    told = captions(made["2f"]) + captions(made["m2m"])
    assert told.count("no name is kept out, so both lines are measured on training names.") == 2
    assert "dashed" not in told and "Nats a character on training names, beside" in told


def test_with_held_out_names_their_loss_is_compared(tmp_path):
    for second, settings in enumerate(({}, {"cell": "gru"}, {"target": "many-to-many"})):
        make_run(tmp_path, "charrnn", second, **settings)
    made = items(document(tmp_path, *[path.name for path in tmp_path.iterdir()]))
    assert "nats a character on held-out names" in texts(made["cells"])
    assert "Both are measured on the same held-out characters" in texts(made["m2m"])
    assert "The lowest validation loss" in texts(made["2f"])
    assert "Loss of the SimpleRNN; the dashed line is the n-gram model." in captions(made["2f"])


def test_one_of_anything_is_singular(tmp_path):
    folder = make_run(tmp_path, "dense-ae", epochs=1, limit=1)
    facts = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**facts, "threads": 1}), "utf-8")
    make_run(tmp_path, "charrnn", 1, epochs=1, skip=1, units=1)
    made = document(tmp_path)
    said = " ".join(block.text for block in made.blocks if isinstance(block, Text))
    assert "(a processor, 1 thread)" in said and "1 epoch in batches of" in said
    assert "begin at every character, and" in said and "SimpleRNN with 1 unit reads" in said
    assert "at most 1 image (--limit)" in " ".join(made.notices)


def test_answers_are_true_of_images_of_any_size():
    words = " ".join(prepared_answers()["conv-b"]["text"])
    assert "28, 14 and 7 for the handout's images of 28 x 28" in words
    assert "from 1 to 128, 128 times, while their area shrinks 16 times" in words


# ---------------------------------------------------------------------------------------------------- which runs


def test_the_simple_rnn_is_one_that_others_can_be_compared_with(tmp_path):
    for second, settings in enumerate(
        (
            {"units": 128, "epochs": 8},
            {"units": 128, "epochs": 2},
            {"units": 64, "epochs": 8},
            {"units": 256, "epochs": 8},
            {"units": 128, "epochs": 8, "cell": "gru"},
        )
    ):
        make_run(tmp_path, "charrnn", second, **settings)

    def chosen(*seconds):
        return run_selection.select_runs(
            [f"2026-11-24_10-00-{second:02d}" for second in seconds], tmp_path
        ).baseline_rnn.config

    assert (chosen(0, 1, 2, 3, 4)["units"], chosen(0, 1, 2, 3, 4)["epochs"]) == (128, 8)
    assert chosen(0, 2, 4)["units"] == 128
    assert chosen(0, 2, 3)["units"] == 64
    assert chosen(0, 3)["units"] == 256


def test_named_runs_only(runs):
    assert [r.kind for r in run_selection.select_runs(["2026-11-24_10-00-00"], runs).records] == ["dense-ae"]


def test_last_all_is_preferred_to_the_newest(runs):
    make_run(runs, "dense-ae", 30)
    assert run_selection.select_runs([], runs).dense.name == "2026-11-24_10-00-30_dense-ae"
    (runs / "all.json").write_text(
        json.dumps({"runs": {"a": "2026-11-24_10-00-00_dense-ae", "b": "../x", "c": 3}}), "utf-8"
    )
    found = run_selection.select_runs([], runs)
    assert [r.name for r in found.records] == ["2026-11-24_10-00-00_dense-ae"]
    assert found.origin == "the runs of the last `pw13 all`"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"runs": 3}', '{"runs": {"a": "2026-11-24_10-00-59_dense-ae"}}'])
def test_a_useless_list_of_the_last_all_is_passed_over(runs, content):
    (runs / "all.json").write_text(content, "utf-8")
    assert len(run_selection.select_runs([], runs).records) == 4


def test_runs_that_cannot_be_used_are_refused(tmp_path):
    with pytest.raises(UserError, match="no complete run to report on"):
        run_selection.select_runs([], tmp_path)
    make_run(tmp_path, "dense-ae", status="interrupted")
    with pytest.raises(UserError, match="interrupted, expected a complete run"):
        run_selection.select_runs(["2026"], tmp_path)
    with pytest.raises(UserError, match="no complete run"):
        run_selection.select_runs([], tmp_path)


# ------------------------------------------------------------------------------------------------------- renderings


def test_pdf_is_the_same_twice_and_takes_hostile_text(runs):
    made = document(runs, own={"1a": '#let x = 3 $ \\ * _ @ref <b> #"'}, answers=prepared_answers())
    first = pdf.pdf(made)
    assert first.startswith(b"%PDF-")
    assert pdf.pdf(made) == first


def test_what_the_pdf_has_no_glyph_for_is_escaped_and_said_to_be():
    told = {"notices": ("a",), "blocks": [{"text": "Zoë – Ж \u65e5 \U0001f600", "width": 3.5}]}
    drawn = pdf.drawable(told)
    assert drawn["blocks"] == [{"text": "Zoë – Ж \\u65e5 \\U0001f600", "width": 3.5}]
    assert drawn["notices"] == ["a", pdf.MISSING_GLYPH]
    plain = {"notices": ("a",), "blocks": ["Zoë"]}
    assert pdf.drawable(plain) == plain


def test_html_is_whole_and_escaped(runs):
    made = document(runs, own={"1a": "<script>alert(1)</script>"}, answers=prepared_answers())
    page = html.html(made).decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "Ada &lt;b&gt;" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<img ") == len(made.figures) == len(re.findall(r'<img [^>]*alt="[^"]+"', page))
    assert base64.b64encode(png()).decode() in page
    for item in items(made).values():
        assert f'id="item-{item.key}"' in page


def test_neighbouring_comments_share_one_mark(runs):
    page = html.html(document(runs, own={"3a": "One.\n\nTwo."})).decode()
    assert page.count("<b>our comment</b>") == 1
    assert page.count('<div class="comment">') == page.count("computed from the numbers</b>")


def test_three_renderings_say_the_same(runs):
    made = document(runs, answers=prepared_answers())
    page, data = html.html(made).decode(), json.dumps(pdf.data(made), ensure_ascii=False)
    cells = "".join(cell["source"] for cell in notebook.notebook(made, run_selection.select_runs([], runs))["cells"])
    plain = re.sub(r"\\(.)", r"\1", cells).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    for block in made.blocks:
        if isinstance(block, Text):
            assert block.text in page.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&").replace(
                "&lt;", "<"
            ).replace("&gt;", ">")
            assert json.dumps(block.text, ensure_ascii=False) in data
            assert block.text in plain


def test_control_characters_of_names_are_shown_escaped(runs):
    make_run(runs, "charrnn", 20, units=128)
    made = document(runs, *[path.name for path in runs.iterdir()])
    shown = "".join(block.text for block in made.blocks if isinstance(block, Verbatim))
    assert r"Tel\x85co" in shown
    assert "\x85" not in shown


def test_figures_fit_the_page():
    assert pdf.width_mm(png(4000, 1000)) == pdf.WIDEST
    assert pdf.width_mm(png(1000, 4000)) == pytest.approx(pdf.TALLEST / 4, abs=0.06)
    assert pdf.width_mm(png(120, 60)) == pytest.approx(25.4 * pdf.SCALE, abs=0.05)


def test_summary_is_made_narrow(runs):
    record = run_selection.select_runs([], runs).dense
    (shown,) = blocks.summary(record, only="autoencoder")
    assert shown.text == 'Model: "autoencoder"\nLayer  Param #\n--------------\ndense   25,120'


def test_numeric_columns():
    made = table(
        "c",
        ("a", "b", "c", "d"),
        [("1,234", "88.0–90.0 %", "2026-11-24_x", "0.2 (0.1 to 0.3)"), ("–", "12.5 %", "1", "")],
    )
    assert made.numeric == (True, True, False, True)
    assert sentence("notMNIST is here") == "notMNIST is here."
    assert sentence("left out: 3 lines") == "Left out: 3 lines."


# --------------------------------------------------------------------------------------------------------- notebook


def test_notebook_is_valid_and_counts_its_cells(runs):
    found = run_selection.select_runs([], runs)
    cells = notebook.notebook(document(runs), found)
    nbformat.validate(cells)
    assert [cell["id"] for cell in cells["cells"]] == [f"cell-{i:03d}" for i in range(1, len(cells["cells"]) + 1)]
    assert notebook.as_bytes(cells) == notebook.as_bytes(notebook.notebook(document(runs), found))


def test_notebook_code_compiles_and_holds_the_runs_numbers(runs):
    cells = notebook.notebook(document(runs), run_selection.select_runs([], runs))
    code = [cell["source"] for cell in cells["cells"] if cell["cell_type"] == "code"]
    for source in code:
        compile(source, "cell", "exec")
        assert "{{" not in source
    space: dict = {}
    exec(code[1], space)
    assert space["RUNS"]["dense-ae"] == {"name": "2026-11-24_10-00-00_dense-ae", "parameters": 50992, "data": "a" * 64}
    assert any('load_images("builtin")' in source or "load_images('/data/notmnist')" in source for source in code)


def test_notebook_uses_the_runs_settings(tmp_path):
    make_run(tmp_path, "charrnn", units=48, length=12, encoding="latin-1")
    cells = notebook.notebook(document(tmp_path), run_selection.select_runs([], tmp_path))
    code = "\n".join(cell["source"] for cell in cells["cells"] if cell["cell_type"] == "code")
    assert "units = 48\n" in code
    assert "length, skip = 12, 3" in code
    assert "load_names('/data/companies.csv', encoding='latin-1')" in code
    assert '"parameters": None' in code


def sources(runs) -> str:
    """All code of the notebook."""
    cells = notebook.notebook(document(runs), run_selection.select_runs([], runs))
    return "\n".join(cell["source"] for cell in cells["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("depth", [1, 3])
def test_notebook_stacks_as_many_layers_as_the_run(tmp_path, depth):
    make_run(tmp_path, "charrnn", layers=depth)
    code = sources(tmp_path)
    one, many, gated = (code[code.index(start) :].split("Dense(")[0] for start in ("model = ", "many = ", "gated = "))
    assert one.count("SimpleRNN(units") == many.count("SimpleRNN(units") == gated.count("cell(units") == depth
    assert one.count("return_sequences=True") == gated.count("return_sequences=True") == depth - 1
    assert many.count("return_sequences=True") == depth
    compile(code, "notebook", "exec")


@pytest.mark.parametrize("kind", ["gaussian", "salt-pepper", "masking"])
def test_notebook_makes_the_noise_of_the_run(tmp_path, kind):
    make_run(tmp_path, "conv-dae", noise_kind=kind, noise=0.25)
    code = sources(tmp_path)
    (function,) = re.findall(r"def noisy\(x\):\n(?:    .*\n)+", code)
    space = {"np": np, "rng": np.random.default_rng(0)}
    exec(function, space)
    noisy = space["noisy"](np.full((40, 40), 0.5, np.float32))
    assert noisy.dtype == np.float32
    if kind == "gaussian":
        assert noisy.min() >= 0 and noisy.max() <= 1 and np.std(noisy) == pytest.approx(0.24, abs=0.03)
    else:
        assert set(np.unique(noisy)) == ({0, 0.5, 1} if kind == "salt-pepper" else {0, 0.5})
        assert np.mean(noisy != 0.5) == pytest.approx(0.25, abs=0.05)


def test_markdown_escapes_what_is_markup():
    assert markdown.escaped("a*b_c <i> $x$ | #1") == r"a\*b\_c &lt;i&gt; \$x\$ \| \#1"
    assert markdown.markdown(Verbatim("x\n```", "c")) == "c\n\n    x\n    ```"
    assert markdown.markdown(Figure("f.png", b"", "c", "a")) == "![a](attachment:f.png)\n\n*c*"
    assert "| \\| | 2 |" in markdown.markdown(table("c", ("a", "b"), [("|", "2")]))


def test_cells_are_executed_and_standard_error_left_out(tmp_path):
    cells = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import sys, os\nprint(1 + 1, file=sys.stderr)\nprint(os.getcwd())")],
        metadata={"kernelspec": notebook_execution.KERNEL},
    )
    (cell,) = notebook_execution.execute(cells, folder=tmp_path)["cells"]
    assert [out["text"] for out in cell["outputs"]] == [f"{tmp_path}\n"]
    assert "execution" not in cell["metadata"]


def test_pieces_of_standard_output_are_joined():
    out = nbformat.v4.new_output
    pieces = [
        out("stream", name="stdout", text="a"),
        out("stream", name="stderr", text="x"),
        out("stream", name="stdout", text="b"),
    ]
    picture = out("display_data", data={"image/png": "QQ=="})
    assert [o.get("text") for o in notebook_execution.keep_output([*pieces, picture, pieces[2]])] == ["ab", None, "b"]


def test_a_cell_that_fails_is_one_line(tmp_path):
    cells = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1 / 0")], metadata={"kernelspec": notebook_execution.KERNEL}
    )
    with pytest.raises(UserError, match=r"could not be executed: .*ZeroDivisionError"):
        notebook_execution.execute(cells, folder=tmp_path)


# ------------------------------------------------------------------------------------------------------------ names


def name(text, log=-1.0):
    return Candidate(text, 0.8, log, None, None)


def test_names_far_from_known_ones_and_from_each_other():
    ranked = [name("Facebok"), name("Zimble Labs"), name("Zimble Net"), name("Other Labs"), name("Quontora")]
    chosen = list(distinct(ranked, ["Facebook", "Apple"]))
    assert [each.text for each in chosen] == ["Zimble Labs", "Quontora"]
    assert all(each.similarity < SIMILAR and each.nearest in ("Facebook", "Apple") for each in chosen)


def test_no_more_names_than_asked_for():
    assert len(list(distinct([name(f"{c}xyz") for c in "abcdefghijklm"], None))) == COUNT


def test_ranked_names_are_whole_new_and_printable():
    known = VocabularyFile(build_vocabulary("ab \n\x85"), ("a" * 9 + "\n",))
    rng = np.random.default_rng(0)
    arrays = [0.3 * rng.normal(size=shape).astype(np.float32) for shape in ((5, 4), (4, 4), (4,), (4, 5))]
    arrays.append(np.array([0.5, -1, 1, 1, -2], np.float32))  # newline, space, a, b, a control character
    writer = NameGenerator(
        None, config.CharRNN(units=4), known, charrnn_numpy.network("simple", "many-to-one", 10, arrays)
    )
    found = ranked(writer, ["aaaa", "bbbb"])
    logs = [each.log_probability for each in found]
    assert found
    assert logs == sorted(logs, reverse=True)
    for each in found:
        assert SHORT <= len(each.text) <= LONG
        assert each.text not in ("aaaa", "bbbb")
        assert each.text.isprintable()
        assert each.text == each.text.strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Zimble", True), ('The "Zim" Co', True), ("Zim (UK)", True), ('Zimble LLC"', False), ("Zim (UK", False),
     ("Zim", False), ("Z" * 31, False), (" Zimble", False), ("Zim\x85ble", False)],
)  # fmt: skip
def test_what_is_presentable(text, shown):
    assert presentable(text) == shown


def test_names_by_hand(runs, tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("Zimble\r\n\nQuontora\n", "utf-8", newline="")
    chosen = selected_by_hand(path, run_selection.select_runs([], runs).of_kind("charrnn"))
    assert [each.text for each in chosen.names] == ["Zimble", "Quontora"]
    made = items(document(runs, chosen=chosen))["2g"]
    assert "Chosen by hand from names.txt" in texts(made)
    by_rule = chosen._replace(by_hand=None)
    assert "(mean ln p a character), 2 in all." in texts(items(document(runs, chosen=by_rule))["2g"])
    path.write_text("\n", "utf-8")
    with pytest.raises(UserError, match="holds no names"):
        selected_by_hand(path, [])


# -------------------------------------------------------------------------------------------------------------- zip


def test_zip_has_everything_and_is_the_same_twice(runs, tmp_path):
    request = hand_in.HandInOptions(authors=("Ada",), execute=False)
    written = hand_in.write_hand_in(request, runs_dir=runs, out=tmp_path / "one")
    hand_in.write_hand_in(request, runs_dir=runs, out=tmp_path / "two")
    for file in written.files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "hand-in.zip") as archive:
        names = archive.namelist()
    assert {"report.pdf", "report.html", "notebook.ipynb", "manifest.sha256"} <= set(names)
    assert sum(n.endswith("metrics.json") for n in names) == sum(n.endswith("config.json") for n in names) == 4
    assert len(hand_in.check(tmp_path / "one" / "hand-in.zip")) == len(names) - 1


def test_check_finds_what_was_changed_added_removed(tmp_path):
    def write(contents, manifest_of):
        whole = pack(manifest_of)
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            listed = archive.read(MANIFEST)
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in {**contents, MANIFEST: listed}.items():
                archive.writestr(name, data)
        return path

    right = {"a": b"1", "b": b"2"}
    assert hand_in.check(write(right, right)) == ["a", "b"]
    for contents, words in (
        ({"a": b"1", "b": b"3"}, "b: changed"),
        ({"a": b"1"}, "b: missing"),
        ({**right, "c": b""}, "c: not in the manifest"),
    ):
        with pytest.raises(UserError, match=words):
            hand_in.check(write(contents, right))


def test_check_refuses_what_is_no_hand_in(tmp_path):
    path = tmp_path / "x.zip"
    with pytest.raises(UserError, match=r"x\.zip: cannot be read"):
        check_archive(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(UserError, match="damaged, or not a zip"):
        check_archive(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "1")
    with pytest.raises(UserError, match=r"holds no manifest\.sha256"):
        check_archive(path)


def test_a_damaged_byte_is_found(tmp_path):
    path = tmp_path / "x.zip"
    whole = bytearray(pack({"a": bytes(1000), "b": b"2"}))
    whole[33] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(UserError):
        hand_in.check(path)


# ------------------------------------------------------------------------------------------------------ the command


def test_command_writes_and_checks(pw13, runs, tmp_path):
    code, out, err = pw13(
        "report", "--runs-dir", runs, "--out", tmp_path / "out", "--no-execute", "--author", "A", "--author", "B"
    )
    assert code == 0
    assert out.split() == [
        str(tmp_path / "out" / n) for n in ("report.pdf", "report.html", "notebook.ipynb", "hand-in.zip")
    ]
    assert "2026-11-24_10-00-03_charrnn" in err
    assert "missing: No GRU run" in err
    assert "A, B" in (tmp_path / "out" / "report.html").read_text("utf-8")
    code, out, _ = pw13("report", "--check", tmp_path / "out" / "hand-in.zip")
    assert (code, out) == (0, f"{tmp_path / 'out' / 'hand-in.zip'}: 11 files, all as listed\n")


def test_command_warns_of_a_limit_even_if_quiet(pw13, tmp_path):
    make_run(tmp_path / "runs", "dense-ae", limit=100)
    _, _, err = pw13("report", "--no-execute", "--quiet")
    assert "trained on at most 100 images (--limit)" in err


def test_command_refuses(pw13, runs, tmp_path):
    assert pw13("report", "--runs-dir", tmp_path / "nothing")[0] == 1
    assert pw13("report", "--runs-dir", runs, "--run", "nosuch")[0] == 1
    assert pw13("report", "--runs-dir", runs, "--answers", "some")[0] == 2
    assert pw13("report", "--check", tmp_path / "none.zip")[0] == 1
    (tmp_path / "own.toml").write_text('9z = "x"', "utf-8")
    assert pw13("report", "--runs-dir", runs, "--comments", tmp_path / "own.toml")[0] == 2
    (tmp_path / "taken").write_text("a file", "utf-8")
    assert pw13("report", "--runs-dir", runs, "--no-execute", "--out", tmp_path / "taken")[0] == 1


# ------------------------------------------------------------------------------------------------ the notebook, really


@pytest.mark.slow
def test_notebook_runs_twice_to_the_same_bytes_and_checks_the_runs_parameters(data, corpus, tmp_path):
    from pw13.data.images import load_images
    from pw13.data.names import load_names

    images, names = load_images(str(data)).source, load_names(str(corpus)).source
    distinct = len(set(corpus.read_text("utf-8")))
    of_images = {**IMAGES, "path": str(data), "sha256": images.sha256}
    of_names = {**NAMES, "path": str(corpus), "sha256": names.sha256}
    right = 64 * (distinct + 64 + 1) + 64 * (64 + 64 + 1) + 65 * distinct
    make_run(tmp_path, "dense-ae", 0, data=of_images)
    make_run(tmp_path, "conv-dae", 1, data=of_images)
    make_run(tmp_path, "charrnn", 2, data=of_names, layers=2, metrics={"parameters": right})
    found = run_selection.select_runs([], tmp_path)

    def made():
        return notebook_execution.execute(notebook.notebook(document(tmp_path), found), folder=tmp_path)

    first = made()
    printed = "".join(o.get("text", "") for c in first["cells"] if c["cell_type"] == "code" for o in c["outputs"])
    assert "autoencoder: 50,992 parameters" in printed
    assert "denoiser: 314,625 parameters" in printed
    assert f"simple_rnn: {right:,} parameters" in printed
    assert notebook.as_bytes(made()) == notebook.as_bytes(first)

    make_run(tmp_path, "charrnn", 3, data=of_names, layers=2, metrics={"parameters": right + 1})
    found = run_selection.select_runs([], tmp_path)
    with pytest.raises(UserError, match=f"has {right + 1:,}"):
        made()
