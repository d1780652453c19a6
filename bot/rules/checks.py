"""The checks of a rule. Each looks at one post with its evidence and says whether it holds, and what it saw."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.model import Evidence, Match, Post
from bot.rules import ladder
from bot.rules.read import show
from bot.rules.text import FIELDS, TextQuery

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
}
MAX_REASONS = 5  # of one check; a compilation may match hundreds of entries
_NO_POST = "there is no post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged. `post` is None for a bare file or address."""

    post: Post | None
    evidence: Evidence
    adult_subreddit: bool = False  # configured as adult as a whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check made of a subject."""

    held: bool
    value: str  # what was seen, for people
    reasons: tuple[str, ...] = ()  # for the verdict; hold no text of the post, which may have to be forgotten
    matches: tuple[Match, ...] = ()  # the copies that made it hold
    found: str | None = None  # the words of the post that made it hold


class Check(Protocol):
    """One line of a rule."""

    @property
    def key(self) -> str:
        """The key as written, e.g. `~title (includes)`."""

    def look(self, subject: Subject) -> Finding:
        """Say whether the check holds and what it saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCheck:
    """`type:` submission or comment."""

    kind: Literal["submission", "comment"]
    key: str = "type"

    def look(self, subject: Subject) -> Finding:
        if subject.post is None:
            return Finding(held=False, value=_NO_POST)
        kind = "comment" if subject.post.is_comment else "submission"
        return Finding(held=kind == self.kind, value=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCheck:
    """Words in one or several fields of the post. Holds for no post that has none of the fields, negated or not."""

    key: str
    fields: tuple[str, ...]
    query: TextQuery
    negated: bool = False

    def look(self, subject: Subject) -> Finding:
        if subject.post is None:
            return Finding(held=False, value=_NO_POST)
        seen = {}
        for name in self.fields:
            text = FIELDS[name].read(subject.post)
            if text is not None:
                seen[name] = text
        if not seen:
            return Finding(held=False, value=f"the post has no {' or '.join(self.fields)}")
        value = ", ".join(f"{name} {show(text, 80)!r}" for name, text in seen.items())
        for name, text in seen.items():
            found = self.query.find(text, FIELDS[name].length)
            if found is not None:
                if self.negated:
                    return Finding(held=False, value=value)
                return Finding(held=True, value=value, reasons=(f"the post's {name} fits {self.key}",), found=found)
        if not self.negated:
            return Finding(held=False, value=value)
        return Finding(held=True, value=value, reasons=(f"the post fits {self.key}",))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCheck:
    """`is_edited:` and `over_18:`."""

    key: Literal["is_edited", "over_18"]
    wanted: bool

    def look(self, subject: Subject) -> Finding:
        if subject.post is None:
            return Finding(held=False, value=_NO_POST)
        value = subject.post.edited if self.key == "is_edited" else subject.post.over_18
        word = "edited" if self.key == "is_edited" else "marked NSFW"
        seen = f"the post is {'' if value else 'not '}{word}"
        return Finding(held=value == self.wanted, value=seen, reasons=(seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsCheck:
    """`reports:` a comparison with the number of reports."""

    comparison: str
    number: int
    key: str = "reports"

    def look(self, subject: Subject) -> Finding:
        if subject.post is None:
            return Finding(held=False, value=_NO_POST)
        seen = f"{subject.post.num_reports} reports"
        held = COMPARE[self.comparison](subject.post.num_reports, self.number)
        return Finding(held=held, value=seen, reasons=(f"the post has {self.comparison} {self.number} reports",))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCheck:
    """`host:` where the link leads."""

    key: str
    names: tuple[str, ...]
    negated: bool = False

    def look(self, subject: Subject) -> Finding:
        host = subject.evidence.link.host
        seen = f"the link leads to {host or 'no known host'}"
        return Finding(held=(host in self.names) != self.negated, value=seen, reasons=(seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class SexualContextCheck:
    """`sexual_context:` post marked NSFW, adult host or adult subreddit; no nudity signal is computed yet."""

    wanted: bool
    key: str = "sexual_context"

    def look(self, subject: Subject) -> Finding:
        post = subject.post
        signs = [
            sign
            for sign, there in (
                ("the post is marked NSFW", post is not None and post.over_18),
                ("the host is an adult one", subject.evidence.adult_host),
                ("the subreddit is an adult one", subject.adult_subreddit),
            )
            if there
        ]
        if not signs and post is None:
            return Finding(held=False, value=f"unknown: {_NO_POST}")
        seen = ", ".join(signs) or "no sign of a sexual context"
        return Finding(held=bool(signs) == self.wanted, value=seen, reasons=tuple(signs) or (seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCheck:
    """`exact_media:` and `known_media:`. Distances in bits, coverage 0-1."""

    key: str
    banks: tuple[str, ...]
    exact_only: bool
    negated: bool = False
    distance: tuple[str, int] | None = None
    coverage: tuple[str, float] | None = None
    methods: tuple[str, ...] = ("pdq", "phash")
    face_agrees: bool = False

    def look(self, subject: Subject) -> Finding:
        here = [match for match in subject.evidence.matches if match.bank in self.banks]
        verdicts = [(match, self._against(match)) for match in here]
        copies = tuple(match for match, against in verdicts if against is None)
        value = "; ".join(f"{_seen(match)}: {against or 'counts'}" for match, against in verdicts[:MAX_REASONS])
        if len(verdicts) > MAX_REASONS:
            value += f"; and {len(verdicts) - MAX_REASONS} more"
        value = value or f"no match in {', '.join(self.banks)}"
        if self.negated:
            reason = f"no copy in {', '.join(self.banks)}"
            return Finding(held=not copies, value=value, reasons=() if copies else (reason,))
        strongest = sorted(copies, key=ladder.reach, reverse=True)
        reasons = list(dict.fromkeys(match.why or _seen(match) for match in strongest))
        if len(reasons) > MAX_REASONS:
            reasons[MAX_REASONS:] = [f"and {len(reasons) - MAX_REASONS} more matches"]
        return Finding(held=bool(copies), value=value, reasons=tuple(reasons), matches=copies)

    def ceiling(self, kinds: Mapping[str, ladder.Step]) -> ladder.Step:
        """Return the most that the weakest evidence that makes this check hold allows. `kinds`: bank → its most."""
        if self.negated:
            return ladder.Step.REVIEW
        rung = ladder.Step.REMOVE if self.exact_only or self.face_agrees else ladder.Step.REPORT
        return min([rung, *(kinds[bank] for bank in self.banks if bank in kinds)])

    def _against(self, match: Match) -> str | None:
        # why a match does not make the check hold, or None if it does
        if not ladder.counts(match):
            if match.bank_kind == "allow":
                return "an allow entry never counts"
            return "suppressed by an allow entry" if match.suppressed else "its face region differs, so it is no copy"
        if match.exact:
            return None
        if self.exact_only:
            return "not the very file"
        if match.method not in self.methods:
            return f"found by {match.method}, not by {' or '.join(self.methods)}"
        if self.distance and (match.distance is None or not _holds(self.distance, match.distance)):
            return f"not {self.distance[0]} {self.distance[1]} bits"
        if self.coverage and not _holds(self.coverage, max(match.coverage_query, match.coverage_entry)):
            return f"coverage not {self.coverage[0]} {self.coverage[1]:g}"
        if self.face_agrees and match.face_region != "agrees":
            return "its face region is not known to agree"
        return None


def _holds(comparison: tuple[str, float], value: float) -> bool:
    return COMPARE[comparison[0]](value, comparison[1])


def _seen(match: Match) -> str:
    place = f"media {match.media + 1} and an entry of {match.bank}"
    if match.exact:
        return f"{place} are the same file ({match.method})"
    bits = "?" if match.distance is None else match.distance
    coverage = max(match.coverage_query, match.coverage_entry)
    return f"{place} are {bits} bits apart ({match.method}), coverage {coverage:.2f}, face region {match.face_region}"
