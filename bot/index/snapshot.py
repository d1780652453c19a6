"""A search index in a file: read-only, shared by every process that opens it if it is large, and never trusted.

The file is derived from the database and can be deleted at any time. It is written beside its place, flushed and moved
there, so that a cut leaves the old one. Whoever opens it compares version, size and every checksum first; what does not
fit is not used, whatever is wrong with it. It says up to which change of the database it was built. A large file is
mapped; one below `MAPPED` bytes is read, so that nothing that happens to it afterwards reaches this process.

    magic | length and CRC-32 of the header | header (JSON) | sections, each from a multiple of 4,096 bytes
"""

from __future__ import annotations

import json
import mmap
import os
import stat
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from bot.errors import SnapshotError
from bot.index.bands import Band, Bands, layout_for
from bot.index.hashes import WORDS, Numbers, Words
from bot.index.order import narrow, sorted_rows

MAGIC = b"GWINDEX\x01"
PAGE = 4096
HEADER = 8 * PAGE
BLOCK = 64 << 20  # bytes that get a checksum of their own
CHUNK = 1 << 18  # rows put in order at a time
READERS = 2  # threads that check a large file
MAPPED = 512 << 20  # bytes from which a file is mapped
TYPES = ("<u8", "<u4", "<i8")
MAX_BANDS = 32
LARGEST = 2**62  # of any number in a header
Anything = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One numbered change of the database and the random label of what changed, to tell the database from another."""

    seq: int
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a snapshot was built from."""

    kind: str  # type of the signals
    gate: int  # least quality of a signal that is in it
    seq: int  # every change up to this one is in it
    anchors: tuple[Anchor, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows sorted by value. Equal values are searched once: row `starts[i]` and on have the i-th value."""

    stamp: Stamp
    bands: Bands
    starts: npt.NDArray[np.uint32]
    entries: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint32]

    @classmethod
    def build(cls, stamp: Stamp, words: Words, entries: Numbers, rows: Numbers) -> Snapshot:
        """Sort rows into a snapshot that lies in memory.

        `words`: uint64 (n, 4); `entries` and `rows`: int64 (n,), from 0.
        """
        words, starts, entries, rows = sorted_rows(words, entries, rows)
        return cls(stamp, Bands.build(words), starts, entries.astype(narrow(entries)), rows.astype(narrow(rows)))

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """Map a file. Raises SnapshotError if there is none, or if it is not whole and of this version."""
        try:
            header, held = _read(path)
            _check(held, header["sections"], path)
            parts = {name: _section(held, place) for name, place in header["sections"].items()}
            layout = tuple((int(bits), int(reach)) for bits, reach in header["layout"])
            bands = tuple(Band(parts[f"starts{i}"], parts[f"order{i}"]) for i in range(len(layout)))
            words = parts["words"].reshape(-1, WORDS)
            found = cls(_stamp(header), Bands(words, layout, bands), parts["starts"], parts["entries"], parts["rows"])
            found._agree(path)
        except OSError as error:
            raise SnapshotError(f"{path} cannot be read: {error.strerror}") from None
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
            raise SnapshotError(f"{path} does not hold what its header says ({type(error).__name__})") from None
        return found

    def _agree(self, path: Path) -> None:
        """Raise SnapshotError unless the parts fit together, so that no search can go beyond them."""
        values, rows = len(self.bands.words), len(self.rows)
        starts = [self.starts, *(band.starts for band in self.bands.bands)]
        ends = [rows, *(values for _ in self.bands.bands)]
        sizes = [values + 1, *((1 << bits) + 1 for bits, _ in self.bands.layout)]
        fits = (
            self.stamp.rows == rows == len(self.entries)
            and self.bands.layout == layout_for(values)
            and all(len(band.order) == values for band in self.bands.bands)
            and all(_rises(one, size, end) for one, size, end in zip(starts, sizes, ends, strict=True))
            and all(not values or int(band.order.max()) < values for band in self.bands.bands)
        )
        if not fits:
            raise SnapshotError(f"{path} does not hold what its header says")

    def search(self, queries: Words, radius: int, *, threads: int = 1) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return (query numbers, entries, rows, distances) of every pair within the radius.

        `queries`: uint64 (q, 4). Returned are four columns, int64 (m,) each; distances in bits, 0-256.
        """
        which, places, bits = self.bands.search(queries, radius, threads=threads)
        first = self.starts[places].astype(np.int64)
        counts = self.starts[places + 1] - first
        shift = np.cumsum(counts) - counts
        at = np.repeat(first - shift, counts) + np.arange(int(counts.sum()))
        return (
            np.repeat(which, counts),
            self.entries[at].astype(np.int64),
            self.rows[at].astype(np.int64),
            np.repeat(bits, counts),
        )

    def __len__(self) -> int:
        return len(self.rows)


def _read(path: Path) -> tuple[dict[str, Any], bytes | mmap.mmap]:
    """Return a file's header and all of it, read or mapped. Raises SnapshotError, OSError and what a lie leads to."""
    # neither through a link nor waiting for who writes into a pipe
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise SnapshotError(f"{path} is no file")
        if about.st_uid != os.geteuid() or about.st_mode & 0o022:
            raise SnapshotError(f"{path} can be written by others")
        if about.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        header = _header(file, path)
        if type(header["size"]) is not int or about.st_size != header["size"]:
            raise SnapshotError(f"{path} has {about.st_size} bytes and should have another number of them")
        if about.st_size >= MAPPED:
            return header, mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        file.seek(0)
        held = file.read(about.st_size)
        if len(held) != about.st_size:
            raise SnapshotError(f"{path} became shorter while it was read")
        return header, held


def checks_of(data: memoryview | mmap.mmap | bytes, at: int = 0, end: int | None = None) -> Iterable[int]:
    with memoryview(data) as view:
        stop = len(view) if end is None else end
        return [zlib.crc32(view[start : min(stop, start + BLOCK)]) for start in range(at, stop, BLOCK)]


def _header(file: BinaryIO, path: Path) -> dict[str, Any]:
    head = file.read(16)
    text = file.read(min(HEADER, int.from_bytes(head[8:12], "little")))
    if head[:8] != MAGIC:
        raise SnapshotError(f"{path} is not a search index of this version")
    if zlib.crc32(text) != int.from_bytes(head[12:16], "little"):
        raise SnapshotError(f"the header of {path} is damaged")
    header = json.loads(text)
    if type(header) is not dict or type(header.get("sections")) is not dict:
        raise SnapshotError(f"the header of {path} is of another kind")
    if type(header.get("layout")) is not list or len(header["layout"]) > MAX_BANDS:
        raise SnapshotError(f"the header of {path} is of another kind")
    return header


def _rises(starts: Anything, size: int, end: int) -> bool:
    """Return whether so many numbers rise from 0 to `end`."""
    return len(starts) == size and starts[0] == 0 and starts[-1] == end and bool((starts[1:] >= starts[:-1]).all())


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < LARGEST:
        raise ValueError("no number, or one that cannot be")
    return value


def _stamp(header: dict[str, Any]) -> Stamp:
    return Stamp(
        kind=str(header["kind"]),
        gate=_number(header["gate"]),
        seq=_number(header["seq"]),
        anchors=tuple(Anchor(_number(seq), str(mark)) for seq, mark in header["anchors"]),
        rows=_number(header["rows"]),
    )


def _type(place: dict[str, Any]) -> np.dtype[Any]:
    if place["type"] not in TYPES:
        raise ValueError("another type of numbers")
    kind: np.dtype[Any] = np.dtype(place["type"])
    return kind


def _section(held: bytes | mmap.mmap, place: dict[str, Any]) -> Anything:
    return np.frombuffer(held, dtype=_type(place), count=_number(place["count"]), offset=_number(place["at"]))


def _check(held: bytes | mmap.mmap, sections: dict[str, Any], path: Path) -> None:
    """Raise SnapshotError unless every block has its checksum."""

    def sound(place: dict[str, Any]) -> bool:
        at, end = _number(place["at"]), _number(place["at"]) + _number(place["count"]) * _type(place).itemsize
        return end <= len(held) and bool(checks_of(held, at, end) == place["checks"])

    with ThreadPoolExecutor(READERS) as pool:
        if not all(pool.map(sound, sections.values())):
            raise SnapshotError(f"{path} is damaged")
