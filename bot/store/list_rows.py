"""A row of a list as it is kept: packed, what tells it from others, and the 48 bits by which it is looked up. Pure."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.model import Opinion, Signal

PACKED, PDQ, PHASH, MD5, SHA256 = 0, 1, 2, 3, 4
EARLIER, HOLLOW = 8, 9  # a digest instead of hashes: of a row of an earlier version, and of one whose hashes are gone
BARE = (EARLIER, HOLLOW)
CODES = {"pdq": (PDQ, b"pdq:"), "phash": (PHASH, b"phash:")}
NAMES = {code: name for name, (code, _) in CODES.items()}
HASH = 6  # bytes
NONE: tuple[bytes, ...] = ()
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


class Prepared(NamedTuple):
    """A row as it is kept. `hash` looks it up; `digests` look up the files of a row that is not told by its one."""

    row: Listed
    ident: bytes
    hash: bytes
    type: int
    value: bytes
    quality: int
    digests: tuple[bytes, ...]


def prepared(row: Listed, number: int) -> Prepared:
    """Return a row of the list of that number, ready to be kept."""
    name, signals, files, *_ = row
    if len(signals) == 1 and not files and not signals[0].t:
        signal = signals[0]
        value, quality, digests = signal.value, signal.quality, NONE
        kind, prefix = CODES[signal.type]
        ident = prefix + value
    else:
        kind, value, quality = _packed(row)
        ident = content(signals, files)
        digests = tuple(hash_of(digest.encode()) for pair in files for digest in pair if digest)
    if name is not None:
        ident = b"%d\0%s" % (number, name.encode("utf-8", "surrogatepass"))
    first = blake2b(ident, digest_size=HASH).digest()
    if digests:
        digests = tuple(one for one in digests if one != first)
    return Prepared(row, ident, first, kind, value, quality, digests)


def hash_of(ident: bytes) -> bytes:
    """Return the 48 bits by which something is looked up; whoever finds a row compares all of it."""
    return blake2b(ident, digest_size=HASH).digest()


def numbers_of(hashes: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Return hashes as numbers, int64 (n,)."""
    wide = np.zeros((len(hashes), 8), dtype=np.uint8)
    wide[:, 8 - HASH :] = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, HASH)
    return wide.view(">i8").ravel().astype(np.int64)


def content(signals: tuple[Signal, ...], files: Files) -> bytes:
    """Return what tells a row without an id of its own: its hashes, whatever their order. Of one file, its digest."""
    values = sorted(signal.type.encode() + b":" + signal.value for signal in signals)
    return b"".join([*values, *("".join(pair).encode() for pair in files)])


def earlier_key(row: Listed, source: str) -> bytes:
    """Return the digest by which a row is known whose hashes are not kept, as an earlier version kept it of each."""
    told = content(row.signals, row.files) if row.id is None else json.dumps([source, row.id]).encode()
    return blake2b(told, digest_size=20).digest()


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
    parts = [_SIGNAL.pack(CODES[signal.type][0], signal.quality, signal.t, signal.value) for signal in row.signals]
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
