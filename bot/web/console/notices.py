"""Notices to hosts: what is drafted or sent; one as its host would read it; stating it in two steps; retracting it."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.responses import Response

from bot import channels, text
from bot.errors import RightsError, StoreError, UsageError
from bot.model import Capacity, Ground, Grounded, Notice, NoticeState, Verb
from bot.notice_texts import LANGUAGES, Kind, name_of
from bot.pipeline.acting.by_hand import FROM as BY_HAND_FROM
from bot.pipeline.acting.notice_texts import language_of, texts_of
from bot.pipeline.acting.notices import STATED_FROM, Hearing, Statement
from bot.pipeline.following.steps import NoticeSteps
from bot.pipeline.following.words import item_line, proposal_lines
from bot.pipeline.reviewing.words.actions import action_line
from bot.pipeline.reviewing.words.notice import ASKED, GROUND_WORDS, HEARS, notice_read, retraction_read, row_read
from bot.pipeline.reviewing.words.notice_form import FilledForm, filled_forms
from bot.pipeline.reviewing.words.notice_items import happened, item_words
from bot.serialization import dumps
from bot.store import NoticeRow
from bot.store.paged import NoticeFilter
from bot.web.console.answers import WORDS
from bot.web.console.base import Act, Page, View, Visit, number_of, reason_of

ROWS = 50  # of a page
MAX_DETAIL, MAX_ADDRESS = 2000, 254  # characters
FIELDS = ("ground", "detail", "capacity", "to", "seen", "language", "law", "access", "named", "by_hand", "once")
_LABEL = re.compile(r"N-[0-9a-f]{1,20}")


class Shelf(StrEnum):
    """Which notices a tab shows."""

    ALL = "all"
    DRAFTED = "drafted"
    CONFIRMED = "confirmed"
    SENT = "sent"
    BY_HAND = "by_hand"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    ENDED = "ended"
    RETRACTED = "retracted"


STATES = {
    Shelf.ALL: (),
    Shelf.DRAFTED: (NoticeState.DRAFTED,),
    Shelf.CONFIRMED: (NoticeState.CONFIRMED,),
    Shelf.SENT: (NoticeState.SENT, NoticeState.REMINDED),
    Shelf.BY_HAND: (NoticeState.BY_HAND,),
    Shelf.ANSWERED: (NoticeState.ANSWERED, NoticeState.REJECTED, NoticeState.BOUNCED),
    Shelf.OVERDUE: (NoticeState.OVERDUE,),
    Shelf.ENDED: (NoticeState.REMOVED, NoticeState.CLOSED),
    Shelf.RETRACTED: (NoticeState.RETRACTED,),
}


def show(visit: Visit) -> Response:
    """Show a page of notices."""
    shelf = visit.query("show") or Shelf.ALL
    if shelf not in tuple(Shelf):
        raise UsageError(f"there is no tab {shelf}; choose one of the tabs of the notices")
    host = visit.query("host")
    chosen = NoticeFilter(states=STATES[Shelf(shelf)], host=host)
    rows = visit.store.paged.notices(chosen, before=number_of(visit, "before"), limit=ROWS + 1)
    counts = visit.store.figures.by_state("notices")
    held = {"show": shelf, "host": host}
    return visit.page(
        "notices.html",
        shelf=shelf,
        tabs=[
            (name, str(name).replace("_", " ").capitalize(), sum(counts.get(one, 0) for one in STATES[name]))
            for name in Shelf
        ],
        rows=[row for _, row in rows[:ROWS]],
        more=rows[ROWS - 1][0] if len(rows) > ROWS else None,
        query=urlencode({name: value for name, value in held.items() if value}),
        host=host,
        hosts={name: sum(states.values()) for name, states in visit.store.paged.notices_by_host().items()},
    )


def one(visit: Visit) -> Response:
    """Show one notice: what it lists, what is missing, and what its host would read or has read."""
    return _page(visit, row_of(visit))


def preview(visit: Visit) -> Response:
    """Show the mail as the host would read it, for a person to state; nothing is done."""
    row = row_of(visit)
    if visit.field("again"):
        return _page(visit, row)
    try:
        statement = statement_of(visit, row)
        notice = visit.pipeline.decisions.notices.preview_notice(row.label, statement)
        read = notice_read(visit.config, visit.store, notice)
        forms = filled_forms(visit.config, visit.store, notice) if statement.by_hand else ()
    except UsageError as error:
        return refused(visit, row, error)
    return visit.page(
        "notice_preview.html",
        row=row,
        to=read.to,
        subject=read.subject,
        lines=read.lines,
        flow=read.flow,
        forms=forms,
        hers=notice.capacity == "depicted_person",
        given=_given(visit),
        read=digest_of(row),
        asked=ASKED,
    )


def confirm(visit: Visit) -> Response:
    """Record the statement of a text that was read, as `gifwarden notices confirm` does; the daemon sends it."""
    row = row_of(visit)
    if visit.field("read") != digest_of(row):
        raise UsageError(f"notice {row.label} has changed since you read it; look at it again, then confirm it")
    try:
        visit.pipeline.decisions.notices.confirm_notice(row.label, statement_of(visit, row), read=row)
    except RightsError:
        raise
    except UsageError as error:  # what was written stays in its fields
        return refused(visit, row, error)
    return visit.go(f"/notice/{row.label}")


def retract(visit: Visit) -> Response:
    """Withdraw a notice, as `gifwarden notices retract` does; what its host is to read is shown first."""
    row = row_of(visit)
    by, notices = visit.act(Verb.NOTICES, row.subreddits), visit.pipeline.decisions.notices
    hears, reason = notices.hearing(row), visit.field("reason").strip()[:MAX_DETAIL]
    if row.state != NoticeState.RETRACTED and hears is not Hearing.NOBODY and visit.field("read") != digest_of(row):
        try:
            read = retraction_read(visit.config, visit.store, row, reason)
        except UsageError as error:
            return _page(visit, row, mistakes=error.mistakes, status=409)
        return visit.page(
            "notice_retraction.html", row=row, text=read, reason=reason, hears=HEARS[hears],
            why=reason_of(visit, ""), read=digest_of(row),
        )  # fmt: skip
    notices.retract_notice(row.label, by=by, why=reason_of(visit, "retracted"), reason=reason)
    return visit.go(f"/notice/{row.label}")


def forms_of(visit: Visit, row: NoticeRow, notice: Notice) -> tuple[FilledForm, ...]:
    """Return the host's form, filled, where the notice may still go by hand and there is a form for it."""
    if row.state not in BY_HAND_FROM:
        return ()
    try:
        return filled_forms(visit.config, visit.store, notice)
    except UsageError:
        return ()


