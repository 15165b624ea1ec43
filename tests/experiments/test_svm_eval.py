"""`pw13 svm-eval`: its features, outputs, refused inputs, and interruption."""

import io
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pw13 import config
from pw13.baselines import pca
from pw13.config import fields
from pw13.data.images import load_images, to_vectors, train_val_split
from pw13.data.images.idx import write_idx
from pw13.errors import OptionError, UserError
from pw13.experiments import svm_eval, svm_features, svm_memory, svm_results
from pw13.experiments.svm_figures import one_network_each
from pw13.experiments.svm_trials import Trial, draw_folds
from pw13.inference import encoders
from pw13.models import dense_ae_numpy
from pw13.runs.folder import Run
from pw13.runs.opening import create_run
from pw13.runs.record import read_run, settings_of
from pw13.svm import exact, plan, summary
from pw13.svm.kernels import Setting
from pw13.system import memory
from tests.helpers.data import FILES, make_images
from tests.helpers.runs import load_json, only_run

QUICK = ("--tune-on", 30, "--folds", 2)


def dense_run(runs_dir: Path, data: Path, size: int = 8, scale: float = 0.1, **changes) -> Path:
    """Write a completed dense-autoencoder run with random weights, without Keras."""
    import h5py

    settings = config.DenseAE(code_size=size, **changes)
    run = create_run(runs_dir, "dense-ae", {**fields.as_dict(settings), "data": str(data)})
    run.record_data(load_images(str(data)).source)
    buffer = io.BytesIO()
    rng = np.random.default_rng(0)
    with h5py.File(buffer, "w") as file:
        for spec in dense_ae_numpy.weight_specs(784, settings):
            file[spec.path] = rng.normal(0, scale, spec.shape).astype(np.float32)
    (run.folder / "checkpoints").mkdir()
    with zipfile.ZipFile(run.folder / "checkpoints" / "best.keras", "w") as archive:
        archive.writestr("model.weights.h5", buffer.getvalue())
    run.finish({})
    return run.folder


def other_data(folder: Path) -> Path:
    """Write an image set of the same size and classes with different images."""
    folder.mkdir()
    for name, array in zip(FILES, (*make_images(60, 11), *make_images(40, 12)), strict=True):
        write_idx(folder / name, array.shape, [array])
    return folder


def is_one_line(err: str) -> bool:
    return len(err.strip().splitlines()) == 1 and "Traceback" not in err and "Error" not in err


def test_the_majority_share_is_that_of_the_largest_class():
    assert svm_results.majority_share(np.array([0, 1, 1, 1, 2], np.uint8)) == 0.6


def test_codes_pixels_and_pca_with_both_kernels(pw13, data, capfd):
    encoder = dense_run(Path("runs"), data)
    code, out, err = pw13("svm-eval", "--data", data, *QUICK)
    assert code == 0, err
    folder = only_run(Path("runs"), "svm-eval")
    metrics, facts = load_json(folder / "metrics.json"), load_json(folder / "run.json")
    assert facts["status"] == "completed" and facts["encoders"] == [encoder.name]
    assert facts["data"]["counts"] == {"train": 120, "test": 60}
    assert (metrics["n_train"], metrics["n_test"], metrics["seconds"] > 0) == (120, 60, True)
    assert metrics["majority_share"] == 0.1
    found = [(r["features"], r["size"], r["kernel"], r["run"]) for r in metrics["results"]]
    expected = [("pixels", 784, None), ("codes", 8, encoder.name), ("pca", 8, None)]
    assert found == [(name, size, kernel, run) for kernel in ("rbf", "linear") for name, size, run in expected]
    for result in metrics["results"]:
        low, high = result["ci95"]
        assert low < result["accuracy"] <= high and result["accuracy_distinct"] == result["accuracy"]
        assert result["fit_seconds"] > 0 and result["predict_seconds"] > 0 and result["support_vectors"] > 0
        assert list(result["recall"]) == [str(k) for k in range(10)] and result["method"] == "SVC"
        assert np.mean(list(result["recall"].values())) == pytest.approx(result["accuracy"])
    assert metrics["results"][0]["accuracy"] > 0.9  # a bright block marks the class
    assert 0 <= metrics["mcnemar_p"] <= 1 and len(metrics["mcnemar"]) == 4
    drawn = {f"{name}.{form}" for name in ("confusion", "learning_curve", "disagreements") for form in ("png", "svg")}
    assert {p.name for p in (folder / "figures").iterdir()} == drawn
    assert len(list((folder / "checkpoints").glob("svm-*.npz"))) == 6
    predictions, labels = np.load(folder / "checkpoints" / "predictions.npz"), load_images(str(data)).test_labels
    for result in metrics["results"]:
        predicted = predictions[f"{result['features']}-{result['kernel']}"]
        assert np.mean(predicted == labels) == pytest.approx(result["accuracy"])
    assert [(r["features"], r["size"], r["kernel"]) for r in metrics["reconstructions"]] == [
        ("codes", 8, "rbf"),
        ("pca", 8, "rbf"),
    ]
    assert all(low <= r["accuracy"] <= high for r in metrics["reconstructions"] for low, high in [r["ci95"]])
    assert [t["p_holm"] >= t["p"] for t in metrics["mcnemar"]] == [True] * 4
    curve = [point for point in metrics["learning_curve"] if point["features"] == "codes"]
    assert [(point["n_train"], len(point["accuracies"])) for point in curve] == [(50, 5), (100, 5), (120, 1)]
    assert {point["tuned_on"] for point in curve} == {30}  # no subset is smaller
    assert "accuracy" in out and metrics["comment"][0] in out
    assert settings_of(read_run(folder)) == config.SvmEval(tune_on=30, folds=2)


