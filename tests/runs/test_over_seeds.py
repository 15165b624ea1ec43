"""Means, intervals and paired differences of runs that differ in their seed."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from pw13.metrics.bootstrap import ExampleLosses
from pw13.runs import example_losses, over_seeds
from pw13.runs.folder import Run
from pw13.runs.record import Record, read_run
from pw13.system import files
from tests.helpers.runs import make


def run(size: int, seed: int, mse: float | None, **config) -> Record:
    metrics = {"test_mse": mse, "parameters": 10} if mse is not None else None
    facts = {"status": "completed", "machine": {}}
    return Record(Path(f"{size}-{seed}"), "dense-ae", {"code_size": size, "seed": seed, **config}, facts, metrics, None)


RUNS = [
    *(run(16, seed, mse) for seed, mse in enumerate((0.040, 0.041, 0.042))),
    *(run(32, seed, mse) for seed, mse in enumerate((0.030, 0.0311, 0.032))),
    run(64, 0, 0.02),
]


def test_groups_have_means_and_intervals_and_are_paired_with_the_first_by_seed():
    first, second, single = over_seeds.summarize(RUNS)
    assert [(s.label, s.seeds) for s in (first, second, single)] == [
        ("code_size 16", (0, 1, 2)),
        ("code_size 32", (0, 1, 2)),
        ("code_size 64", (0,)),
    ]
    half = 4.302653 * 0.001 / 3**0.5
    assert first.metrics["test_mse"].mean == pytest.approx(0.041)
    assert first.metrics["test_mse"].ci95 == pytest.approx((0.041 - half, 0.041 + half), abs=1e-8)
    assert second.differences["test_mse"].interval.mean == pytest.approx(-0.0099667, abs=1e-6)
    assert second.differences["test_mse"].interval.excludes_zero and first.differences == single.differences == {}


@pytest.mark.parametrize(("data", "split_seed", "paired"), [("a", 0, True), ("b", 0, False), ("a", 1, False)])
def test_seeds_are_paired_on_the_same_data_and_split_only(data, split_seed, paired):
    first = [run(16, seed, 0.04 + seed / 1000, split_seed=0) for seed in range(3)]
    second = [run(32, seed, 0.03 + seed / 1000, split_seed=split_seed) for seed in range(3)]
    records = [on("a", *first), on(data, *second)]
    differences = over_seeds.summarize([*records[0], *records[1]])[1].differences
    assert list(differences) == ["test_mse"] * paired


@pytest.mark.parametrize(("loss", "paired"), [("mse", True), ("bce", False)])
def test_validation_losses_are_paired_by_seed_if_they_are_of_one_measure(tmp_path, loss, paired):
    records = []
    for size, kind in ((16, "mse"), (32, loss)):
        for seed in range(2):
            stopped = dataclasses.replace(run(size, seed, None, loss=kind), folder=tmp_path / f"{size}-{seed}")
            stopped.folder.mkdir()
            (stopped.folder / "history.csv").write_text(f"epoch,loss,val_loss\n1,1,{1 / (size + seed)}\n", "utf-8")
            records.append(stopped)
    assert ("best_val_loss" in over_seeds.summarize(records)[1].differences) == paired


def on(data: str, *records: Record) -> list[Record]:
    """Return runs that were made on the named data."""
    facts = {"data": {"name": data, "sha256": data}}
    return [dataclasses.replace(record, facts={**record.facts, **facts}) for record in records]


def test_the_table_has_a_row_per_group():
    columns, rows = over_seeds.table(over_seeds.summarize(RUNS))
    assert columns == ["settings", "seeds", "test_mse", "test_mse minus the first"]
    assert rows[0] == ["code_size 16", 3, "0.041 (0.03852 to 0.04348)", "-"]
    assert rows[1][3] == "-0.00997 (-0.0101 to -0.00982)"
    assert rows[2] == ["code_size 64", 1, "0.02", "-"]
    unclear = [run(16, 0, 0.04), run(16, 1, 0.03), run(32, 0, 0.03), run(32, 1, 0.041)]
    assert over_seeds.table(over_seeds.summarize(unclear))[1][1][3].endswith(", not distinguishable")


def test_a_metric_that_some_seeds_lack_says_over_how_many_it_is(tmp_path):
    folders = [
        make(tmp_path, f"2026-11-24_22-36-0{seed}_dense-ae", metrics={"test_mse": mse} if mse else None, **config)
        for seed, (mse, config) in enumerate(
            [(0.04, {}), (0.03, {}), (None, {"status": "interrupted"}), (0.01, {}), (0.02, {})]
        )
    ]
    for folder, (size, seed) in zip(folders, ((16, 0), (16, 1), (16, 2), (32, 1), (32, 0)), strict=True):
        files.write_json(folder / "config.json", {"kind": "dense-ae", "code_size": size, "seed": seed})
    (folders[2] / "history.csv").write_text("epoch,loss,val_loss\n1,0.5,0.25\n", "utf-8")
    columns, rows = over_seeds.table(over_seeds.summarize([read_run(folder) for folder in folders]))
    assert columns == ["settings", "seeds", "test_mse", "best_val_loss", "test_mse minus the first"]
    assert rows[0] == ["code_size 16", 3, "0.035 (-0.02853 to 0.09853), n=2", "0.25, n=1", "-"]
    assert rows[1] == ["code_size 32", 2, "0.015 (-0.04853 to 0.07853)", "-", "-0.02 (-0.02 to -0.02)"]
    two, three = ([run(size, seed, seed * size) for seed in range(n)] for size, n in ((0.01, 2), (1, 3)))
    _, rows = over_seeds.table(over_seeds.summarize([*two, *three]))
    assert rows[1][-1] == "+0.495 (-5.79 to +6.78), n=2, not distinguishable"


def test_runs_of_one_group_are_named_by_what_they_are_and_constants_have_no_interval():
    (summary,) = over_seeds.summarize(RUNS[:3])
    assert summary.label == "code_size 16"
    _, rows = over_seeds.table(over_seeds.summarize([run(16, seed, 0.04) for seed in range(3)]))
    assert rows == [["code_size 16", 3, "0.04"]]


def test_with_one_seed_differences_are_over_the_test_images(tmp_path):
    images = np.linspace(0.01, 0.05, 100)
    records = []
    for size, losses in ((16, images), (32, images * 0.9), (64, images + 0.001 * (-1.0) ** np.arange(100))):
        folder = make(tmp_path, f"2026-11-24_22-36-{size}_dense-ae", metrics={"test_mse": float(losses.mean())})
        files.write_json(folder / "config.json", {"kind": "dense-ae", "code_size": size, "seed": 0})
        example_losses.save(Run(folder), {"test_mse": ExampleLosses(losses, np.ones(100), "images")})
        records.append(read_run(folder))
    first, lower, same = over_seeds.summarize(records)
    interval, over = lower.differences["test_mse"]
    assert first.differences == {} and interval.mean == pytest.approx(-0.003)
    assert interval.excludes_zero and interval.n == 100 and over == "examples"
    assert not same.differences["test_mse"].interval.excludes_zero
    assert over_seeds.as_json([lower])[0]["differences"]["test_mse"]["over"] == "examples"
    assert [row[-1].endswith("not distinguishable") for row in over_seeds.table([first, lower, same])[1]] == [
        False, False, True,
    ]  # fmt: skip


def test_single_seeds_and_runs_without_metrics_have_no_summary():
    assert over_seeds.summarize([run(16, 0, 0.04), run(32, 0, 0.03)]) == []
    assert over_seeds.summarize([run(16, 0, None), run(16, 1, None)]) == []


def test_compare_shows_and_prints_them(pw13, tmp_path):
    for seed, mse in enumerate((0.04, 0.05)):
        folder = make(
            tmp_path / "runs", f"2026-11-24_22-36-0{seed}_dense-ae", metrics={"seconds": 1.0, "test_mse": mse}
        )
        config = json.loads((folder / "config.json").read_text("utf-8"))
        files.write_json(folder / "config.json", {**config, "seed": seed})
    names = [str(path) for path in sorted((tmp_path / "runs").iterdir())]
    code, out, err = pw13("runs", "compare", *names)
    assert code == 0, err
    assert "means and differences, with 95 % intervals" in out and "0.045" in out
    (group,) = json.loads(pw13("runs", "compare", *names, "--json")[1])["over_seeds"]
    assert group["seeds"] == [0, 1] and group["metrics"]["test_mse"]["mean"] == pytest.approx(0.045)
    assert group["metrics"]["test_mse"]["n"] == 2 and len(group["metrics"]["test_mse"]["ci95"]) == 2
