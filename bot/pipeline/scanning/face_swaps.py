"""Whose face was put into known footage: source evidence and the faces of protected persons, brought together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.model import FaceMatch, SourceMatch

NEAR_IN_TIME = 0.6  # seconds between two looks at one face


def named(source: Sequence[SourceMatch], faces: Iterable[FaceMatch]) -> tuple[SourceMatch, ...]:
    """Return source evidence; where the other face resembles a protected person, with whom and how sure."""
    known = list(faces)
    return tuple(_named(found, known) for found in source)


def _named(found: SourceMatch, faces: Sequence[FaceMatch]) -> SourceMatch:
    if found.kind != "face_differs":
        return found
    near = [face for face in faces if face.media == found.media and _one_face(found.boxes or (), face)]
    if not near:
        return found
    face = max(near, key=lambda one: one.probability or 0)
    why = f"{found.why}; it resembles a protected person, {face.person}: {face.why}"
    return replace(found, resembles=face.person, probability=face.probability, why=why)


def _one_face(boxes: Sequence[tuple[float, int, int, int, int]], face: FaceMatch) -> bool:
    """Return whether a face is where the footage shows another one: at its best moment, less than its size away."""
    if face.t is None or face.box is None:
        return False
    t, (x, y, wide, high) = face.t, face.box
    close = [box for box in boxes if abs(box[0] - t) <= NEAR_IN_TIME]
    if not close:
        return False
    _, left, top, across, down = min(close, key=lambda box: abs(box[0] - t))
    return abs(left + across / 2 - x - wide / 2) <= wide and abs(top + down / 2 - y - high / 2) <= high
