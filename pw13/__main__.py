"""`python -m pw13` and the script `pw13`."""

import sys

from pw13.cli import main

if __name__ == "__main__":
    sys.exit(main())
