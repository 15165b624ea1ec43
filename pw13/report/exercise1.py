"""Exercise 1 of the report: the dense autoencoder, the SVM, the convolutional denoising autoencoder."""

from typing import Any

from pw13 import comments as svm_comments
from pw13.report import comments
from pw13.report.blocks import comment, drawn, missing, note, of_series, seeds, shown, summary
from pw13.report.document import Block, Item, table
from pw13.report.evidence import Evidence, history, number
from pw13.runs import Record

TRAIN_DENSE, TRAIN_CONV, EVALUATE = "pw13 train-dense-ae", "pw13 train-conv-dae", "pw13 svm-eval"


def items(found: Evidence) -> list[Item]:
    """Items 1a to 1g and conv a to e, in the handout's order."""
    return [
        Item("1a", "1a", "Size of the code", tuple(code_size(found))),
        Item("1b", "1b", "Layers", tuple(dense_part(found, layers))),
        Item("1c", "1c", "Three models", tuple(dense_part(found, models))),
        Item("1d", "1d", "Compile and fit", tuple(dense_part(found, fitting))),
        Item("1e", "1e", "Inputs and their reconstructions", tuple(dense_part(found, reconstructions))),
        Item("1f", "1f", "As a tool of compression", tuple(dense_part(found, compression))),
        Item("1g", "1g", "An SVM on codes and on pixels", tuple(svm(found))),
        Item("conv-a", "conv a", "The diabolo", tuple(conv_part(found, diabolo))),
        Item("conv-b", "conv b", "Does its code compress?", tuple(conv_part(found, conv_code))),
        Item("conv-c", "conv c", "Noisy copies", tuple(conv_part(found, noisy))),
        Item("conv-d", "conv d", "Training", tuple(conv_part(found, conv_training))),
        Item("conv-e", "conv e", "Denoising test images", tuple(conv_part(found, denoising))),
    ]


# ------------------------------------------------------------------------------------------------- dense autoencoder


def dense_part(found: Evidence, tell: Any) -> list[Block]:
    return tell(found.dense) if found.dense else missing("No run of the dense autoencoder.", TRAIN_DENSE)


def code_size(found: Evidence) -> list[Block]:
    if found.dense is None:
        return missing("No run of the dense autoencoder.", TRAIN_DENSE)
    size, pixels = found.dense.config["code_size"], number(found.dense, "compression.raw_bytes")
    chosen = note(
        f"The hidden layer is the code. {size} values lie between the number of classes and the "
        f"{comments.figure(pixels)} pixels "
        f"of an image, {_times(pixels, size)} fewer than these."
    )
    series = found.series(found.dense, "code_size")
    rows = [
        (
            str(s.setting),
            of_series(s, "val_mse"),
            of_series(s, "test_mse"),
            of_series(s, "test_psnr_db", 3),
            of_series(s, "pca_test_mse"),
            of_series(s, "compression.uint8_code_bytes"),
        )
        for s in series
    ]
    columns = ("values", "validation MSE", "test MSE", "test PSNR, dB", "test MSE of PCA", "bytes at 8 bits")
    compared = [table("Code sizes. A setting is chosen by validation; test figures are read once.", columns, rows)]
    if len(series) < 2:
        compared += missing("Other code sizes have no run with the same settings.", f"{TRAIN_DENSE} --code-size 16")
    said = comment(
        comments.code_sizes([(s.setting, s.value("test_mse")) for s in series]),
        seeds(series) if len(series) > 1 else "",
    )
    return [*chosen, *compared, *said]


def _times(large: float | None, small: float) -> str:
    return f"{large / small:.3g} times" if large else "many"


def layers(run: Record) -> list[Block]:
    size, pixels, parameters = run.config["code_size"], number(run, "compression.raw_bytes"), number(run, "parameters")
    each = pixels or 0
    rows = [
        ("input", f"{comments.figure(pixels)}", "", "0"),
        ("Dense, encode", str(size), run.config["activation"], comments.figure(each * size + size)),
        ("Dense, decode", f"{comments.figure(pixels)}", "sigmoid", comments.figure(size * each + each)),
    ]
    told = (
        "The output is as large as the input, one value a pixel; a sigmoid keeps it between 0 (black) "
        "and 1 (white), as the input is."
    )
    linear = " The code is linear, so that a unit can take any value." if run.config["activation"] == "linear" else ""
    return [
        *note(told + linear),
        table(
            f"Layers: {comments.figure(parameters)} parameters in all.",
            ("layer", "values", "activation", "parameters"),
            rows,
        ),
    ]


