"""What was found behind a link beside bank entries, in words: protected faces, footage that is no copy, nudity."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Evidence
from bot.rules.evidence import frames_of, score_of, text_of

NO_IDENTITY = "a resemblance is no identity: two people may look alike, so compare the face yourself"


WHAT = {"face_differs": "same footage, another face", "part_differs": "same footage, a part replaced"}


def face_lines(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each face that resembles a protected person, how sure it is included."""
    for face in evidence.faces:
        person, sure, why = face.get("person"), face.get("probability"), face.get("why", "")
        if person:
            odds = f", probability {sure:.2f}" if isinstance(sure, int | float) else ""
            yield f"resembles {person}{odds}: {why}"


def footage_lines(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each entry whose footage or place is shown without being a copy of it."""
    for found in evidence.source:
        what = WHAT.get(str(found.get("kind")), "same place")
        yield f"{found.get('entry')} in {found.get('bank')}, {what}: {found.get('why', '')}"


def nudity_lines(evidence: Evidence) -> Iterator[str]:
    """Yield one line on the nudity signal, if there is one: the score, in how many frames, by which model."""
    score, frames = score_of(evidence.nudity), frames_of(evidence.nudity)
    if evidence.nudity is not None and score is not None:
        seen = "" if frames is None else f" in {frames:g} {'frame' if frames == 1 else 'frames'}"
        model = text_of(evidence.nudity, "model")
        yield f"{score:.2f}{seen}" + (f" ({model})" if model else "")
