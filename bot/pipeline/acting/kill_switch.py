"""What the operator orders at the terminal: stop, go, bans."""

from __future__ import annotations

from datetime import timedelta

from bot.clock import Clock, day, iso
from bot.config import Config
from bot.errors import ConflictError, UsageError
from bot.model import PROGRAM, ActionState, Actor
from bot.pipeline.core import connected
from bot.pipeline.permissions import check_permission
from bot.reddit import Reddit
from bot.store import StopRow, Store

MAX_DAYS = 999  # Reddit's limit of a ban that ends


AGAIN = timedelta(days=1)  # how often the rights of who stopped are looked at
GRACE = timedelta(days=3)  # after the moderators were told that nobody upholds a stop any more, it ends
SUBJECT = "Nobody here upholds the stop of r/{subreddit} any more"
BODY = """\
u/{sender} stopped me in r/{subreddit} on {day} and may not order that here any more. I stay stopped for now.

If that is right, write `{prefix}, stop`; then it is yours. `{prefix}, go` lets me go on at once. If nobody writes
either, I go on three days from now{waits}.
"""
ENDED = "The stop of r/{subreddit} has ended"
ENDED_BODY = """\
u/{sender}, who stopped me in r/{subreddit}, may not order that any more, and nobody has answered for three days. So I
go on. `{prefix}, stop` stops me again.
"""


class Stopping:
    """The kill switch, as a file for everything and as a row for one subreddit; and bans."""

    def __init__(self, config: Config, store: Store, clock: Clock, reddit: Reddit | None) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._reddit = reddit

    def stop(self, subreddit: str | None, *, by: Actor, why: str) -> str:
        """Stop one subreddit, or everything; return in words what was. What is under way at this moment ends."""
        store = self._store
        if subreddit is None:
            try:
                self._config.storage.stop_file.write_text(f"{by.name}: {why}\n", encoding="utf-8")
            except OSError as error:
                raise UsageError(
                    f"cannot write {self._config.storage.stop_file}: {error.strerror}; check its folder"
                ) from None
        else:
            store.kill_switch.stop(subreddit, by=by, why=why)
        name = f"r/{subreddit}" if subreddit else "everything"
        store.audit.record(by=by, what="stop", subject=name, why=why)
        return f"{name} is"

    def go(self, subreddit: str | None, *, by: Actor) -> str:
        """Let one subreddit, or everything, go on; return a sentence. What is stopped alone stays stopped."""
        store = self._store
        if subreddit is not None:
            if not store.kill_switch.go(subreddit):
                return f"r/{subreddit} was not stopped"
            store.audit.record(by=by, what="go", subject=f"r/{subreddit}")
            still = "; but everything is stopped: gifwarden go" if self._config.storage.stop_file.exists() else ""
            return f"r/{subreddit} goes on{still}"
        was = self._config.storage.stop_file.exists()
        self._config.storage.stop_file.unlink(missing_ok=True)
        if was:
            store.audit.record(by=by, what="go", subject="everything")
        stopped = "".join(f"; r/{row.subreddit} stays stopped, by {row.who}" for row in store.kill_switch.stops())
        return ("everything goes on" if was else "nothing was stopped as a whole") + stopped

    def uphold(self, subreddit: str) -> int:
        """Look once a day whether who stopped a subreddit still may; return 1 if its stop ended. Raises RedditError.

        A stop that nobody upholds stays, for stopping is safe; the moderators are told. It ends only three days after
        that was sent, so that nobody who lost their rights keeps the bot off, and nothing begins to act unannounced.
        What the operator stopped, only the operator or a moderator's `go` ends.
        """
        store, now = self._store, self._clock.now()
        row = store.kill_switch.stopped(subreddit)
        if row is None or row.sender is None:
            return 0
        if row.checked is None or not row.checked <= now < row.checked + AGAIN:
            lapsed = check_permission("stop", connected(self._reddit).permissions(subreddit, row.sender)) is not None
            with store.transaction():
                if store.kill_switch.stopped(subreddit) != row:  # ended, or another's, since Reddit was asked
                    return 0
                store.kill_switch.upheld(subreddit, lapsed=lapsed)
                if lapsed:
                    self._tell(row, "lapsed", SUBJECT, BODY)
                else:
                    store.actions.forget_key(_key(row, "lapsed"))
            row = store.kill_switch.stopped(subreddit)
        if row is None or row.lapsed is None:
            return 0
        told = store.actions.by_key(_key(row, "lapsed"))
        if told is None or told.state != ActionState.DONE or told.action.sent is None or now < told.action.sent + GRACE:
            return 0
        with store.transaction():
            if store.kill_switch.stopped(subreddit) != row:
                return 0
            store.kill_switch.go(subreddit)
            self._tell(row, "ended", ENDED, ENDED_BODY)
            store.audit.record(by=PROGRAM, what="go: nobody upholds the stop", subject=f"r/{subreddit}")
        return 1

    def _tell(self, row: StopRow, what: str, subject: str, body: str) -> None:
        waiting = self._store.orders.waiting(row.subreddit)
        words = {
            "subreddit": row.subreddit,
            "sender": row.sender,
            "day": day(row.at),
            "prefix": self._config.orders.prefix,
        }
        words["waits"] = f", and do the {waiting} {'thing' if waiting == 1 else 'things'} that wait" if waiting else ""
        # moderators asked for the stop, so that it does not hold the word about it
        self._store.actions.plan(
            key=_key(row, what),
            kind="answer",
            subreddit=row.subreddit,
            params={"subject": subject.format(**words), "body": body.format(**words)},
        )

    def waiting(self, subreddit: str | None) -> int:
        """Return how many actions wait in one subreddit, or in all."""
        names = [subreddit] if subreddit else list(self._config.subreddits)
        return sum(self._store.orders.waiting(name) for name in names)

    def ban(self, case: str, *, by: Actor, why: str, days: int | None = None, message: str = "") -> None:
        """Plan a ban of a case's author. Raises StoreError or UsageError if there is nobody to ban."""
        store = self._store
        row = store.cases.get(case)
        if not row.post.author or row.post.author == "[deleted]":
            raise UsageError(f"the author of {case} is gone or forgotten, so there is nobody to ban")
        if not why.strip():
            raise UsageError("a ban needs why; give --why")
        if days is not None and not 0 < days <= MAX_DAYS:
            raise UsageError(f"a ban lasts 1 to {MAX_DAYS} days; leave --days out for one without an end")
        planned = store.actions.plan(
            key=f"{case}:ban",
            kind="ban",
            case=row.id,
            subreddit=row.post.subreddit,
            params={
                "user": row.post.author,
                "by": by.name,
                "why": why,
                "days": str(days or ""),
                "message": message,
            },
        )
        if not planned:
            raise ConflictError(f"a ban of {case}'s author is ordered already; see: gifwarden actions list")
        store.audit.record(by=by, what="ban ordered", subject=case, why=why)


def _key(row: StopRow, what: str) -> str:
    return f"stop:{row.subreddit}:{iso(row.at)}:{what}"
