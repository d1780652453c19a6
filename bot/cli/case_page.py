"""What a moderator needs of a case, on one screen. Words only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot import hosts
from bot.cli import deeds
from bot.cli.action_text import action_plain
from bot.cli.compare_with import compare_lines, compared, wrong_before
from bot.cli.evidence_text import NO_IDENTITY, face_lines, footage_lines, nudity_lines
from bot.clock import day_and_time, from_iso, tenths
from bot.config import Config
from bot.model import PREVIEW, PROGRAM, CaseState, Decision, Evidence, Match, MediaInfo, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deeds import REVERSIBLE, deeds_of
from bot.pipeline.scanning.unlooked import not_looked_at
from bot.plural import many
from bot.rules.checks.evidence import RESEMBLES
from bot.serialization import to_json_data
from bot.store import ActionRow, AppealRow, CaseRow, GroupRow, NoticeRow

Fact = tuple[str, str]
NOTHING = ("done", "nothing: its rule leaves it to a person")
_SLUG = re.compile(r"^(/r/[^/]+/comments/[^/]+/)([^/]+/)(.*)$")


def plain_case(row: CaseRow, *, appeal: bool = False) -> dict[str, Any]:
    """Return a case as plain data."""
    bare = row.state == CaseState.MINOR  # nothing of its media is shown, also while it can be taken back
    return {
        "case": row.label,
        "state": str(row.state),
        "appeal": appeal,
        "outcome": row.verdict.outcome,
        "rule": row.verdict.rule,
        "reasons": [] if bare else list(row.verdict.reasons),
        "subreddit": row.post.subreddit,
        "post": row.post.fullname,
        "permalink": row.post.permalink,
        "host": row.host,
        "host_id": None if bare else row.host_id,
        "opened": to_json_data(row.opened),
        "decided_by": row.decided_by,
        "why": row.why,
        "version": row.version,
    }


def ago(passed: Any) -> str:
    """Return a span of time in its largest unit."""
    seconds = max(0, int(passed.total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def page(pipeline: Pipeline, settings: Config, name: str) -> tuple[dict[str, Any], list[Fact]]:
    """Return a case as plain data and as lines. Raises StoreError if there is none."""
    store, now = pipeline.deps.store, pipeline.deps.clock.now()
    row = store.cases.get(name)
    minor = row.state == CaseState.MINOR
    evidence = None if minor else store.links.evidence(row.link)
    group = None if minor else store.cases.group_of(row)
    actions = store.actions.of_case(row.id)
    appeals = store.review.appeals(row.id)
    label = store.notices.of_case(row.id)
    notice = store.notices.get(label) if label else None
    history = store.review.history(row.label)
    appeal = next((item for item in appeals if item.outcome is None), None)
    beside = compared(store, evidence)
    doubts = [*_against(row, evidence, appeal), *wrong_before(beside)]
    unlooked = () if minor else not_looked_at(store, row.post.fullname)
    shown = {
        **plain_case(row, appeal=appeal is not None),
        "url": None if minor else row.url,
        "group": plain_group(group) if group else None,
        "evidence": to_json_data(evidence) if evidence else None,
        "not_looked_at": list(unlooked),
        "against": doubts,
        "compare_with": beside,
        "actions": [action_plain(action) for action in actions],
        "notice": label,
        "history": history,
    }
    found = list(_found(evidence))
    done = {event["what"].removesuffix(" done"): event for event in history if event["who"] == PROGRAM.name}
    when = {kind: from_iso(event["at"]) for kind, event in done.items()}
    own = {f"case opened: {row.verdict.outcome}", *(f"{action.action.kind} done" for action in actions)}
    events = [event for event in history if event["who"] != PROGRAM.name or event["what"] not in own]
    lines = [
        ("case", f"{row.label} ({row.state}), opened {day_and_time(row.opened)} UTC, {ago(now - row.opened)}"),
        *_appealed(appeals),
        *_like(group),
        *_post(row),
        *_under("against", doubts),
        *found,
        *_under("compare", compare_lines(beside)),
        *_under("not yet", unlooked),
        ("verdict", f"{row.verdict.outcome} by rule {row.verdict.rule!r}"),
        *_under("why", _new(plain_case(row)["reasons"], found)),
        *(deeds.lines(settings, actions, when) if actions or row.state != CaseState.OPEN else [NOTHING]),
        *(deeds.words(actions) if row.state == CaseState.OPEN else ()),
        *(_notice(notice) if notice else ()),
        *_under("history", map(_line, events)),
        *_next(row, actions, group),
    ]
    return shown, lines


def plain_group(group: GroupRow) -> dict[str, Any]:
    """Return as plain data how many cases of one media there are."""
    return {
        "cases": group.cases,
        "posts": group.posts,
        "authors": group.authors,
        "subreddits": list(group.subreddits),
        "states": {str(state): count for state, count in group.states.items()},
        "oldest": to_json_data(group.oldest),
        "newest": to_json_data(group.newest),
    }


def _under(name: str, sentences: Iterable[str]) -> Iterator[Fact]:
    """Yield sentences under one name."""
    for place, sentence in enumerate(sentences):
        yield "" if place else name, sentence


def _like(group: GroupRow | None) -> Iterator[Fact]:
    if group is None or group.cases < 2:
        return
    posts = f"{many(group.posts, 'post')} with this very media, by {many(group.authors, 'author')}"
    if group.posts == 1:
        posts = f"{many(group.cases, 'link')} to this very media in the post"
    states = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in group.states.items())
    yield "group", f"one of {posts} ({states}); --all decides all"


def _new(reasons: Iterable[str], found: Sequence[Fact]) -> Iterator[str]:
    """Yield the reasons of a verdict that were not told yet."""
    told = [f"{name} {line}" for name, line in found]
    for reason in reasons:
        face = reason == RESEMBLES and any(name == "face" for name, _ in found)
        if not face and not any(reason in line for line in told):
            yield reason


def _appealed(appeals: Iterable[AppealRow]) -> Iterator[Fact]:
    for item in appeals:
        if item.outcome is None:
            other = f"; decided by another moderator than {item.decider}" if item.decider else ""
            yield "appeal", f"OPEN, by {item.raised_by}, {day_and_time(item.at)} UTC{other}"
        else:
            one = item.decider is not None and item.closed_member == item.decider_member
            alone = "; one person decided both" if one and item.closed_member is not None else ""
            yield "appeal", f"{item.outcome} by {item.closed_by} (raised by {item.raised_by}){alone}"


def _post(row: CaseRow) -> Iterator[Fact]:
    post = row.post
    if not post.permalink:
        yield "post", f"r/{post.subreddit}; deleted on Reddit, so its address, author and text are forgotten"
        return
    marks = [mark for mark, held in (("NSFW", post.over_18), ("edited", post.edited)) if held]
    by = f"u/{post.author}" if post.author else "a deleted account"
    yield "post", ", ".join([f"by {by}", f"{day_and_time(post.created)} UTC", *marks])
    yield "", f"https://www.reddit.com{_SLUG.sub(_short, post.permalink)}"
    if row.state == CaseState.MINOR:
        return
    if post.title:
        yield "title", post.title
    if row.source == PREVIEW:
        yield "link", "Reddit's preview of it; the media itself was not seen"
        yield "", row.url
    else:
        yield "link", row.url


def _short(found: re.Match[str]) -> str:
    """Return a permalink without the words of the title, which stand below it."""
    return f"{found[1]}{'_/' if found[3] else ''}{found[3]}"


def _found(evidence: Evidence | None) -> Iterator[Fact]:
    if evidence is None:
        yield "media", "nothing is known of it any more"
        return
    several = len(evidence.media) > 1
    for info in evidence.media:
        yield "media", (f"{info.index + 1}: " if several else "") + _media(info)
    for match in sorted(evidence.matches, key=lambda m: (m.bank_kind == "allow", m.suppressed, not m.exact)):
        place = f"media {match.media + 1}: " if several else ""
        yield "match", f"{place}{match.entry} in {match.bank} ({match.bank_kind}): {match.why}"
        if times := _times(match):
            yield "", times
        if match.bank_kind != "allow":
            yield "", _sure(match)
    footage = list(footage_lines(evidence))
    yield from (("source", line) for line in footage)
    for line in face_lines(evidence):
        whom, _, how = line.partition(": ")  # how is told with the footage, if both were found
        yield "face", whom if any(how in other for other in footage) else line
    yield from (("nudity", line) for line in nudity_lines(evidence))


def _media(info: MediaInfo) -> str:
    if info.error:
        return f"not read: {info.error}"
    parts = [info.kind or "", f"{info.width}x{info.height}" if info.width else ""]
    parts.append(f"{info.duration:.1f} s" if info.duration else "")
    parts.append(info.note or "")
    return ", ".join(part for part in parts if part)


def _times(match: Match) -> str:
    spans = ", ".join(f"{tenths(start)} to {tenths(end)}" for start, end in match.query_ranges)
    if not spans or match.exact:
        return ""
    return f"at {spans} of this media: {match.coverage_query:.0%} of it, {match.coverage_entry:.0%} of the entry"


def _sure(match: Match) -> str:
    if match.unsure:
        return "how sure: not; it may be a copy, another take, another moment of the same scene, or another page"
    if match.suppressed:
        return "how sure: not at all; moderators said that these frames are innocent"
    if match.exact:
        return "how sure: certain; no other file has this hash"
    edge = ""
    if match.distance is not None and match.threshold:
        edge = f"; best frame {match.distance} of at most {match.threshold} bits apart"
    faces = {"agrees": "the face region agrees", "differs": "the face region DIFFERS"}.get(
        match.face_region, "the face region is not known"
    )
    return f"how sure: the same footage{edge}; {faces}"


def _against(row: CaseRow, evidence: Evidence | None, appeal: AppealRow | None) -> Iterator[str]:
    """Yield what speaks against acting, in words."""
    real = [m for m in (evidence.matches if evidence else ()) if m.bank_kind != "allow"]
    live = [m for m in real if not m.suppressed]
    if appeal:
        yield f"{appeal.raised_by} appealed"
    if evidence and any(face_lines(evidence)):
        yield NO_IDENTITY
    if evidence and not (real or evidence.faces or evidence.source):
        yield "no bank entry matched; the rule looked at the post only"
    if real and not live:
        yield "an allow entry speaks for everything that matched"
    if live and not any(m.exact for m in live) and not any(m.face_region == "agrees" for m in live):
        yield "a near copy may be the genuine clip that the fake was made from: compare the face"
    for match in live:
        if match.one_person:
            yield f"{match.entry} was confirmed by one person alone when this was judged (review.confirmations = 1)"
        elif not match.confirmed:
            yield f"{match.entry} was not confirmed by a second person when this was judged"
        if not match.exact and match.coverage_query < 0.5:
            yield f"only {match.coverage_query:.0%} of this media is {match.entry}: bank no more than that"
        if match.bank_kind == "source":
            yield f"{match.entry} is original footage: what is posted may be just that"
    if row.post.author_is_moderator:
        yield "a moderator posted it"
    if row.post.approved_by:
        yield f"{row.post.approved_by} approved the post"


def _notice(notice: NoticeRow) -> Iterator[Fact]:
    contact = hosts.contact(notice.host)
    to = notice.recipient or contact.form or "no address known"
    others = f", with {many(len(notice.items) - 1, 'other')}" if len(notice.items) > 1 else ""
    yield "notice", f"{notice.label} ({notice.state}) to {notice.host}, {to}{others}"
    if notice.state == NoticeState.DRAFTED:
        yield "", f"a person states it: gifwarden notices confirm {notice.label}"


def _line(event: Any) -> str:
    why = f": {event['why']}" if event["why"] and event["why"] not in event["what"] else ""
    return f"{event['at'][:16].replace('T', ' ')}  {event['who']}: {event['what']}{why}"


def _next(row: CaseRow, actions: Sequence[ActionRow], group: GroupRow | None) -> Iterator[Fact]:
    """Yield the commands for what comes next, each with a few words: at 80 columns they fit a line."""
    if row.state == CaseState.OPEN:
        follows = deeds_of(row, actions, Decision.CONFIRM)
        kinds = dict.fromkeys([*(one.action.kind for one in follows.go), *(one.kind for one in follows.new)])
        yield "next", f"gifwarden cases confirm {row.label} --by YOU  it is a fake"
        yield "", f"  does: {', '.join(kinds) or 'nothing more'}; or --remove, --report, --leave-up, --dry-run"
        yield "", f"gifwarden cases dismiss {row.label} --by YOU  it is no fake"
        if any(one.action.kind in REVERSIBLE for one in deeds_of(row, actions, Decision.DISMISS).undo):
            yield "", "  does: gives the post back"
        yield "", f"gifwarden cases minor {row.label} --by YOU    may be under 18"
        yield "", "  does: hides, removes, says where to report; undo for ten minutes"
    elif row.state == CaseState.MINOR:
        yield "next", f"gifwarden cases minor {row.label} --by YOU    where to report"
        yield "", f"gifwarden cases cancel {row.label} --by YOU   a slip, ten minutes"
    elif row.state in (CaseState.CONFIRMED, CaseState.DISMISSED):
        yield "next", f"gifwarden cases undo {row.label} --by YOU     take it back"
    if group is not None and group.cases > 1:
        yield "", f"gifwarden cases list --same-media {row.label}  all {group.cases} of them"
