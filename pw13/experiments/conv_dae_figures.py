"""The figures of a denoiser's run."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from pw13 import metrics
from pw13.baselines import FILTER_NAMES, filter_tuning
from pw13.config.settings import ConvDAE
from pw13.data.images import ImageSet, to_float
from pw13.experiments import conv_dae_evaluation as evaluation
from pw13.experiments.conv_dae_evaluation import Comparison, NoisyPair
from pw13.experiments.denoising_baselines import Baselines
from pw13.figures import conv_dae as figures
from pw13.figures.loss_curves import loss_curves
from pw13.inference.denoiser import load_denoiser
from pw13.runs.comparison import history as read_history
from pw13.runs.folder import NamedFigure
from pw13.runs.record import Record, check_same_data


def redraw(config: ConvDAE, record: Record, *, data: str | None) -> Iterator[NamedFigure]:
    """Draw the figures of a finished run from its folder, as the run itself draws them."""
    images, split = evaluation.load_split(data, config)
    check_same_data(record, images.source)
    net = load_denoiser(record, config)
    test = evaluation.noisy_pair(to_float(images.test_images), config.noise_kind, config.noise)
    denoised = net.denoise(test.noisy)
    compared = evaluation.compare(net, test, denoised, images, split, config)
    return draw(compared, images, test, denoised, read_history(record.folder), config)


def draw(
    compared: Comparison,
    images: ImageSet,
    test: NoisyPair,
    denoised: np.ndarray,
    history: Sequence[Mapping[str, float]],
    config: ConvDAE,
) -> Iterator[NamedFigure]:
    """Draw denoised images beside those of the baselines, the worst cases, PSNR against noise, and the loss."""
    errors = metrics.image_mse(test.clean, denoised)
    shown = figures.shown_images(images.test_labels, errors)
    noisy, labels = test.noisy[shown], images.test_labels[shown]
    baselines = best_baselines(compared.baselines, config)
    filtered = {label: denoise(noisy) for label, denoise in baselines.items()}
    rows = {"clean": test.clean[shown], "noisy": noisy, **filtered, "network": denoised[shown]}
    yield "denoising", figures.denoising(rows, labels, images.classes)
    yield "worst", figures.worst_cases(rows, errors[shown], labels, images.classes)
    yield "psnr_against_noise", figures.psnr_against_noise(compared.levels, config.noise, config.noise_kind)
    yield "loss", loss_curves(history, label="loss (mse)")


def best_baselines(baselines: Baselines, config: ConvDAE) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return the best corrected filter and the linear denoiser, by their label in figures."""
    filters = baselines.filters[config.noise]
    best = filter_tuning.best(filters, corrected=True)
    label = f"{FILTER_NAMES.get(best, best)},\ngain and offset"
    linear = {"linear\ndenoiser": baselines.linear.denoise} if baselines.linear else {}
    return {label: filters[best].denoise, **linear}
