"""Items 1a to 1f."""

from tests.helpers.report_runs import add_figure, build, captions, items, make_run, texts


def test_comments_depend_on_the_metrics(runs, tmp_path):
    assert "31.3 % lower than that of 32 principal components" in texts(items(build(runs))["1e"], "comment")
    make_run(tmp_path / "other", "dense-ae", metrics={"test_mse": 0.04, "dead_units": 3})
    other = texts(items(build(tmp_path / "other"))["1e"])
    assert "27.8 % higher than that of 32 principal components" in other
    assert "3 of 32 code units are dead" in other


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
