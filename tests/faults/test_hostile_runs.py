"""Run folders are data: no command executes their content, leaves the folder, or ends in a traceback."""

import copy
import io
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pw13 import experiments
from pw13.data.images import load_images
from pw13.data.names import vocabulary
from pw13.errors import UserError
from pw13.runs.ending import track_status
from pw13.system import machine
from pw13.training import resume_state
from tests.helpers import tally
from tests.helpers.charrnn_run import ARRAYS, DOCUMENTS, NAME, SPECS, make_run
from tests.helpers.hostile import FEW, MANY, TRACE, VALUES, attempt, examples, numbers, paths_in, write_keras
from tests.helpers.runs import make

OTHER = NAME.replace("05_c", "06_c")  # a valid run next to the corrupt one


@pytest.fixture
def run() -> Path:
    return make_run(Path(f"runs{next(numbers)}") / NAME)


GENERATE = ("generate", "-n", 2, "--seed", 1, "--quiet", "--run")


def check_all(pw13, run: Path) -> None:
    """Run every command that reads runs: exit 0 or 1, never a traceback; `runs list` always exits 0."""
    here = ("--runs-dir", run.parent)
    attempt(pw13, run.parent, {0}, "runs", "list", *here)
    attempt(pw13, run.parent, {0}, "runs", "list", "--json", *here)
    attempt(pw13, run.parent, {0, 2}, "runs", "list", "--kind", "charrnn", "--sort", "held_out_nats", *here)
    attempt(pw13, run.parent, {0, 1}, "runs", "show", run)
    attempt(pw13, run.parent, {0, 1}, "runs", "show", "--json", run)
    attempt(pw13, run.parent, {0, 1}, "runs", "compare", run, OTHER, *here)
    done = attempt(pw13, run.parent, {0, 1}, *GENERATE, run)
    assert done.code or len(done.out.strip("\n").split("\n")) == 2
    attempt(pw13, run.parent, {0, 1}, "generate", "-n", 1, "--seed", 1, "--json", *here)
    attempt(pw13, run.parent, {1}, *GENERATE, run, "--mix")
    attempt(pw13, run.parent, {0, 1, 2}, "score", "abc", "--json", "--run", run)


def test_a_valid_run_passes_every_command(pw13, run):
    make_run(run.parent / OTHER)
    check_all(pw13, run)
    assert attempt(pw13, run, {0}, *GENERATE, run).out.count("\n") == 2


