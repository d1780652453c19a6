"""What a moderator needs of a case, on one screen. Words only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot import channels
from bot.clock import day_and_time, from_iso
from bot.config import Config
from bot.model import PREVIEW, CaseState, Decision, Mode, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deeds import REVERSIBLE, deeds_of
from bot.pipeline.reviewing.words import deeds
from bot.pipeline.reviewing.words.case import (
    Fact,
    ago,
    appeal_lines,
    event_line,
    found,
    news,
    plain_case,
    seen,
)
from bot.pipeline.reviewing.words.compare import compare_lines
from bot.plural import many
from bot.store import ActionRow, CaseRow, GroupRow, NoticeRow

COVERED = "not shown"
NOTHING = ("done", "nothing: its rule leaves it to a person")
_SLUG = re.compile(r"^(/r/[^/]+/comments/[^/]+/)([^/]+/)(.*)$")


def page(pipeline: Pipeline, settings: Config, name: str) -> tuple[dict[str, Any], list[Fact]]:
    """Return a case as plain data and as lines. Raises StoreError if there is none."""
    now = pipeline.deps.clock.now()
    case = seen(pipeline.deps.store, name)
    row, actions = case.row, case.actions
    told = list(found(case.evidence))
    when = {kind: from_iso(event["at"]) for kind, event in case.done_at.items()}
    lines = [
        ("case", f"{row.label} ({row.state}), opened {day_and_time(row.opened)} UTC, {ago(now - row.opened)}"),
        *([("WARNING", case.footage.words)] if case.footage else ()),
        *(("appeal", line) for line in appeal_lines(case.appeals)),
        *_like(case.group),
        *_post(row, shown=case.footage is None),
        *_under("against", case.against),
        *told,
        *_under("compare", compare_lines(case.beside)),
        *_under("not yet", case.unlooked),
        *_verdict(row, told),
        *(deeds.lines(settings, actions, when) if actions or row.state != CaseState.OPEN else [_nothing(row)]),
        *(deeds.words(actions) if row.state == CaseState.OPEN else ()),
        *(_notice(settings, case.notice) if case.notice else ()),
        *_under("history", map(event_line, case.events)),
        *_next(row, actions, case.group, settings.mode(row.post.subreddit)),
    ]
    return case.plain(), lines


def _under(name: str, sentences: Iterable[str]) -> Iterator[Fact]:
    """Yield sentences under one name."""
    for place, sentence in enumerate(sentences):
        yield "" if place else name, sentence


def _verdict(row: CaseRow, found: Sequence[Fact]) -> Iterator[Fact]:
    reasons = plain_case(row)["reasons"]
    if row.proposal is not None:
        yield from _under("past", reasons)
        return
    yield "verdict", f"{row.verdict.outcome} by rule {row.verdict.rule!r}"
    yield from _under("why", news(reasons, found))


def _nothing(row: CaseRow) -> Fact:
    return ("done", f"nothing, and nothing will be; it is proposed for {row.proposal}") if row.proposal else NOTHING


def _like(group: GroupRow | None) -> Iterator[Fact]:
    if group is None or group.cases < 2:
        return
    posts = f"{many(group.posts, 'post')} with this very media, by {many(group.authors, 'author')}"
    if group.posts == 1:
        posts = f"{many(group.cases, 'link')} to this very media in the post"
    states = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in group.states.items())
    yield "group", f"one of {posts} ({states}); --all decides all"


def _post(row: CaseRow, *, shown: bool) -> Iterator[Fact]:
    """Yield where it was posted; `shown`: whether the address of its media is told."""
    post = row.post
    what = "comment" if post.is_comment else "post"
    if not post.permalink:
        yield what, f"r/{post.subreddit}; deleted on Reddit, so its address, author and text are forgotten"
        return
    if row.proposal is not None:
        if row.state != CaseState.MINOR:
            yield "link", row.url if shown else COVERED
            yield "", f"of r/{post.subreddit}; who posted it is not shown"
        return
    marks = [mark for mark, held in (("NSFW", post.over_18), ("edited", post.edited)) if held]
    by = f"u/{post.author}" if post.author else "a deleted account"
    yield what, ", ".join([f"by {by}", f"{day_and_time(post.created)} UTC", *marks])
    yield "", f"https://www.reddit.com{_SLUG.sub(_short, post.permalink)}"
    if row.state == CaseState.MINOR:
        return
    if post.title:
        yield "on the post" if post.is_comment else "title", post.title
    if not shown:
        yield "link", COVERED
    elif row.source == PREVIEW:
        yield "link", "Reddit's preview of it; the media itself was not seen"
        yield "", row.url
    else:
        yield "link", row.url


def _short(found: re.Match[str]) -> str:
    """Return a permalink without the words of the title, which stand below it."""
    return f"{found[1]}{'_/' if found[3] else ''}{found[3]}"


def _notice(settings: Config, notice: NoticeRow) -> Iterator[Fact]:
    form = channels.contact(notice.host, settings.storage.path).form
    to = notice.recipient or form or "no address known"
    others = f", with {many(len(notice.items) - 1, 'other')}" if len(notice.items) > 1 else ""
    yield "notice", f"{notice.label} ({notice.state}) to {notice.host}, {to}{others}"
    if notice.state == NoticeState.DRAFTED:
        yield "", f"a person states it: gifwarden notices confirm {notice.label}"


def _next(row: CaseRow, actions: Sequence[ActionRow], group: GroupRow | None, mode: Mode) -> Iterator[Fact]:
    """Yield the commands for what comes next, each with a few words: at 80 columns they fit a line."""
    if row.state == CaseState.OPEN:
        if row.proposal is not None:
            yield "next", f"gifwarden cases confirm {row.label} --by YOU  it is a fake"
            yield "", f"  does: puts it into {row.proposal}; a second person confirms that"
            yield "", f"gifwarden cases dismiss {row.label} --by YOU  it is no fake"
            yield "", "  does: it is not proposed again"
            yield "", f"gifwarden cases minor {row.label} --by YOU    may be under 18"
            yield "", "  does: hides, removes, says where to report; undo for ten minutes"
            return
        follows = deeds_of(row, actions, Decision.CONFIRM, mode)
        kinds = dict.fromkeys([*(one.action.kind for one in follows.go), *(one.kind for one in follows.new)])
        yield "next", f"gifwarden cases confirm {row.label} --by YOU  it is a fake"
        yield "", f"  does: {', '.join(kinds) or 'nothing more'}; or --remove, --report, --leave-up, --dry-run"
        yield "", f"gifwarden cases dismiss {row.label} --by YOU  it is no fake"
        if any(one.action.kind in REVERSIBLE for one in deeds_of(row, actions, Decision.DISMISS, mode).undo):
            yield "", "  does: gives the post back"
        yield "", f"gifwarden cases minor {row.label} --by YOU    may be under 18"
        yield "", "  does: hides, removes, says where to report; undo for ten minutes"
    elif row.state == CaseState.MINOR:
        yield "next", f"gifwarden cases minor {row.label} --by YOU    where to report"
        yield "", f"gifwarden cases cancel {row.label} --by YOU   a slip, ten minutes"
    elif row.state in (CaseState.CONFIRMED, CaseState.DISMISSED):
        yield "next", f"gifwarden cases undo {row.label} --by YOU     take it back"
    elif row.state == CaseState.WITHDRAWN:
        yield "next", f"gifwarden cases undo {row.label} --by YOU     open it again"
    if group is not None and group.cases > 1:
        yield "", f"gifwarden cases list --same-media {row.label}  all {group.cases} of them"
