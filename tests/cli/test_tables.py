"""What a finished run prints."""

import pytest

from pw13.cli import tables

PCA = [{"method": "pca", "setting": "", "bytes": size, "mse": mse} for size, mse in ((4, 0.1), (36, 0.01))]


def own(*pairs):
    return [{"method": "autoencoder", "setting": "", "bytes": size, "mse": mse} for size, mse in pairs]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([*PCA, *own((4, 0.05), (36, 0.03))], "from 4.0 to 26.2"),
        ([*PCA, *own((8, 0.05), (36, 0.001))], "from 8.0"),
        ([*PCA, *own((4, 0.2))], "-"),
        (PCA, "-"),
        (None, "-"),
    ],
)
def test_where_the_code_is_ahead_of_pca(rows, text):
    assert tables.ahead_of_pca(rows) == text
