"""Trained runs put to use: encode, denoise, generate names."""
