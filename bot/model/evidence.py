"""What is known, what was found, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.model.media import Link, MediaInfo, Signal
from bot.model.states import BankKind, FaceRegion, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One media's signals in a bank. The label is opaque: it names neither person nor source."""

    label: str
    bank: str
    bank_kind: BankKind
    confirmed: bool  # by a second person, or in a bank that the operator trusts by name
    sha256: tuple[str, ...] = ()
    md5: tuple[str, ...] = ()
    distance: int | None = None  # this entry's own cut in bits, if tighter than its bank's
    signals: tuple[Signal, ...] = ()
    against: tuple[str, ...] = ()  # of an allow entry: the labels of the entries against which it speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One media against one entry."""

    media: int
    bank: str
    bank_kind: BankKind
    entry: str
    confirmed: bool
    method: str  # sha256, md5, pdq, phash, local
    signal: str
    distance: int | None = None  # the best frame's; None for exact files
    threshold: int | None = None
    transform: str = "none"
    inliers: int | None = None  # corners that agree in one pair of frames; where local features were compared
    frames: int = 0  # query frames that matched
    coverage_query: float = 1.0
    coverage_entry: float = 1.0
    query_ranges: tuple[tuple[float, float], ...] = ()
    entry_ranges: tuple[tuple[float, float], ...] = ()
    face_region: FaceRegion = "unknown"
    suppressed: bool = False  # an allow entry speaks for all matching frames
    why: str = ""  # one sentence for people

    @property
    def exact(self) -> bool:
        """True if the file itself is the entry's, byte for byte."""
        return self.method in ("sha256", "md5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything found about one link, as plain data: enough to judge again without the media."""

    target: str
    link: Link
    post: str | None = None
    fetched_at: datetime | None = None  # None for a local file
    adult_host: bool = False
    media: tuple[MediaInfo, ...] = ()
    matches: tuple[Match, ...] = ()
    faces: tuple[Mapping[str, Any], ...] = ()
    source: tuple[Mapping[str, Any], ...] = ()
    nudity: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction:
    """What a rule asks for: the kind of an action plug and its parameters."""

    kind: str  # of an action plug: report, remove, lock, …
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules make of the evidence. `rule` is the one that decided; `fired` are all that held."""

    outcome: Outcome
    rule: str | None = None
    fired: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    actions: tuple[PlannedAction, ...] = ()
