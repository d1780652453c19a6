"""What a nudity model is. A new one is one file with one of these.

Pictures are RGB, 8 bit, height x width x 3, upright. A score is 0 to 1 and says how sure the model is that a picture
shows nudity; scores of two models do not compare. It never says who is shown, nor whether anybody minds.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.errors import NudityModelError

Picture = NDArray[np.uint8]


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
        """Return how surely a picture shows nudity, 0 to 1. Raises NudityModelError if the model says no number."""


def checked(path: Path, wanted: str, remedy: str) -> bytes:
    """Return a model file's bytes. Raises NudityModelError, with the remedy, if it is missing or another one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NudityModelError(f"cannot read the nudity model {path}: {error.strerror}; {remedy}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise NudityModelError(f"{path} has SHA-256 {found} and should have {wanted}; {remedy}")
    return data


def share(value: float) -> float:
    """Return a network's answer within 0 to 1. Raises NudityModelError if it is no number."""
    if not np.isfinite(value):
        raise NudityModelError("the nudity model gave no number for a picture")
    return min(1.0, max(0.0, float(value)))
