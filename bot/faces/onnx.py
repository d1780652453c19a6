"""A detector and an embedder that the operator brings as ONNX files: YuNet or SCRFD, and SFace or ArcFace.

Their weights are on no package registry, and each has a licence of its own, so the files are named in the configuration
with their checksums, and the rates by which a distance is judged with them. Runs on onnxruntime, one thread, from
bytes that were read before the child gave up its rights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot import networks
from bot.errors import FaceModelError, unreadable
from bot.faces.base import Aligned, Box, Curve, FaceModel, Located, Picture, Vector, frontal, sharpness, shrunk

STRIDES = (8, 16, 32)  # pixels between the places at which both detectors look
SIDE = 640  # pixels of a detector's input where the file leaves that open
MIN_SCORE = 0.5
OVERLAP = 0.4  # boxes that share more are one face: the better stays
CHIP = 112
# where eyes, nose and the corners of the mouth belong in an aligned face (InsightFace's reference for 112 pixels)
PLACES = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)], np.float64
)
Arrays = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxFiles:
    """What the configuration says of the two files."""

    detector: Path
    detector_checksum: str
    embedder: Path
    embedder_checksum: str
    licence: str
    curve: Curve


class Onnx(FaceModel):
    """Two files of the operator's. Vectors are of unit length, so distances are at most 2."""

    least = 20

    def __init__(self, files: OnnxFiles) -> None:
        self._files = files
        self.name = f"onnx-{files.embedder_checksum[:12]}"
        self.licence = files.licence
        self.curve = files.curve

    @property
    def size(self) -> int:
        """The length of a vector, as the embedder says. Loads it."""
        length = self._embedder.get_outputs()[0].shape[-1]
        if not isinstance(length, int) or not 16 <= length <= 4096:
            raise FaceModelError(f"{self._files.embedder} is no embedder: its output has the shape {length}")
        return length

    def check(self) -> str:
        for path, wanted in (
            (self._files.detector, self._files.detector_checksum),
            (self._files.embedder, self._files.embedder_checksum),
        ):
            _read(path, wanted)
        networks.runtime(FaceModelError)
        sums = f"detector {self._files.detector_checksum[:12]}, embedder {self._files.embedder_checksum[:12]}"
        return f"{self.name}: {sums}; licence as configured: {self.licence}"

    def warm_up(self) -> None:
        blank = np.zeros((2 * CHIP, 2 * CHIP, 3), np.uint8)
        self.locate(blank, least=self.least)
        self.embed([blank[:CHIP, :CHIP]])

    def locate(self, picture: Picture, *, least: int) -> list[Located]:
        height, width = self._input
        scale = min(1.0, height / picture.shape[0], width / picture.shape[1])
        page = np.zeros((height, width, 3), np.float32)
        small = shrunk(picture, scale)
        page[: small.shape[0], : small.shape[1]] = small
        outputs = {output.name: output.shape for output in self._detector.get_outputs()}
        yunet = len(outputs) == 4 * len(STRIDES)
        # YuNet takes BGR as it is; SCRFD takes RGB around zero
        tensor = page[..., ::-1] if yunet else (page - 127.5) / 128
        arrays = self._detector.run(None, {self._detector.get_inputs()[0].name: _batch(tensor)})
        found = _yunet(dict(zip(outputs, arrays, strict=True)), width) if yunet else _scrfd(arrays, width, height)
        faces = [
            Located(box=box, score=score, points=tuple(points)).scaled(1 / scale)
            for box, score, points in found
            if box.height / scale >= least
        ]
        return _apart(faces)

    def align(self, picture: Picture, found: Located) -> Aligned:
        points = np.array(found.points, np.float64)
        chip = _warped(picture, _similarity(points, PLACES))
        inner = chip[CHIP // 5 : -CHIP // 5, CHIP // 5 : -CHIP // 5].astype(np.float32).mean(axis=2).astype(np.uint8)
        left, right, nose = (tuple(map(float, points[place])) for place in (0, 1, 2))
        return Aligned(chip=chip, frontal=frontal(left, right, nose), sharpness=sharpness(inner))  # type: ignore[arg-type]  # pairs

    def embed(self, chips: list[Picture]) -> list[Vector]:
        plain = self.size == 128  # SFace takes 0 to 255, ArcFace -1 to 1
        name = self._embedder.get_inputs()[0].name
        vectors = []
        for chip in chips:
            tensor = chip.astype(np.float32) if plain else (chip.astype(np.float32) - 127.5) / 127.5
            raw = np.asarray(self._embedder.run(None, {name: _batch(tensor)})[0], np.float32).reshape(-1)
            vectors.append(raw / max(float(np.linalg.norm(raw)), 1e-9))
        return vectors

    @cached_property
    def _detector(self) -> Any:
        return _session(self._files.detector, self._files.detector_checksum)

    @cached_property
    def _embedder(self) -> Any:
        return _session(self._files.embedder, self._files.embedder_checksum)

    @property
    def _input(self) -> tuple[int, int]:
        """Height and width of the detector's input; a whole number of strides."""
        height, width = (
            side if isinstance(side, int) and 0 < side <= 4096 else SIDE
            for side in self._detector.get_inputs()[0].shape[2:]
        )
        return height, width


def _read(path: Path, wanted: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FaceModelError(f"{unreadable(path, error)}; it is the face model") from None
    found = hashlib.sha256(data).hexdigest()
    if found != wanted.lower():
        raise FaceModelError(f"{path} has SHA-256 {found}, not the one configured; get the right file or correct it")
    return data


def _session(path: Path, wanted: str) -> Any:
    return networks.session(_read(path, wanted), str(path), FaceModelError)


def _batch(tensor: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.transpose(2, 0, 1)[None], dtype=np.float32)


def _yunet(outputs: dict[str, NDArray[np.float32]], width: int) -> list[tuple[Box, float, list[tuple[float, float]]]]:
    """Read YuNet's twelve outputs: class, object, box and points for each stride."""
    found = []
    for stride in STRIDES:
        try:
            parts = [outputs[f"{name}_{stride}"].reshape(-1, size) for name, size in _YUNET]
        except (KeyError, ValueError):
            raise FaceModelError("the detector's outputs are neither YuNet's nor SCRFD's") from None
        sure, there, boxes, points = parts
        scores = np.sqrt(np.clip(sure[:, 0], 0, 1) * np.clip(there[:, 0], 0, 1))
        columns = width // stride
        for place in np.nonzero(scores >= MIN_SCORE)[0]:
            row, column = divmod(int(place), columns)
            middle = ((column + boxes[place, 0]) * stride, (row + boxes[place, 1]) * stride)
            size = np.exp(np.clip(boxes[place, 2:4], -10, 10)) * stride
            marks = [
                (float(points[place, 2 * i] + column) * stride, float(points[place, 2 * i + 1] + row) * stride)
                for i in range(5)
            ]
            corner = middle[0] - size[0] / 2, middle[1] - size[1] / 2
            found.append((Box(*(round(float(part)) for part in (*corner, *size))), float(scores[place]), marks))
    return found


_YUNET = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))


