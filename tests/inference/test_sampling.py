"""Sampling names with NumPy: the choice of a character, prefixes, lengths, rejected names."""

import warnings

import numpy as np
import pytest

from pw13.baselines import ngram
from pw13.data.names import vocabulary
from pw13.data.names.vocabulary import VocabularyFile
from pw13.inference import contexts, sampling
from pw13.inference.sampling import Name, SamplingOptions
from pw13.models import charrnn_numpy
from pw13.system.threefry import uniforms

VOCAB = vocabulary.build_vocabulary("\n abcdeABCDE")
LENGTH = 4
VOCAB_FILE = VocabularyFile(VOCAB, ("abc\n", "b a\n", "eee\n"))
LOGITS = np.log(np.array([[0.5, 0.25, 0.125, 0.125]], np.float32))


def rng(seed=0):
    return np.random.default_rng(seed)


def network(cell="simple", target="many-to-many", layers=1, *, newline=0.0, units=6):
    """Build a network of random weights; `newline` is added to the newline's logit."""
    generator = rng(3)
    arrays = [
        generator.normal(0, 0.7, spec.shape).astype(np.float32)
        for spec in charrnn_numpy.weight_specs(cell, units, layers, VOCAB.size)
    ]
    arrays[-1][VOCAB.newline] += newline
    return charrnn_numpy.network(cell, target, LENGTH, arrays)


def counted():
    """Return an n-gram model of a few names."""
    text = VOCAB.encode("abc\nabd\nbad\nE cab\nA\n" * 3)
    return ngram.fit(text, size=VOCAB.size, newline=VOCAB.newline, order=3)


def generate(net, n=20, options=None, seed=0, **more):
    return list(sampling.generate(net, VOCAB_FILE, n, options or SamplingOptions(), seed=seed, **more))


def frequencies(options, n=20_000):
    ids = sampling.sample_ids(np.repeat(LOGITS, n, axis=0), options, rng().random(n))
    return np.bincount(ids, minlength=4) / n


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SamplingOptions(1.0), [0.5, 0.25, 0.125, 0.125]),
        (SamplingOptions(0.5), [16 / 22, 4 / 22, 1 / 22, 1 / 22]),
        (SamplingOptions(2.0, top_k=1), [1, 0, 0, 0]),
        (SamplingOptions(1.0, top_k=2), [2 / 3, 1 / 3, 0, 0]),
        (SamplingOptions(1.0, top_k=9), [0.5, 0.25, 0.125, 0.125]),
        (SamplingOptions(1.0, top_p=0.4), [1, 0, 0, 0]),
        (SamplingOptions(1.0, top_p=0.6), [2 / 3, 1 / 3, 0, 0]),
        (SamplingOptions(1.0, top_p=1e-9), [1, 0, 0, 0]),
        (SamplingOptions(1e308), [0.25, 0.25, 0.25, 0.25]),
        (SamplingOptions(1e-320), [1, 0, 0, 0]),
        (SamplingOptions(0.0), [1, 0, 0, 0]),
    ],
)
def test_characters_are_sampled_with_their_probabilities(options, expected):
    assert frequencies(options) == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize("temperature", [0, 5e-324, 1e-320, 1e-6, 1, 1e6, 1e308])
