"""Inference with trained runs: encode, denoise, generate names."""
