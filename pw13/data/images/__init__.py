"""Image sets: IDX files, splits and noise."""

from pw13.data.images.dataset import (
    ImageSet,
    TrainValSplit,
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
    "load_images",
    "stratified_sample",
    "to_float",
    "to_vectors",
    "train_val_split",
    "unique_mask",
]
