"""The n-gram model: values by hand, equal to a plain dictionary implementation, choice of the order on validation."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pw13.baselines import ngram
from pw13.baselines.ngram import counting, scoring
from pw13.config import CharRNN
from pw13.data.names import load_names, prepare_dataset, vocabulary, windows

NAMES = ["anna", "hanna", "hannah", "ann", "nan", "ana", "bob", "bo"] * 3


def text_of(names, vocab=None):
    vocab = vocab or vocabulary.build_vocabulary(windows.join(names))
    return vocab, vocab.encode(windows.join(names))


def fitted(names, order):
    vocab, text = text_of(names)
    return vocab, ngram.fit(text, size=vocab.size, newline=vocab.newline, order=order)


# ------------------------------------------------------------------------------------------------ by hand

# "ab", "a", "b": the start symbol S, characters newline, a, b. No count of 3 or 4, so the discounts are the fixed ones:
# 1/2 for a count of 1, 1 for a count of 2.


def test_order_one_by_hand():
    vocab, model = fitted(["ab", "a", "b"], 1)
    # raw counts: newline 3, a 2, b 2; each loses its discount (1.5, 1, 1 = 3.5 of 7), shared out evenly over three
    expected = {"\n": (3 - 1.5) / 7 + 3.5 / 7 / 3, "a": (2 - 1) / 7 + 3.5 / 7 / 3, "b": (2 - 1) / 7 + 3.5 / 7 / 3}
    found = ngram.next_probabilities(model, ngram.initial_state(model, 1))[0]
    assert found == pytest.approx([expected[character] for character in vocab.characters])


def test_order_two_by_hand():
    _, model = fitted(["ab", "a", "b"], 2)
    # continuation counts: newline after a and b: 2; a after S: 1; b after a and S: 2. Discounts 1, 0.5, 1: 2.5 of 5
    newline, a, b = (2 - 1) / 5 + 0.5 / 3, (1 - 0.5) / 5 + 0.5 / 3, (2 - 1) / 5 + 0.5 / 3
    # after S: a 2, b 1; they lose 1 + 0.5 of 3
    after_start = [0.5 * newline, (2 - 1) / 3 + 0.5 * a, (1 - 0.5) / 3 + 0.5 * b]
    state = ngram.initial_state(model, 1)
    assert ngram.next_probabilities(model, state)[0] == pytest.approx(after_start)
    # after a: newline 1, b 1; they lose 0.5 each of 2
    state = ngram.advance(model, state, np.array([1]))
    after_a = [0.5 / 2 + 0.5 * newline, 0.5 * a, 0.5 / 2 + 0.5 * b]
    assert ngram.next_probabilities(model, state)[0] == pytest.approx(after_a)


def test_ngrams_at_a_name_s_start_keep_their_raw_counts():
    _, text = text_of(["ab", "a", "ab"])  # newline 0, a 1, b 2, start 3
    one, two, _ = counting.count(text, size=3, newline=0, order=3)
    ids = dict(zip(two.keys.tolist(), two.times.tolist(), strict=True))
    assert ids == {1 * 3 + 0: 1, 1 * 3 + 2: 2, 2 * 3 + 0: 2, 3 * 3 + 1: 3}
    assert two.starts.tolist() == [False, False, False, True]
    model = ngram.fit(text, size=3, newline=0, order=3)
    assert model.levels[1].table.times.tolist() == [1, 1, 1, 3]  # a and b stand after one symbol each, Sa three times
    assert one.times.tolist() == [3, 3, 2, 0]


# ------------------------------------------------------------------------------------- against dictionaries


class Dictionaries:
    """Modified Kneser-Ney as the paper writes it, in dictionaries.

    prune_from: from this length on n-grams that occur once count, but have no probability of their own.
    """

    def __init__(self, names: list[str], characters: tuple[str, ...], order: int, prune_from: int = 99):
        self.characters, self.prune_from = characters, prune_from
        raw: dict[int, Counter[str]] = defaultdict(Counter)
        for name in names:
            text = "^" + name + "\n"
            for length in range(1, order + 2):
                raw[length].update(text[i : i + length] for i in range(len(text) - length + 1))
        del raw[1]["^"]
        self.raw = raw
        self.times = {order: raw[order]}
        for length in range(1, order):
            followers = Counter(gram[1:] for gram in raw[length + 1])
            self.times[length] = Counter({g: n if g[0] == "^" else followers[g] for g, n in raw[length].items()})
        self.discounts = {length: self.estimate(times) for length, times in self.times.items()}

    @staticmethod
    def estimate(times: Counter[str]) -> list[float]:
        n = [sum(value == wanted for value in times.values()) for wanted in range(5)]
        if not all(n[1:]):
            return [0.0, 0.5, 1.0, 1.5]
        y = n[1] / (n[1] + 2 * n[2])
        found = [0.0, *(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))]
        return found if min(found[1:]) > 0 else [0.0, 0.5, 1.0, 1.5]

    def is_kept(self, gram: str) -> bool:
        return len(gram) < self.prune_from or self.raw[len(gram)][gram] > 1

    def probability(self, context: str, character: str, length: int) -> float:
        if length == 0:
            return 1 / len(self.characters)
        lower = self.probability(context[-(length - 2) :] if length > 2 else "", character, length - 1)
        if length - 1 > len(context):
            return self.probability(context, character, length - 1)
        context = context[len(context) - (length - 1) :]
        found = {c: self.times[length][context + c] for c in self.characters if self.times[length][context + c]}
        if not found:
            return lower
        total, kept = sum(found.values()), {c: n for c, n in found.items() if self.is_kept(context + c)}
        lost = total - sum(n - self.discounts[length][min(n, 3)] for n in kept.values())
        own = kept.get(character, 0)
        return (own - self.discounts[length][min(own, 3)]) / total + lost / total * lower


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_are_those_of_a_plain_implementation(order):
    vocab, model = fitted(NAMES, order)
    plain = Dictionaries(NAMES, vocab.characters, order)
    for name in ("hanna", "bobo", "nnh", ""):
        found = ngram.probabilities(model, vocab.encode(name + "\n"))
        expected = [plain.probability("^" + name[:i], (name + "\n")[i], order) for i in range(len(name) + 1)]
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("order", "prune_from"), [(2, 2), (3, 2), (5, 3), (6, 5)])
def test_ngrams_that_occur_once_are_left_out_as_in_a_plain_implementation(order, prune_from):
    names = ["anna", "hanna", "hannah", "ann", "nan", "ana", "bob", "bo", "banana", "nabob", "hob", "anna", "bo"]
    vocab, text = text_of(names)
    model = ngram.fit(text, size=vocab.size, newline=vocab.newline, order=order, prune_from=prune_from)
    plain = Dictionaries(names, vocab.characters, order, prune_from)
    for name in ("hanna", "bobo", "nnh", "nabobanana", ""):
        found = ngram.probabilities(model, vocab.encode(name + "\n"))
        expected = [plain.probability("^" + name[:i], (name + "\n")[i], order) for i in range(len(name) + 1)]
        assert found == pytest.approx(expected, rel=1e-12)
    assert len(model.levels[-1].table.keys) == sum(n > 1 for n in plain.raw[order].values())
    back = ngram.from_arrays(ngram.to_arrays(model))
    assert ngram.probabilities(back, text).tolist() == ngram.probabilities(model, text).tolist()


# --------------------------------------------------------------------------------------------- properties

NAME = st.text("abcd é", min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAME, min_size=1, max_size=30), NAME, st.integers(1, 8), st.sampled_from([None, 2, 4]))
def test_probabilities_of_all_next_characters_sum_to_one(names, context, order, prune_from):
    vocab = vocabulary.build_vocabulary(windows.join([*names, context]))
    alphabet = {"size": vocab.size, "newline": vocab.newline}
    model = ngram.fit(vocab.encode(windows.join(names)), **alphabet, order=order, prune_from=prune_from)
    state = ngram.initial_state(model, 1)
    for number in vocab.encode(context):
        row = ngram.next_probabilities(model, state)
        assert row.sum() == pytest.approx(1, abs=1e-9)
        assert (row > 0).all()
        state = ngram.advance(model, state, np.array([number]))


@settings(max_examples=40, deadline=None)
@given(st.lists(NAME, min_size=1, max_size=30), NAME, st.integers(1, 8))
def test_walking_and_scoring_give_the_same_probabilities(names, name, order):
    vocab = vocabulary.build_vocabulary(windows.join([*names, name]))
    model = ngram.fit(vocab.encode(windows.join(names)), size=vocab.size, newline=vocab.newline, order=order)
    ids, state, walked = vocab.encode(name + "\n"), ngram.initial_state(model, 1), []
    for number in ids:
        walked.append(ngram.next_probabilities(model, state)[0, number])
        state = ngram.advance(model, state, np.array([number]))
    assert ngram.probabilities(model, ids) == pytest.approx(walked, rel=1e-12)


def test_a_name_does_not_depend_on_the_one_before():
    vocab, model = fitted(NAMES, 4)
    alone = ngram.probabilities(model, vocab.encode("hanna\n"))
    assert ngram.probabilities(model, vocab.encode("bob\nhanna\n"))[4:].tolist() == alone.tolist()


def test_seen_names_are_likelier_than_scrambled_ones():
    vocab, model = fitted(NAMES, 4)
    seen, scrambled = (ngram.probabilities(model, vocab.encode(name)).prod() for name in ("hannah\n", "nhaahn\n"))
    assert seen > scrambled


def test_names_in_pieces_have_the_probabilities_of_the_whole(monkeypatch):
    vocab, model = fitted(NAMES, 4)
    text = vocab.encode(windows.join(["hanna", "a", "bobohabo", "nnn"]))
    whole = ngram.probabilities(model, text)
    for piece in (1, 5, 11):
        monkeypatch.setattr(scoring, "PIECE", piece)
        assert ngram.probabilities(model, text).tolist() == whole.tolist()


def test_no_text_has_no_probabilities():
    vocab, model = fitted(NAMES, 3)
    assert ngram.probabilities(model, vocab.encode("")).shape == (0,)


# -------------------------------------------------------------------------------- numbers of characters, orders


@pytest.mark.parametrize("size", [150, 3000, 1_000_000])
def test_large_alphabets_reach_the_highest_order(size):
    rng = np.random.default_rng(0)
    text = rng.integers(1, size, 4000)
    text[::9] = 0
    text[-1] = 0
    model = ngram.fit(text, size=size, newline=0, order=ngram.MAX_ORDER)
    assert model.order == ngram.MAX_ORDER and np.isfinite(np.log(ngram.probabilities(model, text[:100]))).all()


def test_keys_that_do_not_fit_beside_their_places_are_numbered_all_the_same():
    keys = np.array([5, 3, 5, 2**62, 3, 5])
    for scale in (1, 2**40 // 5):
        unique, first, numbers, counts = counting.number(np.minimum(keys, 10) * scale)
        assert unique.tolist() == [3 * scale, 5 * scale, 10 * scale]
        assert first.tolist() == [1, 0, 3]
        assert numbers.tolist() == [1, 0, 1, 2, 0, 1]
        assert counts.tolist() == [2, 3, 1]
    assert counting.number(keys)[0].tolist() == [3, 5, 2**62]


def test_the_smallest_order_near_the_best_is_chosen():
    assert ngram.choose_order([2.0, 1.7006, 1.7000, 1.6999]) == 3
    assert ngram.choose_order([2.0, 1.7003, 1.7000, 1.6999]) == 2
    assert ngram.choose_order([1.5]) == 1


def test_nats_of_each_order_are_those_of_its_model():
    vocab = vocabulary.build_vocabulary(windows.join(NAMES))
    _, train = text_of(NAMES, vocab)
    _, validation = text_of(["anna", "nana", "hob"], vocab)
    alphabet = {"size": vocab.size, "newline": vocab.newline}
    model, nats = ngram.estimate(train, validation, **alphabet)
    assert len(nats) == ngram.MAX_ORDER
    for order in (1, 2, 4, 8, 16):
        fitted = ngram.fit(train, order=order, **alphabet)
        assert ngram.nats(fitted, validation) == pytest.approx(nats[order - 1], rel=1e-12)
    expected = ngram.fit(train, order=ngram.choose_order(nats), **alphabet)
    assert equal(model, expected)


def equal(one, other):
    pairs = zip(ngram.to_arrays(one).items(), ngram.to_arrays(other).items(), strict=True)
    return all(a == b and x.dtype == y.dtype and x.tolist() == y.tolist() for (a, x), (b, y) in pairs)


def test_without_validation_text_the_order_is_the_default_one():
    vocab, text = text_of(NAMES)
    model, nats = ngram.estimate(text, text[:0], size=vocab.size, newline=vocab.newline)
    assert (model.order, nats) == (ngram.DEFAULT_ORDER, [])


# ------------------------------------------------------------------------------------------ large corpora


def random_names(count, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("abcde f"), rng.integers(1, 12))) + "x" for _ in range(count)]


@pytest.mark.parametrize("block", [1, 7, 200])
@pytest.mark.parametrize("prune_from", [None, 3])
def test_counts_in_blocks_equal_the_whole(monkeypatch, block, prune_from):
    vocab, text = text_of(random_names(150))
    options = {"size": vocab.size, "newline": vocab.newline, "order": 9, "prune_from": prune_from}
    whole = list(counting.count(text, **options))
    monkeypatch.setattr(counting, "BLOCK", block)
    for one, other in zip(whole, counting.count(text, **options), strict=True):
        assert [np.array(field).tolist() for field in one] == [np.array(field).tolist() for field in other]
        assert [np.array(field).dtype for field in one] == [np.array(field).dtype for field in other]


def test_a_long_text_is_pruned():
    vocab, text = text_of(random_names(400))
    _, validation = text_of(random_names(100, seed=1), vocab)
    alphabet = {"size": vocab.size, "newline": vocab.newline}
    pruned = ngram.estimate(text, validation, **alphabet, long_text=len(text) - 1)
    assert pruned.nats[: ngram.PRUNED - 1] == ngram.estimate(text, validation, **alphabet).nats[: ngram.PRUNED - 1]
    longest = ngram.fit(text, **alphabet, order=ngram.MAX_ORDER, prune_from=ngram.PRUNED)
    assert pruned.nats[-1] == pytest.approx(ngram.nats(longest, validation), rel=1e-12)
    assert sum(level.table.left_out for level in longest.levels[: ngram.PRUNED - 1]) == 0
    assert longest.levels[ngram.PRUNED - 1].table.left_out > 0


def test_an_order_whose_ngrams_are_too_many_is_not_tried():
    vocab, text = text_of(random_names(400))
    _, validation = text_of(random_names(100, seed=1), vocab)
    alphabet = {"size": vocab.size, "newline": vocab.newline}
    sizes = np.cumsum([len(counts.keys) for counts in counting.count(text, **alphabet, order=4)])
    free = ngram.estimate(text, validation, **alphabet)
    assert not free.limited and len(free.nats) == ngram.MAX_ORDER
    kept = ngram.estimate(text, validation, **alphabet, max_ngrams=int(sizes[1]))
    assert kept.nats == free.nats[:2]
    assert equal(kept.model, ngram.fit(text, **alphabet, order=2)) and kept.limited
    fewer = ngram.estimate(text, validation, **alphabet, max_ngrams=int(sizes[1]) - 1)
    assert fewer.nats == free.nats[:1]
    unvalidated = ngram.estimate(text, text[:0], **alphabet, max_ngrams=int(sizes[2]))
    assert unvalidated.model.order == 3 and unvalidated.limited


def test_a_model_comes_back_from_its_arrays():
    vocab, model = fitted(NAMES, 5)
    back = ngram.from_arrays(ngram.to_arrays(model))
    assert back.order == 5
    ids = vocab.encode("hannibob\n".replace("i", "a"))
    assert ngram.probabilities(back, ids).tolist() == ngram.probabilities(model, ids).tolist()


@pytest.mark.parametrize(("text", "order"), [([1, 0], 0), ([1, 0], 17), ([], 2)])
def test_bad_orders_and_empty_texts_are_refused(text, order):
    with pytest.raises(ValueError, match=r"order|empty"):
        ngram.fit(np.array(text, np.int64), size=2, newline=0, order=order)


@pytest.mark.slow
def test_the_losses_on_the_real_corpus(real_data):
    data = prepare_dataset(load_names(None).names, CharRNN())
    vocab, (train, validation) = data.vocab_file.vocabulary, data.ngram_texts
    held_out, alphabet = data.joined_ids(data.split.held_out), {"size": vocab.size, "newline": vocab.newline}
    model, nats = ngram.estimate(train, validation, **alphabet)
    assert [round(nats[order - 1], 4) for order in (8, 10, 12)] == [1.7014, 1.6992, 1.6989]
    assert (model.order, model.left_out, round(ngram.nats(model, held_out), 4)) == (10, 0, 1.7114)
    pruned = ngram.estimate(train, validation, **alphabet, long_text=0)
    assert pruned.model.left_out > 0 and round(ngram.nats(pruned.model, held_out), 4) == 1.7101
