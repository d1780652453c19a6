"""What comes next for a notice, and what people do for it: remind, raise, leave, close. Each is written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot import channels
from bot.actions.wording import Written
from bot.advice import Advised
from bot.clock import Clock, day_and_time
from bot.config import Config
from bot.errors import UsageError
from bot.model import (
    NOTICE_LEFT,
    NOTICE_WAITING,
    Actor,
    HostDecision,
    LookOutcome,
    NoticeEvent,
    NoticeEventKind,
    NoticeItemState,
    NoticeState,
    Recourse,
)
from bot.pipeline.acting.notice_texts import story_of, text_of
from bot.pipeline.following.recourses import Proposal, Standing, proposals
from bot.pipeline.following.reminders import remind
from bot.plural import many
from bot.store import LifeItem, NoticeRow, Store
from bot.store.notice_recourses import RecourseRow
from bot.text import line

RAISED_LOOK = timedelta(hours=48)  # after a decision was taken further, before its media is looked for again
MAX_REFERENCE = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSteps:
    """One notice as a person follows it up."""

    row: NoticeRow
    sentence: str  # what comes next
    items: tuple[LifeItem, ...]
    events: tuple[NoticeEvent, ...]  # the oldest first
    proposals: tuple[Proposal, ...]
    recourses: tuple[RecourseRow, ...]  # what people took, or did not want
    earlier: tuple[str, ...]  # notices by which the same came down before

    @property
    def over(self) -> bool:
        """Whether nobody has anything to do for it any more."""
        ended = self.row.state in (NoticeState.CLOSED, NoticeState.RETRACTED)
        return ended and all(one.recourse != Recourse.RETRACTION for one in self.proposals)


class NoticeSteps:
    """Any thread may call."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock

    def of(self, name: str) -> NextSteps:
        """Return how a notice stands and what is open. Raises StoreError if there is none of that name."""
        return self.of_row(self._store.notices.get(name))

    def of_row(self, row: NoticeRow) -> NextSteps:
        """Return the same of a notice that was read already."""
        store, name = self._store, row.label
        items, events, recourses = (
            store.notice_life.items(name), store.notice_events.of(name), store.notice_recourses.of(name)
        )  # fmt: skip
        done = frozenset(one.recourse for one in recourses)
        by_hand = any(event.kind == NoticeEventKind.BY_HAND for event in events)
        found: list[Proposal] = []
        if row.sent is not None and row.capacity is not None:
            said = [event.at for event in events if event.kind in (NoticeEventKind.DECIDED, NoticeEventKind.ANSWERED)]
            standing = Standing(
                host=row.host,
                recipient=row.recipient,
                state=row.state,
                capacity=row.capacity,
                sent=row.sent,
                decided=max(said, default=None),
                there=any(item.there or item.state == NoticeItemState.KEPT for item in items),
                done=done,
                by_hand=by_hand,
            )
            channel = channels.contact(row.host, self._config.storage.path)
            found = proposals(standing, self._clock.now(), channel, self._config.notices.country)
        return NextSteps(
            row=row,
            sentence=self._sentence(row, items, to_tell=by_hand and Recourse.RETRACTION not in done),
            items=tuple(items),
            events=tuple(events),
            proposals=tuple(found),
            recourses=tuple(recourses),
            earlier=tuple(store.notice_life.earlier(name)),
        )

    def text(self, name: str, recourse: Recourse, *, reason: str) -> Written:
        """Return what a person can hand in for a recourse that is open. Raises UsageError if none is written for it."""
        steps = self.of(name)
        kind = self._open(steps, recourse).text
        if kind is None:
            raise UsageError(
                Advised(
                    f"nothing is written for {recourse}",
                    f"what it needs: gifwarden notices next {name}",
                    page="what it needs stands on the notice's page",
                    path=f"/notice/{name}",
                )
            )
        gone = {item.host_id for item in steps.items if item.state == NoticeItemState.REMOVED}
        notice = steps.row.stated_notice()
        left = tuple(item for item in notice.items if item.host_id not in gone)
        complained = next((one.at for one in steps.recourses if one.recourse == Recourse.COMPLAINT and one.taken), None)
        decided = [event.at for event in steps.events if event.kind == NoticeEventKind.DECIDED]
        story = replace(
            story_of(self._store, name, reason=reason, complained=complained), decided=max(decided, default=None)
        )
        return text_of(self._config, self._store, replace(notice, items=left or notice.items), kind, story)

    def remind(self, name: str, *, by: Actor, why: str | None = None) -> None:
        """Plan the one reminder. Raises UsageError if there is nothing to remind of."""
        remind(self._store, name, by=by, why=why)

    def take(self, name: str, recourse: Recourse, *, by: Actor, reference: str = "", why: str | None = None) -> None:
        """Write down that a person took a recourse. Raises UsageError if it is not open for this notice.

        After a decision its media is looked for again.
        """
        said = line(" ".join(reference.split()), MAX_REFERENCE)
        life = self._store.notice_life
        with self._store.transaction():
            steps = self.of(name)
            self._open(steps, recourse)
            self._note(name, recourse, by=by, taken=True, reference=said, why=why)
            detail = f"{recourse}{f', number {said}' if said else ''}"
            if recourse == Recourse.REMINDER:
                life.happened(name, NoticeEventKind.REMINDED, detail, to=NoticeState.REMINDED, member=by.member)
            else:
                life.happened(name, NoticeEventKind.RAISED, detail, member=by.member)
            if steps.row.state == NoticeState.REJECTED:
                for item in steps.items:
                    if item.state != NoticeItemState.REMOVED:
                        life.plan_look(item, self._clock.now() + RAISED_LOOK)

    def leave(self, name: str, recourse: Recourse, *, by: Actor, why: str | None = None) -> None:
        """Write down that a recourse is not wanted, so that it is not proposed any more. Raises as `take`."""
        with self._store.transaction():
            self._open(self.of(name), recourse)
            self._note(name, recourse, by=by, taken=False, why=why)

    def close(self, name: str, *, by: Actor, why: str) -> None:
        """End a notice: its media is not looked for any more. Raises UsageError if it has not left, or has ended."""
        with self._store.transaction():
            state = self._store.notices.get(name).state
            if state not in NOTICE_LEFT:
                raise UsageError(
                    f"notice {name} is {state}, so there is nothing to close; it is over"
                    if state == NoticeState.RETRACTED
                    else Advised(
                        f"notice {name} is {state}, so there is nothing to close",
                        f"instead: gifwarden notices retract {name}",
                        page="retract it instead",
                        path=f"/notice/{name}",
                    )
                )
            if not self._store.notice_life.happened(
                name, NoticeEventKind.CLOSED, line(why), to=NoticeState.CLOSED, member=by.member
            ):
                raise UsageError(f"notice {name} is closed already")
            self._store.audit.record(by=by, what="notice closed", subject=name, why=why)

    def _sentence(self, row: NoticeRow, items: list[LifeItem], *, to_tell: bool) -> str:
        """Return in words what comes next for a notice: what waits for a person before what comes by itself.

        `to_tell`: whether its host, to whom it went by hand, has not been told of a retraction.
        """
        name, store = row.label, self._store
        look = self._look(row, items)
        if store.notice_answers.unread(name):
            return Advised(
                f"an answer waits for a person; {look}",
                "read it, and say what it means: gifwarden notices answers --waiting",
                page="read it below, and say what it means",
            )
        if row.state == NoticeState.CONFIRMED and row.capacity == "depicted_person":
            return Advised(
                "it is hers to send: a person hands it to her, the way that is safe",
                f"when she has sent it: gifwarden notices by-hand {name}",
                page="say below when she has sent it",
            )
        if row.state == NoticeState.RETRACTED and row.sent is not None and to_tell:
            return Advised(
                "it went by hand, so a person tells its host by hand that it is taken back",
                f"the words: gifwarden notices show {name}; when it is told: gifwarden notices raise {name} retraction",
                page="the words stand above; write down below that you told it",
            )
        gone = sum(item.state == NoticeItemState.REMOVED for item in items)
        so_far = f"{gone} of {many(len(items), 'media', 'media')} removed; " if items and gone else ""
        unsure = sum(item.outcome in (LookOutcome.REFUSED, LookOutcome.UNSURE) for item in items)
        asks = "; the looks say nothing, so look yourself" if unsure and row.state in NOTICE_WAITING else ""
        if row.state == NoticeState.OVERDUE:
            return f"{so_far}remind its host, or take it further; {look}{asks}"
        if row.state == NoticeState.REMOVED:
            return f"whether it comes back is looked for: {look}"
        if row.state in NOTICE_WAITING:
            return f"{so_far}{look}{asks}"
        then = _ANSWERED[store.notice_answers.standing(name)] if row.state == NoticeState.ANSWERED else _THEN[row.state]
        return so_far + then + (f"; {look}" if any(item.look for item in items) else "")

    def _look(self, row: NoticeRow, items: list[LifeItem]) -> str:
        """Return when media is looked for next; the daemon plans the looks of what has just left at its next step."""
        looks = [item.look for item in items if item.look is not None]
        if looks:
            return f"the next look is at {day_and_time(min(looks))} UTC"
        fresh = row.state in NOTICE_WAITING and bool(items) and all(item.looked is None for item in items)
        return "its looks are planned within a minute" if fresh and self._config.notices.look else "no look is planned"

    def _open(self, steps: NextSteps, recourse: Recourse) -> Proposal:
        found = next((one for one in steps.proposals if one.recourse == recourse), None)
        if found is None:
            name = steps.row.label
            raise UsageError(
                Advised(
                    f"{recourse} is not open for notice {name} now",
                    f"what is: gifwarden notices next {name}",
                    page="what is stands on the notice's page",
                    path=f"/notice/{name}",
                )
            )
        return found

    def _note(
        self, name: str, recourse: Recourse, *, by: Actor, taken: bool, reference: str = "", why: str | None = None
    ) -> None:
        member = by.member
        assert member is not None, "a person decides"
        self._store.notice_recourses.put(
            name, recourse, taken=taken, member=member, reference=reference or None, why=why
        )
        what = f"{recourse} {'taken' if taken else 'left'}"
        self._store.audit.record(by=by, what=what, subject=name, why=why)


_THEN = {
    NoticeState.DRAFTED: "a person states it",
    NoticeState.CONFIRMED: "it is mailed",
    NoticeState.BOUNCED: "it came back: state it again to another address (gifwarden notices confirm N-… --to …), or "
    "use the host's form",
    NoticeState.REJECTED: "a person takes it further, or closes it",
    NoticeState.CLOSED: "nothing more",
    NoticeState.RETRACTED: "nothing more",
}
_ANSWERED = {
    HostDecision.REMOVED: "its host says that it took it down, and looks say whether it did",
    HostDecision.ASKS: "its host asks: a person writes back by mail, in the same thread",
    HostDecision.REJECTED: "a person takes it further, or closes it",
    HostDecision.UNDELIVERED: "correct the address, or use the host's form",
    HostDecision.RECEIPT: "its host has said nothing of it yet",
    None: "its host answered",
}
