"""A hasher-matcher-actioner (HMA), or another gifwarden that answers as one: the contents of one of its banks.

It has no call that lists a bank. So its contents are asked for one by one, by rising number, and those that we have are
asked for again in turn, for nothing else says that one was disabled or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from bot.errors import EndpointError
from bot.exchanges.base import (
    Checkpoint,
    Context,
    Feedback,
    Given,
    Page,
    Row,
    Setting,
    record_of,
    row_of,
    setting,
    shape,
)
from bot.lists import Record, RowError
from bot.lists.record import NotOursError

STEP = 200  # contents a page
GAP = 1_000  # numbers in a row that lead nowhere: numbers are of all banks together, so ours may be far apart
AGAIN = 2_000  # contents that we have and ask for again, each time
TYPES = {"pdq": "pdq", "video_md5": "md5"}
_FOUND = frozenset({200, 404})


class Hma:
    """The plug."""

    kind: ClassVar[str] = "hma"
    help: ClassVar[str] = "A bank of a hasher-matcher-actioner (HMA) or of another gifwarden."
    settings: ClassVar[tuple[Setting, ...]] = (
        setting("url", "Where it answers, without /c.", required=True),
        setting("collection", "The name of their bank.", required=True),
        setting("key", "A token, sent as Authorization: Bearer. HMA itself asks for none."),
    )
    gives: ClassVar[bool] = False

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield what is new behind the last number, and then some of what we have as it is now."""
        kept: Mapping[str, Any] = {} if context.fresh else checkpoint or {}
        known = int(kept.get("last") or 0)  # the last number that led to something
        again = int(kept.get("again") or 0)  # up to where we asked again
        self._bank(context)
        number, missing, rows = known + 1, 0, list[Row]()
        while missing < GAP:
            found = self._content(context, number)
            missing = missing + 1 if found is None else 0
            if found is not None:
                known = number
                rows += _rows(number, found, context.now())
            number += 1
            if len(rows) >= STEP:
                yield Page(rows=rows, checkpoint={"last": known, "again": again})
                rows = []
        start = int(kept.get("last") or 0)
        asked = 0
        while start and asked < min(AGAIN, start):
            again, asked = again % start + 1, asked + 1
            found = self._content(context, again)
            # a number that led nowhere before was never a row of ours: to withdraw it changes nothing
            rows += [Record(id=str(again), withdrawn=True)] if found is None else _rows(again, found, context.now())
            if len(rows) >= STEP:
                yield Page(rows=rows, checkpoint={"last": known, "again": again})
                rows = []
        yield Page(rows=rows, checkpoint={"last": known, "again": again}, last=True)

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:  # noqa: ARG002  the protocol's
        """Refuse: HMA has no call for opinions."""
        return [Given(taken=False, why="HMA takes no feedback") for _ in feedback]

    def _bank(self, context: Context) -> None:
        """Ask for the bank itself, so that a wrong name is told as one and is no bank without contents."""
        answer = context.http.ask(self._url(context), headers=_headers(context), accept=_FOUND)
        if answer.status == 404:
            raise EndpointError(
                f"{answer.host} has no bank {context.settings.collection}; check the exchange's collection",
                status=404,
                setup=True,
            )
        found = answer.json()
        if not isinstance(found, dict) or "name" not in found:
            raise shape(answer.host, "a bank without a name")

    def _content(self, context: Context, number: int) -> Mapping[str, Any] | None:
        """Return a content of the bank, or None if there is none of this number in it."""
        answer = context.http.ask(
            f"{self._url(context)}/content/{number}",
            params={"include_signals": "true", "include_metadata": "true"},
            headers=_headers(context),
            accept=_FOUND,
        )
        if answer.status == 404:
            return None
        found = answer.json()
        if not isinstance(found, dict) or found.get("id") != number:
            raise shape(answer.host, "a content without its number")
        bank = found.get("bank")
        of = bank.get("name") if isinstance(bank, dict) else None
        return found if of in (None, context.settings.collection) else None

    def _url(self, context: Context) -> str:
        return f"{context.settings.url.rstrip('/')}/c/bank/{quote(context.settings.collection, safe='')}"


def _headers(context: Context) -> dict[str, str]:
    return {"Authorization": f"Bearer {context.key}"} if context.key else {}


def _rows(number: int, found: Mapping[str, Any], now: float) -> list[Row]:
    row = row_of(number, found, str(number), lambda content: _row(number, content, now))
    return [row] if row is not None else []


def _row(number: int, found: Mapping[str, Any], now: float) -> Record:
    until = found.get("disable_until_ts", 1)
    # 0: off; 1: on; else the moment until which it is off, which is asked for again when it has passed
    if isinstance(until, bool) or not isinstance(until, (int, float)):
        raise RowError("disable_until_ts is no number")
    if until == 0 or until > max(now, 1):
        return Record(id=str(number), withdrawn=True)
    signals = found.get("signals")
    if not isinstance(signals, dict):
        raise RowError("no signals in it")
    values = [(TYPES[kind], value) for kind, value in signals.items() if kind in TYPES and isinstance(value, str)]
    if not values:
        raise NotOursError("no signal of a type that we match in it")
    return record_of(str(number), values)
