"""Convert image files and other IDX sets into data folders that pw13 reads."""
