"""Keras models, and NumPy versions of their trained networks."""
