"""Shell completion of runs and presets."""

from pathlib import Path

import typer

from pw13 import config
from pw13.config import presets
from pw13.errors import UserError
from pw13.runs.finding import is_run


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Return the run folders that complete a name, newest first; after "SWEEP/" the points of the sweep."""
    folder = Path(context.params.get("runs_dir") or config.DEFAULT_RUNS_DIR)
    sweep, slash, _ = incomplete.rpartition("/")
    try:
        if slash:
            names = [f"{sweep}/{path.name}" for path in (folder / sweep).iterdir() if (path / "config.json").exists()]
        else:
            names = [path.name for path in folder.iterdir() if is_run(path)]
    except OSError:
        return []
    return sorted((name for name in names if name.startswith(incomplete)), reverse=not slash)


def configs(incomplete: str) -> list[str]:
    """Return the presets that complete a name."""
    try:
        return sorted(name for name in presets.preset_names() if name.startswith(incomplete))
    except (OSError, UserError):
        return []
