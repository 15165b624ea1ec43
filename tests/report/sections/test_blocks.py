"""Blocks that many sections share."""

import os

import pytest

from pw13.report.document import Verbatim
from pw13.report.names_by_hand import recorded_samples
from pw13.report.run_selection import read_figure, select_runs
from pw13.report.sections import blocks, conv_dae
from tests.helpers.report_runs import build, build_all, items, make_run, texts


def test_a_keras_summary_is_made_compact(runs):
    (summary,) = blocks.model_summary(select_runs([], runs).dense, "autoencoder")
    assert summary.text == 'Model: "autoencoder"\nLayer  Param #\n--------------\ndense   25,120'


@pytest.mark.parametrize(
    ("seeds", "note"),
    [
        ((0, 0), "Each value is from a single training run."),
        ((0, 1, 1), "Means over seeds (2), with Student's 95 % interval in brackets."),
    ],
)
def test_runs_of_one_seed_are_one(tmp_path, seeds, note):
    for second, seed in enumerate(seeds):
        make_run(tmp_path, "dense-ae", second, seed=seed)
    selection = select_runs([path.name for path in tmp_path.iterdir()], tmp_path)
    assert blocks.seeds_note([selection.repeats(selection.dense)]) == note


@pytest.mark.parametrize(("kind", "key"), [("dense-ae", "1d"), ("conv-dae", "conv-d"), ("charrnn", "2f")])
def test_the_epochs_of_a_run_that_stopped_early_are_those_that_it_trained(tmp_path, kind, key):
    """Its learning rate did not reach 0 either."""
    settings = {"epochs": 150, "patience": 5, "schedule": "cosine"}
    make_run(tmp_path / "stopped", kind, metrics={"epochs": 35}, **settings)
    said = texts(items(build(tmp_path / "stopped"))[key])
    assert "35 epochs (of at most 150, patience 5)" in said and "150 epochs" not in said
    assert "decays to 0" not in said and "it has levelled off" in said
    make_run(tmp_path / "whole", kind, metrics={"epochs": 150}, **settings)
    said = texts(items(build(tmp_path / "whole"))[key])
    assert "150 epochs" in said and "at most 150" not in said and "decays to 0" in said


def test_control_characters_of_names_are_escaped(runs):
    make_run(runs, "charrnn", 20, units=128)
    shown = "".join(block.text for block in build_all(runs).blocks if isinstance(block, Verbatim))
    assert r"Tel\x85co" in shown
    assert "\x85" not in shown


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_nothing_from_outside_a_run_gets_into_the_report(runs, tmp_path, kind):
    key = tmp_path / "id_rsa"
    key.write_text("  0.5: PRIVATE KEY 28x28 -> 14x14", "utf-8")
    for folder in [path for path in runs.iterdir() if path.is_dir()]:
        for name in ("summary.txt", "samples.txt", "figures/loss.png", "figures/loss.svg"):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(key) if kind == "link" else os.mkfifo(folder / name)
    selection = select_runs([], runs)
    assert blocks.model_summary(selection.dense) == [] and conv_dae._feature_map_sizes(selection.conv) == []
    assert [read_figure(selection.dense, "loss", form) for form in ("png", "svg")] == [None, None]
    (rnn,) = selection.of_kind("charrnn")
    assert "PRIVATE KEY 28x28 -> 14x14" not in set(recorded_samples(rnn))
    assert "PRIVATE" not in str(build_all(runs))
