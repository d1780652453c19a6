"""A bank as large as one grows: entries that move and are nobody's, made of the corners of real ones in no time.

Each takes its corners from all over the given media, so that words are as common as they are there, with some bits
turned, so that none is a copy; it moves in its own way, and its hashes are random.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bot.copies.points import POINT
from bot.model import Fingerprint, LocalFeatures, MotionSignature, Signal
from bot.motion import RATE, SIDE

FRAMES, CORNERS = 8, 160  # what an index takes of an entry that moves
TURNED = 0.15  # share of the bits of a word
CHANGED = 0.3  # share of the corners that look otherwise from one frame to the next
PATCHES = 8  # along a side, that move as one
SPREAD = 20.0  # of their motion, in steps of a signature


def crowd(media: Sequence[Fingerprint], count: int) -> Iterator[Fingerprint]:
    """Yield `count` entries of eight seconds made of the corners of some media, the same ones each time."""
    rng = np.random.default_rng(5)
    packed = [sketch.points for one in media for sketch in one.sketches if sketch.points]
    known = np.frombuffer(b"".join(packed), dtype=POINT)
    for number in range(count):
        first = known[rng.integers(0, len(known), CORNERS)].copy()
        bits = rng.random((CORNERS, 64)) < TURNED
        first["word"] ^= np.packbits(bits, axis=1, bitorder="little").view("<u8")[:, 0]
        sketches = []
        for second in range(FRAMES):
            shown = first.copy()
            other = np.flatnonzero(rng.random(CORNERS) < CHANGED) if second else np.zeros(0, dtype=np.int64)
            one, two = rng.integers(0, 2**64, (2, len(other)), dtype=np.uint64)
            shown["word"][other] ^= one & two
            sketches.append(LocalFeatures(t=float(second), aspect=16 / 9, points=shown.tobytes()))
        moves = rng.normal(0, SPREAD, (int(FRAMES * RATE) - 1, PATCHES, PATCHES))
        changes = np.kron(moves, np.ones((SIDE // PATCHES, SIDE // PATCHES)))
        yield Fingerprint(
            kind="video",
            format="mp4",
            sha256=f"c{number:063x}",
            md5=f"c{number:031x}",
            width=640,
            height=360,
            duration=float(FRAMES),
            frames=FRAMES,
            signals=tuple(Signal(type="pdq", value=rng.bytes(32), quality=90, t=float(t)) for t in range(FRAMES)),
            sketches=tuple(sketches),
            motion=MotionSignature(start=0.0, changes=np.clip(np.rint(changes), -127, 127).astype(np.int8).tobytes()),
        )
