"""Models that a neural network has to beat."""
