"""Image sets: IDX files, splits and noise."""

from pw13.data.images.dataset import ImageSet, flat, load_images, parts, scaled, split

__all__ = ["ImageSet", "flat", "load_images", "parts", "scaled", "split"]
