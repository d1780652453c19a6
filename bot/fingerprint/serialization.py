"""Fingerprints as JSON, as they are stored. What comes from a child is read by `wire`."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

from bot.copies.points import POINT, SPOT
from bot.fingerprint.face_regions import FACES as MAX_FACES
from bot.model import Fingerprint, LocalFeatures, MotionSignature, Signal, Variant
from bot.motion import LONGEST, RATE, SIDE
from bot.signals import SIGNALS, local
from bot.signals.variants import TRANSFORMS

SIZES = {signal.name: signal.bits // 8 for signal in SIGNALS}
MOST = 1e10  # pixels, frames or seconds: nothing that exists has more
MAX_SCORES, MAX_VARIANTS = 1000, 1000
MAX_MOTION = round(LONGEST * RATE) * SIDE**2  # bytes
KINDS = ("image", "animation", "video")


def to_json(fp: Fingerprint) -> dict[str, Any]:
    """Return a fingerprint as plain data for storage, without its faces; signals as [type, hex, quality, t]."""
    return {
        "kind": fp.kind,
        "format": fp.format,
        "sha256": fp.sha256,
        "md5": fp.md5,
        "width": fp.width,
        "height": fp.height,
        "duration": fp.duration,
        "frames": fp.frames,
        "signals": [[signal.type, signal.value.hex(), signal.quality, signal.t] for signal in fp.signals],
        "variants": [[one.transform, one.value.hex(), one.quality, one.t] for one in fp.variants],
        "sketches": [
            [sketch.t, sketch.aspect, *(_text(part) for part in _parts(sketch)), _text(sketch.faces)]
            for sketch in fp.sketches
        ],
        "motion": None if fp.motion is None else [fp.motion.start, _text(zlib.compress(fp.motion.changes, 6))],
        "also": [list(pair) for pair in fp.also],
        "nudity": list(fp.nudity),
        "note": fp.note,
    }


def from_json(data: Mapping[str, Any]) -> Fingerprint:
    """Return what `to_json` was given. Raises ValueError for anything else."""
    try:
        fp = Fingerprint(
            kind=data["kind"],
            format=str(data["format"]),
            sha256=bytes.fromhex(data["sha256"]).hex(),
            md5=bytes.fromhex(data["md5"]).hex(),
            width=int(data["width"]),
            height=int(data["height"]),
            duration=None if data["duration"] is None else float(data["duration"]),
            frames=int(data["frames"]),
            signals=tuple(_signal(*parts) for parts in data["signals"]),
            variants=tuple(_variant(*parts) for parts in data.get("variants", ())),
            sketches=tuple(_sketch(*parts) for parts in data.get("sketches", ())),
            motion=_motion(data.get("motion")),
            also=tuple((bytes.fromhex(sha256).hex(), bytes.fromhex(md5).hex()) for sha256, md5 in data["also"]),
            nudity=tuple(map(float, data.get("nudity", ()))),
            note=None if data["note"] is None else str(data["note"])[:500],
        )
    except (KeyError, TypeError, OverflowError, zlib.error) as error:
        raise ValueError(f"not a fingerprint: {error!r}") from None
    pairs = [(fp.sha256, fp.md5), *fp.also]
    if fp.kind not in KINDS or any((len(sha256), len(md5)) != (64, 32) for sha256, md5 in pairs):
        raise ValueError("not a fingerprint: unknown kind or digests of another length")
    if not (0 < fp.width <= MOST and 0 < fp.height <= MOST and 0 < fp.frames <= MOST):
        raise ValueError("not a fingerprint: a size or a number of frames that cannot be")
    if len(fp.nudity) > MAX_SCORES or not all(0 <= score <= 1 for score in fp.nudity):
        raise ValueError("not a fingerprint: scores of nudity that cannot be")
    if len(fp.variants) > MAX_VARIANTS:
        raise ValueError("not a fingerprint: more variants than are ever taken")
    if fp.duration is not None and not 0 <= fp.duration <= MOST:
        raise ValueError("not a fingerprint: a duration that cannot be")
    return fp


def _signal(name: str, value: str, quality: int, t: float) -> Signal:
    raw = bytes.fromhex(value)
    if SIZES.get(name) != len(raw) or not 0 <= int(quality) <= 100 or not 0 <= float(t) < 1e7:
        raise ValueError(f"not a signal: {name} of {len(raw)} bytes, quality {quality}, at {t}")
    return Signal(type=name, value=raw, quality=int(quality), t=float(t))


def _variant(transform: str, value: str, quality: int, t: float) -> Variant:
    signal = _signal("pdq", value, quality, t)
    if transform not in TRANSFORMS:  # it is read by people, in reports and notices
        raise ValueError("not a variant: it says something else than what may have been done to a frame")
    return Variant(type=signal.type, value=signal.value, quality=signal.quality, t=signal.t, transform=transform)


def _motion(value: Any) -> MotionSignature | None:
    if value is None:
        return None
    start, packed = value
    changes = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), MAX_MOTION + 1)
    if len(changes) > MAX_MOTION or len(changes) % SIDE**2 or not 0 <= float(start) < 1e7:
        raise ValueError("not a motion signature: of another length, or at a time that cannot be")
    return MotionSignature(start=float(start), changes=changes)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _parts(sketch: LocalFeatures) -> tuple[bytes, bytes, bytes, bytes]:
    return sketch.points, sketch.mirrored, sketch.fine, sketch.fine_mirrored


def _sketch(t: float, aspect: float, *parts: str | None) -> LocalFeatures:
    points, mirrored, fine, fine_mirrored = (base64.b64decode(part or "", validate=True) for part in parts[:4])
    # what an earlier version kept tells of no faces
    faces = base64.b64decode(parts[4], validate=True) if len(parts) > 4 and parts[4] is not None else None
    rows, fine_rows = len(points) // POINT.itemsize, len(fine) // POINT.itemsize
    if not (
        0 <= float(t) < 1e7
        and 1e-5 < float(aspect) < 1e5
        and max(rows, fine_rows) <= local.POINTS
        and len(points) == rows * POINT.itemsize
        and len(fine) == fine_rows * POINT.itemsize
        and len(mirrored) in (0, rows * 8)
        and len(fine_mirrored) in (0, fine_rows * 8)
        and (faces is None or len(faces) in range(0, (MAX_FACES + 1) * SPOT.itemsize, SPOT.itemsize))
    ):
        raise ValueError(f"not a sketch: {len(points)} bytes at {t}")
    return LocalFeatures(
        t=float(t),
        aspect=float(aspect),
        points=points,
        mirrored=mirrored,
        fine=fine,
        fine_mirrored=fine_mirrored,
        faces=faces,
    )
