"""What was found may have lost its ground by the time it is stored or judged: an entry, or a person, that is gone.

Links are matched in another lane than they are judged in, and a person may withdraw an entry, or be forgotten, at any
moment between.
"""

from __future__ import annotations

from dataclasses import replace

from bot.config import Config
from bot.model import Evidence
from bot.store import Store


def of_the_protected(store: Store, evidence: Evidence) -> Evidence:
    """Return evidence without faces of persons who are not protected any more, by our word or their time."""
    gone = {face.person for face in evidence.faces if face.person and not store.gallery.protects(face.person)}
    return replace(evidence, faces=tuple(face for face in evidence.faces if face.person not in gone))


def outdated(store: Store, evidence: Evidence, config: Config) -> bool:
    """Return whether an entry that was matched is withdrawn since, or not confirmed any more: it is matched anew."""
    labels = [match.entry for match in evidence.matches] + [source.entry for source in evidence.source]
    if not labels:
        return False
    alone = config.review.confirmations == 1
    standing = store.known.standing(labels, config.banks.trusted, alone=alone)
    return any(label not in standing for label in labels) or any(
        match.confirmed and not standing[match.entry] for match in evidence.matches
    )
