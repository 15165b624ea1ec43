"""Comments of the report: each a sentence or two computed from numbers, whichever way they turn out.

Pure functions of plain numbers; None stands for a figure that a run lacks, and a sentence that needs it is left out (an
empty text). A difference is called what it is: better, worse or none.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

LEVEL = 0.05  # below it a difference is called significant
SAME = 0.005  # relative difference up to which two losses are called practically equal
FLAT = 0.01  # relative fall of the validation loss over the last tenth of a training up to which it has levelled off

ONE_SEED = "Each figure is from one training; a difference of a percent or so may be chance."


# ---------------------------------------------------------------------------------------------------------------- words


def percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f} %"


def figure(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits, thousands apart; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1000):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:#.{digits}g}".rstrip(".")


def change(before: float, after: float) -> str:
    """ "12.0 % lower", "3.1 % higher" or "practically the same" of `after` against `before`."""
    relative = (after - before) / before if before else 0.0
    if abs(relative) <= SAME:
        return "practically the same"
    return f"{percent(abs(relative))} {'lower' if relative < 0 else 'higher'}"


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def size(count: float) -> str:
    """Bytes in words: "1.41 GB"."""
    unit, name = next(((u, n) for u, n in ((1e9, "GB"), (1e6, "MB")) if count >= u), (1e3, "kB"))
    return f"{figure(count / unit, 3)} {name}"


def joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


# ---------------------------------------------------------------------------------------- any training (1d, conv d, 2f)


def training(history: Sequence[Mapping[str, float]]) -> str:
    """Whether a training has levelled off, and whether it fits its training data better than others."""
    if not history:
        return ""
    losses = [row["val_loss"] for row in history]
    best = min(range(len(losses)), key=losses.__getitem__)
    reached = f"The lowest validation loss, {figure(losses[best])}, comes at epoch {best + 1} of {len(losses)}."
    return joined(reached, _levelled(losses), overfitting(history[best]["loss"], losses[best]))


def _levelled(losses: Sequence[float]) -> str:
    if len(losses) < 3:
        return "So few epochs do not show where the curve would level off."
    before = losses[-1 - max(1, len(losses) // 10)]
    fall = (before - losses[-1]) / before if before else 0.0
    span = "epoch" if len(losses) < 20 else f"{len(losses) // 10} epochs"
    if fall > FLAT:
        return f"It still fell by {percent(fall)} over the last {span}: more epochs would lower it further."
    if losses[-1] > min(losses) * (1 + FLAT):
        return "Since then it has risen, so that the model of the best epoch is the one used everywhere below."
    return f"Over the last {span} it changed by {percent(abs(fall))}: the training has levelled off."


def overfitting(train: float, validation: float) -> str:
    """The gap between the losses of the best epoch."""
    gap = (validation - train) / train if train else 0.0
    if gap > 0.1:
        return (
            f"The validation loss is {percent(gap)} above the training loss: the model has begun to learn "
            "its examples by heart."
        )
    if gap < -0.02:
        return (
            f"The validation loss is {percent(-gap)} below the training loss, which is a mean over an epoch "
            "while the weights "
            "still move."
        )
    return (
        f"The two losses are within {percent(max(abs(gap), 0.001))} of each other: there is no overfitting to speak of."
    )


# ---------------------------------------------------------------------------------------------------- dense autoencoder


def code_sizes(rows: Sequence[tuple[int, float | None]]) -> str:
    """What each step to another code size does to the test MSE; rows of (size, test MSE)."""
    known = [(size, mse) for size, mse in rows if mse is not None]
    if len(known) < 2:
        return ""
    steps = [
        f"from {small} to {large} values {change(before, after)}"
        for (small, before), (large, after) in itertools.pairwise(known)
    ]
    best = min(known, key=lambda row: row[1])
    lead = (
        "A larger code reconstructs better throughout"
        if best == known[-1] and _falls(known)
        else "More is not always better here"
    )
    return (
        f"{lead}: test MSE {figure(known[0][1])} with {known[0][0]} values; {', '.join(steps)}. The "
        f"lowest is {figure(best[1])} with {best[0]} values."
    )


def _falls(rows: Sequence[tuple[int, float]]) -> bool:
    return all(after < before for (_, before), (_, after) in itertools.pairwise(rows))


def against_pca(size: int, mse: float | None, pca: float | None) -> str:
    """The autoencoder beside principal components of the same number."""
    if mse is None or pca is None:
        return ""
    verdict = change(pca, mse)
    beside = (
        f"Its test MSE, {figure(mse)}, is {verdict} {'as' if 'same' in verdict else 'than'} that of "
        f"{size} principal components, {figure(pca)}"
    )
    if "same" in verdict:
        return f"{beside}: it does as well as the best linear map of that size, and no better."
    if mse < pca:
        return f"{beside}: the sigmoid after the decoder makes it more than a linear map."
    return f"{beside}, the best linear map of that size: it is not trained to its limit."


def dead_units(dead: int | None, size: int) -> str:
    if dead is None:
        return ""
    if not dead:
        return f"All {size} code units are in use."
    return (
        f"{dead} of {size} code units never change over the training images: they carry nothing, and "
        f"{size - dead} values would do."
    )


def reconstruction(psnr: float | None, mse: float | None) -> str:
    """How far a reconstruction is off."""
    if psnr is None or mse is None:
        return ""
    off = mse**0.5
    return (
        f"Over the whole test file the reconstructions reach {psnr:.1f} dB: a pixel is off by {off:.2f} "
        "of the range from black "
        "to white (root of the mean square). What is common to many letters, strokes and their places, "
        "comes through; thin lines and "
        f"ornaments are blurred, as the worst ones show."
    )


def compression(sizes: Mapping[str, Any], mse: float | None) -> str:
    """The gain of bandwidth, and what it costs."""
    raw, floats, bytes_ = (sizes.get(key) for key in ("raw_bytes", "float32_code_bytes", "uint8_code_bytes"))
    if not (raw and floats and bytes_):
        return ""
    gain = (
        f"An image of {figure(raw)} bytes becomes a code of {figure(floats)} bytes as float32 "
        f"({raw / floats:.1f} times fewer), or {figure(bytes_)} bytes at 8 bits a value "
        f"({raw / bytes_:.1f} times fewer)."
    )
    return joined(gain, _rounding(mse, sizes.get("uint8_code_test_mse")), _lossless(sizes, bytes_), _decoder(sizes))


def _rounding(mse: float | None, rounded: float | None) -> str:
    if not mse or rounded is None:
        return ""
    rise = rounded / mse - 1
    return (
        f"Cutting the code to 8 bits changes the test MSE from {figure(mse)} to {figure(rounded)} "
        f"({100 * rise:+.2f} %)."
    )


def _lossless(sizes: Mapping[str, Any], code: float) -> str:
    files = {"PNG": sizes.get("png_bytes"), "lossless WebP": sizes.get("webp_bytes")}
    known = {name: size for name, size in files.items() if size}
    if not known:
        return ""
    name = min(known, key=known.__getitem__)
    return (
        f"Without any loss {name} needs {figure(known[name], 3)} bytes a test image on average: the fair "
        f"gain is {known[name] / code:.1f} times, at the price of the loss above."
    )


def _decoder(sizes: Mapping[str, Any]) -> str:
    decoder, pays, pays_png = (
        sizes.get(key) for key in ("decoder_bytes", "break_even_images", "break_even_images_png")
    )
    if not decoder or not pays:
        return ""
    beside = f", and from {figure(pays_png)} images on against PNG" if pays_png else ""
    return (
        f"The receiver needs the decoder, once: {figure(decoder)} bytes, so that sending codes pays from "
        f"{figure(pays)} images on{beside}."
    )


# ------------------------------------------------------------------------------------------------------------------ SVM


def svm(pixels: float, codes: float, p: float | None, *, size: int, kernel: str = "RBF") -> str:
    """The verdict on codes against pixels: difference in points, and whether it could be chance."""
    points = 100 * (codes - pixels)
    if abs(points) < 0.005:
        verdict = f"{kernel} SVM: codes are as good as pixels, {percent(codes, 2)} of the test images"
    else:
        what = "gain" if points > 0 else "lose"
        verdict = (
            f"{kernel} SVM: codes {what} {abs(points):.1f} points against pixels, {percent(codes, 2)} "
            f"against {percent(pixels, 2)}"
        )
    sure = f", {_chance(p)}" if p is not None else ""
    return f"{verdict}{sure}. A code has {size} values."


def _chance(p: float) -> str:
    shown = "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"
    return f"significant ({shown}, McNemar)" if p < LEVEL else f"not significant ({shown}, McNemar)"


def usable(codes: float, classes: int) -> str:
    """The plain answer to the handout's question whether codes can train an SVM."""
    chance = 1 / classes if classes else 0.0
    if codes < 2 * chance:
        return (
            f"Hardly: {percent(codes)} right is little above the {percent(chance)} of guessing among {classes} classes."
        )
    return (
        f"Yes: trained on codes alone, an SVM names {percent(codes)} of the test images right, "
        f"{codes / chance:.1f} times the share of guessing among {classes} classes."
    )


