"""How long rules may work: the patterns of one judgement, and reading one page. Measured by the thread's own clock.

A busy machine makes everything slow and nobody guilty, so only time counts that this very thread has worked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import regex as engine

from bot.errors import StoppedError

PATTERN_SECONDS = 0.05  # for one pattern on one text
ALONE_SECONDS = 0.01  # of it while no other thread runs; a busy machine makes a tenth of a second of it
JUDGEMENT_SECONDS = 0.25  # for all patterns of one judgement
PAGE_SECONDS = 2.0  # for reading a page of rules; as much again for its examples
MAX_PATTERNS = 1000  # of one page
_BLAMED = 0.1  # seconds of a judgement that make a rule the one that took them
_NEARLY = 0.8  # of its time a pattern must have had by the thread's clock, or others had the processor

How = Literal["search", "match", "fullmatch"]


class OutOfTime(Exception):
    """A text was not looked through; the message says why, after `not computed: `."""


class Budget:
    """The time that patterns have in one judgement, shared by all that is asked in its course."""

    def __init__(self, stopped: Collection[str] = (), seconds: float = JUDGEMENT_SECONDS) -> None:
        """`stopped`: rules whose patterns are not run, because they are quarantined."""
        self._stopped = stopped
        self._left = seconds
        self._spent: dict[str, float] = {}
        self._memo: dict[tuple[int, str], str | OutOfTime | None] = {}
        self.rule = ""  # whose checks are looked at now
        self.late: dict[str, bool] = {}
        """Rule that ran out of time → whether by the thread's own clock, and so by its own fault."""

    def find(self, query: int, text: str, look: Callable[[str], str | None]) -> str | None:
        """Return what `look` makes of a text, once for each query and text. Raises OutOfTime."""
        if self.rule in self._stopped:
            raise OutOfTime("the rule's patterns are quarantined, because they ran out of time too often")
        key = (query, text)
        if key not in self._memo:
            try:
                self._memo[key] = look(text)
            except OutOfTime as error:
                self._memo[key] = error
        found = self._memo[key]
        if isinstance(found, OutOfTime):
            raise OutOfTime(*found.args)
        return found

    def run(self, pattern: engine.Pattern[str], how: How, text: str) -> str | None:
        """Return what a pattern finds in a text. Raises OutOfTime."""
        limit = min(PATTERN_SECONDS, self._left)
        if limit <= 0:
            self._blame()
            raise OutOfTime(f"the patterns of this judgement took all of their {JUDGEMENT_SECONDS:g} s")
        begun = time.thread_time()
        try:
            hit = _stopped_in_time(pattern, how, text, limit)
        except (TimeoutError, MemoryError):
            spent = self._count(begun)
            self.late[self.rule] = self.late.get(self.rule, False) or spent >= _NEARLY * PATTERN_SECONDS
            raise OutOfTime(f"a pattern did not end within {limit:.2g} s") from None
        self._count(begun)
        return None if hit is None else str(hit.group())

    def words(self) -> None:
        """Look whether there is time for plain words too. Raises OutOfTime."""
        if self._left <= 0:
            self._blame()
            raise OutOfTime(f"the texts of this judgement took all of their {JUDGEMENT_SECONDS:g} s")

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the time of plain words."""
        begun = time.thread_time()
        try:
            yield
        finally:
            self._count(begun)

    def _count(self, begun: float) -> float:
        spent = time.thread_time() - begun
        self._left -= spent
        self._spent[self.rule] = self._spent.get(self.rule, 0.0) + spent
        return spent

    def _blame(self) -> None:
        most = max(self._spent, key=lambda rule: self._spent[rule], default=None)
        if most is not None and self._spent[most] >= _BLAMED:
            self.late[most] = True
        self.late.setdefault(self.rule, False)


def _stopped_in_time(pattern: engine.Pattern[str], how: How, text: str, limit: float) -> engine.Match[str] | None:
    look: Callable[..., engine.Match[str] | None] = getattr(pattern, how)
    # Nearly all patterns end at once, and must not let others run: beside a busy thread they would ask for the
    # interpreter back so often that harmless ones come late. What takes longer begins anew and holds up nobody.
    alone = min(limit, ALONE_SECONDS)
    try:
        return look(text, timeout=alone, concurrent=False)
    except TimeoutError:
        if limit <= alone:
            raise
    return look(text, timeout=limit - alone, concurrent=True)


class _Reading:
    def __init__(self, what: str, seconds: float) -> None:
        self.what = what
        self.seconds = seconds
        self.end = time.thread_time() + seconds
        self.patterns = 0


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)


@contextmanager
def bounded(what: str, seconds: float = PAGE_SECONDS) -> Iterator[None]:
    """Give everything inside this many seconds; `what` is done completes `… takes more than 2 s`."""
    token = _reading.set(_Reading(what, seconds))
    try:
        yield
    finally:
        _reading.reset(token)


def spend(at: str) -> None:
    """Raise StoppedError if what is being done has taken too long; `at` says how far it came."""
    now = _reading.get()
    if now is not None and time.thread_time() > now.end:
        raise StoppedError(f"{at}: {now.what} takes more than {now.seconds:g} s; write fewer and simpler rules")


def one_more_pattern(at: str) -> None:
    """Count a pattern. Raises StoppedError if there are too many, or if it took too long."""
    now = _reading.get()
    if now is None:
        return
    now.patterns += 1
    if now.patterns > MAX_PATTERNS:
        raise StoppedError(f"{at}: there are more than {MAX_PATTERNS:,} patterns; join some with |, or remove some")
    spend(at)
