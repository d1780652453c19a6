"""A row of a list as it is kept: packed, what tells it from others, and the 48 bits by which it is looked up. Pure."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.model import Opinion, Signal

PACKED, PDQ, PHASH, MD5, SHA256 = 0, 1, 2, 3, 4
EARLIER, HOLLOW = 8, 9  # a digest instead of hashes: of a row of an earlier version, and of one whose hashes are gone
BARE = (EARLIER, HOLLOW)
CODES = {"pdq": PDQ, "phash": PHASH}
NAMES = {code: name for name, code in CODES.items()}
_SIGNAL = struct.Struct("<BBd32s")
_PAIR = 5  # of a packed row: SHA-256 and MD5 of one file, each of which may be missing
_FILE = struct.Struct("<BBB32s16s")

Files = tuple[tuple[str, str], ...]


class Listed(NamedTuple):
    """One row, a tuple, for there are millions. `id` is the list's own name for it; else its hashes tell it."""

    id: str | None = None
    signals: tuple[Signal, ...] = ()
    files: Files = ()  # (SHA-256, MD5), one of each may be empty
    withdrawn: bool = False
    opinions: tuple[tuple[str, Opinion], ...] = ()  # who says it, what


@dataclass(slots=True)
class Prepared:
    """A row as it is kept. `hash` looks it up; `digests` look up the files of a row that is not told by its one."""

    row: Listed
    ident: bytes
    hash: int
    type: int
    value: bytes
    quality: int
    digests: tuple[int, ...]

    @property
    def span(self) -> int:
        """How many numbers it takes: one a signal, and one at least."""
        return max(1, len(self.row.signals))


def prepared(row: Listed, number: int) -> Prepared:
    """Return a row of the list of that number, ready to be kept."""
    if len(row.signals) == 1 and not row.files and not row.signals[0].t and row.signals[0].type in CODES:
        signal = row.signals[0]
        kind, value, quality = CODES[signal.type], signal.value, signal.quality
        ident = signal.type.encode() + b":" + signal.value
        digests: tuple[int, ...] = ()
    else:
        kind, value, quality = _packed(row)
        ident = content(row.signals, row.files)
        digests = tuple(hash_of(digest.encode()) for pair in row.files for digest in pair if digest)
    if row.id is not None:
        ident = b"%d\0%s" % (number, row.id.encode("utf-8", "surrogatepass"))
    first = hash_of(ident)
    return Prepared(row, ident, first, kind, value, quality, tuple(one for one in digests if one != first))


def hash_of(ident: bytes) -> int:
    """Return the 48 bits by which something is looked up; whoever finds a row compares all of it."""
    return int.from_bytes(hashlib.blake2b(ident, digest_size=6).digest())


def hashes_of(idents: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Return `hash_of` of each, int64 (n,)."""
    digests = b"".join([hashlib.blake2b(ident, digest_size=6).digest() for ident in idents])
    wide = np.zeros((len(idents), 8), dtype=np.uint8)
    wide[:, 2:] = np.frombuffer(digests, dtype=np.uint8).reshape(len(idents), 6)
    return wide.view(">i8").reshape(len(idents)).astype(np.int64)


def content(signals: tuple[Signal, ...], files: Files) -> bytes:
    """Return what tells a row without an id of its own: its hashes, whatever their order. Of one file, its digest."""
    values = sorted(signal.type.encode() + b":" + signal.value for signal in signals)
    return b"".join([*values, *("".join(pair).encode() for pair in files)])


def earlier_key(row: Listed, source: str) -> bytes:
    """Return the digest by which a row is known whose hashes are not kept, as an earlier version kept it of each."""
    told = content(row.signals, row.files) if row.id is None else json.dumps([source, row.id]).encode()
    return hashlib.blake2b(told, digest_size=20).digest()


def unpacked(kind: int, value: bytes, quality: int) -> tuple[tuple[Signal, ...], Files]:
    """Return the signals and files of a row that is kept; none of one that is hollow."""
    if kind in NAMES:
        return (Signal(type=NAMES[kind], value=value, quality=quality, t=0.0),), ()
    if kind == MD5:
        return (), (("", value.hex()),)
    if kind == SHA256:
        return (), ((value.hex(), ""),)
    if kind in BARE:
        return (), ()
    signals: list[Signal] = []
    files: list[tuple[str, str]] = []
    for part in _parts(value):
        if isinstance(part, Signal):
            signals.append(part)
        else:
            files.append(part)
    return tuple(signals), tuple(files)


def _packed(row: Listed) -> tuple[int, bytes, int]:
    if not row.signals and len(row.files) == 1 and not all(row.files[0]):
        sha256, md5 = row.files[0]
        return (SHA256, bytes.fromhex(sha256), 0) if sha256 else (MD5, bytes.fromhex(md5), 0)
    parts = [_SIGNAL.pack(CODES[signal.type], signal.quality, signal.t, signal.value) for signal in row.signals]
    parts += [
        _FILE.pack(_PAIR, bool(sha256), bool(md5), bytes.fromhex(sha256), bytes.fromhex(md5))
        for sha256, md5 in row.files
    ]
    return PACKED, b"".join(parts), max((signal.quality for signal in row.signals), default=0)


def _parts(value: bytes) -> Iterator[Signal | tuple[str, str]]:
    at = 0
    while at < len(value):
        if value[at] == _PAIR:
            _, has_sha256, has_md5, sha256, md5 = _FILE.unpack_from(value, at)
            yield (sha256.hex() if has_sha256 else "", md5.hex() if has_md5 else "")
            at += _FILE.size
        else:
            code, quality, t, hash_ = _SIGNAL.unpack_from(value, at)
            yield Signal(type=NAMES[code], value=hash_, quality=quality, t=t)
            at += _SIGNAL.size
