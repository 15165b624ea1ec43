"""Rate and distortion of codes: bytes and MSE by setting, envelopes, and who is ahead where."""

import itertools
import math

import numpy as np
import pytest

from pw13.metrics import rate_distortion
from pw13.metrics.rate_distortion import BITS, ENTROPY_BITS, MARGIN, Point, code_points, lower_envelope, mse_at

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(600, 3)).astype(np.float32) * np.array([4, 1, 0.2], np.float32)
TRAIN, TEST = CODES[:500], CODES[500:]
EQUAL = np.ones(3, np.float32)


def points(train=TRAIN, test=TEST, sensitivity=EQUAL, unit="value") -> list[Point]:
    """Return the points of codes that are their own images."""
    return code_points(train, test, test, lambda codes: codes, sensitivity=sensitivity, unit=unit)


def fixed(found) -> list[Point]:
    return [point for point in found if "entropy" not in point.setting]


def entropy_coded(found) -> list[Point]:
    return [point for point in found if "entropy" in point.setting]


def test_a_fixed_length_takes_exactly_its_bits():
    assert [(point.setting, point.bytes) for point in fixed(points())] == [
        (f"3 values, {bits} bits", 3 * bits / 8) for bits in (2, 3, 4, 5, 6, 7, 8)
    ]


def test_entropy_coding_takes_fewer_bits_than_a_fixed_length():
    found = points()
    assert [point.setting for point in entropy_coded(found)] == [
        f"3 values, {bits:g} bits, entropy-coded" for bits in np.arange(2, 8.5, 0.5)
    ]
    whole = [point for point in entropy_coded(found) if ".5 bits" not in point.setting]
    assert all(coded.bytes < plain.bytes for coded, plain in zip(whole, fixed(found), strict=True))


def test_more_bits_give_no_larger_mse():
    """Up to the training range: a test value outside it is clipped at any number of bits."""
    inside = np.clip(TEST, TRAIN.min(axis=0), TRAIN.max(axis=0))
    for found in (fixed(points(test=inside)), entropy_coded(points(test=inside))):
        errors = [point.mse for point in found]
        assert all(after <= before + 1e-6 for before, after in itertools.pairwise(errors))
        assert errors[-1] < errors[0] / 500


def test_a_value_is_off_by_at_most_half_a_step():
    low, high = np.float32([0, -1]), np.float32([1, 3])
    scale = rate_distortion.Scale(low, high, np.float32([0.5, 1]))
    codes = RNG.uniform(low, high, (100, 2)).astype(np.float32)
    for bits in BITS:
        off = np.abs(rate_distortion.round_to_fixed_length(codes, scale, bits) - codes)
        assert (off <= (high - low) / (2**bits - 1) / 2 + 1e-6).all()
    assert rate_distortion.round_to_fixed_length(np.float32([[9, -9]]), scale, 2).tolist() == [[1, -1]]  # clipped


def test_steps_are_equally_wide_in_the_output():
    """The widest value in the output, 4 * 0.5 against 3 * 1 and 0, has 2^bits - 1 steps."""
    scale = rate_distortion.Scale(*np.float32([[0, 0, 0], [4, 3, 1], [2, 1, 0.5]]))
    rates = rate_distortion.symbols_per_unit(scale, np.float32([0.5, 1, 0]), 2)
    np.testing.assert_allclose(rates, [0.5, 1, 0])
    symbols = rate_distortion.to_symbols(np.float32([[4, 3, 1], [0, 0, 0], [2.4, 1.6, 1]]) - scale.mean, rates)
    assert symbols.tolist() == [[1, 2, 0], [-1, -1, 0], [0, 1, 0]]
    assert rate_distortion.from_symbols(symbols, scale, rates).tolist() == [[4, 3, 0.5], [0, 0, 0.5], [2, 2, 0.5]]


def test_entropy_coded_bits_are_those_of_a_table_worked_out_by_hand():
    """First column: 0, 0, 0, 1 and one more of each make 4/6 and 2/6; second: 1, 2, 2, 2 make 1/7, 2/7 and 4/7."""
    train = np.array([[0, 1], [0, 2], [0, 2], [1, 2]])
    test = np.array([[0, 0], [1, 2]])
    by_hand = (math.log2(6 / 4) + math.log2(6 / 2) + math.log2(7 / 1) + math.log2(7 / 4)) / 2
    assert rate_distortion.entropy_coded_bits(train, test) == pytest.approx(by_hand, abs=1e-12)


def test_the_tables_and_ranges_are_of_training_codes():
    narrow = fixed(points(train=TRAIN, test=TEST * 100))
    assert narrow[-1].mse > 100  # clipped to the training range
    assert entropy_coded(points(test=TEST[:10]))[0].bytes != entropy_coded(points(train=TEST, test=TEST[:10]))[0].bytes


def test_a_constant_code_takes_no_bits_of_entropy():
    constant = np.full((20, 2), 0.7, np.float32)
    found = points(constant[:10], constant[10:], np.ones(2, np.float32))
    assert {point.bytes for point in entropy_coded(found)} == {0}
    assert all(point.mse < 1e-12 for point in found)


