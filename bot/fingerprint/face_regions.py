"""Where faces are in the frames of a media, and a coarse hash of each: by it a copy is told from a fake of the same.

The hash is of the picture of a face, upright and cut out, in two parts: what is above the nose and what is below it. It
tells whether the same frame shows the same face. It is no face vector and tells nobody from anybody: another moment of
the same face is another picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.copies.points import SPAN, SPOT
from bot.faces import Box, FaceModel, Located, Picture
from bot.faces.base import WEAK, again
from bot.frames.similar_frames import Patches, patches, something_new
from bot.signals.pdq import PDQ

LEAST = 56  # pixels of the height of a face in a frame of a clip, 640 pixels wide at most
LARGE = 112  # the same, of every other search: a quarter of the cost
MIN_STILL = 40
MARGIN = 0.6  # of a box, around it, in which a face is looked for again
SHRUNK = 0.8  # of its height that it may have left then
AROUND = 0.5  # of a box, on each side of it: what moves there is the same head
WHOLE_LOOKS = 6  # at frames of a clip: a face that is there for less is not looked for
FACES = 3  # of a frame, the largest
SAME = 0.3  # overlap from which on two boxes are one face
UPPER, LOWER, ACROSS = slice(20, 82), slice(72, 134), slice(25, 125)  # of a chip of 150 pixels
Luma = NDArray[np.uint8]


class LookedAt(NamedTuple):
    """A frame, no larger than features are taken from."""

    t: float
    luma: Luma


def spots(looks: Sequence[LookedAt], model: FaceModel, *, still: bool) -> list[bytes]:
    """Return for each frame its faces as rows of `SPOT`, in 1/256 of the longer side; none where none is found.

    Whole frames are searched at a few moments, every other time for large faces only, and from there a face is followed
    both ways for as long as it is found.
    What shows the same in every part as the frame searched before shows its faces too, and what differs only around
    faces that were followed to it shows no others.
    """
    found: list[list[Located]] = [[] for _ in looks]
    shown: Patches | None = None
    seen: list[Located] = []
    before: list[Box] = []  # of what was found in the frame searched last
    least = down_to = MIN_STILL if still else LEAST  # pixels: wanted now, and found by the last search
    for number, place in enumerate(_spread(len(looks), 1 if still else WHOLE_LOOKS)):
        if not still:
            least = LARGE if number % 2 else LEAST
        luma, here = looks[place].luma, found[place]
        now = patches(luma)
        # where all of them were followed to here, what they do themselves is nothing new
        followed = bool(here) and len(here) >= min(len(seen), FACES)
        boxes = (*before, *(face.box for face in here))
        told = shown if down_to <= least else None
        if told is not None and followed and not something_new(told, _besides(now, told, boxes, luma)):
            continue
        if told is None or something_new(told, now):
            located = model.locate(_grey(luma), least=least)
            shown, down_to, seen = now, least, [one for one in located if one.score > WEAK]
        for face in sorted(seen, key=lambda one: -one.box.height)[:FACES]:
            if not _known(here, face.box):
                here.append(face)
                for way in (1, -1):
                    _follow(looks, found, place, way, face, model)
        before = [face.box for face in here]
    return [_packed(look, faces, model) for look, faces in zip(looks, found, strict=True)]


def _besides(now: Patches, shown: Patches, boxes: Sequence[Box], luma: Luma) -> Patches:
    """Return the patches of a frame, but those around some boxes of it as they were in another frame."""
    mixed = now.copy()
    if now.shape != shown.shape:
        return mixed
    scale = max(now.shape) / max(luma.shape)
    for box in boxes:
        left, top = box.x - AROUND * box.width, box.y - AROUND * box.height
        right, bottom = box.x + (1 + AROUND) * box.width, box.y + (1 + AROUND) * box.height
        rows = slice(max(0, int(top * scale)), max(0, math.ceil(bottom * scale)))
        columns = slice(max(0, int(left * scale)), max(0, math.ceil(right * scale)))
        mixed[rows, columns] = shown[rows, columns]
    return mixed


def _follow(
    looks: Sequence[LookedAt], found: list[list[Located]], place: int, way: int, face: Located, model: FaceModel
) -> None:
    place += way
    while 0 <= place < len(looks):
        seen = again(model, _grey(looks[place].luma), face.box, margin=MARGIN, share=SHRUNK)
        if seen is None or _known(found[place], seen.box) or len(found[place]) >= FACES:
            return
        found[place].append(seen)
        face = seen
        place += way


def _grey(luma: Luma) -> Picture:
    """Return a frame as a picture without colour; it is no copy."""
    return np.broadcast_to(luma[..., None], (*luma.shape, 3))


def _known(faces: Sequence[Located], box: Box) -> bool:
    return any(face.box.overlap(box) > SAME for face in faces)


def _packed(look: LookedAt, faces: Sequence[Located], model: FaceModel) -> bytes:
    rows = np.zeros(len(faces), dtype=SPOT)
    scale = SPAN / max(look.luma.shape)
    for row, face in zip(rows, faces, strict=True):
        box = face.box
        row["x"], row["y"], row["width"], row["height"] = (round(part * scale) for part in box)
        left, top = max(0, box.x - box.width), max(0, box.y - box.height)
        part = look.luma[top : box.y + 2 * box.height, left : box.x + 2 * box.width]
        around = _grey(part)
        inside = face.moved(-left, -top)
        row["upper"], row["lower"] = _hashes(around, inside, model)
        across = around.shape[1] - inside.box.x - box.width
        turned = replace(inside, box=Box(across, *inside.box[1:]))
        row["upper_mirrored"], row["lower_mirrored"] = _hashes(around[:, ::-1], turned, model)
    return rows.tobytes()


def _hashes(picture: Picture, face: Located, model: FaceModel) -> list[NDArray[np.uint64]]:
    chip = model.align(picture, face).chip[..., 0]
    parts = (np.ascontiguousarray(chip[part, ACROSS]) for part in (UPPER, LOWER))
    return [np.frombuffer(PDQ.compute(part)[0], dtype=np.uint64) for part in parts]


def _spread(count: int, most: int) -> list[int]:
    return sorted({round((i + 0.5) * count / most - 0.5) for i in range(most)}) if count else []
