"""What an experiment needs besides TensorFlow, done while TensorFlow is imported.

The functions called here keep what they return for the runs of the process, so nothing is handed on.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pw13 import console


@contextlib.contextmanager
def in_background(kind: str, settings: Any, **options: Any) -> Iterator[None]:
    """Prepare a run of `kind` in a thread as long as the body runs, and wait for it.

    Raises:
        UserError: the data cannot be read.
    """
    if "tensorflow" in sys.modules:  # there is nothing to wait for meanwhile
        yield
        return
    check_places(options.get("data"), options.get("corpus"))
    console.message("starting TensorFlow")
    import PIL.Image  # noqa: F401  before TensorFlow, always: whichever comes first decides whose zlib packs PNG files

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(PREPARE[kind], settings, **options)
        yield
        done.result()


def check_places(data: str | None, corpus: str | None) -> None:
    """Refuse a folder without IDX files, or a corpus that is no file, before anything is imported for them.

    Raises:
        UserError: names the folder or file.
    """
    from pw13.data.images import dataset, idx_folder
    from pw13.data.names import name_list

    if data not in (None, "builtin"):
        dataset.refuse_faults(Path(data), idx_folder.find_idx_files(Path(data))[1])
    if corpus not in (None, "builtin"):
        name_list.require_file(Path(corpus))


def _prepare_images(settings: Any, *, data: str | None, lean: bool = False) -> None:
    from pw13.data.images import load_images

    load_images(data)


def _prepare_dense_ae(settings: Any, *, data: str | None, lean: bool = False) -> None:
    from pw13.data.images import load_images
    from pw13.experiments.dense_ae_evaluation import file_points, file_sizes

    images = load_images(data)
    if not lean:
        file_sizes(images)
        file_points(images)


def _prepare_charrnn(settings: Any, *, corpus: str | None, init_from: str | None = None, lean: bool = False) -> None:
    from pw13.data.names import load_names, prepare_dataset

    listed = load_names(corpus, encoding=settings.encoding, fix_accents=settings.fix_accents)
    if init_from is None:  # else the vocabulary has the characters of a network that is not read yet
        prepare_dataset(listed.names, settings, where=listed.source.path)


PREPARE: dict[str, Callable[..., None]] = {
    "dense-ae": _prepare_dense_ae,
    "conv-dae": _prepare_images,
    "charrnn": _prepare_charrnn,
}
