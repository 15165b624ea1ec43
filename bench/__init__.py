"""pw13 beside what its users would use instead: `python -m bench` (or `make bench`) writes RESULTS.md."""
