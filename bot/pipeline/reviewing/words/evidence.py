"""What was found behind a link beside bank entries, in words: protected faces, footage that is no copy, nudity."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Evidence
from bot.plural import odds

NO_IDENTITY = "a resemblance is no identity: two people may look alike, so compare the face yourself"


WHAT = {"face_differs": "same footage, another face", "part_differs": "same footage, a part replaced"}


def face_lines(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each face that resembles a protected person, how sure it is included."""
    for face in evidence.faces:
        if face.person:
            likely = "" if face.probability is None else f", probability {odds(face.probability)}"
            yield f"resembles {face.person}{likely}: {face.why}"


def footage_lines(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each entry whose footage or place is shown without being a copy of it."""
    for found in evidence.source:
        yield f"{found.entry} in {found.bank}, {WHAT.get(found.kind or '', 'same place')}: {found.why}"


def nudity_lines(evidence: Evidence) -> Iterator[str]:
    """Yield one line on the nudity signal, if there is one: the score, in how many frames, by which model."""
    nudity = evidence.nudity
    if nudity is not None:
        seen = "" if nudity.frames is None else f" in {nudity.frames} {'frame' if nudity.frames == 1 else 'frames'}"
        yield f"{odds(nudity.score)}{seen}" + (f" ({nudity.model})" if nudity.model else "")
