"""What evidence says of nudity: one score for all media behind a link."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Fingerprint, NudityScore
from bot.rules import NUDE


def nudity_of(prints: Sequence[tuple[int, Fingerprint]], model: str) -> NudityScore | None:
    """Return the nudity evidence of (media, fingerprint) pairs, or None if no model looked at any of them.

    `score` is that of the media with the highest, named in `media`; `frames` counts those at or above 0.8 in all media.
    """
    held = {media: held_score(found.nudity) for media, found in prints if found.nudity}
    if not held:
        return None
    best = max(held, key=lambda media: held[media])
    frames = sum(score >= NUDE for _, found in prints for score in found.nudity)
    return NudityScore(score=held[best], frames=frames, media=best, model=model)


def held_score(scores: Sequence[float]) -> float:
    """Return the highest score that two frames of a file reach, or the only one's if one was looked at.

    One frame of a clip can be wrong: a blur, a cut, a close-up of a hand.
    """
    return sorted(scores)[-2:][0]
