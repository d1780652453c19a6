"""What people state to hosts: notices, confirmed and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot import actions, channels
from bot.actions import wording
from bot.advice import Advised
from bot.clock import Clock
from bot.config import Config
from bot.errors import UsageError
from bot.mail import Mailer, is_address
from bot.model import (
    ActionState,
    Actor,
    Capacity,
    CaseState,
    Ground,
    Grounded,
    Notice,
    NoticeEventKind,
    NoticeState,
)
from bot.notice_texts import Kind, name_of
from bot.pipeline.acting.grounds import GroundBook, told_when
from bot.pipeline.acting.notice_texts import authority_of, contact_of, language_of, on_record, text_of, texts_of
from bot.pipeline.acting.outbox import IN_DOUBT, Outbox
from bot.pipeline.log import Log
from bot.store import CaseRow, NoticeRow, Store

STATED_FROM = (NoticeState.DRAFTED, NoticeState.BOUNCED)  # in which a person can state a notice
STANDING = (CaseState.CONFIRMED,)  # cases for which a person says that the media is what the notice says
TAKEN = (ActionState.DONE, ActionState.FAILED)  # a mail that was accepted, or whose fate nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a person states to a host."""

    ground: Ground
    detail: str  # where the original is, which list, which statement
    by: Actor
    capacity: Capacity | None = None  # None: as configured
    to: str | None = None  # the host's address; None: as the notice has it
    seen: bool = False  # whether this person has looked at every media on the notice
    keep: bool = True  # whether the ground is recorded for the entry or person, to be offered again
    language: str | None = None  # None: one that the host takes
    law: str | None = None  # the national law that they can state; None: as configured
    access: str = ""  # what is needed to see the media, such as a login
    named: bool | None = None  # whether a third party's notice names them; None: as configured
    by_hand: bool = False  # whether a person puts it into the host's form


class Hearing(StrEnum):
    """How the host of a notice hears that it no longer holds."""

    NOBODY = "nobody"  # it has not left
    MAIL = "mail"
    BY_HAND = "by_hand"
    BOTH = "both"  # it was mailed, and put into the host's form