# -------------------------------------------------------------------------------------------------- corrupt documents


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a JSON file of the run with changed values, missing keys or changed bytes."""
    name = draw(st.sampled_from(sorted(DOCUMENTS)))
    value = copy.deepcopy(DOCUMENTS[name])
    for _ in range(draw(st.integers(1, 2))):
        *path, key = draw(st.sampled_from([path for path in paths_in(value) if path] or [("x",)]))
        inside = value
        for step in path:
            inside = inside[step]
        if draw(st.booleans()) and isinstance(inside, dict):
            inside.pop(key, None)
        else:
            inside[key] = copy.deepcopy(draw(VALUES))
    data = json.dumps(value).encode()
    damage = draw(st.sampled_from(["none", "none", "none", "cut", "byte", "token", "deep"]))
    if damage == "cut":
        data = data[: draw(st.integers(0, len(data) - 1))]
    elif damage == "byte":
        position = draw(st.integers(0, len(data) - 1))
        data = data[:position] + draw(st.binary(min_size=1, max_size=3)) + data[position + 1 :]
    elif damage == "token":
        data = data.replace(b"0", draw(st.sampled_from([b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1" * 5000])), 1)
    elif damage == "deep":
        data = b'{"kind": ' + b"[" * 100_000
    return name, data


def check_document(pw13, name: str, data: bytes) -> None:
    run = make_run(Path(f"runs{next(numbers)}") / NAME)
    make_run(run.parent / OTHER)
    (run / name).write_bytes(data)
    check_all(pw13, run)
    tally.count("hostile inputs", "run folders")
    shutil.rmtree(run.parent)


@examples(FEW)
@given(documents())
def test_a_corrupt_document_is_refused_or_harmless(pw13, document):
    check_document(pw13, *document)


@pytest.mark.faults
@examples(MANY)
@given(documents())
def test_many_corrupt_documents_are_refused_or_harmless(pw13, document):
    check_document(pw13, *document)


@pytest.mark.faults
@examples(MANY // 5)
@given(documents())
def test_a_report_on_a_corrupt_run_is_written_or_refused(pw13, document):
    run = make_run(Path(f"runs{next(numbers)}") / NAME)
    (run / document[0]).write_bytes(document[1])
    folders = ("--runs-dir", run.parent, "--out", f"out{next(numbers)}")
    attempt(pw13, run, {0, 1}, "report", "--quiet", "--no-execute", *folders)
    tally.count("hostile inputs", "reported run folders")


# ------------------------------------------------------------------------------------------------- corrupt when resumed


@pytest.fixture
def interrupted(data, monkeypatch) -> Path:
    """Return an interrupted run whose experiment only records its data."""

    def run_experiment(kind, settings, *, run, data):
        with track_status(run):
            images = load_images(data)
            run.record_data(images.source)
            return run.finish({"test_mse": 1.0})

    monkeypatch.setattr(experiments, "run_experiment", run_experiment)
    facts = {"data": {}, "versions": machine.versions(), "resumed": ["then"], "pid": 1, "pid_started": 2.0}
    folder = make(Path(f"runs{next(numbers)}"), status="interrupted", **facts)
    change(folder, "config.json", data=str(data))
    return folder


def change(folder: Path, name: str, **values: object) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


def test_a_valid_interrupted_run_is_resumed(pw13, interrupted):
    assert pw13("resume", interrupted, "--json")[0] == 0


@pytest.mark.parametrize("name", ["data", "versions", "resumed"])
def test_facts_that_are_null_or_missing_do_not_matter(pw13, interrupted, name):
    change(interrupted, "run.json", **{name: None})
    assert pw13("resume", interrupted, "--json")[0] == 0


@pytest.mark.parametrize("name", ["config.json", "run.json"])
@examples(FEW)
@given(number=st.integers(0, 100), value=VALUES)
def test_a_corrupt_interrupted_run_is_refused_or_resumed(pw13, interrupted, name, number, value):
    folder = shutil.copytree(interrupted, Path(f"runs{next(numbers)}") / interrupted.name)
    keys = sorted(json.loads((folder / name).read_text("utf-8")))
    change(folder, name, **{keys[number % len(keys)]: value})
    code, out, err = pw13("resume", folder, "--quiet", "--json")
    assert code in (0, 1, 2) and not TRACE.search(out + err), out + err
    assert code == 0 or (err.startswith("pw13: ") and err.count("\n") == 1), err
    tally.count("hostile inputs", "interrupted runs")


# ------------------------------------------------------------------------------------------------------ corrupt models


@st.composite
def models(draw: st.DrawFn) -> bytes:
    """Draw the bytes of a model file, truncated or with some changed."""
    buffer = io.BytesIO()
    write_keras(buffer, ARRAYS)  # type: ignore[arg-type]
    data = bytearray(buffer.getvalue())
    if draw(st.booleans()):
        return bytes(data[: draw(st.integers(0, len(data) - 1))])
    for _ in range(draw(st.integers(1, 3))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


def check_model(pw13, data: bytes) -> None:
    run = make_run(Path(f"runs{next(numbers)}") / NAME)
    (run / "checkpoints" / "best.keras").write_bytes(data)
    done = attempt(pw13, run, {0, 1}, *GENERATE, run)
    assert done.code == 0 or "best.keras" in done.err
    tally.count("hostile inputs", "model files")
    shutil.rmtree(run.parent)


@examples(FEW)
@given(models())
def test_a_corrupt_model_is_refused(pw13, data):
    check_model(pw13, data)


@pytest.mark.faults
@examples(MANY)
@given(models())
def test_many_corrupt_models_are_refused(pw13, data):
    check_model(pw13, data)


def in_weights(path: Path, change) -> None:
    """Apply `change` to the HDF5 file inside a model file."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for path_in_file, array in ARRAYS.items():
            file[path_in_file] = array
        change(file)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", buffer.getvalue())


