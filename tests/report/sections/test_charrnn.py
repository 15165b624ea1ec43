"""Exercise 2: items 2a to 2g, many-to-many, LSTM and GRU."""

import itertools

import pytest

from pw13.report.document import Table, Verbatim
from tests.helpers.report_runs import (
    AS_TRAINED,
    FALLING,
    NAMES,
    RNN,
    add_figure,
    build,
    build_all,
    captions,
    items,
    make_run,
    make_sweep,
    texts,
)

NOTHING_HELD_OUT = {
    "held_out_nats": None,
    "held_out_accuracy": None,
    "val_nats": None,
    "ngram": {"order": 5, "validation_nats": None, "held_out_nats": None},
    "mixture": None,
    "real_names": None,
}
ALL_IN_TRAINING = {**NAMES, "counts": {"names": 600, "training": 600, "validation": 0, "held_out": 0}}


def test_the_network_is_compared_with_an_ngram_model(runs):
    comment = texts(items(build(runs))["2f"], "comment")
    assert "A 5-gram model of the same training names has a lower held-out loss: 1.900, by 0.3000" in comment
    assert "weight 0.3 for the network (chosen on validation names), both reach 1.850, 0.0500 less than" in comment


def test_other_cells_and_targets_are_compared(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, cell="gru", metrics={"held_out_nats": 1.9})
    make_run(tmp_path, "charrnn", 2, cell="lstm", metrics={"held_out_nats": 1.8})
    make_run(tmp_path, "charrnn", 3, target="many-to-many", carry_state=True, metrics={"held_out_nats": 2.0})
    made = items(build_all(tmp_path))
    assert "Yes, with GRU and LSTM: SimpleRNN 2.200" in texts(made["cells"])
    assert "loss of 2.000 nats per character, 9.1 % lower than many-to-one (2.200)" in texts(made["m2m"])


def test_with_held_out_names_their_loss_is_compared(tmp_path):
    for second, settings in enumerate(({}, {"cell": "gru"}, {"target": "many-to-many"})):
        make_run(tmp_path, "charrnn", second, **settings)
    made = items(build_all(tmp_path))
    assert "nats per character on held-out names" in texts(made["cells"])
    assert "Both are evaluated on the same held-out characters" in texts(made["m2m"])
    assert "540 for training, 30 for validation (best epoch, settings), 30 for the final" in texts(made["2c"])
    assert "The lowest validation loss" in texts(made["2f"])
    assert "Loss of the SimpleRNN; dashed: the n-gram model." in captions(made["2f"])


def test_without_held_out_names_nothing_is_claimed_about_them(tmp_path):
    for second, settings in enumerate(({}, {"cell": "gru"}, {"cell": "lstm"}, {"target": "many-to-many"})):
        metrics = {**NOTHING_HELD_OUT, "train_nats": 2.1 - second / 10}
        folder = make_run(tmp_path, "charrnn", second, data=ALL_IN_TRAINING, metrics=metrics, hold_out=0.0, **settings)
        add_figure(folder, "nats")
    made = items(build_all(tmp_path))
    text = " ".join(texts(made[key]) for key in ("2c", "2f", "m2m", "cells"))
    assert "SimpleRNN 2.100 nats per character on training names; GRU 2.000" in text
    assert "The names, in the order of the file, form one string" in text
    assert "No names were held out, so nothing can be said of new names." in text
    for claim in ("held-out", "validation", "overfit", "generalize", "--hold-out"):
        assert claim not in text
    caption = captions(made["2f"]) + captions(made["m2m"])
    assert caption.count("no names are held out, so both curves are measured on training names.") == 2
    assert "dashed" not in caption and "Nats per character on training names, compared" in caption


def test_the_stride_of_the_windows_is_that_of_the_run(tmp_path):
    make_run(tmp_path, "charrnn", skip=1)
    assert "windows of 10 characters, with a stride of 1." in texts(items(build(tmp_path))["2a"])


