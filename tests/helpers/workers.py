"""Tasks for worker processes to import."""

import os
import time
from pathlib import Path


def sleep(number: int, folder: str) -> None:
    Path(folder, str(os.getpid())).touch()
    time.sleep(0.05)