FIRST = SPECS[0].path


def soft_link(file):
    del file[FIRST]
    file[FIRST] = h5py.SoftLink("/" + SPECS[1].path)


def external_link(file):
    h5py.File("outside.h5", "w")["x"] = ARRAYS[FIRST]
    del file[FIRST]
    file[FIRST] = h5py.ExternalLink(str(Path("outside.h5").absolute()), "/x")


def external_data(file):
    Path("outside.bin").write_bytes(ARRAYS[FIRST].tobytes())
    del file[FIRST]
    file.create_dataset(FIRST, ARRAYS[FIRST].shape, "f4", external=[(str(Path("outside.bin").absolute()), 0, 1000)])


def bomb(file):
    del file[FIRST]
    file.create_dataset(FIRST, (100_000, 100_000), "f4", compression="gzip", fillvalue=1)


def other_shape(file):
    del file[FIRST]
    file[FIRST] = ARRAYS[FIRST][:-1]


def other_type(file):
    del file[FIRST]
    file[FIRST] = ARRAYS[FIRST].astype(np.float64)


def text(file):
    del file[FIRST]
    file[FIRST] = np.array([b"import os"] * 4)


def group(file):
    del file[FIRST]
    file.create_group(FIRST)


def not_finite(file):
    file[FIRST][...] = np.nan


@pytest.mark.parametrize(
    "change", [soft_link, external_link, external_data, bomb, other_shape, other_type, text, group, not_finite]
)
def test_a_model_with_anything_but_plain_arrays_is_refused(pw13, run, change):
    in_weights(run / "checkpoints" / "best.keras", change)
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert "best.keras" in done.err


def test_an_address_beyond_64_bits_in_a_model_is_refused(pw13, run):
    path = run / "checkpoints" / "best.keras"
    with zipfile.ZipFile(path) as archive:
        weights = bytearray(archive.read("model.weights.h5"))
    weights[48:56] = b"\xf0" * 8  # HDF5's address of the driver information; h5py raises OverflowError
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", bytes(weights))
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert "best.keras" in done.err and "corrupt" in done.err


def test_zip_members_outside_the_folder_are_not_extracted(pw13, run):
    path = run / "checkpoints" / "best.keras"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../../escaped.txt", "x")
        archive.writestr("/tmp/pw13-escaped.txt", "x")
    attempt(pw13, run, {0}, *GENERATE, run)
    assert not list(Path().rglob("escaped.txt")) and not Path("/tmp/pw13-escaped.txt").exists()


def test_a_zip_bomb_is_stopped(pw13, run):
    with zipfile.ZipFile(run / "checkpoints" / "best.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(2**26))
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert "best.keras" in done.err


def test_a_lambda_layer_in_a_model_is_not_executed(pw13, run):
    """The architecture in the file is never read: pw13 builds the model from config.json."""
    marker = Path("marker").absolute()
    code = f"open({str(marker)!r}, 'w').close()"
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l", "function": code}}
    path = run / "checkpoints" / "best.keras"
    with zipfile.ZipFile(path) as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}}))
        archive.writestr("model.weights.h5", weights)
    attempt(pw13, run, {0}, *GENERATE, run)
    assert not marker.exists()


# ------------------------------------------------------------------------------------------------------- resume states