# ------------------------------------------------------------------------------------------------ denoising autoencoder


def denoising(noisy: float | None, denoised: float | None, filters: Mapping[str, float | None]) -> str:
    """The gain of the network in dB, beside the best classical filter."""
    if noisy is None or denoised is None:
        return ""
    gain = denoised - noisy
    if gain > 0.05:
        first = (
            f"On the test images the network raises the PSNR from {noisy:.1f} to {denoised:.1f} dB, by "
            f"{gain:.1f} dB: the mean squared error becomes {10 ** (gain / 10):.1f} times smaller."
        )
    else:
        first = f"The network does not denoise: PSNR {denoised:.1f} dB against {noisy:.1f} dB of the noisy images."
    known = {name: value for name, value in filters.items() if value is not None}
    if not known:
        return first
    name = max(known, key=known.__getitem__)
    ahead = denoised - known[name]
    if abs(ahead) < 0.05:
        return f"{first} That is as much as the best classical filter, {name}, tuned on validation images."
    word = "more" if ahead > 0 else "less"
    why = (
        "the network has learnt what letters look like, a filter only that neighbouring pixels are alike"
        if ahead > 0
        else "it needs more training to be of use"
    )
    return (
        f"{first} That is {abs(ahead):.1f} dB {word} than the best classical filter, {name}, reaches "
        f"({known[name]:.1f} dB, tuned on validation images): {why}."
    )


