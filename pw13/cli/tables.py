"""What a finished run prints: one table of its numbers, and where it lies."""

from collections.abc import Sequence
from typing import Any

from pw13 import console
from pw13.runs.folder import Run


def show(kind: str, run: Run, metrics: dict[str, Any]) -> None:
    """The table of one finished run on standard output."""
    if kind == "svm-eval":
        return svm_results(f"{kind}: {run.folder}", metrics)
    console.key_values(f"{kind}: {run.folder}", TABLES[kind](metrics))


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


def conv_dae(metrics: dict[str, Any]) -> dict[str, Any]:
    filters = {}
    for name, each in metrics["baselines"].items():
        setting = ", ".join(f"{key} {value}" for key, value in each["setting"].items())
        filters[f"test PSNR, dB: {name} filter"] = f"{each['psnr_db']:.2f} ({setting})"
    return {
        "noise": f"{metrics['noise_kind']} {metrics['noise']:g}",
        "parameters": metrics["parameters"],
        "epochs (best)": f"{metrics['epochs']} ({metrics['best_epoch']})",
        "test MSE": metrics["test_mse"],
        "test PSNR, dB: noisy": metrics["noisy_psnr_db"],
        "test PSNR, dB: denoised": metrics["denoised_psnr_db"],
        **filters,
        "test SSIM: noisy; denoised": f"{metrics['noisy_ssim']:.3f}; {metrics['denoised_ssim']:.3f}",
        "values of image; code": f"{metrics['pixel_values']}; {metrics['code_values']}",
        "bytes an image: raw; PNG": f"{metrics['pixel_values']}; {metrics['png_bytes']:.0f}",
        "bytes an image: code cut to 8 bits": metrics["code_bytes_uint8"],
        "bytes an image: code packed by LZMA": metrics["code_bytes_entropy"],
        "images/s in training": metrics["throughput_per_second"],
        "seconds: training; all": f"{metrics['train_seconds']:.1f}; {metrics['seconds']:.1f}",
    }


def charrnn(metrics: dict[str, Any]) -> dict[str, Any]:
    corpus, counted, names = metrics["corpus"], metrics["ngram"], metrics["names"]
    gram = f"{counted['order']}-gram"
    return {
        "network": f"{metrics['cell']}, {metrics['units']} units, {metrics['target']}",
        "corpus: names; characters": f"{corpus['names']:,}; {corpus['characters']:,}",
        "corpus: distinct characters; windows": f"{corpus['distinct']:,}; {corpus['windows']:,}",
        "parameters": metrics["parameters"],
        "epochs (best)": f"{metrics['epochs']} ({metrics['best_epoch']})",
        "nats a character: training": metrics["train_nats"],
        "nats a character: validation": metrics["val_nats"],
        "nats a character: held out": metrics["held_out_nats"],
        f"nats a character: held out, {gram}": counted["held_out_nats"],
        "next character right, held out": metrics["held_out_accuracy"],
        "sampled names: whole; new; unique": f"{names['whole']:.1%}; {names['new']:.1%}; {names['unique']:.1%}",
        f"sampled names: nats by the {gram}": names["ngram_nats"],
        "examples/s in training": metrics["throughput_per_second"],
        "seconds: training; all": f"{metrics['train_seconds']:.1f}; {metrics['seconds']:.1f}",
    }


def svm_results(title: str, metrics: dict[str, Any]) -> None:
    """A row for each kind of features with each kernel, then the comment."""
    columns = ("features", "values", "kernel", "accuracy", "95 % interval", "distinct", "seconds: fit", "predict",
               "support vectors", "method", "run")  # fmt: skip
    rows = [
        (r["features"], r["size"], r["kernel"], share(r["accuracy"]), interval(r["ci95"]),
         share(r["accuracy_distinct"]), round(r["fit_seconds"], 2), round(r["predict_seconds"], 2),
         r["support_vectors"], r["method"], r["run"] or "")
        for r in metrics["results"]
    ]  # fmt: skip
    console.table(title, columns, rows, caption=svm_method(metrics))
    for line in metrics["comment"]:
        console.print_result(line)


def svm_method(metrics: dict[str, Any]) -> str:
    """How the rows of the table came about."""
    tuned = "all of them" if metrics["tuned_on"] == metrics["n_train"] else f"{metrics['tuned_on']:,} of them"
    return (
        f"{metrics['n_train']:,} training images, {metrics['n_test']:,} test images; C and gamma by cross-validation "
        f"in {metrics['folds']} folds of {tuned}; seconds on {metrics['cores']} cores"
    )


def svm_eval(metrics: dict[str, Any]) -> dict[str, Any]:
    rows = {}
    for r in metrics["results"]:
        what = f"{r['features']} ({r['size']}), {r['kernel']}" + (f", {r['run']}" if r["run"] else "")
        rows[f"accuracy: {what}"] = f"{r['accuracy']:.4f} ({interval(r['ci95'])})"
    p = metrics["mcnemar_p"]
    return {**rows, "McNemar's p, RBF, pixels against codes": p, "seconds": f"{metrics['seconds']:.1f}"}


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def interval(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.4f} to {bounds[1]:.4f}"


TABLES = {"dense-ae": dense_ae, "conv-dae": conv_dae, "svm-eval": svm_eval, "charrnn": charrnn}
