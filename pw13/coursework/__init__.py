"""`pw13 all`: every experiment of the course in one process."""
