"""What a decoding child answers, and how it is read: as what a stranger sent, for a child may have been taken over.

The shape is fixed; every count is bounded by what was asked for, every number is finite and in its range, and there are
no words in it but names of a few things: sentences are made here from codes. A body is bounded before it is parsed, in
bytes, in depth and in the number of its values, so that no answer costs more memory than the longest honest one.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from bot.config import DecodeConfig
from bot.copies.points import POINT, SPOT
from bot.errors import MediaError
from bot.faces.tracks import VIEWS
from bot.fingerprint.compute import MAX_VARIED
from bot.fingerprint.face_regions import FACES as MAX_SPOTS
from bot.fingerprint.wire_checks import (
    WireError,
    as_text,
    decoded,
    error_of,
    in_order,
    keyed,
    listed,
    number,
    parsed,
    refuse,
    row_of,
    said_by,
    seconds,
    whole,
)
from bot.frames import FORMATS, Said
from bot.frames.base import MAX_SIDE
from bot.frames.messages import NOTES, within
from bot.frames.video import DEMUXERS
from bot.model import FaceTrack, FaceView, Fingerprint, LocalFeatures, MediaKind, MotionSignature, Signal, Variant
from bot.motion import LONGEST as MOTION_SECONDS
from bot.motion import RATE as MOTION_RATE
from bot.motion import SIDE as MOTION_SIDE
from bot.signals import SIGNALS, local
from bot.signals.variants import MOST as MAX_UNDONE
from bot.signals.variants import TRANSFORMS

SIZES = {signal.name: signal.bits // 8 for signal in SIGNALS}
SAMPLED = {signal.name: signal.sampled for signal in SIGNALS}
ORDER = {signal.name: place for place, signal in enumerate(SIGNALS)}
SHOWN = 4  # times the longest side: what is shown may be stretched
MAX_SCORES, MAX_TRACKS, MAX_PLACES = 256, 64, 512
FARTHEST = 1 << 20  # pixels
LARGEST = 1e6  # of what a face model says of a view
REACH = 4 * 256  # of places of faces, in units of the longer side
LEVELS = 40  # of detail
SLACK = 4096  # bytes of an answer beside its lists
ROW, TEXT = 140, 4 / 3  # bytes of a signal's row; base64
MOTION = round(MOTION_SECONDS * MOTION_RATE) * MOTION_SIDE**2  # bytes of a motion signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a child was asked for, by which its answer is measured. `faces`: numbers of a face vector, None: none."""

    limits: DecodeConfig
    faces: int | None = None
    nudity: bool = False

    @property
    def bytes(self) -> int:
        """The longest answer."""
        most = self.limits.max_frames
        points = local.POINTS * (POINT.itemsize + 8) * 2 + MAX_SPOTS * SPOT.itemsize
        total = SLACK + ROW * (len(SIGNALS) * most + MAX_VARIED * MAX_UNDONE + MAX_SCORES)
        total += (local.MANY + 1) * round(points * TEXT + ROW) + round(MOTION * TEXT) + ROW
        if self.faces is not None:
            total += MAX_TRACKS * (ROW + 80 * min(most, MAX_PLACES) + VIEWS * (2 * ROW + 8 * self.faces))
        return total

    @property
    def values(self) -> int:
        """The most values, lists and objects in an answer, about."""
        most = self.limits.max_frames
        total = 200 + 6 * (len(SIGNALS) * most + MAX_VARIED * MAX_UNDONE) + MAX_SCORES + 10 * (local.MANY + 1)
        return total + (MAX_TRACKS * (8 + 7 * min(most, MAX_PLACES) + 14 * VIEWS) if self.faces is not None else 0)


def to_wire(fp: Fingerprint) -> dict[str, Any]:
    """Return what a child answers of a file that it read."""
    return {
        "kind": fp.kind,
        "format": fp.format,
        "width": fp.width,
        "height": fp.height,
        "duration": None if fp.duration is None else within(fp.duration),
        "frames": fp.frames,
        "signals": [[one.type, one.value.hex(), one.quality, within(one.t)] for one in fp.signals],
        "variants": [
            [TRANSFORMS.index(one.transform), one.value.hex(), one.quality, within(one.t)] for one in fp.variants
        ],
        "sketches": [[within(one.t), one.aspect, *map(as_text, _parts(one))] for one in fp.sketches],
        "motion": None if fp.motion is None else as_text(fp.motion.changes),
        "nudity": list(fp.nudity[:MAX_SCORES]),
        "note": [fp.note.code, *fp.note.values] if isinstance(fp.note, Said) else None,
        "faces": [
            {
                "places": [[within(t), *box] for t, box in track.places[:MAX_PLACES]],
                "views": [
                    [within(one.t), *one.box, one.score, one.frontal, one.sharpness, one.vector.hex()]
                    for one in track.views
                ],
            }
            for track in fp.faces[:MAX_TRACKS]
        ],
    }


