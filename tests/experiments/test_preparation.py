"""Data are read while TensorFlow is imported, and what is wrong with them is said before any training."""

import sys

import pytest

from pw13.config.settings import CharRNN, ConvDAE
from pw13.data.images import dataset, load_images
from pw13.data.names import dataset as name_dataset
from pw13.errors import UserError
from pw13.experiments import preparation


@pytest.fixture
def not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)


def test_the_data_are_there_when_tensorflow_is(not_imported, data, capsys):
    with preparation.in_background("conv-dae", ConvDAE(), data=str(data)):
        assert capsys.readouterr().err == "starting TensorFlow\n"
    hits = dataset._read_folder.cache_info().hits
    load_images(str(data))
    assert dataset._read_folder.cache_info().hits == hits + 1


def test_unreadable_data_are_refused(not_imported, tmp_path):
    with (
        pytest.raises(UserError, match="no such file"),
        preparation.in_background("charrnn", CharRNN(), corpus=str(tmp_path / "names.txt")),
    ):
        pass


def test_nothing_is_prepared_once_tensorflow_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with preparation.in_background("charrnn", CharRNN(), corpus=str(tmp_path / "names.txt")):
        pass
    assert capsys.readouterr().err == ""


def test_names_are_not_prepared_without_the_characters_of_the_network_to_start_from(not_imported, corpus):
    name_dataset._prepare.cache_clear()
    for init_from, prepared in (("another run", 0), (None, 1)):
        with preparation.in_background("charrnn", CharRNN(), corpus=str(corpus), init_from=init_from):
            pass
        assert name_dataset._prepare.cache_info().misses == prepared


def test_a_place_without_data_is_refused_before_tensorflow_starts(not_imported, tmp_path, capsys):
    (tmp_path / "x").write_text("x", "utf-8")
    cases = (
        ("charrnn", CharRNN(), {"corpus": str(tmp_path)}, "is a folder; expected a text file"),
        ("conv-dae", ConvDAE(), {"data": str(tmp_path)}, "train-images-idx3-ubyte"),
        ("conv-dae", ConvDAE(), {"data": str(tmp_path / "x")}, "is a file; expected a folder of IDX files"),
    )
    for kind, settings, place, message in cases:
        with pytest.raises(UserError, match=message), preparation.in_background(kind, settings, **place):
            pytest.fail("TensorFlow would have been imported")
    assert capsys.readouterr().err == ""