def structure(noisy: float | None, denoised: float | None) -> str:
    """SSIM of noisy and denoised images."""
    if noisy is None or denoised is None:
        return ""
    verdict = "rises" if denoised > noisy + 0.005 else "falls" if denoised < noisy - 0.005 else "stays as it is"
    return (
        f"The structural similarity (SSIM, 1 for equal images) {verdict}: {noisy:.3f} noisy, {denoised:.3f} denoised."
    )


def noise_levels(rows: Sequence[Mapping[str, Any]], trained_at: float) -> str:
    """At which levels the network helps, though trained at one."""
    usable_rows = [r for r in rows if r.get("noisy_psnr_db") is not None and r.get("denoised_psnr_db") is not None]
    if len(usable_rows) < 2:
        return ""
    helped = [r["noise"] for r in usable_rows if r["denoised_psnr_db"] > r["noisy_psnr_db"]]
    harmed = [r["noise"] for r in usable_rows if r["denoised_psnr_db"] <= r["noisy_psnr_db"]]
    if not helped:
        return (
            f"Trained at noise {trained_at:g}, it helps at none of the levels measured "
            f"({usable_rows[0]['noise']:g} to {usable_rows[-1]['noise']:g})."
        )
    best = max(usable_rows, key=lambda r: r["denoised_psnr_db"] - r["noisy_psnr_db"])
    first = (
        f"Trained at noise {trained_at:g} alone, it helps at {len(helped)} of the {len(usable_rows)} "
        f"levels measured, most at {best['noise']:g} "
        f"({best['denoised_psnr_db'] - best['noisy_psnr_db']:+.1f} dB)"
    )
    if not harmed:
        return first + "."
    return f"{first}; at {listed([f'{level:g}' for level in harmed])} it takes away more than the noise did."


