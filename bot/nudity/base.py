"""What a nudity model is. A new one is one file with one of these.

Pictures are RGB, 8 bit, height x width x 3, upright. A score is 0 to 1 and says how sure the model is that a picture
shows nudity; scores of two models do not compare. It never says who is shown, nor whether anybody minds.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot import networks
from bot.errors import NudityModelError, unreadable

Picture = NDArray[np.uint8]
BLANK = 224  # pixels of the empty picture that loads a model


class NudityModel(Protocol):
    """Gives pictures a score."""

    name: str  # as in nudity.model
    licence: str  # of the model, as one phrase
    folder: Path  # of files that were installed, absolute: a child starts elsewhere
    checksum: str  # SHA-256 that the model's file must have

    def __init__(self, folder: Path, checksum: str | None = None) -> None: ...

    def check(self) -> str:
        """Return in a phrase what the model is, checksum and licence included.

        Raises NudityModelError if it cannot be used.
        """

    def warm_up(self) -> None:
        """Load the weights: later no file can be opened. Raises NudityModelError if that fails."""

    def score(self, picture: Picture) -> float:
        """Return how surely a picture shows nudity, 0 to 1. Raises NudityModelError if the model says no number.

        `picture`: uint8 (h, w, 3), RGB, 0-255.
        """


class OneFile(NudityModel):
    """A model of one ONNX file with a known checksum. Loads it when it is asked first."""

    remedy: str  # what to do if it is missing or another one

    def __init__(self, folder: Path, checksum: str | None = None) -> None:
        self.folder = folder
        self.checksum = checksum or self.published()

    def check(self) -> str:
        self._read()
        networks.runtime(NudityModelError)
        return f"{self.name}: SHA-256 {self.checksum[:12]}… as it should be; licence: {self.licence}"

    def warm_up(self) -> None:
        self.score(np.zeros((BLANK, BLANK, 3), np.uint8))

    @staticmethod
    def published() -> str:
        """Return the SHA-256 of the file as its publisher made it."""
        raise NotImplementedError

    def where(self) -> Path:
        """Return where the file is. Raises NudityModelError, with the remedy, if that cannot be told."""
        raise NotImplementedError

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's first answer to its only input.

        From float32 (1, a, b, c), as the network wants it, to float32 (1, n) or float32 (1, n, m), as it answers.
        """
        return np.asarray(self._network.run(None, {self._network.get_inputs()[0].name: tensor})[0], np.float32)

    @cached_property
    def _network(self) -> Any:
        return networks.session(self._read(), str(self.where()), NudityModelError)

    def _read(self) -> bytes:
        path = self.where()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise NudityModelError(f"{unreadable(path, error)}; {self.remedy}") from None
        found = hashlib.sha256(data).hexdigest()
        if found != self.checksum:
            raise NudityModelError(f"{path} has SHA-256 {found} and should have {self.checksum}; {self.remedy}")
        return data


def share(value: float) -> float:
    """Return a network's answer within 0 to 1. Raises NudityModelError if it is no number."""
    if not np.isfinite(value):
        raise NudityModelError("the nudity model gave no number for a picture")
    return min(1.0, max(0.0, float(value)))
