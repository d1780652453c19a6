"""What the mod log and the removed posts of a subreddit tell of its past."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.model import PastState, Remover, Skipped
from bot.store.base import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRow:
    """How far one source of a subreddit's past removals was read."""

    subreddit: str
    source: str
    since: datetime  # nothing older is wanted
    after: str | None = None  # where to go on
    seen: int = 0  # lines or posts read
    oldest: datetime | None = None
    state: str = "reading"  # reading, done, parked
    updated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRemoval:
    """One post that was removed. Names nobody who posted."""

    post: str
    subreddit: str
    at: datetime  # when it was removed last, as far as is known
    remover: Remover = Remover.UNKNOWN
    moderator: str | None = None  # by whom: a few digits, for counting
    reason: str | None = None  # the removal reason's title
    note: str | None = None  # what a moderator wrote beside it
    rule: str | None = None  # AutoModerator's, or what a moderator reported it for
    flair: str | None = None
    age: bool = False  # something that is said of it speaks of age; the words are not kept
    marks: tuple[str, ...] = field(default=())  # of one that speaks of age: keyed digests of its media's names
    state: PastState = PastState.READ
    skipped: Skipped | None = None
    bank: str | None = None  # the bank that its media are proposed for


def sign(name: str) -> str:
    """Return the few digits by which a moderator is counted and not named."""
    return hashlib.sha256(name.casefold().encode()).hexdigest()[:8]


class PastRemovals:
    """Tables learnings and past_removals."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def readings(self, subreddit: str) -> dict[str, LearningRow]:
        """Return how far each source of a subreddit's past removals was read, by source."""
        rows = self._c.rows("select * from learnings where subreddit = ? order by rowid", (subreddit,))
        return {row["source"]: _reading(row) for row in rows}

    def put_reading(self, row: LearningRow) -> None:
        """Write down how far one source was read."""
        self._c.run(
            """insert into learnings (subreddit, source, since, after, seen, oldest, state, updated_at)
               values (:subreddit, :source, :since, :after, :seen, :oldest, :state, :now)
               on conflict do update set since = :since, after = :after, seen = :seen, oldest = :oldest,
               state = :state, updated_at = :now""",
            {"subreddit": row.subreddit, "source": row.source, "since": iso(row.since), "after": row.after,
             "seen": row.seen, "oldest": iso(row.oldest) if row.oldest else None, "state": row.state,
             "now": self._c.now()},
        )  # fmt: skip

    def drop_readings(self, subreddit: str) -> None:
        """Forget how far was read, so that it is read from the start."""
        self._c.run("delete from learnings where subreddit = ?", (subreddit,))

    def get(self, post: str) -> PastRemoval | None:
        """Return what is known of the removal of a post."""
        row = self._c.one("select * from past_removals where post = ?", (post,))
        return _removal(row) if row else None

    def put(self, row: PastRemoval) -> None:
        """Write down what is known of the removal of a post."""
        self._c.run(
            """insert or replace into past_removals (post, subreddit, at, remover, moderator, reason, note, rule, flair,
               age, marks, state, skipped, bank, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (row.post, row.subreddit, iso(row.at), row.remover, row.moderator, row.reason, row.note, row.rule,
             row.flair, int(row.age), json.dumps(row.marks) if row.marks else None, row.state, row.skipped, row.bank,
             self._c.now()),
        )  # fmt: skip

    def in_state(self, subreddit: str, state: PastState, limit: int = -1) -> list[PastRemoval]:
        """Return past removals in a state, in the order in which they were read."""
        rows = self._c.rows(
            "select * from past_removals where subreddit = ? and state = ? order by rowid limit ?",
            (subreddit, state, limit),
        )
        return [_removal(row) for row in rows]

    def counts(self, subreddit: str) -> tuple[Mapping[PastState, int], Mapping[Skipped, int]]:
        """Return how many past removals are in each state, and how many are left out for which reason."""
        states: Counter[PastState] = Counter()
        skipped: Counter[Skipped] = Counter()
        for row in self._c.rows(
            "select state, skipped, count(*) as n from past_removals where subreddit = ? group by 1, 2", (subreddit,)
        ):
            states[PastState(row["state"])] += row["n"]
            if row["skipped"] is not None:
                skipped[Skipped(row["skipped"])] += row["n"]
        return states, skipped

    def marks(self, media: Iterable[str]) -> tuple[str, ...]:
        """Return keyed digests of names of media, `host:id`; none without a key."""
        if self._seal is None:
            return ()
        return tuple(self._seal.keyed_digest(f"past removal: {name}") for name in media)

    def aged(self) -> frozenset[str]:
        """Return the keyed digests of all media of which something that is said speaks of age, wherever it was."""
        rows = self._c.rows("select marks from past_removals where marks is not null")
        return frozenset(mark for row in rows for mark in json.loads(row["marks"]))

    def hush(self, post: str) -> None:
        """Forget what was said of the removal of a post."""
        self._c.run(
            "update past_removals set reason = null, note = null, rule = null, flair = null where post = ?", (post,)
        )

    def forget_before(self, moment: datetime) -> None:
        """Delete what was read before then and not chosen."""
        self._c.run("delete from past_removals where updated_at < ? and state != ?", (iso(moment), PastState.QUEUED))


def _reading(row: Row) -> LearningRow:
    return LearningRow(
        subreddit=row["subreddit"],
        source=row["source"],
        since=from_iso(row["since"]),
        after=row["after"],
        seen=row["seen"],
        oldest=from_iso(row["oldest"]) if row["oldest"] else None,
        state=row["state"],
        updated=from_iso(row["updated_at"]),
    )


def _removal(row: Row) -> PastRemoval:
    return PastRemoval(
        post=row["post"],
        subreddit=row["subreddit"],
        at=from_iso(row["at"]),
        remover=Remover(row["remover"]),
        moderator=row["moderator"],
        reason=row["reason"],
        note=row["note"],
        rule=row["rule"],
        flair=row["flair"],
        age=bool(row["age"]),
        marks=tuple(json.loads(row["marks"])) if row["marks"] else (),
        state=PastState(row["state"]),
        skipped=Skipped(row["skipped"]) if row["skipped"] else None,
        bank=row["bank"],
    )