def models(run: Record) -> list[Block]:
    told = (
        "The encoder goes from image to code, the decoder from code to image, and the autoencoder is "
        "one after the other; the three "
        "share their layers, so that fitting the third trains all. The notebook has them in Keras."
    )
    return [*note(told), *summary(run, only="autoencoder")]


def fitting(run: Record) -> list[Block]:
    of = run.config
    told = (
        f"Adam, learning rate {of['learning_rate']:g} ({of['schedule']}), loss {of['loss']}, "
        f"{of['epochs']} epochs in batches of "
        f"{of['batch_size']}; {comments.percent(of['validation_share'], 0)} of the training file, of "
        "each class alike, are kept for validation, "
        f"and the weights of the best epoch are used. The test file is touched only for final figures."
    )
    alt = "Line plot of training and validation loss against the epoch, the best epoch marked."
    figure = drawn(run, "loss", "1d", f"Loss of the dense autoencoder with {of['code_size']} values.", alt)
    return [*note(told), *figure, *comment(comments.training(history(run)), _speed(run, "images"))]


def _speed(run: Record, what: str) -> str:
    rate, seconds = number(run, "throughput_per_second"), number(run, "train_seconds")
    if rate is None or seconds is None:
        return ""
    processor = (run.facts.get("machine") or {}).get("processor", "this machine")
    return (
        f"Training took {comments.figure(seconds, 3)} s, at {comments.figure(rate)} {what} a second "
        f"({processor}, {run.facts.get('threads')} threads)."
    )


def reconstructions(run: Record) -> list[Block]:
    size = run.config["code_size"]
    pairs = drawn(
        run,
        "reconstructions",
        "1e",
        f"Test images above, their reconstructions from {size} values below: the first of each class.",
        "Two rows of grey images, one column a class: above a test image, below what the decoder made of its code.",
    )
    extremes = drawn(
        run,
        "best_and_worst",
        "1e",
        "The test images that are reconstructed best and worst.",
        "Rows of test images and reconstructions: those with the smallest and those with the largest error.",
    )
    codes = drawn(
        run,
        "codes",
        "1e",
        "Test codes in the plane (t-SNE): a point is an image, its colour the class.",
        "Scatter plot of codes in two dimensions, coloured by class.",
    )
    units = drawn(
        run,
        "units",
        "1e",
        "What each code unit draws: the change of the output as it goes from low to high.",
        "A small picture for each unit of the code, in two colours for darker and brighter.",
    )
    text = comments.reconstruction(number(run, "test_psnr_db"), number(run, "test_mse"))
    pca = comments.against_pca(size, number(run, "test_mse"), number(run, "pca_test_mse"))
    return [
        *pairs,
        *comment(text, pca, comments.dead_units(_whole(run, "dead_units"), size)),
        *extremes,
        *codes,
        *units,
    ]


def _whole(run: Record, name: str) -> int | None:
    value = number(run, name)
    return None if value is None else int(value)


def compression(run: Record) -> list[Block]:
    sizes = (run.metrics or {}).get("compression") or {}
    mse = number(run, "test_mse")
    rows = [
        ("raw pixels", shown(sizes.get("raw_bytes")), "1.0", "0"),
        ("PNG", shown(sizes.get("png_bytes"), digits=3), _gain(sizes, "png_bytes"), "0"),
        ("lossless WebP", shown(sizes.get("webp_bytes"), digits=3), _gain(sizes, "webp_bytes"), "0"),
        ("code, float32", shown(sizes.get("float32_code_bytes")), _gain(sizes, "float32_code_bytes"), shown(mse)),
        (
            "code, 8 bits a value",
            shown(sizes.get("uint8_code_bytes")),
            _gain(sizes, "uint8_code_bytes"),
            shown(sizes.get("uint8_code_test_mse")),
        ),
    ]
    measured = table("Bytes an image, mean over the test file.", ("form", "bytes", "times smaller", "test MSE"), rows)
    return [measured, *comment(comments.compression(sizes, mse))]


def _gain(sizes: dict[str, Any], name: str) -> str:
    raw, size = sizes.get("raw_bytes"), sizes.get(name)
    return f"{raw / size:.1f}" if raw and size else "–"


# --------------------------------------------------------------------------------------------------------------- SVM


