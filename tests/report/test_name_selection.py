"""Names selected by rule, and by hand."""

import numpy as np

from pw13 import config
from pw13.data.names.vocabulary import VocabularyFile, build_vocabulary
from pw13.inference.name_generator import NameGenerator
from pw13.models import charrnn_numpy
from pw13.report.document import Table
from pw13.report.name_rules import MAX_LENGTH, MIN_LENGTH
from pw13.report.name_selection import (
    SHORTLIST,
    SIMILARITY_LIMIT,
    Candidate,
    NameSelection,
    filter_distinct,
    passed_over,
    sample_candidates,
    shortlist,
)
from tests.helpers.report_runs import build, items, texts


def candidate(text, log=-1.0, **details):
    return Candidate(text, 0.8, log, **details)


def selected_texts(candidates, corpus=None):
    return [name.text for name in shortlist(candidates, corpus)]


def test_a_name_that_keeps_the_rules_precedes_a_likelier_one_that_breaks_one():
    dull = candidate("Global Systems", -0.5, broken=("Global is a known word",), alternation=1.0)
    assert selected_texts([dull, candidate("Zimble", -3.0, alternation=0.6)]) == ["Zimble", "Global Systems"]


def test_the_more_pronounceable_precedes_and_then_the_less_similar():
    names = [
        candidate("Tantel", alternation=0.6),
        candidate("Vubolo", alternation=1.0),
        candidate("Kitola", alternation=1.0),
    ]
    assert selected_texts(names, ["Kit", "Acme"]) == ["Vubolo", "Kitola", "Tantel"]
    assert selected_texts(names, ["Vub", "Acme"]) == ["Kitola", "Vubolo", "Tantel"]


def test_selected_names_are_unlike_known_ones():
    names = shortlist([candidate(text) for text in ("FACEBOK", "Zimble", "Quontora")], ["Facebook", "Apple"])
    assert {name.text for name in names} == {"Zimble", "Quontora"}
    assert all(name.similarity < SIMILARITY_LIMIT and name.nearest in ("Facebook", "Apple") for name in names)


def test_no_two_names_begin_with_the_same_letters_or_end_in_the_same_word():
    names = [candidate(text) for text in ("Zimble Labs", "Zimola", "Other labs", "Quontora")]
    assert [name.text for name in filter_distinct(names)] == ["Zimble Labs", "Quontora"]


def test_a_shortlist_has_a_fixed_length():
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert len(shortlist([candidate(f"{letter}xyz") for letter in letters], None)) == SHORTLIST


def test_the_likeliest_names_that_break_rules_are_passed_over():
    names = [candidate(f"N{i}", -float(i), broken=("3 words",)) for i in range(9)]
    kept = candidate("Zimble", -0.1)
    assert [name.text for name in passed_over([*names[::-1], kept])] == ["N0", "N1", "N2", "N3"]


def test_candidates_are_complete_novel_and_presentable():
    vocab_file = VocabularyFile(build_vocabulary("ab \n\x85"), ("a" * 9 + "\n",))
    rng = np.random.default_rng(0)
    arrays = [0.3 * rng.normal(size=shape).astype(np.float32) for shape in ((5, 4), (4, 4), (4,), (4, 5))]
    arrays.append(np.array([0.5, -1, 1, 1, -2], np.float32))  # newline, space, a, b, a control character
    network = charrnn_numpy.network("simple", "many-to-one", 10, arrays)
    generator = NameGenerator(None, config.CharRNN(units=4), vocab_file, network)
    candidates = sample_candidates(generator, ["aaaa", "bbbb"])
    assert len({name.text for name in candidates}) == len(candidates) > 100
    for name in candidates:
        assert MIN_LENGTH <= len(name.text) <= MAX_LENGTH
        assert name.text not in ("aaaa", "bbbb")
        assert name.text.isprintable()
        assert name.text == name.text.strip()
    broken = {name.text: name.broken for name in candidates}
    assert "rare letter pair: ba" in broken["babab"]


def test_the_report_shows_the_rule_and_the_shortlist_with_reasons(runs):
    selection = NameSelection(
        (candidate("Kitola", alternation=1.0, nearest="Skipola", similarity=0.77),),
        "RUN",
        compared=True,
        runners_up=(candidate("Zimble", alternation=0.6, broken=("rare letter pair: mb",)),),
        passed_over=(candidate("Inter Systeme Systems", broken=("3 words", "Inter is a known word")),),
    )
    item = items(build(runs, selected=selection))["2g"]
    text = texts(item)
    assert "from 3,000 names sampled from run RUN with seed 0, not by likelihood" in text
    assert "less than 80% similar to every known one, and its first word is in none of them" in text
    assert "in at least one of 500 known words" in text and "--names FILE" in text
    assert "break the rules: Inter Systeme Systems (3 words, Inter is a known word)." in text
    table = next(block for block in item.blocks if isinstance(block, Table) and block.columns[0] == "name")
    assert table.rows == (
        ("Kitola", "0.8", "Skipola", "0.77", "100 %", "kept", "selected"),
        ("Zimble", "0.8", "–", "–", "60 %", "rare letter pair: mb", "next"),
    )


def test_without_the_corpus_the_rule_claims_no_novelty(runs):
    selection = NameSelection((candidate("Zimble", alternation=0.6),), "RUN", compared=False)
    text = texts(items(build(runs, selected=selection))["2g"])
    assert "similar to" not in text and "they are not compared with known names and words." in text
