"""What is known, what was found, and what follows from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BeforeValidator,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_serializer,
    model_validator,
)

from bot.model.media import Link, MediaInfo, Signal
from bot.model.states import BankKind, FaceRegion, Outcome, SourceKind


def _if_it_fits(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Return a value of an older row, or None if it has another shape: then it counts as not told."""
    if isinstance(value, str | bool):
        return None
    try:
        return validate(value)
    except ValidationError:
        return None


def _one_of(words: Any) -> WrapValidator:
    """Return what lets only these words through; any other is not told."""
    return WrapValidator(lambda value, _: value if value in get_args(words) else None)


def _counted(value: Any) -> Any:
    """Return how many, where a row lists them."""
    return len(value) if isinstance(value, list) else value


Told = WrapValidator(_if_it_fits)
Text = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
Whole = Annotated[int | None, Told]
Number = Annotated[float | None, Told]
Ranges = Annotated[tuple[tuple[float, float], ...] | None, Told]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One media's signals in a bank. The label is opaque: it names neither person nor source."""

    label: str
    bank: str
    bank_kind: BankKind
    confirmed: bool  # by a second person, or in a bank that the operator trusts by name
    one_person: bool = False  # one person confirmed it, twice: it speaks for its exact file only
    sha256: tuple[str, ...] = ()
    md5: tuple[str, ...] = ()
    distance: int | None = None  # this entry's own cut in bits, if tighter than its bank's
    signals: tuple[Signal, ...] = ()
    against: tuple[str, ...] = ()  # of an allow entry: the labels of the entries against which it speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionStretch:
    """A stretch of time in which a media moves as an entry does. Seconds from the starts of both."""

    query: tuple[float, float]
    entry: tuple[float, float]
    speed: float  # times the entry's own
    reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionMatch:
    """How a media moves as an entry does: the surest stretch, and all of them in the media's own order."""

    score: float  # correlation, 0-1
    seconds: float
    speed: float  # times the entry's own
    reversed: bool
    uneven: bool = False  # its pace changes from moment to moment
    stretches: tuple[MotionStretch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One media against one entry."""

    media: int
    bank: str
    bank_kind: BankKind
    entry: str
    confirmed: bool  # enough people for this method
    one_person: bool = False  # and that is one
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
    unsure: bool = False  # a copy, or another take, moment or page: a person looks
    why: str = ""  # one sentence for people
    motion: Annotated[MotionMatch | None, Told] = None  # None: nothing moves as the entry does, or it was not compared

    @property
    def exact(self) -> bool:
        """True if the file itself is the entry's, byte for byte."""
        return self.method in ("sha256", "md5")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was found beside matches. In JSON it has only the keys that are told; a key that is missing is not told."""

    @classmethod
    def _keys(cls) -> Mapping[str, str]:
        """Return the fields that JSON calls otherwise: field → key."""
        return {}

    def _nulls(self) -> Collection[str]:
        """Return the fields that are written even where they hold nothing."""
        return ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        fields = {key: field for field, key in cls._keys().items()}
        return {fields.get(key, key): value for key, value in data.items()} if isinstance(data, Mapping) else data

    @model_serializer(mode="wrap")
    def _write(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        keys, nulls = self._keys(), self._nulls()
        told = ((field, value) for field, value in dump(self).items() if value not in (None, "") or field in nulls)
        return {keys.get(field, field): value for field, value in told}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMatch(_Found):
    """A face that resembles a protected person."""

    media: Whole = None
    t: Number = None  # seconds, of the best view
    box: Annotated[Box | None, Told] = None  # left, top, width, height in pixels of the upright frame
    person: Text = ""  # their label; empty: nobody protected
    model: Text = ""
    distance: Number = None  # of the middle view, in the model's own measure
    probability: Number = None  # 0-1
    similarity: Number = None  # 0-1, of the best view
    views: Whole = None
    views_matched: Whole = None
    looks: Whole = None  # moments at which the face was seen
    begin: Number = None  # seconds, of the first of them; `from` in JSON
    end: Number = None  # seconds, of the last of them; `to` in JSON
    why: Text = ""

    @classmethod
    def _keys(cls) -> Mapping[str, str]:
        return {"begin": "from", "end": "to"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMatch(_Found):
    """One media that shows the footage or the place of an entry without being a copy of it.

    `kind` says which: the same footage with another face, with another part replaced, or another take of one place.
    Only what is the same footage has a face region that is known.
    """

    media: Whole = None
    bank: Text = ""
    entry: Text = ""
    transform: Text = ""
    inliers: Whole = None  # corners that agree in one pair of frames
    frames: Whole = None  # query frames that match
    coverage_query: Number = None  # 0-1
    coverage_entry: Number = None  # 0-1
    query_ranges: Ranges = None  # seconds
    entry_ranges: Ranges = None  # seconds
    kind: Annotated[SourceKind | None, _one_of(SourceKind)] = None
    face_region: FaceRegion = "unknown"
    face_distance: Number = None  # of faces of one moment, 0-1, about 0.5: unrelated; None where none was compared
    boxes: Annotated[tuple[tuple[float, int, int, int, int], ...] | None, Told] = None  # t, left, top, width, height
    method: Text = ""
    region: Number = None  # share of the compared picture that does not agree, 0-1
    region_found: Number = None  # share of the corners there that are found again, 0-1
    rate: Number = None  # share of corners found again elsewhere, 0-1
    why: Text = ""
    resembles: Text = ""  # the label of the protected person like whom the other face is
    probability: Number = None  # of that, 0-1
    suppressed: Annotated[Literal[True] | None, _one_of(Literal[True])] = None  # an allow entry speaks for it
    motion: Annotated[MotionMatch | None, Told] = None

    @property
    def coverage(self) -> float | None:
        """The larger of both shares, or None if neither is told."""
        return max((share for share in (self.coverage_query, self.coverage_entry) if share is not None), default=None)

    def _nulls(self) -> Collection[str]:
        fields = (("inliers", self.kind), ("face_distance", self.boxes))  # what was looked for, whatever came of it
        return [field for field, looked in fields if looked is not None]

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or data.get("face_region") in get_args(FaceRegion):
            return data
        # 0.1.0 wrote `another take` where it meant the kind
        kind = {"kind": "same_place"} if data.get("face_region") == "another take" else {}
        return {**kind, **data, "face_region": "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NudityScore(_Found):
    """The nudity signal of all media behind a link."""

    score: float  # 0-1, of the media with the highest
    frames: Annotated[int | None, BeforeValidator(_counted), Told] = None  # at or above 0.8, in all media
    media: Whole = None  # the one with that score
    model: Text = ""


def _objects(value: Any) -> Any:
    """Return what may be a row; whatever else stands in a list is told by nobody."""
    return [row for row in value if isinstance(row, Mapping | _Found)] if isinstance(value, list | tuple) else ()


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
    faces: Annotated[tuple[FaceMatch, ...], BeforeValidator(_objects)] = ()
    source: Annotated[tuple[SourceMatch, ...], BeforeValidator(_objects)] = ()
    nudity: Annotated[NudityScore | None, Told] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction:
    """What a rule asks for: the kind of an action plug and its parameters."""

    kind: str  # of an action plug: report, remove, lock, …
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules make of the evidence. `rule` is the one that decided; `fired` are all that held.

    `on_confirm` is what is done in addition once a person confirms it.
    """

    outcome: Outcome
    rule: str | None = None
    fired: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    actions: tuple[PlannedAction, ...] = ()
    on_confirm: tuple[PlannedAction, ...] = ()
