"""Names drawn with NumPy: the choice of a character, prefixes, lengths, redraws."""

import warnings

import numpy as np
import pytest

from pw13.data.names import vocabulary
from pw13.data.names.vocabulary import VocabularyFile
from pw13.inference import sampling
from pw13.models import charrnn_numpy

WORDS = vocabulary.build_vocabulary("\n abcdeABCDE")
LENGTH = 4
KNOWN = VocabularyFile(WORDS, ("abc\n", "b a\n", "eee\n"))
SCORES = np.log(np.array([[0.5, 0.25, 0.125, 0.125]], np.float32))


def rng(seed=0):
    return np.random.default_rng(seed)


def network(cell="simple", target="many-to-many", layers=1, *, newline=0.0, units=6):
    """Random weights; `newline` is added to the newline's logit."""
    draw = rng(3)
    arrays = [
        draw.normal(0, 0.7, part.shape).astype(np.float32)
        for part in charrnn_numpy.weight_specs(cell, units, layers, WORDS.size)
    ]
    arrays[-1][WORDS.newline] += newline
    return charrnn_numpy.network(cell, target, LENGTH, arrays)


def names(net, n=20, choice=None, seed=0, **options):
    return list(sampling.generate(net, KNOWN, n, choice or sampling.SamplingOptions(), rng=rng(seed), **options))


def shares(choice, n=20_000):
    drawn = sampling.sample_ids(np.repeat(SCORES, n, axis=0), choice, rng=rng())
    return np.bincount(drawn, minlength=4) / n


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (sampling.SamplingOptions(1.0), [0.5, 0.25, 0.125, 0.125]),
        (sampling.SamplingOptions(0.5), [16 / 22, 4 / 22, 1 / 22, 1 / 22]),
        (sampling.SamplingOptions(2.0, top_k=1), [1, 0, 0, 0]),
        (sampling.SamplingOptions(1.0, top_k=2), [2 / 3, 1 / 3, 0, 0]),
        (sampling.SamplingOptions(1.0, top_k=9), [0.5, 0.25, 0.125, 0.125]),
        (sampling.SamplingOptions(1.0, top_p=0.4), [1, 0, 0, 0]),
        (sampling.SamplingOptions(1.0, top_p=0.6), [2 / 3, 1 / 3, 0, 0]),
        (sampling.SamplingOptions(1.0, top_p=1e-9), [1, 0, 0, 0]),
        (sampling.SamplingOptions(1e308), [0.25, 0.25, 0.25, 0.25]),
        (sampling.SamplingOptions(1e-320), [1, 0, 0, 0]),
        (sampling.SamplingOptions(0.0), [1, 0, 0, 0]),
    ],
)
def test_shares_of_characters(choice, expected):
    assert shares(choice) == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize("temperature", [0, 5e-324, 1e-320, 1e-6, 1, 1e6, 1e308])
def test_forbidden_characters_are_never_drawn_and_nothing_warns(temperature):
    scores = np.full((500, 4), [80.0, -90.0, -np.inf, 3.0], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for choice in (
            sampling.SamplingOptions(temperature),
            sampling.SamplingOptions(temperature, top_k=3, top_p=0.9),
        ):
            assert 2 not in sampling.sample_ids(scores, choice, rng=rng())


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
@pytest.mark.parametrize("cell", ["simple", "gru", "lstm"])
def test_names_are_whole_never_blank_and_as_many_as_asked_for(cell, target):
    found = names(network(cell, target, newline=2.0), 50)
    assert len(found) == 50
    assert all(name.text.strip() and "\n" not in name.text for name in found)
    assert sum(name.whole for name in found) > 45


def test_the_same_seed_gives_the_same_names():
    assert names(network()) == names(network())
    assert names(network()) != names(network(), seed=1)


def test_a_newline_never_comes_first():
    found = names(network(newline=30.0), 30)
    assert all(len(name.text.strip()) == 1 and name.whole for name in found)


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
@pytest.mark.parametrize("prefix", ["a", "abcde" * 3, " "])
def test_every_name_begins_with_the_prefix(target, prefix):
    found = names(network(target=target, newline=1.0), 10, prefix=prefix)
    assert len(found) == 10
    assert all(name.text.startswith(prefix) for name in found)


def test_a_strange_prefix_is_refused():
    with pytest.raises(KeyError, match="z"):
        names(network(), prefix="az")


def test_names_are_cut_at_the_greatest_length():
    found = names(network(newline=-30.0), 5, sampling.SamplingOptions(max_length=7))
    assert [(len(name.text), name.whole) for name in found] == [(7, False)] * 5


def test_a_name_of_exactly_the_greatest_length_is_whole():
    net = network(newline=30.0)
    (found,) = names(net, 1, sampling.SamplingOptions(0.0, max_length=1), prefix="a")
    assert (found.text, found.whole) == ("a", True)


def test_greedy_names_of_a_many_to_many_network_are_equal():
    assert len({name.text for name in names(network(newline=1.0), 10, sampling.SamplingOptions(0.0))}) == 1


def test_refused_names_are_drawn_again_up_to_a_limit():
    calls = []

    def accept(text):
        calls.append(text)
        return text[0] in "abcde"

    found = names(network(newline=1.0), 3, accept=accept)
    assert len(found) == 3
    assert all(name.text[0] in "abcde" for name in found)
    calls.clear()
    assert names(network(newline=1.0), 3, accept=lambda text: bool(calls.append(text))) == []
    assert 0 < len(calls) <= sampling.DRAWS * 3


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_log_probability_is_that_of_the_network_at_temperature_one(target):
    net = network("gru", target, newline=1.0)
    known = VocabularyFile(WORDS, ("abc\n",))
    (found,) = sampling.generate(net, known, 1, sampling.SamplingOptions(3.0), prefix="ab", rng=rng(5))
    total, text = 0.0, "abc\n" + found.text + "\n"
    for place in range(4, len(text)):
        seen = text[place - LENGTH : place] if target == "many-to-one" else text[3:place]
        scores = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, WORDS.encode(seen)[None]))[0].astype(float)
        total += scores[WORDS.char_to_id[text[place]]] - np.log(np.exp(scores).sum())
    assert found.whole
    assert found.log_probability == pytest.approx(total / (len(found.text) + 1), abs=1e-5)


def test_windows_that_begin_alike_are_read_as_each_alone():
    windows = rng().integers(0, 3, (40, LENGTH)).astype(np.uint8)
    net = network("lstm", "many-to-one", layers=2)
    together = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, windows))
    alone = np.concatenate(
        [charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, window[None])) for window in windows]
    )
    assert together == pytest.approx(alone, abs=1e-5)


def test_parts_name_every_array_with_its_shape():
    shapes = [part.shape for part in charrnn_numpy.weight_specs("gru", 5, 2, 7)]
    assert shapes == [(7, 15), (5, 15), (2, 15), (5, 15), (5, 15), (2, 15), (5, 7), (7,)]
