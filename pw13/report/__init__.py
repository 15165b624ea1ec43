"""The hand-in, written from the runs."""
