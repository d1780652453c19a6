"""NudeNet 3.4's detector 320n: boxes of parts of the body, each with a class (P. Bedapudi, notAI-tech).

Its file and its code are under the AGPL-3.0, whatever the package's own description says, so it comes only with an
extra that the operator chooses. The package is never imported: its file is found and run here. The score of a picture
is that of the surest exposed part.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.advice import install_extra
from bot.errors import NudityModelError
from bot.nudity.base import OneFile, Picture, share

PACKAGE = "nudenet"
FILE = "320n.onnx"
SHA256 = "c15d8273adad2d0a92f014cc69ab2d6c311a06777a55545f2c4eb46f51911f0f"
SIDE = 320
CLASSES = 18
EXPOSED = (2, 3, 4, 6, 14)  # buttocks, female breast, female genitalia, anus, male genitalia


class NudeNet(OneFile):
    """The detector. It knows bare parts of the body, whatever the picture is about."""

    name = "nudenet"
    licence = "AGPL-3.0 (NudeNet, model and code)"
    remedy = install_extra("nudenet")

    def score(self, picture: Picture) -> float:
        answer = self.run(prepared(picture))
        if answer.ndim != 3 or answer.shape[:2] != (1, 4 + CLASSES):
            raise NudityModelError(f"{FILE} is no NudeNet detector: its answer has the shape {answer.shape}")
        classes = answer[0, 4:]
        # a place speaks for its surest class only: what is surely covered is not exposed
        named = np.isin(classes.argmax(axis=0), EXPOSED)
        return share(float(classes.max(axis=0)[named].max(initial=0.0)))

    @staticmethod
    def published() -> str:
        return SHA256

    def where(self) -> Path:
        spec = importlib.util.find_spec(PACKAGE)
        folders = spec.submodule_search_locations if spec else None
        if not folders:
            raise NudityModelError(f"the package {PACKAGE} ({self.licence}) is not installed; {self.remedy}")
        return Path(folders[0]) / FILE  # not in the folder of what was installed: the package brought it


def prepared(picture: Picture) -> NDArray[np.float32]:
    """Return what the network takes, 1 x 3 x 320 x 320, 0 to 1: made square by black below or right, then squeezed.

    Blue comes first, as in the reference, which swaps colours once more than it says.
    From uint8 (h, w, 3), RGB, to float32 (1, 3, 320, 320).
    """
    side = max(picture.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    square[: picture.shape[0], : picture.shape[1]] = picture
    small = np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32) / 255
    return np.ascontiguousarray(small[..., ::-1].transpose(2, 0, 1)[None])