def refused(visit: Visit, row: NoticeRow, error: UsageError) -> Response:
    """Return the page of a notice with what is wrong with what was stated, and all of that in its fields."""
    return _page(visit, visit.store.notices.get(row.label), mistakes=error.mistakes, status=409)


def _page(visit: Visit, row: NoticeRow, *, mistakes: tuple[str, ...] = (), status: int = 200) -> Response:
    told: dict[str, Any] = {"lines": [], "flow": [], "to": "", "subject": "", "unsaid": "", "forms": ()}
    if row.stated_by and row.items:
        try:
            notice = row.stated_notice()
            told |= row_read(visit.config, visit.store, row)._asdict()
            told["forms"] = forms_of(visit, row, notice)
        except UsageError as error:
            told["unsaid"] = str(error)
    mail_action = visit.store.actions.mail_of(row.label)
    drafted = row.state == NoticeState.DRAFTED
    hears = visit.pipeline.decisions.notices.hearing(row)
    stated_now = row.state in STATED_FROM
    offered = visit.pipeline.decisions.notices.offered(row) if stated_now else None
    steps = NoticeSteps(visit.config, visit.store, visit.pipeline.deps.clock).of_row(row)
    may = visit.may(Verb.NOTICES, row.subreddits)
    return visit.page(
        "notice.html",
        status=status,
        row=row,
        contact=channels.contact(row.host, visit.config.storage.path),
        mail=mail_action,
        daemon=visit.store.lease.daemon_runs(),
        mail_stands=action_line(visit.config, mail_action) if mail_action else "",
        stated_now=stated_now,
        missing=visit.pipeline.decisions.notices.missing(row) if stated_now else [],
        may=may,
        read=digest_of(row),
        mixed=drafted and visit.pipeline.decisions.grounds.mixed(row),
        others=_others(visit, row) if drafted else [],
        item_words=item_words,
        hears=HEARS[hears],
        host_hears=hears is not Hearing.NOBODY,
        steps=steps,
        item_stands=item_line,
        proposal_lines=proposal_lines,
        happened=happened(steps.events),
        again=visit.store.notices.told_again(row.label),
        offered=offered,
        by_hand=row.state in BY_HAND_FROM and row.state != NoticeState.DRAFTED,
        languages=LANGUAGES,
        drafts=_drafts(visit) if stated_now else {},
        of_media=visit.store.notices.cases_of(row.label) if stated_now else {},
        language=language_of(visit.config, row.host),
        grounds=GROUND_WORDS,
        capacities=get_args(Capacity),
        given=_begun(visit, row, offered),
        mistakes=mistakes,
        answers=visit.store.notice_answers.of(row.label),
        may_answer=may,
        **WORDS,
        **told,
    )


