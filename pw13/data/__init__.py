"""Data sets: images and names, from files, downloads or the package, with their splits."""
