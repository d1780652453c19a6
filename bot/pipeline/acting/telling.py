"""The authors of what is removed are told: of each removal, after it, and one message a day at most to each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.actions.author_text import SUBJECT, Removal, body
from bot.actions.message import OURS
from bot.clock import Clock
from bot.config import Config
from bot.model import MINOR_ORDER, Action, ActionState, CaseState, Hold, PlannedAction, Receipt, Rung
from bot.pipeline.acting.raids import Raids
from bot.store import ActionRow, CaseRow, Store

DAY = timedelta(days=1)
TAKE_BACK = timedelta(minutes=10)  # that an author hears of a person's decision later, as what cannot be undone waits
SILENT = "silent"  # the parameter of a removal of which its author is not told: why not
_OPEN = (
    ActionState.CANCELLED,
    ActionState.FAILED,
    ActionState.UNDONE,
)  # states after which an author has heard nothing


class Telling:
    """Plans what authors hear and lets one message speak for several posts."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self.raids = Raids(config, store, clock)
        self._store = store
        self._clock = clock

    def removed(self, row: ActionRow) -> None:
        """Write down on what word a post was removed, and plan the message to its author. Call it in a transaction.

        Nothing is planned for a suspected minor, where the rule is silent, or has a message of its own.
        """
        store, action = self._store, row.action
        if action.params.get("order") == MINOR_ORDER or row.case_id is None:
            return
        rung = self._rung(store.cases.of_id(row.case_id))
        store.told.note_rung(action.id, rung)
        messages = store.actions.on_post(action.post, "message")
        told = [found for found in messages if found.state not in _OPEN and found.hold is not Hold.PERSON]
        if told or row.stopped or action.params.get(SILENT):
            return
        key = f"author:{action.post}"
        store.actions.plan(
            key=key,
            kind="message",
            case=row.case_id,
            post=action.post,
            subreddit=action.subreddit,
            permalink=action.permalink,
            params={"subject": SUBJECT, "text": OURS},
        )
        planned = store.actions.by_key(key)
        if rung is Rung.PERSON and planned is not None and planned.state == ActionState.PLANNED:
            reason = "a moderator may take the decision back for ten minutes"
            store.actions.postpone(planned.action.id, until=self._clock.now() + TAKE_BACK, reason=reason)

    def waits(self, row: ActionRow) -> tuple[Hold, str, datetime] | None:
        """Return until when a message waits because its author was written to today already, or None.

        A modmail waits for others that are told with it.
        """
        action = row.action
        if action.kind != "message":
            return self.raids.waits(row)
        author = self._store.told.author_of(action.post)
        now = self._clock.now()
        last = author and self._store.told.last_to(author, action.subreddit, since=now - DAY, but=action.id)
        if not last:
            return None
        return Hold.CAP, f"its author was written to at {last:%H:%M} UTC; one message a day tells of all", last + DAY

    def begun(self, action: Action) -> None:
        """Let a message that is being sent speak for what waits to be told to the same author or moderators."""
        self.raids.begun(action)
        author = self._store.told.author_of(action.post) if action.kind == "message" else None
        if author:
            self._store.told.take_along(action.id, author, action.subreddit)

    def done(self, action: Action) -> None:
        """End what a message that was sent spoke for."""
        self.raids.done(action, self._store.actions.get(action.id).receipt)
        if action.kind == "message":
            self._store.told.settle(action.id, Receipt(detail=f"told to its author with {action.case or action.post}"))

    def removal(self, action: Action) -> Removal:
        """Return what a message tells of."""
        store = self._store
        removals = [row for row in store.actions.on_post(action.post, "remove") if row.state == ActionState.DONE]
        return Removal(
            rung=store.told.rung_of(action.post),
            reason=removals[-1].action.params.get("removal_reason", "").strip() if removals else "",
            along=tuple(row.action.permalink for row in store.told.along(action.id)),
        )

    def _rung(self, case: CaseRow) -> Rung:
        if case.state == CaseState.CONFIRMED:
            return Rung.PERSON
        evidence = self._store.links.evidence(case.link)
        exact = evidence is not None and any(match.exact for match in evidence.matches if match.bank_kind == "block")
        return Rung.EXACT if exact else Rung.NEAR_FACE


def preview(
    actions: Mapping[str, PlannedAction], *, subreddit: str, comment: bool, by_person: bool
) -> tuple[str, str] | None:
    """Return subject and text that the author of a post will read if it is removed, or None if nothing is written.

    `actions`: what is planned for the post, by kind. The title of a removal reason is looked up when it is sent.
    """
    removal, own = actions.get("remove"), actions.get("message")
    if removal is None or (own is None and removal.params.get(SILENT)):
        return None
    if own is not None and own.params.get("body"):
        return own.params.get("subject", ""), own.params["body"]
    told = Removal(rung=Rung.PERSON if by_person else None, reason=removal.params.get("removal_reason", ""))
    return SUBJECT, body(comment=comment, subreddit=subreddit, removal=told)
