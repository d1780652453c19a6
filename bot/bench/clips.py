"""What fingerprinting a clip costs beside decoding it: processor time, as ratios of one run."""

from __future__ import annotations

from dataclasses import dataclass

from bot import frames
from bot.bench.figures import least
from bot.config import DecodeConfig
from bot.fingerprint import fingerprint
from bot.samples import media
from bot.signals import SIGNALS, local

SIZES = ((640, 360), (1920, 1080))
SECONDS, FPS = 10.0, 25
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of processor time for one clip; the least of a few tries."""

    width: int
    height: int
    frames: int
    decode: float
    pdq: float  # decoding and PDQ of every frame
    features: float  # decoding and local features
    whole: float  # everything that a child does

    def plain(self) -> dict[str, float]:
        """Return it as JSON data, with ratios to decoding alone."""
        return {
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "decode_s": round(self.decode, 3),
            "pdq_ratio": round(self.pdq / self.decode, 3),
            "features_ratio": round(self.features / self.decode, 3),
            "whole_ratio": round(self.whole / self.decode, 3),
        }


def run(*, seconds: float = SECONDS, tries: int = TRIES) -> list[Cost]:
    """Measure clips of `seconds` in each size."""
    return [_cost(width, height, seconds, tries) for width, height in SIZES]


def _cost(width: int, height: int, seconds: float, tries: int) -> Cost:
    data = media.clip(7, seconds=seconds, fps=FPS, width=width, height=height)
    pdq = next(signal for signal in SIGNALS if signal.name == "pdq")
    limits = DecodeConfig()

    def decode() -> int:
        return sum(1 for _ in frames.decode(data, limits).frames)

    def hashed() -> None:
        for frame in frames.decode(data, limits).frames:
            pdq.compute(frame.luma)

    def sketched() -> None:
        sketcher = local.Sketcher()
        for frame in frames.decode(data, limits).frames:
            sketcher.take(frame.luma, frame.t)
        sketcher.sketches()

    return Cost(
        width=width,
        height=height,
        frames=decode(),
        decode=least(decode, tries),
        pdq=least(hashed, tries),
        features=least(sketched, tries),
        whole=least(lambda: fingerprint(data, limits), tries),
    )