def test_without_a_dense_run_codes_are_left_out(pw13, data):
    code, out, err = pw13("svm-eval", "--data", data, "--json", *QUICK)
    assert code == 0, err
    document = json.loads(out)
    assert [r["features"] for r in document["results"]] == ["pixels", "pca"] * 2
    assert [r["size"] for r in document["results"]] == [784, 32] * 2
    assert document["mcnemar_p"] is None
    told = "No codes of a dense autoencoder: no usable run on these data; train one with `pw13 train-dense-ae`."
    assert document["comment"][-1] == told
    assert len(list(Path("runs").iterdir())) == 1


def test_several_runs_give_accuracy_by_code_size(pw13, data):
    folders = [dense_run(Path("runs"), data, size) for size in (4, 16)]
    named = [word for folder in [*folders, folders[0]] for word in ("--run", folder.name)]
    code, _, err = pw13("svm-eval", "--data", data, "--kernel", "rbf", *named, *QUICK)
    assert code == 0, err
    folder = only_run(Path("runs"), "svm-eval")
    found = [(r["features"], r["size"]) for r in load_json(folder / "metrics.json")["results"]]
    assert found == [("pixels", 784), ("codes", 4), ("codes", 16), ("pca", 4), ("pca", 16)]
    assert (folder / "figures" / "code_size.png").is_file()
    assert load_json(folder / "config.json")["runs"] == [str(Path(f).absolute()) for f in [*folders, folders[0]]]


def test_the_code_size_of_the_handout_is_the_headline_else_the_first():
    tests = [{"kernel": "rbf", "second": "codes", "size": size, "p": size / 100} for size in (16, 32, 64)]
    others = [{**tests[0], "kernel": "linear"}, {**tests[1], "second": "pca", "p": 0.9}]
    assert svm_results.headline_p([*others, *tests]) == 0.32
    assert svm_results.headline_p([*others, tests[0], tests[2]]) == 0.16
    assert svm_results.headline_p(others) is None


def test_the_predictions_kept_are_those_of_the_headline_encoder():
    def trial(name: str, size: int, kernel: str) -> Trial:
        outcome = SimpleNamespace(setting=Setting(kernel, 1.0, 0.0), predictions=np.array([size]))
        return Trial(svm_features.Features(name, size, None, [], [], 0.0), outcome)

    sizes = [("pixels", 784), ("codes", 16), ("codes", 32), ("codes", 64), ("pca", 16), ("pca", 64)]
    trials = [trial(name, size, kernel) for kernel in ("rbf", "linear") for name, size in sizes]
    kept = svm_results.predictions(trials, 10)
    assert {name: array.dtype for name, array in kept.items()} == dict.fromkeys(kept, np.uint8)
    assert {name: int(array[0]) for name, array in kept.items()} == {
        f"{name}-{kernel}": size % 256
        for kernel in ("rbf", "linear")
        for name, size in (("pixels", 784), ("codes", 32), ("pca", 16))
    }


def test_the_same_seed_gives_the_same_metrics(pw13, data):
    dense_run(Path("runs"), data)
    numbers = []
    for _ in range(2):
        pw13("svm-eval", "--data", data, "--kernel", "rbf", *QUICK)
        folder = sorted(Path("runs").glob("*_svm-eval*"))[-1]
        numbers.append(
            [
                (r["accuracy"], r["c"], r["gamma"], r["cv_accuracy"])
                for r in load_json(folder / "metrics.json")["results"]
            ]
        )
    assert numbers[0] == numbers[1]


def test_duplicates_in_the_test_file_count_once_in_the_distinct_accuracy(pw13, tmp_path):
    folder = tmp_path / "duplicates"
    folder.mkdir()
    test_images, test_labels = make_images(60, 2)
    test_images[:20] = test_images[0]
    for name, array in zip(FILES, (*make_images(120, 1), test_images, test_labels), strict=True):
        write_idx(folder / name, array.shape, [array])
    code, out, _ = pw13("svm-eval", "--data", folder, "--kernel", "linear", "--json", *QUICK)
    document = json.loads(out)
    assert code == 0 and document["n_test_distinct"] == 40
    pixels = document["results"][0]
    assert pixels["accuracy_distinct"] > pixels["accuracy"]
    assert any("20 test images in duplicate groups" in line for line in document["comment"])


