"""A case: what was found, what speaks against it, what each choice does, what has happened; media only if asked for."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from bot import channels
from bot.clock import day, from_iso, minutes
from bot.errors import StoreError, UsageError
from bot.model import PREVIEW, CaseState, Decision, Verb
from bot.pipeline.reviewing.words import deeds
from bot.pipeline.reviewing.words.case import Fact, Seen, appeal_lines, event_line, found, news, plain_case, seen
from bot.pipeline.reviewing.words.compare import compare_lines
from bot.pipeline.reviewing.words.preview import WORDS, follows, preview
from bot.pipeline.reviewing.words.summary import summary
from bot.pipeline.reviewing.words.timeline import timelines
from bot.plural import many
from bot.rules.sureness import sureness
from bot.store import CaseRow, DecisionRow
from bot.web.console.base import Page, View, Visit
from bot.web.console.looking import LEVELS, offer
from bot.web.console.queue import place_of
from bot.web.console.timeline import drawing

KEYS = {
    Decision.CONFIRM: "c",
    Decision.REMOVE: "r",
    Decision.REPORT: "p",
    Decision.LEAVE_UP: "l",
    Decision.DISMISS: "d",
    Decision.UNDO: "t",
}
SHOWN = (Decision.CONFIRM, Decision.DISMISS, Decision.REMOVE, Decision.REPORT, Decision.LEAVE_UP, Decision.UNDO)
INSTEAD = (Decision.REMOVE, Decision.LEAVE_UP, Decision.REPORT)  # of the rule's own; the first of two alike is offered
OPEN_VERBS = (Decision.CONFIRM, *INSTEAD, Decision.DISMISS)
NAMES = 10  # cases of a group that are named
_LABEL = re.compile(r"C-[0-9a-f]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button: what it says, what follows, and every text that others would read."""

    verb: Decision
    words: str
    deeds: str
    lines: tuple[str, ...]
    key: str


def show(visit: Visit) -> Response:
    """Show a case and what can be decided."""
    case = seen(visit.store, label_of(visit), group=False)
    row = case.row
    if row.state == CaseState.MINOR:
        return visit.go(f"/minor/{visit.store.minors.waiting_label(row.post.fullname) or row.label}")
    others = visit.desk.presence.looks(row.label, visit.session.member, visit.session.name)
    told = list(found(case.evidence))
    when = {kind: from_iso(event["at"]) for kind, event in case.done_at.items()}
    waiting = visit.store.decided.waiting_on(row.id)
    may = visit.may(Verb.CASES, [row.post.subreddit])
    mine = same_media(visit, row)
    return visit.page(
        "case.html",
        case=case,
        row=row,
        doubt=visit.pipeline.claims.doubt(row),
        place=place_of(visit),
        sure=sureness(case.evidence),
        brief=summary(row, case.evidence, case.actions, visit.config),
        mode=visit.config.mode(row.post.subreddit),
        now=visit.pipeline.deps.clock.now(),
        others=others,
        against=case.against,
        appeals=list(appeal_lines(case.appeals)),
        found=told,
        drawings=[drawing(line) for line in timelines(case.evidence, case.beside)],
        compare=list(compare_lines(case.beside)),
        entries=list(_entries(visit, case)),
        reasons=list(news(plain_case(row)["reasons"], told)),
        done=list(deeds.lines(visit.config, case.actions, when)),
        texts=list(deeds.words(case.actions)) if row.state == CaseState.OPEN else [],
        notice=_notice(visit, case),
        events=[event_line(event) for event in case.events],
        preview_only=row.source == PREVIEW,
        waiting=waiting,
        choices=_choices(visit, case, waiting) if may else [],
        may=may,
        banks=_banks(visit, row) if may and case.footage is None else [],
        offer=offer(visit, case) if may else None,
        levels=LEVELS,
        mine=mine,
        named=mine[:NAMES],
        key=secrets.token_hex(16),
    )


def now(visit: Visit) -> Response:
    """Return what may have changed since the page was made, for our scripts: who else looks, whether it is decided."""
    row = visit.store.cases.get(label_of(visit))
    others = visit.desk.presence.looks(row.label, visit.session.member, visit.session.name)
    return visit.json({"version": row.version, "state": str(row.state), "by": row.decided_by, "others": others})


