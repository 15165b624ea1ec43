"""Item 1g."""

from pw13.report.document import Table
from pw13.report.sections.svm_eval import curve_tuning
from tests.helpers.report_runs import SVM, build, captions, items, make_run, texts


def test_comments_come_from_the_metrics(runs):
    comment = texts(items(build(runs))["1g"], "comment")
    assert comment.startswith("Yes: trained on codes alone, an SVM reaches 89.30 % test accuracy")
    assert "codes of 32 values lose 0.70 points against pixels" in comment
    assert "not significant (p = 0.08, McNemar)" in comment


def test_of_several_tests_the_corrected_p_value_is_given(tmp_path):
    tests = [{**test, "p": 0.03, "p_holm": 0.06} for test in SVM["mcnemar"]]
    make_run(tmp_path, "svm-eval", metrics={"mcnemar": tests})
    assert "not significant (p = 0.06, McNemar, Holm)." in texts(items(build(tmp_path))["1g"], "comment")


def test_codes_of_unequal_classes_are_compared_with_naming_the_largest(tmp_path):
    make_run(tmp_path, "svm-eval", metrics={"majority_share": 0.88})
    assert texts(items(build(tmp_path))["1g"], "comment").startswith(
        "Yes: trained on codes alone, an SVM reaches 89.30 % test accuracy; always naming the most frequent class "
        "reaches 88.0 % (2 classes)."
    )


def test_the_caption_names_the_solvers(tmp_path):
    solvers = (("rbf", "Nystroem 2000 + LinearSVC"), ("linear", "LinearSVC"))
    results = [{**result, "kernel": kernel, "method": name} for result in SVM["results"] for kernel, name in solvers]
    make_run(tmp_path, "svm-eval", metrics={"results": results})
    assert "Solved by LinearSVC and Nystroem 2000 + LinearSVC." in captions(items(build(tmp_path))["1g"])


def test_the_caption_claims_no_check_that_a_run_of_0_1_0_did_not_make(tmp_path):
    make_run(tmp_path, "svm-eval", metrics={"n_test_in_train": 3})
    assert "the test images that occur only once and are not in training." in captions(items(build(tmp_path))["1g"])
    make_run(tmp_path, "svm-eval", 1)
    assert "the test images that occur only once." in captions(items(build(tmp_path))["1g"])


def test_only_encoders_that_differ_in_their_seed_alone_are_a_mean(tmp_path):
    pixels, codes = SVM["results"]
    networks = (("a", "linear", 0.8), ("b", "linear", 0.99), ("c", "relu", 0.3))
    results = [
        {**codes, "run": run, "settings": {"activation": name}, "accuracy": share} for run, name, share in networks
    ]
    make_run(tmp_path, "svm-eval", metrics={"results": [pixels, *results]})
    item = items(build(tmp_path))["1g"]
    assert "89.50 % accuracy over 2 encoders (95 % interval 0.00 % to 100.00 %) against 90.00 %" in texts(
        item, "comment"
    )
    assert "A code has 32 values (activation linear)." in texts(item, "comment")
    shown = next(block for block in item.blocks if isinstance(block, Table)).rows
    assert [row[0] for row in shown] == ["pixels", *["codes, activation linear"] * 2, "codes, activation relu"]
    assert "are encoders trained with other seeds." in captions(item)
    make_run(tmp_path, "svm-eval", 1, metrics={"results": [pixels, *results[1:]]})
    item = items(build(tmp_path))["1g"]
    assert "over 2 encoders" not in texts(item, "comment") and "other seeds" not in captions(item)
    assert "codes of 32 values (activation linear) gain 9.00 points" in texts(item, "comment")


def test_the_caption_of_the_few_label_curve_says_how_c_and_gamma_were_chosen():
    points = [{"n_train": n, "tuned_on": on} for n, on in ((50, 50), (2000, 500), (5000, 4000))]
    said = curve_tuning({"tuned_on": 4000, "learning_curve": points})
    assert said == " C and gamma: chosen for each draw of up to 2,000 labels on these alone (at most 500 of them)."
    assert curve_tuning({"tuned_on": 4000, "learning_curve": [{"n_train": 50}]}) == curve_tuning({})
    assert curve_tuning({}) == " C and gamma: those of the table above."
