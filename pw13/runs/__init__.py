"""Run folders: create, write, read, resume and compare them."""

from pw13.runs.finding import find_run, latest_run, list_runs, load_run
from pw13.runs.folder import Run
from pw13.runs.opening import create_run
from pw13.runs.record import Record, read_run

__all__ = ["Record", "Run", "create_run", "find_run", "latest_run", "list_runs", "load_run", "read_run"]
