"""Figures: what is drawn, and the titles and labels that say so."""

import numpy as np
import pytest
from matplotlib.text import Text

from pw13.figures import (
    charrnn,
    comparison,
    conv_dae,
    dense_ae,
    direct_labels,
    svm_eval,
    sweep,
    to_files,
    to_png,
    to_svg,
)
from pw13.figures.image_grid import image_grid, one_per_class
from pw13.figures.loss_curves import BLUE, GREY, loss_curves

CLASSES = list("ABC")
LABELS = np.repeat([0, 1, 2], 4)
IMAGES = np.random.default_rng(0).random((12, 6, 5), np.float32)
HISTORY = [{"epoch": epoch, "loss": 1 / epoch, "val_loss": abs(epoch - 3) + 0.5} for epoch in range(1, 6)]


def texts(figure) -> list[str]:
    """Return every text of a figure, as drawn."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_the_best_epoch_and_the_baselines_are_in_the_legend_of_a_loss_curve():
    shown = texts(loss_curves(HISTORY, label="loss (mse)", lines={"5-gram": 1.5}))
    assert {"training", "validation", "best: 0.5", "5-gram: 1.5", "epoch", "loss (mse)"} <= set(shown)


def test_the_curves_of_a_loss_are_named_in_the_legend():
    shown = texts(loss_curves(HISTORY, names=("training (dropout 0.2)", "validation (whole names)")))
    assert {"training (dropout 0.2)", "validation (whole names)"} <= set(shown)
    assert not {"training", "validation"} & set(shown)


def pictures(axes):
    """Return the drawn images of a grid by row and column, cut out at their frames."""
    (canvas,) = (picture.get_array() for picture in axes.images)
    height, width = IMAGES.shape[1:]
    frames = [path.get_extents() for path in axes.collections[0].get_paths()]
    return {
        (round(frame.y0, 9), round(frame.x0, 9)): canvas[
            round(frame.y0 * height) : round(frame.y1 * height), round(frame.x0 * width) : round(frame.x1 * width)
        ]
        for frame in frames
    }


def titles(axes):
    return [text.get_text() for text in axes.texts]


def test_a_grid_has_a_label_per_row_and_a_title_per_column():
    figure = image_grid([IMAGES[:3], IMAGES[3:6]], ["input", "output"], CLASSES, heading="test images")
    (axes,) = figure.axes
    assert titles(axes) == CLASSES
    assert [label.get_text() for label in axes.get_yticklabels()] == ["input", "output"]
    assert figure.get_suptitle() == "test images"


def test_a_grid_shows_each_image_at_its_title_and_label():
    figure = image_grid([IMAGES[:3], IMAGES[3:5]], ["input", "output"], CLASSES)
    (axes,) = figure.axes
    shown = pictures(axes)
    for picture, image in zip(shown.values(), IMAGES[:5], strict=True):
        np.testing.assert_array_equal(picture, image)
    columns = [text.xy[0] for text in axes.texts]
    rows = axes.get_yticks()
    np.testing.assert_allclose(sorted(shown), [(y - 0.5, x - 0.5) for y in rows for x in columns][:5], atol=1e-8)


def test_a_grid_has_nothing_between_its_images():
    (axes,) = image_grid([IMAGES[:2], IMAGES[3:4]], ["input", "output"], CLASSES[:2]).axes
    canvas = axes.images[0].get_array()
    assert np.isfinite(canvas).sum() == 3 * IMAGES[0].size


def test_the_first_image_of_each_class_is_shown():
    assert one_per_class(np.array([2, 0, 2, 5, 0])).tolist() == [1, 0, 3]
    figure = dense_ae.reconstructions(IMAGES, 1 - IMAGES, LABELS, CLASSES)
    (axes,) = figure.axes
    assert titles(axes) == CLASSES
    shown = list(pictures(axes).values())
    for index in range(3):
        np.testing.assert_array_equal(shown[index], IMAGES[4 * index])
        np.testing.assert_array_equal(shown[3 + index], 1 - IMAGES[4 * index])


@pytest.mark.parametrize(("second", "title"), [(1.0, "t-SNE of 12 test codes"), (0.0, "12 test codes")])
def test_the_map_of_a_single_code_unit_is_no_t_sne(second, title):
    points = np.column_stack([np.arange(12.0), np.full(12, second)])
    figure = dense_ae.code_map(points, points[:, ::-1], LABELS, CLASSES)
    assert figure.axes[0].get_title() == title
    assert figure.axes[1].get_title() == ("first two principal components of 12 test codes" if second else title)
    for axes, column in zip(figure.axes, (0, 1), strict=True):
        drawn = np.concatenate([group.get_offsets()[:, 0] for group in axes.collections])
        assert sorted(drawn) == sorted(points[:, column])


def test_codes_of_no_image_are_drawn_in_three_rows_of_any_length():
    figure = dense_ae.code_space(IMAGES[:3], IMAGES[:5], 1 - IMAGES[:4], CLASSES)
    (axes,) = figure.axes
    shown = list(pictures(axes).values())
    assert len(shown) == 3 + 5 + 4 and titles(axes) == CLASSES
    np.testing.assert_array_equal(shown[-1], 1 - IMAGES[3])


@pytest.mark.parametrize("units", [1, 4, 32])
def test_each_code_unit_has_its_effect(units):
    figure = dense_ae.unit_effects(np.zeros((units, 6, 5), np.float32))
    assert titles(figure.axes[0]) == [str(unit) for unit in range(units)]
    assert "Effect of each code unit" in figure.get_suptitle()


def test_the_worst_images_come_first_with_their_error():
    errors = np.arange(12) / 100
    figure = conv_dae.worst_cases({"clean": IMAGES, "denoised": IMAGES}, errors, LABELS, CLASSES)
    assert titles(figure.axes[0])[0] == "C  0.110"
    assert figure.get_suptitle() == "10 test images with the largest MSE of the network"


def test_the_shown_images_are_the_first_of_each_class_and_the_worst():
    errors = np.r_[np.arange(30, 0, -1), np.arange(10)] / 100
    labels = np.arange(40) % 3
    shown = conv_dae.shown_images(labels, errors)
    assert shown.tolist() == list(range(10))  # the worst include the first of each class
    assert conv_dae.shown_images(labels, errors[::-1]).tolist() == [0, 1, 2, *range(30, 40)]


@pytest.mark.parametrize("seed", range(3))
def test_figures_of_the_shown_images_are_those_of_all_images(seed):
    rng = np.random.default_rng(seed)
    images, errors, labels = rng.random((40, 4, 4)), rng.random(40), rng.integers(0, 3, 40)
    shown = conv_dae.shown_images(labels, errors)
    for draw in (
        lambda rows: conv_dae.denoising({"clean": images[rows]}, labels[rows], CLASSES),
        lambda rows: conv_dae.worst_cases({"clean": images[rows]}, errors[rows], labels[rows], CLASSES),
    ):
        some, every = draw(shown), draw(slice(None))
        assert titles(some.axes[0]) == titles(every.axes[0])
        np.testing.assert_array_equal(some.axes[0].images[0].get_array(), every.axes[0].images[0].get_array())


def noise_level(noise, linear=12.0):
    return {
        "noise": noise,
        "noisy_psnr_db": 10.0,
        "denoised_psnr_db": 20.0,
        "baselines": {"tv": 15.0, "median": 14.0, "linear": linear},
        "corrected_baselines": {"tv": 16.0, "median": 17.0},
        "best_filter": "median",
        "corrected_best_filter": "tv",
    }


def test_the_network_is_plotted_with_the_linear_denoiser_and_the_filters_that_validation_images_chose():
    figure = conv_dae.psnr_against_noise([noise_level(0.1), noise_level(0.5, 13.0)], 0.3, "masking")
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines.pop("training noise level") == [0, 1]
    assert lines == {
        "network": [20, 20],
        "linear denoiser": [12, 13],
        "best filter with gain and offset": [16, 16],
        "best filter as it is": [14, 14],
        "noisy input": [10, 10],
    }
    assert {"noise level (masking)", "PSNR, dB"} <= set(texts(figure))


def test_the_training_noise_level_is_marked_if_it_is_in_range():
    levels = [noise_level(0.1), noise_level(0.5)]
    inside, outside = (texts(conv_dae.psnr_against_noise(levels, level, "masking")) for level in (0.3, 0.7))
    assert " training noise level" in inside and " training noise level" not in outside


def test_large_images_have_no_line_of_a_linear_denoiser():
    shown = texts(conv_dae.psnr_against_noise([noise_level(0.1, None), noise_level(0.5, None)], 0.3, "gaussian"))
    assert "network" in shown and "linear denoiser" not in shown


def test_a_confusion_matrix_has_its_accuracy_and_axes():
    shown = texts(svm_eval.confusion_matrices([np.array([[3, 1], [0, 4]])], ["pixels (30)"], ["A", "B"], "rbf"))
    assert {"pixels (30): accuracy 87.50 %", "predicted class", "true class"} <= set(shown)


def test_several_encoders_of_one_size_are_a_mean_with_its_interval_and_a_dot_each():
    def row(features, size, accuracy):
        return {"features": features, "size": size, "accuracy": accuracy, "ci95": [accuracy - 0.01, accuracy + 0.01]}

    codes = [row("codes", 32, accuracy) for accuracy in (0.90, 0.92, 0.94)]
    figure = svm_eval.accuracy_by_code_size([row("pixels", 784, 0.9), row("codes", 16, 0.8), *codes], "rbf")
    ((line, _, (errors,)),) = figure.axes[0].containers
    assert line.get_xydata().tolist() == [[16, 0.8], [32, pytest.approx(0.92)]]
    half = 4.302652729911275 * 0.02 / 3**0.5  # Student's quantile, two degrees of freedom
    bounds = [segment[:, 1].tolist() for segment in errors.get_segments()]
    assert bounds == [pytest.approx([0.79, 0.81]), pytest.approx([0.92 - half, 0.92 + half])]
    assert any(line.get_ydata().tolist() == [0.8, 0.90, 0.92, 0.94] for line in figure.axes[0].lines)


def test_disagreements_are_counted_and_titled_by_true_and_predicted_class():
    wrong = LABELS.copy()
    wrong[[0, 5]] = [1, 2]
    figure = svm_eval.disagreements(IMAGES, LABELS, CLASSES, ("pixels", LABELS), ("codes", wrong))
    shown = texts(figure)
    assert {"A → B", "B → C"} <= set(shown)
    assert "correct with pixels, misclassified with codes: 2 test images (true → predicted)" in shown
    assert "correct with codes, misclassified with pixels: 0 test images (true → predicted)" in shown


def test_names_are_dots_of_novelty_against_plausibility_with_real_names_as_the_target():
    network = [{"temperature": t, "similarity": 1 - t / 2, "ngram_nats": 1 + t} for t in (0.5, 1.0)]
    counts = [{"temperature": 0.8, "similarity": 0.75, "ngram_nats": 1.5}]
    figure = charrnn.novelty_against_plausibility(
        {"network": network, "8-gram": counts, "mixture": counts}, {"similarity": 0.7, "ngram_nats": 1.6}
    )
    lines = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert lines == {
        "network": [[0.25, 1.5], [0.5, 2.0]],
        "8-gram": [[0.25, 1.5]],
        "mixture": [[0.25, 1.5]],
        "real, held-out": [[pytest.approx(0.3), 1.6]],
    }
    shown = set(texts(figure))
    assert {"0.5", "1", "0.8", "network", "8-gram", "real, held-out"} <= shown
    assert any("novelty" in text for text in shown) and any("plausibility" in text for text in shown)
    assert figure.axes[0].yaxis_inverted()
    without = charrnn.novelty_against_plausibility({"network": network}, None)
    assert [line.get_label() for line in without.axes[0].lines] == ["network"]


def test_bars_compare_network_and_ngram_model():
    bars = texts(charrnn.cross_entropy_bars({"train": (2.0, 1.9), "held_out": (2.2, 2.1)}, "5-gram"))
    assert {"train", "held-out", "5-gram", "2.200"} <= set(bars)


def test_a_run_without_a_metric_has_a_dash():
    figure = comparison.run_comparison({"one": [HISTORY], "two": [[]]}, {"test_mse": {"one": [0.25], "two": [None]}})
    assert [axes.get_ylabel() or axes.get_xlabel() for axes in figure.axes] == ["validation loss", "test_mse"]
    assert {"0.25", "-"} <= set(texts(figure))


def test_seeds_are_a_band_around_their_mean():
    curves = {"one": [[{"epoch": 1, "val_loss": 1.0}], [{"epoch": 1, "val_loss": 3.0}]]}
    figure = comparison.run_comparison(curves, {"val_mse": {"one": [1.0, 3.0]}})
    assert list(figure.axes[0].lines[0].get_ydata()) == [2.0]
    assert len(figure.axes[0].collections) == 1 and "one" in texts(figure)
    assert "2" in texts(figure) and any("while all train, band: their range" in text for text in texts(figure))


def test_groups_are_ranked_by_the_lowest_loss_of_each_seed_not_by_the_epochs_that_all_reached():
    long, stopped = [4.0, 3.0, 1.0], [4.0]
    curves = {
        label: [[{"epoch": e, "val_loss": v} for e, v in enumerate(losses, 1)] for losses in group]
        for label, group in {"better": (long, stopped, []), "worse": ([3.0], [3.0])}.items()
    }
    lines = comparison.run_comparison(curves, {}).axes[0].lines
    assert [line.get_color() for line in lines if line.get_ydata()[0] == 4.0] == [comparison.BLUE]


@pytest.mark.parametrize(("ranked", "colors"), [(True, {BLUE, GREY}), (False, {GREY})])
def test_of_runs_that_are_not_ranked_none_is_coloured(ranked, colors):
    curves = {"one": [[{"epoch": 1, "val_loss": 1.0}]], "two": [[{"epoch": 1, "val_loss": 3.0}]]}
    (axes,) = comparison.run_comparison(curves, {}, ranked=ranked).axes
    assert {line.get_color() for line in axes.lines} == {text.get_color() for text in axes.texts} == colors
    assert axes.get_title(loc="left") == ("lowest in blue" if ranked else "")


def test_a_mean_over_seeds_ends_where_the_first_seed_does():
    losses = ([3.0, 2.0], [5.0, 4.0, 0.5, 0.5])
    curves = {"one": [[{"epoch": e, "val_loss": v} for e, v in enumerate(each, 1)] for each in (*losses, [])]}
    line = comparison.run_comparison(curves, {}).axes[0].lines[0]
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([1, 2], [4.0, 3.0])


def test_a_comparison_of_fifty_runs_fits_a_screen_and_labels_the_best():
    labels = [f"run {number:02d}" for number in range(50)]
    curves = {label: [[{"epoch": 1, "val_loss": 2.0 + n}]] for n, label in enumerate(labels)}
    metrics = {name: {label: [1.0] for label in labels} for name in ("a", "b", "c")}
    figure = comparison.run_comparison(curves, metrics)
    assert 120 * figure.get_size_inches()[1] < 2000
    assert sorted(text.get_text() for text in figure.axes[0].texts) == labels[:8]


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [([0.2, 0.8], [0.2, 0.8]), ([0.5, 0.5], [0.45, 0.55]), ([1.0, 1.0], [0.9, 1.0]), ([0.0, 0.01], [0.0, 0.1])],
)
def test_labels_are_moved_apart_as_little_as_needed(wanted, placed):
    assert direct_labels.spread(wanted, 0.1) == pytest.approx(placed)


def test_a_sweep_has_a_panel_per_swept_setting():
    rows = [
        {"units": units, "skip": skip, "mean": 2.0, "low": 1.9, "high": 2.1} for units in (32, 64) for skip in (1, 3)
    ]
    figure = sweep.metric_by_axis(rows, {"units": [32, 64], "skip": [1, 3], "cell": ["gru"]}, "val_nats", rows[0])
    assert [axes.get_xlabel() for axes in figure.axes] == ["units", "skip"]
    assert figure.axes[0].get_ylabel() == "val_nats"
    assert [axes.get_legend() for axes in figure.axes] == [None, None]
    assert {"skip 1", "skip 3"} <= {text.get_text() for text in figure.axes[0].texts}


@pytest.mark.parametrize(("high", "title"), [(2.1, "bars: range over seeds"), (2.0, "")])
def test_the_bars_of_a_sweep_are_explained_where_there_are_some(high, title):
    rows = [{"units": units, "mean": 2.0, "low": 2.0, "high": high} for units in (32, 64)]
    assert sweep.metric_by_axis(rows, {"units": [32, 64]}, "val_nats", rows[0]).axes[0].get_title(loc="left") == title


@pytest.mark.parametrize(("best", "color"), [(0, BLUE), (None, GREY)])
def test_only_the_best_line_of_a_sweep_is_coloured(best, color):
    measured = [(32, 1, 1.0), (64, 1, 2.0), (32, 3, 3.0), (64, 3, 4.0)]
    rows = [{"units": units, "skip": skip, "mean": m, "low": m, "high": m} for units, skip, m in measured]
    axes = {"units": [32, 64], "skip": [1, 3]}
    figure = sweep.metric_by_axis(rows, axes, "val_nats", None if best is None else rows[best])
    assert [[line.get_color() for line in panel.lines] for panel in figure.axes] == [[color, GREY]] * 2


def test_two_confusion_matrices_have_their_difference():
    matrices = [np.array([[3, 1], [0, 4]]), np.array([[4, 0], [1, 3]])]
    figure = svm_eval.confusion_matrices(matrices, ["p", "c"], "AB", "rbf")
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["p: accuracy 87.50 %", "c: accuracy 87.50 %", "c minus p"]
    assert {"+1", "-1"} <= set(texts(figure))


def test_a_figure_as_vectors_keeps_its_text_and_is_the_same_every_time():
    figure = loss_curves(HISTORY)
    svg = to_svg(figure)
    assert b">epoch</text>" in svg and svg == to_svg(figure)


def test_both_files_of_a_figure_have_one_layout():
    draw = lambda: loss_curves(HISTORY, label="loss (mse)")  # noqa: E731
    figure = draw()
    png, svg = to_files(figure)
    assert png == to_png(draw()) and to_files(draw()) == (png, svg)
    places = [axes.get_position().bounds for axes in figure.axes]
    to_png(figure)
    assert [axes.get_position().bounds for axes in figure.axes] == places
    assert b">epoch</text>" in svg


def test_the_map_of_codes_shows_letters_where_classes_are_letters():
    points = np.arange(24.0).reshape(12, 2)
    letters, words = (dense_ae.code_map(points, points, LABELS, names) for names in ("ABC", ["one", "$", "B"]))
    shapes = [
        [len(group.get_paths()[0].vertices) for group in figure.axes[0].collections] for figure in (letters, words)
    ]
    assert len(set(shapes[0])) == 3 and shapes[1][2] == shapes[0][1] and shapes[1][0] != shapes[0][0]
