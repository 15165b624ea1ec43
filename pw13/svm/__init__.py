"""Support vector machines as plain arrays: scaled, tuned, fitted, applied; scikit-learn only solves."""
