"""Bytes in, fingerprint out. `main` is the child process in which that happens: see `bot.workers`.

The child reads `size (4 bytes) | JSON | media bytes` and answers `size (4 bytes) | JSON`, again and again. Before it
reads the first stranger's byte it gives up everything that it does not need: it cannot open a file or a socket, write a
file, dump its memory or outlive its parent, and the kernel refuses it what `bot.confine` does not list.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from bot import confine, frames, rights
from bot.config import DecodeConfig, GalleryConfig
from bot.copies.points import POINT
from bot.errors import LimitError, MediaError
from bot.faces import FaceModel, Watcher, model_of
from bot.frames import Frame, Luma
from bot.model import FaceTrack, FaceView, Fingerprint, Signal, Sketch
from bot.nudity import Looker, NudityModel
from bot.nudity import model_of as nudity_of
from bot.signals import SIGNALS, local
from bot.signals.base import SignalType, picture

CPU_SHARE = 0.8  # of the processor time; then the frames so far are the result, before the system kills
SPARSE_SECONDS = 1.0
PROBED = 4  # rows of a frame that are compared before all of it
GATES = {signal.name: signal.gate for signal in SIGNALS}
SIZES = {signal.name: signal.bits // 8 for signal in SIGNALS}
MOST_SCORES = 1000
MOST = 1e10  # pixels, frames or seconds: nothing that exists has more
KINDS = ("image", "animation", "video")


def fingerprint(
    data: bytes,
    limits: DecodeConfig,
    *,
    also: Sequence[bytes] = (),
    every_frame: bool = False,
    model: FaceModel | None = None,
    nudity: NudityModel | None = None,
) -> Fingerprint:
    """Return everything that is kept of one media file.

    Moving pictures give PDQ of every frame; a frame whose value is its predecessor's is left out unless `every_frame`.
    `also` are other files of the same media (the original beside a rendition): only their digests are taken.
    With a face `model` the faces of the file are there too, with a `nudity` model scores of a few frames.
    Raises MediaError if nothing decodes and LimitError if it is too large.
    """
    decoded = frames.decode(data, limits)
    takers = [_Taker(signal, every_frame, decoded.expected) for signal in SIGNALS]
    sketcher = local.Sketcher()
    watcher = Watcher(model, still=decoded.kind == "image") if model else None
    looker = Looker(nudity, decoded.expected) if nudity else None
    until = rights.cpu_seconds() + CPU_SHARE * limits.cpu_seconds
    count = 0
    note = None
    for frame in decoded.frames:
        for taker in takers:
            taker.take(count, frame)
        if not frame.finer:
            sketcher.take(frame.luma, frame.t)
        if watcher and not frame.finer:
            watcher.take(frame.t, frame.luma, frame.colour)
        if looker and not frame.finer:
            looker.take(count, frame.luma, frame.colour)
        count += 1
        if rights.cpu_seconds() > until:
            note = f"only the first {count} frames ({frame.t:.1f} s) were read, for want of time"
            break
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
        sketches=sketcher.sketches(),
        faces=watcher.tracks() if watcher else (),
        also=tuple(digests(other) for other in also),
        nudity=looker.scores() if looker else (),
        note=note or decoded.note,
    )


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
        self._known = self._type.compute(luma)
        return self._known


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
        "sketches": [
            [sketch.t, sketch.aspect, *(base64.b64encode(part).decode() for part in _parts(sketch))]
            for sketch in fp.sketches
        ],
        "also": [list(pair) for pair in fp.also],
        "nudity": list(fp.nudity),
        "note": fp.note,
    }


def from_json(data: Mapping[str, Any]) -> Fingerprint:
    """Return what `to_json` was given. Raises ValueError for anything else: a child may have been taken over."""
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
            sketches=tuple(_sketch(*parts) for parts in data.get("sketches", ())),
            also=tuple((bytes.fromhex(sha256).hex(), bytes.fromhex(md5).hex()) for sha256, md5 in data["also"]),
            nudity=tuple(map(float, data.get("nudity", ()))),
            note=None if data["note"] is None else str(data["note"])[:500],
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a fingerprint: {error!r}") from None
    pairs = [(fp.sha256, fp.md5), *fp.also]
    if fp.kind not in KINDS or any((len(sha256), len(md5)) != (64, 32) for sha256, md5 in pairs):
        raise ValueError("not a fingerprint: unknown kind or digests of another length")
    if not (0 < fp.width <= MOST and 0 < fp.height <= MOST and 0 < fp.frames <= MOST):
        raise ValueError("not a fingerprint: a size or a number of frames that cannot be")
    if len(fp.nudity) > MOST_SCORES or not all(0 <= score <= 1 for score in fp.nudity):
        raise ValueError("not a fingerprint: scores of nudity that cannot be")
    if fp.duration is not None and not 0 <= fp.duration <= MOST:
        raise ValueError("not a fingerprint: a duration that cannot be")
    return fp


def _signal(name: str, value: str, quality: int, t: float) -> Signal:
    raw = bytes.fromhex(value)
    if SIZES.get(name) != len(raw) or not 0 <= int(quality) <= 100 or not 0 <= float(t) < 1e7:
        raise ValueError(f"not a signal: {name} of {len(raw)} bytes, quality {quality}, at {t}")
    return Signal(type=name, value=raw, quality=int(quality), t=float(t))


def _parts(sketch: Sketch) -> tuple[bytes, bytes, bytes, bytes]:
    return sketch.points, sketch.mirrored, sketch.fine, sketch.fine_mirrored


def _sketch(t: float, aspect: float, *parts: str) -> Sketch:
    points, mirrored, fine, fine_mirrored = (base64.b64decode(part, validate=True) for part in parts)
    rows, fine_rows = len(points) // POINT.itemsize, len(fine) // POINT.itemsize
    if not (
        0 <= float(t) < 1e7
        and 1e-5 < float(aspect) < 1e5
        and max(rows, fine_rows) <= local.POINTS
        and len(points) == rows * POINT.itemsize
        and len(fine) == fine_rows * POINT.itemsize
        and len(mirrored) in (0, rows * 8)
        and len(fine_mirrored) in (0, fine_rows * 8)
    ):
        raise ValueError(f"not a sketch: {len(points)} bytes at {t}")
    return Sketch(
        t=float(t), aspect=float(aspect), points=points, mirrored=mirrored, fine=fine, fine_mirrored=fine_mirrored
    )


def faces_to_json(tracks: Sequence[FaceTrack]) -> list[dict[str, Any]]:
    """Return faces as plain data, from the child to the coordinator and nowhere else."""
    return [
        {
            "places": [[t, *box] for t, box in track.places],
            "views": [
                [view.t, *view.box, view.score, view.frontal, view.sharpness, view.vector.hex()] for view in track.views
            ],
        }
        for track in tracks
    ]


def faces_from_json(data: Any, size: int) -> tuple[FaceTrack, ...]:
    """Return what `faces_to_json` was given, with vectors of `size` numbers. Raises ValueError for anything else."""
    try:
        return tuple(
            FaceTrack(
                places=tuple((_time(t), _box(*box)) for t, *box in track["places"]),
                views=tuple(_view(size, *view) for view in track["views"]),
            )
            for track in data
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not faces: {error!r}") from None


def _view(
    size: int, t: float, x: int, y: int, width: int, height: int, score: float, front: float, sharp: float, vector: str
) -> FaceView:
    raw = bytes.fromhex(vector)
    if len(raw) != 4 * size or not np.isfinite(np.frombuffer(raw, "<f4")).all():
        raise ValueError("not faces: a vector of another length, or not of numbers")
    return FaceView(
        t=_time(t),
        box=_box(x, y, width, height),
        score=float(score),
        frontal=float(front),
        sharpness=float(sharp),
        vector=raw,
    )


def _time(t: float) -> float:
    if not 0 <= float(t) < 1e7:
        raise ValueError(f"not faces: at {t}")
    return float(t)


def _box(x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
    box = int(x), int(y), int(width), int(height)
    if any(abs(part) > 1 << 20 for part in box):
        raise ValueError("not faces: a box beyond any picture")
    return box


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


def main(limits_json: str, gallery_json: str = "", nudity_json: str = "") -> None:
    """Be the child: answer requests on standard input until it closes.

    `limits_json` is a DecodeConfig, `gallery_json` a GalleryConfig if files may be asked for their faces,
    `nudity_json` what `bot.nudity.model_of` takes if they may be asked for nudity.
    """
    model = model_of(GalleryConfig.model_validate_json(gallery_json)) if gallery_json else None
    nudity = nudity_of(*json.loads(nudity_json)) if nudity_json else None
    limits = DecodeConfig.model_validate_json(limits_json)
    answers = os.fdopen(os.dup(1), "wb")  # nothing but answers goes there, whatever a library prints
    os.dup2(2, 1)
    _warm_up(model, nudity)
    rights.give_up(limits, answers.fileno())
    gc.collect()
    gc.freeze()  # what is loaded stays; looking through it after every file would cost more than a small file does
    # where the kernel refuses, the limits above are what holds
    _send(answers, {"ready": os.getpid(), "filtered": confine.filter_calls()})
    while header := sys.stdin.buffer.read(4):
        request = json.loads(sys.stdin.buffer.read(int.from_bytes(header, "big")))
        data = sys.stdin.buffer.read(request["size"])
        if len(data) < request["size"]:
            return
        rights.allow_cpu(limits)
        wanted = model if request["faces"] else None
        shown = nudity if request["nudity"] else None
        _send(answers, _answer(data, limits, every_frame=request["every_frame"], model=wanted, nudity=shown))
        del data
        gc.collect()


def _answer(
    data: bytes, limits: DecodeConfig, *, every_frame: bool, model: FaceModel | None, nudity: NudityModel | None
) -> dict[str, Any]:
    try:
        found = fingerprint(data, limits, every_frame=every_frame, model=model, nudity=nudity)
        return {"fingerprint": to_json(found), "faces": faces_to_json(found.faces)}
    except MemoryError:
        return {
            "limit": f"decoding needs more than {limits.memory_mb} MiB; raise decode.memory_mb if such files are wanted"
        }
    except LimitError as error:
        return {"limit": str(error)}
    except MediaError as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001  the boundary around foreign decoders: becomes the file's recorded error
        return {"error": f"the decoder failed on this file ({type(error).__name__}); it is left alone"}


def _send(answers: BinaryIO, answer: Mapping[str, Any]) -> None:
    body = json.dumps(answer, separators=(",", ":")).encode()
    answers.write(len(body).to_bytes(4, "big") + body)
    answers.flush()


def _warm_up(model: FaceModel | None, nudity: NudityModel | None = None) -> None:
    """Load now what is otherwise loaded with the first file: later no file can be opened."""
    if model:
        model.warm_up()
    if nudity:
        nudity.warm_up()
    frames.warm_up()
    for signal in SIGNALS:
        signal.compute(picture(65, 64, 1))
    local.warm_up()


if __name__ == "__main__":
    main(*sys.argv[1:])