def svm(found: Evidence) -> list[Block]:
    run = found.svm
    if run is None:
        return missing("No evaluation by SVM.", EVALUATE)
    metrics = run.metrics or {}
    results = metrics.get("results") or []
    rows = [
        (
            svm_comments.NAMES.get(r["features"], r["features"]),
            shown(r.get("size")),
            r["kernel"],
            _share(r.get("accuracy")),
            _interval(r.get("ci95")),
            _share(r.get("accuracy_distinct")),
            shown(r.get("support_vectors")),
            shown(r.get("fit_seconds"), digits=2),
            shown(r.get("predict_seconds"), digits=2),
        )
        for r in results
    ]
    columns = (
        "features",
        "values",
        "kernel",
        "accuracy",
        "95 % interval",
        "without repeats",
        "support vectors",
        "fit, s",
        "predict, s",
    )
    caption = (
        f"SVMs trained on {comments.figure(metrics.get('n_train'))} images, tested on "
        f"{comments.figure(metrics.get('n_test'))}: same images, same scaling, "
        f"C and gamma chosen by cross-validation for each. Without repeats: images that stand once in the test file."
    )
    told = further(metrics) if results and "mcnemar" in metrics else []
    return [
        *comment(*verdict(metrics)),
        table(caption, columns, rows),
        *[block for line in told for block in comment(line)],
        *drawn(
            run,
            "confusion",
            "1g",
            "Confusions: rows are true classes, columns what the SVM says.",
            "Matrices of counts by true and predicted class, side by side.",
        ),
        *drawn(
            run,
            "code_size",
            "1g",
            "Accuracy against the size of the code, with 95 % intervals.",
            "Line plot of accuracy against the number of code values.",
        ),
        *drawn(
            run,
            "learning_curve",
            "1g",
            "Accuracy against the number of training images.",
            "Line plot of test accuracy against training images, a line for each kind of features.",
        ),
        *drawn(
            run,
            "disagreements",
            "1g",
            "Test images that one of two SVMs gets right and the other wrong.",
            "Rows of test images with the answers of both SVMs above.",
        ),
    ]


def further(metrics: dict[str, Any]) -> list[str]:
    """What else an evaluation shows: codes against PCA, speed, the hardest class, repeated test images."""
    results = metrics["results"]
    codes = sorted(
        (r for r in results if r["features"] == "codes"), key=lambda r: (r["size"] != 32, r["kernel"] != "rbf")
    )
    said = [
        svm_comments.ae_against_pca(codes, results),
        svm_comments.speed(codes, results),
        svm_comments.weakest(codes or results),
    ]
    if metrics["n_test_distinct"] < metrics["n_test"]:
        said.append(svm_comments.without_copies(metrics, codes or results))
    return [text for text in said if text]


def verdict(metrics: dict[str, Any]) -> list[str]:
    """The answer to the handout's question, then codes against pixels with each kernel."""
    results: list[dict[str, Any]] = metrics.get("results") or []
    said: list[str] = []
    for kernel, name in (("rbf", "RBF"), ("linear", "Linear")):
        codes = _preferred(results, "codes", kernel)
        pixels = _preferred(results, "pixels", kernel)
        if codes and not said:
            said.append(comments.usable(codes["accuracy"], len(codes.get("recall") or {})))
        if codes and pixels:
            p = _p_value(metrics, kernel, codes)
            said.append(comments.svm(pixels["accuracy"], codes["accuracy"], p, size=codes.get("size", 0), kernel=name))
    return said


def _preferred(results: list[dict[str, Any]], features: str, kernel: str) -> dict[str, Any] | None:
    """The result of these features and kernel; of several code sizes that with the handout's 32 values."""
    found = [r for r in results if (r["features"], r["kernel"]) == (features, kernel)]
    return next((r for r in found if r.get("size") == 32), found[0] if found else None)


def _p_value(metrics: dict[str, Any], kernel: str, codes: dict[str, Any]) -> float | None:
    """McNemar's p of pixels against these codes."""
    wanted = (kernel, "codes", codes.get("run"))
    tests = metrics.get("mcnemar") or []
    return next((test.get("p") for test in tests if (test["kernel"], test["second"], test.get("run")) == wanted), None)


def _share(value: float | None) -> str:
    return comments.percent(value, 2) if value is not None else "–"


def _interval(pair: list[float] | None) -> str:
    return f"{100 * pair[0]:.1f}–{100 * pair[1]:.1f} %" if pair and None not in pair else "–"


# ----------------------------------------------------------------------------------------- convolutional autoencoder


def conv_part(found: Evidence, tell: Any) -> list[Block]:
    return tell(found.conv) if found.conv else missing("No run of the convolutional denoising autoencoder.", TRAIN_CONV)


