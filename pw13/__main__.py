"""`python -m pw13` and the script `pw13`."""

import os
import sys

from pw13 import cli, console


def main() -> int:
    """Run the command line in this process; return the exit code."""
    console.open_streams()
    os.environ.pop("MPLBACKEND", None)  # figures go to files: a missing window system must not matter
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
