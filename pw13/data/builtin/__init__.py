"""Built-in data: letters A-J in many typefaces, rendered from the bitmaps in letters.xz, and company names."""