def test_forbidden_characters_are_never_sampled_and_nothing_warns(temperature):
    logits = np.full((500, 4), [80.0, -90.0, -np.inf, 3.0], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for options in (SamplingOptions(temperature), SamplingOptions(temperature, top_k=3, top_p=0.9)):
            assert 2 not in sampling.sample_ids(logits, options, rng().random(500))


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
@pytest.mark.parametrize("cell", ["simple", "gru", "lstm"])
def test_names_are_complete_never_blank_and_as_many_as_requested(cell, target):
    names = generate(network(cell, target, newline=2.0), 50)
    assert len(names) == 50
    assert all(name.text.strip() and "\n" not in name.text for name in names)
    assert sum(name.complete for name in names) > 45


def test_a_whole_name_is_complete_and_has_no_spaces_at_its_edges():
    assert Name("Acme Labs", -1.0, complete=True).whole
    assert not any(Name(text, -1.0, complete=True).whole for text in (" Acme", "Acme "))
    assert not Name("Acme", -1.0, complete=False).whole


def test_the_same_seed_gives_the_same_names():
    assert generate(network()) == generate(network())
    assert generate(network()) != generate(network(), seed=1)


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_a_name_depends_on_its_number_not_on_how_many_are_sampled(target):
    net = network("gru", target, newline=1.0)
    many = generate(net, 200, seed=3)
    assert [name.text for name in generate(net, 7, seed=3)] == [name.text for name in many[:7]]
    numbers = np.array([150, 3])
    late, early = sampling.generate_batch(net, VOCAB_FILE, numbers, SamplingOptions(), VOCAB.encode(""), seed=3)
    alone = [
        sampling.generate_batch(net, VOCAB_FILE, np.array([number]), SamplingOptions(), VOCAB.encode(""), seed=3)
        for number in numbers
    ]
    assert [late.text, early.text] == [name.text for (name,) in alone]


def test_names_keep_their_draws_at_another_temperature():
    """Draws that lie deep inside a character's share choose it at any temperature close by."""
    net = network("gru", newline=1.0)
    warm, warmer = (generate(net, 300, SamplingOptions(temperature), seed=4) for temperature in (1.0, 1.02))
    other = generate(net, 300, SamplingOptions(1.0), seed=5)
    assert sum(a.text == b.text for a, b in zip(warm, warmer, strict=True)) > 200
    assert sum(a.text == b.text for a, b in zip(warm, other, strict=True)) < 100


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_a_mixture_predicts_the_weighted_mean_of_its_models(target):
    net, counts = network(target=target), counted()
    draws = uniforms(1, np.arange(3), 0)
    ids, active = np.array([VOCAB.char_to_id[character] for character in "abE"]), np.array([True, False, True])
    predicted = []
    for model in (net, counts, contexts.Mixture(net, counts, 0.3)):
        context = contexts.initial_context(model, VOCAB_FILE, draws).advance(ids, active)
        weights = np.exp(context.logits().astype(np.float64))
        predicted.append(weights / weights.sum(axis=1, keepdims=True))
    assert predicted[2] == pytest.approx(0.3 * predicted[0] + 0.7 * predicted[1], abs=1e-6)
    assert predicted[2].shape == (2, VOCAB.size)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_mixture_of_one_model_only_writes_its_names(weight):
    net, counts = network(newline=1.0), counted()
    assert generate(contexts.Mixture(net, counts, weight)) == [
        name._replace(mean_log_probability=pytest.approx(name.mean_log_probability, abs=1e-6))
        for name in generate(net if weight else counts)
    ]


def test_many_to_one_names_start_from_endings_drawn_evenly():
    net = network(target="many-to-one", newline=30.0)
    starts = {text: i for i, text in enumerate(VOCAB_FILE.endings)}
    started = contexts.initial_context(net, VOCAB_FILE, uniforms(1, np.arange(3000), 0))
    counted = np.bincount([starts[VOCAB.decode(ids)] for ids in started.ids], minlength=3)
    assert counted == pytest.approx([1000] * 3, abs=100)


def test_a_newline_never_comes_first():
    names = generate(network(newline=30.0), 30)
    assert all(len(name.text.strip()) == 1 and name.complete for name in names)


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
@pytest.mark.parametrize("prefix", ["a", "abcde" * 3, " "])
def test_every_name_begins_with_the_prefix(target, prefix):
    names = generate(network(target=target, newline=1.0), 10, prefix=prefix)
    assert len(names) == 10
    assert all(name.text.startswith(prefix) for name in names)


def test_an_unknown_character_in_the_prefix_is_refused():
    with pytest.raises(KeyError, match="z"):
        generate(network(), prefix="az")


def test_names_are_truncated_at_the_maximum_length():
    names = generate(network(newline=-30.0), 5, SamplingOptions(max_length=7))
    assert [(len(name.text), name.complete) for name in names] == [(7, False)] * 5


def test_a_name_of_exactly_the_maximum_length_is_complete():
    net = network(newline=30.0)
    (name,) = generate(net, 1, SamplingOptions(0.0, max_length=1), prefix="a")
    assert (name.text, name.complete) == ("a", True)


def test_greedy_names_of_a_many_to_many_network_are_equal():
    assert len({name.text for name in generate(network(newline=1.0), 10, SamplingOptions(0.0))}) == 1


def test_rejected_names_are_drawn_again_up_to_a_limit():
    calls = []

    def accept(names):
        calls.extend(names)
        return [name for name in names if name.text[0] in "abcde"]

    names = generate(network(newline=1.0), 3, accept=accept)
    assert len(names) == 3
    assert all(name.text[0] in "abcde" for name in names)
    calls.clear()
    assert generate(network(newline=1.0), 3, accept=lambda names: calls.extend(names) or []) == []
    assert 0 < len(calls) <= sampling.DRAWS * 3


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_log_probability_is_that_of_the_network_at_temperature_one(target):
    net = network("gru", target, newline=1.0)
    vocab_file = VocabularyFile(VOCAB, ("abc\n",))
    (name,) = sampling.generate(net, vocab_file, 1, SamplingOptions(3.0), prefix="ab", seed=5)
    total, text = 0.0, "abc\n" + name.text + "\n"
    for i in range(4, len(text)):
        context = text[i - LENGTH : i] if target == "many-to-one" else text[3:i]
        states = charrnn_numpy.feed_text(net, VOCAB.encode(context)[None])
        logits = charrnn_numpy.logits(net, states)[0].astype(float)
        total += logits[VOCAB.char_to_id[text[i]]] - np.log(np.exp(logits).sum())
    assert name.complete
    assert name.mean_log_probability == pytest.approx(total / (len(name.text) + 1), abs=1e-5)


@pytest.mark.parametrize("prefix", ["", "abcd"])
def test_the_log_probability_of_a_truncated_name_is_that_of_its_characters(prefix):
    net = network("gru", newline=-30.0)
    (name,) = generate(net, 1, SamplingOptions(max_length=4), prefix=prefix)
    total = 0.0
    for i, character in enumerate(name.text):
        states = charrnn_numpy.feed_text(net, VOCAB.encode("\n" + name.text[:i])[None])
        logits = charrnn_numpy.logits(net, states)[0].astype(float)
        total += logits[VOCAB.char_to_id[character]] - np.log(np.exp(logits).sum())
    assert (len(name.text), name.complete) == (4, False)
    assert name.mean_log_probability == pytest.approx(total / 4, abs=1e-5)


def counts(text="abc\nabd\nace\nabc\nbad\n"):
    return ngram.fit(VOCAB.encode(text), size=VOCAB.size, newline=VOCAB.newline, order=3)


def test_names_of_an_ngram_model_have_its_probabilities():
    model = counts()
    (name,) = generate(model, 1, SamplingOptions(2.0), prefix="ab")
    shares = ngram.probabilities(model, VOCAB.encode(name.text + "\n"))
    assert name.complete and name.text.startswith("ab")
    assert name.mean_log_probability == pytest.approx(float(np.log(shares).mean()))


def test_an_ngram_model_is_sampled_at_a_temperature():
    model, n = counts(), 4000
    first = ngram.next_probabilities(model, ngram.initial_state(model, 1))[0]
    allowed = [VOCAB.char_to_id[c] for c in VOCAB.characters if c != "\n"]
    for temperature in (0.5, 1.0, 2.0):
        weights = first[allowed] ** (1 / temperature)
        names = generate(model, n, SamplingOptions(temperature, max_length=3))
        begins = [name.text[0] for name in names]
        frequencies = [begins.count(VOCAB.characters[index]) / n for index in allowed]
        expected = weights / weights.sum()
        blank = allowed.index(VOCAB.char_to_id[" "])
        assert frequencies[blank] <= expected[blank] + 0.02  # blank names are drawn again
        assert np.delete(frequencies, blank) == pytest.approx(np.delete(expected, blank), abs=0.03)


def test_greedy_names_of_an_ngram_model_are_all_the_same():
    assert {name.text for name in generate(counts(), 5, SamplingOptions(0.0))} == {"abc"}


def test_windows_with_a_common_prefix_give_what_each_gives_alone():
    windows = rng().integers(0, 3, (40, LENGTH)).astype(np.uint8)
    net = network("lstm", "many-to-one", layers=2)
    together = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, windows))
    alone = np.concatenate(
        [charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, window[None])) for window in windows]
    )
    assert together == pytest.approx(alone, abs=1e-5)


def test_weight_specs_have_the_shape_of_every_array():
    shapes = [spec.shape for spec in charrnn_numpy.weight_specs("gru", 5, 2, 7)]
    assert shapes == [(7, 15), (5, 15), (2, 15), (5, 15), (5, 15), (2, 15), (5, 7), (7,)]
