"""The report as a whole: the handout's items in order, with results, answers and comments."""

from pw13.report.document import Markdown, Space, Table
from pw13.report.outline import item_keys, questions
from pw13.report.sections.answers import prepared_answers
from tests.helpers.report_runs import IMAGES, NAMES, build, items, make_run, missing_commands, only_table, texts


def test_items_follow_the_order_of_the_handout(runs):
    keys = [
        *(f"1{letter}" for letter in "abcdefg"),
        *(f"conv-{letter}" for letter in "abcde"),
        *(f"2{letter}" for letter in "abcdefg"),
        "m2m",
        "cells",
        *(f"3{letter}" for letter in "abc"),
    ]
    assert list(items(build(runs))) == keys == item_keys()


def test_chapters_begin_with_the_summary_and_end_with_provenance(runs):
    titles = [chapter.title for chapter in build(runs).chapters]
    assert titles[:2] == ["The handout, item by item", "Summary"] and titles[-1] == "Appendix: provenance"


def test_a_result_without_a_run_is_missing_with_the_command_that_produces_it(tmp_path):
    make_run(tmp_path / "runs", "dense-ae")
    made = missing_commands(build(tmp_path / "runs"))
    assert made["1a"] == ["pw13 train-dense-ae --code-size 64"]
    assert made["1e"] == []
    assert made["1g"] == ["pw13 svm-eval"]
    assert made["conv-e"] == ["pw13 train-conv-dae"]
    assert made["2f"] == made["m2m"] == made["cells"] == ["pw13 train-charrnn"]


def test_a_missing_metric_is_a_dash_and_no_comment(tmp_path):
    make_run(tmp_path, "dense-ae", metrics={"pca_test_mse": None, "compression": {}})
    made = items(build(tmp_path))
    assert "principal components" not in texts(made["1e"])
    assert all("–" in row for row in only_table(made["1f"]).rows)


def test_what_a_sweep_leaves_out_is_missing_and_stops_nothing(tmp_path):
    left_out = {
        "dense-ae": ("compression", "rate_distortion"),
        "conv-dae": ("baselines", "by_noise", "code_values", "pixel_values", "code_bytes_uint8", "code_bytes_entropy"),
        "charrnn": ("mixture", "names", "by_temperature", "real_names"),
    }
    for kind, names in left_out.items():
        make_run(tmp_path, kind, metrics=dict.fromkeys(names))
    made = items(build(tmp_path))
    assert "None" not in "".join(texts(item) for item in made.values())


def test_the_appendix_lists_every_run(runs):
    listed = next(block for block in build(runs).chapters[-1].blocks if isinstance(block, Table))
    assert [row[0] for row in listed.rows] == sorted(path.name for path in runs.iterdir())
    assert {row[3] for row in listed.rows} == {IMAGES["sha256"][:16], NAMES["sha256"][:16]}


def test_the_date_is_that_of_the_newest_run(runs):
    assert build(runs).date == "2026-11-24"


def test_answers_and_comments_are_added_to_their_items(runs):
    both = items(build(runs, answers=prepared_answers(), comments={"1f": "Ours.\n\nTwo\nlines."}))
    assert texts(both["3c"], "answer").startswith("A generative system models")
    assert both["1f"].blocks[-1] == Markdown("Ours.\n\nTwo\nlines.")
    assert items(build(runs))["3c"].blocks == (Space(),)


def test_every_item_quotes_what_is_asked(runs):
    for key, item in items(build(runs)).items():
        assert item.question or key.startswith("3")
    assert set(questions()) == set(item_keys())


def test_without_answers_there_is_room_for_one(runs):
    made = items(build(runs, comments={"3b": "Ours."}))
    assert [key for key, item in made.items() if Space() in item.blocks] == ["1f", "conv-b", "3a", "3c"]
    assert not any(Space() in item.blocks for item in items(build(runs, answers=prepared_answers())).values())


def test_provenance_does_not_claim_that_every_number_is_read(runs):
    (text,) = [block.text for block in build(runs).blocks if getattr(block, "text", "").startswith("This report uses")]
    said = "Every number is read from the folders of these runs, or computed from their losses, networks and data;"
    assert said in text
