"""Exercise 2: items 2a to 2g, many-to-many, LSTM and GRU."""

from tests.helpers.report_runs import NAMES, add_figure, build, build_all, captions, items, make_run, texts

NOTHING_HELD_OUT = {
    "held_out_nats": None,
    "held_out_accuracy": None,
    "val_nats": None,
    "ngram": {"order": 5, "validation_nats": None, "held_out_nats": None},
}
ALL_IN_TRAINING = {**NAMES, "counts": {"names": 600, "training": 600, "validation": 0, "held_out": 0}}


def test_the_network_is_compared_with_an_ngram_model(runs):
    comment = texts(items(build(runs))["2f"], "comment")
    assert "The held-out loss is 15.8 % higher than that of a 5-gram model" in comment


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
    assert "SimpleRNN 2.100 nats per character on training names, GRU 2.000" in text
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
