"""What a decoding child answers, and how it is read: as what a stranger sent, for a child may have been taken over.

The shape is fixed; every count is bounded by what was asked for, every number is finite and in its range, and there are
no words in it but names of a few things: sentences are made here from codes. A body is bounded before it is parsed, in
bytes, in depth and in the number of its values, so that no answer costs more memory than the longest honest one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from bot.config import DecodeConfig
from bot.copies.points import POINT, SPOT
from bot.errors import LimitError, MediaError
from bot.faces.tracks import VIEWS
from bot.fingerprint.compute import MAX_VARIED
from bot.fingerprint.face_regions import FACES as MAX_SPOTS
from bot.frames import FORMATS, Said, said
from bot.frames.base import MAX_SIDE
from bot.frames.messages import ERRORS, LIMITS, LONGEST, NOTES, within
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
DEPTH = 6  # lists and objects in one another
SHOWN = 4  # times the longest side: what is shown may be stretched
MAX_SCORES, MAX_TRACKS, MAX_PLACES = 256, 64, 512
FARTHEST = 1 << 20  # pixels
LARGEST = 1e6  # of what a face model says of a view
REACH = 4 * 256  # of places of faces, in units of the longer side
LEVELS = 40  # of detail
SLACK = 4096  # bytes of an answer beside its lists
ROW, TEXT = 140, 4 / 3  # bytes of a signal's row; base64
MOTION = round(MOTION_SECONDS * MOTION_RATE) * MOTION_SIDE**2  # bytes of a motion signature
T = TypeVar("T")


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
        "sketches": [[within(one.t), one.aspect, *map(_text, _parts(one))] for one in fp.sketches],
        "motion": None if fp.motion is None else _text(fp.motion.changes),
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


class WireError(ValueError):
    """An answer that no child gives that is what it should be."""


def read(body: bytes, asked: Asked) -> Fingerprint:
    """Return the fingerprint in an answer, without digests: those the caller takes itself.

    Raises MediaError or LimitError with a sentence of ours if the answer is an error, and WireError if it is not one of
    those that were asked for.
    """
    try:
        answer = _object(_parsed(body, asked), None)
        if set(answer) == {"error"}:
            raise _error(answer["error"])
        return _fingerprint(_object(answer, _KEYS), asked)
    except (MediaError, WireError):
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error) as error:
        raise WireError(f"not an answer: {type(error).__name__}") from None


_KEYS = frozenset(
    "kind format width height duration frames signals variants sketches motion nudity note faces".split(),  # noqa: SIM905  one line
)


def _parsed(body: bytes, asked: Asked) -> Any:
    if len(body) > asked.bytes:
        _refuse("longer than what was asked for")
    raw = np.frombuffer(body, dtype=np.uint8)
    opening = (raw == 0x5B) | (raw == 0x7B)
    closing = (raw == 0x5D) | (raw == 0x7D)
    values = int(np.count_nonzero(opening)) + int(np.count_nonzero(raw == 0x2C))
    if values > asked.values:
        _refuse("more values than were asked for")
    steps = opening.astype(np.int8) - closing.astype(np.int8)
    if len(steps) and int(np.cumsum(steps, dtype=np.int32).max()) > DEPTH:
        _refuse("lists within lists")
    return json.loads(body.decode("ascii"), parse_constant=_refuse)


def _refuse(why: str) -> NoReturn:
    raise WireError(f"not an answer: {why}")


def _object(value: Any, keys: frozenset[str] | None) -> Mapping[str, Any]:
    if type(value) is not dict or (keys is not None and value.keys() != keys):
        _refuse("other keys")
    return value


def _list(value: Any, most: int) -> list[Any]:
    if type(value) is not list or len(value) > most:
        _refuse("no list, or a longer one than was asked for")
    return value


def _row(value: Any, length: int) -> list[Any]:
    if len(_list(value, length)) != length:
        _refuse("a row of another length")
    return list(value)


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        _refuse("a number that cannot be")
    return value


def _number(value: Any, least: float, most: float) -> float:
    if type(value) not in (int, float) or not least <= value <= most:  # what is no number is in no range
        _refuse("a number that cannot be")
    return float(value)


def _seconds(value: Any) -> float:
    return _number(value, 0, LONGEST)


def _hex(value: Any, size: int) -> bytes:
    if type(value) is not str or len(value) != 2 * size:
        _refuse("a value of another length")
    return bytes.fromhex(value)


def _base64(value: Any, most: int) -> bytes:
    if type(value) is not str or len(value) > 4 * (-(-most // 3)):
        _refuse("more bytes than were asked for")
    return base64.b64decode(value, validate=True)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _parts(sketch: LocalFeatures) -> tuple[bytes | None, ...]:
    return sketch.points, sketch.mirrored, sketch.fine, sketch.fine_mirrored, sketch.faces


def _error(value: Any) -> MediaError:
    told = _said(value, ERRORS | LIMITS)
    return LimitError(told) if told.code in LIMITS else MediaError(told)


def _said(value: Any, codes: frozenset[str]) -> Said:
    code, *values = _list(value, 8)
    if type(code) is not str or code not in codes:
        _refuse("a word that is none of ours")
    return said(code, *values)


def _in_order(found: Sequence[T], moment: Callable[[T], Any]) -> tuple[T, ...]:
    if any(moment(after) < moment(before) for before, after in pairwise(found)):
        _refuse("times that fall")
    return tuple(found)


def _fingerprint(data: Mapping[str, Any], asked: Asked) -> Fingerprint:
    kind, format = data["kind"], data["format"]
    if type(kind) is not str or type(format) is not str or format not in FORMATS:
        _refuse("another format")
    if kind not in (("video",) if format in DEMUXERS else ("image", "animation")):
        _refuse("another kind")
    duration = None if data["duration"] is None else _seconds(data["duration"])
    if (kind == "image") != (duration is None):
        _refuse("a still that lasts, or a clip that does not")
    most = asked.limits.max_frames
    frames = _whole(data["frames"], 1, 1 if kind == "image" else most)
    return Fingerprint(
        kind=cast(MediaKind, kind),
        format=format,
        sha256="",
        md5="",
        width=_whole(data["width"], 1, SHOWN * MAX_SIDE),
        height=_whole(data["height"], 1, SHOWN * MAX_SIDE),
        duration=duration,
        frames=frames,
        signals=_signals(data["signals"], frames),
        variants=_variants(data["variants"], min(frames, MAX_VARIED)),
        sketches=_sketches(data["sketches"], min(frames, local.MANY + 1)),
        motion=None if data["motion"] is None or kind == "image" else _motion(data["motion"]),
        nudity=tuple(
            _number(score, 0, 1) for score in _list(data["nudity"], min(frames, MAX_SCORES) if asked.nudity else 0)
        ),
        note=None if data["note"] is None else _said(data["note"], NOTES),
        faces=_faces(data["faces"], asked.faces, min(frames, MAX_PLACES)),
    )


def _signals(value: Any, frames: int) -> tuple[Signal, ...]:
    found = [_signal(*_row(row, 4)) for row in _list(value, frames * len(SIGNALS))]
    for name in SIZES:
        if sum(one.type == name for one in found) > min(frames, SAMPLED[name] or frames):
            _refuse("more signals than frames")
    return _in_order(found, lambda one: (ORDER[one.type], one.t))


def _signal(name: Any, value: Any, quality: Any, t: Any) -> Signal:
    if type(name) is not str or name not in SIZES:
        _refuse("another signal")
    return Signal(type=name, value=_hex(value, SIZES[name]), quality=_whole(quality, 0, 100), t=_seconds(t))


def _variants(value: Any, frames: int) -> tuple[Variant, ...]:
    found = [_variant(*_row(row, 4)) for row in _list(value, frames * MAX_UNDONE)]
    return _in_order(found, lambda one: one.t)


def _variant(transform: Any, value: Any, quality: Any, t: Any) -> Variant:
    return Variant(
        type="pdq",
        value=_hex(value, SIZES["pdq"]),
        quality=_whole(quality, 0, 100),
        t=_seconds(t),
        transform=TRANSFORMS[_whole(transform, 0, len(TRANSFORMS) - 1)],
    )


def _sketches(value: Any, most: int) -> tuple[LocalFeatures, ...]:
    return _in_order([_sketch(*_row(row, 7)) for row in _list(value, most)], lambda one: one.t)


def _sketch(t: Any, aspect: Any, *parts: Any) -> LocalFeatures:
    size = local.POINTS * POINT.itemsize
    points, fine = _base64(parts[0], size), _base64(parts[2], size)
    mirrored, fine_mirrored = _base64(parts[1], local.POINTS * 8), _base64(parts[3], local.POINTS * 8)
    for corners, words in ((points, mirrored), (fine, fine_mirrored)):
        rows, rest = divmod(len(corners), POINT.itemsize)
        if rest or rows > local.POINTS or len(words) not in (0, rows * 8):
            _refuse("corners of another length")
        if rows and np.frombuffer(corners, dtype=POINT)["size"].max() > LEVELS:
            _refuse("corners that cannot be")
    return LocalFeatures(
        t=_seconds(t),
        aspect=_number(aspect, 1.2e-5, 8e4),  # a line of the longest side
        points=points,
        mirrored=mirrored,
        fine=fine,
        fine_mirrored=fine_mirrored,
        faces=None if parts[4] is None else _spots(parts[4]),
    )


def _motion(value: Any) -> MotionSignature | None:
    changes = _base64(value, MOTION)
    if len(changes) % MOTION_SIDE**2:
        _refuse("moments of another length")
    return MotionSignature(start=0.0, changes=changes) if changes else None


def _spots(value: Any) -> bytes:
    faces = _base64(value, MAX_SPOTS * SPOT.itemsize)
    if len(faces) % SPOT.itemsize or len(faces) > MAX_SPOTS * SPOT.itemsize:
        _refuse("faces of another length")
    rows = np.frombuffer(faces, dtype=SPOT)
    if any((rows[side] < 0).any() or (rows[side] > REACH).any() for side in ("width", "height")):
        _refuse("faces that cannot be")
    if any((np.abs(rows[place].astype(int)) > REACH).any() for place in ("x", "y")):
        _refuse("faces that cannot be")
    return faces


def _faces(value: Any, size: int | None, places: int) -> tuple[FaceTrack, ...]:
    return tuple(
        FaceTrack(
            places=_in_order([_place(*_row(row, 5)) for row in _list(track["places"], places)], lambda one: one[0]),
            views=_in_order([_view(size, *_row(row, 9)) for row in _list(track["views"], VIEWS)], lambda one: one.t),
        )
        for track in _tracks(_list(value, 0 if size is None else MAX_TRACKS))
    )


def _tracks(value: list[Any]) -> Iterator[Mapping[str, Any]]:
    return (_object(track, frozenset(("places", "views"))) for track in value)


def _place(t: Any, *box: Any) -> tuple[float, tuple[int, int, int, int]]:
    return _seconds(t), _box(*box)


def _box(x: Any, y: Any, width: Any, height: Any) -> tuple[int, int, int, int]:
    return (
        _whole(x, -FARTHEST, FARTHEST),
        _whole(y, -FARTHEST, FARTHEST),
        _whole(width, 0, FARTHEST),
        _whole(height, 0, FARTHEST),
    )


def _view(size: int | None, t: Any, x: Any, y: Any, width: Any, height: Any, *rest: Any) -> FaceView:
    score, frontal, sharpness, vector = rest
    raw = _hex(vector, 4 * (size or 0))
    if not (np.abs(np.frombuffer(raw, "<f4")) <= LARGEST).all():  # nor is what is no number
        _refuse("a vector that cannot be")
    return FaceView(
        t=_seconds(t),
        box=_box(x, y, width, height),
        score=_number(score, -LARGEST, LARGEST),
        frontal=_number(frontal, -LARGEST, LARGEST),
        sharpness=_number(sharpness, -LARGEST, LARGEST),
        vector=raw,
    )
