"""Geometry, effects and random draws of the built-in letters, on small pictures."""

import numpy as np
import pytest

from pw13.data.builtin import effects, rendering, shapes
from pw13.data.builtin.shapes import CANVAS, CELL, MARGIN


def block(left, top, right, bottom):
    """Make one picture with a white rectangle."""
    picture = np.zeros((1, CANVAS, CANVAS), np.uint8)
    picture[:, top:bottom, left:right] = 255
    return picture


def box(picture):
    return shapes.ink_boxes(picture)[0].tolist()


def one(value):
    return np.array([value])


@pytest.mark.parametrize("reach", range(10))
def test_ink_grows_and_shrinks_by_the_given_pixels(reach):
    picture = block(30, 40, 60, 61)
    grown = shapes.grow(picture, one(reach), one(0))
    assert box(grown) == [30 - reach, 40, 60 + reach, 61]
    assert (shapes.grow(block(48, 48, 49, 49), one(reach), one(reach)) == 255).sum() == (1 + 2 * reach) ** 2  # no gap
    assert box(shapes.grow(picture, one(0), one(reach))) == [30, 40 - reach, 60, 61 + reach]
    assert box(shapes.shrink(picture, one(reach), one(reach))) == [30 + reach, 40 + reach, 60 - reach, 61 - reach]
    assert box(picture) == [30, 40, 60, 61]  # untouched


def test_an_empty_picture_has_an_empty_box_and_an_empty_image():
    picture = np.zeros((1, CANVAS, CANVAS), np.uint8)
    assert box(picture) == [0, 0, 0, 0]
    assert not shapes.resample(picture, shapes.ink_boxes(picture)).any()


def test_a_box_is_stretched_to_the_whole_image():
    picture = block(20, 10, 50, 90)
    assert (shapes.resample(picture, shapes.ink_boxes(picture)) == 255).all()


def test_resampling_keeps_proportions():
    picture = block(16, 16, 44, 72)
    image = shapes.resample(picture, np.array([[16, 16, 72, 72]]))[0]
    assert (image[:, :13] == 255).all() and (image[:, 15:] == 0).all()
    assert 112 <= image[0, 13:15].mean() <= 143


def test_beyond_the_canvas_all_is_black():
    image = shapes.resample(block(0, 0, CANVAS, CANVAS), np.array([[-96, 0, 192, 96]]))[0]
    assert not image[:, :8].any() and not image[:, 20:].any() and (image[:, 11:17] == 255).all()


def test_sums_of_resampling_stay_exact_in_float32():
    for first, last, size in ((0, 96, 8), (0, 96, 28), (40, 43, 28), (-96, 192, 28)):
        total = shapes.weights(one(first), one(last), size).sum(2)
        assert total.max() * 255 < 2**24


def test_no_slant_changes_nothing_and_a_slanted_letter_fills_the_cell():
    picture = block(MARGIN, MARGIN, MARGIN + CELL, MARGIN + CELL)
    picture[:, 40:50, 30:50] = 0
    size = np.array([[CELL, CELL]])
    same, aspects = shapes.lean(picture, size, one(0.8), one(0.0), one(0.0))
    assert (same == picture).all() and aspects.tolist() == pytest.approx([0.8])
    slanted, aspects = shapes.lean(picture, size, one(0.8), one(0.3), one(0.0))
    assert box(slanted) == box(picture) and aspects.tolist() == pytest.approx([1.1])
    top, bottom = slanted[0, MARGIN], slanted[0, MARGIN + CELL - 1]
    assert top.argmax() > bottom.argmax()  # to the right, as an italic does


def test_a_tapered_letter_is_narrower_at_one_end():
    picture = block(MARGIN, MARGIN, MARGIN + CELL, MARGIN + CELL)
    size = np.array([[CELL, CELL]])
    narrow = shapes.taper(picture, size, one(0.25), one(0.0))[0] > 0
    assert narrow[MARGIN].sum() < narrow[MARGIN + CELL - 1].sum() == CELL
    low = shapes.taper(picture, size, one(0.0), one(-0.25))[0] > 0
    assert low[:, MARGIN].sum() == CELL > low[:, MARGIN + CELL - 1].sum()


def test_bend_keeps_the_ends_in_place():
    picture = block(MARGIN, MARGIN, MARGIN + CELL, MARGIN + 32)
    for amount in (-0.4, 0.4):
        bent = shapes.bend(picture, one(0.0), one(amount))
        left, top, right, bottom = box(bent)
        assert (left, top, right) == (MARGIN, MARGIN, MARGIN + CELL)
        assert (bottom < MARGIN + 32) == (amount > 0)


def test_blur_keeps_constant_regions():
    soft = shapes.blur(block(20, 20, 80, 80), 3)[0]
    assert (soft[30:70, 30:70] == 255).all() and not soft[:10].any() and 0 < soft[20, 50] < 255


def test_every_effect_keeps_the_shape_and_changes_the_picture():
    picture, amount = block(30, 30, 66, 66).repeat(4, 0), np.array([0.0, 0.3, 0.6, 0.99])
    limit = np.full(4, 3)
    for result in (
        effects.outline(picture, amount, limit),
        effects.shadow(picture, amount),
        effects.pattern(picture, amount, amount),
        effects.soften(picture, amount, limit),
        effects.roughen(picture, amount, rendering.GRAIN_NOISE),
        effects.badge(picture, amount),
    ):
        assert result.shape == picture.shape and result.dtype == np.uint8
        assert all(image.any() and not np.array_equal(image, picture[0]) for image in result)


def test_an_outline_is_hollow_and_no_wider_than_its_limit():
    outline = effects.outline(block(30, 30, 66, 66), one(0.99), one(1))
    assert box(outline) == [29, 29, 67, 67] and not outline[0, 31:65, 31:65].any()


def test_coarse_images_have_few_large_pixels():
    image = effects.coarse(block(20, 20, 60, 60), np.array([[20, 20, 100, 60]]), one(0.0))[0]
    assert set(np.unique(image)) == {0, 255} and (image.max(0) > 0).sum() == 14


def test_draws_depend_on_set_attempt_and_index_only():
    few, many = rendering.draw(0, 0, 10), rendering.draw(0, 0, 20)
    assert all((few[name] == many[name][:10]).all() for name in rendering.DRAWS)
    assert (few["family"] != rendering.draw(1, 0, 10)["family"]).all()
    assert (few["family"] != rendering.draw(0, 1, 10)["family"]).all()
    assert all(((u >= 0) & (u < 1)).all() for u in many.values())


def test_augmentations_exclude_each_other():
    rows = rendering.assign_rows({"a": 0.2, "b": 0.3}, np.arange(10) / 10)
    assert rows["a"].tolist() == [0, 1] and rows["b"].tolist() == [2, 3, 4]


def test_squared_boxes_are_square_in_true_proportions():
    boxes = rendering.squared(np.array([[10, 20, 30, 60], [10, 20, 70, 40]]), np.array([1.0, 0.5]))
    assert boxes.tolist() == [[0, 20, 40, 60], [10, 15, 70, 45]]
