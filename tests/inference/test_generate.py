"""What `pw13 generate` reports of each name."""

import json

import pytest

from pw13.cli import generate as command
from pw13.config.settings import Generate
from pw13.inference import generate, name_generator
from pw13.inference.sampling import Name
from pw13.report.name_selection import Candidate, shortlist
from tests.helpers.charrnn_run import NAME, make_run


@pytest.fixture
def corpus(tmp_path):
    """Write a run, and the corpus that it names; return the path of the corpus."""
    make_run(tmp_path / "runs" / NAME)
    return tmp_path / "names.txt"


def use_corpus(runs, path, text):
    """Make `text` the corpus of the run, so that it counts as the one that it was trained on."""
    from pw13.data.names import load_names

    path.write_text(text, "utf-8")
    facts = json.loads((runs / NAME / "run.json").read_text("utf-8"))
    facts["data"] |= {"path": str(path), "sha256": load_names(str(path)).source.sha256}
    (runs / NAME / "run.json").write_text(json.dumps(facts), "utf-8")


def generate_names(runs, n=3, **options):
    request = Generate(n=n, seed=1, **options)
    source = generate.open_sampler(request, run=None, runs_dir=runs)
    return generate.generate_names(source, request, details=True)[0].names


def test_similarity_ignores_case_as_in_the_report(corpus, tmp_path):
    use_corpus(tmp_path / "runs", corpus, "Zzzz\nYyyy\n")
    texts = [name["name"] for name in generate_names(tmp_path / "runs")]
    use_corpus(tmp_path / "runs", corpus, "".join(text.upper() + "\n" for text in texts))
    names = generate_names(tmp_path / "runs")
    assert [name["similarity"] for name in names] == [1.0, 1.0, 1.0]
    assert [name["nearest"] for name in names] == [text.upper() for text in texts]
    candidates = [Candidate(text, 1.0, -1.0) for text in texts]
    assert shortlist(candidates, [text.upper() for text in texts]) == []


def test_only_a_name_in_the_same_case_is_known(corpus, tmp_path):
    use_corpus(tmp_path / "runs", corpus, "Zzzz\nYyyy\n")
    first, second, _ = (name["name"] for name in generate_names(tmp_path / "runs"))
    use_corpus(tmp_path / "runs", corpus, f"{first.upper()}\n{first}\n{second.upper()}\n")
    names = generate_names(tmp_path / "runs")
    assert [name["known"] for name in names[:2]] == [True, False]
    assert names[0]["nearest"] == first


def test_without_its_corpus_a_name_is_neither_known_nor_new(corpus, tmp_path):
    (name,) = generate_names(tmp_path / "runs", n=1)
    assert (name["known"], name["nearest"], name["similarity"]) == (None, None, None)
    assert name["mean_log_probability"] < 0


def test_new_names_are_outside_the_corpus_and_come_once_over_all_batches():
    accept = generate.new_names(("Known", "Other", "Known"))
    batches = [["Known", "Nimbo", "Zi", "Nimbo"], ["Zi", "other", "Other"], ["Known"]]
    kept = [accept([Name(text, -1.0, True) for text in texts]) for texts in batches]
    assert [[name.text for name in names] for names in kept] == [["Nimbo", "Zi"], ["other"], []]


def test_names_without_details_do_not_read_the_corpus(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(name_generator, "load_names", lambda *_, **__: pytest.fail("read"))
    request = Generate(n=3, seed=1)
    source = generate.open_sampler(request, run=None, runs_dir=tmp_path / "runs")
    assert len(generate.generate_names(source, request, details=False)[0].names) == 3


def test_cut_names_and_names_with_spaces_at_their_edges_are_counted_apart(capsys):
    names = [Name("abcd", 0.0, False), Name("abc ", 0.0, False), Name("ab ", 0.0, True), Name("ab", 0.0, True)]
    told = [{"name": name.text, "complete": name.complete, "whole": name.whole} for name in names]
    assert generate.describe(names, None)[2].items() >= told[2].items()
    source = generate.Sampler(None, None, 1)
    command._explain(source, Generate(n=4, seed=1, max_length=4), told, 4)
    assert capsys.readouterr().err == (
        "note: 2 of 4 names truncated at --max-length 4\nnote: 1 of 4 names with a space at an edge\n"
    )


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("interrupted", "the run is interrupted and has no mixture yet; resume it with: pw13 resume {run}"),
        ("running", "the run is running on here and has no mixture yet; wait for its end"),
    ],
)
def test_the_mixture_of_a_run_that_is_not_completed_is_refused_with_the_way_on(tmp_path, pw13, status, message):
    run = make_run(tmp_path / "elsewhere" / NAME)
    facts = json.loads((run / "run.json").read_text("utf-8"))
    (run / "run.json").write_text(json.dumps({**facts, "status": status}), "utf-8")
    code, out, err = pw13("generate", "--mix", "--run", run)
    assert (code, out, err) == (1, "", f"pw13: {run}: --mix: {message.format(run=run)}\n")
