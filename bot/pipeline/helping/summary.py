"""Their own file: where it was seen, who was told, when it was gone, what comes next. Made on demand, kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import channels
from bot.clock import Clock, day
from bot.config import Config
from bot.errors import GifwardenError, UsageError
from bot.model import ActionState, Actor, AgeWhenMade, CaseState, NoticeItemState, NoticeState
from bot.pipeline.acting.notice_texts import text_of
from bot.pipeline.helping.page import Copied, Fact, Page, Place, date_of, html_of
from bot.store import CaseRow, ClaimRow, NoticeRow, Store
from bot.store.notice_life import LifeItem

DRAFTS = (NoticeState.DRAFTED, NoticeState.CONFIRMED)
GONE = (NoticeItemState.GONE_ONCE, NoticeItemState.REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The page, and a name that says nothing of what is in it."""

    name: str
    html: str


class Summaries:
    """Makes the file of a claimant whom the team knows."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock

    def make(self, name: str, *, by: Actor, addresses: bool = False) -> File:
        """Return the file of a claim. `addresses`: with the addresses where it is or was, and texts that hold them.

        Raises StoreError if there is no such claim, UsageError before it is recorded how the team knows who they are
        and how old they were.
        """
        row = self._store.claims.get(name)
        check(row)
        now = self._clock.now()
        linked = [self._store.cases.get(label) for label in row.cases]
        cases = [  # nothing is told of what is marked as a suspected minor's, nor of the same footage elsewhere
            case
            for case in linked
            if case.state is not CaseState.MINOR and self._store.footage.of_case(case.id) is None
        ]
        places = self._places(cases, addresses=addresses)
        texts = self._texts(cases) if addresses else ()
        page = Page(
            title=f"Summary {day(now)}",
            made=now,
            subreddit=row.subreddit,
            places=tuple(places),
            texts=texts,
            more_with_addresses=not addresses and bool(places),
            hidden=len(row.cases) - len(cases),
            under_18=row.age is AgeWhenMade.UNDER_18,
        )
        self._store.audit.record(by=by, what="claim file made", subject=name)
        return File(name=f"summary-{day(now)}.html", html=html_of(page))

    def _places(self, cases: Sequence[CaseRow], *, addresses: bool) -> list[Place]:
        """Return a place for each media, with every post that led to it."""
        grouped: dict[tuple[str, str], list[CaseRow]] = {}
        for case in cases:
            grouped.setdefault((case.host, case.host_id or case.label), []).append(case)
        return [self._place(found, addresses=addresses) for found in grouped.values()]

    def _place(self, cases: list[CaseRow], *, addresses: bool) -> Place:
        first = cases[0]
        channel = channels.contact(first.host, self._config.storage.path)
        title = (channel.title or first.host).strip()
        notices: dict[str, NoticeRow] = {}
        for case in cases:
            label = self._store.notices.of_case(case.id)
            if label is not None:
                notices[label] = self._store.notices.get(label)
        told: list[Fact] = []
        coming: list[str] = []
        gone: datetime | None = None
        for notice in notices.values():
            # by what stands on the notice: files without an id, and those of deleted posts, have none in their case
            labels = {case.label for case in cases}
            about = {media for media, its in self._store.notices.cases_of(notice.label).items() if labels & {*its}}
            item = next((one for one in self._store.notice_life.items(notice.label) if one.host_id in about), None)
            facts, since, then = _of_notice(title, notice, item)
            told += facts
            gone = gone or since
            coming += then
        if not notices:
            coming.append(f"{title} has not been told yet. Ask the moderators to, or tell {title} yourself.")
        seen = [fact for case in cases for fact in self._on_reddit(case, addresses=addresses)]
        if addresses and "://" in first.url:  # else its post was deleted, and the address is forgotten
            seen.append(Fact(at=None, text=f"The file at {title}", address=first.url))
        return Place(title=title, seen=tuple(seen), told=tuple(told), gone=gone, coming=tuple(coming))

    def _on_reddit(self, case: CaseRow, *, addresses: bool) -> list[Fact]:
        post = case.post
        address = f"https://www.reddit.com{post.permalink}" if addresses and post.permalink else None
        kind = "a comment" if post.fullname.startswith("t1_") else "a post"
        same = ", found by the moderators' program that day" if date_of(post.created) == date_of(case.opened) else ""
        facts = [
            Fact(at=post.created, text=f"{kind} on Reddit, in r/{post.subreddit}{same}", address=address),
            *([] if same else [Fact(at=case.opened, text="found there by the moderators' program")]),
        ]
        done = [one for one in self._store.actions.on_post(post.fullname, "remove") if one.state is ActionState.DONE]
        if done and done[-1].action.sent:
            facts.append(Fact(at=done[-1].action.sent, text=f"removed from r/{post.subreddit}"))
        elif post.removed_by_category == "deleted":
            facts.append(Fact(at=None, text="deleted there since by whoever had posted it"))
        return facts

    def _texts(self, cases: Sequence[CaseRow]) -> tuple[Copied, ...]:
        """Return the notices that are theirs to send: written for the person depicted, and stated.

        Raises UsageError with what is missing of each, so that none is left out without a word.
        """
        labels = {self._store.notices.of_case(case.id) for case in cases} - {None}
        found: list[Copied] = []
        wrong: list[str] = []
        for label in sorted(str(one) for one in labels):
            notice = self._store.notices.get(label)
            if notice.capacity != "depicted_person" or notice.state is NoticeState.DRAFTED:
                continue
            if other := sorted({*notice.cases} - {case.label for case in cases}):
                wrong.append(
                    f"a text of theirs also lists media of {', '.join(other)}, which nobody linked to this "
                    f"claim: link it, or take it off the notice {label}"
                )
                continue
            try:
                said = text_of(self._config, self._store, notice.stated_notice())
            except GifwardenError as error:
                wrong.append(f"a text that is theirs to send is not ready: {error}")
                continue
            found.append(Copied(to=notice.recipient or notice.host, subject=said.subject, body=said.text))
        if wrong:
            raise UsageError(*wrong)
        return tuple(found)


def check(row: ClaimRow) -> None:
    """Raise UsageError unless a claimant's file may be made."""
    if row.known is None:
        raise UsageError(
            "nobody has recorded how the team knows who they are, so there is no file: whoever abused them asks for it "
            f"too; see: gifwarden claims known {row.label} --help"
        )
    if row.age not in (AgeWhenMade.ADULT, AgeWhenMade.UNDER_18):
        raise UsageError(
            f"ask first how old they were when it was made, and record it: gifwarden claims age {row.label} --help"
        )


