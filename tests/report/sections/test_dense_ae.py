"""Items 1a to 1f."""

import pytest

from tests.helpers.report_runs import (
    IMAGES,
    add_figure,
    build,
    captions,
    items,
    make_run,
    make_sweep,
    only_table,
    texts,
)


def test_comments_depend_on_the_metrics(runs, tmp_path):
    assert "31.3 % lower than that of 32 principal components" in texts(items(build(runs))["1e"], "comment")
    make_run(tmp_path / "other", "dense-ae", metrics={"test_mse": 0.04, "dead_units": 3})
    other = texts(items(build(tmp_path / "other"))["1e"])
    assert "27.8 % higher than that of 32 principal components" in other
    assert "3 of 32 code units are dead" in other


@pytest.mark.parametrize(("size", "train", "components"), [(32, 10, 10), (32, 32, 32), (1000, 9400, 784)])
def test_the_components_named_are_those_that_pca_has(tmp_path, size, train, components):
    data = {**IMAGES, "counts": {**IMAGES["counts"], "train": train}}
    make_run(tmp_path, "dense-ae", code_size=size, data=data, metrics={"dead_units": None})
    made = items(build(tmp_path))
    assert f"31.3 % lower than that of {components} principal components" in texts(made["1e"], "comment")
    assert "code unit" not in texts(made["1e"])


def test_the_code_size_is_compared_with_the_number_of_pixels(tmp_path):
    make_run(tmp_path, "dense-ae", code_size=4, metrics={"code_size": 4})
    make_run(tmp_path, "dense-ae", 1, code_size=1000)
    smaller = texts(items(build(tmp_path, "2026-11-24_10-00-00_dense-ae"))["1a"], "plain")
    assert smaller == "The hidden layer is the code: 4 values for the 784 pixels of an image, 196 times fewer."
    larger = texts(items(build(tmp_path, "2026-11-24_10-00-01_dense-ae"))["1a"], "plain")
    assert larger.endswith("1,000 values for the 784 pixels of an image.")


def test_captions_state_how_many_are_shown(tmp_path):
    folder = make_run(tmp_path, "dense-ae")
    for name in ("best_and_worst", "units"):
        add_figure(folder, name)
    text = captions(items(build(tmp_path))["1e"])
    assert "the first of each class, at most 20 classes." in text
    assert "The best reconstructions of some classes, and the worst of all." in text
    assert "Effect of each code unit (at most 128)" in text


def test_a_point_of_a_sweep_has_the_layers_that_its_parameters_make(tmp_path):
    """Points measure no sizes, and so record no number of pixels."""
    sweep = make_sweep(tmp_path, "dense-ae", 0, {"code_size": 32})
    made = items(build(tmp_path, sweep.name))
    assert [row[1:] for row in only_table(made["1b"]).rows] == [
        ("784", "", "0"),
        ("32", "linear", "25,120"),
        ("784", "sigmoid", "25,872"),
    ]
    assert "32 values for the 784 pixels of an image, 24.5 times fewer." in texts(made["1a"], "plain")


def test_without_parameters_the_layers_have_dashes(tmp_path):
    sweep = make_sweep(tmp_path, "dense-ae", 0, {"metrics": {"parameters": None}})
    made = items(build(tmp_path, sweep.name))
    assert [row[3] for row in only_table(made["1b"]).rows] == ["0", "–", "–"]
    assert texts(made["1a"], "plain") == "The hidden layer is the code: 32 values."
