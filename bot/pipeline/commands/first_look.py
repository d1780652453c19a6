"""Since when orders count: what stood in a subreddit before the bot first looked there is marked as seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.config import Config
from bot.errors import RedditError
from bot.links import reports_in
from bot.model import MACHINES
from bot.pipeline.commands.parser import read_reason
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.pipeline.watching.rounds import groups
from bot.reddit import Reddit
from bot.reddit.modmail import MailState
from bot.store import Store
from bot.store.commands import StartRow

STATES: tuple[MailState, ...] = ("mod", "all", "archived")
REPORT_PAGES = 10  # Reddit lists no more than about a thousand things
MAIL, REPORTS = "modmail", "reports"


class FirstLook:
    """Begins each way of ordering in each subreddit, again if the words of orders were changed meanwhile.

    Reddit tells no moment of a report, so those that stand at the first look are no orders. Mail is measured by
    Reddit's own clock, so that ours may be wrong.
    """

    def __init__(self, config: Config, store: Store, log: Log, reddit: Reddit | None) -> None:
        self._config = config
        self._store = store
        self._log = log
        self._reddit = reddit

    def names(self) -> tuple[str, ...]:
        """Return by which the bot is called."""
        me = connected(self._reddit).me()
        return (self._config.orders.prefix, f"u/{me}", me)

    def begun(self, way: str, subreddits: Sequence[str]) -> dict[str, StartRow]:
        """Return since when a way counts in these subreddits; begin where it does not. Raises RedditError.

        A subreddit that cannot be looked at yet is left out.
        """
        store, words = self._store, self._words()
        known = store.orders.starts(way)
        begin = {MAIL: self._begin_mail, REPORTS: self._begin_reports}[way]
        for name in known.keys() - {name.lower() for name in subreddits}:
            store.orders.forget_start(name)  # if it comes back, what stands there then is old
        for name in subreddits:
            row = known.get(name.lower())
            if row is not None and row.words == "":  # carried over from a version that began nothing by itself
                store.orders.start(name, way, words=words, since=row.since)
            elif row is None or row.words != words:
                self._alone(name, begin, words)
        counting = store.orders.starts(way)
        return {name: counting[name.lower()] for name in subreddits if name.lower() in counting}

    def reports(self, subreddits: Sequence[str]) -> Iterator[tuple[str, str, str, str, str]]:
        """Yield what moderators' reports order: subreddit, fullname, reporter, verb, reason. Raises RedditError."""
        me, names = connected(self._reddit).me(), self.names()
        reasons = {str(verb): reason for verb, reason in self._config.orders.reasons.items()}
        for data in self._reported(subreddits):
            fullname = str(data.get("name") or "")
            for report in reports_in(data, "mod_reports") if fullname else ():
                if report.by.casefold() in (*MACHINES, me.casefold(), ""):
                    continue
                verb = read_reason(report.reason, names=names, reasons=reasons)
                if verb is not None:
                    yield str(data.get("subreddit") or ""), fullname, report.by, verb, report.reason

    def _reported(self, subreddits: Sequence[str]) -> Iterator[dict[str, Any]]:
        for group in groups(subreddits):
            after: str | None = None
            for _ in range(REPORT_PAGES):
                listing = connected(self._reddit).reported("+".join(group), after=after)
                yield from (thing["data"] for thing in listing.things if isinstance(thing.get("data"), dict))
                after = listing.after
                if after is None:
                    break

    def _alone(self, name: str, begin: Callable[[str, str], None], words: str) -> None:
        """Keep one subreddit that refuses from the others; whatever passes by itself ends the look."""
        try:
            begin(name, words)
        except RedditError as error:
            if error.retry:
                raise
            self._log.warning("orders not heard yet", subreddit=name, reason=str(error))

    def _begin_mail(self, name: str, words: str) -> None:
        newest = [
            conversation.updated
            for state in STATES
            for conversation in connected(self._reddit).conversations([name], state, pages=1)
        ]
        self._store.orders.start(name, MAIL, words=words, since=max(newest, default=None))

    def _begin_reports(self, name: str, words: str) -> None:
        standing = [report_name(fullname, by, verb) for _, fullname, by, verb, _ in self.reports([name])]
        store = self._store
        with store.transaction():
            for report in standing:
                store.orders.receive(report, subreddit=name, state="ignored")
            store.orders.start(name, REPORTS, words=words, since=None)

    def _words(self) -> str:
        """Return what stands for the words by which orders are known now."""
        orders = self._config.orders
        known = json.dumps([sorted(self.names()), sorted((str(v), r) for v, r in orders.reasons.items())])
        return hashlib.sha256(known.casefold().encode()).hexdigest()[:16]


def report_name(fullname: str, by: str, verb: str) -> str:
    """Return the id of an order that came as a report."""
    return f"report:{fullname}:{by.casefold()}:{verb}"
