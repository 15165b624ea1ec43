"""Item 1f: bytes against MSE of all code sizes, and reports on runs that lack them."""

import pytest

from pw13.report.document import Figure, Space, Table, Text
from tests.helpers.report_runs import DENSE, build, build_all, items, make_run, make_sweep, missing_commands, texts


def rows(size: int, *pairs, method: str = "autoencoder") -> list[dict]:
    return [
        {"method": method, "setting": f"{size} values, {bits} bits", "bytes": size * bits / 8, "mse": mse}
        for bits, mse in pairs
    ]


PCA = [{"method": "pca", "setting": f"{n} components", "bytes": n, "mse": mse} for n, mse in ((4, 0.1), (36, 0.01))]
WEBP = [{"method": "webp", "setting": "quality 1", "bytes": 128, "mse": 0.004}]


def run_of(runs, size, *pairs, second=0, **settings):
    points = [*rows(size, *pairs), *PCA, *WEBP]
    metrics = {"code_size": size, "rate_distortion": points}
    return make_run(runs, "dense-ae", second, code_size=size, metrics=metrics, **settings)


def item(document):
    return items(document)["1f"]


def results(document):
    return [block for block in item(document).blocks if block != Space()]


def table_of(document) -> Table:
    return [block for block in item(document).blocks if isinstance(block, Table)][-1]


def test_the_runs_of_all_code_sizes_are_joined(tmp_path):
    run_of(tmp_path, 16, (4, 0.05), (8, 0.04))
    run_of(tmp_path, 32, (4, 0.02), (8, 0.01), second=1)
    document = build_all(tmp_path)
    table = table_of(document)
    assert table.columns == ("bytes per image", "autoencoder", "PCA", "WebP", "JPEG")
    assert table.rows == (
        ("8", "0.05000", "0.08875", "–", "–"),
        ("16", "0.02000", "0.06625", "–", "–"),
        ("32", "0.01000", "0.02125", "–", "–"),
        ("64", "–", "–", "–", "–"),
        ("128", "–", "–", "0.004000", "–"),
        ("256", "–", "–", "–", "–"),
    )
    assert "code sizes 16 and 32" in table.caption
    figure = next(block for block in item(document).blocks if isinstance(block, Figure))
    assert figure.png.startswith(b"\x89PNG") and "code sizes 16 and 32" in figure.caption
    assert "lower from 8.0 to 32 bytes" in texts(item(document), "comment")
    assert "headers" in texts(item(document), "plain")


def test_the_error_of_rounding_is_that_of_the_same_images(tmp_path):
    sizes = {**DENSE["compression"], "float32_code_test_mse": 0.0214}
    make_run(tmp_path, "dense-ae", metrics={"test_mse": 0.03, "compression": sizes, "test_sample": 20_000})
    table = table_of(build(tmp_path))
    assert table.caption == "Bytes per image, mean over 20,000 test images."
    assert [row[-1] for row in table.rows[-2:]] == ["0.02140", "0.02160"]
    said = texts(item(build(tmp_path)), "comment")
    assert "Rounding the code to 8 bits changes the test MSE from 0.02140 to 0.02160 (+0.93 %)." in said


def test_a_single_code_size_is_named(tmp_path):
    run_of(tmp_path, 32, (4, 0.02), (8, 0.01))
    document = build_all(tmp_path)
    assert "code size 32:" in table_of(document).caption
    assert table_of(document).rows[0] == ("8", "–", "0.08875", "–", "–")


def test_several_seeds_give_their_mean(tmp_path):
    run_of(tmp_path, 32, (4, 0.02), (8, 0.01))
    run_of(tmp_path, 32, (4, 0.04), (8, 0.02), second=1, seed=1)
    assert [row[1] for row in table_of(build_all(tmp_path)).rows[1:3]] == ["0.03000", "0.01500"]


def test_differences_are_judged_by_the_number_of_test_images(tmp_path):
    metrics = {"rate_distortion": [*rows(32, (4, 0.02), (8, 0.01)), *PCA], "test_sample": 250}
    make_run(tmp_path, "dense-ae", metrics=metrics)
    assert "at least 8 % lower from" in texts(item(build(tmp_path)), "comment")


def test_the_same_runs_give_the_same_figure(tmp_path):
    run_of(tmp_path, 32, (4, 0.02), (8, 0.01))
    assert build_all(tmp_path).figures == build_all(tmp_path).figures


def test_runs_without_the_points_have_the_old_table_and_comment_alone(tmp_path):
    make_run(tmp_path, "dense-ae")
    document = build(tmp_path)
    assert len(results(document)) == 2 and table_of(document).caption.startswith("Bytes per image, mean over")
    assert "784 bytes becomes a code of 128 bytes" in texts(item(document), "comment")
    assert "PCA" not in texts(item(document))


def test_runs_with_and_without_the_points_are_reported_together(tmp_path):
    make_run(tmp_path, "dense-ae", second=1)  # the headline run
    run_of(tmp_path, 16, (4, 0.05), (8, 0.04))
    document = build_all(tmp_path)
    assert "code size 16:" in table_of(document).caption
    assert "8-bit code" in str(item(document).blocks[0])


@pytest.mark.parametrize("points", [None, 5, "x", [], [1], [{}], [{"method": "pca", "bytes": None, "mse": "x"}]])
def test_points_that_are_not_well_formed_are_left_out(tmp_path, points):
    make_run(tmp_path, "dense-ae", metrics={"rate_distortion": points})
    assert len(results(build(tmp_path))) == 2


def test_points_of_the_network_alone_make_no_claim(tmp_path):
    make_run(tmp_path, "dense-ae", metrics={"rate_distortion": rows(32, (4, 0.02))})
    blocks = item(build(tmp_path)).blocks
    assert not any("At the same number" in block.text for block in blocks if isinstance(block, Text))


def test_a_point_of_a_sweep_has_no_sizes_and_says_how_to_measure_them(tmp_path):
    sweep = make_sweep(tmp_path / "runs", "dense-ae", 0, {"code_size": 32, "epochs": 3})
    document = build(tmp_path / "runs", sweep.name)
    (block,) = results(document)
    assert block.what == f"No sizes measured in {sweep.name}/01_seed=0."
    assert missing_commands(document)["1f"] == ["pw13 train-dense-ae --epochs 3"]
