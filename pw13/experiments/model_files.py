"""The .keras files of a trained autoencoder."""

import numpy as np

from pw13.models import conv_dae, dense_ae
from pw13.runs.folder import Run


def save_models(
    run: Run, models: dense_ae.Autoencoder | conv_dae.Autoencoder, best: list[np.ndarray], last: list[np.ndarray]
) -> None:
    """Save model.keras (last epoch) and best.keras, encoder.keras and decoder.keras (best epoch)."""
    models.autoencoder.set_weights(last)
    run.save_model("model", models.autoencoder)
    models.autoencoder.set_weights(best)
    run.save_model("best", models.autoencoder)
    run.save_model("encoder", models.encoder)
    run.save_model("decoder", models.decoder)
