"""What is kept of one media file, and what people are shown of that."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot import frames
from bot.config import DecodeConfig
from bot.copies.timeline import spread
from bot.faces import FaceModel, Watcher
from bot.fingerprint import resource_limits
from bot.fingerprint.face_regions import LookedAt, spots
from bot.frames import Frame, Luma, said
from bot.model import Fingerprint, LocalFeatures, MotionSignature, Signal, Variant
from bot.motion import MotionSampler
from bot.nudity import Looker, NudityModel
from bot.signals import SIGNALS, local
from bot.signals.base import SignalType
from bot.signals.pdq import PDQ, Pdq
from bot.signals.variants import STORED, variants

CPU_SHARE = 0.8  # of the processor time; then the frames so far are the result, before the system kills
SPARSE_SECONDS = 1.0
MIN_VARIED, MAX_VARIED = 6, 24  # frames
# Frames are looked at a few at a time: each time, the processor reads in again what decoding and looking need.
MOST_HELD, BYTES_HELD = 16, 4 * 2**20
PROBED = 4  # rows of a frame that are compared before all of it
GATES = {signal.name: signal.gate for signal in SIGNALS}


def fingerprint(
    data: bytes,
    limits: DecodeConfig,
    *,
    also: Sequence[bytes] = (),
    every_frame: bool = False,
    model: FaceModel | None = None,
    locator: FaceModel | None = None,
    nudity: NudityModel | None = None,
) -> Fingerprint:
    """Return everything that is kept of one media file.

    Moving pictures give PDQ of every frame; a frame whose value is its predecessor's is left out unless `every_frame`.
    `also` are other files of the same media (the original beside a rendition): only their digests are taken.
    With a face `model` the faces of the file are there too; with a `locator` its sketches tell where faces are, and by
    a coarse hash what each looks like in that frame; with a `nudity` model there are scores of a few frames.
    Raises MediaError if nothing decodes and LimitError if it is too large.
    """
    decoded = frames.decode(data, limits)
    takers = [_Taker(signal, every_frame, decoded.expected) for signal in SIGNALS]
    sketcher, stored = local.Sketcher(), _Stored()
    mover = MotionSampler() if decoded.kind != "image" else None
    watcher = Watcher(model, still=decoded.kind == "image") if model else None
    looker = Looker(nudity, decoded.expected) if nudity else None
    until = resource_limits.cpu_seconds() + CPU_SHARE * limits.cpu_seconds
    count = 0
    note = None
    held: list[Frame] = []

    def look() -> None:
        """Take everything that needs no colour from the frames that are held."""
        nonlocal mover
        for number, frame in enumerate(held, start=count - len(held)):
            for taker in takers:
                taker.take(number, frame)
            mover = None if frame.finer else mover  # frames between others come when there is no time for all
            if mover:
                mover.take(frame.t, takers[0].thumbnail)
        for frame in held:
            if not frame.finer:
                sketcher.take(frame.luma, frame.t)
            if frame.others:
                stored.take(frame.others, frame.t)
        held.clear()

    for frame in decoded.frames:
        if watcher and not frame.finer:
            watcher.take(frame.t, frame.luma, frame.colour)
        if looker and not frame.finer:
            looker.take(count, frame.luma, frame.colour)
        count += 1
        held.append(frame)
        if len(held) >= MOST_HELD or len(held) * frame.luma.size >= BYTES_HELD:
            look()
        if resource_limits.cpu_seconds() > until:
            note = said("no time", count, round(frame.t, 3))
            break
    look()
    sha256, md5 = digests(data)
    return Fingerprint(
        kind=decoded.kind,
        format=decoded.format,
        sha256=sha256,
        md5=md5,
        width=decoded.width,
        height=decoded.height,
        duration=None if decoded.duration is None else round(decoded.duration, 3),
        frames=count,
        signals=tuple(signal for taker in takers for signal in sorted(taker.taken, key=lambda signal: signal.t)),
        variants=tuple(sorted((*_variants(sketcher.frames()), *stored.taken), key=lambda one: one.t)),
        sketches=_with_faces(sketcher, locator),
        motion=_motion(mover, decoded.duration),
        faces=watcher.tracks() if watcher else (),
        also=tuple(digests(other) for other in also),
        nudity=looker.scores() if looker else (),
        note=note or decoded.note,
    )


def _motion(mover: MotionSampler | None, end: float | None) -> MotionSignature | None:
    changes = mover.signature(end) if mover else b""
    return MotionSignature(start=0.0, changes=changes) if changes else None


def _with_faces(sketcher: local.Sketcher, locator: FaceModel | None) -> tuple[LocalFeatures, ...]:
    sketches = sketcher.sketches()
    if locator is None:
        return sketches
    looks = [LookedAt(t, luma) for t, luma in sketcher.frames()]
    found = spots(looks, locator, still=len(looks) == 1)
    return tuple(replace(sketch, faces=faces) for sketch, faces in zip(sketches, found, strict=True))


def _variants(seen: Sequence[tuple[float, Luma]]) -> tuple[Variant, ...]:
    """Return what some of the frames may have been: about one a second, more of a short clip, fewer of a long one."""
    if not seen:
        return ()
    wanted = int(np.clip(seen[-1][0] - seen[0][0], MIN_VARIED, MAX_VARIED))
    return tuple(
        Variant(type="pdq", value=one.value, quality=one.quality, t=round(t, 3), transform=one.transform)
        for t, luma in (seen[place] for place in spread(len(seen), wanted))
        for one in variants(luma)
        if one.quality >= GATES["pdq"]
    )


class _Stored:
    """Takes PDQ of what files are besides what they show at first, spread evenly."""

    def __init__(self) -> None:
        self.taken: list[Variant] = []
        self._stride, self._number = 1, 0

    def take(self, others: Sequence[Luma], t: float) -> None:
        due = self._number % self._stride == 0
        self._number += 1
        if not due:
            return
        for luma in others:
            value, quality = PDQ.compute(luma)
            if quality >= GATES["pdq"]:
                self.taken.append(Variant(type="pdq", value=value, quality=quality, t=round(t, 3), transform=STORED))
        if len(self.taken) > MAX_VARIED:
            self.taken = self.taken[::2]
            self._stride *= 2


def digests(data: bytes) -> tuple[str, str]:
    """Return SHA-256 and MD5 in hex."""
    return hashlib.sha256(data).hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest()


class _Taker:
    """Takes one type of signal from the frames as they pass; how many will is at best expected."""

    def __init__(self, signal: SignalType, every_frame: bool, expected: int | None) -> None:
        self.taken: list[Signal] = []
        self._type = signal
        self._every_frame = every_frame
        self._stride = 1
        # what is thinned out later anyway is not computed: the same frames remain as by halving again and again
        while signal.sampled and expected is not None and -(-expected // self._stride) > signal.sampled:
            self._stride *= 2
        self._few: Luma = np.zeros((0, 0), dtype=np.uint8)
        self._whole: Luma | None = None  # of the last frame, once a picture seems to stand
        self._known = b"", 0
        self.thumbnail: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)  # of the last frame, if PDQ takes it

    def take(self, number: int, frame: Frame) -> None:
        # what is spread evenly is spread by the frames that come in order
        if number % self._stride or (frame.finer and self._type.sampled):
            return
        value, quality = self._value(frame.luma)
        repeated = bool(self.taken) and self.taken[-1].value == value and not self._every_frame
        if repeated and not self._type.sampled:
            return
        self.taken.append(Signal(type=self._type.name, value=value, quality=quality, t=round(frame.t, 3)))
        if self._type.sampled and len(self.taken) > self._type.sampled:
            self.taken = self.taken[::2]
            self._stride *= 2

    def _value(self, luma: Luma) -> tuple[bytes, int]:
        """Compute, or answer from memory for a standing picture. What moves mostly shows it in a few rows already."""
        few = luma[:: max(1, len(luma) // PROBED)]
        if not np.array_equal(self._few, few):
            self._few, self._whole = few.copy(), None
        elif self._whole is not None and np.array_equal(self._whole, luma):
            return self._known
        else:
            self._whole = luma.copy()
        if isinstance(self._type, Pdq):
            self.thumbnail = self._type.thumbnail(luma)
            self._known = self._type.of_thumbnail(self.thumbnail, luma)
        else:
            self._known = self._type.compute(luma)
        return self._known


def describe(fp: Fingerprint, *, all_frames: bool) -> dict[str, Any]:
    """Return what `gifwarden hash --json` says of a file, but for its name.

    Without `all_frames` the signals are the first usable frame of each type and then about one a second.
    """
    shown = fp.signals if all_frames else _sparse(fp.signals)
    return {
        "kind": fp.kind,
        "format": fp.format,
        "sha256": fp.sha256,
        "md5": fp.md5,
        "width": fp.width,
        "height": fp.height,
        "duration": fp.duration,
        "frames": fp.frames,
        "signals": [
            {"type": signal.type, "value": signal.value.hex(), "quality": signal.quality, "t": signal.t}
            for signal in shown
        ],
        "note": fp.note,
    }


def _sparse(signals: Sequence[Signal]) -> list[Signal]:
    chosen: list[Signal] = []
    for name in GATES:
        own = [signal for signal in signals if signal.type == name]
        usable = [signal for signal in own if signal.quality >= GATES[name]]
        due = 0.0
        for signal in usable or own[:1]:
            if signal.t >= due:
                chosen.append(signal)
                due = signal.t + SPARSE_SECONDS
    return chosen