def test_test_images_that_are_in_training_do_not_count_in_the_distinct_accuracy(pw13, tmp_path):
    folder = tmp_path / "leak"
    folder.mkdir()
    train_images, train_labels = make_images(120, 1)
    test_images, test_labels = make_images(60, 2)
    test_images[:20], test_labels[:20] = train_images[:20], train_labels[:20]
    test_labels[40:] = (test_labels[40:] + 1) % 10  # so that only images that are not in training are misclassified
    for name, array in zip(FILES, (train_images, train_labels, test_images, test_labels), strict=True):
        write_idx(folder / name, array.shape, [array])
    code, out, _ = pw13("svm-eval", "--data", folder, "--kernel", "linear", "--json", "--limit", 100, *QUICK)
    document = json.loads(out)
    assert code == 0 and (document["n_test_in_train"], document["n_test_distinct"]) == (20, 40)
    pixels = document["results"][0]
    assert (pixels["accuracy"], pixels["accuracy_distinct"]) == (pytest.approx(40 / 60), 0.5)
    assert any("Without the 20 test images in duplicate groups or in training (20)" in t for t in document["comment"])


def test_pca_is_fitted_to_the_training_images_of_the_encoder_of_its_size(data):
    images = load_images(str(data))
    folders = [
        dense_run(Path("runs"), data, size, limit=limit, split_seed=3)
        for size, limit in ((8, 30), (4, 30), (8, 60), (6, None))
    ]
    loaded = encoders.load_encoders([folder.name for folder in folders], Path("runs"), images)
    linear = svm_features.fit_pca(images, loaded)
    found = {kind.size: kind for kind in svm_features.kinds(images, loaded, linear) if kind.name == "pca"}
    assert sorted(linear) == sorted(found) == [4, 6, 8]
    for size, limit, count in ((4, 30, 30), (8, 30, 30), (6, None, 110)):
        split = train_val_split(images, share=0.1, limit=limit, split_seed=3)
        assert len(split.train_images) == count
        expected = pca.fit(to_vectors(split.train_images), size)
        np.testing.assert_allclose(linear[size].mean, expected.mean, atol=1e-6)
        codes = expected.encode(to_vectors(images.test_images))
        assert found[size].encode(images.test_images) == pytest.approx(codes, abs=1e-5)


def test_pca_has_the_size_of_its_components_which_few_images_limit(data):
    images = load_images(str(data))
    folders = [dense_run(Path("runs"), data, size, limit=30) for size in (40, 50, 4)]
    loaded = encoders.load_encoders([folder.name for folder in folders], Path("runs"), images)
    linear = svm_features.fit_pca(images, loaded)
    found = [kind for kind in svm_features.kinds(images, loaded, linear) if kind.name == "pca"]
    assert [kind.encode(images.test_images).shape[1] for kind in found] == [kind.size for kind in found] == [4, 30]
    assert svm_features.sizes(images, loaded) == [784, 40, 50, 4, 4, 30]
    told = [(name, size) for name, size, *_ in svm_features.reconstructions(loaded, linear)]
    assert told == [("codes", 40), ("codes", 50), ("codes", 4), ("pca", 4), ("pca", 30)]


def test_without_a_dense_encoder_pca_is_fitted_to_all_training_images(data):
    images = load_images(str(data))
    rows = np.arange(50)
    codes = svm_features.feature_sets(images, rows, [], svm_features.fit_pca(images, []))[-1]
    linear = pca.fit(to_vectors(images.train_images), svm_features.PCA_SIZE)
    assert (codes.name, codes.train.shape) == ("pca", (50, svm_features.PCA_SIZE))
    assert codes.train == pytest.approx(linear.encode(to_vectors(images.train_images[rows])))
    assert codes.test == pytest.approx(linear.encode(to_vectors(images.test_images)))


def test_only_a_resumed_evaluation_is_held_to_the_encoders_that_it_had(data, tmp_path, monkeypatch):
    given = []

    def stop(names, runs_dir, images, recorded):
        given.append(recorded)
        raise UserError("stopped")

    monkeypatch.setattr(svm_eval, "load_encoders", stop)
    new = create_run(tmp_path, "svm-eval", {}, encoders=["a"])
    for run in (new, Run(new.folder, previous=read_run(new.folder))):
        with pytest.raises(UserError, match="stopped"):
            svm_eval.run_experiment(config.SvmEval(), data=str(data), runs_dir=tmp_path, run=run)
    assert given == [None, ["a"]]


def test_limit_is_stratified(pw13, data, monkeypatch):
    counts = []

    def feature_sets(images, indices, *more, original=svm_features.feature_sets):
        counts.append(np.bincount(images.train_labels[indices]).tolist())
        return original(images, indices, *more)

    monkeypatch.setattr(svm_features, "feature_sets", feature_sets)
    code, out, _ = pw13("svm-eval", "--data", data, "--limit", 50, "--kernel", "linear", "--json", *QUICK)
    assert code == 0 and json.loads(out)["n_train"] == 50
    assert counts == [[5] * 10]


