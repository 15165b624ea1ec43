"""Threefry-2x32-20 gives the published words; its uniform numbers are even and independent."""

import numpy as np
import pytest

from pw13.system.threefry import threefry2x32, uniforms


# The known-answer vectors of Random123: key, counter and words.
@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_known_answers(key, counter, words):
    first, second = threefry2x32(key, *(np.array([word], np.uint32) for word in counter))
    assert (int(first[0]), int(second[0])) == words


def test_uniform_numbers_have_53_bits_of_the_two_words():
    first, second = threefry2x32((7, 1), np.array([5], np.uint32), np.array([9], np.uint32))
    expected = ((int(first[0]) >> 5 << 26) + (int(second[0]) >> 6)) / 2**53
    assert uniforms(7 + 2**32, np.array([5]), 9).tolist() == [expected]


def test_uniform_numbers_are_even_and_streams_draws_and_seeds_independent():
    streams = np.arange(20_000)
    base = uniforms(0, streams, 0)
    assert base.min() >= 0 and base.max() < 1
    assert np.bincount((base * 10).astype(int)) == pytest.approx([2000] * 10, abs=200)
    for other in (uniforms(0, streams, 1), uniforms(1, streams, 0), uniforms(2**32, streams, 0), np.roll(base, 1)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.03


def test_a_draw_depends_on_its_stream_alone():
    assert uniforms(3, np.arange(100), 2)[40:60].tolist() == uniforms(3, np.arange(40, 60), 2).tolist()