def test_samples_are_novel_names_by_setting(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, units=128, metrics={"val_nats": 2.0})
    made = items(build_all(tmp_path))["2g"]
    assert "More units, lower validation loss: 2.150 with 64, 2.000 with 128." in texts(made)
    assert "Novel names by number of units, temperature 0.8" in [getattr(block, "caption", "") for block in made.blocks]


def test_numbers_of_epochs_are_those_that_were_trained(tmp_path):
    for second, (epochs, trained, seed) in enumerate(((10, 10, 0), (150, 35, 0), (150, 41, 1))):
        metrics = {"epochs": trained, "val_nats": 2 + 1 / trained}
        make_run(tmp_path, "charrnn", second, epochs=epochs, patience=5, seed=seed, metrics=metrics)
    item = items(build_all(tmp_path))["2g"]
    table = next(block for block in item.blocks if isinstance(block, Table) and block.columns[0] == "epochs")
    assert [row[0] for row in table.rows] == ["10", "35 to 41 (of at most 150)"]
    assert "More epochs allowed, lower validation loss: 2.100 with 10, 2.026 with 150." in texts(item)


@pytest.mark.parametrize("seeds", [1, 2])
def test_names_in_a_table_of_means_over_seeds_are_said_to_be_of_one_run_per_row(tmp_path, seeds):
    changes = ({}, {"units": 128}, {"cell": "gru"}, {"target": "many-to-many"})
    for second, (change, seed) in enumerate(itertools.product(changes, range(seeds))):
        make_run(tmp_path, "charrnn", second, seed=seed, **change)
    made = items(build_all(tmp_path))
    tables = [block for key in ("2g", "m2m", "cells") for block in made[key].blocks if isinstance(block, Table)]
    of_series = [table for table in tables if table.columns[-1] == "n-gram nats" or "as trained" in table.caption]
    assert len(of_series) == 4
    assert [" Names are those of one run per row." in table.caption for table in of_series] == [seeds > 1] * 4


def names_tables(item):
    return [block for block in item.blocks if isinstance(block, Table) and block.columns[0] == "names"]


def test_names_of_the_ngram_model_and_real_names_are_rows_beside_those_of_the_network(runs):
    item = items(build(runs))["2g"]
    (table,) = names_tables(item)
    assert [row[:2] for row in table.rows] == [
        ("SimpleRNN", "1"),
        ("SimpleRNN", "1.2"),
        ("5-gram", "1"),
        ("mixture", "1"),
        ("real, held-out", "–"),
    ]
    assert table.rows[0][2:] == ("100.0 %", "98.0 %", "99.0 %", "36.0 %", "0.12 %", "0.71", "2.60", "0.70")
    assert table.rows[-1][2:] == ("–", "–", "100.0 %", "35.0 %", "–", "0.79", "1.90", "–")
    (names,) = [block.text for block in item.blocks if isinstance(block, Verbatim)]
    assert "SimpleRNN 1: Zimble | Quontora" in names and "5-gram 1: Neta Labs" in names and "mixture 1: Mixara" in names
    assert "In likelihood, the nearest are those of the network at temperature 1, with 2.60" in texts(item)
    assert "and their mixture at temperature 1, with 2.00" in texts(item)


def test_cells_are_judged_by_names_sampled_as_trained(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, cell="gru", metrics={"by_temperature": [{**AS_TRAINED, "ngram_nats": 2.0}]})
    item = items(build_all(tmp_path))["cells"]
    (table,) = names_tables(item)
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("SimpleRNN", "0.70"),
        ("GRU", "0.10"),
        ("5-gram", "0.05"),
        ("real, held-out", "–"),
    ]
    assert "Are the names better? Yes, with GRU." in texts(item)


