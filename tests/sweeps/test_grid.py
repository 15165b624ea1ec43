"""A grid is parsed and all its points are checked before anything runs."""

import re

import pytest

from pw13.config.settings import DenseAE
from pw13.errors import OptionError
from pw13.sweeps import grid


def test_axes_have_the_types_of_their_settings():
    axes = grid.parse_axes(DenseAE, ["code_size=8, 16", "loss=mse,bce", "learning-rate=1e-3,0.01", "tensorboard=false"])
    assert axes == {
        "code_size": [8, 16],
        "loss": ["mse", "bce"],
        "learning_rate": [0.001, 0.01],
        "tensorboard": [False],
    }
    assert type(axes["code_size"][0]) is int


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["units=8"], "no setting 'units'"),
        (["code_siz=8"], "did you mean 'code_size'?"),
        (["code_size"], "expected NAME=VALUE"),
        (["code_size="], "expected NAME=VALUE"),
        (["code_size=8,,16"], "expected NAME=VALUE"),
        (["=8"], "expected NAME=VALUE"),
        (["code_size=8", "code-size=16"], "duplicate setting code_size"),
        (["code_size=8,8"], "duplicate value"),
        (["code_size=8.5"], "expected an integer"),
        (["code_size=eight"], "expected an integer"),
        (["tensorboard=maybe"], "expected true or false"),
    ],
)
def test_an_invalid_axis_is_refused(texts, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        grid.parse_axes(DenseAE, texts)


def test_points_are_all_combinations_with_seeds_varying_fastest():
    points = grid.grid_points(DenseAE(epochs=3, seed=5), {"code_size": [8, 16], "loss": ["mse", "bce"]}, 3)
    assert len(points) == 12
    assert [point.values for point in points[:4]] == [
        {"code_size": 8, "loss": "mse", "seed": 5},
        {"code_size": 8, "loss": "mse", "seed": 6},
        {"code_size": 8, "loss": "mse", "seed": 7},
        {"code_size": 8, "loss": "bce", "seed": 5},
    ]
    assert points[0].name == "01_code_size=8_loss=mse_seed=5"
    assert points[11].settings == DenseAE(code_size=16, loss="bce", seed=7, epochs=3)
    assert len({point.name for point in points}) == 12


def test_point_names_sort_like_the_points_and_are_valid_on_any_file_system():
    points = grid.grid_points(DenseAE(), {"learning_rate": [i / 1000 for i in range(1, 12)]}, 10)
    assert [point.name for point in points] == sorted(point.name for point in points)
    assert all(re.fullmatch(r"[A-Za-z0-9_=.+-]{1,100}", point.name) for point in points)


def test_without_axes_there_is_one_point_per_seed():
    assert [point.settings.seed for point in grid.grid_points(DenseAE(), {}, 2)] == [0, 1]


@pytest.mark.parametrize(
    ("axes", "seeds", "message"),
    [
        ({"code_size": [0]}, 1, "--code-size: expected an integer from 1"),
        ({"learning_rate": [float("nan")]}, 1, "--learning-rate: expected a finite number"),
        ({"loss": ["mae"]}, 1, "--loss: expected one of mse, bce"),
        ({"seed": [1, 2]}, 2, "the grid already sweeps seed"),
        ({"code_size": [8]}, 0, "--seeds"),
        ({"code_size": list(range(1, 201)), "batch_size": list(range(1, 101))}, 1, "20,000 runs"),
    ],
)
def test_invalid_points_are_refused(axes, seeds, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        grid.grid_points(DenseAE(), axes, seeds)
