"""What a finished run prints: one table of its metrics, titled with its folder."""

from collections.abc import Sequence
from typing import Any

from pw13 import console
from pw13.baselines.linear_denoiser import MAX_PIXELS
from pw13.baselines.ngram_models import ngram_name
from pw13.runs.folder import Run


def show(kind: str, run: Run, metrics: dict[str, Any]) -> None:
    """Print the table of one finished run."""
    if kind == "svm-eval":
        return svm_results(f"{kind}: {run.folder}", metrics)
    console.key_values(f"{kind}: {run.folder}", TABLES[kind](metrics))


def dense_ae(metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "code size": metrics["code_size"],
        "parameters": metrics["parameters"],
        "epochs (best)": f"{metrics['epochs']} ({metrics['best_epoch']})",
        "test MSE": metrics["test_mse"],
        "test PSNR, dB": metrics["test_psnr_db"],
        "validation MSE": metrics["val_mse"],
        "test MSE of PCA with at most as many values": metrics["pca_test_mse"],
        "dead code units": metrics["dead_units"],
        **_code_sizes(metrics),
        "training images/s": metrics["throughput_per_second"],
        "seconds: training; total": f"{metrics['train_seconds']:.1f}; {metrics['seconds']:.1f}",
    }


def _code_sizes(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the rows on the sizes of dense codes; none of a sweep's point, which does not measure them."""
    if (sizes := metrics["compression"]) is None:
        return {}
    return {
        "bytes per image: raw": sizes["raw_bytes"],
        "bytes per image: PNG": sizes["png_bytes"],
        "bytes per image: lossless WebP": sizes["webp_bytes"],
        "bytes per image: code, float32": sizes["float32_code_bytes"],
        "bytes per image: 8-bit code": sizes["uint8_code_bytes"],
        "test MSE of the 8-bit code": sizes["uint8_code_test_mse"],
        "bytes per image: ahead of PCA": ahead_of_pca(metrics.get("rate_distortion"), metrics.get("test_sample")),
        "decoder size, bytes": sizes["decoder_bytes"],
        "break-even images (vs raw; PNG)": _pair(sizes["break_even_images"], sizes["break_even_images_png"]),
    }


def ahead_of_pca(rows: Any, images: int | None) -> str:
    """Return at how many bytes per image the code has a lower MSE than PCA codes, over a number of test images."""
    from pw13.metrics.rate_distortion import from_rows, margin, ranges_ahead

    points = from_rows(rows)
    own, pca = (points.get(method, []) for method in ("autoencoder", "pca"))
    return ", ".join(f"from {low:.1f} to {high:.1f}" for low, high in ranges_ahead(own, pca, margin(images))) or "-"


def conv_dae(metrics: dict[str, Any]) -> dict[str, Any]:
    baselines = {
        f"test PSNR, dB: {name} {'denoiser' if name == 'linear' else 'filter'}": _baseline(baseline)
        for name, baseline in (metrics["baselines"] or {}).items()
    }
    return {
        "noise": f"{metrics['noise_kind']} {metrics['noise']:g}",
        "parameters": metrics["parameters"],
        "epochs (best)": f"{metrics['epochs']} ({metrics['best_epoch']})",
        "test MSE": metrics["test_mse"],
        "test PSNR, dB: noisy": metrics["noisy_psnr_db"],
        "test PSNR, dB: denoised": metrics["denoised_psnr_db"],
        **baselines,
        "test SSIM: noisy; denoised": _pair(metrics["noisy_ssim"], metrics["denoised_ssim"]),
        **_conv_sizes(metrics),
        "training images/s": metrics["throughput_per_second"],
        "seconds: training; total": f"{metrics['train_seconds']:.1f}; {metrics['seconds']:.1f}",
    }


def _conv_sizes(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the rows on the sizes of convolutional codes; none of a sweep's point."""
    if metrics["code_values"] is None:
        return {}
    return {
        "values: image; code": f"{metrics['pixel_values']}; {metrics['code_values']}",
        "bytes per image: raw; PNG": f"{metrics['pixel_values']}; {metrics['png_bytes']:.0f}",
        "bytes per image: 8-bit code": metrics["code_bytes_uint8"],
        "bytes per image: 8-bit code, LZMA-compressed": metrics["code_bytes_entropy"],
    }


def _pair(first: float | None, second: float | None) -> str:
    return f"{console.format_cell(first)}; {console.format_cell(second)}"


def _baseline(baseline: dict[str, Any] | None) -> str:
    """Describe a baseline of the denoiser: its PSNR as it is, and with gain and offset."""
    if baseline is None:
        return f"- (images of more than {MAX_PIXELS:,} pixels)"
    if "gain" not in baseline:
        if not baseline["network_gain_db"]["ci95"]:
            return f"{baseline['psnr_db']:.2f}"
        low, high = baseline["network_gain_db"]["ci95"]
        return f"{baseline['psnr_db']:.2f} (network, 95 % interval: {low:+.2f} to {high:+.2f})"
    setting, corrected_setting = (
        ", ".join(f"{name} {value:g}" for name, value in baseline[key].items())
        for key in ("setting", "corrected_setting")
    )
    return (
        f"{baseline['psnr_db']:.2f} ({setting}); {baseline['corrected_psnr_db']:.2f} with gain {baseline['gain']:.2f}, "
        f"offset {baseline['offset']:+.2f} ({corrected_setting})"
    )


def charrnn(metrics: dict[str, Any]) -> dict[str, Any]:
    corpus, ngram, names = metrics["corpus"], metrics["ngram"], metrics["names"]
    gram = ngram_name(ngram)
    return {
        "network": f"{metrics['cell']}, {metrics['units']} units, {metrics['target']}",
        "corpus: names; characters": f"{corpus['names']:,}; {corpus['characters']:,}",
        "corpus: distinct characters; windows": f"{corpus['distinct']:,}; {corpus['windows']:,}",
        "parameters": metrics["parameters"],
        "epochs (best)": f"{metrics['epochs']} ({metrics['best_epoch']})",
        "nats per character: training": metrics["train_nats"],
        "nats per character: validation": metrics["val_nats"],
        "nats per character: held-out": metrics["held_out_nats"],
        f"nats per character: held-out, {gram}": _ngram_nats(ngram),
        f"nats per character: held-out, mixture with the {gram}": _mixture(metrics.get("mixture")),
        "held-out accuracy": metrics["held_out_accuracy"],
        **_sampled_names(names, gram),
        "training windows/s": metrics["throughput_per_second"],
        "seconds: training; total": f"{metrics['train_seconds']:.1f}; {metrics['seconds']:.1f}",
    }


def _sampled_names(names: dict[str, Any] | None, gram: str) -> dict[str, Any]:
    """Return the rows on sampled names; none of a sweep's point."""
    if names is None:
        return {}
    return {
        "sampled names: complete; novel; unique": f"{names['whole']:.1%}; {names['new']:.1%}; {names['unique']:.1%}",
        f"sampled names: {gram} nats per character": names["ngram_nats"],
    }


def _ngram_nats(ngram: dict[str, Any]) -> Any:
    """Describe the n-gram model's held-out loss, and the network's distance from it."""
    if not ngram.get("difference_ci95"):
        return ngram["held_out_nats"]
    low, high = ngram["difference_ci95"]
    return f"{ngram['held_out_nats']:.4f} (network {low:+.4f} to {high:+.4f}, 95 % interval)"


def _mixture(mixture: dict[str, Any] | None) -> Any:
    """Describe the held-out loss of the mixture, and its gain over the better one of its models."""
    if not mixture:
        return None
    measured = f"{mixture['held_out_nats']:.4f} (weight {mixture['weight']:g}"
    if not mixture.get("gain_ci95"):
        return f"{measured})"
    low, high = mixture["gain_ci95"]
    return f"{measured}; gain, 95 % interval: {low:.4f} to {high:.4f})"


def svm_results(title: str, metrics: dict[str, Any]) -> None:
    """Print one row per kind of features, kernel and method, then the comment."""
    columns = ("features", "size", "kernel", "accuracy", "95 % interval", "accuracy, distinct", "fit, s", "predict, s",
               "support vectors", "method", "trained on", "run")  # fmt: skip
    rows = [
        (r["features"], r["size"], r["kernel"], share(r["accuracy"]), interval(r["ci95"]),
         share(r["accuracy_distinct"]), round(r["fit_seconds"], 2), round(r["predict_seconds"], 2),
         "-" if r["support_vectors"] is None else r["support_vectors"], r["method"],
         f"{r.get('n_train', metrics['n_train']):,}", r["run"] or "")
        for r in [*metrics["results"], *metrics.get("exact_results", ())]
    ]  # fmt: skip
    console.table(title, columns, rows, caption=svm_method(metrics))
    for line in metrics["comment"]:
        console.print_result(line)


def svm_method(metrics: dict[str, Any]) -> str:
    """Describe how the rows of the table were measured."""
    tuned_on = (
        "all training images" if metrics["tuned_on"] == metrics["n_train"] else f"{metrics['tuned_on']:,} of them"
    )
    return (
        f"{metrics['n_train']:,} training images, {metrics['n_test']:,} test images; C and gamma by "
        f"{metrics['folds']}-fold cross-validation on {tuned_on}; seconds on {metrics['cores']} cores"
    )


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def interval(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.4f} to {bounds[1]:.4f}"


TABLES = {"dense-ae": dense_ae, "conv-dae": conv_dae, "charrnn": charrnn}


def denoised(results: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of denoised images: with their PSNR where noise was added, else how far they changed."""
    measured = "noisy_psnr_db" in results[0]
    names = ["noisy_psnr_db", "filtered_psnr_db", "denoised_psnr_db"] if measured else ["rms_change"]
    titles = ["noisy, dB", "filter, dB", "network, dB"] if measured else ["RMS change"]
    rows = [
        [
            result["image"],
            f"{result['width']}x{result['height']}",
            f"{result['estimated_noise']:.2f} ({result['trained_noise']:g})",
            result["filter"],
            *(None if result[name] is None else f"{result[name]:.{2 if measured else 3}f}" for name in names),
            result["figure"],
        ]
        for result in results
    ]
    return ["image", "pixels", "noise (trained on)", "filter", *titles, "before and after"], rows
