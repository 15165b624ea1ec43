"""Runs as rows and columns."""

import dataclasses
from pathlib import Path

import pytest

from pw13.runs import tables
from pw13.runs.record import Record

RESULTS = [
    {"features": features, "size": size, "run": run, "kernel": "rbf", "method": "SVC", "accuracy": accuracy}
    for features, size, run, accuracy in (
        ("pixels", 784, None, 0.91),
        ("codes", 16, "a", 0.89),
        ("codes", 32, "b", 0.9),
    )
]


def record(name, kind="dense-ae", metrics=None, **config):
    return Record(Path(name), kind, config, {"status": "completed", "machine": {}}, metrics, None)


def test_a_list_says_what_tells_runs_apart():
    records = [
        record("a", "charrnn", cell="gru", target="many-to-one", units=64, epochs=2, threads=1),
        record("b", "charrnn", cell="gru", target="many-to-one", units=64, epochs=4, threads=2),
        record("c", "conv-dae", noise_kind="masking", noise=0.3, epochs=4),
        record("d", "svm-eval", {"results": RESULTS}, kernel="rbf"),
    ]
    columns, rows = tables.list_table(records, None, None)
    assert columns == ["run", "kind", "status", "settings", "result", "seconds"]
    assert [row[3] for row in rows] == [
        "gru, many-to-one, units 64, epochs 2",
        "gru, many-to-one, units 64, epochs 4",
        "masking, noise 0.3",
        "kernel rbf",
    ]
    assert rows[3][4] == "codes-rbf-16 0.89, codes-rbf-32 0.9, pixels-rbf 0.91"
    assert all(cell != "" for row in rows for cell in row)


def test_a_sweep_is_described_by_its_grid():
    assert tables.description(record("e", "sweep-dense-ae", grid={"code_size": [8, 16]}, seeds=2)) == "code_size 8, 16"
    assert tables.description(record("e", "sweep-dense-ae", grid={}, seeds=2)) == "seeds 2"


def test_side_by_side_shows_what_differs_and_marks_the_best():
    shared = {"val_mse": 0.03, "same": 1.0}
    records = [
        record("a", metrics={"test_mse": 0.02, "test_psnr_db": 17.0, "x": 1, **shared}, code_size=8),
        record("b", metrics={"test_mse": 0.01, "test_psnr_db": 20.0, "x": 2, **shared}, code_size=9),
    ]
    columns, rows = tables.side_by_side(records)
    assert columns == ["", "a", "b"]
    assert rows == [["--code-size", 8, 9], ["test_mse", "0.02", "0.01*"], ["test_psnr_db", "17", "20*"]]
    everything = {row[0] for row in tables.side_by_side(records, everything=True)[1]}
    assert {"val_mse", "same", "x"} <= everything


def test_one_per_line_leaves_out_equal_columns():
    records = [record(str(n), metrics={"test_mse": 0.01 * (n + 1), "val_mse": 0.5}, code_size=n) for n in range(6)]
    columns, rows = tables.one_per_line(records)
    assert columns == ["run", "code_size", "test_mse"]
    assert [row[2] for row in rows][:2] == ["0.01*", "0.02"]
    assert "val_mse" in tables.one_per_line(records, everything=True)[0]


@pytest.mark.parametrize(
    ("name", "values", "marked"),
    [
        ("held_out_nats", [2.0, None, 1.5], ["2", "-", "1.5*"]),
        ("results.codes-rbf-32.accuracy", [0.8, 0.9], ["0.8", "0.9*"]),
        ("names.ngram_nats", [2.0, 1.5], [2.0, 1.5]),  # the nearest to real names is the best, not the lowest
        ("val_mse", [0.5, 0.5], [0.5, 0.5]),
        ("val_mse", [0.5], [0.5]),
    ],
)
def test_the_best_value_is_marked_where_better_is_known(name, values, marked):
    assert tables.mark_best(name, values) == marked


def test_sampled_names_stand_side_by_side():
    records = [record(n, "charrnn", {"names": {"examples": [f"{n}{i}" for i in range(9)]}}) for n in "ab"]
    assert tables.sample_names(records) == (["a", "b"], [[f"a{i}", f"b{i}"] for i in range(5)])
    many = [record(n, "charrnn", {"names": {"examples": [n]}}) for n in "abcde"]
    assert tables.sample_names(many)[0][0] == "run"
    assert tables.sample_names([record("a"), record("b")]) is None


def test_groups_differ_in_more_than_their_seed():
    records = [record(f"{size}{seed}", code_size=size, seed=seed) for size in (8, 16) for seed in (0, 1)]
    groups = tables.group_by_settings(records)
    assert [(group.label, len(group.records)) for group in groups] == [("code_size 8", 2), ("code_size 16", 2)]


