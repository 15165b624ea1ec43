"""Log-probabilities of characters against one step at a time."""

import numpy as np
import pytest

from pw13.data.names import vocabulary, windows
from pw13.inference import log_probabilities
from pw13.models import charrnn_numpy

NAMES = ["Anna", "Annabel", "Anton", "b", "Anna", "a name longer than any window, by far"]
VOCAB = vocabulary.build_vocabulary(windows.join(NAMES))
IDS = [VOCAB.encode(name) for name in NAMES]
TEXT = VOCAB.encode(windows.join(NAMES))
ENDING = VOCAB.encode("bel\n")


def network(cell, target, layers=1):
    rng = np.random.default_rng(3)
    specs = charrnn_numpy.weight_specs(cell, 6, layers, VOCAB.size)
    return charrnn_numpy.network(cell, target, 4, [rng.normal(0, 0.9, spec.shape).astype("f") for spec in specs])


def step_by_step(net, contexts, targets):
    """Return ln p of each target after its context, and whether it is the likeliest character."""
    found, correct = [], []
    for context, target in zip(contexts, targets, strict=True):
        states = charrnn_numpy.zero_states(net, 1)
        for character in context:
            states = charrnn_numpy.advance(net, states, np.array([character]))
        logits = charrnn_numpy.logits(net, states)[0].astype(float)
        found.append(logits[target] - np.log(np.exp(logits).sum()))
        correct.append(logits.argmax() == target)
    return found, correct


def contexts_of(net, names, before):
    """Return what the network reads before each character: `before[i]` is the text in front of name i."""
    contexts, targets = [], []
    for name, text in zip(names, before, strict=True):
        for i, target in enumerate([*name, VOCAB.newline]):
            past = np.concatenate([text, name[:i]]).astype(int)
            contexts.append(past[-net.length :] if net.target == "many-to-one" else [VOCAB.newline, *name[:i]])
            targets.append(target)
    return contexts, targets


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
@pytest.mark.parametrize("cell", ["simple", "gru", "lstm"])
def test_names_are_independent_of_each_other(cell, target, layers):
    net = network(cell, target, layers)
    predicted = log_probabilities.of_names(net, TEXT, VOCAB.newline, ENDING)
    expected, correct = step_by_step(net, *contexts_of(net, IDS, [ENDING] * len(IDS)))
    assert predicted.log_probabilities == pytest.approx(expected, abs=1e-5)
    assert predicted.correct.tolist() == correct


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_a_text_is_read_as_in_training_the_last_name_before_the_first(target):
    net = network("gru", target)
    starts = np.cumsum([0, *(len(name) + 1 for name in NAMES)])[:-1]
    before = [np.concatenate([TEXT, TEXT[:start]]) for start in starts]
    expected, correct = step_by_step(net, *contexts_of(net, IDS, before))
    predicted = log_probabilities.of_text(net, TEXT, VOCAB.newline)
    assert predicted.log_probabilities == pytest.approx(expected, abs=1e-5)
    assert predicted.correct.tolist() == correct


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_batches_do_not_change_the_result(target, monkeypatch):
    net = network("lstm", target)
    whole = log_probabilities.of_names(net, TEXT, VOCAB.newline, ENDING).log_probabilities
    monkeypatch.setattr(log_probabilities, "ROWS", 2)
    assert log_probabilities.of_names(net, TEXT, VOCAB.newline, ENDING).log_probabilities == pytest.approx(whole)
