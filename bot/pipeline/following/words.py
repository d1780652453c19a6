"""A notice's life as people read it at every door: its media, and what is open."""

from __future__ import annotations

from typing import Any

from bot.clock import day, day_and_time
from bot.model import NoticeItemState
from bot.pipeline.following.recourses import Proposal
from bot.pipeline.following.steps import NextSteps
from bot.serialization import to_json_data
from bot.store import LifeItem

_STANDS = {
    NoticeItemState.LISTED: "on the notice",
    NoticeItemState.GONE_ONCE: "seen gone once",
    NoticeItemState.REMOVED: "removed",
    NoticeItemState.KEPT: "kept by its host",
    NoticeItemState.TAKEN_BACK: "taken back",
}


def item_line(item: LifeItem) -> str:
    """Return how one media stands, in one line."""
    parts = [_STANDS[item.state]]
    if item.gone is not None:
        parts.append(f"seen gone at {day_and_time(item.gone)} UTC")
    if item.outcome is not None and item.looked is not None:
        parts.append(f"last look {day_and_time(item.looked)} UTC: {str(item.outcome).replace('_', ' ')}")
    if item.look is not None:
        parts.append(f"next {day_and_time(item.look)} UTC")
    return "; ".join(parts)


def proposal_lines(proposal: Proposal) -> list[tuple[str, str]]:
    """Return label and text of what is to know of one proposal."""
    rows = [(str(proposal.recourse), proposal.why)]
    rows += [("law", proposal.law)] if proposal.law else []
    rows += [("needs", need) for need in proposal.needs]
    rows += [("where", where) for where in proposal.where]
    rows += [("until", day(proposal.until))] if proposal.until else []
    rows += [("careful", proposal.warning)] if proposal.warning else []
    return rows


def steps_plain(steps: NextSteps) -> dict[str, Any]:
    """Return a notice's life as JSON."""
    row = steps.row
    return {
        "notice": row.label,
        "host": row.host,
        "state": row.state,
        "next": steps.sentence,
        "sent": to_json_data(row.sent),
        "ended": to_json_data(row.ended),
        "earlier": list(steps.earlier),
        "items": [
            to_json_data(
                {
                    "host_id": item.host_id, "state": item.state, "outcome": item.outcome, "looks": item.looks,
                    "looked": item.looked, "gone": item.gone, "look": item.look,
                }
            )
            for item in steps.items
        ],
        "events": [to_json_data(event) for event in steps.events],
        "open": [to_json_data(one) for one in steps.proposals],
        "taken": [to_json_data(one) for one in steps.recourses],
    }  # fmt: skip
