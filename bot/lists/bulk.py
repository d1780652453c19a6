"""A list's rows, many at a time where they are an id and a PDQ and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from bot.lists.joining import joined, joined_many
from bot.lists.opening import Source
from bot.lists.plain_rows import Plain, plain_rows
from bot.lists.read import FORMATS, LONGEST, opened
from bot.lists.record import Bad, Record, Row

BY_LINE = ("hex", "ndjson")  # formats whose lines tell nothing of one another


FEW = 2_000  # rows: fewer that follow one another are not worth it
MOST = 20_000  # rows taken together


def read_many(source: Source, how: str = "auto", name: str = "") -> Iterator[Row | Plain]:
    """Yield what `read` yields, and in the place of records that are an id and a PDQ many at a time, in their order."""
    told, parts = opened(source, how, name)
    if told not in BY_LINE:
        yield from _grouped(joined(FORMATS[told](parts)))
    else:
        yield from joined_many(_grouped(_by_block(parts, told)))


def _by_block(parts: Iterator[str], told: str) -> Iterator[Row | Plain]:
    """Yield rows that come of blocks of lines, those that hold nothing else at once."""
    before, rest = 0, ""
    for part in parts:
        cut = part.rfind("\n") + 1
        if not cut and len(rest) + len(part) > LONGEST:
            yield from _shifted(joined(FORMATS[told](chain((rest, part), parts))), before)
            return
        block, rest = (rest + part[:cut], part[cut:]) if cut else ("", rest + part)
        if block:
            yield from _block(block, told, before)
            before += block.count("\n")
    if rest:
        yield from _block(rest, told, before)


def _block(block: str, how: str, before: int) -> Iterator[Row | Plain]:
    found = plain_rows(block.encode("utf-8", "surrogatepass"), how) if "\r" not in block else None
    if found is not None:
        yield found
    else:
        yield from _shifted(joined(FORMATS[how]((block,))), before)


def _shifted(rows: Iterable[Row], before: int) -> Iterator[Row]:
    """Yield rows whose lines are counted from `before` on."""
    return (replace(row, line=row.line + before) if isinstance(row, Bad) and row.line else row for row in rows)


def _grouped(rows: Iterable[Row | Plain]) -> Iterator[Row | Plain]:
    """Yield rows, and instead of long sequences of records with nothing but a PDQ all of these at once."""
    held: list[Record] = []
    keys: set[str | bytes] = set()
    for row in rows:
        if row.__class__ is Record and (key := _key_of_plain(row)) is not None:
            if key in keys or len(held) >= MOST or (held and not _are_alike(held[0], row)):
                yield from _together(held)
                held, keys = [], set()
            held.append(row)
            keys.add(key)
            continue
        if held:
            yield from _together(held)
            held, keys = [], set()
        yield row
    yield from _together(held)


def _are_alike(one: Record, other: Record) -> bool:
    return (one.id is None) is (other.id is None) and one.unnamed is other.unnamed


def _key_of_plain(row: Record) -> str | bytes | None:
    """Return what tells a record that has nothing but a PDQ, and None of every other."""
    _, signals, files, withdrawn, opinions, child, passed, change, _ = row
    if files or withdrawn or opinions or child or passed or change or len(signals) != 1:
        return None
    one = signals[0]
    if one.type != "pdq" or one.quality != 100 or one.t:
        return None
    return one.value if row.id is None else row.id


def _together(held: list[Record]) -> Iterator[Row | Plain]:
    if len(held) < FEW:
        yield from held
        return
    names = None if held[0].id is None else tuple([str(row.id) for row in held])
    yield Plain(names, tuple([row.signals[0].value for row in held]), held[0].unnamed)
