"""The outbox: modes, caps, the kill switch; begin, perform, write down; after a crash probe first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot import actions, hosts
from bot.actions.base import World
from bot.errors import GifwardenError, MailError, OutsideError
from bot.links import post_of
from bot.model import ActionState, CaseState, NoticeState
from bot.pipeline.core import Deps
from bot.pipeline.judge import ON_THE_POST, decided_by_others
from bot.store import ActionRow

FIRST_WAIT = 60.0  # seconds before the second try; doubled for each further one


class Outbox:
    """Performs planned actions, each once."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps

    def run(self) -> int:
        """Finish what a crash interrupted, then perform what is due; return how many actions were done."""
        store = self._d.store
        done = 0
        for row in store.actions.due((ActionState.SENDING, ActionState.UNKNOWN)):
            done += self._resume(row)
        store.actions.wake()
        while rows := store.actions.due((ActionState.PLANNED,)):
            for row in rows:
                done += self._begin(row)
        return done

    def world(self) -> World:
        """Return what action plugs work with."""
        return World(
            reddit=self._d.reddit,
            mailer=self._d.mailer,
            clock=self._d.clock,
            load_notice=lambda name: self._d.store.notices.get(name).stated_notice(),
            policy_url=lambda host: hosts.contact(host).policy,
        )

    def undo(self, row: ActionRow) -> None:
        """Take a done action back. Raises UsageError if that is impossible, OutsideError if it fails."""
        receipt = actions.get(row.action.kind).undo(row.action, self.world())
        self._d.store.actions.move(row.action.id, ActionState.UNDONE, reason="undone by a person", receipt=receipt)
        self._d.log.info("action undone", action=row.action.id, kind=row.action.kind, case=row.action.case)

    def _begin(self, row: ActionRow) -> int:
        store, action = self._d.store, row.action
        plug = actions.get(action.kind)
        if self._d.stop_file.exists():
            return self._hold(row, f"stop: the kill switch is on; delete {self._d.stop_file.name} to go on")
        settings = self._d.config.subreddit(action.subreddit)
        mode = settings.mode if settings else "observe"
        if mode not in plug.modes:
            return self._hold(row, f"mode: r/{action.subreddit} is in mode {mode}")
        if cap := self._cap(action.kind):
            return self._hold(row, cap, wait=600)
        if action.kind in ON_THE_POST:
            try:
                overtaken = self._overtaken(row)
            except OutsideError as error:
                return self._failed(row, error)
            if overtaken:
                return 0
        store.actions.move(action.id, ActionState.SENDING, tried=True)
        self._d.boundary(f"act.begun:{action.kind}")
        return self._perform(row)

    def _perform(self, row: ActionRow) -> int:
        store, action = self._d.store, row.action
        try:
            receipt = actions.get(action.kind).perform(action, self.world())
        except GifwardenError as error:
            return self._failed(store.actions.get(action.id), error)
        self._d.boundary(f"act.performed:{action.kind}")
        return self._done(row, lambda: store.actions.move(action.id, ActionState.DONE, receipt=receipt), receipt.detail)

    def _resume(self, row: ActionRow) -> int:
        """Find out whether an interrupted action was performed; perform it only if it was not."""
        store, action = self._d.store, row.action
        plug = actions.get(action.kind)
        try:
            found = plug.probe(action, self.world())
        except GifwardenError as error:
            return self._failed(row, error)
        if found == "done":
            reason = "found done after an interruption"
            return self._done(row, lambda: store.actions.move(action.id, ActionState.DONE, reason=reason), reason)
        if found == "absent":
            store.actions.move(action.id, ActionState.PLANNED, reason="interrupted before it was performed")
            return 0
        if not plug.repeatable or row.attempts >= self._d.config.actions.attempts:
            store.actions.move(
                action.id, ActionState.FAILED, reason="nobody can tell whether it was performed; look yourself"
            )
            self._d.log.warning("action unclear", action=action.id, kind=action.kind, case=action.case)
            return 0
        store.actions.move(action.id, ActionState.SENDING, tried=True)
        self._d.boundary(f"act.begun:{action.kind}")
        return self._perform(row)

    def _done(self, row: ActionRow, write: Callable[[], None], detail: str) -> int:
        action = row.action
        with self._d.store.transaction():
            write()
            if action.kind == "notice":
                self._d.store.notices.move(action.params["notice"], NoticeState.SENT)
            subject = action.case or action.params.get("notice", "")
            self._d.store.upkeep.note(who="gifwarden", what=f"{action.kind} done", subject=subject)
        self._d.boundary(f"act.done:{action.kind}")
        self._d.log.info("action done", action=action.id, kind=action.kind, case=action.case, detail=detail)
        return 1

    def _failed(self, row: ActionRow, error: GifwardenError) -> int:
        store, action = self._d.store, row.action
        reason = str(error)
        unclear = getattr(error, "ambiguous", False) or (isinstance(error, MailError) and error.sent is None)
        retry = getattr(error, "retry", False)
        wait = max(FIRST_WAIT * 2 ** max(0, row.attempts - 1), getattr(error, "retry_after", None) or 0)
        next_at = self._d.clock.now() + timedelta(seconds=wait)
        if unclear:
            store.actions.move(action.id, ActionState.UNKNOWN, reason=reason, next_at=next_at)
            event = "action unclear"
        elif retry and row.attempts < self._d.config.actions.attempts:
            state = ActionState.UNKNOWN if row.state == ActionState.UNKNOWN else ActionState.PLANNED
            store.actions.move(action.id, state, reason=reason, next_at=next_at)
            event = "action postponed"
        else:
            store.actions.move(action.id, ActionState.FAILED, reason=reason)
            event = "action failed"
        self._d.log.warning(event, action=action.id, kind=action.kind, case=action.case, reason=reason)
        return 0

    def _hold(self, row: ActionRow, reason: str, *, wait: float = 0) -> int:
        next_at = self._d.clock.now() + timedelta(seconds=wait)
        self._d.store.actions.move(row.action.id, ActionState.HELD, reason=reason, next_at=next_at)
        if row.reason != reason:
            self._d.log.info(
                "action held", action=row.action.id, kind=row.action.kind, case=row.action.case, reason=reason
            )
        return 0

    def _cap(self, kind: str) -> str | None:
        limits = self._d.config.actions
        now = self._d.clock.now()
        for name, limit, hours in (("hour", limits.per_hour, 1), ("day", limits.per_day, 24)):
            if self._d.store.actions.sent_since(kind, now - timedelta(hours=hours)) >= limit:
                return f"cap: {limit} {kind} actions were done in the last {name}"
        return None

    def _overtaken(self, row: ActionRow) -> bool:
        """Cancel an action whose post is gone or was decided on by somebody else meanwhile."""
        store, action = self._d.store, row.action
        thing = self._d.api.thing(action.post)
        decided = "the post is gone" if thing is None else decided_by_others(post_of(thing))
        if decided is None:
            return False
        remover = str((thing or {}).get("data", {}).get("banned_by") or "")
        if remover.casefold() == self._d.api.me().casefold():
            if action.kind == "remove":
                return False
            store.actions.move(action.id, ActionState.CANCELLED, reason="we removed the post ourselves")
            return True
        with store.transaction():
            store.actions.move(action.id, ActionState.CANCELLED, reason=decided)
            if row.case_id is not None:
                if store.cases.decide(row.case_id, CaseState.CLOSED_ELSEWHERE, who="moderators", why=decided):
                    store.links.drop_fingerprints(store.cases.of_id(row.case_id).link)
                store.actions.cancel(case=row.case_id, reason=decided)
                store.notices.drop_case(row.case_id)
        self._d.log.info("action cancelled", action=action.id, kind=action.kind, case=action.case, reason=decided)
        return True
