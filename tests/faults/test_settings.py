"""Any settings that pass their check train a step, or are refused in one line."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pw13 import config
from pw13.config import fields
from pw13.errors import OptionError
from pw13.runs.finding import list_runs
from tests.helpers.data import make_data, make_names
from tests.helpers.hostile import TRACE, examples

pytestmark = pytest.mark.faults

FIXED = {"epochs": 1, "threads": 2, "tensorboard": False, "device": "cpu"}  # one process, one device
# Values that would only take long, or more memory than a test may: the largest that are tried.
SMALL = {"code_size": 300, "units": 40, "layers": 3, "length": 60, "sample_every": 3, "batch_size": 4096}
DATA = {"dense-ae": "--data", "conv-dae": "--data", "charrnn": "--corpus"}


def value(field: dataclasses.Field, kind: type) -> st.SearchStrategy:
    """Draw a value of a field: its default, the ends of its range, or one between."""
    bounds = field.metadata
    low = bounds["low"] if bounds["low"] is not None else bounds["above"]
    if kind is bool:
        return st.booleans()
    if getattr(kind, "__args__", None):
        return st.sampled_from(kind.__args__)
    if kind is str or low is None:
        return st.just(field.default)
    high = min(bounds["high"] if bounds["high"] is not None else 1e9, SMALL.get(field.name, 1e9))
    if kind is int:
        return st.sampled_from([field.default, low, high]) | st.integers(int(low), int(high))
    start = max(low, 1e-30) if bounds["above"] is not None else low
    return st.sampled_from([field.default, start, high]) | st.floats(start, high)


@st.composite
def settings(draw: st.DrawFn, kind: str) -> object:
    """Draw a settings record of a kind that passes its check, most of it by default."""
    known = {field.name: (field, type_) for field, type_ in fields.typed_fields(config.KINDS[kind])}
    changed = draw(st.lists(st.sampled_from(sorted(known.keys() - FIXED.keys())), max_size=4, unique=True))
    values = {name: draw(value(*known[name])) for name in changed}
    try:
        return config.KINDS[kind](**values, **{name: FIXED[name] for name in FIXED if name in known})
    except OptionError:  # values that do not go together
        return draw(st.nothing())


@pytest.mark.parametrize("kind", DATA)
def test_any_valid_settings_train_or_are_refused_in_one_line(pw13, tmp_path, kind):
    """A refusal names what does not fit, before a run is kept; what trains is completed."""
    data = make_data(tmp_path / "data", 40, 12, (8, 8))
    (tmp_path / "names.txt").write_text("".join(f"{name}\n" for name in make_names(40)), "utf-8")
    source = {"--data": data, "--corpus": tmp_path / "names.txt"}[DATA[kind]]

    @examples(4)
    @example(config.KINDS[kind](epochs=1))
    @given(settings(kind))
    def check(chosen: object) -> None:
        arguments = [f"{fields.flag(name)}={value}" for name, value in flags(chosen).items()]
        before = set(completed())
        code, out, err = pw13(f"train-{kind}", DATA[kind], source, *arguments, *switches(chosen), "--quiet")
        assert not TRACE.search(out + err), err
        assert not list(Path("runs").glob(".new-*"))
        new = set(completed()) - before
        if code == 0:
            assert len(new) == 1
        else:
            assert code in (1, 2) and not new and chosen != config.KINDS[kind](epochs=1), err
            assert [line for line in err.strip().split("\n") if line.startswith("pw13: ")] == [
                err.strip().split("\n")[-1]
            ]

    check()


def completed() -> list[str]:
    """Return the names of the completed runs."""
    return [record.name for record in list_runs(Path("runs")) if record.status == "completed"]


def flags(chosen: object) -> dict[str, object]:
    given = dataclasses.asdict(chosen)  # type: ignore[call-overload]
    return {name: value for name, value in given.items() if value is not None and not isinstance(value, bool)}


def switches(chosen: object) -> list[str]:
    given = dataclasses.asdict(chosen)  # type: ignore[call-overload]
    return [
        f"--{'' if value else 'no-'}{fields.flag(name)[2:]}"
        for name, value in given.items()
        if value in (True, False) and isinstance(value, bool)
    ]