@pytest.mark.parametrize(
    ("arguments", "expected_code", "message"),
    [
        (["--run", "nothing"], 1, "no run matching 'nothing'"),
        (["--kernel", "poly"], 2, "--kernel"),
        (["--limit", 0], 2, "--limit: expected an integer from 1"),
        (["--limit", 20], 2, "--limit 20: need at least one image per fold (--folds 3), class 0 has 2 training images"),
        (["--limit", 10], 2, "--limit 10: need at least one image per fold (--folds 3), class 0 has 1 training image"),
        (["--limit", 1], 2, "--limit 1: an SVM needs at least two classes, received only one"),
        (["--folds", 13], 1, "need at least one image per fold (--folds 13), class 0 has 12 training images"),
        (["--folds", 1], 2, "--folds: expected an integer from 2"),
    ],
)
def test_a_mistake_gets_one_line_and_no_run(pw13, data, arguments, expected_code, message):
    code, out, err = pw13("svm-eval", "--data", data, *arguments)
    assert code == expected_code and out == "" and message in err and is_one_line(err)
    assert not list(Path().glob("runs/*"))


def test_a_single_class_is_refused(pw13, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    images, _ = make_images(30, 1)
    for name, array in zip(FILES, (images, np.zeros(30, np.uint8), images, np.zeros(30, np.uint8)), strict=True):
        write_idx(folder / name, array.shape, [array])
    code, _, err = pw13("svm-eval", "--data", folder)
    assert code == 1 and is_one_line(err) and "at least two classes, received only one (0" in err
    assert not list(Path().glob("runs/*"))


@pytest.mark.parametrize(("tune_on", "requested", "folds"), [(20, 12, 2), (100, 11, 10)])
def test_a_class_with_fewer_images_for_tuning_than_folds_makes_the_folds_fewer(pw13, data, tune_on, requested, folds):
    options = ["--tune-on", tune_on, "--folds", requested, "--kernel", "linear"]
    code, out, err = pw13("svm-eval", "--data", data, *options, "--json")
    assert code == 0, err
    assert (json.loads(out)["folds"], json.loads(out)["tuned_on"]) == (folds, tune_on)
    assert f"note: {folds} folds: {folds} of the {tune_on} images of tuning are of class" in err


def test_a_rare_class_that_tuning_cannot_draw_twice_is_refused_until_it_can(pw13, tmp_path):
    folder = tmp_path / "rare"
    folder.mkdir()
    images, _ = make_images(203, 1)
    labels = np.repeat(np.array([0, 1], np.uint8), [200, 3])
    images[labels == 1] //= 2
    for name, array in zip(FILES, (images, labels, images[-20:], labels[-20:]), strict=True):
        write_idx(folder / name, array.shape, [array])
    code, out, err = pw13("svm-eval", "--data", folder, "--tune-on", 40, "--quiet")
    assert code == 2 and out == "" and is_one_line(err) and not list(Path().glob("runs/*"))
    assert "--tune-on 40: expected at least two images of each class, received 1 of 1; set a larger one" in err
    code, out, err = pw13("svm-eval", "--data", folder, "--tune-on", 152, "--kernel", "linear", "--json")
    assert code == 0, err
    assert json.loads(out)["folds"] == 2


def test_too_little_memory_to_tune_on_a_rare_class_is_refused_by_its_own_option():
    labels = np.repeat([0, 1], [20_000, 3])
    with pytest.raises(OptionError, match=r"--memory: for tuning on 1,000 images: expected at least two .* 1 of rare"):
        draw_folds(labels, ("usual", "rare"), config.SvmEval(), 1000)


def test_a_run_on_different_data_is_refused_when_named_and_skipped_when_latest(pw13, data, tmp_path):
    usable = dense_run(Path("runs"), data)
    other = dense_run(Path("runs"), other_data(tmp_path / "other"))
    code, _, err = pw13("svm-eval", "--data", data, "--run", other.name, *QUICK)
    assert code == 1 and is_one_line(err) and "trained on different data" in err and other.name in err
    assert not list(Path("runs").glob("*svm-eval*"))
    images = load_images(str(data))
    assert encoders.latest_dense(Path("runs"), images).run == usable.name


def test_a_corrupt_model_is_refused_when_named_and_skipped_when_latest(pw13, data, capfd):
    usable, corrupt = dense_run(Path("runs"), data), dense_run(Path("runs"), data)
    path = corrupt / "checkpoints" / "best.keras"
    path.write_bytes(path.read_bytes()[:1000])
    code, _, err = pw13("svm-eval", "--data", data, "--run", corrupt.name)
    assert code == 1 and is_one_line(err) and "best.keras: corrupt" in err
    capfd.readouterr()
    assert encoders.latest_dense(Path("runs"), load_images(str(data))).run == usable.name
    assert "skipped" in capfd.readouterr().err


def test_a_run_of_another_kind_is_refused(pw13, data):
    run = create_run(Path("runs"), "svm-eval", fields.as_dict(config.SvmEval()))
    code, _, err = pw13("svm-eval", "--data", data, "--run", run.name)
    assert code == 1 and is_one_line(err) and "expected a dense-ae or conv-dae run, received svm-eval" in err


def test_weights_that_are_not_finite_are_refused(data):
    record = read_run(dense_run(Path("runs"), data, scale=np.inf))
    with pytest.raises(UserError, match=r"best\.keras: corrupt: weights are not finite"):
        encoders.load_encoder(record, load_images(str(data)))


def test_codes_that_overflow_are_refused(pw13, data):
    run = dense_run(Path("runs"), data, scale=6e37)
    code, _, err = pw13("svm-eval", "--data", data, "--run", run.name)
    assert code == 1 and err.endswith("best.keras: codes are not finite\n") and "Traceback" not in err


def tight(monkeypatch, images: int) -> None:
    """Let exact SVMs of the small data fit in any memory up to so many images, and no larger ones."""
    monkeypatch.setattr(plan, "EXACT_STEP", 10)
    monkeypatch.setattr(plan, "MIN_EXACT", 20)
    monkeypatch.setattr(exact, "memory", lambda counts, *_, **__: 0 if counts.sum() <= images else 10**15)


def test_what_does_not_fit_exactly_is_approximated_and_every_row_says_how(pw13, data, monkeypatch):
    dense_run(Path("runs"), data)
    tight(monkeypatch, 60)
    code, out, err = pw13("svm-eval", "--data", data, "--folds", 2)
    assert code == 0, err
    said = "Nystroem 1000 + SGD (rbf) and SGD (linear) on 120 images, SVC on 60 of them"
    assert said in err and " of 3.0 GB memory: " in err
    metrics = load_json(only_run(Path("runs"), "svm-eval") / "metrics.json")
    for name, methods, count in (("results", ["Nystroem 1000 + SGD", "SGD"], 120), ("exact_results", ["SVC"] * 2, 60)):
        rows = metrics[name]
        assert [(r["features"], r["kernel"]) for r in rows] == [
            (features, kernel) for kernel in ("rbf", "linear") for features in ("pixels", "codes", "pca")
        ]
        assert [r["method"] for r in rows] == [method for method in methods for _ in range(3)]
        assert {r["n_train"] for r in rows} == {count} and rows[0]["accuracy"] > 0.9
        assert all((r["support_vectors"] is None) == (name == "results") for r in rows)
    curve = [(p["n_train"], p["tuned_on"], p["method"]) for p in metrics["learning_curve"] if p["features"] == "codes"]
    assert curve == [(50, 50, "SVC"), (60, 60, "SVC"), (120, 60, "Nystroem 1000 + SGD")]
    assert metrics["tuned_on"] == 60 and metrics["memory_estimate"] < metrics["memory_limit"] == 3_000_000_000
    assert "Nystroem 1000 + SGD" in out and "SVC" in out
    assert any("an exact SVM on 60 of them" in line for line in metrics["comment"])


def test_features_that_are_not_kept_give_the_same_accuracies(pw13, data, monkeypatch):
    dense_run(Path("runs"), data)
    accuracies = []
    for share in (1, 0):
        monkeypatch.setattr(plan, "HELD_SHARE", share)
        code, out, err = pw13("svm-eval", "--data", data, "--json", *QUICK)
        assert code == 0, err
        accuracies.append([(r["accuracy"], r["c"], r["support_vectors"]) for r in json.loads(out)["results"]])
    assert accuracies[0] == accuracies[1]


def test_gammas_are_tuned_one_by_one_where_memory_is_short_with_the_same_result(pw13, data, monkeypatch):
    found, fitted = [], []

    def fit_each(*arguments, original=exact.fit_each):
        fitted.append(len(arguments[2]))
        return original(*arguments)

    monkeypatch.setattr(exact, "fit_each", fit_each)
    for needed, together in ((0, {12, 1}), (10**15, {3, 1})):  # 1: the settings that are chosen
        fitted.clear()
        monkeypatch.setattr(exact, "memory", lambda *_, together=False, needed=needed: needed * together)
        code, out, err = pw13("svm-eval", "--data", data, "--json", "--kernel", "rbf", *QUICK)
        assert code == 0, err
        found.append([(r["c"], r["gamma"], r["cv_accuracy"]) for r in json.loads(out)["results"]])
        assert set(fitted) == together
    assert found[0] == found[1]


def test_a_memory_that_is_too_small_is_refused_before_anything_is_fitted(pw13, data, monkeypatch):
    code, _, err = pw13("svm-eval", "--data", data, "--memory", 0.3)
    assert code == 2 and is_one_line(err) and "--memory: expected about 0.7 GB for 120 images, received 0.3" in err
    monkeypatch.setattr(memory, "free_memory", lambda: 400_000_000)
    code, _, err = pw13("svm-eval", "--data", data)
    assert code == 1 and is_one_line(err) and "of the free memory 0.3 GB may be used; use fewer with --limit" in err
    assert not list(Path().glob("runs/*"))


def test_the_memory_that_a_refusal_names_is_accepted(pw13, data, monkeypatch):
    monkeypatch.setattr(svm_memory, "PROCESS", 420_000_000)  # in all a little above 0.7 GB
    _, _, err = pw13("svm-eval", "--data", data, "--memory", 0.5)
    named = re.search(r"expected about (\S+) GB", err)[1]
    code, _, err = pw13("svm-eval", "--data", data, "--memory", named, "--kernel", "linear", *QUICK)
    assert (code, named) == (0, "0.8"), err


def test_the_memory_of_pca_counts_where_it_is_large():
    for count, side, expected in ((120, 28, 0), (5000, 100, 1.0), (20, 400, 0)):
        train, labels = np.zeros((count, side, side), np.uint8), np.zeros(count, int)
        images = SimpleNamespace(train_images=train, test_images=train[:1], test_labels=labels[:1])
        fixed = svm_memory.describe(images, labels, [], config.SvmEval()).fixed
        others = svm_memory.PROCESS + train.nbytes + train[0].nbytes
        assert (fixed - others) / 1e9 == pytest.approx(expected, abs=0.3), side


def test_the_default_memory_is_three_quarters_of_what_is_free_and_at_most_3_gb(monkeypatch):
    for free, expected in ((2_000_000_000, 1_500_000_000), (100_000_000_000, 3_000_000_000)):
        monkeypatch.setattr(memory, "free_memory", lambda free=free: free)
        assert svm_memory.memory_limit(config.SvmEval()) == expected
        assert svm_memory.memory_limit(config.SvmEval(memory=0.5)) == 500_000_000


@pytest.mark.parametrize("where", ["fit_each", "predict"])
def test_memory_that_runs_out_gets_one_line_and_leaves_no_metrics(pw13, data, monkeypatch, where):
    def out_of_memory(*_):
        raise MemoryError("Unable to allocate 9.9 GiB")

    monkeypatch.setattr(*((exact, where) if where == "fit_each" else (exact.Classifier, where)), out_of_memory)
    code, out, err = pw13("svm-eval", "--data", data, "--quiet", *QUICK)
    assert code == 1 and out == "" and is_one_line(err)
    assert "out of memory; set a smaller --memory, or use fewer images with --limit" in err
    folder = only_run(Path("runs"), "svm-eval")
    assert load_json(folder / "run.json")["status"] == "failed" and not (folder / "metrics.json").exists()


def test_tensorflow_is_not_imported(data):
    dense_run(Path("runs"), data)
    code = (
        "import sys; from pw13.cli import main; code = main(sys.argv[1:]);"
        "sys.exit(code or any(name in sys.modules for name in ('tensorflow', 'keras', 'torch')))"
    )
    arguments = ["svm-eval", "--data", str(data), "--kernel", "linear", *map(str, QUICK)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_ctrl_c_stops_at_once_and_is_recorded(tmp_path, data):
    arguments = ["svm-eval", "--data", str(data), "--folds", "12", "--tune-on", "120"]
    child = subprocess.Popen([sys.executable, "-m", "pw13", *arguments], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(Path().glob("runs/*_svm-eval/run.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    folder = only_run(Path("runs"), "svm-eval")
    while "data" not in load_json(folder / "run.json") and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130 and "Traceback" not in err
    assert load_json(folder / "run.json")["status"] == "interrupted"
    assert not (folder / "metrics.json").exists()


def test_the_comment_says_what_the_numbers_say():
    def result(features, size, accuracy, seconds, run=None):
        return {
            "features": features, "size": size, "run": run, "kernel": "rbf", "accuracy": accuracy,
            "accuracy_distinct": accuracy - 0.01, "ci95": (accuracy - 0.005, accuracy + 0.005), "encode_seconds": 0.1,
            "fit_seconds": seconds, "predict_seconds": seconds - 0.1, "recall": {"A": 0.9, "I": 0.5, "Z": None},
        }  # fmt: skip

    results = [result("pixels", 784, 0.92, 3.0), result("codes", 32, 0.915, 1.0, "r"), result("pca", 32, 0.91, 1.0)]
    test = {"kernel": "rbf", "first": "pixels", "second": "codes", "size": 32, "run": "r", "p": 0.03}
    metrics = {"results": results, "mcnemar": [test], "n_test": 100, "n_test_distinct": 90}
    versus, pca, speed, weakest, copies = summary.sentences(metrics)
    assert "codes (32 values) reach 91.50 %" in versus
    assert "0.50 points below pixels (784 values) with 92.00 %" in versus
    assert "p = 0.03, significant" in versus and versus.startswith("RBF kernel: ")
    assert "not significant" in summary.against_pixels([{**test, "p": 0.06}], results)[0]
    assert "p < 1e-300, significant" in summary.against_pixels([{**test, "p": 0.0}], results)[0]
    assert "+0.50 points with 32 values" in pca
    assert "fitting takes 1 s vs 3 s (3.0x faster), excluding the autoencoder's training; prediction" in speed
    assert "including encoding, 1 s vs 2.9 s (2.9x faster)" in speed
    assert "codes (32 values), RBF kernel: class I, 50.0 %" in weakest
    assert "every test image is classified" in summary.lowest_recall([{**results[1], "recall": {"A": 1.0}}])
    assert summary.describe({**results[1], "size": 1}) == "codes (1 value)"
    assert "Without the 10 test images in duplicate groups: 90.50 % instead of 91.50 %" in copies
    leaked = summary.without_duplicates({**metrics, "n_test_in_train": 4}, results)
    assert "Without the 10 test images in duplicate groups or in training (4): " in leaked


def point(features: str, *accuracies: float, size: int = 784, n_train: int = 50) -> dict:
    mean = sum(accuracies) / len(accuracies)
    values = {"features": features, "size": size, "run": None, "kernel": "rbf", "n_train": n_train}
    return {**values, "accuracies": list(accuracies), "accuracy": mean, "ci95": (mean - 0.01, mean + 0.01)}


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((0.61, 0.62, 0.63), "better (difference +11.0 points, 95 % interval +8.5 to +13.5)"),
        ((0.41, 0.42, 0.42), "worse (difference -9.3 points"),
        ((0.60, 0.42, 0.55), "not distinguishable (difference +1.3 points"),
    ],
)
def test_few_labels_are_compared_by_draw_and_called_better_only_where_the_interval_says_so(codes, said):
    curve = [point("pixels", 0.51, 0.50, 0.52), point("codes", *codes, size=32), point("codes", 0.9, n_train=100)]
    (sentence,) = summary.few_labels(curve)
    lead = "With 50 labelled images (RBF kernel, 3 draws), pixels (784 values) reach 51.0 %; codes (32 values) "
    assert sentence.startswith(lead) and f" %, {said}" in sentence


def test_the_sentence_on_few_labels_says_which_labels_chose_c_and_gamma():
    for tuned_on, said in (
        ({"tuned_on": 50}, "on these labels alone;"),
        ({"tuned_on": 60}, "on more labels"),
        ({}, "on more"),
    ):
        curve = [{**point(name, 0.5, 0.6), **tuned_on} for name in ("pixels", "codes")]
        assert f"C and gamma were chosen {said}" in summary.few_labels(curve)[0]


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        ((0.93, 0.94, 0.95), " (95 % interval 90.00 % to 92.00 %): better (difference +3.0 points"),
        ((0.87, 0.88, 0.89), ": worse (difference -3.0 points, 95 % interval -5.5 to -0.5)"),
        (
            (0.88, 0.91, 0.95),
            "91.33 % (mean of 3 encoders, 95 % interval 82.61 % to 100.00 %), pixels (784 values) 91.00 %",
        ),
        ((0.88, 0.91, 0.95), ": not distinguishable (difference +0.3 points"),
    ],
)
def test_encoders_of_several_seeds_are_compared_with_pixels_as_one(accuracies, said):
    codes = [{**point("codes", each, size=32), "run": str(n), "settings": {}} for n, each in enumerate(accuracies)]
    tests = [{"second": "codes", "kernel": "rbf", "size": 32, "run": row["run"], "p": 0.01} for row in codes]
    (sentence,) = summary.against_pixels(tests, [point("pixels", 0.91), *codes])
    assert sentence.startswith("RBF kernel: codes (32 values) reach ") and said in sentence
    (_, first, *_) = summary.against_pixels(
        tests, [point("pixels", 0.91), *({**row, "settings": None} for row in codes)]
    )
    assert first.startswith("RBF kernel: codes (32 values) reach") and "McNemar's exact test: p = 0.01" in first


def test_runs_that_drew_once_get_no_sentence_on_few_labels():
    curve = [{"features": name, "n_train": 50, "accuracy": 0.5, "kernel": "rbf"} for name in ("pixels", "codes")]
    assert summary.few_labels(curve) == summary.few_labels([]) == []


def test_reconstructions_are_told_beside_the_originals():
    rows = [point("codes", 0.88, size=32), point("pca", 0.85, size=32)]
    assert summary.on_reconstructions({}) == []
    (sentence,) = summary.on_reconstructions({"results": [point("pixels", 0.92)], "reconstructions": rows})
    assert "92.00 % (95 % interval 91.00 % to 93.00 %) of the original test images" in sentence
    assert "88.00 % (95 % interval 87.00 % to 89.00 %) of autoencoder reconstructions from 32 values" in sentence
    assert "85.00 % (95 % interval 84.00 % to 86.00 %) of PCA reconstructions from 32 values" in sentence


def test_networks_of_one_size_with_other_settings_are_no_seeds_of_one(pw13, data):
    """Two seeds of a linear code of 4 values, two relu codes of other images; only the linear ones make a mean."""
    changes = ({"seed": 0}, {"seed": 1, "threads": 1}, {"activation": "relu", "limit": 60}, {"activation": "relu"})
    folders = [dense_run(Path("runs"), data, 4, **each) for each in changes]
    named = [word for folder in [*folders, dense_run(Path("runs"), data, 8)] for word in ("--run", folder.name)]
    code, out, err = pw13("svm-eval", "--data", data, "--kernel", "rbf", "--json", *named, *QUICK)
    assert code == 0, err
    document = json.loads(out)
    linear, limited, relu = (
        {"activation": activation, "limit": limit}
        for activation, limit in (("linear", None), ("relu", 60), ("relu", None))
    )
    assert [r["settings"] for r in document["results"]] == [{}, linear, linear, limited, relu, {}, {}, {}]
    assert [r["settings"] for r in document["reconstructions"]] == [linear, linear, limited, relu, {}, {}, {}]
    codes = [r["accuracy"] for r in document["results"] if r["features"] == "codes"]
    (compared,) = [line for line in document["comment"] if line.startswith("Autoencoder codes vs PCA codes")]
    assert compared.count("mean of 2 encoders") == 1 and "mean of 3" not in compared
    assert "with 4 values, activation relu, limit None, RBF kernel" in compared
    assert "limit 60" not in compared  # PCA of 4 components was fitted to the images of the first encoder
    kept = one_network_each(document["results"], "rbf")
    assert sorted(r["accuracy"] for r in kept if r["features"] == "codes") == sorted([codes[0], codes[1], codes[4]])


def test_without_known_settings_no_encoders_count_as_seeds_of_one_network():
    rows = [{**point("codes", value, size=32), "run": run} for run, value in (("a", 0.3), ("b", 0.9))]
    assert [len(group) for group in summary.alike(rows)] == [1, 1]
    assert [len(group) for group in summary.alike([{**row, "settings": {}} for row in rows])] == [2]


def test_an_interval_of_accuracies_ends_at_one():
    rows = [point("codes", value, size=32) for value in (0.8, 0.99)]
    (sentence,) = summary.on_reconstructions({"results": [point("pixels", 0.92)], "reconstructions": rows})
    assert "89.50 % (mean of 2 encoders, 95 % interval 0.00 % to 100.00 %) of autoencoder" in sentence


def test_several_encoders_of_one_size_are_told_as_a_mean_with_its_interval():
    results = [point("pixels", 0.92), *(point("codes", value, size=32) for value in (0.88, 0.90, 0.92))]
    results += [point("codes", 0.93, size=64), point("codes", 0.85, size=16), point("pca", 0.86, size=32)]
    groups = [[row["size"] for row in group] for group in summary.alike(results)]
    assert groups == [[784], [16], [32, 32, 32], [64], [32]]
    half = 4.302652729911275 * 2 / 3**0.5  # points; Student's quantile, two degrees of freedom
    said = summary.ae_against_pca(results[1:6], results)
    mean = f"+4.00 points (mean of 3 encoders, 95 % interval {4 - half:+.2f} to {4 + half:+.2f}) with 32 values"
    assert said == f"Autoencoder codes vs PCA codes of the same size: {mean}, RBF kernel."
    (sentence,) = summary.on_reconstructions({"results": results, "reconstructions": results[1:5]})
    mean = f"90.00 % (mean of 3 encoders, 95 % interval {90 - half:.2f} % to {90 + half:.2f} %)"
    assert f"{mean} of autoencoder reconstructions from 32 values, 93.00 % (95 % interval" in sentence


@pytest.mark.parametrize("classes", [2, 26, 47])
def test_other_numbers_of_classes(pw13, tmp_path, classes):
    """As in EMNIST: letters (26), balanced (47); two are the minimum."""
    folder = tmp_path / "set"
    folder.mkdir()
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 2, (classes, 8, 8)) * 200
    labels = np.tile(np.arange(classes, dtype=np.uint8), 4)
    images = (patterns[labels] + rng.integers(0, 50, (len(labels), 8, 8))).astype(np.uint8)
    for name, array in zip(FILES, (images, labels, images[: 2 * classes], labels[: 2 * classes]), strict=True):
        write_idx(folder / name, array.shape, [array])
    (folder / "classes.txt").write_text("".join(f"class {k}\n" for k in range(classes)), "utf-8")
    code, out, err = pw13("svm-eval", "--data", folder, "--folds", 2, "--json")
    assert code == 0, err
    for result in json.loads(out)["results"]:
        assert list(result["recall"]) == [f"class {k}" for k in range(classes)] and result["accuracy"] > 0.9
    assert (only_run(Path("runs"), "svm-eval") / "figures" / "confusion.png").is_file()


