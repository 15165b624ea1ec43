"""Sweeps: a grid of settings, run on this machine or on a Dask cluster."""
