"""The checks on evidence: copies, original footage, faces, nudity, host, context.

Faces, footage and nudity may have been stored long ago: what a row does not tell makes no term hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import FaceMatch, Match, SourceMatch
from bot.plural import many, odds
from bot.rules import ladder
from bot.rules.checks.base import NO_POST, AsksNothing, CheckResult, Subject, holds

MAX_REASONS = 5  # of one check; a compilation may match hundreds of entries
NUDE = 0.8  # score from which on a media counts as nude, unless a rule says otherwise
NEAR_METHODS = ("pdq", "phash", "region", "local")
IN_BITS = frozenset({"pdq", "phash"})  # the methods whose distance is in bits of a whole frame

Comparison = tuple[str, float]

RESEMBLES = "a face resembles a protected person"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCheck(AsksNothing):
    """`host:` where the link leads."""

    key: str
    names: tuple[str, ...]
    negated: bool = False

    def evaluate(self, subject: Subject) -> CheckResult:
        host = subject.evidence.link.host
        seen = f"the link leads to {host or 'no known host'}"
        return CheckResult(held=(host in self.names) != self.negated, value=seen, reasons=(seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class SexualContextCheck(AsksNothing):
    """`sexual_context:` post marked NSFW, adult host, adult subreddit, or a nudity score above the threshold."""

    wanted: bool
    key: str = "sexual_context"

    def evaluate(self, subject: Subject) -> CheckResult:
        post, nudity = subject.post, subject.evidence.nudity
        signs = [
            sign
            for sign, there in (
                ("the post is marked NSFW", post is not None and post.over_18),
                ("the host is an adult one", subject.evidence.adult_host),
                ("the subreddit is an adult one", subject.adult_subreddit),
                ("the media shows nudity", nudity is not None and nudity.score >= NUDE),
            )
            if there
        ]
        if not signs and post is None:
            return CheckResult(held=False, value=f"unknown: {NO_POST}")
        seen = ", ".join(signs) or "no sign of a sexual context"
        return CheckResult(held=bool(signs) == self.wanted, value=seen, reasons=tuple(signs) or (seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCheck(AsksNothing):
    """`exact_media:` and `known_media:`. Distances in bits, coverage 0-1."""

    key: str
    banks: tuple[str, ...]
    exact_only: bool
    negated: bool = False
    distance: Comparison | None = None
    coverage: Comparison | None = None
    frames: Comparison | None = None
    inliers: Comparison | None = None
    methods: tuple[str, ...] = NEAR_METHODS
    transforms: tuple[str, ...] = ()  # empty: any
    face_agrees: bool = False

    def evaluate(self, subject: Subject) -> CheckResult:
        here = [match for match in subject.evidence.matches if match.bank in self.banks]
        verdicts = [(match, self._against(match)) for match in here]
        copies = tuple(match for match, against in verdicts if against is None)
        value = "; ".join(f"{_seen(match)}: {against or 'counts'}" for match, against in verdicts[:MAX_REASONS])
        if len(verdicts) > MAX_REASONS:
            value += f"; and {len(verdicts) - MAX_REASONS} more"
        value = value or f"no match in {', '.join(self.banks)}"
        if self.negated:
            reason = f"no copy in {', '.join(self.banks)}"
            return CheckResult(held=not copies, value=value, reasons=() if copies else (reason,))
        strongest = sorted(copies, key=ladder.reach, reverse=True)
        reasons = list(dict.fromkeys(match.why or _seen(match) for match in strongest))
        if len(reasons) > MAX_REASONS:
            reasons[MAX_REASONS:] = [f"and {len(reasons) - MAX_REASONS} more matches"]
        return CheckResult(held=bool(copies), value=value, reasons=tuple(reasons), matches=copies)

    def ceiling(self, kinds: Mapping[str, ladder.ActionLevel]) -> ladder.ActionLevel:
        """Return the most that the weakest evidence that makes this check hold allows. `kinds`: bank → its most."""
        if self.negated:
            return ladder.ActionLevel.REVIEW
        rung = ladder.ActionLevel.REMOVE if self.exact_only or self.face_agrees else ladder.ActionLevel.REPORT
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
        in_bits = match.method in IN_BITS
        if self.distance and in_bits and (match.distance is None or not holds(self.distance, match.distance)):
            return f"not {self.distance[0]} {self.distance[1]:g} bits"
        if self.inliers and not in_bits and (match.inliers is None or not holds(self.inliers, match.inliers)):
            return f"not {self.inliers[0]} {self.inliers[1]:g} inliers"
        if self.coverage and not holds(self.coverage, max(match.coverage_query, match.coverage_entry)):
            return f"coverage not {self.coverage[0]} {self.coverage[1]:g}"
        if self.frames and not holds(self.frames, match.frames):
            return f"not {self.frames[0]} {self.frames[1]:g} frames"
        if self.transforms and match.transform not in self.transforms:
            return f"transform {match.transform}, not {' or '.join(self.transforms)}"
        if self.face_agrees and match.face_region != "agrees":
            return "its face region is not known to agree"
        return None


def _seen(match: Match) -> str:
    place = f"media {match.media + 1} and an entry of {match.bank}"
    if match.exact:
        return f"{place} are the same file ({match.method})"
    apart = f"{'?' if match.distance is None else match.distance} bits apart ({match.method})"
    if match.method not in IN_BITS:
        apart = f"alike by {'?' if match.inliers is None else match.inliers} inliers ({match.method})"
    turned = "" if match.transform == "none" else f", {match.transform}"
    coverage = max(match.coverage_query, match.coverage_entry)
    return f"{place} are {apart}{turned}, coverage {coverage:.2f}, face region {match.face_region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck(AsksNothing):
    """`source_media:` the same footage as an entry of a source bank, with another face."""

    banks: tuple[str, ...]
    coverage: Comparison | None = None
    frames: Comparison | None = None
    transforms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ("differs", "unknown")  # where faces agree it is the original itself
    key: str = "source_media"

    def evaluate(self, subject: Subject) -> CheckResult:
        here = [found for found in subject.evidence.source if found.bank in self.banks]
        verdicts = [(found, self._against(found)) for found in here]
        value = "; ".join(f"{_footage(found)}: {against or 'counts'}" for found, against in verdicts[:MAX_REASONS])
        held = [found for found, against in verdicts if against is None]
        return CheckResult(
            held=bool(held),
            value=value or f"no footage of {', '.join(self.banks)}",
            reasons=tuple(dict.fromkeys(found.why or _footage(found) for found in held))[:MAX_REASONS],
        )

    def _against(self, found: SourceMatch) -> str | None:
        if found.suppressed:
            return "suppressed by an allow entry"
        if found.kind == "same_place":
            return "another take of the place"
        if found.face_region not in self.regions:
            return f"face region {found.face_region}"
        if self.coverage and (found.coverage is None or not holds(self.coverage, found.coverage)):
            return f"coverage not {self.coverage[0]} {self.coverage[1]:g}"
        if self.frames and (found.frames is None or not holds(self.frames, found.frames)):
            return f"not {self.frames[0]} {self.frames[1]:g} frames"
        transform = found.transform or "none"
        if self.transforms and transform not in self.transforms:
            return f"transform {transform}, not {' or '.join(self.transforms)}"
        return None


def _footage(found: SourceMatch) -> str:
    covered = "" if found.coverage is None else f", coverage {found.coverage:.2f}"
    place = "a media" if found.media is None else f"media {found.media + 1}"
    return f"{place} is footage of an entry of {found.bank} with another face{covered}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceCheck(AsksNothing):
    """`face:` faces that resemble a protected person. `persons` empty: any of them. Never says whom."""

    persons: tuple[str, ...] = ()
    probability: Comparison | None = None
    distance: Comparison | None = None
    faces: Comparison | None = None  # how many of them
    models: tuple[str, ...] = ()
    key: str = "face"

    def evaluate(self, subject: Subject) -> CheckResult:
        near = [face for face in subject.evidence.faces if face.person]
        held = [face for face in near if self._fits(face)]
        best = max((face.probability or 0 for face in held), default=None)
        seen = many(len(subject.evidence.faces), "face")
        value = f"{seen}, {len(near)} like a protected person, {len(held)} of them within the rule"
        if best is not None:
            value += f", the best with probability {odds(best)}"
        enough = bool(held) and (self.faces is None or holds(self.faces, len(held)))
        return CheckResult(held=enough, value=value, reasons=(RESEMBLES,) if enough else ())

    def _fits(self, face: FaceMatch) -> bool:
        if self.persons and face.person not in self.persons:
            return False
        if self.models and face.model not in self.models:
            return False
        terms = ((face.probability, self.probability), (face.distance, self.distance))
        return all(wanted is None or (told is not None and holds(wanted, told)) for told, wanted in terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class NudityCheck(AsksNothing):
    """`nudity:` the score of the nudity signal, and in how many frames it was seen."""

    score: Comparison
    frames: Comparison | None = None
    key: str = "nudity"

    def evaluate(self, subject: Subject) -> CheckResult:
        nudity = subject.evidence.nudity
        if nudity is None:
            return CheckResult(held=False, value="unknown: no nudity signal was computed")
        seen = f"nudity {odds(nudity.score)}" + ("" if nudity.frames is None else f" in {nudity.frames} frames")
        enough = self.frames is None or (nudity.frames is not None and holds(self.frames, nudity.frames))
        return CheckResult(held=holds(self.score, nudity.score) and enough, value=seen, reasons=(seen,))
