"""Links, files, and everything that is computed from a file."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model.states import LinkKind, MediaKind

PREVIEW = "preview"  # the source of Reddit's own copy of a media, which is less than the media
UNTOLD = "untold"  # the source of a picture of which Reddit does not tell where it is; its URL is the post that will


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
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
    source: (
        str  # url, text, crosspost, gallery, media_metadata, media, preview, untold, linked (another post), or target
    )
    post: str | None = None  # fullname


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """The bytes of one media, in memory only. `original` is set when it differs from `data` and was wanted."""

    index: int  # place in the album, from 0
    url: str
    data: bytes = field(repr=False)
    original: bytes | None = field(default=None, repr=False)
    best: bool = False  # whether `data`, or `original` where it is set, is the host's best file
    best_size: tuple[int, int] | None = None  # of the original where it is set, in pixels, as the host tells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One fingerprint of one frame."""

    type: str  # pdq, phash
    value: bytes  # 32 bytes for both
    quality: int  # 0-100; frames below a signal's gate never match
    t: float  # seconds from the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Signal):
    """A signal of one frame after something was undone that may have been done to it. See `bot.signals.variants`."""

    transform: str  # what had been done, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFeatures:
    """Local features of one frame, the most telling first. Holds no pixels. See `bot.signals.local`."""

    t: float  # seconds from the start
    aspect: float  # width / height
    points: bytes = b""  # rows of bot.copies.points.POINT
    mirrored: bytes = b""  # the word that each of them has in the mirror image, 8 bytes each
    fine: bytes = b""  # more of them from a larger picture; for queries
    fine_mirrored: bytes = b""
    faces: bytes | None = None  # rows of bot.copies.points.SPOT; None where nobody looked for faces


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionSignature:
    """Where and when brightness changes in what moves. Holds no pixels. See `bot.motion`."""

    start: float  # seconds from the start of the file
    changes: bytes = field(repr=False)  # 1,024 signed bytes for each eighth of a second
    borrowed: bool = False  # an entry has it from a copy: it may show that something is the same take, never that not


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
    variants: tuple[Variant, ...] = ()  # of some frames; what may match, for queries only
    sketches: tuple[LocalFeatures, ...] = ()
    motion: MotionSignature | None = None  # None for stills, for what is sampled sparsely, and in what is older
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
    rendition: str | None = None  # which of the host's files has these hashes, such as "mp4, 1280x720"