class NoticeReview:
    """Notices: previewed, stated, retracted."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        log: Log,
        mailer: Mailer | None,
        outbox: Outbox,
        grounds: GroundBook,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._mailer = mailer
        self._outbox = outbox
        self._grounds = grounds

    def preview_notice(self, name: str, statement: Statement) -> Notice:
        """Return what a notice would say if this person stated it now. Raises UsageError if something is missing."""
        row = self._store.notices.get(name)
        mail, now = self._config.mail, self._clock.now()
        recipient = statement.to or row.recipient
        came_back = row.state == NoticeState.BOUNCED
        capacity = statement.capacity or (row.capacity if came_back and row.capacity else mail.capacity)
        mailed = capacity != "depicted_person" and not statement.by_hand
        if came_back and not mailed:
            raise UsageError(
                f"notice {name} is stated already, and came back; say when it was handed in: gifwarden notices by-hand "
                f"{name}"
            )
        if came_back and not statement.to:
            raise UsageError(
                f"notice {name} came back from {row.recipient}; give the host's other address with --to, or use its "
                f"form: gifwarden notices form {name}"
            )
        wants = [*self._wants(row, recipient, mailed=mailed), *(self._wants_mode(row) if mailed else ())]
        if wants:
            raise UsageError(*wants)
        if capacity != "third_party_notifier":  # nothing is handed to somebody of whom nobody knows who she is
            authority_of(self._store, self._clock, row)
        else:
            self._refuse_hearsay(row, statement)
        language = statement.language or language_of(self._config, row.host)
        return Notice(
            id=row.label,
            host=row.host,
            to=recipient or "",
            items=tuple(replace(item, viewed_at=now) for item in row.items) if statement.seen else row.items,
            ground=statement.ground,
            ground_detail=statement.detail,
            capacity=capacity,
            stated_by=statement.by.name,
            organisation=mail.organisation,
            contact=contact_of(self._config),
            stated_at=now,
            language=language,
            law=mail.national_law if statement.law is None else statement.law,
            access=statement.access,
            named=mail.name_persons if statement.named is None else statement.named,
        )

    def _refuse_hearsay(self, row: NoticeRow, statement: Statement) -> None:
        """Raise UsageError if a third party says what she told without a record of her, or of who was told and when."""
        details = [item.ground_detail for item in row.items if item.ground == "depicted_person"]
        if statement.ground == "depicted_person" and any(item.ground is None for item in row.items):
            details.append(statement.detail)
        if all(told_when(detail) or on_record(self._store, self._clock, detail) for detail in details):
            return
        try:
            authority_of(self._store, self._clock, row)
        except UsageError:
            raise UsageError(
                "depicted_person says that she told somebody: write in the detail who was told, where and on which "
                "day, such as 'told us by modmail, on 2026-11-22', or record her claim (gifwarden claims known) or her "
                "entry in the gallery (gifwarden person add)"
            ) from None

    def offered(self, row: NoticeRow) -> Grounded | None:
        """Return the ground that is offered: what was stated of a notice that came back, else what is recorded."""
        if row.state == NoticeState.BOUNCED and row.ground and row.ground_detail:
            return row.ground, row.ground_detail
        return self._grounds.offered(row)

    def missing(self, row: NoticeRow) -> list[str]:
        """Return a sentence on each thing without which a draft cannot be sent, whatever a person states."""
        return [*self._wants(row, row.recipient), *self._wants_mode(row)]

    def confirm_notice(self, name: str, statement: Statement, *, read: NoticeRow | None = None) -> NoticeRow:
        """Record a person's statement and plan the mail. `read`: the notice as that person read it.

        Raises UsageError if it cannot be sent as it is, or is another by now than was read.
        """
        store = self._store
        row = store.notices.get(name)
        if row.state not in STATED_FROM:
            raise UsageError(f"notice {name} is {row.state}; only one that is drafted or came back can be confirmed")
        if read is not None and read.as_read != row.as_read:
            raise UsageError(f"notice {name} has changed since you read it; look at it again, then confirm it")
        notice = self.preview_notice(name, statement)
        hers = notice.capacity == "depicted_person"
        mailed = not hers and not statement.by_hand
        if mailed and (wants := next(self._wants_mode(row), None)) is not None:
            raise UsageError(wants)
        text_of(self._config, store, notice)  # what cannot be said is refused here, not later
        texts = texts_of(self._config, store)
        notice = replace(notice, text=texts.digest(notice.language, name_of(Kind.NOTICE, notice.capacity)))
        represents = notice.capacity == "authorised_representative"
        with store.transaction():
            # a person states what is on it, so nobody may put more on it meanwhile
            if store.notices.get(name).as_read != row.as_read:
                raise UsageError(f"notice {name} was changed at this moment; look at it again, then confirm it")
            authority = authority_of(store, self._clock, row) if represents else None
            store.notices.confirm(notice, member=statement.by.member, authority=authority)
            if statement.seen:
                store.notices.viewed(name)
            if statement.keep:
                self._grounds.keep(notice, by=statement.by)
            if mailed:
                store.actions.plan_mail(name, subreddit=row.subreddit)
            store.audit.record(
                by=statement.by,
                what="notice handed to the person depicted" if hers else "notice confirmed",
                subject=name,
                why=", ".join(filter(None, (notice.ground, notice.capacity, authority))),
            )
        self._log.info("notice confirmed", notice=name, host=row.host)
        return store.notices.get(name)

    def _wants(self, row: NoticeRow, recipient: str | None, *, mailed: bool = True) -> Iterator[str]:
        """Yield what a notice needs that is not there, or why it may not leave; `mailed`: by us."""
        if row.same_footage:
            yield (
                f"notice {row.label} holds the same footage as what was marked as a suspected minor's "
                f"({', '.join(row.same_footage)}), so nobody states it; mark that too, or dismiss it"
            )
        elif row.marked:
            yield (
                f"notice {row.label} holds what is marked as a suspected minor's, so nobody states it; in ten minutes "
                "that comes off it, or stands on it again if it was a slip"
            )
        if self._grounds.mixed(row):
            yield Advised(
                f"notice {row.label} lists different media, and one ground would be said of all of it",
                f"take apart what does not belong together: gifwarden notices split {row.label}; or give each its "
                "own ground: gifwarden notices ground",
                page="take apart what does not belong together, or give each its own ground: both under Change what "
                "stands on it",
            )
        if mailed and not recipient:
            yield Advised(
                f"no e-mail address of {row.host} is known",
                f"give one with --to, or use its form: gifwarden notices form {row.label}",
                page="write one into the box for it below, or tick there that you hand it in by the host's form",
            )
        if mailed and recipient and not is_address(recipient):
            yield Advised(
                f"notice {row.label} has a recipient that is not a plain e-mail address",
                f"correct it, or use the host's own form: gifwarden notices form {row.label}",
                page="correct it in the box below, or tick there that you hand it in by the host's form",
            )
        for key in ("host", "sender", "organisation") if mailed else ("sender", "organisation"):
            if not getattr(self._config.mail, key):
                yield f"mail.{key} is not set, and a notice needs it; set it in the configuration"

    def _wants_mode(self, row: NoticeRow) -> Iterator[str]:
        modes = {self._config.mode(subreddit) for subreddit in row.subreddits}
        if not modes & actions.get("notice").modes:
            form = channels.contact(row.host, self._config.storage.path).form
            yield Advised(
                f"subreddit r/{row.subreddit} is in mode observe, in which no notice is sent",
                "change its mode first"
                + (f", or hand it in by the host's form: gifwarden notices form {row.label}" if form else ""),
                page="who runs gifwarden changes its mode"
                + (", or you tick below that you hand it in by the host's form" if form else ""),
            )

    def hearing(self, row: NoticeRow) -> Hearing:
        """Return how the host would hear of a retraction."""
        mail = self._store.actions.mail_of(row.label)
        # a mail whose fate nobody knows leaves the notice confirmed: the host is told then, too
        left = mail is not None and row.state != NoticeState.DRAFTED and mail.state in TAKEN
        if left and not self._came_back(row.label):
            return Hearing.BOTH if self._store.notice_life.by_hand(row.label) else Hearing.MAIL
        return Hearing.NOBODY if row.sent is None else Hearing.BY_HAND

    def retract_notice(self, name: str, *, by: Actor, why: str, reason: str = "") -> str:
        """Withdraw a notice; one that was or may have been sent is retracted by mail. Return what was done.

        `why` is for our record, `reason` a sentence for the host.

        Raises StoreError if there is no such notice, UsageError if it is retracted already or leaving now.
        """
        store = self._store
        row = store.notices.get(name)
        if row.state == NoticeState.RETRACTED:
            raise UsageError(f"notice {name} is retracted already")
        hears = self.hearing(row)
        if reason and hears is Hearing.NOBODY:
            raise UsageError(f"notice {name} has not left, so no host reads a reason; --why is for the record")
        if reason:  # what must not be said is refused before anything is done
            text_of(self._config, store, row.stated_notice(), Kind.RETRACTION, wording.Story(reason=reason))
        with store.transaction():
            mail = store.actions.mail_of(name)
            waiting = (ActionState.PLANNED, ActionState.HELD)
            if mail and mail.state in waiting:
                store.actions.move(
                    mail.action.id, ActionState.CANCELLED, expect=waiting, reason=f"retracted by {by.name}"
                )
                mail = None
            if mail and mail.state in IN_DOUBT:
                raise UsageError(f"notice {name} is being sent; try again when that has ended")
        told = hears in (Hearing.MAIL, Hearing.BOTH)
        if told and mail is not None:
            params = {**mail.action.params, "reason": reason}
            self._outbox.undoing.reverse(replace(mail, action=replace(mail.action, params=params)))
        with store.transaction():
            store.notices.move(
                name,
                NoticeState.RETRACTED,
                expect=tuple(set(NoticeState) - {NoticeState.RETRACTED}),
                told="its host was told" if told else "",
                member=by.member,
            )
            store.audit.record(by=by, what="notice retracted", subject=name, why=why)
        return self._how_told(row, told=told)

    def retract_for_case(self, case: CaseRow, *, by: Actor, why: str) -> str | None:
        """Take a case's media off its notice; a host that was told of it is told that it no longer holds.

        Return what was done, or None if the case stands on no notice. Raises UsageError while the mail is leaving,
        MailError if the host could not be told: then nothing has changed.
        """
        self._store.notices.drop_case(case.id)
        done = [self._retract_from(name, case, by=by, why=why) for name in self._store.notices.all_of_case(case.id)]
        return "; ".join(one for one in done if one) or None

    def _retract_from(self, name: str, case: CaseRow, *, by: Actor, why: str) -> str | None:
        store = self._store
        row = store.notices.get(name)
        if row.state == NoticeState.RETRACTED:
            return None
        same, others = store.notices.beside(case.id, name)
        if standing := [label for label in same if store.cases.get(label).state in STANDING]:
            store.notices.take_off(case.id, name)
            return f"the notice {name} stands: {standing[0]} holds the same media"
        if not others:
            return f"notice {name} is retracted: {self.retract_notice(name, by=by, why=why)}"
        mail = store.actions.mail_of(name)
        if mail is not None and mail.state in IN_DOUBT:
            raise UsageError(f"notice {name} is being sent; try again when that has ended")
        told = mail is not None and mail.state in TAKEN and not self._came_back(name)
        if told:
            self._take_back(row, case)
        with store.transaction():
            for label in (case.label, *same):
                store.notices.take_off(store.cases.get(label).id, name)
            detail = "one media is taken back" if told else "one media is taken off"
            store.notice_events.record(name, NoticeEventKind.CHANGED, detail, member=by.member)
            store.audit.record(by=by, what=f"media taken off notice {name}", subject=case.label, why=why)
        return f"its media is taken off notice {name}: {self._how_told(row, told=told)}"

    def _came_back(self, name: str) -> bool:
        """Whether the last mail came back and a form was taken instead: then nobody reads what is mailed."""
        kinds: set[NoticeEventKind] = set()
        for event in self._store.notice_events.of(name):  # what came of a mail before the last statement counts no more
            kinds = set() if event.kind == NoticeEventKind.CONFIRMED else kinds | {event.kind}
        return kinds >= {NoticeEventKind.BOUNCED, NoticeEventKind.BY_HAND}

    def _how_told(self, row: NoticeRow, *, told: bool) -> str:
        """Return how the host of a notice hears that it does not hold; `told`: by mail."""
        words = f"the words: gifwarden notices show {row.label}"
        by_hand = self._store.notice_life.by_hand(row.label)
        if told and by_hand:
            return f"the host was told by mail; it was put into its form, too, so tell it there by hand; {words}"
        if row.sent is not None and not told:
            return f"it went by hand, so its host is told by hand, too; {words}"
        return "the host was told by mail" if told else "it had not been sent"

    def _take_back(self, row: NoticeRow, case: CaseRow) -> None:
        if self._mailer is None:
            raise UsageError(f"notice {row.label} cannot be taken back without a mail server; fill in [mail]")
        # by what stands on the notice: the case itself forgets its media with its post
        its = {media for media, cases in self._store.notices.cases_of(row.label).items() if case.label in cases}
        notice = row.stated_notice()
        items = tuple(item for item in notice.items if item.host_id in its)
        if not items:  # what is marked meanwhile is named to nobody, and the others stand
            raise UsageError(
                f"nothing of {case.label} on notice {row.label} can be named to its host any more, so nothing was "
                "taken back; write to the host yourself"
            )
        self._mailer.send(
            wording.retract(
                replace(notice, items=items),
                sender=self._mailer.sender,
                date=self._clock.now(),
                part=case.label,
                texts=texts_of(self._config, self._store),
            )
        )
