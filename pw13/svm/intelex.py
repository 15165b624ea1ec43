"""The exact classifier for large training sets, solved by scikit-learn-intelex (extra `fast`) where installed.

It keeps only part of the kernel matrix at a time, so memory does not grow quadratically with the images, and its
stopping criterion differs from LIBSVM's: its classifiers have slightly different support vectors, and tables name the
solver. On sizes that `exact` can handle it is slower (10,440 images: half as fast), so those go to `exact`.
"""

import functools
from importlib import metadata

from pw13.svm import exact
from pw13.svm.exact import Classifier
from pw13.svm.kernels import Features, Labels, MapFn, Setting

PACKAGE = "scikit-learn-intelex"


@functools.cache
def available() -> bool:
    """Return whether the package is installed and works on this machine."""
    try:
        import sklearnex.svm  # noqa: F401
    except (ImportError, OSError):  # OSError: one of its shared libraries is missing
        return False
    return True


def method() -> str:
    """Return the name of the method in tables, with the version of the package."""
    return f"SVC ({PACKAGE} {metadata.version(PACKAGE)})"


def memory(count: int, size: int) -> int:
    """Return about how many bytes a fit on `count` rows of `size` features takes, at most."""
    return 500_000_000 + 8 * 4 * count * size


def fit(features: Features, labels: Labels, setting: Setting, map_fn: MapFn = map) -> Classifier:
    """Fit `(n, d)` float32 rows with `(n,)` labels of at least two classes; the package uses threads of its own."""
    from sklearnex.svm import SVC

    gamma = {"gamma": setting.gamma} if setting.kernel == "rbf" else {}
    fitted = SVC(kernel=setting.kernel, C=setting.c, **gamma).fit(features, labels)
    return exact.from_sklearn(fitted, features, setting)
