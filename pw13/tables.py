"""What a finished run prints: one table of its numbers, and where it lies."""

from typing import Any

from pw13 import console
from pw13.runs import Run


def show(kind: str, run: Run, metrics: dict[str, Any]) -> None:
    """The table of one finished run on standard output."""
    console.facts(f"{kind}: {run.folder}", TABLES[kind](metrics))


def dense_ae(metrics: dict[str, Any]) -> dict[str, Any]:
    sizes = metrics["compression"]
    return {
        "code size": metrics["code_size"],
        "parameters": metrics["parameters"],
        "epochs (best)": f"{metrics['epochs']} ({metrics['best_epoch']})",
        "test MSE": metrics["test_mse"],
        "test PSNR, dB": metrics["test_psnr_db"],
        "validation MSE": metrics["val_mse"],
        "test MSE of PCA, as many components": metrics["pca_test_mse"],
        "dead code units": metrics["dead_units"],
        "bytes an image: raw": sizes["raw_bytes"],
        "bytes an image: PNG": sizes["png_bytes"],
        "bytes an image: lossless WebP": sizes["webp_bytes"],
        "bytes an image: code, float32": sizes["float32_code_bytes"],
        "bytes an image: code cut to 8 bits": sizes["uint8_code_bytes"],
        "test MSE of the 8-bit code": sizes["uint8_code_test_mse"],
        "bytes of the decoder": sizes["decoder_bytes"],
        "images until the decoder pays (raw; PNG)": f"{sizes['break_even_images']}; {sizes['break_even_images_png']}",
        "images/s in training": metrics["throughput_per_second"],
        "seconds: training; all": f"{metrics['train_seconds']:.1f}; {metrics['seconds']:.1f}",
    }


TABLES = {"dense-ae": dense_ae}
