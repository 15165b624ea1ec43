"""Items conv a to e."""

from tests.helpers.report_runs import build, items, make_run, only_table, texts


def test_comments_come_from_the_metrics(runs):
    made = items(build(runs))
    assert "3.9 dB more than the best classical filter, median" in texts(made["conv-e"], "comment")
    assert "8 times as many" in texts(made["conv-b"], "comment")


def test_the_shapes_of_the_feature_maps_are_those_of_the_run(runs):
    assert texts(items(build(runs))["conv-a"]) == (
        "The feature maps shrink and grow again, 28x28 -> 7x7 -> 28x28: a diabolo network, whose output has the shape "
        "of its input. The code has 6,272 values."
    )


def test_without_shapes_nothing_is_said_of_them(tmp_path):
    folder = make_run(tmp_path, "conv-dae")
    (folder / "summary.txt").write_text('Model: "autoencoder"\n', "utf-8")
    assert texts(items(build(tmp_path))["conv-a"]) == ""


def test_pixels_and_codes_are_compressed_alike(runs):
    made = items(build(runs))["conv-b"]
    shown = only_table(made)
    assert ("raw pixels, LZMA", "784", "372") in shown.rows
    assert "codes are those of noisy test images" in shown.caption
    assert "more than the 372 of its LZMA-compressed pixels" in texts(made)


def test_filters_have_readable_names(runs):
    rows = only_table(items(build(runs))["conv-e"]).rows
    assert [row[0] for row in rows][2:] == ["median filter", "total variation filter"]
