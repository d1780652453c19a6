"""What fingerprinting a clip costs beside decoding it, part by part: processor time, as ratios of one run."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bot import frames
from bot.bench.figures import least
from bot.config import DecodeConfig
from bot.faces.dlib import Dlib
from bot.fingerprint import fingerprint
from bot.fingerprint.face_regions import LookedAt, spots
from bot.motion import MotionSampler
from bot.samples import media
from bot.signals import local
from bot.signals.pdq import PDQ
from bot.signals.variants import variants

SIZES = ((640, 360), (1920, 1080))
SECONDS, FPS = 10.0, 25
TRIES = 5
VARIED = 4  # one of so many frames that features are taken of, as of a clip of that length


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Seconds of processor time, the least of a few tries."""

    pdq: float  # of every frame
    motion: float  # from the thumbnails that PDQ made
    features: float
    variants: float
    faces: float  # where they are
    whole: float  # decoding and everything that a child does


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one clip costs: decoding it, in seconds of processor time, and the rest."""

    width: int
    height: int
    frames: int
    decode: float
    parts: Parts

    @property
    def rest(self) -> float:
        """What all of it takes beyond decoding and the parts: pHash, copies, and going from one part to another."""
        parts = self.parts
        return parts.whole - self.decode - parts.pdq - parts.motion - parts.features - parts.variants - parts.faces

    def plain(self) -> dict[str, float]:
        """Return it as JSON data; ratios are to decoding, with decoding: 1 is what costs nothing beside it."""
        ratios = {f"{name}_ratio": round(1 + cost / self.decode, 3) for name, cost in asdict(self.parts).items()}
        return {
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "decode_s": round(self.decode, 3),
            **ratios,
            "rest_ratio": round(1 + self.rest / self.decode, 3),
            "whole_ratio": round(self.parts.whole / self.decode, 3),
        }


def run(*, seconds: float = SECONDS, tries: int = TRIES) -> list[Cost]:
    """Measure clips of `seconds` in each size."""
    locator = Dlib()
    locator.warm_up_locating()
    local.warm_up()
    return [_cost(media.clip(7, seconds=seconds, fps=FPS, width=w, height=h), (w, h), tries, locator) for w, h in SIZES]


def _cost(data: bytes, size: tuple[int, int], tries: int, locator: Dlib) -> Cost:
    limits = DecodeConfig()
    sketcher = local.Sketcher()
    shown = []
    for frame in frames.decode(data, limits).frames:
        sketcher.take(frame.luma, frame.t)
        shown.append((frame.t, frame.luma.copy()))
    looks = [LookedAt(t, luma) for t, luma in sketcher.frames()]
    thumbnails = [(t, PDQ.thumbnail(luma)) for t, luma in shown]

    def decode() -> None:
        for _ in frames.decode(data, limits).frames:
            pass

    def hashed() -> None:
        for _, luma in shown:
            PDQ.compute(luma)

    def moved() -> None:
        mover = MotionSampler()
        for t, thumbnail in thumbnails:
            mover.take(t, thumbnail)
        mover.signature(None)

    def sketched() -> None:
        taker = local.Sketcher()
        for t, luma in shown:
            taker.take(luma, t)
        taker.sketches()

    def varied() -> None:
        for look in looks[::VARIED]:
            variants(look.luma)

    works = (
        decode,
        hashed,
        moved,
        sketched,
        varied,
        lambda: spots(looks, locator, still=False),
        lambda: fingerprint(data, limits, locator=locator),
    )
    times = [[least(work, 1) for work in works] for _ in range(tries)]  # in turns: what else runs hits all alike
    alone, pdq, motion, features, variant, faces, whole = (min(column) for column in zip(*times, strict=True))
    return Cost(
        width=size[0],
        height=size[1],
        frames=len(shown),
        decode=alone,
        parts=Parts(pdq=pdq, motion=motion, features=features, variants=variant, faces=faces, whole=whole),
    )
