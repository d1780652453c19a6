"""CSV, whatever separates its cells, with or without a header."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from bot.lists import hashdeep, plain
from bot.lists.names import OURS, Plan, is_type, joined, kind_named, plan
from bot.lists.opening import lines
from bot.lists.plain import TOO_LONG
from bot.lists.record import HEX, LENGTHS, Bad, Record, Row, RowError, Whole, bad, clean
from bot.lists.row import of_row
from bot.lists.shortcut import KINDS, plain_record
from bot.lists.unnamed import is_near
from bot.plural import many

SEPARATORS = ",;\t|"
LOOKED_AT = 50  # lines by which separator and header are told
SPAN_LINES = 50  # lines of one row whose quoted cell goes on and on
SPAN = 64 * 2**10  # characters of it
_HEX = re.compile(
    r"\s*=?[\"'`]?(?:0[xX])?(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})[\"'`]?\s*\x00*"
)
_RUN = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32,}(?![0-9a-fA-F])")
_DRAWN = frozenset(" \t|+:=-")  # what tools draw the line below a table's names with
_WORD = re.compile(r"sha[-_ ]?(?:2[-_/ ]?)?256|[^\W_]+", re.IGNORECASE)
_IS_FILE = re.compile(r".*[^/\\]\.[A-Za-z]\w{1,4}")
_SAYS_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)
Numbered = tuple[int, str | None]


class _Lines:
    """Lines with their numbers, of which some can be given back."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._rest = enumerate(lines(parts), 1)
        self._back: deque[Numbered] = deque()

    def __iter__(self) -> Iterator[Numbered]:
        return self

    def __next__(self) -> Numbered:
        return self._back.popleft() if self._back else next(self._rest)

    def give_back(self, some: Iterable[Numbered]) -> None:
        """Return lines, so that they come next."""
        self._back.extendleft(reversed(list(some)))


def is_header(cells: Iterable[str]) -> bool:
    """Return whether cells are names, one of them that of a digest."""
    cells = [cell.strip().strip("\ufeff\"'") for cell in cells]
    return not any(map(_HEX.fullmatch, cells)) and plan(enumerate(cells)).holds_digests


def separator_of(shown: Iterable[str]) -> str:
    """Return what separates the cells of these lines."""
    lines = list(shown)
    rows = [re.sub(r'"[^"]*"', "", line) for line in lines]
    for line in lines[:5]:
        if found := _SAYS_SEPARATOR.fullmatch(line.strip("\ufeff")):
            return found[1]
    for line, row in zip(lines[:10], rows, strict=False):  # the header tells best: it splits into known names
        best = max(SEPARATORS, key=row.count)
        if row.count(best) and is_header(cells_of(line, best)):
            return best
    counts = {mark: sum(mark in row for row in rows) for mark in SEPARATORS}
    return max(SEPARATORS, key=lambda mark: counts[mark])


def read(parts: Iterable[str]) -> Iterator[Row]:
    """Yield a record or a bad row for each row of CSV."""
    source = _Lines(parts)
    head = list(islice(source, LOOKED_AT))
    shown = [
        text
        for _, line in head
        if line is not None and (text := line.strip("\ufeff")).strip() and not plain.is_comment(text.strip())
    ]
    source.give_back(head)
    if shown and hashdeep.is_head(shown[0]):
        yield from hashdeep.read(source, TOO_LONG)
        return
    separator = separator_of(shown)
    where, skipped = _header(shown, separator)
    yield from _rows(source, separator, where, skipped)


def _header(shown: list[str], separator: str) -> tuple[Plan, int]:
    """Return where in a row is what, and how many rows in front are no rows: a title, the header."""
    best, at = 0, -1  # a title may name a kind, too: the header has the most cells
    for place, line in enumerate(shown[:20]):
        cells = cells_of(line, separator)
        if any(map(_HEX.fullmatch, cells)):
            break
        filled = sum(map(bool, map(str.strip, cells)))
        if filled > best and (is_header(cells) or (filled > 1 and any(map(_kind_within, cells)))):
            best, at = filled, place
    if at >= 0:
        names = [cell.strip().strip("\ufeff") for cell in cells_of(shown[at], separator)]
        rows = [cells_of(line, separator) for line in shown[at + 1 :]]
        where = plan(enumerate(_named(names, rows)))
        if where.holds_digests:
            return _scaled(where, rows), at + 1
    skipped = 1 if shown and _SAYS_SEPARATOR.fullmatch(shown[0]) else 0
    rows = [cells for line in shown if any(map(_HEX.fullmatch, cells := cells_of(line, separator)))]
    if rows:
        return _without_header(rows), skipped
    return plan(enumerate(("value", "type"))), skipped


