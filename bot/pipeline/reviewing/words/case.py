"""A case in words: what was found, how sure that is, what speaks against acting, what happened to it. Plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.clock import day_and_time, tenths
from bot.model import PROGRAM, CaseState, Evidence, Match, MediaInfo, Post
from bot.pipeline.reviewing.words.actions import action_plain
from bot.pipeline.reviewing.words.compare import compared, wrong_before
from bot.pipeline.reviewing.words.entries import doubts
from bot.pipeline.reviewing.words.evidence import NO_IDENTITY, face_lines, footage_lines, nudity_lines
from bot.pipeline.scanning.unlooked import not_looked_at
from bot.rules.checks.evidence import RESEMBLES
from bot.serialization import to_json_data
from bot.store import ActionRow, AppealRow, CaseRow, GroupRow, NoticeRow, Store
from bot.store.base import Row
from bot.store.minor_footage import Footage

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A case and what belongs to it. Of a suspected minor's nothing of the media is here."""

    row: CaseRow
    evidence: Evidence | None
    group: GroupRow | None
    actions: Sequence[ActionRow]
    appeals: Sequence[AppealRow]
    notice: NoticeRow | None
    history: Sequence[Row]
    beside: Sequence[dict[str, Any]]  # what each entry that was found is compared with
    unlooked: Sequence[str]  # what of the post was not looked at yet
    footage: Footage | None = None  # what it shares with what was marked as a suspected minor's
    doubts: Sequence[str] = ()  # what was said against its entries since

    @property
    def appeal(self) -> AppealRow | None:
        """The appeal that waits for a decision, or None."""
        return next((item for item in self.appeals if item.outcome is None), None)

    @property
    def against(self) -> list[str]:
        """What speaks against acting."""
        return [*_against(self.row, self.evidence, self.appeal), *self.doubts, *wrong_before(self.beside)]

    @property
    def done_at(self) -> dict[str, Row]:
        """What the program did, by kind of action."""
        return {event["what"].removesuffix(" done"): event for event in self.history if event["who"] == PROGRAM.name}

    @property
    def events(self) -> list[Row]:
        """The history but for what the state of the case and of its actions says already."""
        own = {f"case opened: {self.row.verdict.outcome}", *(f"{one.action.kind} done" for one in self.actions)}
        return [event for event in self.history if event["who"] != PROGRAM.name or event["what"] not in own]

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        bare = self.row.state == CaseState.MINOR
        evidence = None if self.footage else self.evidence  # it tells where the media is
        if evidence is not None and self.row.proposal is not None:
            evidence = replace(evidence, post=None, link=replace(evidence.link, post=None))
        return {
            **plain_case(self.row, appeal=self.appeal is not None),
            "url": None if bare or self.footage else self.row.url,
            **({"host_id": None} if self.footage else {}),
            "same_footage": {"entry": self.footage.entry, "marked": self.footage.label} if self.footage else None,
            "group": plain_group(self.group) if self.group else None,
            "evidence": to_json_data(evidence) if evidence else None,
            "not_looked_at": list(self.unlooked),
            "against": self.against,
            "compare_with": list(self.beside),
            "actions": [action_plain(action) for action in self.actions],
            "notice": self.notice.label if self.notice else None,
            "history": list(self.history),
        }


def seen(store: Store, name: str, *, group: bool = True) -> Seen:
    """Return a case and what belongs to it, by its label. Raises StoreError if there is none.

    `group`: also how many cases of its media there are, which takes a while where they are thousands.
    """
    row = store.cases.get(name)
    minor = row.state == CaseState.MINOR
    evidence = None if minor else store.links.evidence(row.link)
    label = store.notices.of_case(row.id)
    return Seen(
        row=row,
        evidence=evidence,
        group=None if minor or not group else store.cases.group_of(row),
        actions=store.actions.of_case(row.id),
        appeals=store.review.appeals(row.id),
        notice=store.notices.get(label) if label else None,
        history=store.review.history(row.label),
        beside=compared(store, evidence),
        unlooked=() if minor else not_looked_at(store, row.post.fullname),
        footage=store.footage.of_case(row.id),
        doubts=tuple(doubts(store, evidence)),
    )


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
        "proposal": row.proposal,
        "subreddit": row.post.subreddit,
        "post": None if row.proposal else row.post.fullname,  # of a proposal nothing leads to whoever posted it
        "permalink": "" if row.proposal else row.post.permalink,
        "host": row.host,
        "host_id": None if bare else row.host_id,
        "opened": to_json_data(row.opened),
        "decided_by": row.decided_by,
        "why": row.why,
        "version": row.version,
    }


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


def ago(passed: Any) -> str:
    """Return a span of time in its largest unit."""
    seconds = max(0, int(passed.total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def appeal_lines(appeals: Iterable[AppealRow]) -> Iterator[str]:
    """Yield a line for each appeal, the open one among them."""
    for item in appeals:
        if item.outcome is None:
            other = f"; decided by another moderator than {item.decider}" if item.decider else ""
            yield f"OPEN, by {item.raised_by}, {day_and_time(item.at)} UTC{other}"
        else:
            one = item.decider is not None and item.closed_member == item.decider_member
            alone = "; one person decided both" if one and item.closed_member is not None else ""
            yield f"{item.outcome} by {item.closed_by} (raised by {item.raised_by}){alone}"


def found(evidence: Evidence | None) -> Iterator[Fact]:
    """Yield (what it is about, a sentence) of what was found; what continues the sentence above has an empty name."""
    if evidence is None:
        yield "media", "nothing is known of it any more"
        return
    several = len(evidence.media) > 1 or any(info.index for info in evidence.media)
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


def news(reasons: Iterable[str], found: Sequence[Fact]) -> Iterator[str]:
    """Yield the reasons of a verdict that were not told yet."""
    told = [f"{name} {line}" for name, line in found]
    for reason in reasons:
        face = reason == RESEMBLES and any(name == "face" for name, _ in found)
        if not face and not any(reason in line for line in told):
            yield reason


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
    if row.proposal is not None:
        yield "moderators removed it, which is nobody's word that it is a fake: look at it"
        return
    if appeal:
        yield f"{appeal.raised_by} appealed"
    yield from speaks_against(evidence, row.post)


def speaks_against(evidence: Evidence | None, post: Post | None) -> Iterator[str]:
    """Yield what speaks against evidence, in a post or of its own, in words."""
    real = [m for m in (evidence.matches if evidence else ()) if m.bank_kind != "allow"]
    live = [m for m in real if not m.suppressed]
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
    if post is not None and post.author_is_moderator:
        yield "a moderator posted it"
    if post is not None and post.approved_by:
        yield f"{post.approved_by} approved the post"


def event_line(event: Any) -> str:
    """Return an event of the history as a line."""
    why = f": {event['why']}" if event["why"] and event["why"] not in event["what"] else ""
    return f"{event['at'][:16].replace('T', ' ')}  {event['who']}: {event['what']}{why}"
