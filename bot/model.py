"""The nouns, in the order in which they appear. Frozen, keyword-only, no I/O.

Units: distances in bits, quality 0-100 (PDQ's), coverage, similarity, probability 0-1, seconds, aware moments in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

LinkKind = Literal["media", "album", "page", "unsupported"]
MediaKind = Literal["image", "animation", "video"]
BankKind = Literal["block", "source", "watch", "allow"]
FaceRegion = Literal["agrees", "differs", "unknown"]
Mode = Literal["observe", "report", "enforce"]
Outcome = Literal["ignore", "review", "act"]
Capacity = Literal["third_party_notifier", "authorised_representative", "depicted_person"]
Basis = Literal["explicit_consent", "mandate"]
Ground = Literal["original_footage", "depicted_person", "citable_list", "public_statement"]


class LinkState(StrEnum):
    """Where a link is on its way: seen → acquired → matched → judged, or out on one of the others."""

    SEEN = "seen"
    ACQUIRED = "acquired"
    MATCHED = "matched"
    JUDGED = "judged"
    GONE = "gone"
    BLOCKED = "blocked"
    NEEDS_TOKEN = "needs_token"  # noqa: S105  a state's name, not a secret
    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    GIVEN_UP = "given_up"


class CaseState(StrEnum):
    """What a moderator sees of a case."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    MINOR = "minor"
    WITHDRAWN = "withdrawn"
    CLOSED_ELSEWHERE = "closed_elsewhere"


class ActionState(StrEnum):
    """planned → held | sending → done | failed | unknown | cancelled → undone."""

    PLANNED = "planned"
    HELD = "held"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    UNDONE = "undone"


