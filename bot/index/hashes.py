"""Hashes as words of 64 bits, the first word the most significant, so that they sort as hex text does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SIZE = 32  # bytes of a hash
WORDS = 4  # of 64 bits

Words = npt.NDArray[np.uint64]  # n x 4
Numbers = npt.NDArray[np.int64]
LOW = np.uint32(0x00FF00FF)


def to_words(values: Sequence[bytes]) -> Words:
    """Return n hashes of 32 bytes as n rows of four words. Raises ValueError for another length.

    uint64 (n, 4), the most significant word first.
    """
    joined = b"".join(values)
    if len(joined) != SIZE * len(values) or set(map(len, values)) - {SIZE}:
        raise ValueError("every hash has 32 bytes")
    return np.frombuffer(joined, dtype=">u8").reshape(-1, WORDS).astype(np.uint64)


def differing(rows: Words, queries: Words) -> npt.NDArray[np.uint32]:
    """Return the distances in bits of n rows to n queries; `rows` is written over.

    From two of uint64 (n, 4) to uint32 (n,), 0-256.
    """
    rows ^= queries
    counts = np.bitwise_count(rows).view(np.uint32).ravel()  # four counts of at most 64 in a word
    pairs = (counts & LOW) + ((counts >> np.uint32(8)) & LOW)
    distances: npt.NDArray[np.uint32] = (pairs & np.uint32(0xFFFF)) + (pairs >> np.uint32(16))
    return distances
