"""`python -m pw13` and the script `pw13`."""

import os
import sys

from pw13 import cli, console


def main() -> int:
    console.open_streams()
    os.environ.pop("MPLBACKEND", None)  # figures go into files: a window system that is not there must not matter
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
