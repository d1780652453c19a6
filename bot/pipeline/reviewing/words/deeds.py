"""What was done for cases, would be, or waits, in the same words on every screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from bot import actions as plugs
from bot.clock import day_and_time
from bot.config import Config
from bot.model import ActionState, Hold, Mode
from bot.pipeline.reviewing.words.actions import IN_WORDS
from bot.plural import many
from bot.store import ActionRow

WOULD = "would"
HEAVY = ("remove", "report")  # beside these no other action is told where there is little room
MOST_LINES = 4  # of one text


def standing(kind: str, state: ActionState, hold: Hold | None, mode: Mode) -> str:
    """Return how an action stands in one word: `done`, `held`, `would` if only the subreddit's mode is against it."""
    if state == ActionState.HELD and hold == Hold.MODE:
        return WOULD
    if state == ActionState.PLANNED and mode not in plugs.get(kind).modes:
        return WOULD
    return IN_WORDS.get(state, str(state))


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


def lines(settings: Config, rows: Iterable[ActionRow], when: Mapping[str, datetime]) -> Iterator[tuple[str, str]]:
    """Yield (standing, kinds and why or when) for the actions of a case; `when`: the moment each kind was done."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        mode = settings.mode(row.action.subreddit)
        stands = standing(row.action.kind, row.state, row.hold, mode)
        why = f"r/{row.action.subreddit} is in mode {mode}" if stands == WOULD else row.reason or ""
        if row.state == ActionState.DONE and row.action.kind in when:
            why = "; ".join(part for part in (f"{day_and_time(when[row.action.kind])} UTC", why) if part)
        told.setdefault((stands, why), []).append(row.action.kind)
    for (stands, why), kinds in told.items():
        yield stands, f"{', '.join(kinds)}{f' ({why})' if why else ''}"


def words(rows: Iterable[ActionRow]) -> Iterator[tuple[str, str]]:
    """Yield, line by line, what others will read of actions that were not done yet."""
    for row in rows:
        if row.state not in (ActionState.PLANNED, ActionState.HELD):
            continue
        params = row.action.params
        note = {"remove": "note for moderators: ", "report": "moderators will read: "}.get(row.action.kind, "")
        said = [params[name] for name in ("reason", "subject", "body", "text") if params.get(name)]
        said[:1] = [f"{note}{said[0]}"] if said else []
        text = [line.strip() for part in said for line in part.splitlines() if line.strip()]
        for place, line in enumerate(text[:MOST_LINES]):
            yield ("" if place else row.action.kind), line
        if len(text) > MOST_LINES:
            yield "", f"… and {many(len(text) - MOST_LINES, 'line')} more, see --json"
