"""Names selected by rule, and by hand."""

import numpy as np
import pytest

from pw13 import config
from pw13.data.names.vocabulary import VocabularyFile, build_vocabulary
from pw13.errors import UserError
from pw13.inference.name_generator import NameGenerator
from pw13.models import charrnn_numpy
from pw13.report.name_selection import (
    MAX_LENGTH,
    MIN_LENGTH,
    NAMES_SELECTED,
    SIMILARITY_LIMIT,
    Candidate,
    NameSelection,
    filter_distinct,
    is_presentable,
    names_from_file,
    rank_candidates,
)
from pw13.report.run_selection import select_runs
from tests.helpers.report_runs import build, items, texts


def candidate(text, log=-1.0):
    return Candidate(text, 0.8, log, None, None)


def test_selected_names_are_unlike_known_ones_and_each_other():
    ranked = [candidate(text) for text in ("FACEBOK", "Zimble Labs", "Zimble Net", "Other Labs", "Quontora")]
    selected = list(filter_distinct(ranked, ["Facebook", "Apple"]))
    assert [name.text for name in selected] == ["Zimble Labs", "Quontora"]
    assert all(name.similarity < SIMILARITY_LIMIT and name.nearest in ("Facebook", "Apple") for name in selected)


def test_a_fixed_number_of_names_is_selected():
    assert len(list(filter_distinct([candidate(f"{c}xyz") for c in "abcdefghijklm"], None))) == NAMES_SELECTED


def test_candidates_are_complete_novel_printable_and_sorted_by_likelihood():
    vocab_file = VocabularyFile(build_vocabulary("ab \n\x85"), ("a" * 9 + "\n",))
    rng = np.random.default_rng(0)
    arrays = [0.3 * rng.normal(size=shape).astype(np.float32) for shape in ((5, 4), (4, 4), (4,), (4, 5))]
    arrays.append(np.array([0.5, -1, 1, 1, -2], np.float32))  # newline, space, a, b, a control character
    network = charrnn_numpy.network("simple", "many-to-one", 10, arrays)
    candidates = rank_candidates(NameGenerator(None, config.CharRNN(units=4), vocab_file, network), ["aaaa", "bbbb"])
    logs = [name.log_probability for name in candidates]
    assert candidates
    assert logs == sorted(logs, reverse=True)
    for name in candidates:
        assert MIN_LENGTH <= len(name.text) <= MAX_LENGTH
        assert name.text not in ("aaaa", "bbbb")
        assert name.text.isprintable()
        assert name.text == name.text.strip()


@pytest.mark.parametrize(
    ("text", "presentable"),
    [("Zimble", True), ('The "Zim" Co', True), ("Zim (UK)", True), ('Zimble LLC"', False), ("Zim (UK", False),
     ("Zim", False), ("Z" * 31, False), (" Zimble", False), ("Zim\x85ble", False)],
)  # fmt: skip
def test_a_presentable_name_has_a_suitable_length_and_balanced_quotes_and_brackets(text, presentable):
    assert is_presentable(text) == presentable


def test_names_of_a_file_are_reported_as_selected_by_hand(runs, tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("Zimble\r\n\nQuontora\n", "utf-8", newline="")
    selected = names_from_file(path, select_runs([], runs).of_kind("charrnn"))
    assert [name.text for name in selected.names] == ["Zimble", "Quontora"]
    assert "Selected by hand, from names.txt." in texts(items(build(runs, selected=selected))["2g"])


def test_the_rule_is_reported_with_the_names(runs):
    selection = NameSelection((candidate("Zimble"), candidate("Quontora")), "RUN", compared=True)
    text = texts(items(build(runs, selected=selection))["2g"])
    assert "from 3,000 names sampled from run RUN with seed 0: complete, 4 to 30 characters" in text
    assert "the 2 most likely under the model (mean ln p per character)." in text
    assert "less than 80% similar to any name in it" in text
    unchecked = texts(items(build(runs, selected=selection._replace(compared=False)))["2g"])
    assert "similar" not in unchecked and "they are not compared with known names." in unchecked


def test_a_file_without_names_is_refused(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n", "utf-8")
    with pytest.raises(UserError, match=r"--names .*names\.txt: contains no names; expected one per line"):
        names_from_file(path, [])
    with pytest.raises(UserError, match=r"--names .*none\.txt: cannot be read: No such file"):
        names_from_file(tmp_path / "none.txt", [])