def test_runs_of_0_1_0_have_dashes_for_what_they_did_not_measure(tmp_path):
    new = ("distinct_trigrams", "similarity", "held_out_met")
    rows = [{key: value for key, value in row.items() if key not in new} for row in RNN["by_temperature"]]
    ngram = {key: value for key, value in RNN["ngram"].items() if key != "by_temperature"}
    for second, cell in enumerate(("simple", "gru")):
        old = {"by_temperature": rows, "ngram": ngram, "mixture": None, "real_names": None}
        folder = make_run(tmp_path, "charrnn", second, cell=cell, metrics=old)
        add_figure(folder, "names")
    made = items(build_all(tmp_path))
    (table,) = names_tables(made["2g"])
    assert [row[0] for row in table.rows] == ["SimpleRNN", "SimpleRNN", "real, held-out"]
    assert table.rows[0][5:8] == ("–", "–", "–") and table.rows[0][-1] == "0.70"
    assert "Sampled names by temperature: shares, and nats per character" in captions(made["2g"])
    assert "Are the names better? They are not distinguishable." in texts(made["cells"])


def test_cells_are_not_compared_while_a_loss_falls(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, cell="gru", losses=FALLING)
    document = build_all(tmp_path)
    for text in (texts(items(document)["cells"]), " ".join(document.notices)):
        assert "Too short to compare cells: after 3 epochs the loss of GRU was still falling." in text
    assert "Can the loss be reduced" not in texts(items(document)["cells"])
    assert "Are the names better" not in texts(items(document)["cells"])


def test_a_cell_that_is_lower_already_is_compared_while_its_loss_falls(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, cell="gru", losses=FALLING, metrics={"val_nats": 2.0, "held_out_nats": 2.0})
    document = build_all(tmp_path)
    text = texts(items(document)["cells"])
    assert "Too short" not in text + " ".join(document.notices)
    assert "Can the loss be reduced further? Yes, with GRU: " in text
    assert "The loss of GRU was still falling: more epochs may lower it further." in text


def test_cells_are_not_compared_with_a_simple_rnn_whose_loss_falls(tmp_path):
    make_run(tmp_path, "charrnn", 0, losses=FALLING)
    make_run(tmp_path, "charrnn", 1, cell="gru", metrics={"val_nats": 2.0, "held_out_nats": 2.0})
    text = texts(items(build_all(tmp_path))["cells"])
    assert "Too short to compare cells: after 3 epochs the loss of SimpleRNN was still falling." in text
    assert "Can the loss be reduced" not in text


def test_cells_whose_losses_are_level_are_compared_on_no_first_page(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, cell="gru")
    document = build_all(tmp_path)
    assert "Too short" not in " ".join(document.notices) + texts(items(document)["cells"])


def test_units_and_targets_are_not_compared_while_a_loss_falls(tmp_path):
    make_run(tmp_path, "charrnn", 0, losses=FALLING)
    make_run(tmp_path, "charrnn", 1, units=128)
    make_run(tmp_path, "charrnn", 2, target="many-to-many")
    made = items(build_all(tmp_path))
    assert "Too short to compare numbers of units: after 3 epochs the loss of 64 was" in texts(made["2g"])
    assert "More units" not in texts(made["2g"])
    assert "Too short to compare many-to-one and many-to-many" in texts(made["m2m"])
    assert "many-to-many has a loss of" not in texts(made["m2m"])


def test_many_to_many_curves_that_are_not_on_one_scale_say_so(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, target="many-to-many")
    assert "The two losses are not on one scale" in texts(items(build_all(tmp_path))["m2m"])
    assert "not on one scale" not in texts(items(build_all(tmp_path))["2f"])


def test_many_to_many_curves_with_carried_state_are_on_one_scale(tmp_path):
    make_run(tmp_path, "charrnn", 0)
    make_run(tmp_path, "charrnn", 1, target="many-to-many", carry_state=True)
    assert "not on one scale" not in texts(items(build_all(tmp_path))["m2m"])


def test_the_caption_counts_the_names_of_the_runs_that_sampled_some(tmp_path):
    sweep = make_sweep(tmp_path, "charrnn", 0, {"units": 32}, {"units": 128})
    run = make_run(tmp_path, "charrnn", 5)
    made = items(build(tmp_path, sweep.name, run.name))["2g"]
    assert "Number of units: loss in nats per character, and statistics of 1,000 sampled names." in captions(made)
    made = items(build(tmp_path, sweep.name))["2g"]
    assert "Number of units: loss in nats per character." in captions(made)
