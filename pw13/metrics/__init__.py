"""Metrics of images, predictions and codes; NumPy only."""

from pw13.metrics.classification import confusion, mcnemar, recall, wilson
from pw13.metrics.images import image_mse, mse, psnr, psnr_gain, ssim

__all__ = ["confusion", "image_mse", "mcnemar", "mse", "psnr", "psnr_gain", "recall", "ssim", "wilson"]
