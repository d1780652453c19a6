"""Hashes of 64 digits of which a list does not say what they are: PDQ, unless somebody or their bits say otherwise.

A PDQ has as many bits set as clear, for each says on which side of the picture's median a coefficient lies: of 1,581
pictures that are worth matching all but one have 127 to 129 set. Of SHA-256, whose bits are chance, 15 in 100 have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeVar

from bot.errors import UsageError
from bot.lists.plain_rows import Plain
from bot.lists.record import Bad, Record, Whole
from bot.model import Signal

Kind = Literal["auto", "pdq", "phash", "sha256"]
KINDS: tuple[Kind, ...] = ("auto", "pdq", "phash", "sha256")
NEAR = 1  # bits from half of them
LEAST_SHARE = 0.5  # of PDQ that lie so near
SAID_FROM = 16  # hashes by which their kind is told: of SHA-256 one list in 1,000 of them passes for PDQ
SURE_FROM = 50  # hashes after which a list is refused: not one in 100 million
LOOKED_AT = 20_000  # rows within which so many have to come

T = TypeVar("T", bound=Record | Bad | Whole | Plain)


@dataclass(slots=True)
class Unnamed:
    """How many hashes of 64 digits a list has that name no kind, and how many of them look like PDQ."""

    count: int = 0
    near: int = 0

    @property
    def is_like_sums(self) -> bool:
        """Whether they are enough to tell, and have the bits of SHA-256."""
        return self.count >= SAID_FROM and self.near < LEAST_SHARE * self.count

    def add(self, row: Record | Bad | Whole | Plain) -> None:
        """Count those of a row."""
        if isinstance(row, Plain):
            if row.unnamed:
                self.count += row.count
                self.near += sum(map(is_near, row.values))
        elif isinstance(row, Record) and row.unnamed:
            values = [one.value for one in row.signals if one.type == "pdq"]
            self.count += len(values)
            self.near += sum(map(is_near, values))

    def of(self, rows: Iterable[T]) -> Iterator[T]:
        """Yield rows, and count."""
        for row in rows:
            if isinstance(row, Record | Plain) and row.unnamed:
                self.add(row)
            yield row


def is_near(value: bytes) -> bool:
    """Return whether a hash has as many bits set as clear, or nearly so, as a PDQ has."""
    return abs(int.from_bytes(value).bit_count() - 4 * len(value)) <= NEAR


def not_sums(rows: Iterable[T]) -> Iterator[T]:
    """Yield rows. Raises UsageError before the first of them if hashes whose kind nobody names look like SHA-256."""
    source = iter(rows)
    found, held = Unnamed(), []
    for row in source:
        held.append(row)
        found.add(row)
        if found.count >= SURE_FROM or len(held) >= LOOKED_AT:
            break
    if found.count >= SURE_FROM and found.is_like_sums:
        raise UsageError(
            "its hashes of 64 digits name no type, and they look like SHA-256 and not like PDQ: say which they are "
            "with --type sha256 or --type pdq"
        )
    yield from chain(held, source)


def typed(rows: Iterable[T], kind: Kind) -> Iterator[T | Record]:
    """Yield rows, in which hashes of 64 digits that name no kind are of this one; auto: as they are."""
    if kind == "auto":
        yield from rows
        return
    for row in rows:
        if isinstance(row, Record):
            yield _as(row, kind) if row.unnamed else row
        elif isinstance(row, Plain) and row.unnamed:
            if kind == "pdq":
                yield Plain(row.ids, row.values)  # type: ignore[misc]  # it is a T
            else:
                names = row.ids or (None,) * row.count
                for name, value in zip(names, row.values, strict=True):
                    one = Signal(type="pdq", value=value, quality=100, t=0.0)
                    yield _as(Record(name, (one,)), kind)
        else:
            yield row


def _as(row: Record, kind: Kind) -> Record:
    if kind == "pdq":
        return row._replace(unnamed=False)
    values = [one.value for one in row.signals if one.type == "pdq"]
    rest = tuple(one for one in row.signals if one.type != "pdq")
    if kind == "phash":
        signals = (*rest, *(Signal(type="phash", value=value, quality=100, t=0.0) for value in values))
        return row._replace(signals=signals, unnamed=False)
    files = list(row.files)
    for value in values:
        alone = next((place for place, (sha256, _) in enumerate(files) if not sha256), None)
        if alone is None:
            files.append((value.hex(), ""))
        else:
            files[alone] = (value.hex(), files[alone][1])
    return row._replace(signals=rest, files=tuple(files), unnamed=False)
