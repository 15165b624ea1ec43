"""Simple models to compare the networks with."""

# Names of the classical filters in text, where they differ from metrics.json.
FILTER_NAMES = {"gaussian": "Gaussian", "tv": "total variation", "nlm": "non-local means"}
