"""What was done for cases, would be, or waits, in the same words on every screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot import actions as plugs
from bot.model import ActionState, Hold, Mode

WOULD = "would"


def standing(kind: str, state: ActionState, hold: Hold | None, mode: Mode) -> str:
    """Return how an action stands in one word: `done`, `held`, `would` if only the subreddit's mode is against it."""
    if state == ActionState.HELD and hold == Hold.MODE:
        return WOULD
    if state == ActionState.PLANNED and mode not in plugs.get(kind).modes:
        return WOULD
    return str(state)


def together(rows: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    """Return kinds of actions by how they stand, from (standing, kind), both in their order."""
    found: dict[str, list[str]] = {}
    for stands, kind in rows:
        kinds = found.setdefault(stands, [])
        if kind not in kinds:
            kinds.append(kind)
    return found


def in_words(found: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield `done: report` for each standing; `would report, remove` of what only the mode is against."""
    for stands, kinds in found.items():
        yield f"{stands}{'' if stands == WOULD else ':'} {', '.join(kinds)}"
