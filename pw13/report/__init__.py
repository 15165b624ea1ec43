"""The report and hand-in, written from finished runs."""
