"""Principal components of few large images, which have no array of pixels by pixels."""

import tracemalloc

import numpy as np
import pytest

from pw13.baselines import pca

LARGE = np.random.default_rng(0).integers(0, 256, (40, 100, 100)).astype(np.uint8)


def test_components_of_few_large_images_are_those_of_their_singular_vectors(monkeypatch):
    monkeypatch.setattr(pca, "VALUES_PER_BLOCK", 40 * 999)  # the last block has fewer pixels than the others
    images, rows = LARGE[:, :80, :80], np.arange(5, 35)
    found = pca.fit(images, 12, rows)
    vectors = images[rows].reshape(30, -1) / 255
    _, _, expected = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(found.mean, vectors.mean(axis=0), atol=1e-6)
    assert found.components.shape == (12, 6400) and found.components.dtype == np.float32
    np.testing.assert_allclose(np.abs(np.sum(found.components * expected[:12], axis=1)), 1, atol=1e-5)


def test_large_images_without_variance_have_orthonormal_components_too():
    for images in (LARGE[:8, :80, :80], np.repeat(LARGE[:1, :80, :80], 8, axis=0)):
        components = pca.fit(images, 32).components
        np.testing.assert_allclose(components @ components.T, np.eye(8), atol=1e-5)


@pytest.mark.parametrize("images", [LARGE, LARGE[:, :12, :12]])
def test_the_memory_said_is_enough(images):
    said = pca.memory(len(images), images[0].size, 32)
    tracemalloc.start()
    pca.fit(images, 32)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < said < 200_000_000  # an array of pixels by pixels would be 800 MB
