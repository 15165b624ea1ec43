"""The comparison of `svm-eval` in plain scikit-learn: same rows, scaling, grids, folds and threads, by GridSearchCV."""

import json
import sys
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from pw13.config.settings import SvmEval
from pw13.data.images import ImageSet, load_images, stratified_sample
from pw13.experiments.svm_trials import draw_folds
from pw13.svm import kernels
from pw13.system import machine
from pw13.system.streams import stream

CACHE_MB = 1000  # for LIBSVM's kernel values, which the default of 200 does not hold


def main(limit: int, tune_on: int) -> None:
    """Print the test accuracies of pixels and PCA-32 codes with both kernels as JSON."""
    config = SvmEval(limit=limit, tune_on=tune_on)
    images = load_images(None)
    rows = stratified_sample(images.train_labels, limit, rng=stream("limit", config.split_seed))
    every, test = images.train_images.reshape(-1, 784) / 255, images.test_images.reshape(-1, 784) / 255
    pca = PCA(32, random_state=0).fit(every)  # of all images, as in `svm-eval`: it needs no labels
    features = {"pixels": (every[rows], test), "pca": (pca.transform(every[rows]), pca.transform(test))}
    labels = images.train_labels[rows]
    folds = draw_folds(labels, images.classes, config, limit)
    threads = machine.cores()
    # Threads, since LIBSVM releases Python's lock and processes would have to start first.
    with threadpool_limits(1, user_api="blas"), parallel_config(backend="threading", n_jobs=threads):
        print(json.dumps(accuracies(features, labels, images, folds)))


def accuracies(
    features: dict[str, tuple[np.ndarray, np.ndarray]], labels: np.ndarray, images: ImageSet, folds: list[np.ndarray]
) -> dict[str, float]:
    """Tune on the folds, fit on all rows and test, for each kernel and kind of features; a fit takes one thread."""
    tuning = np.concatenate(folds)
    splits = [(np.setdiff1d(tuning, held_out), held_out) for held_out in folds]
    found = {}
    for kernel in ("rbf", "linear"):
        for name, (train, test) in features.items():
            scaler = StandardScaler().fit(train)
            train, test = scaler.transform(train), scaler.transform(test)
            model = SVC(kernel=kernel, cache_size=CACHE_MB)
            best = GridSearchCV(model, grid(kernel, train.shape[1]), cv=splits, refit=False).fit(train, labels)
            model.set_params(**best.best_params_).fit(train, labels)
            parts = Parallel()(delayed(model.predict)(part) for part in np.array_split(test, machine.cores()))
            found[f"{name}-{kernel}"] = float(np.mean(np.concatenate(parts) == images.test_labels))
    return found


def grid(kernel: str, size: int) -> list[dict[str, Any]]:
    """Return the settings that `svm-eval` chooses from, in its order."""
    settings = kernels.grid(kernel, size)
    return [{"C": [each.c], **({"gamma": [each.gamma]} if kernel == "rbf" else {})} for each in settings]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
