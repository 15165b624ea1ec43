"""The exact machine for large training sets, solved by scikit-learn-intelex (extra `fast`) where it is installed.

It keeps a part of the kernel matrix at a time, so memory does not grow with the square of the images, and stops at
other points than LIBSVM: its machines have a few other support vectors, and a table says who solved it. On the sizes
that `exact` takes it is the slower of the two (10,440 images: half as fast), so those are left to `exact`.
"""

import functools
from importlib import metadata

import numpy as np

from pw13.svm import exact
from pw13.svm.exact import Machine
from pw13.svm.kernels import Mapper, Setting

PACKAGE = "scikit-learn-intelex"


@functools.cache
def available() -> bool:
    """Whether the package is there and works on this machine."""
    try:
        import sklearnex.svm  # noqa: F401
    except (ImportError, OSError):  # OSError: one of its shared libraries is missing
        return False
    return True


def method(kernel: str) -> str:
    return f"SVC ({PACKAGE} {metadata.version(PACKAGE)})"


def fit(features: np.ndarray, labels: np.ndarray, setting: Setting, each: Mapper = map) -> Machine:
    """The classifier of `(n, d)` float32 rows and `(n,)` labels of at least two classes; it spreads its own work."""
    if exact.takes(labels):
        return exact.fit(features, labels, setting, each)
    from sklearnex.svm import SVC

    gamma = {"gamma": setting.gamma} if setting.kernel == "rbf" else {}
    fitted = SVC(kernel=setting.kernel, C=setting.c, **gamma).fit(features, labels)
    return exact.machine(fitted, features, setting)
