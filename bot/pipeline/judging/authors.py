"""What rules ask of an author that no listing tells: asked of Reddit once an hour at most, and only when needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.errors import RedditError
from bot.model import AuthorFacts, Post
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.reddit import Account, Reddit
from bot.rules import Fact

FRESH = timedelta(hours=1)  # how long an answer is good for another post
MOST = 5_000  # answers held in memory

T = TypeVar("T")


class Authors:
    """Asks Reddit about authors. Answers stay in memory for an hour; the pipeline keeps them with the post."""

    def __init__(self, clock: Clock, log: Log, reddit: Reddit | None) -> None:
        self._clock = clock
        self._log = log
        self._reddit = reddit
        self._answers: dict[tuple[str, ...], tuple[datetime, object]] = {}
        self._said: set[str] = set()

    def learn(self, post: Post, wanted: frozenset[Fact], known: AuthorFacts | None) -> AuthorFacts | None:
        """Return `known` and what Reddit tells of what is wanted.

        What this account may not see stays unknown. Raises RedditError if another try may bring an answer.
        """
        if not wanted or post.author is None or self._reddit is None:
            return known
        facts = known or AuthorFacts(asked_at=self._clock.now())
        name, place = post.author.lower(), post.subreddit.lower()
        if "account" in wanted:
            facts = self._account(name, facts)
        if "contributor" in wanted:
            contributor = self._ask(
                ("contributor", place, name), lambda: connected(self._reddit).is_contributor(place, name)
            )
            facts = replace(facts, contributor=contributor)
        if "moderator" in wanted:
            moderators = self._ask(("moderators", place), lambda: connected(self._reddit).moderators(place))
            facts = replace(facts, moderator=None if moderators is None else name in moderators)
        return facts

    def _account(self, name: str, facts: AuthorFacts) -> AuthorFacts:
        account = self._ask(("account", name), lambda: connected(self._reddit).account_of(name) or "gone")
        if not isinstance(account, Account):
            return replace(facts, asked_at=self._clock.now(), gone=account == "gone")
        return replace(
            facts,
            asked_at=self._clock.now(),
            created=account.created,
            comment_karma=account.comment_karma,
            post_karma=account.post_karma,
            verified_email=account.verified_email,
            gold=account.gold,
        )

    def _ask(self, key: tuple[str, ...], ask: Callable[[], T]) -> T | None:
        """Return a fresh answer, from memory if there is one; None if Reddit refuses to tell."""
        now = self._clock.now()
        if key in self._answers:
            at, answer = self._answers[key]
            if timedelta() <= now - at < FRESH:
                return answer  # type: ignore[return-value]  # stored under this key by this very method
        try:
            found = ask()
        except RedditError as error:
            if error.retry:
                raise
            if str(error) not in self._said:
                self._said.add(str(error))
                self._log.warning("an author cannot be looked up", what=key[0], reason=str(error))
            return None
        if len(self._answers) >= MOST:
            self._answers.clear()
        self._answers[key] = (now, found)
        return found
