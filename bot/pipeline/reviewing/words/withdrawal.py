"""What a withdrawn entry carried here, in words: each thing, what undoing it does, what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.clock import day
from bot.model import Decision, Withdrawal
from bot.pipeline.reviewing.words.entries import WORDS
from bot.plural import many
from bot.store import CarriedRow, Store, WithdrawnRow
from bot.store.carried import NO_WAY_BACK, CarriedState, waiting

Fact = tuple[str, str]
DEEDS = {
    "remove": "removed the post",
    "ban": "banned its author",
    "message": "told its author",
    "report": "reported it to the moderators",
    "modmail": "wrote to the moderators",
    "notice": "sent the notice {notice} to its host",
    "lock": "locked the post",
    "spoiler": "marked it as a spoiler",
    "nsfw": "marked it NSFW",
    "flair": "set a flair",
    "note": "wrote a note on its author",
}
NAMES = {"remove": "removal", "message": "message", "modmail": "modmail", "nsfw": "NSFW mark"}
BACK = {
    "remove": "the post comes up again, unless it was held before",
    "ban": "the ban is lifted",
    "message": "its author hears that it was a mistake",
    "notice": "a retraction is mailed",
}
NOTHING = "cannot be unsaid: keep it"
STATES = {
    CarriedState.WAITING: "waits for you",
    CarriedState.UNDER_WAY: "being undone",
    CarriedState.UNDONE: "undone",
    CarriedState.KEPT: "kept",
    CarriedState.CANNOT: "cannot be undone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A withdrawn entry that carried something, and how much of it waits for a person."""

    entry: str
    bank: str
    withdrawn: str
    by: str | None
    waiting: int
    all: int


def counted(store: Store) -> Iterator[Counted]:
    """Yield the withdrawn entries that carried something, the one that was withdrawn last first."""
    for label in store.carried.entries():
        row, rows = store.withdrawn.get(label), store.carried.rows(label)
        assert row is not None, "only withdrawn ones are listed"
        yield Counted(
            entry=label, bank=row.bank, withdrawn=day(row.at), by=row.by, waiting=len(waiting(rows)), all=len(rows)
        )


def deed_of(row: CarriedRow) -> str:
    """Return what was done."""
    return DEEDS.get(row.what, row.what).format(notice=row.notice)


def back_of(row: CarriedRow) -> str:
    """Return what undoing it does."""
    return NOTHING if row.what in NO_WAY_BACK else BACK.get(row.what, "it is taken off")


def does(row: CarriedRow, verb: Decision) -> str:
    """Return what a decision does of a row."""
    if verb is Decision.LET_STAND:
        return f"stays: {deed_of(row)} ({row.case})"
    return f"{deed_of(row)} ({row.case}): {back_of(row)}"


def state_of(row: CarriedRow) -> str:
    """Return how a row stands, or what undoing it would do."""
    if row.state is CarriedState.WAITING:
        if row.beside:
            return f"also: {row.beside}; not undone with the others"
        return f"undo: {back_of(row)}"
    said = f" by {row.who}" if row.who and row.state is not CarriedState.CANNOT else ""
    reason = f": {row.reason}" if row.reason else ""
    return f"{STATES[row.state]}{said}{reason}"


def place_of(row: CarriedRow) -> str:
    """Return the case of a row and where it is."""
    return f"{row.case} {f'r/{row.subreddit}' if row.subreddit else ''}".rstrip()


def head(store: Store, row: WithdrawnRow, rows: Sequence[CarriedRow]) -> Iterator[Fact]:
    """Yield of a withdrawn entry what stands above its rows."""
    by = f" by {row.by}" if row.by else ""
    yield "entry", f"{row.label} in {row.bank}, withdrawn {day(row.at)}{by}"
    yield "why", WORDS[row.why]
    if row.followed is None:
        yield "not yet", "what follows from it is not done yet; the daemon does it at its next step"
    if row.why is not Withdrawal.WRONG:
        yield from _standing(store, row)
        return
    if not rows:
        yield "carried", "nothing that still stands"
        return
    counts = Counter(one.state for one in rows)
    told = {**STATES, CarriedState.WAITING: "to decide"}
    yield "carried", f"{many(len(rows), 'thing')}: " + ", ".join(f"{n} {told[state]}" for state, n in counts.items())


def _standing(store: Store, row: WithdrawnRow) -> Iterator[Fact]:
    """Yield what stands of an entry that was not wrong: it is said, and nothing is proposed."""
    cases = [store.cases.of_id(one.case) for one in store.withdrawn.resting(row.id, open_only=False)]
    kinds = Counter(
        one.action.kind for case in cases for one in store.actions.of_case(case.id) if str(one.state) == "done"
    )
    told = ", ".join(many(count, NAMES.get(kind, kind)) for kind, count in kinds.items())
    yield "stands", f"{told} in {many(len(cases), 'case')}" if kinds else "nothing that was done on its word"
    if kinds:
        yield "", "nothing is to be undone: it was right when it was done. One of them: gifwarden cases undo C-…"
