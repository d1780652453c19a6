"""What came of asking each host, hour by hour: counts, and the last sentence of each kind. No URL, no id, no post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from bot.clock import from_iso, iso
from bot.store.base import Connection

KEPT_DAYS = 35

HostOutcome = Literal["resolved", "gone", "blocked", "needs_token", "unsupported", "changed", "failed"]
OUTCOMES: tuple[str, ...] = get_args(HostOutcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCount:
    """How often each outcome was seen at one host in some time, when last, and in which words."""

    counts: Mapping[str, int]  # those that were seen
    last: Mapping[str, datetime]
    sentences: Mapping[str, str]

    def __getitem__(self, outcome: str) -> int:
        """Return how often an outcome was seen."""
        return self.counts.get(outcome, 0)

    @property
    def asked(self) -> int:
        """How often the host was asked for a link's media."""
        return sum(self.counts.values())


NOTHING = HostCount(counts={}, last={}, sentences={})


class Health:
    """Table host_health."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def note(self, host: str, outcome: HostOutcome, sentence: str = "") -> None:
        """Count what came of one link of a host. `sentence` holds no URL, as all errors' messages."""
        now = self._c.now()
        self._c.run(
            """insert into host_health (host, hour, outcome, n, last_at, sentence)
               values (:host, :hour, :outcome, 1, :now, :sentence) on conflict (host, hour, outcome)
               do update set n = n + 1, last_at = excluded.last_at, sentence = excluded.sentence""",
            {"host": host, "hour": _hour(self._c.clock.now()), "outcome": outcome, "now": now, "sentence": sentence},
        )

    def tallies(self, since: datetime, until: datetime | None = None) -> Mapping[str, HostCount]:
        """Return what was seen at each host in the hours that began from `since` on and before `until`, if given."""
        rows = self._c.rows(
            """select host, outcome, sum(n) as n, max(last_at) as last_at, sentence from host_health
               where hour >= ? and hour < ? group by host, outcome""",  # with max(), SQLite takes sentence from its row
            (_hour(since), _hour(until) if until else "9"),
        )
        found: dict[str, HostCount] = {}
        for row in rows:
            before = found.get(row["host"], NOTHING)
            found[row["host"]] = HostCount(
                counts={**before.counts, row["outcome"]: row["n"]},
                last={**before.last, row["outcome"]: from_iso(row["last_at"])},
                sentences={**before.sentences, row["outcome"]: row["sentence"]},
            )
        return found

    def forget(self) -> int:
        """Delete what is older than `KEPT_DAYS`; return how many rows."""
        moment = self._c.clock.now() - timedelta(days=KEPT_DAYS)
        return self._c.run("delete from host_health where hour < ?", (_hour(moment),))


def _hour(moment: datetime) -> str:
    return iso(moment.replace(minute=0, second=0, microsecond=0))