def test_several_seeds_are_not_labelled_with_one_of_them():
    records = [record(f"a{seed}", code_size=32, seed=seed, threads=1 + seed) for seed in (0, 1)]
    other = record("b", code_size=64, seed=1, threads=4)
    groups = tables.group_by_settings([*records, other])
    assert [(group.label, len(group.records)) for group in groups] == [("code_size 32", 2), ("code_size 64", 1)]


def on(data, name, **config):
    """Return a run on the named data."""
    metrics = {"test_mse": config.pop("mse")}
    facts = {"status": "completed", "machine": {}, "data": {"name": data, "sha256": data}}
    return dataclasses.replace(record(name, metrics=metrics, **config), facts=facts)


@pytest.mark.parametrize("table", [tables.side_by_side, tables.one_per_line])
def test_runs_on_different_data_say_so_and_have_no_best(table):
    records = [on("letters", "a", mse=0.02, code_size=8), on("notMNIST", "b", mse=0.01, code_size=8)]
    columns, rows = table(records)
    cells = [*columns, *(cell for row in rows for cell in row)]
    assert {"data", "letters", "notMNIST", 0.01, 0.02} <= {*cells}
    assert [group.label for group in tables.group_by_settings(records)] == ["letters", "notMNIST"]


@pytest.mark.parametrize("table", [tables.side_by_side, tables.one_per_line])
@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({}, True),
        ({"split_seed": 1}, False),
        ({"hold_out": 0.1}, False),
        ({"noise": 0.5}, False),
        ({"code_size": 9}, True),
    ],
)
def test_the_best_is_marked_among_runs_of_the_same_examples(table, changes, marked):
    same = {"split_seed": 0, "hold_out": 0.05, "code_size": 8}
    records = [on("letters", "a", mse=0.02, **same), on("letters", "b", mse=0.01, **{**same, **changes})]
    broken = dataclasses.replace(record("c"), facts={}, problem="corrupt")
    for compared in (records, [*records, broken]):
        cells = [cell for row in table(compared)[1] for cell in row]
        assert ("0.01*" in cells) == marked


@pytest.mark.parametrize("table", [tables.side_by_side, tables.one_per_line])
@pytest.mark.parametrize(("loss", "cell"), [("mse", "0.25*"), ("bce", 0.25)])
def test_the_lowest_validation_loss_is_marked_among_losses_by_one_measure(tmp_path, table, loss, cell):
    records = [dataclasses.replace(record("a", loss="mse"), folder=tmp_path / "a")]
    records.append(dataclasses.replace(record("b", loss=loss), folder=tmp_path / "b"))
    for each, lowest in zip(records, (0.25, 0.5), strict=True):
        each.folder.mkdir()
        (each.folder / "history.csv").write_text(f"epoch,loss,val_loss\n1,0.5,{lowest}\n", "utf-8")
    assert cell in [cell for row in table(records)[1] for cell in row]


@pytest.mark.parametrize("table", [tables.side_by_side, tables.one_per_line])
def test_different_data_of_one_name_are_told_apart_by_their_digests(table):
    records = [on("notMNIST", "a", mse=0.02), on("notMNIST", "b", mse=0.01)]
    shas = ["0123456789abcdef", "fedcba9876543210"]
    records = [
        dataclasses.replace(r, facts={"data": {"name": "notMNIST", "sha256": s}})
        for r, s in zip(records, shas, strict=True)
    ]
    cells = [cell for row in table(records)[1] for cell in row]
    assert {"notMNIST 01234567", "notMNIST fedcba98"} <= set(cells)


def test_a_network_that_went_on_from_another_is_no_further_seed_of_one_that_did_not():
    records = [record("a", "charrnn", seed=0), record("b", "charrnn", seed=1, init_from="/runs/x")]
    assert [len(group.records) for group in tables.group_by_settings(records)] == [1, 1]
    assert tables.labels(records)[1] == "seed 1, init_from /runs/x"


def test_svm_evaluations_of_other_encoders_are_no_seeds_of_one():
    records = [dataclasses.replace(record(n, "svm-eval", seed=0), facts={"encoders": [n]}) for n in "ab"]
    assert [group.label for group in tables.group_by_settings(records)] == ["a", "b"]


def test_points_of_several_sweeps_have_names_of_their_own(tmp_path):
    records = []
    for sweep in ("one", "two"):
        (tmp_path / sweep).mkdir()
        (tmp_path / sweep / "config.json").write_text("{}", "utf-8")
        point = record("x", "charrnn", {"names": {"examples": [sweep]}}, seed=1)
        records.append(dataclasses.replace(point, folder=tmp_path / sweep / "0_seed=1"))
    expected = ["one/0_seed=1", "two/0_seed=1"]
    assert tables.names_of(records) == tables.side_by_side(records)[0][1:] == expected
    assert [row[0] for row in tables.one_per_line(records)[1]] == tables.labels(records) == expected
    assert tables.sample_names(records) == (expected, [["one", "two"]])
