"""Load the denoiser of a conv-dae run."""

from typing import TYPE_CHECKING

from pw13.config.settings import ConvDAE
from pw13.errors import UserError
from pw13.inference.trained_run import read_best_weights
from pw13.runs.record import Record
from pw13.system import tensorflow_runtime

if TYPE_CHECKING:
    from pw13.models.conv_dae import Denoiser

MAX_SIDE = 4096  # of training images, to refuse a corrupt run.json


def image_sides(record: Record) -> tuple[int, int]:
    """Return height and width of a run's training images."""
    sides = record.facts.get("sides")
    if isinstance(sides, list) and len(sides) == 2 and all(type(side) is int for side in sides):
        height, width = sides
        if all(0 < side <= MAX_SIDE and side % 4 == 0 for side in sides):
            return height, width
    raise UserError(f"{record.folder / 'run.json'}: corrupt: expected 'sides' of the images, received {sides!r}")


def load_denoiser(record: Record, settings: ConvDAE) -> "Denoiser":
    """Return the denoiser of a run: its weights in the network that pw13 builds itself.

    Several runs of one process may have been trained with different numbers of threads: the first one's holds for all.
    """
    tensorflow_runtime.start(tensorflow_runtime.running_threads() or settings.threads, settings.seed)
    from pw13.models import conv_dae, conv_dae_weights

    return conv_dae.Denoiser(read_best_weights(record, conv_dae_weights.weight_specs()))
