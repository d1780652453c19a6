"""What the operator orders at the terminal: stop, go, bans."""

from __future__ import annotations

from bot.errors import StoreError, UsageError
from bot.model import Actor
from bot.pipeline.core import Deps

MOST_DAYS = 999  # Reddit's limit of a ban that ends


class Stopping:
    """The kill switch, as a file for everything and as a row for one subreddit; and bans."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps

    def stop(self, subreddit: str | None, *, by: Actor, why: str) -> str:
        """Stop one subreddit, or everything; return in words what was. What is under way at this moment ends."""
        store = self._d.store
        if subreddit is None:
            try:
                self._d.stop_file.write_text(f"{by.name}: {why}\n", encoding="utf-8")
            except OSError as error:
                raise UsageError(f"cannot write {self._d.stop_file}: {error.strerror}; check its folder") from None
        else:
            store.orders.stop(subreddit, by=by, why=why)
        name = f"r/{subreddit}" if subreddit else "everything"
        store.upkeep.note(by=by, what="stop", subject=name, why=why)
        return f"{name} is"

    def go(self, subreddit: str | None, *, by: Actor) -> str:
        """Let one subreddit, or everything, go on; return a sentence. What is stopped alone stays stopped."""
        store = self._d.store
        if subreddit is not None:
            if not store.orders.go(subreddit):
                return f"r/{subreddit} was not stopped"
            store.upkeep.note(by=by, what="go", subject=f"r/{subreddit}")
            still = "; but everything is stopped: gifwarden go" if self._d.stop_file.exists() else ""
            return f"r/{subreddit} goes on{still}"
        was = self._d.stop_file.exists()
        self._d.stop_file.unlink(missing_ok=True)
        if was:
            store.upkeep.note(by=by, what="go", subject="everything")
        stopped = "".join(f"; r/{row.subreddit} stays stopped, by {row.who}" for row in store.orders.stops())
        return ("everything goes on" if was else "nothing was stopped as a whole") + stopped

    def waiting(self, subreddit: str | None) -> int:
        """Return how many actions wait in one subreddit, or in all."""
        names = [subreddit] if subreddit else list(self._d.config.subreddits)
        return sum(self._d.store.orders.waiting(name) for name in names)

    def ban(self, case: str, *, by: Actor, why: str, days: int | None = None, message: str = "") -> None:
        """Plan a ban of a case's author. Raises StoreError or UsageError if there is nobody to ban."""
        store = self._d.store
        row = store.cases.get(case)
        if not row.post.author or row.post.author == "[deleted]":
            raise UsageError(f"the author of {case} is gone or forgotten, so there is nobody to ban")
        if not why.strip():
            raise UsageError("a ban needs why; give --why")
        if days is not None and not 0 < days <= MOST_DAYS:
            raise UsageError(f"a ban lasts 1 to {MOST_DAYS} days; leave --days out for one without an end")
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
            raise StoreError(f"a ban of {case}'s author is ordered already; see: gifwarden actions list")
        store.upkeep.note(by=by, what="ban ordered", subject=case, why=why)
