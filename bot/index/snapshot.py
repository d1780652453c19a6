"""A search index in a file: read-only, mapped, shared by every process that opens it, and never trusted.

The file is derived from the database and can be deleted at any time. It is written beside its place, flushed and moved
there, so that a cut leaves the old one. Whoever opens it compares version, size and every checksum first; what does not
fit is not used. It says up to which change of the database it was built.

    magic | length and CRC-32 of the header | header (JSON) | sections, each from a multiple of 4,096 bytes
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from bot.errors import SnapshotError
from bot.index.bands import Band, Bands, bands_of, layout_for
from bot.index.words import WORDS, Numbers, Words

MAGIC = b"GWINDEX\x01"
PAGE = 4096
HEADER = 8 * PAGE
BLOCK = 64 << 20  # bytes that get a checksum of their own
READERS = 2  # threads that check a large file
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
        """Sort rows into a snapshot that lies in memory."""
        words, starts, entries, rows = _sorted(words, entries, rows)
        return cls(stamp, Bands.build(words), starts, _narrow(entries), _narrow(rows))

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """Map a file. Raises SnapshotError if there is none, or if it is not whole and of this version."""
        try:
            with path.open("rb") as file:
                header = _header(file, path)
                size = os.fstat(file.fileno()).st_size
                if size != header["size"]:
                    raise SnapshotError(f"{path} has {size} bytes and should have {header['size']}")
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise SnapshotError(f"{path} cannot be read: {error.strerror}") from None
        try:
            _check(mapped, header["sections"], path)
            parts = {name: _section(mapped, place) for name, place in header["sections"].items()}
            layout = tuple((int(bits), int(reach)) for bits, reach in header["layout"])
            bands = tuple(Band(parts[f"starts{i}"], parts[f"order{i}"]) for i in range(len(layout)))
            words = parts["words"].reshape(-1, WORDS)
            return cls(_stamp(header), Bands(words, layout, bands), parts["starts"], parts["entries"], parts["rows"])
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"{path} does not hold what its header says ({error!r})") from None

    def search(self, queries: Words, radius: int, *, threads: int = 1) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return (query numbers, entries, rows, distances) of every pair within the radius."""
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


def write(path: Path, stamp: Stamp, words: Words, entries: Numbers, rows: Numbers) -> None:
    """Sort rows and write them as a snapshot, readable by its owner alone. Raises SnapshotError if the disk refuses."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    words, starts, entries, rows = _sorted(words, entries, rows)
    layout = layout_for(len(words))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            sections = {}
            for name, part in _parts(words, starts, _narrow(entries), _narrow(rows), layout):
                sections[name] = _append(file, part)
            size = file.tell()
            _put_header(file, stamp, sections, layout, size)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}; searching goes on without it") from None
    finally:
        with suppress(OSError):
            new.unlink()


def _sorted(words: Words, entries: Numbers, rows: Numbers) -> tuple[Words, npt.NDArray[np.uint32], Numbers, Numbers]:
    """Sort rows by value, then number; return different values, where the rows of each begin, entries and rows."""
    order = np.argsort(words[:, 0])
    first = words[order, 0]
    tied = np.zeros(len(order) + 1, dtype=bool)
    tied[1:-1] = first[1:] == first[:-1]
    held = np.flatnonzero(tied[1:] | tied[:-1])
    among = order[held]
    order[held] = among[np.lexsort((rows[among], *(words[among, i] for i in reversed(range(WORDS)))))]
    words = words[order]
    new = np.ones(len(words), dtype=bool)
    new[1:] = (words[1:] != words[:-1]).any(axis=1)
    starts = np.append(np.flatnonzero(new), len(words)).astype(np.uint32)
    return words if new.all() else words[new], starts, entries[order], rows[order]


def _narrow(numbers: Numbers) -> Anything:
    """Return numbers in half the room if they fit."""
    return numbers.astype(np.uint32) if not len(numbers) or int(numbers.max()) < 2**32 else numbers


def _parts(
    words: Words, starts: Anything, entries: Anything, rows: Anything, layout: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, Anything]]:
    yield from (("words", words), ("starts", starts), ("entries", entries), ("rows", rows))
    for number, band in enumerate(bands_of(words, layout)):
        yield f"starts{number}", band.starts
        yield f"order{number}", band.order


def _append(file: BinaryIO, part: Anything) -> dict[str, Any]:
    at = max(HEADER, -(-file.tell() // PAGE) * PAGE)
    file.seek(at)
    data = np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
    file.write(data)
    return {"type": part.dtype.str, "count": part.size, "at": at, "checks": list(_checks(data))}


def _checks(data: memoryview | mmap.mmap, at: int = 0, end: int | None = None) -> Iterable[int]:
    with memoryview(data) as view:
        stop = len(view) if end is None else end
        return [zlib.crc32(view[start : min(stop, start + BLOCK)]) for start in range(at, stop, BLOCK)]


def _put_header(
    file: BinaryIO, stamp: Stamp, sections: dict[str, Any], layout: tuple[tuple[int, int], ...], size: int
) -> None:
    text = json.dumps(
        {
            "kind": stamp.kind,
            "gate": stamp.gate,
            "seq": stamp.seq,
            "anchors": [[anchor.seq, anchor.mark] for anchor in stamp.anchors],
            "rows": stamp.rows,
            "layout": layout,
            "sections": sections,
            "size": size,
        }
    ).encode()
    assert len(text) <= HEADER - 16, "the header has room"
    file.seek(0)
    file.write(MAGIC + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text)


def _header(file: BinaryIO, path: Path) -> dict[str, Any]:
    head = file.read(16)
    text = file.read(min(HEADER, int.from_bytes(head[8:12], "little")))
    if head[:8] != MAGIC:
        raise SnapshotError(f"{path} is not a search index of this version")
    if zlib.crc32(text) != int.from_bytes(head[12:16], "little"):
        raise SnapshotError(f"the header of {path} is damaged")
    header: dict[str, Any] = json.loads(text)
    return header


def _stamp(header: dict[str, Any]) -> Stamp:
    return Stamp(
        kind=str(header["kind"]),
        gate=int(header["gate"]),
        seq=int(header["seq"]),
        anchors=tuple(Anchor(int(seq), str(mark)) for seq, mark in header["anchors"]),
        rows=int(header["rows"]),
    )


def _section(mapped: mmap.mmap, place: dict[str, Any]) -> Anything:
    return np.frombuffer(mapped, dtype=np.dtype(place["type"]), count=place["count"], offset=place["at"])


def _check(mapped: mmap.mmap, sections: dict[str, Any], path: Path) -> None:
    """Raise SnapshotError unless every block has its checksum."""

    def sound(place: dict[str, Any]) -> bool:
        end = place["at"] + place["count"] * np.dtype(place["type"]).itemsize
        return bool(_checks(mapped, place["at"], end) == place["checks"])

    with ThreadPoolExecutor(READERS) as pool:
        if not all(pool.map(sound, sections.values())):
            raise SnapshotError(f"{path} is damaged")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
