"""The first page."""

import json

from pw13.report.document import Table, Text
from tests.helpers.report_runs import BUILTIN, RESULT, build, items, make_run, make_sweep, texts, train_further


def key_results(document):
    return next(block for block in document.chapters[1].blocks if isinstance(block, Table)).rows


def test_runs_of_one_limit_are_noticed_together(tmp_path):
    for number, limit in enumerate((500, 500, 1)):
        make_run(tmp_path, "conv-dae", number, limit=limit, seed=number)
    names = [f"2026-11-24_10-00-0{number}_conv-dae" for number in range(3)]
    notices = build(tmp_path, *names).notices
    assert f"Runs {names[0]} and {names[1]} trained on at most 500 images (--limit)." in notices
    assert f"Run {names[2]} trained on at most 1 image (--limit)." in notices


def test_notices_name_built_in_limited_incomplete_and_differing_data(tmp_path):
    make_run(tmp_path, "dense-ae", 0, data=BUILTIN)
    make_run(tmp_path, "conv-dae", 1, limit=500)
    notices = build(tmp_path).notices
    assert "Built-in data: built-in letters (rendered). Results are not comparable with those on notMNIST." in notices
    assert "Run 2026-11-24_10-00-01_conv-dae trained on at most 500 images (--limit)." in notices
    assert "notMNIST with 10,440 training images, not the published 60,000." in notices
    assert (
        "The runs use different data (built-in letters (rendered); notMNIST (known by sha256)); each table compares "
        "only runs on the same data." in notices
    )


def test_a_network_that_was_trained_further_is_disclosed(tmp_path):
    start = make_run(tmp_path / "elsewhere", "charrnn", 0)
    run = make_run(tmp_path / "runs", "charrnn", 1, epochs=3)
    train_further(run, start, characters=60, new="éñ")
    document = build(tmp_path / "runs")
    assert (
        f"Trained further from the network of {start.name} (--init-from): {run.name}. That network may have seen names "
        "that are held out here." in document.notices
    )
    listed = next(block for block in document.chapters[-1].blocks if isinstance(block, Table))
    assert [row[2] for row in listed.rows] == [f"epochs 3, init_from {start.name}"]
    made = items(document)
    assert "each of the 62 characters of the corpus and of the network that it was trained further" in texts(made["2e"])
    assert "(2,700, 10, 62)" in texts(made["2d"])


def test_the_summary_comments_on_the_key_results(runs):
    note, *comments = [block.text for block in build(runs).chapters[1].blocks if isinstance(block, Text)]
    assert note.startswith("Each value is from a single training run")
    assert comments[0].startswith("The dense autoencoder's test MSE, 0.02150, is 31.3 % lower than that of 32 ")
    assert comments[1].startswith("RBF SVM: codes of 32 values lose 0.70 points against pixels")
    assert comments[2].startswith("On the test images the network raises the PSNR from 9.4 to 17.4 dB")
    assert len(comments) == 3


def test_the_svm_kernel_is_chosen_by_cross_validation(tmp_path):
    def result(features, size, kernel, cv, accuracy):
        return {**RESULT, "features": features, "size": size, "kernel": kernel, "cv_accuracy": cv,
                "accuracy": accuracy, "run": f"r{size}" if features == "codes" else None}  # fmt: skip

    results = [
        result("pixels", 784, "rbf", 0.90, 0.91), result("pixels", 784, "linear", 0.89, 0.93),
        result("codes", 16, "rbf", 0.99, 0.99), result("codes", 32, "rbf", 0.85, 0.98),
        result("codes", 32, "linear", 0.86, 0.87), result("codes", 64, "linear", 0.95, 0.96),
    ]  # fmt: skip
    make_run(tmp_path, "svm-eval", metrics={"results": results})
    assert [row[:2] for row in key_results(build(tmp_path))] == [
        ("SVM on pixels, RBF kernel (chosen by cross-validation): test accuracy", "91.00 %"),
        ("SVM on codes, linear kernel (chosen by cross-validation): test accuracy", "87.00 %"),
    ]
    make_run(tmp_path, "svm-eval", 1, metrics={"results": results[:1]})
    assert [row[:2] for row in key_results(build(tmp_path))] == [
        ("SVM on pixels, RBF kernel: test accuracy", "91.00 %"),
        ("SVM on codes: test accuracy", "–"),
    ]


def test_counts_of_one_are_singular(tmp_path):
    folder = make_run(tmp_path, "dense-ae", epochs=1, limit=1)
    facts = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**facts, "threads": 1}), "utf-8")
    make_run(tmp_path, "charrnn", 1, epochs=1, skip=1, units=1)
    document = build(tmp_path)
    text = " ".join(block.text for block in document.blocks if isinstance(block, Text))
    assert "(a processor, 1 thread)" in text and "1 epoch, batch size" in text
    assert "SimpleRNN with 1 unit reads" in text
    assert "at most 1 image (--limit)" in " ".join(document.notices)


def test_a_result_of_a_network_of_names_has_its_epochs(tmp_path):
    make_run(tmp_path, "charrnn", metrics={"epochs": 2})
    assert (
        key_results(build(tmp_path))[0][0] == "SimpleRNN, 64 units, many-to-one, 2 epochs: held-out nats per character"
    )


def test_a_point_of_a_sweep_is_named_with_its_sweep(tmp_path):
    sweep = make_sweep(tmp_path, "dense-ae", 0, {"limit": 500})
    document = build(tmp_path, sweep.name)
    assert {run for _, _, run in key_results(document)} == {f"{sweep.name}/01_seed=0"}
    assert f"Run {sweep.name}/01_seed=0 trained on at most 500 images (--limit)." in document.notices


def test_what_points_of_a_sweep_do_not_measure_is_of_the_other_runs(tmp_path):
    run = make_run(tmp_path, "conv-dae", 0)
    sweep = make_sweep(tmp_path, "conv-dae", 10, {"seed": 1, "metrics": {"denoised_psnr_db": 17.6}})
    document = build(tmp_path, run.name, sweep.name)
    values = {name: value for name, value, _ in key_results(document)}
    assert values["Denoising: PSNR of the denoised test images (dB)"] == "17.5 (16.2 to 18.8)"
    assert values["Denoising: PSNR of the linear denoiser, a baseline (dB)"] == "15.8"
    note = next(block.text for block in document.chapters[1].blocks if isinstance(block, Text))
    assert note == (
        "Means over seeds (2), with Student's 95 % interval in brackets; what the points of a sweep do not measure is "
        "of the other runs."
    )
