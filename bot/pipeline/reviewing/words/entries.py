"""What became of the entries that a case rests on, in words."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Evidence, Opinion, Withdrawal
from bot.store import Said, Store, WithdrawnRow

WORDS = {
    Withdrawal.WRONG: "it never was what it was banked for",
    Withdrawal.HER_WISH: "the person shown wants no more of it",
    Withdrawal.MINOR: "suspected minor",
    Withdrawal.BY_LIST: "its list no longer has it",
    Withdrawal.UNSAID: "no reason was given",
}
"""Why an entry was withdrawn, as moderators read it."""


def because(row: WithdrawnRow) -> str:
    """Return in words that an entry was withdrawn, and why."""
    if row.why is Withdrawal.BY_LIST and row.source:
        return f"{row.label} was withdrawn: the list {row.source} no longer has it"
    return f"{row.label} was withdrawn: {WORDS[row.why]}"


def said_of(said: Said) -> str:
    """Return in words who disputes an entry."""
    if said.source is not None:
        what = "says that it is wrong" if said.opinion is Opinion.WRONG else "disputes it"
        return f"{said.by} {what}, by the list {said.source}"
    return f"{said.by} dismissed {said.case}"


def doubts(store: Store, evidence: Evidence | None) -> Iterator[str]:
    """Yield what has been said against entries since they were found in a case's media."""
    if evidence is None:
        return
    found = [match.entry for match in evidence.matches if match.bank_kind != "allow" and not match.suppressed]
    found += [source.entry for source in evidence.source]
    for label in store.opinions.disputed_labels(found):
        said = store.opinions.against(label)
        yield f"{label} is disputed ({', '.join(map(said_of, said))})"
    for row in store.withdrawn.reasons(found).values():
        yield because(row)
        if row.why is Withdrawal.MINOR:
            yield "if this shows the same person, it is a suspected minor's as well: gifwarden cases minor"
