"""The n-gram model of a corpus: kept in the cache, named for what it counts."""

import numpy as np
import pytest

from pw13.baselines import ngram, ngram_models

TRAIN = np.tile(np.array([1, 2, 1, 0, 2, 2, 0], np.uint8), 20)
VALIDATION = np.array([1, 2, 2, 0], np.uint8)
ALPHABET = {"size": 3, "newline": 0}


@pytest.mark.parametrize(
    ("metrics", "name"),
    [
        ({"order": 10}, "10-gram"),  # of a run of 0.1.0
        ({"order": None}, "n-gram"),
        ({"order": 10, "limited": False, "counted_names": 5000, "training_names": 5000}, "10-gram"),
        (
            {"order": 7, "limited": True, "counted_names": 5000, "training_names": 5000},
            "7-gram, the longest that fits",
        ),
        ({"order": 9, "limited": False, "left_out": 5}, "9-gram, pruned"),
        (
            {"order": 6, "limited": False, "counted_names": 300_000, "training_names": 1_725_000},
            "6-gram of 300,000 of 1,725,000 names",
        ),
    ],
)
def test_the_name_says_what_is_left_out(metrics, name):
    assert ngram_models.ngram_name(metrics) == name


def test_a_model_is_estimated_once_and_recalled_by_its_digests(tmp_path, monkeypatch):
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path))
    first = ngram_models.fit_best(TRAIN, VALIDATION, **ALPHABET)
    assert first.nats == ngram.estimate(TRAIN, VALIDATION, **ALPHABET).nats
    ngram_models._fit_best.cache_clear()
    monkeypatch.setattr(ngram, "estimate", None)
    again = ngram_models.fit_best(TRAIN.astype(np.int64), VALIDATION, **ALPHABET)
    recalled = ngram_models.recall(ngram_models.digests(TRAIN, VALIDATION), lambda: pytest.fail("read"), **ALPHABET)
    assert again.nats == first.nats
    for model in (again.model, recalled):
        assert ngram.probabilities(model, TRAIN).tolist() == ngram.probabilities(first.model, TRAIN).tolist()


def test_the_largest_model_fits_the_cache():
    """12 bytes for each n-gram, and 4 for each as the context of longer ones that are left out."""
    assert 16 * ngram.MAX_NGRAMS + 100_000 <= ngram_models.MAX_CACHE_BYTES


def test_digests_are_those_of_32_bit_ids(monkeypatch):
    import hashlib

    expected = hashlib.sha256(TRAIN.astype(np.int32).tobytes()).hexdigest()
    monkeypatch.setattr(ngram_models, "BLOCK", 9)
    assert ngram_models.digests(TRAIN, VALIDATION)["train"] == expected
