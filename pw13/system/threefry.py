"""Threefry-2x32-20, a counter-based random generator: a draw is a function of key and counter alone.

Draws need no order, so a name can have a stream of its own however many are sampled at once. Salmon, Moraes, Dror and
Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). `pw13/explore/` has the same generator in JavaScript.
"""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

ROUNDS = 20
ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)  # bits
PARITY = 0x1BD11BDA
WORD = 0xFFFFFFFF


def threefry2x32(key: tuple[int, int], first: Words, second: Words) -> tuple[Words, Words]:
    """Return the two random words `(n,)` uint32 of the counters (first, second), each `(n,)` uint32."""
    schedule = (*key, PARITY ^ key[0] ^ key[1])
    first, second = first + np.uint32(key[0]), second + np.uint32(key[1])
    for index in range(ROUNDS):
        rotation = ROTATIONS[index % len(ROTATIONS)]
        first += second
        second = (second << np.uint32(rotation)) | (second >> np.uint32(32 - rotation))
        second ^= first
        if index % 4 == 3:  # the key is injected after every fourth round
            count = index // 4 + 1
            first += np.uint32(schedule[count % 3])
            second += np.uint32(schedule[(count + 1) % 3] + count & WORD)
    return first, second


def uniforms(seed: int, streams: npt.NDArray[np.int64], draw: int) -> npt.NDArray[np.float64]:
    """Return draw number `draw` of each stream `(n,)`: `(n,)` float64, uniform in [0, 1), with 53 random bits.

    seed, streams and draw are at least 0; the seed below 2^64, the others below 2^32.
    """
    counters = streams.astype(np.uint32)
    key = (seed & WORD, seed >> 32)
    first, second = threefry2x32(key, counters, np.full_like(counters, draw))
    return ((first >> np.uint32(5)) * 2.0**26 + (second >> np.uint32(6))) * 2.0**-53