class Marker:
    """Unpickling this creates a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_in_a_resume_state_is_not_executed(tmp_path):
    marker = tmp_path / "marker"
    np.savez(tmp_path / "state-000001-00000000.npz", manifest=np.array([Marker(marker)], object))
    with pytest.raises(UserError, match="corrupt"):
        resume_state.load(tmp_path)
    (tmp_path / "state-000001-00000000.npz").write_bytes(pickle.dumps(Marker(marker)))
    with pytest.raises(UserError, match="corrupt"):
        resume_state.load(tmp_path)
    assert not marker.exists()


@pytest.mark.parametrize("missing", ["format", "facts", "sha256"])
def test_a_resume_state_without_a_part_of_its_manifest_is_refused(tmp_path, missing):
    manifest = {"format": resume_state.FORMAT, "facts": {"epoch": 1}, "sha256": {}}
    del manifest[missing]
    text = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    np.savez(tmp_path / "state-000001-00000000.npz", manifest=text)
    with pytest.raises(UserError, match="corrupt"):
        resume_state.load(tmp_path)


def test_a_resume_state_with_a_member_that_is_no_array_is_refused(tmp_path):
    arrays = {"parameters/0": np.arange(12, dtype=np.float32)}
    resume_state.save(tmp_path, resume_state.ResumeState(arrays, {"epoch": 1, "step": 0}))
    (path,) = resume_state.states(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["parameters/0.npy"] = b"no array"  # read as bytes by NumPy
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(UserError, match="corrupt"):
        resume_state.load(tmp_path)


@examples(FEW)
@given(st.data())
def test_a_corrupt_resume_state_is_refused_or_intact(data):
    check_state(data)


@pytest.mark.faults
@examples(MANY)
@given(st.data())
def test_many_corrupt_resume_states_are_refused_or_intact(data):
    check_state(data)


def check_state(data: st.DataObject) -> None:
    """Check that a truncated or changed state is refused or still holds the same arrays."""
    folder = Path(f"states{next(numbers)}")
    arrays = {"parameters/0": np.arange(12, dtype=np.float32), "best/0": np.ones(3, np.float32)}
    resume_state.save(folder, resume_state.ResumeState(arrays, {"epoch": 1, "step": 0, "updates": 5}))
    (path,) = resume_state.states(folder)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        state = resume_state.load(folder)
    except UserError as error:
        assert path.name in str(error)
    else:
        assert all(np.array_equal(array, state.arrays[name]) for name, array in arrays.items())
        assert state.facts == {"epoch": 1, "step": 0, "updates": 5}
    tally.count("hostile inputs", "resume states")
    shutil.rmtree(folder)


# --------------------------------------------------------------------------------------------------- links and formats


def test_a_link_out_of_the_run_folder_is_not_followed(pw13, run):
    outside = Path("outside.json").absolute()
    outside.write_text((run / "vocabulary.json").read_text("utf-8"), encoding="utf-8")
    (run / "vocabulary.json").unlink()
    (run / "vocabulary.json").symlink_to(outside)
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert "vocabulary.json" in done.err and "link" in done.err


def test_a_model_that_is_a_link_is_not_followed(pw13, run):
    path = run / "checkpoints" / "best.keras"
    path.rename("outside.keras")
    path.symlink_to(Path("outside.keras").absolute())
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert "best.keras" in done.err and "link" in done.err


def test_folders_that_are_links_are_not_written_to(pw13, run):
    Path("outside").mkdir()
    shutil.rmtree(run / "checkpoints")
    (run / "checkpoints").symlink_to(Path("outside").absolute())
    (run / "run.json").write_text(json.dumps({**DOCUMENTS["run.json"], "status": "interrupted"}), encoding="utf-8")
    done = attempt(pw13, run, {1}, "resume", run)
    assert "checkpoints" in done.err and "link" in done.err and not list(Path("outside").iterdir())


def test_a_file_that_is_a_pipe_does_not_hang(pw13, run):
    (run / "vocabulary.json").unlink()
    os.mkfifo(run / "vocabulary.json")
    done = attempt(pw13, run / "checkpoints", {1}, *GENERATE, run)
    assert "vocabulary.json" in done.err


def test_a_newer_format_is_refused_with_both_versions(pw13, run):
    newer = {**DOCUMENTS["vocabulary.json"], "format": vocabulary.FORMAT + 1}
    (run / "vocabulary.json").write_text(json.dumps(newer), encoding="utf-8")
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert str(vocabulary.FORMAT) in done.err and str(vocabulary.FORMAT + 1) in done.err


def test_a_setting_of_a_newer_pw13_is_refused_by_name(pw13, run):
    (run / "config.json").write_text(json.dumps({**DOCUMENTS["config.json"], "attention": 1}), encoding="utf-8")
    done = attempt(pw13, run, {1}, *GENERATE, run)
    assert "attention" in done.err and "config.json" in done.err
