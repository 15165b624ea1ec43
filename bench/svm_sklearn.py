"""The comparison of `svm-eval` in plain scikit-learn: same scaling, grid and sizes, by GridSearchCV in one process."""

import json
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pw13.data.images import load_images, stratified_sample
from pw13.svm import kernels


def main(limit: int, tune_on: int, folds: int) -> None:
    """Print the test accuracies of pixels and PCA-32 codes with both kernels as JSON."""
    images = load_images(None)
    rows = stratified_sample(images.train_labels, limit, rng=np.random.default_rng([0, 2]))
    train, labels = images.train_images[rows].reshape(len(rows), -1) / 255, images.train_labels[rows]
    test = images.test_images.reshape(len(images.test_images), -1) / 255
    pca = PCA(32, random_state=0).fit(train)
    accuracies = {}
    for name, a, b in (("pixels", train, test), ("pca", pca.transform(train), pca.transform(test))):
        for kernel in ("rbf", "linear"):
            settings = kernels.grid(kernel, a.shape[1])
            grid = [{"svc__C": [s.c], **({"svc__gamma": [s.gamma]} if kernel == "rbf" else {})} for s in settings]
            model = make_pipeline(StandardScaler(), SVC(kernel=kernel, cache_size=1000))
            best = GridSearchCV(model, grid, cv=folds, refit=False).fit(a[:tune_on], labels[:tune_on]).best_params_
            model.set_params(**best).fit(a, labels)
            accuracies[f"{name}-{kernel}"] = float(np.mean(model.predict(b) == images.test_labels))
    print(json.dumps(accuracies))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
