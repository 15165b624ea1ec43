"""Name lists: files, vocabulary, windows and splits."""

from pw13.data.names.name_list import load_names

__all__ = ["load_names"]
