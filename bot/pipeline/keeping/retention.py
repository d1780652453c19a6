"""What is deleted on Reddit is deleted here, within 48 hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from bot.clock import Clock, from_iso
from bot.config import StorageConfig
from bot.errors import RedditError
from bot.model import PROGRAM, standing
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always
from bot.pipeline.watching.learning import KEPT
from bot.reddit import MAX_THINGS, Job, Reddit
from bot.store import Store

LOOK_HOURS = 20  # a post is looked for at least that often: what was deleted since is found well within 48 hours
AGAIN_HOURS = 1  # a post that Reddit does not show at all is looked for once more before it counts as deleted
EARLIER_HOURS = 24  # that a copy of before an update is kept
LATE_HOURS = 44  # from here on a person is told that the 48 hours are at risk
BATCHES = 10  # of a hundred posts that one step looks for at most, or
STEPS = 200  # so many steps look for all that are kept: there are 240 in 20 hours


class Forgetting:
    """Looks for stored posts on Reddit and forgets those that were deleted."""

    def __init__(self, storage: StorageConfig, store: Store, clock: Clock, log: Log, reddit: Reddit | None) -> None:
        self._storage = storage
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit

    def look(self, go_on: GoOn = always, *, everything: bool = False) -> int:
        """Look for the posts that are due, or for all of them; return how many were forgotten. Raises RedditError."""
        now = self._clock.now()
        names = self._store.forgetting.due(
            checked=now if everything else now - timedelta(hours=LOOK_HOURS),
            missed=now - timedelta(hours=AGAIN_HOURS),
            limit=-1 if everything else max(BATCHES * MAX_THINGS, -(-self._store.forgetting.count() // STEPS)),
        )
        api = connected(self._reddit).as_job(Job.REVIEW)
        forgotten = 0
        for start in range(0, len(names), MAX_THINGS):
            if not go_on():
                break
            batch = names[start : start + MAX_THINGS]
            forgotten += self._judge(batch, api.things(batch))
        late = self._store.forgetting.unlooked(now - timedelta(hours=LATE_HOURS))
        if late:
            self._log.warning("posts not looked for in time", posts=late, reason=f"none for {LATE_HOURS} hours")
        return forgotten

    def purge(self, go_on: GoOn = always, *, everything: bool = False) -> tuple[int, int]:
        """Forget what was deleted on Reddit and what has been kept long enough, and empty the log of the database.

        Return how many posts were deleted and how many were old. Without Reddit only the second part is done; a
        failure of Reddit's is logged.
        """
        deleted, store, storage, now = 0, self._store, self._storage, self._clock.now()
        if self._reddit is not None:
            try:
                deleted = self.look(go_on, everything=everything)
            except RedditError as error:
                self._log.warning("deleted posts not looked for", reason=str(error))
        old = store.maintenance.forget_before(now - timedelta(days=storage.seen_days))
        store.banks.destroy_withdrawn(now - timedelta(days=storage.withdrawn_days))
        store.past.forget_before(now - KEPT)
        store.lists.tidy()
        store.orders.forget_before(now - timedelta(days=storage.seen_days))
        store.health.forget()
        store.looking.forget()
        store.forgetting.forget_ended()
        store.notice_answers.forget(now - timedelta(days=storage.seen_days))
        store.maintenance.forget_earlier(now - timedelta(hours=EARLIER_HOURS))
        store.maintenance.truncate_log()
        return deleted, old

    def _judge(self, names: list[str], shown: Mapping[str, Any]) -> int:
        store, forgotten = self._store.forgetting, 0
        there = []
        for name in names:
            gone = gone_of(shown[name]["data"]) if name in shown else "missing"
            if gone == "missing":
                since = self._clock.now() - from_iso(store.missing(name))
                if since < timedelta(hours=AGAIN_HOURS):
                    continue
            elif gone is None or gone == "author":
                there.append(name)
                if gone == "author":
                    store.forget_author(name)
                continue
            forgotten += 1
            for label in store.forget_post(name):
                self._store.audit.record(by=PROGRAM, what="post forgotten", subject=label, why="deleted on Reddit")
                self._log.info("post forgotten", case=label)
        store.found(there)
        return forgotten


def gone_of(data: Mapping[str, Any]) -> Literal["post", "author"] | None:
    """Return whether a thing was deleted by its author, or only its author's account is gone."""
    how = standing(data)
    if how.state == "deleted":
        return "post"
    return "author" if how.author_gone else None