def same_media(visit: Visit, row: CaseRow) -> list[str]:
    """Return the other open cases of the very same media that this person may decide, the newest first."""
    group = visit.store.case_queue.group(row)
    may = {place for place in {place for _, place in group} if visit.may(Verb.CASES, [place])}
    return [label for label, place in group if place in may]


def label_of(visit: Visit) -> str:
    """Return the label of the case that an address names. Raises StoreError if it is none."""
    label = str(visit.request.path_params["label"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no case's label, which looks like C-3f9c2a71b0")
    return label


def _choices(visit: Visit, case: Seen, waiting: DecisionRow | None) -> list[Choice]:
    """Return what can be decided; two choices that come to the same are one."""
    row = case.row
    if waiting is not None:
        return []
    verbs: tuple[Decision, ...] = OPEN_VERBS if row.state == CaseState.OPEN else ()
    if row.state in (CaseState.CONFIRMED, CaseState.DISMISSED):
        verbs = (Decision.UNDO,)
    if row.proposal is not None and not visit.may(Verb.BANKS, [row.post.subreddit]):
        verbs = tuple(verb for verb in verbs if verb is not Decision.CONFIRM)
    if row.proposal is not None and case.footage is not None:
        verbs = tuple(verb for verb in verbs if verb is not Decision.CONFIRM)
    mode = visit.config.mode(row.post.subreddit)
    made: list[Choice] = []
    seen_lines: set[tuple[str, ...]] = set()
    for verb in verbs:
        try:
            lines = tuple(preview(visit.store, row, verb, mode))
        except UsageError:  # it makes no sense now, such as a report on a post that is removed
            continue
        if verb in INSTEAD and lines in seen_lines:
            continue
        seen_lines.add(lines)
        deeds_there, texts = follows(lines, mode, row.post.subreddit)
        teaches = _teaches(case) if verb is Decision.DISMISS else ""
        made.append(
            Choice(
                verb=verb,
                words=WORDS[verb],
                deeds=f"{deeds_there}{teaches}",
                lines=tuple(texts),
                key=KEYS[verb],
            )
        )
    return sorted(made, key=lambda one: SHOWN.index(one.verb))


def _teaches(case: Seen) -> str:
    """Return what a dismissal teaches, as the end of a sentence: nothing of the very file of an entry."""
    matches = case.evidence.matches if case.evidence else ()
    near = {one.entry for one in matches if one.bank_kind != "allow" and not (one.exact or one.suppressed)}
    return f"; what it shows is not taken for {', '.join(sorted(near))} again" if near else ""


def _banks(visit: Visit, row: CaseRow) -> list[str]:
    """Return the banks into which what is confirmed can go as well: none for who may not."""
    if row.state != CaseState.OPEN or row.proposal is not None or not visit.may(Verb.BANKS):
        return []
    return [name for name, kind in visit.store.banks.kinds().items() if kind in ("block", "watch")]


def _entries(visit: Visit, case: Seen) -> Iterator[Fact]:
    """Yield (label, sentence) of each entry that was found: how often it was right, and what people noted of it."""
    evidence = case.evidence
    matched = [one.entry for one in evidence.matches] + [one.entry for one in evidence.source] if evidence else []
    for label in dict.fromkeys(matched):
        past = None if visit.store.minors.is_never_label(label) else visit.store.entries.past(label)
        if past is None:
            continue
        hits = past.hits
        yield (
            label,
            (
                f"in {past.row.bank} ({past.row.kind}), {past.row.state}, since {day(from_iso(past.row.added_at))}; "
                f"{many(hits.confirmed, 'case')} confirmed, {hits.dismissed} dismissed, {hits.open} open"
            ),
        )
        for held in past.notes:
            if held.note.origin:
                at = "" if held.note.seconds is None else f" at {minutes(held.note.seconds)}"
                yield "", f"origin: {held.note.origin}{at}"
            if held.note.note:
                yield "", f"note: {held.note.note}"
        for other in past.suppressed_by:
            yield "", f"{other} (allow) speaks against it for what resembles that as well"


def _notice(visit: Visit, case: Seen) -> str:
    notice = case.notice
    if notice is None:
        return ""
    to = notice.recipient or channels.contact(notice.host, visit.config.storage.path).form or "no address known"
    return f"{notice.label} ({notice.state}) to {notice.host}, {to}"


PAGE = Page(
    ways=(View(path="/case/{label}", answer=show), View(path="/case/{label}/now", answer=now)),
)
