"""The best classical filter of a denoiser's run, for images that have no clean version to tune it on."""

from typing import Any, NamedTuple

import numpy as np

from pw13 import console
from pw13.baselines import FILTER_NAMES
from pw13.inference import tiling
from pw13.runs.record import Record

TILE = 128  # pixels, of large images: bounds memory
MAX_VALUE = 100  # of settings, gain, offset and dB


class BestFilter(NamedTuple):
    """A filter as it was tuned on a run's validation images of so many pixels each, with gain and offset."""

    name: str
    setting: dict[str, float]
    gain: float
    offset: float
    pixels: int

    @property
    def label(self) -> str:
        return f"{FILTER_NAMES.get(self.name, self.name)} filter"

    def apply(self, image: np.ndarray, name: str, *, threads: int) -> np.ndarray:
        """Filter an image `(height, width)` float32 in [0, 1]; same shape, dtype and range.

        name: of the image, shown with the progress.
        """
        from pw13.baselines import denoisers

        setting = {**self.setting, "pixels": self.pixels} if self.name == "wavelet" else self.setting

        def apply_to(tiles: np.ndarray) -> np.ndarray:
            return denoisers.denoise(self.name, setting, tiles, threads=threads)

        height, width = (min(side, TILE) for side in image.shape)
        batch = threads * denoisers.IMAGES_PER_BLOCK
        with console.progress(f"{name}, {self.label}", tiling.count_tiles(image.shape, (height, width))) as bar:
            filtered = tiling.map_tiles(
                image, (height, width), apply_to, lambda count: bar.advance(count, "tiles"), tiles_per_batch=batch
            )
        corrected: np.ndarray = np.clip(np.float32(self.gain) * filtered + np.float32(self.offset), 0, 1)
        return corrected


def best_filter(record: Record, pixels: int) -> BestFilter | None:
    """Return the filter with the highest validation PSNR in a run's metrics.json; None without any.

    Of runs that lack it, the highest test PSNR. pixels: of a training image.
    """
    from pw13.baselines.denoisers import FILTERS

    found: list[tuple[float, BestFilter]] = []
    baselines = (record.metrics or {}).get("baselines")
    for name, row in baselines.items() if isinstance(baselines, dict) else ():
        if name in FILTERS and isinstance(row, dict):
            psnrs = [row.get(f"{kind}val_psnr_db", row.get(f"{kind}psnr_db")) for kind in ("", "corrected_")]
            as_it_is = psnrs[0], row.get("setting"), 1, 0
            corrected = psnrs[1], row.get("corrected_setting"), row.get("gain"), row.get("offset")
            found += [pair for values in (as_it_is, corrected) if (pair := _checked(name, pixels, *values))]
    return max(found, key=lambda pair: pair[0], default=(0.0, None))[1]


def _checked(
    name: str, pixels: int, psnr: Any, setting: Any, gain: Any, offset: Any
) -> tuple[float, BestFilter] | None:
    """Return PSNR and filter; None if a value is missing or out of range, as in a damaged file."""
    values = [*setting.values(), gain, offset, psnr] if isinstance(setting, dict) else [None]
    if not all(isinstance(value, (int, float)) and abs(value) <= MAX_VALUE for value in values):
        return None
    return float(psnr), BestFilter(name, setting, float(gain), float(offset), pixels)