def conv_code(
    code: int | None, pixels: int | None, uint8: float | None, entropy: float | None, png: float | None
) -> str:
    """Whether the code of the convolutional encoder is smaller than the image."""
    if not code or not pixels:
        return ""
    ratio = code / pixels
    first = f"The code has {figure(code)} values for {figure(pixels)} pixels, "
    first += (
        f"{ratio:.3g} times as many: as it stands it does not compress."
        if ratio > 1
        else f"{1 / ratio:.3g} times fewer."
    )
    packed = ""
    if uint8 and entropy:
        verdict = "still more" if entropy > pixels else "fewer"
        packed = (
            f"Cut to 8 bits it takes {figure(uint8)} bytes, and packed {figure(entropy, 3)}: {verdict} than "
            f"the {figure(pixels)} bytes of the raw image"
        )
        packed += (
            f", {'and' if (entropy > png) == (entropy > pixels) else 'but'} "
            f"{'more' if entropy > png else 'fewer'} than the {figure(png, 3)} of a lossless PNG."
            if png
            else "."
        )
    return joined(first, packed)


# -------------------------------------------------------------------------------------------------------- character RNN


def charrnn(metrics: Mapping[str, Any]) -> str:
    """The loss of a char-RNN on names it has never seen, in the units that people use, and the gap to training."""
    train, held_out = metrics.get("train_nats"), metrics.get("held_out_nats")
    if train is None or held_out is None:
        shown = f"Training loss {figure(train)} nats a character. " if train is not None else ""
        return f"{shown}No name was held out, so nothing can be said of new names (--hold-out 0)."
    perplexity, accuracy = 2.718281828459045**held_out, metrics.get("held_out_accuracy")
    right = f"; the likeliest next character is right in {percent(accuracy)} of places" if accuracy is not None else ""
    first = (
        f"On held-out names the loss is {figure(held_out)} nats a character "
        f"({figure(held_out / 0.6931471805599453, 3)} bits): the network hesitates as if among "
        f"{perplexity:.1f} equally likely characters{right}."
    )
    gap = (held_out - train) / train if train else 0.0
    if gap > 0.02:
        second = f"On training names it is {figure(train)}, {percent(gap)} less: the network begins to know them."
    else:
        second = f"On training names it is {figure(train)}: what it learnt holds for new names as well."
    return joined(first, second)


def against_ngram(held_out: float | None, ngram: float | None, order: int | None) -> str:
    """The network beside counting."""
    if held_out is None or ngram is None:
        return ""
    verdict = change(ngram, held_out)
    model = (
        f"a {order}-gram model of the same training names" if order else "an n-gram model of the same training names"
    )
    if "same" in verdict:
        return f"That is practically what {model} reaches by counting alone ({figure(ngram)})."
    return f"That is {verdict} than {model} reaches by counting alone ({figure(ngram)})."


def against_setting(what: str, rows: Sequence[tuple[Any, float | None]], measure: str = "validation loss") -> str:
    """What a setting of the char-RNN does to a loss; rows of (value, loss) by ascending value."""
    known = [(value, loss) for value, loss in rows if loss is not None]
    if len(known) < 2:
        return ""
    steps = [f"{figure(loss)} with {value}" for value, loss in known]
    (_, first), (_, last) = known[0], known[-1]
    best = min(known, key=lambda row: row[1])
    if abs(last - first) <= SAME * first and best in (known[0], known[-1]):
        lead = f"The number of {what} hardly matters for the {measure}"
    elif best == known[-1] and _falls(known):
        lead = f"More {what}, lower {measure}"
    elif best == known[0]:
        lead = f"More {what} do not lower the {measure}"
    else:
        lead = f"The {measure} is lowest with {best[0]} {what}"
    return f"{lead}: {', '.join(steps)}."