def _scrfd(arrays: Arrays, width: int, height: int) -> list[tuple[Box, float, list[tuple[float, float]]]]:
    """Read SCRFD's nine outputs: scores, boxes and points for each stride, two at each place."""
    if len(arrays) != 3 * len(STRIDES):
        raise FaceModelError("the detector's outputs are neither YuNet's nor SCRFD's, which finds points too")
    found = []
    for level, stride in enumerate(STRIDES):
        scores, boxes, points = (
            arrays[level + len(STRIDES) * part].reshape(-1, size) for part, size in ((0, 1), (1, 4), (2, 10))
        )
        columns, rows = -(-width // stride), -(-height // stride)
        each = max(1, len(scores) // (columns * rows))
        for place in np.nonzero(scores[:, 0] >= MIN_SCORE)[0]:
            row, column = divmod(int(place) // each, columns)
            x, y = column * stride, row * stride
            left, top, right, bottom = (float(part) * stride for part in boxes[place])
            marks = [
                (x + float(points[place, 2 * i]) * stride, y + float(points[place, 2 * i + 1]) * stride)
                for i in range(5)
            ]
            box = Box(round(x - left), round(y - top), round(left + right), round(top + bottom))
            found.append((box, float(scores[place, 0]), marks))
    return found


def _apart(faces: list[Located]) -> list[Located]:
    """Return the surest of boxes that lie over one another."""
    kept: list[Located] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if face.box.width > 0 and face.box.height > 0 and all(face.box.overlap(one.box) <= OVERLAP for one in kept):
            kept.append(face)
    return kept


def _similarity(points: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix that turns, scales and moves points onto places (Umeyama 1991, without mirroring)."""
    middle, there = points.mean(0), places.mean(0)
    centred, wanted = points - middle, places - there
    spread = float((centred**2).sum())
    if spread <= 0:
        raise FaceModelError("the detector's points of a face are all in one place")
    a = float((centred * wanted).sum()) / spread
    b = float((centred[:, 0] * wanted[:, 1] - centred[:, 1] * wanted[:, 0]).sum()) / spread
    turn = np.array([[a, -b], [b, a]])
    return np.hstack([turn, (there - turn @ middle)[:, None]])


def _warped(picture: Picture, matrix: NDArray[np.float64]) -> Picture:
    """Return the part of a picture that a 2 x 3 matrix maps onto a chip, each pixel mixed from its four neighbours."""
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    y, x = np.mgrid[0:CHIP, 0:CHIP]
    from_x, from_y = (back[row, 0] * x + back[row, 1] * y + back[row, 2] for row in (0, 1))
    height, width = picture.shape[:2]
    from_x, from_y = np.clip(from_x, 0, width - 1.001), np.clip(from_y, 0, height - 1.001)
    left, top = from_x.astype(int), from_y.astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (from_x - left)[..., None], (from_y - top)[..., None]
    upper = picture[top, left] * (1 - across) + picture[top, right] * across
    lower = picture[bottom, left] * (1 - across) + picture[bottom, right] * across
    mixed: Picture = np.rint(upper * (1 - down) + lower * down).astype(np.uint8)
    return mixed