def _kind_within(name: str) -> str | None:
    """Return the one kind of digest of ours that a name has among its words, whatever the others are."""
    kinds = {OURS[word] for text in _WORD.findall(name) if (word := joined(text)) in OURS}
    return kinds.pop() if len(kinds) == 1 else None


def _named(names: list[str], rows: list[list[str]]) -> list[str]:
    """Return the names of columns; one that says a kind among others' words is that kind's if its cells are.

    `suma SHA-256` and `MD5-Summe` are, whatever the language; a `pdq distance` holds none.
    """
    kinds = [(place, kind) for place, name in enumerate(names) if not kind_named(name) and (kind := _kind_within(name))]
    for place, kind in kinds:
        cells = [text for row in rows if place < len(row) and (text := clean(row[place]))]
        if cells and all(_HEX.fullmatch(text) and len(_bare(text)) == LENGTHS[kind] for text in cells):
            names[place] = kind
    return names


def _bare(cell: str) -> str:
    """Return the digits of a cell that holds a digest."""
    return cell.strip().lstrip("=").strip("\"'`\x00").lower().removeprefix("0x")


def _scaled(where: Plan, rows: list[list[str]]) -> Plan:
    """Return the plan of a table, told by its first rows whether qualities are from 0 to 1."""
    said = [row[key].strip().replace(",", ".") for row in rows for key in where.qualities if key < len(row)]
    numbers = [float(text) for text in said if re.fullmatch(r"\d{1,3}(?:\.\d{1,20})?", text)]
    is_share = bool(numbers) and max(numbers) <= 1 and max(numbers) > 0
    return replace(where, is_share=True) if is_share else where


def _without_header(rows: list[list[str]]) -> Plan:
    """Return where in a row is what, told by the first: digests by their length, beside them a type or a quality.

    One of 64 hex digits is a PDQ; behind an MD5 or SHA-1, or as the second, a SHA-256. So is one before them where a
    file's name stands in the row, unless the bits of all that stand there are a PDQ's.
    """
    cells = rows[0]
    names: list[str] = []
    seen: set[str] = set()
    digests = sum(map(bool, map(_HEX.fullmatch, cells)))
    typed = digests == 1 and any(map(is_type, cells))
    of_file = any(map(_IS_FILE.fullmatch, cells)) and any(
        _HEX.fullmatch(c) and len(_bare(c)) in (32, 40) for c in cells
    )
    for place, cell in enumerate(cells):
        text = _bare(cell)
        if _HEX.fullmatch(cell):
            short = {32: "md5", 40: "sha1", 128: "sha512"}.get(len(text))
            is_sum = bool(seen) or (of_file and not _are_pdq(place, rows))
            name = "value" if typed or digests == 1 else short or ("sha256" if is_sum else "pdq")
        elif typed and is_type(text):
            name = "type"
        elif text.isdecimal() and int(text) <= 100 and place and names[-1] in ("value", "pdq"):
            name = "quality"
        else:
            name = "tags" if seen else f"cell {place}"  # what follows the digests may tell what they are of
        seen.add(name)
        names.append(name)
    if len(cells) < 2:
        names.append("type")
    return plan(enumerate(names))


def _are_pdq(place: int, rows: list[list[str]]) -> bool:
    """Return whether what stands at a place of all rows has the bits of PDQ."""
    texts = [_bare(row[place]) for row in rows if place < len(row)]
    return all(len(text) == LENGTHS["pdq"] and set(text) <= HEX and is_near(bytes.fromhex(text)) for text in texts)


