"""What a shell that completes a command line is offered beyond the flags: runs, and settings files that pw13 ships."""

from pathlib import Path

import typer

from pw13.config import presets
from pw13.errors import UserError
from pw13.runs.record import RUN_NAME


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """The run folders whose names begin so, the newest first; after "SWEEP/" its points."""
    folder = Path(context.params.get("runs_dir") or "runs")
    sweep, slash, _ = incomplete.rpartition("/")
    try:
        if slash:
            names = [f"{sweep}/{path.name}" for path in (folder / sweep).iterdir() if (path / "config.json").exists()]
        else:
            names = [path.name for path in folder.iterdir() if RUN_NAME.fullmatch(path.name)]
    except OSError:
        return []
    return sorted((name for name in names if name.startswith(incomplete)), reverse=not slash)


def configs(incomplete: str) -> list[str]:
    """The settings files that pw13 ships."""
    try:
        return sorted(name for name in presets.shipped_configs() if name.startswith(incomplete))
    except (OSError, UserError):
        return []
