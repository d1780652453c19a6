"""Which frames of a file are looked at: few, spread over all of it, and none that shows what the last one showed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bot.errors import MediaError
from bot.frames.similar_frames import Thumb, alike, thumbnail
from bot.nudity.base import NudityModel, Picture

LOOKS = 8  # frames of a file whose number of frames is known; each costs about 20 ms
SPREAD = 4  # where it is not known, every LOOKS looks the gap between them grows by this


class Looker:
    """Scores a few frames of one file as they pass. Use one for each file."""

    def __init__(self, model: NudityModel, expected: int | None) -> None:
        """`expected` is the number of frames, None if that is not known."""
        self._model = model
        self._known = expected is not None
        self._stride = -(-(expected or 1) // LOOKS)
        self._scores: list[float] = []
        self._thumb: Thumb | None = None

    def take(self, number: int, luma: NDArray[np.uint8], picture: Callable[[], Picture]) -> None:
        """Look at frame `number` if it is its turn; `picture` gives it in colour.

        `luma`: uint8 (h, w), 0-255; the colours: uint8 (h, w, 3), RGB.
        """
        if number % self._stride:
            return
        thumb = thumbnail(luma)
        if alike(self._thumb, thumb):
            self._scores.append(self._scores[-1])  # a picture that stands was seen twice
        else:
            try:
                self._scores.append(self._model.score(np.ascontiguousarray(picture())))
            except MediaError:
                return  # colours that do not decode are no reason to lose the file
            self._thumb = thumb
        if not self._known and len(self._scores) % LOOKS == 0:
            self._stride *= SPREAD

    def scores(self) -> tuple[float, ...]:
        """Return the score of each frame that was looked at, 0 to 1, in order."""
        return tuple(round(score, 4) for score in self._scores)