class NoticeState(StrEnum):
    """drafted → confirmed → sent → … → closed; retracted at any time."""

    DRAFTED = "drafted"
    CONFIRMED = "confirmed"
    SENT = "sent"
    BOUNCED = "bounced"
    ANSWERED = "answered"
    REJECTED = "rejected"
    REMOVED = "removed"
    OVERDUE = "overdue"
    REMINDED = "reminded"
    CLOSED = "closed"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The submission that a crosspost shows, or that a comment stands under, as far as the listing tells of it."""

    id: str | None = None  # without t3_
    title: str = ""
    url: str | None = None
    author: str | None = None
    author_id: str | None = None  # fullname t2_…
    subreddit: str | None = None
    over_18: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDetails:
    """What only rules ask of a post. Personal data: forgotten with the post."""

    is_self: bool = False
    is_gallery: bool = False
    is_poll: bool = False
    is_original_content: bool = False
    is_meta: bool = False
    top_level: bool | None = None  # of a comment
    by_submitter: bool | None = None  # of a comment
    author_premium: bool | None = None
    discussion_type: str | None = None
    flair_css_class: str | None = None
    flair_template_id: str | None = None
    author_flair_text: str | None = None
    author_flair_css_class: str | None = None
    author_flair_template_id: str | None = None
    gallery_captions: tuple[str, ...] = ()
    poll_options: tuple[str, ...] = ()
    media_author: str | None = None  # of an embedded page, as oEmbed names it
    media_author_url: str | None = None
    media_title: str | None = None
    media_description: str | None = None
    crosspost: Origin | None = None
    parent: Origin | None = None  # the submission of a comment


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorFacts:
    """What Reddit tells of an account when it is asked; each is None where it was not asked or not told.

    Holds no name. `gone`: the account is suspended, deleted or hidden, so nothing else is known of it.
    """

    asked_at: datetime
    gone: bool = False
    created: datetime | None = None
    comment_karma: int | None = None
    post_karma: int | None = None
    verified_email: bool | None = None
    gold: bool | None = None
    contributor: bool | None = None  # approved user of the subreddit
    moderator: bool | None = None  # of the subreddit


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A Reddit submission (`t3_…`) or comment (`t1_…`), as far as rules and people need it."""

    fullname: str
    subreddit: str
    permalink: str  # path only, e.g. /r/name/comments/abc/slug/
    created: datetime
    author: str | None = None  # None once deleted
    author_id: str | None = None  # fullname t2_…
    title: str = ""  # a comment carries its submission's title
    body: str = ""
    url: str | None = None
    flair_text: str | None = None
    over_18: bool = False
    edited: bool = False
    num_reports: int = 0
    author_is_moderator: bool = False  # by the subreddit's list of moderators, or marked as one
    approved_by: str | None = None
    removed_by_category: str | None = None  # moderator, reddit, automod_filtered, author, deleted, …
    details: PostDetails | None = None  # None where the listing told nothing of these

    @property
    def is_comment(self) -> bool:
        """True for a comment, False for a submission."""
        return self.fullname.startswith("t1_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """What a host plug reads from a URL: whose it is, the canonical id, and what stands behind it."""

    host: str
    id: str | None
    kind: LinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One media reference in a post. `host` is empty and `id` None where no plug knows the URL."""

    url: str  # as posted, entities undone
    host: str
    id: str | None
    kind: LinkKind
    source: str  # url, text, crosspost, gallery, media_metadata, media, preview, linked (another post), or target
    post: str | None = None  # fullname


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """The bytes of one media, in memory only. `original` is set when it differs from `data` and was wanted."""

    index: int  # place in the album, from 0
    url: str
    data: bytes = field(repr=False)
    original: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One fingerprint of one frame."""

    type: str  # pdq, phash
    value: bytes  # 32 bytes for both
    quality: int  # 0-100; frames below a signal's gate never match
    t: float  # seconds from the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """Local features of one frame, the most telling first. Holds no pixels. See `bot.signals.local`."""

    t: float  # seconds from the start
    aspect: float  # width / height
    points: bytes = b""  # rows of bot.copies.points.POINT
    mirrored: bytes = b""  # the word that each of them has in the mirror image, 8 bytes each
    fine: bytes = b""  # more of them from a larger picture; for queries
    fine_mirrored: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceView:
    """One look at a face, as numbers of a face model. In memory only: never stored, shown or exported."""

    t: float  # seconds from the start
    box: tuple[int, int, int, int]  # left, top, width, height, in pixels of the upright picture
    score: float  # the detector's own, higher is surer
    frontal: float  # 0 for a profile to 1
    sharpness: float  # below about 20 it is a blur
    vector: bytes = field(repr=False)  # float32, little-endian


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTrack:
    """One face through a file. In memory only. `places` are (t, box) of every look at it."""

    places: tuple[tuple[float, tuple[int, int, int, int]], ...]
    views: tuple[FaceView, ...]  # the best of them, in order of time; none for lesser faces


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Everything that is kept of one media file. Holds no pixels. `faces` are never kept with the rest."""

    kind: MediaKind
    format: str  # gif, png, jpeg, webp, mp4, webm
    sha256: str  # hex
    md5: str  # hex
    width: int
    height: int
    duration: float | None  # None for images
    frames: int  # decoded
    signals: tuple[Signal, ...] = ()
    sketches: tuple[Sketch, ...] = ()
    faces: tuple[FaceTrack, ...] = field(default=(), repr=False)
    also: tuple[tuple[str, str], ...] = ()  # (sha256, md5) of other files of the same media, e.g. the original
    nudity: tuple[float, ...] = ()  # scores of the frames that a nudity model looked at, 0 to 1; empty: none did
    note: str | None = None  # one sentence when the file was damaged or cut short by a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What evidence says of one media behind a link."""

    index: int
    state: str  # fingerprinted, or failed with `error`
    kind: str | None = None
    sha256: str | None = None
    md5: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    frames: int | None = None
    error: str | None = None
    note: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do in the world, written down before it is done."""

    id: int
    kind: str
    case: str  # opaque case label
    post: str  # fullname
    subreddit: str
    permalink: str
    params: Mapping[str, str]
    planned: datetime
    sent: datetime | None = None  # when it was last begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an action plug brings back: enough to find the deed again and to undo it."""

    detail: str  # one phrase for people
    reference: str | None = None  # id in the outside world


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """One media of a host in a notice."""

    host_id: str
    url: str  # the host's own public page of it
    seen_at: datetime  # when our copy of it was fetched
    sha256: str | None = None
    md5: str | None = None
    viewed_at: datetime | None = None  # when a person looked at it there; None: nobody says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is said to a host. Sent only with a ground, a capacity and the person who states it."""

    id: str  # opaque, e.g. N-3f9c2a
    host: str
    to: str
    items: tuple[NoticeItem, ...]
    ground: Ground
    ground_detail: str  # where the original is, which list, which statement
    capacity: Capacity
    stated_by: str
    organisation: str
    contact: str
    stated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModAction:
    """One line of a subreddit's mod log."""

    id: str
    action: str  # removelink, removecomment, spamlink, spamcomment, approvelink, approvecomment, …
    moderator: str
    target: str  # fullname
    at: datetime
    details: str = ""
    user: str = ""  # the author of the target, or who was banned
    subreddit: str = ""  # in lower case