@pytest.mark.parametrize(
    "names", [list("ABCDEFGHIJ"), [str(k) for k in range(47)], ["ankle boot", "T-shirt", "bag"] * 4]
)
def test_class_names_of_a_confusion_matrix_do_not_overlap(names):
    from pw13.figures import svm_eval as figures

    figure = figures.confusion_matrices([np.eye(len(names), dtype=int)] * 2, ["one", "two"], names, "rbf")
    figure.draw_without_rendering()
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
        assert not any(first.overlaps(second) for first, second in itertools.pairwise(boxes))


def test_the_lines_of_many_sizes_are_distinguishable():
    from pw13.figures import svm_eval as figures

    points = [
        {"features": name, "size": size, "run": None, "n_train": n, "accuracy": 0.5, "ci95": (0.4, 0.6)}
        for name in ("codes", "pca") for size in range(1, 7) for n in (10, 20)
    ]  # fmt: skip
    figure = figures.learning_curve(points, "rbf")
    styles = {(box.lines[0].get_color(), box.lines[0].get_marker()) for box in figure.axes[0].containers}
    assert len(styles) == 12 and figure.axes[0].get_legend() is None
    assert {"codes (1)", "codes (6)", "PCA codes (6)"} <= {text.get_text() for text in figure.axes[0].texts}


@pytest.mark.slow
def test_on_the_real_images(pw13, real_data):
    started = time.monotonic()  # not the run's `seconds`: they count from the start of this process
    code, out, err = pw13("svm-eval", "--json", "--quiet")
    assert time.monotonic() - started < 240
    assert code == 0, err
    document = json.loads(out)
    shares = {(r["features"], r["kernel"]): r["accuracy"] for r in document["results"]}
    assert (document["n_train"], document["n_test"], document["n_test_distinct"]) == (10_440, 10_000, 9_747)
    assert shares["pixels", "rbf"] >= 0.92 and shares["pca", "linear"] >= 0.885
