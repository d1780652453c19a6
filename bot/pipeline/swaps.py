"""Whose face was put into known footage: source evidence and the faces of protected persons, brought together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NEAR_IN_TIME = 0.6  # seconds between two looks at one face

Row = Mapping[str, Any]


def named(source: Sequence[Row], faces: Iterable[Row]) -> tuple[Row, ...]:
    """Return source evidence; where the other face resembles a protected person, with whom and how sure."""
    known = list(faces)
    return tuple(_named(row, known) for row in source)


def _named(row: Row, faces: Sequence[Row]) -> Row:
    if row.get("kind") != "face_differs":
        return row
    near = [face for face in faces if face["media"] == row["media"] and _one_face(row["boxes"], face)]
    if not near:
        return row
    face = max(near, key=lambda one: one["probability"])
    return {
        **row,
        "resembles": face["person"],
        "probability": face["probability"],
        "why": f"{row['why']}; it resembles a protected person, {face['person']}: {face['why']}",
    }


def _one_face(boxes: Sequence[Sequence[float]], face: Row) -> bool:
    """Return whether a face is where the footage shows another one: at its best moment, less than its size away."""
    t, (x, y, wide, high) = face["t"], face["box"]
    close = [box for box in boxes if abs(box[0] - t) <= NEAR_IN_TIME]
    if not close:
        return False
    _, left, top, across, down = min(close, key=lambda box: abs(box[0] - t))
    return bool(abs(left + across / 2 - x - wide / 2) <= wide and abs(top + down / 2 - y - high / 2) <= high)
