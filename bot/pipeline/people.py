"""What people decide: cases, notices, undo. And what time decides: forgetting."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from bot import actions
from bot.actions import wording
from bot.errors import OutsideError, StoreError, UsageError
from bot.fingerprint import from_json
from bot.model import ActionState, Capacity, CaseState, Fingerprint, Ground, Mode, Notice, NoticeState
from bot.pipeline.core import Deps
from bot.pipeline.judge import NEEDS_PERSON, Judging
from bot.pipeline.outbox import IN_DOUBT, Outbox
from bot.store import CaseRow, NoticeRow

WHOLE = 0.9  # coverage of a post's media from which on it is the entry as a whole, not a part of something longer


class People:
    """Decisions of moderators, each with who and why in the audit trail."""

    def __init__(self, deps: Deps, outbox: Outbox, judging: Judging) -> None:
        self._d = deps
        self._outbox = outbox
        self._judging = judging

    def confirm(self, name: str, *, who: str, why: str, bank: str | None = None) -> CaseRow:
        """Confirm a case: what waits for a person goes ahead; with `bank`, what matched in its media is banked.

        Raises StoreError if there is no such open case, no such bank, or nothing that can be banked.
        """
        store = self._d.store
        case = self._open_case(name)
        with store.transaction():
            if bank is not None:
                for found in self._bankable(case):
                    label, new = store.banks.add(bank, found, who=who)
                    if new:
                        store.upkeep.note(who=who, what=f"entry added to {bank}", subject=label, why=case.label)
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

        What had not been done then waits for a person again. Raises StoreError if there is no such case.
        """
        store = self._d.store
        case = store.cases.get(name)
        with store.transaction():
            store.actions.cancel(case=case.id, reason=f"undone by {who}")
            store.notices.drop_case(case.id)
        lines: list[str] = []
        for row in reversed(store.actions.of_case(case.id)):
            if row.stopped:
                lines.append(f"{row.action.kind}: being sent at this moment; look again in a minute")
            if row.state != ActionState.DONE:
                continue
            try:
                self._outbox.undo(row)
                lines.append(f"{row.action.kind}: undone")
            except (UsageError, OutsideError) as error:
                lines.append(f"{row.action.kind}: {error}")
        with store.transaction():
            store.cases.reopen(case.id)
            store.actions.hold_again(case=case.id, reason=NEEDS_PERSON)
            self._judging.draft_again(case)
            store.upkeep.note(who=who, what="case undone", subject=case.label, why=why)
        return lines

    def undo_action(self, action: int, *, who: str, why: str) -> None:
        """Take one done action back. Raises StoreError or UsageError if that is impossible."""
        row = self._d.store.actions.get(action)
        if row.action.kind == "notice":
            self.retract_notice(row.action.params["notice"], who=who, why=why)
            return
        if row.state != ActionState.DONE:
            raise UsageError(f"action {action} is {row.state}, not done; only done actions can be undone")
        self._outbox.undo(row)
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
        for key in ("host", "sender", "organisation"):
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
        modes = {self._d.config.mode(subreddit) for subreddit in row.subreddits}
        if not modes & actions.get("notice").modes:
            raise UsageError(f"r/{row.subreddit} is in mode observe, in which no notice is sent; change its mode first")
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
        """Withdraw a notice; one that was or may have been sent is retracted by mail. Return what was done.

        Raises StoreError if there is no such notice, UsageError if it is retracted already or leaving now.
        """
        store = self._d.store
        row = store.notices.get(name)
        if row.state == NoticeState.RETRACTED:
            raise UsageError(f"notice {name} is retracted already")
        with store.transaction():
            mail = store.actions.by_key(f"notice:{name}")
            waiting = (ActionState.PLANNED, ActionState.HELD)
            if mail and mail.state in waiting:
                store.actions.move(mail.action.id, ActionState.CANCELLED, expect=waiting, reason=f"retracted by {who}")
                mail = None
            if mail and mail.state in IN_DOUBT:
                raise UsageError(f"notice {name} is being sent; try again when that has ended")
        # a mail whose fate nobody knows leaves the notice confirmed: the host is told then, too
        told = (
            mail is not None
            and row.state != NoticeState.DRAFTED
            and mail.state
            in (
                ActionState.DONE,
                ActionState.FAILED,
            )
        )
        if told and mail is not None:
            self._outbox.undo(mail)
        with store.transaction():
            store.notices.move(name, NoticeState.RETRACTED, expect=tuple(set(NoticeState) - {NoticeState.RETRACTED}))
            store.upkeep.note(who=who, what="notice retracted", subject=name, why=why)
        return "the host was told by mail" if told else "it had not been sent"

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

    def _bankable(self, case: CaseRow) -> list[Fingerprint]:
        """What matched in a case's media: whole files where the whole matched, else the marked range only.

        Raises StoreError if nothing did.
        """
        store = self._d.store
        evidence = store.links.evidence(case.link)
        matches = [m for m in evidence.matches if m.bank_kind != "allow" and not m.suppressed] if evidence else []
        found = []
        for media, data in store.links.fingerprints(case.link):
            ours = [match for match in matches if match.media == media]
            if not ours:
                continue
            whole = from_json(json.loads(data))
            if any(match.exact or match.coverage_query >= WHOLE for match in ours):
                found.append(whole)
                continue
            ranges = [span for match in ours for span in match.query_ranges]
            marked = tuple(s for s in whole.signals if any(start <= s.t <= end for start, end in ranges))
            found.append(replace(whole, sha256="", md5="", also=(), signals=marked))
        if not found:
            raise StoreError(
                f"case {case.label} holds nothing that matched and could be banked; confirm it without --bank"
            )
        return found
