"""Comments on SVMs on codes and on pixels."""

import pytest

from pw13.metrics.intervals import mean_interval
from pw13.report.commentary import svm_eval


@pytest.mark.parametrize(
    ("pixels", "codes", "p", "text"),
    [
        (
            0.90,
            0.893,
            0.08,
            "codes of 32 values lose 0.70 points against pixels, 89.30 % against 90.00 % accuracy, not significant "
            "(p = 0.08, McNemar)",
        ),
        (0.90, 0.893, 0.001, "accuracy, significant (p = 0.001, McNemar)"),
        (
            0.89,
            0.90,
            0.00000001,
            "codes of 32 values gain 1.00 points against pixels, 90.00 % against 89.00 % accuracy, significant "
            "(p < 0.0001, McNemar)",
        ),
        (0.90, 0.90, 1.0, "codes of 32 values match pixels, 90.00 % accuracy, not significant"),
        (0.9, 0.8998, None, "codes of 32 values lose 0.02 points against pixels, 89.98 % against 90.00 %"),
        (0.90, 0.893, None, "89.30 % against 90.00 % accuracy."),
        (0.90, 0.80, 0.05, "not significant (p = 0.05, McNemar)"),
    ],
)
def test_codes_are_compared_with_pixels(pixels, codes, p, text):
    assert text in svm_eval.codes_against_pixels(pixels, codes, p, size=32, kernel="RBF")


def test_a_p_value_that_is_corrected_for_the_number_of_tests_is_called_so():
    text = svm_eval.codes_against_pixels(0.90, 0.893, 0.08, size=32, kernel="RBF", holm=True)
    assert text.endswith("accuracy, not significant (p = 0.08, McNemar, Holm).")


def test_a_code_of_one_value_is_singular():
    assert svm_eval.codes_against_pixels(0.9, 0.8, None, size=1, kernel="Linear").startswith(
        "Linear SVM: codes of 1 value lose"
    )


@pytest.mark.parametrize(
    ("accuracy", "classes", "text"),
    [
        (0.9, 10, "Yes: trained on codes alone, an SVM reaches 90.00 % test accuracy, 9.0 times chance (10 classes)."),
        (0.15, 10, "Hardly: 15.00 % accuracy, where chance is 10.0 % (10 classes)."),
        (0.98, 2, "Yes: trained on codes alone, an SVM reaches 98.00 %"),
        (0.52, 2, "Hardly: 52.00 % accuracy, where chance is 50.0 % (2 classes)."),
        (0.05, 47, "Hardly: "),
        (0.4, 47, "Yes: "),
    ],
)
def test_codes_are_usable_if_well_above_chance(accuracy, classes, text):
    assert svm_eval.usable(accuracy, classes).startswith(text)


@pytest.mark.parametrize(
    ("accuracy", "majority", "text"),
    [
        (
            0.9,
            0.9,
            "Hardly: 90.00 % test accuracy, where always naming the most frequent class reaches 90.0 % (2 classes).",
        ),
        (
            0.98,
            0.9,
            "Yes: trained on codes alone, an SVM reaches 98.00 % test accuracy; always naming the most frequent class "
            "reaches 90.0 % (2 classes).",
        ),
        (
            0.9,
            0.5,
            "Yes: trained on codes alone, an SVM reaches 90.00 % test accuracy, 1.8 times chance (2 classes).",
        ),
    ],
)
def test_of_unequal_classes_naming_the_largest_is_what_codes_have_to_beat(accuracy, majority, text):
    assert svm_eval.usable(accuracy, 2, majority) == text


def test_without_classes_usability_is_left_out():
    assert svm_eval.usable(0.9, 0) == ""


@pytest.mark.parametrize(
    ("accuracies", "text"),
    [
        ((0.93, 0.931, 0.932), "RBF SVM: codes gain 1.10 points against pixels, 93.10 % accuracy over 3 encoders"),
        ((0.90, 0.901, 0.902), "RBF SVM: codes lose 1.90 points against pixels"),
        ((0.91, 0.92, 0.925), "RBF SVM: codes and pixels are not distinguishable, 91.83 % accuracy over 3 encoders"),
    ],
)
def test_over_several_encoders_the_interval_decides(accuracies, text):
    sentence = svm_eval.codes_over_encoders(0.92, mean_interval(accuracies), size=32, kernel="RBF")
    assert sentence.startswith(text) and "against 92.00 %. A code has 32 values." in sentence


def test_an_encoder_that_is_not_the_only_one_of_its_size_is_named_by_its_settings():
    settings = ["activation relu", "limit 60"]
    text = svm_eval.codes_against_pixels(0.9, 0.8, None, size=32, kernel="RBF", settings=settings)
    assert text.startswith("RBF SVM: codes of 32 values (activation relu and limit 60) lose 10.00 points")
    text = svm_eval.codes_over_encoders(0.9, mean_interval([0.8, 0.81]), size=32, kernel="RBF", settings=settings)
    assert text.endswith("A code has 32 values (activation relu and limit 60).")
