"""`python -m pw13` and the script `pw13`."""

import sys

from pw13 import cli, console
from pw13.system import environment, threads


def main() -> int:
    """Run the command line in this process; return the exit code."""
    console.open_streams()
    environment.isolate()
    threads.let_sleep()
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