def diabolo(run: Record) -> list[Block]:
    try:
        first = (run.folder / "summary.txt").read_text("utf-8").split("\n")[0]
    except OSError:
        first = ""
    said = first if first.startswith("A diabolo") else ""
    told = (
        "The output has the shape of the input, and the sides of the feature maps shrink to a quarter "
        "and grow again: a diabolo."
    )
    return [*summary(run, only="autoencoder"), *comment(told if said else "", said)]


def conv_code(run: Record) -> list[Block]:
    values, pixels = _whole(run, "code_values"), _whole(run, "pixel_values")
    uint8, packed, png = (number(run, name) for name in ("code_bytes_uint8", "code_bytes_entropy", "png_bytes"))
    rows = [
        ("raw pixels", shown(pixels), shown(pixels)),
        ("PNG", shown(pixels), shown(png, digits=3)),
        ("code, float32", shown(values), shown(4 * values if values else None)),
        ("code, 8 bits a value", shown(values), shown(uint8)),
        ("code, 8 bits, packed by LZMA", shown(values), shown(packed, digits=3)),
    ]
    return [
        table("Values and bytes an image.", ("form", "values", "bytes"), rows),
        *comment(comments.conv_code(values, pixels, uint8, packed, png)),
    ]


def noisy(run: Record) -> list[Block]:
    kind, level = run.config["noise_kind"], run.config["noise"]
    what = {
        "gaussian": f"Gaussian noise of deviation {level:g} is added to every pixel and the sum cut to the range "
        "from 0 to 1",
        "salt-pepper": f"a share of {level:g} of the pixels is set to black or white",
        "masking": f"a share of {level:g} of the pixels is set to black",
    }[kind]
    when = (
        "The noise of the training images is drawn once."
        if run.config["fixed_noise"]
        else "Training images get new noise in every epoch, so that the network never sees the same noisy image twice."
    )
    psnr = number(run, "noisy_psnr_db")
    how = (
        f" It leaves the test images with a PSNR of {psnr:.1f} dB and an SSIM of "
        f"{comments.figure(number(run, 'noisy_ssim'), 3)}."
        if psnr is not None
        else ""
    )
    return note(
        f"To make noisy copies of training and test images, {what}. {when} Test and validation images "
        f"have a noise of their own, fixed by a seed, so that figures can be compared.{how}"
    )


def conv_training(run: Record) -> list[Block]:
    of = run.config
    told = (
        "Loss MSE between what comes out for a noisy image and the clean one, batches of "
        f"{of['batch_size']}, Adam with learning rate "
        f"{of['learning_rate']:g} ({of['schedule']}), {of['epochs']} epochs."
    )
    figure = drawn(
        run,
        "loss",
        "conv-d",
        "Loss of the denoising autoencoder.",
        "Line plot of training and validation loss against the epoch.",
    )
    return [*note(told), *figure, *comment(comments.training(history(run)), _speed(run, "images"))]


def denoising(run: Record) -> list[Block]:
    metrics = run.metrics or {}
    filters = {name: (each or {}).get("psnr_db") for name, each in (metrics.get("baselines") or {}).items()}
    noisy_psnr, denoised = number(run, "noisy_psnr_db"), number(run, "denoised_psnr_db")
    rows = [("nothing (noisy image)", shown(noisy_psnr, digits=3), ""), ("the network", shown(denoised, digits=3), "")]
    for name, psnr in filters.items():
        setting = ", ".join(
            f"{key} {value:g}" for key, value in (metrics["baselines"][name].get("setting") or {}).items()
        )
        rows.append((f"{name} filter", shown(psnr, digits=3), setting))
    levels = metrics.get("by_noise") or []
    return [
        *drawn(
            run,
            "denoising",
            "conv-e",
            "Test images: clean, noisy, denoised by the network, and by the best classical filter.",
            "Rows of grey letters: clean, covered by noise, restored by the network, restored by a filter.",
        ),
        table(
            "Denoising the test images: PSNR of the mean squared error.",
            ("method", "PSNR, dB", "setting chosen on validation images"),
            rows,
        ),
        *comment(
            comments.denoising(noisy_psnr, denoised, filters),
            comments.structure(number(run, "noisy_ssim"), number(run, "denoised_ssim")),
        ),
        *drawn(
            run,
            "psnr_against_noise",
            "conv-e",
            "PSNR against the level of noise, for a network trained at one level.",
            "Line plot of PSNR against noise: noisy images, the network, classical filters.",
        ),
        *comment(comments.noise_levels(levels, run.config["noise"])),
        *drawn(
            run,
            "worst",
            "conv-e",
            "The test images that the network restores worst.",
            "Rows of test images with the largest errors: clean, noisy, denoised, filtered.",
        ),
    ]
