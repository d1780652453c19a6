"""Faces: where they are in a picture, and vectors by which two of them are compared. A new model is one file, one line.

base    what a model is, boxes, and what published figures say of a distance
tracks  the faces of one file: found on few frames, followed, and the best views of each embedded
"""

from __future__ import annotations

from bot.config import GalleryConfig
from bot.errors import ConfigError
from bot.faces.base import Aligned, Box, Curve, FaceModel, Located, Picture, Vector
from bot.faces.dlib import Dlib
from bot.faces.onnx import Onnx, OnnxFiles
from bot.faces.tracks import Watcher

FACES: tuple[FaceModel, ...] = (Dlib(),)  # those that come with the installation

__all__ = ["FACES", "Aligned", "Box", "Curve", "FaceModel", "Located", "Picture", "Vector", "Watcher", "model_of"]


def model_of(settings: GalleryConfig) -> FaceModel:
    """Return the configured model; its weights are not loaded yet. Raises ConfigError if there is none of that name."""
    if settings.model == "onnx":
        assert settings.detector, "the configuration was checked when it was read"
        assert settings.embedder, "the configuration was checked when it was read"
        return Onnx(
            OnnxFiles(
                detector=settings.detector,
                detector_checksum=settings.detector_checksum,
                embedder=settings.embedder,
                embedder_checksum=settings.embedder_checksum,
                licence=settings.licence,
                curve=Curve(rows=settings.rates, source="gallery.rates in the configuration"),
            )
        )
    found = next((model for model in FACES if model.name == settings.model), None)
    if found is None:
        known = ", ".join(("onnx", *(model.name for model in FACES)))
        raise ConfigError(f"gallery.model {settings.model} is no face model of this version; known: {known}")
    return found
