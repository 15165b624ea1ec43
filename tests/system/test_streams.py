"""Random streams: each role, seed and number draws on its own, the same every time."""

import itertools

import pytest

from pw13.system import streams


def draw(*arguments):
    return tuple(streams.stream(*arguments).integers(2**62, size=2).tolist())


def test_the_same_role_seed_and_numbers_draw_the_same():
    assert draw("order", 7, 3) == draw("order", 7, 3)


def test_no_two_streams_are_one():
    numbers = [(), (0,), (1,), (0, 0), (1, 0), (0, 1)]
    keys = list(itertools.product(streams.ROLES, (0, 1, 7), numbers))
    assert len({draw(role, seed, *more) for role, seed, more in keys}) == len(keys)


def test_an_unknown_role_is_refused():
    with pytest.raises(ValueError, match="not in"):
        streams.stream("luck", 0)


def test_derived_seeds_differ_by_role_and_numbers_and_fit_into_64_bits():
    seeds = [streams.derive_seed(role, seed, i) for role in streams.ROLES for seed in (0, 1) for i in (0, 1)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**64 for seed in seeds)