def temperatures(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the temperature does to the names: new and whole, likely or strange."""
    if len(rows) < 2:
        return ""
    cold, hot = rows[0], rows[-1]
    parts = []
    for key, word in (("new", "new"), ("unique", "different from each other"), ("whole", "whole")):
        if cold.get(key) is not None and hot.get(key) is not None:
            parts.append(
                f"{percent(cold[key])} are {word} at temperature {cold['temperature']:g} and {percent(hot[key])} "
                f"at {hot['temperature']:g}"
            )
    odd = ""
    if cold.get("ngram_nats") is not None and hot.get("ngram_nats") is not None:
        stranger = hot["ngram_nats"] > cold["ngram_nats"]
        word = "stranger" if stranger else "no stranger"
        odd = (
            f"Hotter names are {word} to the n-gram model: {figure(cold['ngram_nats'], 3)} nats a character "
            f"cold, {figure(hot['ngram_nats'], 3)} hot."
        )
    return joined(f"Of the sampled names {'; '.join(parts)}." if parts else "", odd)


def cells(rows: Sequence[tuple[str, float | None]], base: str = "SimpleRNN") -> str:
    """The handout's first question on LSTM and GRU: can we reduce the loss further? rows of (cell, held-out loss)."""
    known = {name: loss for name, loss in rows if loss is not None}
    others = {name: loss for name, loss in known.items() if name != base}
    if base not in known or not others:
        return ""
    compared = [f"{name} {figure(loss)} ({change(known[base], loss)})" for name, loss in others.items()]
    lower = [name for name, loss in others.items() if loss < known[base] * (1 - SAME)]
    answer = f"Yes, with {listed(lower)}" if lower else "No"
    return (
        f"Can the loss be reduced further? {answer}: {base} {figure(known[base])} nats a character on "
        f"held-out names, {listed(compared)}."
    )


def cell_names(rows: Sequence[tuple[str, Mapping[str, Any]]], base: str = "SimpleRNN") -> str:
    """The second question: are the names better? Judged by how an n-gram model takes them, and how many are new."""
    known = [
        (name, names["ngram_nats"], names.get("new"), names.get("whole"))
        for name, names in rows
        if names.get("ngram_nats") is not None
    ]
    at_base = next((row for row in known if row[0] == base), None)
    if at_base is None or len(known) < 2:
        return ""
    shown = []
    for name, nats, new, whole in known:
        extra = [f"{percent(value)} {word}" for value, word in ((new, "new"), (whole, "whole")) if value is not None]
        shown.append(f"{name} {figure(nats, 3)} nats" + (f" ({', '.join(extra)})" if extra else ""))
    better = [name for name, nats, *_ in known if nats < at_base[1] * (1 - SAME)]
    answer = (
        f"{listed(better)} {'writes' if len(better) == 1 else 'write'} names that look more like real ones"
        if better
        else "Not by this measure"
    )
    return (
        f"Are the names better? {answer}: to an n-gram model of the training names, sampled names have "
        f"{listed(shown)} a character; lower is more usual."
    )


def many_to_many(
    one: float | None, many: float | None, names_one: Mapping[str, Any], names_many: Mapping[str, Any]
) -> str:
    """Many-to-many beside many-to-one, on the same held-out characters."""
    if one is None or many is None:
        return ""
    verdict = change(one, many)
    sentence = (
        f"On the same held-out characters many-to-many has a loss of {figure(many)} nats, {verdict} "
        f"{'as' if 'same' in verdict else 'than'} many-to-one ({figure(one)})."
    )
    if names_one.get("ngram_nats") is not None and names_many.get("ngram_nats") is not None:
        sentence += (
            f" Its sampled names have {figure(names_many['ngram_nats'], 3)} nats a character under the "
            f"n-gram model, those of many-to-one {figure(names_one['ngram_nats'], 3)}."
        )
    return sentence


def windows(characters: int, windows_: int, distinct: int, length: int) -> str:
    """What one-hot vectors of all windows would take."""
    cells_ = windows_ * (length + 1) * distinct
    return (
        f"As one-hot vectors all windows and labels would be {size(cells_)} at a byte a cell and "
        f"{size(4 * cells_)} as float32, "
        f"for a text of {figure(characters)} characters. So the ids are kept, and one-hot vectors exist "
        "for one batch at a time; a one-hot vector "
        f"times a weight matrix is a row of it, and the result is the same."
    )