def _of_notice(host: str, notice: NoticeRow, item: LifeItem | None) -> tuple[list[Fact], datetime | None, list[str]]:
    """Return who was told when, since when it is gone, and what comes next, of one notice."""
    state, facts = notice.state, list[Fact]()
    if state in DRAFTS or notice.sent is None:
        if state is NoticeState.RETRACTED:
            return [], None, []
        if notice.capacity == "depicted_person":
            return [], None, [f"A request to {host} is ready for you to send; its text is on the page with addresses."]
        return [], None, [f"The moderators are preparing a request to {host}; it has not been sent."]
    way = "by its form" if state is NoticeState.BY_HAND else "by mail"
    asked = f"{host} was asked {way} to take it down"
    hers = notice.capacity == "depicted_person"
    facts.append(Fact(at=notice.sent, text=f"you asked {host} to take it down" if hers else asked))
    if notice.state is NoticeState.RETRACTED:
        facts.append(Fact(at=notice.ended, text="that request was taken back later"))
    if notice.acknowledged:
        facts.append(Fact(at=notice.acknowledged, text=f"{host} confirmed that it received that"))
    if notice.reminded:
        facts.append(Fact(at=notice.reminded, text=f"{host} was reminded"))
    gone = item.gone if item is not None and item.state in GONE else None
    return facts, gone, _coming(host, notice, item, gone)


def _coming(host: str, notice: NoticeRow, item: LifeItem | None, gone: datetime | None) -> list[str]:
    look = f"The moderators look again on {date_of(item.look)}." if item is not None and item.look else ""
    if item is not None and item.state is NoticeItemState.GONE_ONCE:
        return [f"It was not there when the moderators looked; they look once more to be sure. {look}".strip()]
    if gone is not None or notice.state is NoticeState.REMOVED:
        return [f"{look} If it comes back, a new request is prepared.".strip()]
    if item is not None and item.state is NoticeItemState.TAKEN_BACK:
        return ["The request for this one was taken back; ask the moderators why."]
    said = {
        NoticeState.SENT: f"{host} has not answered yet.",
        NoticeState.BY_HAND: f"{host} has not answered yet.",
        NoticeState.REMINDED: f"{host} has not answered yet.",
        NoticeState.OVERDUE: f"{host} has not answered in time. The moderators can remind it, or take it further.",
        NoticeState.BOUNCED: f"The mail did not reach {host}. The moderators are looking for another way.",
        NoticeState.ANSWERED: f"{host} has answered, and the moderators are reading it.",
        NoticeState.REJECTED: f"{host} has refused. That can be contested: with {host} itself, before a body that "
        "settles disputes, or with the authority that supervises it. The moderators can help you with that.",
        NoticeState.CLOSED: "The moderators do not follow this up any more. Tell them if it is still there.",
        NoticeState.RETRACTED: "The request was taken back; ask the moderators why.",
    }
    return [f"{said.get(notice.state, '')} {look}".strip()]
