"""The second, independent perceptual hash: imagehash's pHash with 256 bits, on a few frames.

It fails elsewhere than PDQ does, but no shared list carries it.
"""

from __future__ import annotations

import imagehash
import numpy as np
from PIL import Image

from bot.signals.base import Luma, SignalExample, SignalType, gradient_quality

THUMBNAIL = 64  # what imagehash itself shrinks to at 16x16 bits


class Phash:
    """pHash of at most twelve frames."""

    name = "phash"
    bits = 256
    gate = 50
    distance = 40
    sampled = 12
    examples: tuple[SignalExample, ...] = (
        SignalExample(
            width=640,
            height=360,
            seed=1,
            quality=100,
            value="addd0e49a91cea62e2c1fb2a35b6bdc14c486ec116dd48f5cc6348d516dd6cc1",
            within=4,
        ),
        SignalExample(
            width=321,
            height=777,
            seed=2,
            quality=100,
            value="dcc95f62297f9ad1279d3cbe213e07a6bc63e0086e2224ef2715aceb6e22e089",
            within=4,
        ),
    )

    def compute(self, luma: Luma) -> tuple[bytes, int]:
        """Return 32 bytes, and PDQ's measure of quality on imagehash's own thumbnail: pHash has none.

        `luma`: uint8 (h, w), 0-255.
        """
        image = Image.fromarray(np.ascontiguousarray(luma))
        small = image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        bits = imagehash.phash(small, hash_size=16).hash
        return np.packbits(bits.ravel()).tobytes(), gradient_quality(np.asarray(small, dtype=np.float32))


PHASH: SignalType = Phash()
