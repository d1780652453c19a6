"""Ways in which a file gets damaged: on a bad line, on a bad disk, or by somebody who means it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

HEADER = 256  # bytes in which most of a file's structure is said
MARKS = (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x01", b"\xff\xfe")
BOXES = (b"moov", b"stts", b"stsz", b"stco", b"stsc", b"ctts", b"elst", b"fcTL", b"acTL", b"ANMF", b"VP8X", b"iloc")


def flips(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Change a few bits anywhere."""
    for _ in range(rng.choice((1, 4, 32, 256))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def header(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Put extreme numbers where sizes and counts stand."""
    for _ in range(rng.randint(1, 4)):
        mark = rng.choice(MARKS)
        place = rng.randrange(min(HEADER, len(data)))
        data[place : place + len(mark)] = mark
    return data


def boxes(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Put extreme numbers behind the name of an index or a frame's header."""
    there = [name for name in BOXES if name in data]
    if not there:
        return header(rng, data, others)
    place = data.index(rng.choice(there)) + rng.randrange(-4, 40)
    mark = rng.choice(MARKS)
    data[max(0, place) : max(0, place) + len(mark)] = mark
    return data


def cut(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Drop the end."""
    return data[: rng.randrange(1, len(data) + 1)]


def hole(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Drop a part of the middle."""
    place = rng.randrange(len(data))
    del data[place : place + rng.randint(1, max(1, len(data) // 8))]
    return data or bytearray(b"\0")


def insert(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Put noise in."""
    place = rng.randrange(len(data) + 1)
    data[place:place] = rng.randbytes(rng.choice((1, 16, 4096)))
    return data


def splice(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Go on with another file."""
    other = rng.choice(others)
    return data[: rng.randrange(1, len(data) + 1)] + other[rng.randrange(len(other)) :]


def repeat(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    """Say a part again."""
    place = rng.randrange(len(data))
    part = bytes(data[place : place + rng.randint(1, 4096)])
    data[place:place] = part * rng.choice((1, 2, 20))
    return data


KINDS: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], bytearray], ...] = (
    flips,
    header,
    boxes,
    cut,
    hole,
    insert,
    splice,
    repeat,
)


def mutated(files: Sequence[bytes], seed: int, number: int) -> tuple[int, bytes]:
    """Return damaged file `number`: which file it was made of, and its bytes."""
    rng = random.Random(seed * 1_000_003 + number)
    which = number % len(files)
    data = bytearray(files[which])
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(KINDS)(rng, data, files)
    return which, bytes(data)
