"""Image sets: IDX files, splits and noise."""

from pw13.data.images.dataset import (
    IMAGES_PER_BLOCK,
    ImageSet,
    TrainValSplit,
    contained_mask,
    digests,
    in_blocks,
    load_images,
    stratified_sample,
    to_float,
    to_vectors,
    train_val_rows,
    train_val_split,
    unique_mask,
)

__all__ = [
    "IMAGES_PER_BLOCK",
    "ImageSet",
    "TrainValSplit",
    "contained_mask",
    "digests",
    "in_blocks",
    "load_images",
    "stratified_sample",
    "to_float",
    "to_vectors",
    "train_val_rows",
    "train_val_split",
    "unique_mask",
]
