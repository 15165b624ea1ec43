"""Pictures of the letters A-J in many typefaces, made from the small masters in letters.xz."""
