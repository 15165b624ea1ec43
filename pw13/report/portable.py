"""The files of runs in a hand-in: without paths, host or process of the machine they were made on; and its README."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from pw13 import console
from pw13.errors import UserError
from pw13.report import hand_in_data
from pw13.report.run_selection import RunSelection
from pw13.runs.record import DATA_PATH_KEYS, RUN_NAME, SWEEP, Record, read_run
from pw13.system import files

# What run.json of a hand-in says; the rest is of the machine, not of the result.
FACTS = ("status", "started", "ended", "seed", "split_seed", "threads", "device", "versions", "git_commit", "one_dnn",
         "sides", "lean")  # fmt: skip
LIBRARIES = ("numpy", "matplotlib", "tensorflow", "keras", "scikit-learn")  # that the notebook imports

PAGE_ROW = "| explore.html | the trained models to play with in a browser |\n"
DATA_ROW = "| data/, NOTICE | the built-in data of pw13, which its code renders, and their licences |\n"
README = """# Hand-in

| File | Content |
| --- | --- |
| report.pdf, report.html | the report |
{page_row}| notebook.ipynb | the code of every step, on small models; its text is that of the report |
| runs/ | settings (config.json), circumstances (run.json) and metrics of every run behind the report |
{data_row}| manifest.sha256 | checksums of all files: `sha256sum --check manifest.sha256` |

## Run the notebook

With Python {python}, in this folder:

```sh
python -m pip install notebook {requirements}
python -m jupyter execute notebook.ipynb --output executed.ipynb
```

It needs these versions or similar ones, not pw13. {data_text}

## Train the runs again

With pw13 {pw13}: `pw13 report --check hand-in.zip --rerun` trains every run again with the settings in runs/ and
lists the numbers that differ by more than 1 %.
"""


def run_files(selection: RunSelection) -> dict[str, bytes]:
    """Return settings, circumstances, metrics and history of every run, by their names in the zip."""
    contents: dict[str, bytes] = {}
    for record in with_used(selection.records):
        values = {"config": portable_config(record), "run": portable_facts(record), "metrics": record.metrics}
        contents |= {
            f"{_folder(record)}/{name}.json": files.to_utf8(files.to_json(value)) for name, value in values.items()
        }
        contents |= _history(record)
    return contents


def with_used(records: Sequence[Record]) -> list[Record]:
    """Return runs together with the completed ones beside them whose networks they used."""
    found = {record.reference: record for record in records}
    waiting = list(records)
    while waiting:
        record = waiting.pop()
        for reference in runs_used(record):
            used = read_run(record.runs_dir / reference)
            if reference not in found and used.status == "completed":
                found[reference] = used
                waiting.append(used)
    return list(found.values())


def runs_used(record: Record) -> list[str]:
    """Return the references of the runs whose networks a run used: encoders, or the one that it went on from."""
    options = portable_config(record)
    runs = options.get("runs") if record.kind == "svm-eval" else [options.get("init_from")]
    return [reference for reference in runs or () if isinstance(reference, str)]


def _folder(record: Record) -> str:
    return f"runs/{console.printable(record.reference)}"


def _history(record: Record) -> dict[str, bytes]:
    files.check_inside(record.folder / "history.csv")
    try:
        return {f"{_folder(record)}/history.csv": (record.folder / "history.csv").read_bytes()}
    except FileNotFoundError:  # svm-eval
        return {}
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from None


def portable_config(record: Record) -> dict[str, Any]:
    """Return the settings of a run, data by their names and other runs by their references instead of their paths.

    runs: the encoders that were evaluated, also those that no option named.
    """
    portable = {key: _without_path(value) if key in DATA_PATH_KEYS else value for key, value in record.config.items()}
    if "runs" in portable:
        portable["runs"] = [_reference(run) for run in _encoders(record)]
    if portable.get("init_from"):
        portable["init_from"] = _reference(record.config["init_from"])
    return portable


def _encoders(record: Record) -> list[Any]:
    """Return the runs whose codes were evaluated: if options named all of them by their paths, else as recorded."""
    named, used = (
        each if isinstance(each, list) else [] for each in (record.config["runs"], record.facts.get("encoders"))
    )
    return named if len(named) >= len(used) else used


def _without_path(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_path(item) for item in value]
    return PurePath(value.replace("\\", "/")).name if isinstance(value, str) else value


def _reference(run: Any) -> Any:
    """Return the reference of a run that a path or a reference names: a sweep's name before that of its point."""
    if not isinstance(run, str):
        return run
    *_, parent, name = ("", *PurePath(run.replace("\\", "/")).parts)
    match = RUN_NAME.fullmatch(parent)
    return f"{parent}/{name}" if match and match[1].startswith(SWEEP) else name


def portable_facts(record: Record) -> dict[str, Any]:
    """Return the circumstances of a run: versions, processor and data, by name and checksum."""
    machine, data = record.facts.get("machine") or {}, hand_in_data.facts(record)
    return {
        **{key: record.facts[key] for key in FACTS if key in record.facts},
        "machine": {key: machine[key] for key in ("system", "processor", "cores") if key in machine},
        "data": {**data, "path": _without_path(str(data.get("path", "")))},
    }


def readme(selection: RunSelection, *, explore: bool) -> str:
    """Return README.md of a hand-in: its files, versions, and how to run the notebook and train again."""
    versions = selection.records[-1].facts.get("versions") or {}
    built_in = hand_in_data.is_builtin(selection)
    return README.format(
        python=versions.get("python", "3.11 or later"),
        pw13=versions.get("pw13", ""),
        requirements=" ".join(f'"{name}=={versions[name]}"' if name in versions else name for name in LIBRARIES),
        page_row=PAGE_ROW if explore else "",
        data_row=DATA_ROW if built_in else "",
        data_text=_data_text(selection),
    )


def _data_text(selection: RunSelection) -> str:
    """Return which data the notebook needs, and where it looks for them."""
    images, names = hand_in_data.image_facts(selection), hand_in_data.names_facts(selection)
    text = "Built-in data are in data/. " if hand_in_data.is_builtin(selection) else ""
    if images.get("kind") == "folder":
        text += (
            f"Put the four IDX files of {images.get('name')} into data/, or set IMAGES_DIR to their folder (sha256 of "
            f"the training images: {hand_in_data.checked_sha256(hand_in_data.image_run(selection))}). "
        )
    if names.get("kind") == "file":
        file = hand_in_data.names_file(selection)
        text += f"Put {file} into data/, or set NAMES_FILE to it (sha256 {names.get('sha256')})."
    return text.strip()
