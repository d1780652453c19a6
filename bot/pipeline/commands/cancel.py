"""Taking back orders that wait, and what they had stopped or hidden meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.model import Actor
from bot.permalink import permalink_fullname
from bot.pipeline.commands.answers import Answers, listed, name_of, short
from bot.pipeline.commands.waiting import Waits
from bot.pipeline.core import connected
from bot.pipeline.judging.judge import NEEDS_PERSON
from bot.pipeline.reviewing.decisions import Decisions
from bot.reddit import Reddit
from bot.store import CaseRow, OrderRow, Store


class Cancelling:
    """Ends orders before their time."""

    def __init__(
        self,
        store: Store,
        reddit: Reddit | None,
        decisions: Decisions,
        answers: Answers,
        waits: Waits,
        by: Callable[[OrderRow], Actor],
    ) -> None:
        self._store = store
        self._reddit = reddit
        self._decisions = decisions
        self._answers = answers
        self._waits = waits
        self._by = by

    def cancel(self, row: OrderRow) -> bool:
        """Take back what waits."""
        target = row.target
        if target and not target.startswith("C-"):
            name = target if target.startswith(("t1_", "t3_")) else permalink_fullname(target)
            thing = None if name else connected(self._reddit).resolve(target)
            target = name or str(thing["data"]["name"] if thing else "")
        meant = self._waits.meant(replace(row, target=target))
        lines = self.taken_back(row, meant)
        post = self._waits.post_of(target)
        if not lines and post is not None and self._hidden_here(post, row) and self._shown(post, row):
            lines = [f"minor {short(target)}: shown again"]
        if lines:
            return self._answers.end(row, listed("Cancelled:", lines))
        waiting = self._store.orders.waiting_in(row.subreddit)
        names = ", ".join(f"`cancel {name_of(other.target)}` ({other.verb})" for other in waiting if other.target)
        return self._answers.refuse(
            row,
            f"several orders wait, so say which: {names}" if len(waiting) > 1 else "no order of that kind waits here",
        )

    def taken_back(self, row: OrderRow, meant: list[OrderRow]) -> list[str]:
        """End orders that wait, before their time; what they had stopped meanwhile waits for a person."""
        store, lines = self._store, []
        for other in meant:
            if other.verb == "minor":
                self._shown(other.target, row)
            with store.transaction():
                if not store.orders.move(other.id, "cancelled", outcome=f"cancelled by u/{row.sender}"):
                    continue
                for case in self.cases_of(other.target):
                    store.actions.hold_again(case=case.id, reason=NEEDS_PERSON, why=f"order: {other.id}")
                if other.conversation != row.conversation:
                    told = f"u/{row.sender} cancelled that, so it is not done."
                    self._answers.say(f"{other.id}:cancelled", other.subreddit, other.conversation, told)
            about = f" {short(other.target)}" if other.target else ""
            lines.append(f"{other.verb}{about}, ordered by u/{other.sender}: not done")
        return lines

    def _hidden_here(self, post: str, row: OrderRow) -> bool:
        """Return whether it was hidden for a post of the order's subreddit: orders never reach another one."""
        root = self._store.minors.root_of(post)
        named = self._store.links.post(root) if root is not None else None
        return named is not None and named.subreddit.casefold() == row.subreddit.casefold()

    def _shown(self, post: str, row: OrderRow) -> bool:
        """Take back the hiding of a suspected minor's post, and its removal and lock; False if it is not hidden."""
        if self._store.minors.root_of(post) is None:
            return False
        self._decisions.minors.cancel(post, by=self._by(row))
        return True

    def cases_of(self, target: str) -> list[CaseRow]:
        """Return the cases that a waiting order is about."""
        if target.startswith("C-"):
            return [self._store.cases.get(target)]
        return self._store.cases.of_post(target) if target else []
