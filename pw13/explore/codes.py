"""The view of codes: a dense autoencoder, the map of its test codes, and PCA of the same size."""

from typing import Any

import numpy as np

from pw13.baselines import pca
from pw13.data.images import stratified_sample, to_vectors
from pw13.errors import UserError
from pw13.explore.images import images_of, pictures
from pw13.explore.packing import Array, pack
from pw13.inference.trained_run import read_best_weights
from pw13.models import dense_ae_numpy
from pw13.models.dense_ae_numpy import Weights
from pw13.runs.arrays import read_arrays
from pw13.runs.record import Record, settings_of
from pw13.system.streams import stream

MAX_MAPPED = 1000
NO_SIDES = (28, 28)  # of a run whose images are gone; other sizes cannot be shown then


def view(record: Record) -> dict[str, Any]:
    """Return what the page shows of a dense run.

    Raises:
        UserError: a file is missing or corrupt.
    """
    settings, images = settings_of(record), images_of(record)
    height, width = images.test_images.shape[1:] if images else NO_SIDES
    arrays = read_best_weights(record, dense_ae_numpy.weight_specs(height * width, settings))
    stored = checked(
        read_arrays(record, "map"), settings.code_size, height * width, len(images.test_labels) if images else None
    )
    rows = np.empty(0, np.int64)
    if images:
        sampled = stratified_sample(images.test_labels, MAX_MAPPED, rng=stream("map", settings.seed))
        rows = stored.get("rows", sampled)
    shown = pictures(images, rows)
    net = Weights(settings.activation, *arrays)
    result = {
        "run": record.reference, "height": height, "width": width, "code_size": settings.code_size,
        "activation": settings.activation, "loss": settings.loss, "pictures": shown,
        "weights": [pack(array) for array in arrays],
    }  # fmt: skip
    if images:
        codes = net.encode(to_vectors(images.test_images[shown["rows"]]))
        result["pca_map"] = pack(pca.project(codes, 2))
        if "tsne" in stored:
            result["tsne"] = pack(stored["tsne"][np.isin(rows, shown["rows"])].astype(np.float32))
    if "pca_mean" in stored:
        result["pca"] = [pack(stored["pca_mean"]), pack(stored["pca_components"])]
    return result


def checked(stored: dict[str, Array], code_size: int, pixels: int, images: int | None) -> dict[str, Array]:
    """Return the arrays of map.npz if they fit the run, none otherwise."""
    if not stored:
        return {}
    try:
        rows, mean, components = stored["rows"], stored["pca_mean"], stored["pca_components"]
        valid = (
            rows.ndim == 1 and rows.dtype.kind == "i" and stored["tsne"].shape == (len(rows), 2)
            and mean.shape == (pixels,) and components.ndim == 2 and components.shape[1] == pixels
            and len(components) <= code_size and all(stored[k].dtype.kind == "f" for k in stored if k != "rows")
            and all(np.isfinite(stored[key]).all() for key in stored)
            and (images is None or bool(((rows >= 0) & (rows < images)).all()))
        )  # fmt: skip
    except KeyError:
        valid = False
    if not valid:
        raise UserError("map.npz: does not match the model of this run")
    return stored
