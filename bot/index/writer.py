"""Writes a snapshot: beside its place, flushed, and moved there. What it is made of need not fit into memory."""

from __future__ import annotations

import json
import mmap
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from bot.errors import SnapshotError
from bot.index.bands import bands_of, layout_for
from bot.index.hashes import WORDS, Numbers, Words
from bot.index.order import narrow, order_of
from bot.index.snapshot import HEADER, MAGIC, PAGE, Stamp, checks_of

CHUNK = 1 << 18  # rows put in order at a time
Anything = npt.NDArray[Any]
Layout = tuple[tuple[int, int], ...]


def write(path: Path, stamp: Stamp, words: Words, entries: Numbers, rows: Numbers) -> None:
    """Sort rows and write them as a snapshot, readable by its owner alone. Raises SnapshotError if the disk refuses.

    `words`: uint64 (n, 4); `entries` and `rows`: int64 (n,), from 0. They may be mapped: only what orders them is held
    in memory.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as file:
            os.fchmod(file.fileno(), 0o600)  # whatever the umask is
            sections, layout = _put_sections(file, words, entries, rows)
            size = file.tell()
            _put_header(file, stamp, sections, layout, size)
            file.flush()
            os.fsync(file.fileno())
        _clear(path)
        new.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}; searching goes on without it") from None
    finally:
        with suppress(OSError):
            new.unlink()


def _put_sections(
    file: BinaryIO, words: Words, entries: Numbers, rows: Numbers
) -> tuple[dict[str, dict[str, Any]], Layout]:
    """Write all sections; return where they are, and the layout of the bands."""
    order = order_of(words, rows)
    new = np.ones(len(order), dtype=bool)
    sections = {"words": _append_all(file, _different(words, order, new), np.dtype("<u8"))}
    sections["starts"] = _append(file, np.append(np.flatnonzero(new), len(order)).astype(np.uint32))
    for name, numbers in (("entries", entries), ("rows", rows)):
        kind = narrow(numbers)
        parts = (numbers[order[at : at + CHUNK]].astype(kind) for at in range(0, len(order), CHUNK))
        sections[name] = _append_all(file, parts, kind)
    del order, new
    held = _mapped(file, sections["words"])
    layout = layout_for(len(held))
    for number, band in enumerate(bands_of(held, layout)):
        sections[f"starts{number}"] = _append(file, band.starts)
        sections[f"order{number}"] = _append(file, band.order)
    return sections, layout


def _different(words: Words, order: Numbers, new: npt.NDArray[np.bool_]) -> Iterator[Words]:
    """Yield the different hashes in order, many at a time, and note in `new` which rows begin one.

    `words`: uint64 (n, 4); `order`: int64 (n,); `new`: bool (n,), all true.
    """
    last = None
    for start in range(0, len(order), CHUNK):
        part = words[order[start : start + CHUNK]]
        first = new[start : start + len(part)]
        first[1:] = (part[1:] != part[:-1]).any(axis=1)
        first[0] = last is None or bool((part[0] != last).any())
        last = part[-1]
        yield part[first]


def _mapped(file: BinaryIO, place: dict[str, Any]) -> Words:
    """Return the hashes that were written: uint64 (n, 4)."""
    if not place["count"]:
        return np.zeros((0, WORDS), dtype=np.uint64)
    file.flush()
    held: Words = np.memmap(file, dtype="<u8", mode="r", offset=place["at"], shape=(place["count"] // WORDS, WORDS))
    file.seek(0, os.SEEK_END)
    return held


def _append(file: BinaryIO, part: Anything) -> dict[str, Any]:
    at = max(HEADER, -(-file.tell() // PAGE) * PAGE)
    file.seek(at)
    data = np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
    file.write(data)
    return {"type": part.dtype.str, "count": part.size, "at": at, "checks": list(checks_of(data))}


def _append_all(file: BinaryIO, parts: Iterable[Anything], kind: np.dtype[Any]) -> dict[str, Any]:
    """Write a section part by part."""
    at = max(HEADER, -(-file.tell() // PAGE) * PAGE)
    file.seek(at)
    for part in parts:
        file.write(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    end = file.tell()
    file.flush()
    checks: list[int] = []
    if end > at:
        with mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) as held:
            checks = list(checks_of(held, at, end))
    return {"type": kind.str, "count": (end - at) // kind.itemsize, "at": at, "checks": checks}


def _clear(path: Path) -> None:
    """Put aside what stands in the place of a file and cannot be replaced by one. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        try:
            path.rmdir()
        except OSError:
            path.rename(path.with_name(f"{path.name}.aside-{secrets.token_hex(4)}"))


def _put_header(file: BinaryIO, stamp: Stamp, sections: dict[str, Any], layout: Layout, size: int) -> None:
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


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
