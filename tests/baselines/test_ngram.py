"""The n-gram model: probabilities that sum to one, values by hand, choice on validation."""

import math

import numpy as np
import pytest

from pw13.baselines import ngram
from pw13.data.names import vocabulary, windows

NAMES = ["anna", "hanna", "hannah", "ann", "nan", "ana", "bob", "bo"] * 3


def text_of(names, vocab=None):
    vocab = vocab or vocabulary.build_vocabulary(windows.join(names))
    return vocab, vocab.encode(windows.join(names)).astype(np.int64)


@pytest.mark.parametrize("smoothing", ngram.SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_of_all_next_characters_sum_to_one(order, smoothing):
    vocab, text = text_of(NAMES)
    model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=order, smoothing=smoothing)
    for context in ("", "h", "ha", "bbbb", "hannah", "o"):
        total = 0.0
        for character in vocab.characters:
            tail = vocab.encode(context + character).astype(np.int64)
            total += ngram.probabilities(model, tail)[-1]
        assert total == pytest.approx(1, abs=1e-6)


def test_witten_bell_of_order_one_by_hand():
    vocab, text = text_of(["ab", "a"])  # a b newline a newline: a 2, b 1, newline 2; N 5, T 3
    model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=1, smoothing="witten-bell")
    expected = {"a": (2 + 3 / 3) / 8, "b": (1 + 3 / 3) / 8, "\n": (2 + 3 / 3) / 8}
    found = ngram.probabilities(model, vocab.encode("ab\n").astype(np.int64))
    assert found == pytest.approx([expected["a"], expected["b"], expected["\n"]])


def test_witten_bell_of_order_two_by_hand():
    vocab, text = text_of(["ab", "a"])  # after a: b once, newline once; N 2, T 2
    model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=2, smoothing="witten-bell")
    assert ngram.probabilities(model, vocab.encode("ab").astype(np.int64))[1] == pytest.approx((1 + 2 * 2 / 8) / 4)


def test_a_name_does_not_depend_on_the_one_before():
    vocab, text = text_of(NAMES)
    for smoothing in ngram.SMOOTHINGS:
        model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=4, smoothing=smoothing)
        alone = ngram.probabilities(model, vocab.encode("hanna\n").astype(np.int64))
        after = ngram.probabilities(model, vocab.encode("bob\nhanna\n").astype(np.int64))
        assert after[4:].tolist() == alone.tolist()


def test_nats_are_the_mean_over_characters_and_newlines():
    vocab, text = text_of(NAMES)
    model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=3, smoothing="kneser-ney")
    tail = vocab.encode("ann\n").astype(np.int64)
    assert ngram.nats(model, tail) == pytest.approx(-np.log(ngram.probabilities(model, tail)).mean())
    assert math.isnan(ngram.nats(model, tail[:0]))


def test_seen_names_are_likelier_than_scrambled_ones():
    vocab, text = text_of(NAMES)
    model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=4, smoothing="kneser-ney")
    nats = [ngram.nats(model, vocab.encode(name).astype(np.int64)) for name in ("hannah\n", "nhaahn\n")]
    assert nats[0] < nats[1]


def test_choice_is_the_best_on_validation_and_the_models_agree_with_the_table():
    vocab = vocabulary.build_vocabulary(windows.join(NAMES))
    _, train = text_of(NAMES, vocab)
    _, validation = text_of(["anna", "nana", "hob"], vocab)
    table = ngram.tried(train, validation, size=vocab.size, newline=vocab.newline)
    best = ngram.choose(train, validation, size=vocab.size, newline=vocab.newline)
    assert best["val_nats"] == min(row["val_nats"] for row in table)
    assert {row["order"] for row in table} == set(range(1, 9))
    for row in table:
        setting = {"size": vocab.size, "newline": vocab.newline, "order": row["order"], "smoothing": row["smoothing"]}
        assert ngram.nats(ngram.fit(train, **setting), validation) == pytest.approx(row["val_nats"], rel=1e-12)
        texts = {"a": train, "b": validation, "c": validation[:0]}
        several = ngram.names_nats(texts, train, **setting)
        assert several["b"] == pytest.approx(row["val_nats"], rel=1e-12)
        assert several["a"] == pytest.approx(ngram.nats(ngram.fit(train, **setting), train), rel=1e-12)
        assert math.isnan(several["c"])


@pytest.mark.parametrize(("size", "highest"), [(2, 8), (150, 8), (3000, 5), (70_000, 3)])
def test_codes_fit_into_63_bits(size, highest):
    assert ngram.highest_order(size) == highest
    assert size**highest < 2**63


@pytest.mark.parametrize(("order", "smoothing"), [(0, "witten-bell"), (9, "witten-bell"), (2, "laplace")])
def test_bad_settings_are_refused(order, smoothing):
    with pytest.raises(ValueError, match=r"order|smoothing"):
        ngram.fit(np.array([0, 1, 0]), size=150, newline=0, order=order, smoothing=smoothing)