def error_to_wire(error: MediaError) -> list[Any]:
    """Return what a child answers of a file that it could not read."""
    told = error.args[0] if error.args else None
    return [told.code, *told.values] if isinstance(told, Said) else ["fault", "other"]


def read(body: bytes, asked: Asked) -> Fingerprint:
    """Return the fingerprint in an answer, without digests: those the caller takes itself.

    Raises MediaError or LimitError with a sentence of ours if the answer is an error, and WireError if it is not one of
    those that were asked for.
    """
    try:
        answer = keyed(parsed(body, most=asked.bytes, values=asked.values), None)
        if set(answer) == {"error"}:
            raise error_of(answer["error"])
        return _fingerprint(keyed(answer, _KEYS), asked)
    except (MediaError, WireError):
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error) as error:
        raise WireError(f"not an answer: {type(error).__name__}") from None


_KEYS = frozenset(
    "kind format width height duration frames signals variants sketches motion nudity note faces".split(),  # noqa: SIM905  one line
)


def _hex(value: Any, size: int) -> bytes:
    if type(value) is not str or len(value) != 2 * size:
        refuse("a value of another length")
    return bytes.fromhex(value)


def _parts(sketch: LocalFeatures) -> tuple[bytes | None, ...]:
    return sketch.points, sketch.mirrored, sketch.fine, sketch.fine_mirrored, sketch.faces


def _fingerprint(data: Mapping[str, Any], asked: Asked) -> Fingerprint:
    kind, format = data["kind"], data["format"]
    if type(kind) is not str or type(format) is not str or format not in FORMATS:
        refuse("another format")
    if kind not in (("video",) if format in DEMUXERS else ("image", "animation")):
        refuse("another kind")
    duration = None if data["duration"] is None else seconds(data["duration"])
    if (kind == "image") != (duration is None):
        refuse("a still that lasts, or a clip that does not")
    most = asked.limits.max_frames
    frames = whole(data["frames"], 1, 1 if kind == "image" else most)
    return Fingerprint(
        kind=cast(MediaKind, kind),
        format=format,
        sha256="",
        md5="",
        width=whole(data["width"], 1, SHOWN * MAX_SIDE),
        height=whole(data["height"], 1, SHOWN * MAX_SIDE),
        duration=duration,
        frames=frames,
        signals=_signals(data["signals"], frames),
        variants=_variants(data["variants"], min(frames, MAX_VARIED)),
        sketches=_sketches(data["sketches"], min(frames, local.MANY + 1)),
        motion=None if data["motion"] is None or kind == "image" else _motion(data["motion"]),
        nudity=tuple(
            number(score, 0, 1) for score in listed(data["nudity"], min(frames, MAX_SCORES) if asked.nudity else 0)
        ),
        note=None if data["note"] is None else said_by(data["note"], NOTES),
        faces=_faces(data["faces"], asked.faces, min(frames, MAX_PLACES)),
    )


def _signals(value: Any, frames: int) -> tuple[Signal, ...]:
    found = [_signal(*row_of(row, 4)) for row in listed(value, frames * len(SIGNALS))]
    for name in SIZES:
        if sum(one.type == name for one in found) > min(frames, SAMPLED[name] or frames):
            refuse("more signals than frames")
    return in_order(found, lambda one: (ORDER[one.type], one.t))


def _signal(name: Any, value: Any, quality: Any, t: Any) -> Signal:
    if type(name) is not str or name not in SIZES:
        refuse("another signal")
    return Signal(type=name, value=_hex(value, SIZES[name]), quality=whole(quality, 0, 100), t=seconds(t))


def _variants(value: Any, frames: int) -> tuple[Variant, ...]:
    found = [_variant(*row_of(row, 4)) for row in listed(value, frames * MAX_UNDONE)]
    return in_order(found, lambda one: one.t)


