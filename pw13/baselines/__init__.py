"""Models that a neural network has to beat."""

# How the classical denoisers are called in text, where their names in metrics.json are no words.
FILTER_NAMES = {"gaussian": "Gaussian", "tv": "total variation", "nlm": "non-local means"}
