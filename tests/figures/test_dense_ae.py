"""The figure of bytes against MSE."""

import io

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from pw13.figures import dense_ae, to_png
from pw13.metrics.rate_distortion import Point

POINTS = {
    "autoencoder": [Point("", 8, 0.05), Point("", 16, 0.02), Point("", 32, 0.04)],
    "pca": [Point("", 4, 0.1), Point("", 36, 0.01)],
    "webp": [Point("", 130, 0.004), Point("", 280, 0.0002)],
    "jpeg": [Point("", 240, 0.01)],
}


def texts(figure) -> set[str]:
    figure.draw_without_rendering()
    return {text.get_text() for text in figure.findobj(Text)}


def test_each_method_is_labelled_on_logarithmic_axes():
    figure = dense_ae.rate_distortion(POINTS, "code size 32")
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("bytes per image", "MSE")
    assert axes.get_title() == "Rate and distortion on test images; code size 32"
    assert {"autoencoder", "PCA", "WebP files", "JPEG files", "0.05", "100"} <= texts(figure)
    assert axes.get_legend() is None


def test_a_line_is_the_lower_envelope_and_other_points_are_faint():
    line, best, faint = dense_ae.rate_distortion({"autoencoder": POINTS["autoencoder"]}, "").axes[0].lines
    assert line.get_xdata()[[0, -1]].tolist() == [8, pytest.approx(16)]
    middle = np.abs(line.get_xdata() - 12).argmin()
    assert line.get_ydata()[middle] == pytest.approx(0.05 - 0.03 * (line.get_xdata()[middle] - 8) / 8)
    assert list(best.get_xdata()) == [8, 16] and list(faint.get_xdata()) == [8, 16, 32]
    assert faint.get_alpha() < 0.5 and not best.get_alpha()


@pytest.mark.parametrize("points", [{}, {"pca": []}, {"pca": [Point("", 0, 0.1), Point("", 1, 0)]}])
def test_without_points_on_the_axes_they_are_empty(points):
    figure = dense_ae.rate_distortion(points, "")
    assert not figure.axes[0].lines
    assert to_png(figure)


def test_a_png_is_the_same_every_time():
    first, again = (to_png(dense_ae.rate_distortion(POINTS, "code size 32")) for _ in range(2))
    assert first == again
    assert Image.open(io.BytesIO(first)).size == (900, 600)
