"""Rows in the order in which a snapshot has them: by value, then number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bot.index.hashes import WORDS, Numbers, Words

Starts = npt.NDArray[np.uint32]


def order_of(words: Words, rows: Numbers) -> Numbers:
    """Return the places of rows sorted by value, then number.

    `words`: uint64 (n, 4); `rows` and what is returned: int64 (n,).
    """
    order = np.argsort(words[:, 0])
    first = words[order, 0]
    tied = np.zeros(len(order) + 1, dtype=bool)
    tied[1:-1] = first[1:] == first[:-1]
    held = np.flatnonzero(tied[1:] | tied[:-1])
    among = order[held]
    order[held] = among[np.lexsort((rows[among], *(words[among, i] for i in reversed(range(WORDS)))))]
    return order


def sorted_rows(words: Words, entries: Numbers, rows: Numbers) -> tuple[Words, Starts, Numbers, Numbers]:
    """Sort rows by value, then number; return different values, where the rows of each begin, entries and rows.

    `words`: uint64 (n, 4); `entries` and `rows`: int64 (n,). Starts are uint32 (m,), one more than values.
    """
    order = order_of(words, rows)
    words = words[order]
    new = np.ones(len(words), dtype=bool)
    new[1:] = (words[1:] != words[:-1]).any(axis=1)
    starts = np.append(np.flatnonzero(new), len(words)).astype(np.uint32)
    return words if new.all() else words[new], starts, entries[order], rows[order]


def narrow(numbers: Numbers) -> np.dtype[Any]:
    """Return the type in which numbers take half the room, if they fit.

    `numbers`: int64 (n,).
    """
    return np.dtype("<u4" if not len(numbers) or int(numbers.max()) < 2**32 else "<i8")
