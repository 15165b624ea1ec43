"""Builders of the Keras models."""
