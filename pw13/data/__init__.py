"""Data sets: images, names, and what is drawn from them."""
