"""Name lists: files, vocabulary, windows and splits."""

from pw13.data.names.dataset import NameDataset, prepare_dataset
from pw13.data.names.name_list import NameList, load_names

__all__ = ["NameDataset", "NameList", "load_names", "prepare_dataset"]
