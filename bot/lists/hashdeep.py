"""What hashdeep prints: sizes, hashes and names of files. Names stand last, unquoted, with commas in them or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.lists.names import plan
from bot.lists.record import Bad, Record, Row, RowError, bad
from bot.lists.row import of_row

HEAD = "%%%%"
TOO_FEW = "fewer cells than hashdeep's header names"


def is_head(text: str) -> bool:
    """Return whether a first line is hashdeep's."""
    return text.lstrip("\ufeff").upper().startswith("%%%% HASHDEEP")


def read(numbered: Iterable[tuple[int, str | None]], too_long: str) -> Iterator[Row]:
    """Yield a record or a bad row for each file."""
    names: list[str] = []
    for number, line in numbered:
        if line is None:
            yield Bad(number, too_long)
            continue
        text = line.strip().lstrip("\ufeff")
        if text.startswith(HEAD):
            if not is_head(text):
                names = [name.strip() for name in text.removeprefix(HEAD).split(",")]
                where = plan(enumerate(names))
            continue
        if not text or text.startswith("##"):
            continue
        cells = text.split(",", max(0, len(names) - 1))
        if not names or len(cells) < len(names):
            yield Bad(number, TOO_FEW)
            continue
        try:
            for found in of_row(cells, where):
                yield found if isinstance(found, Record) else bad(number, found, part=True)
        except RowError as error:
            yield bad(number, error)
