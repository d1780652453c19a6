"""Taking back what was done: once a person said so, until Reddit was told or cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot import actions
from bot.actions.approve import stays_removed
from bot.actions.author_text import corrected, corrected_also
from bot.actions.base import ActionContext
from bot.actions.message import title_of
from bot.clock import DAY, Clock, backoff
from bot.config import ActionsConfig
from bot.errors import GifwardenError, UsageError
from bot.model import PROGRAM, ActionState, Found, Receipt, Voice
from bot.pipeline.core import Boundary
from bot.pipeline.log import Log
from bot.store import ActionRow, Store

FIRST_WAIT = 60.0  # seconds before the second try; doubled for each further one
LASTING = frozenset({"remove", "lock", "spoiler", "nsfw", "flair"})  # what several cases of one post may need


class Undoing:
    """Takes done actions back."""

    def __init__(
        self,
        limits: ActionsConfig,
        store: Store,
        clock: Clock,
        log: Log,
        world: Callable[[], ActionContext],
        boundary: Boundary,
    ) -> None:
        self._limits = limits
        self._store = store
        self._clock = clock
        self._log = log
        self._world = world
        self._boundary = boundary

    def undo(self, row: ActionRow, *, by: Voice = PROGRAM, why: str | None = None) -> str:
        """Take a done action back, unless another case needs the same; return in words what came of it.

        Raises UsageError if that is impossible, OutsideError if it fails.
        """
        store, kind, about = self._store, row.action.kind, row.action.case
        if other := store.decided.hand_over(row.action.id) if kind in LASTING else None:
            store.audit.record(by=by, what=f"{kind} left to {other}", subject=about, why=why)
            return f"it stays, for {other} needs the same; take that back too: gifwarden cases undo {other}"
        receipt = self.reverse(row)
        store.audit.record(by=by, what=f"{kind} undone", subject=about, why=why)
        return receipt.detail if receipt.held else "undone"

    def take_back(self, row: ActionRow) -> int:
        """Take back what a person said is to be; what cannot be stays done and says why. Raises OutsideError."""
        try:
            self.undo(row)
        except UsageError as error:
            planned = (ActionState.UNDO_PLANNED,)
            self._store.actions.move(row.action.id, ActionState.DONE, expect=planned, reason=str(error))
            return 0
        return 1

    def failed(self, row: ActionRow, error: GifwardenError) -> int:
        """Try again later what could not be taken back, or leave it done, with the reason."""
        store, number = self._store, row.action.id
        passes = getattr(error, "retry", False) or getattr(error, "setup", False)
        if row.attempts >= self._limits.attempts or not passes:
            reason = f"could not be taken back: {error}; then: gifwarden actions undo {number}"
            store.actions.move(number, ActionState.DONE, expect=(ActionState.UNDO_PLANNED,), reason=reason)
        else:
            wait = max(backoff(row.attempts + 1, first=FIRST_WAIT), getattr(error, "retry_after", None) or 0)
            until = self._clock.now() + timedelta(seconds=min(wait, DAY))
            store.decided.undo_later(number, until=until, reason=f"not taken back yet: {error}")
        facts = {"action": number, "kind": row.action.kind, "case": row.action.case}
        self._log.warning("action not taken back", **facts, reason=str(error))
        return 0

    def reverse(self, row: ActionRow) -> Receipt:
        """Do the opposite of a done action. Raises as `undo` does."""
        receipt = actions.get(row.action.kind).undo(row.action, self._world())
        conversation = self._told_in(row)
        self._boundary("undo.performed")
        with self._store.transaction():
            self._store.actions.move(
                row.action.id,
                ActionState.UNDONE,
                expect=(ActionState.DONE, ActionState.UNDO_PLANNED, ActionState.FAILED),
                reason=receipt.detail if receipt.held else "undone by a person",
                receipt=receipt,
            )
            if receipt.held is not None:
                self.tell_held(row, receipt.held)
            if conversation is not None:
                self._tell_author(row, conversation, up=receipt.held is None)
        self._log.info("action undone", action=row.action.id, kind=row.action.kind, case=row.action.case)
        return receipt

    def tell_held(self, row: ActionRow, found: Found) -> None:
        """Tell the moderators, once, that what we took back stays removed: they alone can publish it."""
        action = row.action
        self._store.actions.plan(
            key=f"held:{action.id}",
            kind="answer",
            post=action.post,
            subreddit=action.subreddit,
            permalink=action.permalink,
            params={"subject": "Taken back, but it stays removed", "body": stays_removed(action, found)},
        )

    def _told_in(self, row: ActionRow) -> str | None:
        """Return the conversation in which the author was told of a removal that was a mistake; None if none is.

        Who was never told of it is not told that it was wrong.
        """
        action = row.action
        if action.kind != "remove" or not self._store.carried.given_back(action.id):
            return None
        if not any(one.state == ActionState.DONE for one in self._store.actions.on_post(action.post, "message")):
            return None
        author = self._store.told.author_of(action.post)
        told = self._store.actions.told_authors(action.subreddit, author) if author else []
        titles = [title_of(one.action) for one, _ in told]  # one message may have told of several posts
        found = self._world().api.find_mail(
            action.subreddit,
            ("all", "archived"),
            lambda mail: not mail.internal and any(title in mail.subject for title in titles),
        )
        return found.id if found else None

    def _tell_author(self, row: ActionRow, conversation: str, *, up: bool) -> None:
        """Plan a word to the author, one a day for all that was removed by mistake. In a transaction."""
        store, action, day = self._store, row.action, timedelta(seconds=DAY)
        author = store.told.author_of(action.post)
        if author is None:
            return
        word = store.told.word_waiting(author, action.subreddit)
        if word is not None:
            store.told.add_to_word(word, corrected_also(up=up))
        else:
            last = store.told.last_to(author, action.subreddit, since=self._clock.now() - day, but=0)
            text = corrected(comment=action.post.startswith("t1_"), subreddit=action.subreddit, up=up)
            store.actions.plan(
                key=f"wrong:{action.id}",
                kind="answer",
                post=action.post,
                subreddit=action.subreddit,
                permalink=action.permalink,
                params={"conversation": conversation, "to": "author", "body": text},
                due=last + day if last else None,
            )
            word = store.told.word_waiting(author, action.subreddit)
        if word is not None:
            store.carried.told(action.post, word)
