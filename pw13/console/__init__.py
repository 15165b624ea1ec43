"""Terminal output: results on standard output, progress and messages on standard error. No other module writes there.

Rich is imported inside the functions that need it, since every command imports this package.
"""

from pw13.console.output import (
    Note,
    error,
    format_cell,
    format_duration,
    is_quiet,
    json_document,
    message,
    note,
    notes,
    open_streams,
    print_result,
    print_text,
    printable,
    repeat_notes,
    start,
    warning,
)
from pw13.console.progress_bar import ProgressBar, progress
from pw13.console.tables import Styled, TableUpdate, key_values, live_table, table

__all__ = [
    "Note", "ProgressBar", "Styled", "TableUpdate", "error", "format_cell", "format_duration", "is_quiet",
    "json_document", "key_values", "live_table", "message", "note", "notes", "open_streams", "print_result",
    "print_text", "printable", "progress", "repeat_notes", "start", "table", "warning",
]  # fmt: skip
