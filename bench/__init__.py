"""pw13 compared with Keras, PyTorch and scikit-learn: `python -m bench` (or `make bench`) writes RESULTS.md."""
