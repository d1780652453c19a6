"""Lines that hold one digest: hex, `type value`, `type:value`, and what sha256sum and its kind print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.lists import children
from bot.lists.digests import Digests
from bot.lists.names import is_type, kind_named, kind_of_length, kind_of_type
from bot.lists.opening import lines
from bot.lists.record import MAX_BITS, MIN_BITS, Bad, Fault, NotOursError, Record, Row, RowError, Whole
from bot.model import Signal

TOO_LONG = "the line is longer than any row of a list"
_DIGEST = r"(?:0[xX])?(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})"
ALONE = re.compile(rf"\s*(?:[-*•\"'`]+\s*)?{_DIGEST}[\"'`]*[,;]?\s*")
_SUM = re.compile(rf"\\?({_DIGEST})(?:  | \*| \?)(\S.*)")
_BSD = re.compile(rf"([\w/-]{{2,12}}) ?\((.*)\) ?= ?({_DIGEST})")
_TYPED = re.compile(r"([\w.-]{2,32})(?:\s*[:=]\s*|\s+)([\"'`]?[\w+/:.-]{22,}={0,2}[\"'`]?)")
_NOTED = re.compile(rf"({_DIGEST})\s*(?:#|//|--)\s*(.*)")
_ABOUT_WHOLE = re.compile(r"(?:#|//)\s*(?:this list is )?(?:whole|complete|full)\s*\.?", re.IGNORECASE)
_COMMENTS = ("#", "//")
NEITHER = "neither a PDQ of 64 hex digits nor an MD5 of 32"


def is_comment(text: str) -> bool:
    """Return whether a line without its blanks is none of a list's rows."""
    return text.startswith(_COMMENTS)


def says_whole(text: str) -> bool:
    """Return whether a comment says that the list is whole."""
    return bool(_ABOUT_WHOLE.fullmatch(text))


def is_plain(text: str) -> bool:
    """Return whether a line is one of these."""
    text = text.strip()
    if ALONE.fullmatch(text) or _SUM.fullmatch(text) or _NOTED.fullmatch(text):
        return True
    if found := _BSD.fullmatch(text):
        return is_type(found[1])
    return bool((found := _TYPED.fullmatch(text)) and kind_named(found[1]))


def read(parts: Iterable[str]) -> Iterator[Row]:
    """Yield a record or a bad row for each line. A PDQ on a line of its own, the most frequent, takes the short way."""
    from_hex, from_bytes, new = bytes.fromhex, int.from_bytes, tuple.__new__
    nothing: tuple[()] = ()
    for number, line in enumerate(lines(parts), 1):
        if line is None:
            yield Bad(number, TOO_LONG)
            continue
        if len(line) == 64:
            try:
                raw = from_hex(line)
            except ValueError:
                raw = b""
            if len(raw) == 32 and MIN_BITS <= from_bytes(raw).bit_count() <= MAX_BITS:
                found = Signal(type="pdq", value=raw, quality=100, t=0.0)
                yield new(Record, (None, (found,), nothing, False, nothing, False, nothing))
                continue
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        if is_comment(text):
            if says_whole(text):
                yield Whole()
            continue
        try:
            yield _one(text.strip("\x00"))
        except RowError as error:
            yield Bad(number, str(error), Fault.NOT_OURS if isinstance(error, NotOursError) else Fault.BROKEN)


def _one(text: str) -> Record:
    found = Digests()
    said = ""
    if match := _NOTED.fullmatch(text):
        value, said = match.groups()
        found.add(kind_of_length(value), value)
    elif match := _SUM.fullmatch(text):
        value, said = match.groups()
        kind = kind_of_length(value)
        found.add("sha256" if kind == "pdq" else kind, value)  # no tool prints a PDQ so
    elif (match := _BSD.fullmatch(text)) and is_type(match[1]):
        said = match[2]
        found.add(kind_of_type(match[1]) or "", match[3])
    elif (match := _TYPED.fullmatch(text)) and (named := kind_named(match[1])):
        found.add(named, match[2])
    else:
        value = text.lstrip("-*• ").rstrip(",;").strip("\"'` ")
        if not ALONE.fullmatch(value) and len(value) < 64 and kind_named(value.split()[0] if value.split() else ""):
            raise RowError("a type without a digest of it")
        if "," in value or len(value.replace(" ", "").lower().removeprefix("0x")) not in (32, 40, 64, 128):
            raise RowError(NEITHER)
        value = value.replace(" ", "")
        found.add(kind_of_length(value), value)
    if said and (children.in_words(said) or children.is_tag(said)):
        return Record(None, tuple(found.signals), found.files, withdrawn=True, child=True)
    if not found.signals and not found.files:
        raise found.error()
    return Record(None, tuple(found.signals), found.files)