def _others(visit: Visit, row: NoticeRow) -> list[NoticeRow]:
    """Return the other drafts to the host of a draft, the newest first."""
    found = visit.store.paged.notices(NoticeFilter(states=(NoticeState.DRAFTED,), host=row.host), limit=ROWS)
    return [other for _, other in found if other.label != row.label]


def _drafts(visit: Visit) -> dict[str, str]:
    """Return what stands beside each language: whether somebody approved what notices say in it."""
    texts, names = texts_of(visit.config, visit.store), [name_of(Kind.NOTICE, each) for each in get_args(Capacity)]
    approved = {language: sum(texts.approved(language, name) for name in names) for language in LANGUAGES}
    return {
        language: "" if count == len(names) else " (partly a draft)" if count else " (draft)"
        for language, count in approved.items()
    }


def _given(visit: Visit) -> dict[str, str]:
    """Return what a form says, each on one line: so it goes from page to page, and to the host, as it was read."""
    return {name: text.line(" ".join(visit.field(name).split())) for name in FIELDS}


def _begun(visit: Visit, row: NoticeRow, offered: Grounded | None) -> dict[str, str]:
    """Return what a form begins with: what it said already, else the configured capacity and the recorded ground."""
    given = _given(visit)
    if offered and not (given["ground"] or given["detail"]):
        given["ground"], given["detail"] = offered
    if given["capacity"]:
        return given
    if row.state == NoticeState.BOUNCED and row.capacity:
        stated = {"capacity": row.capacity, "language": row.language, "law": row.law, "access": row.access}
        return given | stated | {"named": "yes" if row.named else ""}
    mail = visit.config.mail
    return given | {"capacity": mail.capacity, "law": mail.national_law, "named": "yes" if mail.name_persons else ""}


def statement_of(visit: Visit, row: NoticeRow) -> Statement:
    """Return what a form states. Raises UsageError if it is not complete, RightsError if they may not state it."""
    by = visit.act(Verb.NOTICES, row.subreddits)
    given = _given(visit)
    if given["ground"] not in get_args(Ground):
        raise UsageError("a notice needs a ground: choose which of them is true")
    if given["capacity"] not in get_args(Capacity):
        raise UsageError("a notice is stated in some capacity: choose the true one")
    if len(given["detail"]) > MAX_DETAIL or max(len(given[name]) for name in ("to", "law", "access")) > MAX_ADDRESS:
        raise UsageError(f"that is too long: the detail may have {MAX_DETAIL} characters, the others {MAX_ADDRESS}")
    if given["language"] and given["language"] not in LANGUAGES:
        raise UsageError(f"notices are written in {', '.join(LANGUAGES)}; choose one of them")
    ground: Ground = next(one for one in get_args(Ground) if one == given["ground"])
    capacity: Capacity = next(one for one in get_args(Capacity) if one == given["capacity"])
    return Statement(
        ground=ground,
        detail=given["detail"],
        capacity=capacity,
        by=by,
        to=given["to"] or None,
        seen=bool(given["seen"]),
        keep=not given["once"],
        language=given["language"] or None,
        law=given["law"],
        access=given["access"],
        named=bool(given["named"]),
        by_hand=bool(given["by_hand"]),
    )


def digest_of(row: NoticeRow) -> str:
    """Return by what a notice is known again as it was read."""
    return hashlib.sha256(dumps(row.as_read).encode()).hexdigest()


def row_of(visit: Visit) -> NoticeRow:
    """Return the notice that an address names. Raises StoreError if there is none."""
    label = str(visit.request.path_params["notice"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no notice's label, which looks like N-3f9c2a71b0")
    return visit.store.notices.get(label)


PAGE = Page(
    name="Notices",
    path="/notices",
    keys="g n",
    ways=(
        View(path="/notices", answer=show),
        View(path="/notice/{notice}", answer=one),
        Act(path="/notice/{notice}/preview", answer=preview, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/confirm", answer=confirm, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/retract", answer=retract, verb=Verb.NOTICES),
    ),
)