def _variant(transform: Any, value: Any, quality: Any, t: Any) -> Variant:
    return Variant(
        type="pdq",
        value=_hex(value, SIZES["pdq"]),
        quality=whole(quality, 0, 100),
        t=seconds(t),
        transform=TRANSFORMS[whole(transform, 0, len(TRANSFORMS) - 1)],
    )


def _sketches(value: Any, most: int) -> tuple[LocalFeatures, ...]:
    return in_order([_sketch(*row_of(row, 7)) for row in listed(value, most)], lambda one: one.t)


def _sketch(t: Any, aspect: Any, *parts: Any) -> LocalFeatures:
    size = local.POINTS * POINT.itemsize
    points, fine = decoded(parts[0], size), decoded(parts[2], size)
    mirrored, fine_mirrored = decoded(parts[1], local.POINTS * 8), decoded(parts[3], local.POINTS * 8)
    for corners, words in ((points, mirrored), (fine, fine_mirrored)):
        rows, rest = divmod(len(corners), POINT.itemsize)
        if rest or rows > local.POINTS or len(words) not in (0, rows * 8):
            refuse("corners of another length")
        if rows and np.frombuffer(corners, dtype=POINT)["size"].max() > LEVELS:
            refuse("corners that cannot be")
    return LocalFeatures(
        t=seconds(t),
        aspect=number(aspect, 1.2e-5, 8e4),  # a line of the longest side
        points=points,
        mirrored=mirrored,
        fine=fine,
        fine_mirrored=fine_mirrored,
        faces=None if parts[4] is None else _spots(parts[4]),
    )


def _motion(value: Any) -> MotionSignature | None:
    changes = decoded(value, MOTION)
    if len(changes) % MOTION_SIDE**2:
        refuse("moments of another length")
    return MotionSignature(start=0.0, changes=changes) if changes else None


def _spots(value: Any) -> bytes:
    faces = decoded(value, MAX_SPOTS * SPOT.itemsize)
    if len(faces) % SPOT.itemsize or len(faces) > MAX_SPOTS * SPOT.itemsize:
        refuse("faces of another length")
    rows = np.frombuffer(faces, dtype=SPOT)
    if any((rows[side] < 0).any() or (rows[side] > REACH).any() for side in ("width", "height")):
        refuse("faces that cannot be")
    if any((np.abs(rows[place].astype(int)) > REACH).any() for place in ("x", "y")):
        refuse("faces that cannot be")
    return faces


def _faces(value: Any, size: int | None, places: int) -> tuple[FaceTrack, ...]:
    return tuple(
        FaceTrack(
            places=in_order([_place(*row_of(row, 5)) for row in listed(track["places"], places)], lambda one: one[0]),
            views=in_order([_view(size, *row_of(row, 9)) for row in listed(track["views"], VIEWS)], lambda one: one.t),
        )
        for track in _tracks(listed(value, 0 if size is None else MAX_TRACKS))
    )


def _tracks(value: list[Any]) -> Iterator[Mapping[str, Any]]:
    return (keyed(track, frozenset(("places", "views"))) for track in value)


def _place(t: Any, *box: Any) -> tuple[float, tuple[int, int, int, int]]:
    return seconds(t), _box(*box)


def _box(x: Any, y: Any, width: Any, height: Any) -> tuple[int, int, int, int]:
    return (
        whole(x, -FARTHEST, FARTHEST),
        whole(y, -FARTHEST, FARTHEST),
        whole(width, 0, FARTHEST),
        whole(height, 0, FARTHEST),
    )


def _view(size: int | None, t: Any, x: Any, y: Any, width: Any, height: Any, *rest: Any) -> FaceView:
    score, frontal, sharpness, vector = rest
    raw = _hex(vector, 4 * (size or 0))
    if not (np.abs(np.frombuffer(raw, "<f4")) <= LARGEST).all():  # nor is what is no number
        refuse("a vector that cannot be")
    return FaceView(
        t=seconds(t),
        box=_box(x, y, width, height),
        score=number(score, -LARGEST, LARGEST),
        frontal=number(frontal, -LARGEST, LARGEST),
        sharpness=number(sharpness, -LARGEST, LARGEST),
        vector=raw,
    )
