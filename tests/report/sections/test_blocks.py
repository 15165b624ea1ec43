"""Blocks that many sections share."""

import pytest

from pw13.report.document import Verbatim
from pw13.report.run_selection import select_runs
from pw13.report.sections import blocks
from tests.helpers.report_runs import build_all, make_run


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


def test_control_characters_of_names_are_escaped(runs):
    make_run(runs, "charrnn", 20, units=128)
    shown = "".join(block.text for block in build_all(runs).blocks if isinstance(block, Verbatim))
    assert r"Tel\x85co" in shown
    assert "\x85" not in shown