def _rows(source: _Lines, separator: str, where: Plan, skipped: int) -> Iterator[Row]:
    width = 1 + max((int(key) for key in _places(where)), default=1)
    headed = skipped > 0 or width > 2
    short = where.short or (None, None, None, None)
    id_at, value_at, type_at, fixed = short if not where.states else (None, None, None, None)
    for number, line in source:
        if line is None:
            yield Bad(number, TOO_LONG)
            continue
        cells = line.split(separator) if '"' not in line else None
        if value_at is not None and cells is not None and not skipped and len(cells) == width:
            kind = fixed if type_at is None else KINDS.get(cells[type_at], "other")
            name = cells[id_at].strip() if id_at is not None else None
            if kind != "other" and (record := plain_record(name, kind, cells[value_at])) is not None:
                yield record
                continue
        text = line.strip("\ufeff")
        bare = text.strip()
        if not bare or _is_rule(bare):
            continue
        if plain.is_comment(bare):
            if plain.says_whole(bare):
                yield Whole()
            continue
        try:
            if cells is None:
                cells = _quoted(line, source, separator, width)
            else:
                cells = [cell.strip() for cell in text.split(separator)]
            if skipped:
                skipped -= 1
                continue
            if not any(cells):
                continue
            yield from _one(cells, where, width, headed=headed, number=number)
        except RowError as error:
            yield bad(number, error)


def _is_rule(text: str) -> bool:
    """Return whether a line is but drawn."""
    return _DRAWN.issuperset(text) and ("--" in text or "==" in text)


def _one(cells: list[str], where: Plan, width: int, *, headed: bool, number: int) -> Iterator[Row]:
    if len(cells) > width:
        if headed and any(cells[width:]):
            raise RowError(f"{many(len(cells), 'cell')} under {many(width, 'heading')}")
        cells = cells[:width]
    cells = cells + [""] * (width - len(cells))
    for found in of_row(cells, where):
        yield (found if isinstance(found, Record) else bad(number, found, part=True))


def _places(where: Plan) -> Iterator[Any]:
    for keys in (
        where.ids,
        where.values,
        where.types,
        where.qualities,
        where.times,
        where.stamps,
        where.states,
        where.gone,
        where.more,
    ):
        yield from keys
    for keys in (where.live, where.gone_at, where.expires, where.disabled_until, where.others):
        yield from keys
    yield from (key for key, _, _ in where.kinds)
    yield from (key for key, _ in where.children)


def _quoted(line: str, source: _Lines, separator: str, width: int) -> list[str]:
    """Return the cells of a row with quotes; one may go on for some lines. Raises RowError if it does not end."""
    taken: list[Numbered] = []

    def pulled() -> Iterator[str]:
        size = len(line)
        yield f"{line}\n"
        while len(taken) < SPAN_LINES and size < SPAN:
            found = next(source, None)
            if found is None:
                return
            taken.append(found)
            if found[1] is None:
                return
            size += len(found[1])
            yield f"{found[1]}\n"

    try:
        cells = next(csv.reader(pulled(), strict=True, delimiter=separator, skipinitialspace=True))
        if any(
            text and _RUN.search(text) and '"' not in text and text.count(separator) + 1 == width
            for _, text in taken[:-1]
        ):
            raise csv.Error("whole rows stand in the cell")
    except (csv.Error, StopIteration):
        source.give_back(taken)
        cells = _lenient(line, separator)
    return [cell.strip() for cell in cells]


def _lenient(line: str, separator: str) -> list[str]:
    """Return the cells of a line whose quotes are escaped otherwise, or stand within cells."""
    try:
        return next(csv.reader([line], strict=True, delimiter=separator, escapechar="\\"))
    except (csv.Error, StopIteration):
        pass
    cells = line.split(separator)
    if any(cell.strip().startswith('"') != (len(cell.strip()) > 1 and cell.strip().endswith('"')) for cell in cells):
        raise RowError("not a row of CSV: a quote is not closed")
    return [cell.strip().strip('"') for cell in cells]


def cells_of(line: str, separator: str) -> list[str]:
    """Return the cells of one line, as far as its quotes tell."""
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return line.split(separator)
