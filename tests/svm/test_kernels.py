"""Scaling, kernels and grid follow their formulas."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from pw13.svm import kernels
from pw13.svm.kernels import Setting


def test_scaling_is_that_of_the_training_rows(sets):
    train, _, test, _ = sets
    scaling = kernels.fit_scaling(train)
    expected = StandardScaler().fit(train.astype(np.float64)).transform(test.astype(np.float64))
    np.testing.assert_allclose(scaling.apply(test), expected, atol=1e-5)
    assert scaling.apply(test).dtype == np.float32


def test_a_constant_feature_stays_finite():
    train = np.array([[0, 1, 3], [0, 1, 5]], np.float32)
    assert kernels.fit_scaling(train).apply(np.array([[2, 1, 4]], np.float32)).tolist() == [[2, 0, 0]]
    assert np.isfinite(kernels.fit_scaling(np.zeros((3, 2), np.float32)).apply(np.ones((1, 2), np.float32))).all()


def test_kernels_are_the_formulas():
    a, b = np.array([[1, 2], [0, 0]], np.float32), np.array([[3, 1]], np.float32)
    assert kernels.kernel_matrix(a, b, Setting("linear", 1, 0)).tolist() == [[5], [0]]
    rbf = kernels.kernel_matrix(a, b, Setting("rbf", 1, 0.1))
    np.testing.assert_allclose(rbf, [[np.exp(-0.5)], [np.exp(-1.0)]], rtol=1e-6)


def test_the_threads_of_a_pool_hide_no_warning():
    def warn(category):
        warnings.warn("stopped early", category, stacklevel=1)

    with kernels.thread_pool(1) as pool, pytest.warns(ConvergenceWarning):
        list(pool.map(warn, [ConvergenceWarning]))


def test_every_blas_that_solves_has_one_thread():
    code = (
        "from pw13.svm import kernels\nfrom threadpoolctl import threadpool_info\n"
        "with kernels.thread_pool(2):\n    import sklearn.svm\n"
        "    print({each['num_threads'] for each in threadpool_info() if each['user_api'] == 'blas'})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "{1}\n"


def test_the_grid_scales_with_the_number_of_features():
    for kernel in ("linear", "rbf"):
        small, large = kernels.grid(kernel, 32), kernels.grid(kernel, 784)
        assert len(small) == len(large) == len(set(small))
    assert kernels.grid("rbf", 784)[0].gamma * 784 == pytest.approx(kernels.grid("rbf", 32)[0].gamma * 32)
    assert kernels.grid("linear", 784)[0].c * 784 == pytest.approx(kernels.grid("linear", 32)[0].c * 32)
