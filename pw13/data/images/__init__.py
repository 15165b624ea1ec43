"""Image sets: IDX files, splits and noise."""

from pw13.data.images.dataset import (
    ImageSet,
    TrainValSplit,
    contained_mask,
    digests,
    load_images,
    stratified_sample,
    to_float,
    to_vectors,
    train_val_split,
    unique_mask,
)

__all__ = [
    "ImageSet",
    "TrainValSplit",
    "contained_mask",
    "digests",
    "load_images",
    "stratified_sample",
    "to_float",
    "to_vectors",
    "train_val_split",
    "unique_mask",
]
