"""Altered copies: local features of media against those of entries. Pure; sketches are passed in.

A copy that was cropped, framed, captioned, turned or set into another picture keeps most of its corners in their
places, relative to one another. So does every other take of the same place, and the footage that a fake was made from.
Which of the three it is, is told by what moves, and by the parts of the picture that do not agree.
"""

from __future__ import annotations

from bot.copies.decide import Finding
from bot.copies.explain import doubt, why
from bot.copies.index import LocalFeatureIndex

__all__ = ["Finding", "LocalFeatureIndex", "doubt", "why"]