def test_a_unit_without_effect_is_one_symbol_and_the_others_keep_theirs():
    train, test = TRAIN[:, :2], TEST[:, :2]
    alone = entropy_coded(points(train[:, :1], test[:, :1], EQUAL[:1]))
    dead = entropy_coded(points(train, test, np.float32([1, 0])))
    assert [point.bytes for point in dead] == pytest.approx([point.bytes for point in alone])
    constant = np.hstack([train[:, :1], np.full_like(train[:, :1], 5)])
    beside_constant = entropy_coded(points(constant, np.hstack([test[:, :1], np.full_like(test[:, :1], 5)]), EQUAL[:2]))
    assert [point.bytes for point in beside_constant] == pytest.approx([point.bytes for point in alone])


def test_a_code_of_one_value_and_two_images():
    found = points(TRAIN[:2, :1], TEST[:2, :1], EQUAL[:1], unit="component")
    assert len(found) == len(BITS) + len(ENTROPY_BITS)
    assert found[0][:2] == ("1 component, 2 bits", 0.25)
    assert all(math.isfinite(point.bytes) and math.isfinite(point.mse) for point in found)


# ---------------------------------------------------------------------------------------------- envelopes


def curve(*pairs) -> list[Point]:
    return [Point("", *pair) for pair in pairs]


def test_the_envelope_is_the_lower_convex_hull():
    """(2, 0.6) lies above the line from (1, 1) to (3, 0.1), (4, 0.1) and (9, 0.3) are no better than (3, 0.1)."""
    found = lower_envelope(curve((9, 0.3), (2, 0.6), (1, 1), (4, 0.1), (3, 0.1), (1, 2), (5, 0.05)))
    assert found == curve((1, 1), (3, 0.1), (5, 0.05))
    assert lower_envelope([]) == []


def test_between_points_the_mse_is_interpolated_and_beyond_the_largest_there_is_none():
    """Up to a setting that is larger and no better, the MSE stays."""
    points = curve((1, 1), (3, 0.1), (5, 0.2))
    found = [mse_at(points, size) for size in (0.9, 1, 2, 3, 5, 5.1)]
    assert found == [None, 1, pytest.approx(0.55), 0.1, 0.1, None]
    assert mse_at([], 5) is None


def test_an_envelope_is_ahead_where_it_is_lower_by_the_margin():
    rival = curve((1, 1 / (1 - MARGIN)), (11, 0.5 / (1 - MARGIN)))  # 1 and 0.5 once the margin is off
    assert rate_distortion.ranges_ahead(curve((2, 1.25), (6, 0.25)), rival) == [(pytest.approx(3.5), 6)]
    assert rate_distortion.ranges_ahead(curve((1, 0.8), (11, 0.7)), rival) == [(1, pytest.approx(6))]
    assert rate_distortion.ranges_ahead(curve((2, 0.1)), rival) == [(2, 2)]
    assert rate_distortion.ranges_ahead(rival, rival) == rate_distortion.ranges_ahead([], rival) == []
    assert rate_distortion.ranges_ahead(rival, []) == []


def test_no_one_is_ahead_beyond_the_largest_setting_of_the_other():
    small, large = curve((1, 0.5), (4, 0.1), (8, 0.1)), curve((2, 0.9), (64, 0.001))
    assert rate_distortion.ranges_ahead(small, large) == [(2, 8)]
    assert rate_distortion.ranges_ahead(large, small) == []
    assert rate_distortion.ranges_ahead(curve((9, 0.001)), small) == []


def test_the_margin_grows_with_the_error_of_fewer_images():
    assert rate_distortion.margin(10_000) == rate_distortion.margin(1000) == rate_distortion.margin(None) == MARGIN
    assert rate_distortion.margin(250) == pytest.approx(2 * MARGIN)
    envelope, rival = curve((1, 0.9)), curve((1, 1.0))
    assert rate_distortion.ranges_ahead(envelope, rival, rate_distortion.margin(250)) == [(1, 1)]
    assert rate_distortion.ranges_ahead(envelope, rival, rate_distortion.margin(100)) == []


def test_rows_of_metrics_json_are_read_back_and_broken_ones_are_left_out():
    by_method = {"pca": curve((1, 0.5)), "webp": [Point("quality 1", 130, 0.1)]}
    rows = rate_distortion.to_rows(by_method)
    assert rows[1] == {"method": "webp", "setting": "quality 1", "bytes": 130, "mse": 0.1}
    broken = [5, {}, {"method": "pca", "bytes": None, "mse": 1}, {"method": "pca", "bytes": 1, "mse": math.nan},
              {"method": ["pca"], "bytes": 1, "mse": 1}, {"method": "pca", "bytes": True, "mse": -1}]  # fmt: skip
    assert rate_distortion.from_rows(rows + broken) == by_method
    assert rate_distortion.from_rows(None) == rate_distortion.from_rows({"method": "pca"}) == {}
