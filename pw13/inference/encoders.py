"""Load the encoders of trained autoencoders."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13 import console
from pw13.config import fields
from pw13.data.images import ImageSet, in_blocks, to_float, to_vectors, train_val_rows
from pw13.errors import UserError
from pw13.inference.denoiser import load_denoiser
from pw13.inference.trained_run import model_path, read_best_weights
from pw13.models import dense_ae_numpy
from pw13.models.conv_dae_weights import code_shape
from pw13.runs.comparison import WITHOUT_EFFECT
from pw13.runs.finding import list_runs, load_run
from pw13.runs.record import Record, settings_of

KINDS = ("dense-ae", "conv-dae")


class Encoder(NamedTuple):
    """`encode` maps images `(n, height, width)` uint8 to codes `(n, size)` float32; `run` is the run's reference.

    settings: those that affect the training, but for the seed. decode: maps codes to pixels `(n, pixels)` float32 in
    [0, 1]; None for convolutional codes. trained_on: rows of the training images that a dense encoder was trained on,
    int64, so that PCA can be fitted to the same ones.
    """

    kind: str
    run: str
    size: int
    settings: Mapping[str, Any]
    encode: Callable[[np.ndarray], np.ndarray]
    decode: Callable[[np.ndarray], np.ndarray] | None = None
    trained_on: np.ndarray | None = None


def load_encoders(
    names: Sequence[str], runs_dir: Path, images: ImageSet, recorded: Sequence[str] | None = None
) -> list[Encoder]:
    """Load the encoders of the named runs, in order, without duplicates.

    If none of them is dense, the encoder of the latest usable dense run comes first: when the evaluation is resumed, of
    the one among the `recorded` references of its encoders, if any.

    Raises:
        UserError: a named or recorded run is of another kind, was trained on different data, or its model is corrupt.
    """
    distinct = {record.folder.resolve(): record for record in (load_run(name, runs_dir) for name in names)}
    named = [load_encoder(record, images) for record in distinct.values()]
    if any(encoder.kind == "dense-ae" for encoder in named):
        return named
    if recorded is not None:
        references = {encoder.run for encoder in named}
        added = [load_run(reference, runs_dir) for reference in recorded if reference not in references]
        return [*(load_encoder(record, images) for record in added), *named]
    latest = latest_dense(runs_dir, images)
    return [latest, *named] if latest else named


def load_encoder(record: Record, images: ImageSet) -> Encoder:
    """Load the encoder of a run that was trained on `images`.

    Raises:
        UserError: as for `load_encoders`.
    """
    if record.kind not in KINDS:
        raise UserError(f"{record.folder}: expected a {' or '.join(KINDS)} run, received {record.kind}")
    trained_on = record.data
    if trained_on.get("sha256") != images.source.sha256:
        received = f"{trained_on.get('name', 'unknown')}, sha256 {str(trained_on.get('sha256'))[:12]}"
        expected = f"{images.source.name}, sha256 {images.source.sha256[:12]}"
        raise UserError(f"{record.folder}: trained on different data ({received}), expected {expected}")
    return _dense(record, images) if record.kind == "dense-ae" else _conv(record, images)


def latest_dense(runs_dir: Path, images: ImageSet) -> Encoder | None:
    """Load the encoder of the latest usable dense run on the same data; None if there is none."""
    for record in reversed(list_runs(runs_dir, "dense-ae")):
        same_data = record.data_sha256 == images.source.sha256
        if record.problem or not same_data or not model_path(record).is_file():
            continue
        try:
            return load_encoder(record, images)
        except UserError as error:
            console.warning(f"skipped: {error}")
    return None


def _dense(record: Record, images: ImageSet) -> Encoder:
    """Use NumPy: a dense encoder is one matrix product, and TensorFlow takes seconds to import."""
    config = settings_of(record)
    pixels = int(np.prod(images.train_images.shape[1:]))
    weights = read_best_weights(record, dense_ae_numpy.weight_specs(pixels, config))
    net = dense_ae_numpy.Weights(config.activation, *weights)
    trained_on, _ = train_val_rows(
        images.train_labels, share=config.validation_share, limit=config.limit, split_seed=config.split_seed
    )
    return Encoder(
        "dense-ae",
        record.reference,
        config.code_size,
        _settings(config),
        _refuse_overflow(record, lambda images: in_blocks(lambda block: net.encode(to_vectors(block)), images)),
        net.decode,
        trained_on,
    )


def _conv(record: Record, images: ImageSet) -> Encoder:
    config = settings_of(record)
    net = load_denoiser(record, config)
    size = math.prod(code_shape(*images.train_images.shape[1:]))

    def encode(images: np.ndarray) -> np.ndarray:
        return in_blocks(lambda block: net.encode(to_float(block)), images).reshape(len(images), size)

    return Encoder("conv-dae", record.reference, size, _settings(config), _refuse_overflow(record, encode))


def differing_settings(encoders: Sequence[Encoder]) -> dict[str, dict[str, Any]]:
    """Return by run the settings that differ between the encoders of its kind and size; none if only seeds do."""
    differing = {}
    for encoder in encoders:
        alike = [other.settings for other in encoders if (other.kind, other.size) == (encoder.kind, encoder.size)]
        differing[encoder.run] = {
            name: value
            for name, value in encoder.settings.items()
            if any(settings.get(name) != value for settings in alike)
        }
    return differing


def _settings(config: Any) -> dict[str, Any]:
    excluded = {"seed", *WITHOUT_EFFECT}
    return {name: value for name, value in fields.as_dict(config).items() if name not in excluded}


def _refuse_overflow(record: Record, encode: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Wrap `encode` to refuse codes that overflow: weights can be huge and yet finite."""

    def checked(images: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            codes = encode(images)
        if not np.isfinite(codes).all():
            raise UserError(f"{model_path(record)}: codes are not finite")
        return codes

    return checked
