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
_QUOTED = re.compile(rf'\\?"({_DIGEST})"\s+\*?(".*"|\S.*)')
_BSD = re.compile(rf"\\?([\w/-]{{2,12}}) ?\((.*)\) ?= ?({_DIGEST})")
_TYPED = re.compile(r"([\w.-]{2,32})(?:\s*[:=]\s*|\s+)([\"'`]?[\w+/:.-]{22,}={0,2}[\"'`]?)")
_NOTED = re.compile(rf"({_DIGEST})\s*(?:#|//|--)\s*(.*)")
_ABOUT_WHOLE = re.compile(r"(?:#|//)\s*(?:this list is )?(?:whole|complete|full)\s*\.?", re.IGNORECASE)
_BULLET = re.compile(r"(?:>+ ?|\d{1,6}[.)] +|[-*•] +){1,3}")  # of quotes and numbered lists
_GROUPED = re.compile(r"[0-9a-fA-F]{2,8}(?:[:-][0-9a-fA-F]{2,8}){3,63}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TABLED = re.compile(rf"([\w-]{{3,12}})\s+({_DIGEST})(?:\s+(\S.*))?")  # what PowerShell prints
_OF_FILE = re.compile(rf"(\S{{1,400}})\s+({_DIGEST})(?:\s+(\d{{1,3}}))?")
# Lines above a digest that say of which kind it is, and those about it that say nothing.
_ABOVE = re.compile(r"(?:([\w-]{3,12}) hash (?:of|for) (?:file )?.*|Algorithm\s*: *([\w-]{3,12}))", re.IGNORECASE)
_ABOUT = re.compile(r"(?:CertUtil: .*|Path\s*:.*|Algorithm\s+Hash\s+Path|-+(?:\s+-+)+|```\w*|~~~)", re.IGNORECASE)
_ABOUTS = frozenset("SsMmAaCcPpBb-`~")  # with what these begin
_HASH_OF = re.compile(rf"(?:Hash\s*: *)?({_DIGEST})", re.IGNORECASE)
_SOME_DIGITS = re.compile(r"[0-9a-fA-F]{16}")
_COMMENTS = ("#", "//")
NO_HASH = "no hash in this line"
NEITHER = "neither a PDQ of 64 hex digits nor an MD5 of 32"


def is_comment(text: str) -> bool:
    """Return whether a line without its blanks is none of a list's rows."""
    return text.startswith(_COMMENTS)


def says_whole(text: str) -> bool:
    """Return whether a comment says that the list is whole."""
    return bool(_ABOUT_WHOLE.fullmatch(text))


def is_plain(text: str) -> bool:
    """Return whether a line is one of these."""
    text = bared(text.strip())
    if ALONE.fullmatch(text) or _SUM.fullmatch(text) or _QUOTED.fullmatch(text) or _NOTED.fullmatch(text):
        return True
    if found := _BSD.fullmatch(text):
        return is_type(found[1])
    if (found := _TABLED.fullmatch(text)) and is_type(found[1]):
        return True
    if is_grouped(text) or _ABOVE.fullmatch(text) or _ABOUT.fullmatch(text) or _of_file(text):
        return True
    return bool((found := _TYPED.fullmatch(text)) and kind_named(found[1]))


def is_of_powershell(text: str) -> bool:
    """Return whether a first line is of what PowerShell or certutil print of digests."""
    return bool(_ABOVE.fullmatch(text) or _ABOUT.fullmatch(text))


def bared(text: str) -> str:
    """Return a line without what quotes and numbered lists have in front."""
    if text[:1] in ">0123456789-*•" and (found := _BULLET.match(text)) and found.end() < len(text):
        return text[found.end() :]
    return text


def is_grouped(text: str) -> bool:
    """Return whether a line is a digest in groups that dashes or colons join; a UUID is none."""
    return (
        len(text) < 200
        and bool(_GROUPED.fullmatch(text))
        and not _UUID.fullmatch(text)
        and len(text.replace("-", "").replace(":", "")) in (32, 40, 64, 128)
    )


def _of_file(text: str) -> re.Match[str] | None:
    """Return the name of a file, its digest, and perhaps a quality; a word that is no file's name may be a kind."""
    found = _OF_FILE.fullmatch(text)
    if found is None or found[1][-1] in "=:" or not (found[3] or "." in found[1] or "/" in found[1]):
        return None
    return found


def read(parts: Iterable[str]) -> Iterator[Row]:
    """Yield a record or a bad row for each line. A PDQ on a line of its own, the most frequent, takes the short way."""
    from_hex, from_bytes, new = bytes.fromhex, int.from_bytes, tuple.__new__
    nothing: tuple[()] = ()
    above = ""  # the kind of the next digest, as the line above it says
    for number, line in enumerate(lines(parts), 1):
        if line is None:
            yield Bad(number, TOO_LONG)
            continue
        if len(line) == 64 and not above:
            try:
                raw = from_hex(line)
            except ValueError:
                raw = b""
            if len(raw) == 32 and MIN_BITS <= from_bytes(raw).bit_count() <= MAX_BITS:
                found = Signal(type="pdq", value=raw, quality=100, t=0.0)
                yield new(Record, (None, (found,), nothing, False, nothing, False, nothing, False, True))
                continue
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        if is_comment(text):
            if says_whole(text):
                yield Whole()
            continue
        if text[0] in _ABOUTS:
            if said := _ABOVE.fullmatch(text):
                above = kind_named(said[1] or said[2]) or ""
                continue
            if _ABOUT.fullmatch(text):
                continue
        try:
            yield _one(bared(text.strip("\x00")), above)
            above = ""
        except RowError as error:
            yield Bad(number, str(error), Fault.NOT_OURS if isinstance(error, NotOursError) else Fault.BROKEN)


def _one(text: str, above: str = "") -> Record:
    found = Digests()
    said = ""
    if above and (match := _HASH_OF.fullmatch(text)):
        found.add(above, match[1])
    elif match := _NOTED.fullmatch(text):
        value, said = match.groups()
        found.add_unnamed(value)
    elif match := _SUM.fullmatch(text) or _QUOTED.fullmatch(text):
        value, said = match.groups()
        kind = kind_of_length(value)
        found.add("sha256" if kind == "pdq" else kind, value)  # no tool prints a PDQ so
    elif (match := _BSD.fullmatch(text)) and is_type(match[1]):
        said = match[2]
        found.add(kind_of_type(match[1]) or "", match[3])
    elif (match := _TYPED.fullmatch(text)) and (named := kind_named(match[1])):
        found.add(named, match[2])
    elif (match := _TABLED.fullmatch(text)) and is_type(match[1]):
        said = match[3] or ""
        found.add(kind_of_type(match[1]) or "", match[2])
    elif match := _of_file(text):
        said, value, quality = match.groups()
        kind = kind_of_length(value)
        found.add("sha256" if kind == "pdq" and quality is None else kind, value, quality)
    elif is_grouped(text):
        found.add_unnamed(text.replace("-", "").replace(":", ""))
    else:
        value = text.lstrip("-*• ").rstrip(",;").strip("\"'` ")
        if not ALONE.fullmatch(value) and len(value) < 64 and kind_named(value.split()[0] if value.split() else ""):
            raise RowError("a type without a digest of it")
        if "," in value or len(value.replace(" ", "").lower().removeprefix("0x")) not in (32, 40, 64, 128):
            raise RowError(NEITHER if _SOME_DIGITS.search(value) else NO_HASH)
        found.add_unnamed(value.replace(" ", ""))
    if said and (children.in_words(said) or children.is_tag(said)):
        return Record(None, tuple(found.signals), found.files, withdrawn=True, child=True)
    if not found.signals and not found.files:
        raise found.error()
    return Record(None, tuple(found.signals), found.files, unnamed=found.unnamed)
