"""A list's text or bytes in, records out: which format it is, and who reads that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from bot.errors import UsageError
from bot.lists import children, documents, hashdeep, plain, table, vpdq
from bot.lists.joining import joined
from bot.lists.opening import Source, blocks, lines
from bot.lists.record import Row

LOOKED_AT = 50  # lines by which a format is told
_DIGITS = re.compile(r"[0-9a-fA-F]{32}")
HEAD = 64 * 2**10  # characters of them
LONGEST = 32 * 2**20  # characters of one line of NDJSON: a film, frame by frame


def _ndjson(parts: Iterable[str]) -> Iterator[Row]:
    return documents.ndjson(lines(parts, LONGEST))


FORMATS: dict[str, Callable[[Iterable[str]], Iterator[Row]]] = {
    "hex": plain.read,
    "csv": table.read,
    "ndjson": _ndjson,
    "json": documents.read,
    "vpdq": vpdq.read,
}


def read(source: Source, how: str = "auto", name: str = "") -> Iterator[Row]:
    """Yield a record or a bad row for each row of a list, as it is read, and `Whole` where the list says that it is.

    `source`: bytes, a file, blocks of bytes, or lines of text; `name` is the file's, for what is guessed. Raises
    UsageError if the format cannot be told, or if it is no list.
    """
    told, parts = opened(source, how, name)
    return joined(FORMATS[told](parts))


def opened(source: Source, how: str, name: str) -> tuple[str, Iterator[str]]:
    """Return the format of a list and its text in blocks. Raises UsageError as `read` does."""
    parts = blocks(source)
    seen: list[str] = []
    for part in parts:
        seen.append(part)
        if sum(map(len, seen)) >= HEAD:
            break
    shown = _head("".join(seen))
    _refuse_children(shown)
    if how == "auto":
        how = guess(shown, name)
    return how, chain(seen, parts)


def _refuse_children(shown: list[str]) -> None:
    """Raise UsageError if a comment or a title above the rows says that the list is one of child abuse."""
    for line in shown:
        text = line.strip(" \t\r\n\ufeff\x00")
        if not text:
            continue
        if text[0] in '{["<' or _DIGITS.search(text):
            return
        is_comment = plain.is_comment(text)
        mark = table.separator_of([text])
        cells = [cell for cell in table.cells_of(text, mark) if cell.strip()]
        if not is_comment and (len(cells) > 1 or table.is_header(cells)):
            return
        if children.title_says(text):
            raise UsageError(
                "the list says of itself that it is one of child abuse: such lists belong with platforms, hotlines and "
                "the police, not with moderators; tell whoever gave it to you, and delete the file"
            )


def guess(found: list[str], name: str = "") -> str:
    """Return the format that the first lines of a list have. Raises UsageError if they have none."""
    shown = [text for line in found if (text := line.strip(" \t\r\n\ufeff\x00\x1e")) and not plain.is_comment(text)]
    if not shown:
        return "hex"
    first = shown[0]
    if plain.is_of_powershell(first):
        return "hex"
    if hashdeep.is_head(first):
        return "csv"
    if first[0] == "<":
        raise UsageError(_about_markup(shown))
    if first[0] in "{[":
        return _json_or_lines(shown, name)
    if vpdq.LINE.fullmatch(first):
        return "vpdq"
    if plain.is_plain(first):
        return "hex"
    mark = table.separator_of(shown)
    if table.is_header(table.cells_of(first, mark)) or any(
        mark in line and _has_digest(table.cells_of(line, mark)) for line in shown
    ):
        return "csv"
    if any(map(plain.is_plain, shown)):
        return "hex"
    if any(table.is_header(table.cells_of(line, mark)) for line in shown[:20]):
        return "csv"
    raise UsageError(
        f"{name or 'the list'} starts like none of the formats we read ({', '.join(FORMATS)}); name it with --format"
    )


def _has_digest(cells: Iterable[str]) -> bool:
    return any(plain.ALONE.fullmatch(cell) for cell in cells)


def _json_or_lines(shown: list[str], name: str) -> str:
    """Return whether JSON is one document or a value a line."""
    if name.lower().removesuffix(".gz").endswith((".ndjson", ".jsonl", ".ldjson")):
        return "ndjson"
    if len(shown) < 2:
        return "json"
    if documents.is_json(shown[0]):
        return "ndjson"
    whole = [line[:1] == "{" and line.endswith("}") and documents.is_json(line) for line in shown]
    return (
        "ndjson"
        if not shown[0].endswith(("{", "[", ",", ":")) and any(whole[1:]) and sum(whole) * 2 >= len(shown) - 1
        else "json"
    )


def _about_markup(shown: list[str]) -> str:
    """Return what is to be said of XML or HTML, none of which is read."""
    text = " ".join(shown).lower()
    if "ncmec" in text or "cybertip" in text or "hashsharing" in text:
        return (
            "this is NCMEC's hash sharing, a list of child abuse: such lists belong with platforms and the police, not "
            "with moderators; delete the file"
        )
    what = "a web page" if "<html" in text or "<!doctype" in text else "XML"
    return f"this is {what}, which is none of the formats we read; export the list as CSV, JSON or plain lines"


def _head(text: str) -> list[str]:
    """Return the first lines of a text; the last one may be cut."""
    found = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", LOOKED_AT)
    return [line[:HEAD] for line in found[:LOOKED_AT]]
