"""The view of noise: a convolutional denoiser beside filters and the linear denoiser."""

from typing import Any

import numpy as np

from pw13.data.images import stratified_sample
from pw13.data.images.noise import SUBSET_SIZE
from pw13.errors import UserError
from pw13.explore.images import images_of, pictures
from pw13.explore.packing import Array, pack
from pw13.inference.trained_run import read_best_weights
from pw13.models.conv_dae_weights import weight_specs
from pw13.runs.arrays import read_arrays
from pw13.runs.record import Record, settings_of
from pw13.system.streams import stream

SHOWN = 60  # test images to choose from
FILTERS = {"median": "size", "gaussian": "sigma"}  # and the name of their setting
MAX_SIZE = 31  # pixels: larger than any filter that pw13 tries


def view(record: Record) -> dict[str, Any]:
    """Return what the page shows of a conv run.

    Raises:
        UserError: a file is missing or corrupt.
    """
    settings, images = settings_of(record), images_of(record)
    weights = read_best_weights(record, weight_specs())
    height, width = images.test_images.shape[1:] if images else (28, 28)
    rows = np.empty(0, np.int64)
    if images:
        rows = stratified_sample(images.test_labels, SHOWN, rng=stream("map", 0))
        rows = rows[np.argsort(images.test_labels[rows], kind="stable")]
    stored = read_arrays(record, "baselines")
    result = {
        "run": record.reference, "height": height, "width": width, "noise": settings.noise, "kind": settings.noise_kind,
        "pictures": pictures(images, rows), "weights": [pack(array) for array in weights],
        "filters": tuned_filters(stored) if stored else own_filters(record, settings.noise),
        "psnrs": psnrs_by_noise(record),
    }  # fmt: skip
    linear = stored.get("linear_weights"), stored.get("linear_bias")
    if linear[0] is not None and linear[1] is not None:
        pixels = height * width
        if linear[0].shape != (pixels, pixels) or linear[1].shape != (pixels,) or linear[0].dtype != np.float16:
            raise UserError(f"{record.name}: baselines.npz does not match the images of this run")
        result["linear"] = [pack(linear[0]), pack(linear[1].astype(np.float32))]
    return result


def psnrs_by_noise(record: Record) -> list[dict[str, float]]:
    """Return, for each noise level, the PSNR in dB of each method, and `images`: over how many test images it is.

    At the run's own level it is over all of them, at the others of `by_noise` over a sample. A run that does not say
    how many they are has none.
    """
    measured, images = record.metrics or {}, test_images(record)
    if images is None:
        return []
    rows, own = measured.get("by_noise"), {**own_psnrs(measured), "noise": record.config["noise"], "images": images}
    sampled = [sampled_psnrs(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    others = [{**row, "images": min(images, SUBSET_SIZE)} for row in sampled if row["noise"] != own["noise"]]
    return [{name: float(value) for name, value in row.items() if is_finite(value)} for row in (own, *others)]


def test_images(record: Record) -> int | None:
    """Return how many test images a run was evaluated on; runs of 0.1.0 have only their count in run.json."""
    counts = record.data.get("counts")
    known = counts.get("test") if isinstance(counts, dict) else None
    images: Any = (record.metrics or {}).get("test_sample", known)
    return int(images) if is_finite(images) else None


def own_psnrs(measured: dict[str, Any]) -> dict[str, Any]:
    """Return the PSNRs at the run's own noise; of a filter with the gain and offset that the page applies."""
    baselines = measured.get("baselines")
    known = baselines.items() if isinstance(baselines, dict) else ()
    keys = {**dict.fromkeys(FILTERS, "corrected_psnr_db"), "linear": "psnr_db"}
    others = {name: values.get(keys[name]) for name, values in known if name in keys and isinstance(values, dict)}
    return {"noisy": measured.get("noisy_psnr_db"), "network": measured.get("denoised_psnr_db"), **others}


def sampled_psnrs(level: dict[str, Any]) -> dict[str, Any]:
    """Return the PSNRs of one entry of `by_noise`; of a filter with the gain and offset that the page applies."""
    plain, corrected = (level.get(name) or {} for name in ("baselines", "corrected_baselines"))
    filters = {name: corrected.get(name) for name in FILTERS} if isinstance(corrected, dict) else {}
    linear = plain.get("linear") if isinstance(plain, dict) else None
    own = {"noise": level.get("noise"), "noisy": level.get("noisy_psnr_db"), "network": level.get("denoised_psnr_db")}
    return {**own, **filters, "linear": linear}


def is_finite(value: Any) -> bool:
    """Return whether a value read from JSON is a finite number."""
    return isinstance(value, int | float) and abs(value) < float("inf")


def tuned_filters(stored: dict[str, Array]) -> list[dict[str, Any]]:
    """Return, for each noise level, the setting, gain and offset of each filter.

    Raises:
        UserError: the arrays do not fit together.
    """
    levels = stored.get("levels", np.empty(0))
    valid = levels.ndim == 1 and levels.dtype.kind == "f" and len(levels) <= 100
    for name in FILTERS:
        values = stored.get(name, np.empty(0))
        valid = valid and values.shape == (len(levels), 3) and values.dtype.kind == "f"
        valid = valid and bool(np.isfinite(values).all() and (values[:, 0] > 0).all() and values.max() <= MAX_SIZE)
    if not valid:
        raise UserError("baselines.npz: corrupt")
    return [
        {"noise": float(level), **{name: stored[name][index].tolist() for name in FILTERS}}
        for index, level in enumerate(levels)
    ]


def own_filters(record: Record, noise: float) -> list[dict[str, Any]]:
    """Return the filters at the run's own noise, from its metrics: all that earlier versions kept."""
    baselines = (record.metrics or {}).get("baselines")
    row: dict[str, Any] = {"noise": noise}
    for name, key in FILTERS.items():
        tuned = baselines.get(name) if isinstance(baselines, dict) else None
        tuned = tuned if isinstance(tuned, dict) else {}
        setting = tuned.get("corrected_setting") or tuned.get("setting")
        values = [
            setting.get(key) if isinstance(setting, dict) else None,
            tuned.get("gain", 1),
            tuned.get("offset", 0),
        ]
        if all(isinstance(value, int | float) and abs(value) <= MAX_SIZE for value in values) and values[0] > 0:
            row[name] = values
    return [row] if len(row) > 1 else []
