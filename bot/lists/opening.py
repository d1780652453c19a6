"""Bytes of a list into text, whatever encodes them, and text into lines. Nothing larger than a block is held."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from bot.errors import UsageError

BLOCK = 2**20  # bytes read at once
HEAD = 4_096  # bytes by which the encoding is told
LINE = 2**20  # characters of a line of text
MOST_PER_BYTE = 300  # characters that a compressed byte may become, beyond FREE: more is a bomb
FREE = 256 * 2**20
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet; unpack it, or save the sheet as CSV, and give that"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xfd7zXZ\x00", "compressed by xz; unpack it first (gzip is read as it is)"),
    (b"BZh", "compressed by bzip2; unpack it first (gzip is read as it is)"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first (gzip is read as it is)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"SQLite format 3\x00", "a database; export its rows as CSV or NDJSON first"),
    (b"%PDF", "a PDF; a list is text"),
    (b"\x89PNG", "a picture; a list is text"),
    (b"\xff\xd8\xff", "a picture; a list is text"),
    (b"GIF8", "a picture; a list is text"),
    (b"\x7fELF", "a program; a list is text"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet; save the sheet as CSV and give that"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
Source = bytes | BinaryIO | Iterable[bytes] | Iterable[str]


def blocks(source: Source) -> Iterator[str]:
    """Yield a list's text, in blocks that end with a line where one ends soon. Strings are lines, each by itself.

    Raises UsageError if it is no text, or grows beyond reason as it is inflated.
    """
    chunks: Iterator[Any]
    if isinstance(source, bytes | bytearray | memoryview):
        chunks = (bytes(source[at : at + BLOCK]) for at in range(0, len(source), BLOCK))
    elif hasattr(source, "read"):
        chunks = iter(lambda: source.read(BLOCK), b"")
    else:
        chunks = iter(source)
    first = next(chunks, None)
    if isinstance(first, str):
        yield from (line if line.endswith(("\n", "\r")) else f"{line}\n" for line in chain((first,), chunks))
    elif first is not None:
        yield from _decoded(_inflated(_gathered(chain((first,), chunks))))


def lines(parts: Iterable[str], most: int = LINE) -> Iterator[str | None]:
    """Yield the lines of a text without their ends; None for one that is longer than `most` characters."""
    rest, long = "", False
    for part in _unified(parts):
        found = (rest + part).split("\n")
        rest = found.pop()
        if long and found:
            long = False
            found[0] = " " * (most + 1)
        for line in found:
            yield line if len(line) <= most else None
        if long or len(rest) > most:
            rest, long = "", True
    if long:
        yield None
    elif rest:
        yield rest


def _unified(parts: Iterable[str]) -> Iterator[str]:
    """Yield text whose lines all end with a line feed."""
    held = ""
    for part in parts:
        if held or "\r" in part:
            text = held + part
            held = "\r" if text.endswith("\r") else ""  # its line feed may come with the next block
            yield text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        else:
            yield part
    if held:
        yield "\n"


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes, the first block long enough to tell by."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    yield head
    yield from chunks


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield bytes as they are, or what gzip made of them. Raises UsageError for what is no list."""
    head = next(chunks)
    if not head.startswith(b"\x1f\x8b"):
        _refuse_others(head)
        yield from chain((head,), chunks)
        return
    plain = _gathered(_gunzip(chain((head,), chunks)))
    first = next(plain, b"")
    if first.startswith(b"\x1f\x8b"):
        raise UsageError("the list is compressed twice; unpack it once")
    _refuse_others(first)
    yield from chain((first,), plain)


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    read = made = 0
    inflate, begun = zlib.decompressobj(31), False
    for chunk in chunks:
        read += len(chunk)
        while chunk:
            begun = True
            try:
                part = inflate.decompress(chunk, BLOCK)
            except zlib.error:
                raise UsageError("the gzip data are damaged") from None
            made += len(part)
            if made > FREE + MOST_PER_BYTE * read:
                raise UsageError("the list inflates to far more than any list does; unpack it yourself and look")
            if part:
                yield part
            chunk = inflate.unconsumed_tail
            if inflate.eof:
                chunk = inflate.unused_data.lstrip(b"\x00")
                inflate, begun = zlib.decompressobj(31), False
    if begun:
        raise UsageError("the gzip data end too soon")


def _refuse_others(head: bytes) -> None:
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise UsageError(f"this is {what}")


def _decoded(chunks: Iterator[bytes]) -> Iterator[str]:
    head = next(chunks, b"")
    for mark, name in _MARKS:
        if head.startswith(mark):
            head, encoding = head[len(mark) :], name
            break
    else:
        encoding = _told_by_zeros(head[:HEAD])
    chunks = chain((head,), chunks)
    yield from _utf8(chunks) if encoding == "utf-8" else _wide(chunks, encoding)


def _told_by_zeros(head: bytes) -> str:
    """Return the encoding that the places of the zeros tell: text of few letters has them in every second place."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 2 < 0.6 * len(head) or min(even, odd) * 8 > len(head):
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def _wide(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", True)


def _utf8(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield UTF-8; lines that are none are read as Latin-1."""
    rest = b""
    for chunk in chunks:
        held = rest + chunk
        cut = held.rfind(b"\n") + 1
        if not cut and len(held) >= BLOCK:  # a long line is cut where no character is
            cut = next((at for at in range(len(held), max(len(held) - 8, 0), -1) if held[at - 1] < 0x80), len(held))
        rest = held[cut:]
        if cut:
            yield _text(held[:cut])
    if rest:
        yield _text(rest)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(map(_line, data.splitlines(keepends=True)))


def _line(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
