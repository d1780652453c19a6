"""What other moderators decided: it closes our cases and teaches nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import StoreError
from bot.model import APPROVALS, DECISIONS, MACHINES, CaseState, ModAction, Outsider
from bot.pipeline.core import Boundary, connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always, reason_of
from bot.pipeline.watching.rounds import Backoff, MultiSubreddit
from bot.pipeline.watching.subreddits import SubredditStates
from bot.reddit import Reddit
from bot.store import Store

MOD_LOG = Outsider(name="mod log")
PAGES = 10
OVERLAP = timedelta(seconds=60)  # decisions that are known already are passed over


class ModLogReader:
    """Reads the mod logs: of several subreddits in one, of each alone where that fails."""

    def __init__(
        self, store: Store, clock: Clock, log: Log, reddit: Reddit | None, boundary: Boundary, places: SubredditStates
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit
        self._boundary = boundary
        self._places = places
        self._patience = Backoff(clock, log, places, "mod log failed")
        self._rounds = MultiSubreddit(clock, log, self._patience.failed)

    def round(self, go_on: GoOn = always) -> int:
        """Hear what was decided everywhere; return how many cases that closed."""
        split = self._places.split(self._patience.ready(self._places.open()), lambda _name: ("log",))
        return self._rounds.go("mod log failed", split, self.read_together, self.mod_log, go_on)

    def mod_log(self, subreddit: str) -> int:
        """Store others' decisions in one subreddit; return how many cases were closed. Raises RedditError."""
        top = self._store.watermarks.newest("log")
        return self._take(subreddit, [subreddit], top)[0]

    def read_together(self, names: list[str]) -> tuple[int, list[str]]:
        """Store others' decisions in several; return how many cases were closed, and who is left to be read alone."""
        marks = [self._store.watermarks.created(name, "log") for name in names]
        closed, complete = self._take("+".join(names), names, max(mark for mark in marks if mark))
        return closed, [] if complete else names

    def _take(self, where: str, names: list[str], top: datetime | None) -> tuple[int, bool]:
        store, now = self._store, self._clock.now()
        machines = MACHINES | {connected(self._reddit).me().casefold()}
        marks = {name: store.watermarks.created(name, "log") for name in names}
        fresh, complete = self._fresh(where, [mark for mark in marks.values() if mark], one=len(names) == 1)
        closed = 0
        for decision in sorted(fresh, key=lambda action: action.at):
            try:
                with store.transaction():
                    if decision.action in DECISIONS and decision.moderator.casefold() not in machines:
                        closed += self._hear(decision)
            except (StoreError, MemoryError):
                raise  # heard again at the next look
            except Exception as error:  # noqa: BLE001  one decision that cannot be heard must not hide those after it
                self._log.warning("decision passed over", subreddit=where, reason=reason_of(error))
            if len(names) == 1:
                store.watermarks.move(where, "log", fullname=decision.id, created=min(decision.at, now))
            self._boundary("follow.heard")
        if complete or len(names) == 1:
            moments = [action.at for action in fresh] + ([top] if top else [])
            newest = min(max(moments), now) if moments else now - timedelta(hours=1)
            with store.transaction():
                for name in names:
                    store.watermarks.move(name, "log", fullname=None, created=newest)
        self._patience.succeeded(names)
        return closed, complete

    def _fresh(self, where: str, marks: list[datetime], *, one: bool) -> tuple[list[ModAction], bool]:
        """Return everything since the last look, newest first, and whether it reaches back to that.

        Before the first look it is the newest page.
        """
        since = min(min(marks), self._clock.now()) - OVERLAP if marks else None
        fresh: list[ModAction] = []
        after: str | None = None
        for _ in range(PAGES):
            page = connected(self._reddit).mod_log(where, after=after)
            fresh.extend(action for action in page if since is None or action.at >= since)
            if not page or since is None or page[-1].at < since:
                return fresh, True
            after = page[-1].id
        return fresh, one

    def _hear(self, decision: ModAction) -> int:
        store = self._store
        if not store.cases.knows_post(decision.target) or not store.cases.heard(decision):
            return 0
        closed = 0
        if decision.action in APPROVALS:
            store.proposals.put_back(decision.target)
        for case in store.cases.of_post(decision.target):
            if case.proposal is not None and decision.action not in APPROVALS:
                continue  # that it was removed is what it is proposed for
            if store.cases.decide(
                case.id, CaseState.CLOSED_ELSEWHERE, by=Outsider(name=decision.moderator), why=decision.action
            ):
                closed += 1
                store.actions.cancel(case=case.id, reason=f"another moderator decided: {decision.action}")
                if decision.action in APPROVALS:  # a removal from Reddit leaves the media on its host
                    store.notices.drop_case(case.id)
                store.links.drop_fingerprints(case.link)
                store.audit.record(by=MOD_LOG, what="case closed elsewhere", subject=case.label, why=decision.action)
                self._log.info("case closed elsewhere", case=case.label, decision=decision.action)
        return closed
