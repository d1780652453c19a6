"""The faces of one file: found on few frames, followed from one to the next, the best views of each embedded.

Finding faces in a whole frame is what costs, so it is done on frames that differ and a second apart; in between a face
is looked for where it was. Embedding costs even more, so only the best views of the largest faces get a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.faces.base import WEAK, Aligned, Box, FaceModel, Located, Picture, again, shrunk
from bot.frames.similar_frames import Thumb, alike, thumbnail
from bot.model import FaceTrack, FaceView

GAP = 0.5  # seconds between looks; doubled when there are MOST of them, as often as a clip needs
FULL_GAP = 1.0  # seconds between looks at a whole frame, at least
MOST = 24  # looks at a clip that are kept
SIDE = 640  # pixels of the longer side at which a frame of a clip is searched whole
STILL_SIDE = 1280  # of a still
SHARE = 9  # the smallest face looked for is this part of the shorter side: 40 px of 360
FACES = 3  # tracks that are embedded: the largest and surest
VIEWS = 6  # of all embedded tracks together, where there are so many
MARGIN = 1.0  # of a box, around it, in which it is looked for again
SHRUNK = 0.7  # of its height that it may have left then
SAME = 0.3  # overlap from which on two boxes of one frame are one face


@dataclass(slots=True)
class _Seen:
    """One look at a face, with its pixels until the file is read."""

    t: float
    box: Box
    score: float
    aligned: Aligned

    @property
    def worth(self) -> float:
        """How much the embedding of this view can be trusted: large, sharp and frontal is best."""
        sharp = min(1.0, self.aligned.sharpness / 200)
        return min(1.0, self.box.height / 120) * (0.3 + sharp) * (0.2 + self.aligned.frontal)


@dataclass(slots=True)
class _Track:
    """One face from look to look."""

    boxes: list[tuple[float, Box]]
    best: list[_Seen]

    @property
    def last(self) -> Box:
        return self.boxes[-1][1]

    @property
    def seen_at(self) -> float:
        return self.boxes[-1][0]

    def add(self, seen: _Seen) -> None:
        self.boxes.append((seen.t, seen.box))
        self.best = sorted([*self.best, seen], key=lambda one: -one.worth)[: 2 * VIEWS]


class Watcher:
    """Follows the faces of one file as its frames pass. Use one for each file."""

    def __init__(self, model: FaceModel, *, still: bool) -> None:
        self._model = model
        self._still = still
        self._tracks: list[_Track] = []
        self._gap = GAP
        self._looks = 0
        self._due = 0.0
        self._whole_due = 0.0
        self._thumb: Thumb | None = None

    def take(self, t: float, luma: NDArray[np.uint8], picture: Callable[[], Picture]) -> None:
        """Look at a frame if its time has come and it shows something new; `picture` gives it in colour.

        `t` in seconds; `luma`: uint8 (h, w), 0-255; the colours: uint8 (h, w, 3), RGB.
        """
        if t < self._due:
            return
        self._due = t + self._gap
        thumb = thumbnail(luma)
        if alike(self._thumb, thumb):
            return  # the old one is kept: a slow change must not go unseen
        self._thumb = thumb
        self._look(t, np.ascontiguousarray(picture()))
        self._looks += 1
        if self._looks >= MOST:
            self._looks //= 2
            self._gap *= 2

    def tracks(self) -> tuple[FaceTrack, ...]:
        """Return the faces that were seen, the most telling first; embeds the best views of the first few."""
        ranked = sorted(self._tracks, key=lambda track: -max(seen.worth for seen in track.best))
        each = max(1, VIEWS // max(1, min(FACES, len(ranked))))
        found = []
        for place, track in enumerate(ranked):
            chosen = _spread(track.best, each) if place < FACES else []
            vectors = self._model.embed([seen.aligned.chip for seen in chosen])
            views = [
                FaceView(
                    t=round(seen.t, 3),
                    box=(seen.box.x, seen.box.y, seen.box.width, seen.box.height),
                    score=round(seen.score, 3),
                    frontal=round(seen.aligned.frontal, 3),
                    sharpness=round(seen.aligned.sharpness, 1),
                    vector=vector.astype("<f4").tobytes(),
                )
                for seen, vector in zip(chosen, vectors, strict=True)
            ]
            views.sort(key=lambda view: view.t)
            places = tuple((round(t, 3), (box.x, box.y, box.width, box.height)) for t, box in track.boxes)
            found.append(FaceTrack(places=places, views=tuple(views)))
        return tuple(found)

    def _look(self, t: float, picture: Picture) -> None:
        lost = False
        for track in self._current(t):
            found = again(self._model, picture, track.last, margin=MARGIN, share=SHRUNK)
            if found is None:
                lost = True
            else:
                track.add(self._seen(t, picture, found))
        if lost or t >= self._whole_due or not self._tracks:
            self._whole_due = t + max(FULL_GAP, self._gap)
            self._whole(t, picture)

    def _whole(self, t: float, picture: Picture) -> None:
        height, width = picture.shape[:2]
        side = STILL_SIDE if self._still else SIDE
        scale = min(1.0, side / max(height, width))
        least = max(self._model.least, round(min(height, width) * scale / SHARE))
        small = picture if scale == 1 else np.ascontiguousarray(shrunk(picture, scale).astype(np.uint8))
        for found in self._model.locate(small, least=least):
            if found.score <= WEAK:
                continue
            whole = found.scaled(1 / scale)
            box = whole.box
            if min(box.width, box.height) < 20:
                continue
            if any(track.seen_at == t and track.last.overlap(box) > SAME for track in self._tracks):
                continue
            before = [track for track in self._current(t) if track.seen_at < t and box.follows(track.last)]
            known = min(before, key=lambda track: track.last.away(box), default=None)
            seen = self._seen(t, picture, whole)
            if known is not None:
                known.add(seen)
            else:
                self._tracks.append(_Track(boxes=[(t, box)], best=[seen]))

    def _current(self, t: float) -> list[_Track]:
        """Return the tracks that were seen at one of the last looks."""
        return [track for track in self._tracks if track.seen_at >= t - 2 * self._gap - 1e-6]

    def _seen(self, t: float, picture: Picture, found: Located) -> _Seen:
        return _Seen(t=t, box=found.box, score=found.score, aligned=self._model.align(picture, found))


def _spread(seen: list[_Seen], most: int) -> list[_Seen]:
    """Return the best views, no two of one moment: those of other moments tell more."""
    chosen: list[_Seen] = []
    for one in seen:
        if len(chosen) < most and all(abs(one.t - other.t) > GAP / 2 for other in chosen):
            chosen.append(one)
    return chosen
