"""How each person wants to look, and how much they did today: theirs to know, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bot.errors import UsageError
from bot.model import KINDS, Actor, Level, LookSettings, MediaKind
from bot.plural import many
from bot.store import Store

# No number is known to be safe. Thirty cases are a full evening's queue; who looked at each of them twice without cover
# has looked at sixty sheets.
MUCH = 60
CLEAR = (Level.BLURRED, Level.PLAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """How much one person looked at today (UTC). Shown to them alone, gone the next day."""

    looks: int
    clear: int  # of them, those that were blurred or plain
    word: str | None  # a sentence when it is much

    @property
    def said(self) -> str:
        """The count in words."""
        return f"{many(self.looks, 'sheet')}, {self.clear} of them not as outlines"


class Wishes:
    """Settings and counts of people, each asked for by themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def settings(self, by: Actor) -> LookSettings:
        """Return how somebody wants to look."""
        return self._store.looking.settings(self._store.team.one(by.member))

    def keep(self, settings: LookSettings, *, by: Actor) -> None:
        """Keep how somebody wants to look. No trace of it goes into the audit trail: it is nobody's business."""
        self._store.looking.keep(self._store.team.one(by.member), settings)

    def today(self, by: Actor) -> Today:
        """Return how much somebody looked at today."""
        looks, clear = self._store.looking.today(self._store.team.one(by.member))
        return Today(looks=looks, clear=clear, word=word(clear))

    def looked(self, by: Actor, level: Level) -> None:
        """Count one look of somebody's."""
        self._store.looking.looked(self._store.team.one(by.member), clear=level in CLEAR)


def word(clear: int) -> str | None:
    """Return what is said to somebody who looked at so much without cover today."""
    if clear < MUCH:
        return None
    return (
        f"you looked at {many(clear, 'sheet')} without cover today, which is much: take a break, go back to outlines, "
        "or leave the rest to somebody else; most cases can be decided without looking"
    )


def level_of(text: str) -> Level:
    """Return the level that somebody named. Raises UsageError if it is none."""
    if text not in list(Level):
        raise UsageError(f"{text} is no level; choose one of {', '.join(Level)}")
    return Level(text)


def kinds_of(texts: Sequence[str]) -> tuple[MediaKind, ...]:
    """Return the kinds that somebody named, also as all or none. Raises UsageError if one is none."""
    known = (*KINDS, "all", "none")
    wrong = [text for text in texts if text not in known]
    if wrong:
        raise UsageError(f"{wrong[0]} is no kind of media; choose of {', '.join(known)}")
    if "none" in texts and len(texts) > 1:
        raise UsageError("none stands alone; leave the other kinds out, or none")
    return KINDS if "all" in texts else cast("tuple[MediaKind, ...]", tuple(kind for kind in KINDS if kind in texts))
