"""Rows of one id that follow one another are one record, in every format: a row for each digest is frequent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from bot.lists.digests import MAX_PARTS
from bot.lists.plain_rows import Plain
from bot.lists.record import Record, Row
from bot.model import Signal

MOST_TOLD = 100  # bad rows that are held back while a record may go on


def joined(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows of one id that follow one another as one record; what is told between them comes behind it."""
    held: Record | None = None
    more: list[Record] = []
    told: list[Row] = []
    for row in rows:
        if held is None:
            if row.__class__ is Record and row.id is not None:
                held = row
            else:
                yield row
            continue
        if row.__class__ is not Record:
            if len(told) < MOST_TOLD:
                told.append(row)
                continue
        elif row.id == held.id and len(more) < MAX_PARTS and _may_join(held, row):
            more.append(row)
            continue
        yield _together(held, more) if more else held
        if more or told:
            yield from told
            more, told = [], []
        if row.__class__ is Record and row.id is not None:
            held = row
        else:
            held = None
            yield row
    if held is not None:
        yield _together(held, more) if more else held
        yield from told


def joined_many(rows: Iterable[Row | Plain]) -> Iterator[Row | Plain]:
    """Yield the same where rows come many at a time; only at their ends two can be of one id."""
    held: Record | Plain | None = None
    told: list[Row] = []
    for row in rows:
        if held is not None and not isinstance(row, Record | Plain) and len(told) < MOST_TOLD:
            told.append(row)
            continue
        if held is not None and isinstance(row, Record | Plain) and _first_id(row) == _last_id(held) is not None:
            before, one = _cut_end(held)
            other, behind = _cut_begin(row)
            if _may_join(one, other):
                if before is not None:
                    yield before
                held = _together(one, [other])
                if behind is None:
                    continue
                row = behind
        if held is not None:
            yield held
            yield from told
            held, told = None, []
        if isinstance(row, Record | Plain):
            held = row
        else:
            yield row
    if held is not None:
        yield held
        yield from told


def _first_id(row: Record | Plain) -> str | None:
    return row.id if isinstance(row, Record) else row.ids[0] if row.ids else None


def _last_id(row: Record | Plain) -> str | None:
    return row.id if isinstance(row, Record) else row.ids[-1] if row.ids else None


def _cut_end(row: Record | Plain) -> tuple[Plain | None, Record]:
    if isinstance(row, Record):
        return None, row
    rest = replace(row, ids=row.ids[:-1] if row.ids else None, values=row.values[:-1])
    return rest if rest.count else None, _one(row, -1)


def _cut_begin(row: Record | Plain) -> tuple[Record, Plain | None]:
    if isinstance(row, Record):
        return row, None
    rest = replace(row, ids=row.ids[1:] if row.ids else None, values=row.values[1:])
    return _one(row, 0), rest if rest.count else None


def _one(row: Plain, place: int) -> Record:
    one = Signal(type="pdq", value=row.values[place], quality=100, t=0.0)
    return Record(row.ids[place] if row.ids else None, (one,), unnamed=row.unnamed)


def _may_join(one: Record, other: Record) -> bool:
    """Return whether two rows of one id are of one media: one that takes back, or changes, follows what was there."""
    if one.child or other.child:
        return True
    return not (one.withdrawn or other.withdrawn or one.change or other.change)


def _together(first: Record, more: list[Record]) -> Record:
    files: list[tuple[str, str]] = list(first.files)
    for row in more:
        for sha256, md5 in row.files:
            if md5 and not sha256 and files and files[-1][0] and not files[-1][1]:
                files[-1] = (files[-1][0], md5)
            else:
                files.append((sha256, md5))
    signals = dict.fromkeys(chain(first.signals, *(row.signals for row in more)))
    passed = dict.fromkeys(chain(first.passed, *(row.passed for row in more)))
    opinions = dict.fromkeys(chain(first.opinions, *(row.opinions for row in more)))
    child = first.child or any(row.child for row in more)  # what is in doubt is dropped
    return first._replace(
        withdrawn=child or first.withdrawn,
        child=child,
        signals=tuple(signals),
        files=tuple(dict.fromkeys(files)),
        passed=tuple(passed),
        opinions=tuple(opinions),
        unnamed=first.unnamed or any(row.unnamed for row in more),
    )
