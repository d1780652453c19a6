"""Claims in the words in which commands and the console show them: nothing of it is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.clock import day_and_time
from bot.model import AgeWhenMade, ClaimState, KnownBy, SafeWay
from bot.pipeline.helping.claims import Answered
from bot.plural import many
from bot.store import ClaimRow

AGES: Mapping[AgeWhenMade, str] = {
    AgeWhenMade.NOT_SAID: "not said yet: ask first",
    AgeWhenMade.IN_DOUBT: "may be under 18: ask, look at nothing",
    AgeWhenMade.ADULT: "18 or older when it was made",
    AgeWhenMade.UNDER_18: "under 18 when it was made",
}
KNOWN: Mapping[KnownBy, str] = {
    KnownBy.NGO: "an organisation that helps them",
    KnownBy.LAWYER: "a lawyer who acts for them",
    KnownBy.OWN_CHANNEL: "a channel that is publicly theirs",
}
WAYS: Mapping[SafeWay, str] = {
    SafeWay.MODMAIL: "this modmail",
    SafeWay.REDDIT: "another Reddit account",
    SafeWay.EMAIL: "mail",
    SafeWay.PHONE: "telephone",
    SafeWay.MESSENGER: "a messenger",
    SafeWay.NGO: "an organisation",
    SafeWay.LAWYER: "a lawyer",
    SafeWay.OTHER: "another way",
}
STATES: Mapping[ClaimState, str] = {
    ClaimState.OPEN: "waits for an answer",
    ClaimState.TO_GIVE: "an answer is to be given to them by hand",
    ClaimState.ANSWERED: "answered",
    ClaimState.DISMISSED: "dismissed",
}


def plain_claim(row: ClaimRow) -> dict[str, Any]:
    """Return a claim as plain data for programs: opaque labels, states and moments."""
    return {
        "claim": row.label,
        "subreddit": row.subreddit,
        "state": row.state,
        "source": row.source,
        "age": row.age,
        "language": row.language,
        "known": row.known,
        "known_at": row.known_at.isoformat() if row.known_at else None,
        "known_by": row.known_by,
        "safe_way": row.safe_way,
        "opened": row.opened.isoformat(),
        "opened_by": row.opened_by,
        "heard": row.heard.isoformat(),
        "answered": row.answered.isoformat() if row.answered else None,
        "messages": row.messages,
        "cases": list(row.cases),
        "person": row.person,
    }


def heard_in_words(row: ClaimRow) -> str:
    """Return what was heard of them and when, in words."""
    if not row.messages:
        return f"opened by hand {day_and_time(row.opened)}, no message of theirs"
    return f"{many(row.messages, 'message')}, the last {day_and_time(row.heard)}"


def to_give(done: Answered, *, where: str, hour: str) -> list[str]:
    """Return what a person has to do to give an answer that the program cannot send. For who may read the claim."""
    if done.way is SafeWay.MODMAIL:
        return [
            "nothing was sent: there is no conversation in which to send it. Give it to them as they told you of it"
            + (f"; when: {hour}" if hour else "")
        ]
    return [
        f"nothing was sent. Their safe way is {WAYS[done.way]}: {where}" + (f"; when: {hour}" if hour else ""),
        f"first write only this there, without a subject: {done.nudge}",
        "when they answer there, give them what you have written, and nothing before",
    ]


def known_in_words(row: ClaimRow) -> str:
    """Return how the team knows who they are, in words."""
    if row.known is None or row.known_at is None:
        return "nobody knows yet who they are: they get help, and no word of what was found"
    return f"by {KNOWN[row.known]}, recorded by {row.known_by} on {row.known_at:%d %B %Y}"


def waiting_in_words(number: int) -> str:
    """Return a sentence on claims that wait for an answer, empty for none."""
    if not number:
        return ""
    who = "1 person says that they are depicted and waits" if number == 1 else (
        f"{number} people say that they are depicted and wait"
    )  # fmt: skip
    return f"{who} for an answer"
