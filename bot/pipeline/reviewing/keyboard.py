"""The console's keys, as each person wants them: two keys change places, so that each deed always has a key."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import UsageError
from bot.model import Actor
from bot.store import Store

FIXED = frozenset("?")  # so that whoever lost their way finds the list


class Keyboard:
    """Each person's own keys, asked for and changed by themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def swap(self, ours: str, mine: str, *, by: Actor) -> None:
        """Let somebody press `mine` where the console says `ours`, and the other way round.

        Raises UsageError if one of them is no key of one sign, or one that stays where it is.
        """
        for key in (ours, mine):
            if len(key) != 1 or not key.isprintable() or key.isspace():
                raise UsageError(f"{key or 'nothing'} is no key that can be changed; write one letter, digit or sign")
            if key in FIXED:
                raise UsageError(f"{key} always shows the keys; choose another key")
        member = self._store.team.one(by.member)
        self._store.keyboards.keep(member, swapped(self._store.keyboards.of(member), ours, mine))

    def reset(self, *, by: Actor) -> None:
        """Let all keys of somebody be as they come."""
        self._store.keyboards.keep(self._store.team.one(by.member), {})


def swapped(keys: Mapping[str, str], ours: str, mine: str) -> dict[str, str]:
    """Return pressed key → meant key once `mine` means `ours`, and what meant `ours` means what `mine` meant.

    Each key means one and each meaning has one: a permutation stays one.
    """
    pressed = next((key for key, meant in keys.items() if meant == ours), ours)
    found = {**keys, pressed: keys.get(mine, mine), mine: ours}
    return {key: meant for key, meant in found.items() if key != meant}
