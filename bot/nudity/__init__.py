"""Nudity: how likely a picture shows it, as one number. A new model is one file, one line.

base       what a model is, how a file with a checksum is read
open_nsfw  the classifier that `gifwarden nudity install` fetches
nudenet    the detector that an extra brings
looks      which frames of a file are looked at
install    where open_nsfw's file comes from, and how it is checked; for its command only
"""

from __future__ import annotations

from pathlib import Path

from bot.errors import ConfigError
from bot.nudity.base import NudityModel, Picture
from bot.nudity.frame_sampling import Looker
from bot.nudity.nudenet import NudeNet
from bot.nudity.open_nsfw import OpenNsfw

MODELS: tuple[type[NudityModel], ...] = (OpenNsfw, NudeNet)

__all__ = ["MODELS", "Looker", "NudeNet", "NudityModel", "OpenNsfw", "Picture", "model_of"]


def model_of(name: str, folder: Path | str, checksum: str | None = None) -> NudityModel:
    """Return the model of that name; `folder` holds the files that were installed. Nothing is loaded yet.

    `checksum`: the SHA-256 that its file must have; by default that of the published one.

    Raises ConfigError if there is none of that name.
    """
    found = next((model for model in MODELS if model.name == name), None)
    if found is None:
        known = ", ".join(model.name for model in MODELS)
        raise ConfigError(f"nudity.model {name} is no nudity model of this version; known: {known}")
    return found(Path(folder).resolve(), checksum)
