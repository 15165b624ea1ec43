"""Support vector machines on plain arrays: scale, tune, fit, predict; scikit-learn only solves."""
