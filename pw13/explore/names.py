"""The view of names: a character RNN, where its names start, and a compact set of the known ones."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pw13.config.settings import Generate
from pw13.explore import sampled_names
from pw13.explore.packing import pack
from pw13.inference.name_generator import load_generator, read_corpus
from pw13.models.charrnn_numpy import Network
from pw13.runs.places import runs_dir_flag
from pw13.runs.record import Record

Words = npt.NDArray[np.uint32]

BITS_PER_NAME, HASHES = 10, 7  # of the Bloom filter: it takes 0.8 % of new names for known ones
FNV_PRIME, FNV_BASES = 16777619, (2166136261, 84696351)  # Fowler, Noll and Vo 1991, FNV-1a; the second base is ours


def view(record: Record) -> dict[str, Any]:
    """Return what the page shows of a char-RNN run.

    Raises:
        UserError: a file is missing or corrupt.
    """
    generator = load_generator(record)
    vocab, corpus = generator.vocab_file.vocabulary, read_corpus(generator)
    many_to_one = generator.network.target == "many-to-one"
    endings = [vocab.encode(ending).astype(np.int32) for ending in generator.vocab_file.endings] if many_to_one else []
    return {
        "run": record.reference,
        "runs_dir": " ".join(runs_dir_flag(record.runs_dir)),
        "characters": list(vocab.characters),
        "spaces": [character.isspace() for character in vocab.characters],
        "endings": pack(np.stack(endings)) if endings else None,
        "network": network(generator.network),
        "defaults": {"temp": Generate().temp, "n": Generate().n, "max_length": Generate().max_length},
        "mixture": sampled_names.has_mixture(record),
        "known": known_set(corpus) if corpus else None,
    }


def network(net: Network) -> dict[str, Any]:
    """Return a network's arrays with what tells how to use them."""
    return {
        "cell": net.cell,
        "target": net.target,
        "length": net.length,
        "layers": [[pack(array) for array in layer] for layer in net.layers],
        "kernel": pack(net.kernel),
        "bias": pack(net.bias),
    }


def known_set(names: Sequence[str]) -> dict[str, Any]:
    """Return a Bloom filter of names (Bloom 1970): each sets `HASHES` bits, so none of them is ever taken for new."""
    bits = np.zeros(-(-len(names) * BITS_PER_NAME // 8) * 8, dtype=bool)
    first, second = (hashes(names, base).astype(np.uint64) for base in FNV_BASES)
    for index in range(HASHES):
        bits[(first + np.uint64(index) * (second | np.uint64(1))) % np.uint64(len(bits))] = True
    return {
        "bits": pack(np.packbits(bits)),
        "hashes": HASHES,
        "bases": list(FNV_BASES),
        "names": len(names),
        "error": (1 - math.exp(-HASHES * len(names) / len(bits))) ** HASHES,
    }


def hashes(names: Sequence[str], base: int) -> Words:
    """Return FNV-1a of each name's UTF-8 bytes `(n,)`, its bits mixed as in MurmurHash3."""
    encoded = [name.encode() for name in names]
    lengths = np.array([len(name) for name in encoded])
    order = np.argsort(-lengths, kind="stable")  # longest first: the names that still have bytes are a slice
    text, lengths = np.frombuffer(b"".join(encoded[row] for row in order), np.uint8), lengths[order]
    starts, values = np.cumsum(lengths) - lengths, np.full(len(names), base, np.uint32)
    for position in range(lengths[0] if len(lengths) else 0):
        active = int(np.searchsorted(-lengths, -position, side="left"))
        values[:active] = (values[:active] ^ text[starts[:active] + position]) * np.uint32(FNV_PRIME)
    result = np.empty_like(values)
    result[order] = _mix(values)
    return result


def _mix(values: Words) -> Words:
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return np.asarray(values ^ (values >> np.uint32(16)))
