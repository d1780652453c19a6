"""What people decide: cases, notices, undo. And what time decides: forgetting."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from bot import actions
from bot.actions import wording
from bot.errors import StoreError, UsageError
from bot.fingerprint import from_json
from bot.model import ActionState, Capacity, CaseState, Fingerprint, Ground, Mode, Notice, NoticeState
from bot.pipeline.core import Deps
from bot.pipeline.outbox import Outbox
from bot.store import CaseRow, NoticeRow


class People:
    """Decisions of moderators, each with who and why in the audit trail."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps

    def confirm(self, name: str, *, who: str, why: str, bank: str | None = None) -> CaseRow:
        """Confirm a case: what waits for a person goes ahead; with `bank`, its matched media are banked.

        Raises StoreError if there is no such open case, or no such bank.
        """
        store = self._d.store
        case = self._open_case(name)
        with store.transaction():
            if bank is not None:
                for found in self._fingerprints(case):
                    store.banks.add(bank, found, who=who)
            store.cases.decide(case.id, CaseState.CONFIRMED, who=who, why=why)
            store.actions.release(case=case.id)
            store.links.drop_fingerprints(case.link)
            store.upkeep.note(who=who, what="case confirmed", subject=case.label, why=why)
        self._d.log.info("case confirmed", case=case.label)
        return store.cases.get(name)

    def dismiss(self, name: str, *, who: str, why: str) -> CaseRow:
        """Dismiss a case: what was not sent is cancelled. Raises StoreError if there is no such open case."""
        store = self._d.store
        case = self._open_case(name)
        with store.transaction():
            store.cases.decide(case.id, CaseState.DISMISSED, who=who, why=why)
            store.actions.cancel(case=case.id, reason="the case was dismissed")
            store.notices.drop_case(case.id)
            store.links.drop_fingerprints(case.link)
            store.upkeep.note(who=who, what="case dismissed", subject=case.label, why=why)
        self._d.log.info("case dismissed", case=case.label)
        return store.cases.get(name)

    def undo(self, name: str, *, who: str, why: str) -> list[str]:
        """Take back what was done for a case, as far as that is possible, and reopen it; return a line an action.

        Raises StoreError if there is no such case.
        """
        store = self._d.store
        case = store.cases.get(name)
        outbox = Outbox(self._d)
        lines: list[str] = []
        store.actions.cancel(case=case.id, reason=f"undone by {who}")
        for row in reversed(store.actions.of_case(case.id)):
            if row.state != ActionState.DONE:
                continue
            try:
                outbox.undo(row)
                lines.append(f"{row.action.kind}: undone")
            except UsageError as error:
                lines.append(f"{row.action.kind}: {error}")
        with store.transaction():
            store.cases.reopen(case.id)
            store.upkeep.note(who=who, what="case undone", subject=case.label, why=why)
        return lines

    def undo_action(self, action: int, *, who: str, why: str) -> None:
        """Take one done action back. Raises StoreError or UsageError if that is impossible."""
        row = self._d.store.actions.get(action)
        if row.state != ActionState.DONE:
            raise UsageError(f"action {action} is {row.state}, not done; only done actions can be undone")
        Outbox(self._d).undo(row)
        self._d.store.upkeep.note(who=who, what=f"{row.action.kind} undone", subject=row.action.case, why=why)

    def preview_notice(
        self,
        name: str,
        *,
        ground: Ground,
        detail: str,
        capacity: Capacity | None,
        who: str,
        to: str | None,
        seen: bool = False,
    ) -> Notice:
        """Return what a notice would say if this person stated it now. Raises UsageError if something is missing."""
        row = self._d.store.notices.get(name)
        mail, now = self._d.config.mail, self._d.clock.now()
        recipient = to or row.recipient
        if not recipient:
            raise UsageError(
                f"no e-mail address of {row.host} is known; give one with --to, or use its form: "
                f"gifwarden notices show {row.label}"
            )
        for key in ("sender", "organisation"):
            if not getattr(mail, key):
                raise UsageError(f"mail.{key} is not set, and a notice needs it; set it in the configuration")
        return Notice(
            id=row.label,
            host=row.host,
            to=recipient,
            items=tuple(replace(item, viewed_at=now) for item in row.items) if seen else row.items,
            ground=ground,
            ground_detail=detail,
            capacity=capacity or mail.capacity,
            stated_by=who,
            organisation=mail.organisation,
            contact=mail.sender,
            stated_at=now,
        )

    def confirm_notice(
        self,
        name: str,
        *,
        ground: Ground,
        detail: str,
        capacity: Capacity | None,
        who: str,
        to: str | None,
        seen: bool = False,
    ) -> NoticeRow:
        """Record a person's statement and plan the mail; `seen`: this person has looked at every media on it.

        Raises UsageError if it cannot be sent as it is.
        """
        store = self._d.store
        row = store.notices.get(name)
        if row.state != NoticeState.DRAFTED:
            raise UsageError(f"notice {name} is {row.state}; only a drafted one can be confirmed")
        settings = self._d.config.subreddit(row.subreddit)
        mode = settings.mode if settings else "observe"
        if mode not in actions.get("notice").modes:
            raise UsageError(f"r/{row.subreddit} is in mode {mode}, in which no notice is sent; change its mode first")
        notice = self.preview_notice(name, ground=ground, detail=detail, capacity=capacity, who=who, to=to, seen=seen)
        wording.compose(notice, sender=self._d.config.mail.sender)  # what cannot be said is refused here, not later
        with store.transaction():
            store.notices.confirm(
                name,
                recipient=notice.to,
                ground=notice.ground,
                ground_detail=notice.ground_detail,
                capacity=notice.capacity,
                stated_by=notice.stated_by,
                organisation=notice.organisation,
                contact=notice.contact,
            )
            if seen:
                store.notices.viewed(name)
            store.actions.plan(
                key=f"notice:{name}",
                kind="notice",
                case=None,
                post=None,
                subreddit=row.subreddit,
                permalink="",
                params={"notice": name},
            )
            store.upkeep.note(who=who, what="notice confirmed", subject=name, why=notice.ground)
        self._d.log.info("notice confirmed", notice=name, host=row.host)
        return store.notices.get(name)

    def retract_notice(self, name: str, *, who: str, why: str) -> str:
        """Withdraw a notice; one that was sent is retracted by mail. Return what was done."""
        store = self._d.store
        row = store.notices.get(name)
        if row.state == NoticeState.RETRACTED:
            raise UsageError(f"notice {name} is retracted already")
        sent = next((a for a in store.actions.listing() if a.action.params.get("notice") == name), None)
        if sent and sent.state == ActionState.DONE:
            Outbox(self._d).undo(sent)
            done = "the host was told by mail"
        elif sent and sent.state in (ActionState.SENDING, ActionState.UNKNOWN):
            raise UsageError(f"notice {name} is being sent; try again when it is done")
        else:
            if sent:
                store.actions.move(sent.action.id, ActionState.CANCELLED, reason=f"retracted: {why}")
            done = "it had not been sent"
        with store.transaction():
            store.notices.move(name, NoticeState.RETRACTED)
            store.upkeep.note(who=who, what="notice retracted", subject=name, why=why)
        return done

    def purge(self) -> int:
        """Forget posts without a case after storage.seen_days; return how many."""
        moment = self._d.clock.now() - timedelta(days=self._d.config.storage.seen_days)
        count = self._d.store.upkeep.forget_before(moment)
        self._d.store.upkeep.truncate_log()
        return count

    def effect(self, mode: Mode) -> str:
        """Return in words what a mode lets the bot do."""
        kinds = [plug.kind for plug in actions.ACTIONS if mode in plug.modes]
        return f"performs {', '.join(kinds)}" if kinds else "performs nothing, shows what it would do"

    def _open_case(self, name: str) -> CaseRow:
        case = self._d.store.cases.get(name)
        if case.state != CaseState.OPEN:
            raise StoreError(f"case {name} is {case.state} (by {case.decided_by}); undo that first")
        return case

    def _fingerprints(self, case: CaseRow) -> list[Fingerprint]:
        """The fingerprints of the media that matched, of all media if none did."""
        store = self._d.store
        evidence = store.links.evidence(case.link)
        matched = {match.media for match in evidence.matches} if evidence else set()
        prints = [(media, from_json(json.loads(data))) for media, data in store.links.fingerprints(case.link)]
        return [found for media, found in prints if not matched or media in matched]
