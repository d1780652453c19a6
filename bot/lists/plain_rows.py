"""Rows that are an id and a PDQ and nothing else, thousands at a time: what the longest lists consist of."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from bot.lists.record import MAX_BITS, MIN_BITS

SIZE = 32  # bytes of a PDQ
_OBJECT = re.compile(rb'^\{"id": ?"([!#-\[\]-~]{1,100})", ?"pdq": ?"([0-9a-fA-F]{64})"\}\r?$', re.MULTILINE)
_HEX = re.compile(rb"^([0-9a-fA-F]{64})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Plain:
    """So many rows: the list's own names of them, none if it has none, and their PDQ. No name stands here twice.

    `unnamed`: nobody says that they are PDQ.
    """

    ids: tuple[str, ...] | None
    values: tuple[bytes, ...]
    unnamed: bool = False

    @property
    def count(self) -> int:
        """How many rows these are."""
        return len(self.values)


def plain_rows(block: bytes, how: str) -> Plain | None:
    """Return the rows of a block of whole lines if all of them are such, else None: then they are read one by one.

    `how`: ndjson or hex. No line of it may be blank.
    """
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if how == "hex":
        digits = _HEX.findall(block)
        names: tuple[str, ...] | None = None
    else:
        found = _OBJECT.findall(block)
        if len(found) != lines:
            return None
        ids, digits = [one[0] for one in found], [one[1] for one in found]
        if b"E+" in block or b"e+" in block:  # an id that a spreadsheet rounded
            return None
        names = tuple(b"\n".join(ids).decode("ascii").split("\n"))
    if len(digits) != lines or len(set(digits if names is None else names)) != lines:
        return None
    raw = bytes.fromhex(b"".join(digits).decode("ascii"))
    bits = np.bitwise_count(np.frombuffer(raw, dtype=np.uint64).reshape(lines, SIZE // 8)).sum(axis=1)
    if bits.min() < MIN_BITS or bits.max() > MAX_BITS:
        return None
    return Plain(names, tuple([raw[at : at + SIZE] for at in range(0, len(raw), SIZE)]), unnamed=how == "hex")
