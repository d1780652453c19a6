"""The gallery: who is protected, on which basis, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.clock import Clock
from bot.config import GalleryConfig
from bot.errors import DatabaseError, MarkedFileError, MediaError, StoreError, UsageError
from bot.faces import FaceModel
from bot.model import PROGRAM, Actor, Consent, FaceView, Voice
from bot.pipeline.scanning.face_index import FaceRecogniser, vector_of
from bot.pipeline.scanning.scanner import file_names
from bot.store import Store
from bot.workers import Workers

MIN_HEIGHT = 60  # pixels of an enrolled face
MIN_SHARPNESS = 15.0
MIN_FRONTAL = 0.35
SECOND_FACE = 0.4  # of the first one's height: smaller faces beside it are bystanders
LONGEST = timedelta(days=3 * 366)
ALIKE = 1e-3  # false match rate at whose distance two persons are called too close to tell apart
ONE_PERSON = 1e-2  # the same for pictures that are said to show one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What came of an enrolment."""

    label: str
    views: int
    warnings: tuple[str, ...]


class Gallery:
    """Enrols and forgets protected persons."""

    def __init__(
        self, settings: GalleryConfig, store: Store, clock: Clock, workers: Workers, recogniser: FaceRecogniser
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._workers = workers
        self._recogniser = recogniser

    def enrol(self, name: str, consent: Consent, pictures: Sequence[tuple[str, bytes]], *, by: Actor) -> Enrolled:
        """Protect a person by local pictures, which are not kept.

        Raises UsageError, naming the picture, if one cannot serve: no face or several, too small, blurred, turned away,
        or another person than the rest; or if the consent is not complete.
        """
        self._check(consent)
        model = self._recogniser.model()
        views = [(place, self._view(place, data)) for place, data in pictures]
        if not views:
            raise UsageError("a person needs at least one picture; three from different days are better")
        vectors = np.stack([vector_of(view) for _, view in views])
        apart = model.curve.distance(ONE_PERSON)
        for (place, _), vector in zip(views[1:], vectors[1:], strict=True):
            if float(np.linalg.norm(vectors[0] - vector)) > apart:
                raise UsageError(f"{place} does not show the same person as {views[0][0]}; enrol one person at a time")
        warnings = self._too_close(vectors, model)
        if len(views) == 1:
            warnings = (*warnings, "one picture only: two or three more, from other days, find much more")
        store = self._store
        with store.transaction():
            label = store.gallery.add(
                name=name,
                consent=consent,
                model=model.name,
                vectors=[vector.astype("<f4").tobytes() for vector in vectors],
                by=by,
            )
            store.audit.record(by=by, what="person enrolled", subject=label, why=consent.basis)
        return Enrolled(label=label, views=len(views), warnings=warnings)

    def forget(self, person: str, *, by: Voice, why: str) -> None:
        """Destroy a person's entry at once and for good. Raises StoreError if there is none."""
        store = self._store
        with store.transaction():
            store.gallery.forget(person)
            store.audit.record(by=by, what="person forgotten", subject=person, why=why)
        store.maintenance.truncate_log()
        self._recogniser.forget()

    def expire(self) -> int:
        """Destroy the entries whose time has run out; return how many."""
        expired = self._store.gallery.expired()
        for person in expired:
            try:
                self.forget(person, by=PROGRAM, why="the time agreed on has run out")
            except DatabaseError:
                raise
            except StoreError:  # another process was faster
                continue
        return len(expired)

    def _view(self, place: str, data: bytes) -> FaceView:
        if self._store.minors.is_never(*file_names(data)):
            raise UsageError(f"{place}: {MarkedFileError()}")
        try:
            found = self._workers.fingerprint(data, faces=True)
        except MediaError as error:
            raise UsageError(f"{place}: {error}") from None
        seen = [track.views[0] for track in found.faces if track.views]
        if not seen:
            raise UsageError(f"{place} shows no face that is found; choose a clear picture from the front")
        first = max(seen, key=lambda view: view.box[3])
        others = [view for view in seen if view is not first and view.box[3] >= SECOND_FACE * first.box[3]]
        if others:
            raise UsageError(f"{place} shows {len(others) + 1} faces; cut out the one that is meant")
        if first.box[3] < MIN_HEIGHT:
            raise UsageError(f"the face in {place} is {first.box[3]} pixels high; it needs {MIN_HEIGHT}")
        if first.sharpness < MIN_SHARPNESS:
            raise UsageError(f"the face in {place} is blurred; choose a sharper picture")
        if first.frontal < MIN_FRONTAL:
            raise UsageError(f"the face in {place} is turned away; choose a picture from the front")
        return first

    def _too_close(self, vectors: NDArray[np.float32], model: FaceModel) -> tuple[str, ...]:
        close = self._recogniser.index().within(vectors, model.curve.distance(ALIKE))
        return tuple(
            f"this face and {label} are too close to tell apart; the same person twice, or two who look alike: "
            "matches of either need a careful look"
            for label in sorted(close)
        )

    def _check(self, consent: Consent) -> None:
        if not self._settings.enabled:
            raise UsageError("the gallery is off; read gifwarden person policy, then set gallery.enabled = true")
        if not consent.adult:
            raise UsageError("only adults are enrolled, and somebody must say so: --adult")
        if consent.basis == "mandate" and not consent.mandate:
            raise UsageError("a mandate needs its record: --mandate, where the power to act for this person is kept")
        for name, text in (("record", consent.record), ("purpose", consent.purpose)):
            if not text.strip():
                raise UsageError(f"--{name} is empty; say in a few words what is recorded where, and what for")
        now = self._clock.now()
        if not now < consent.expires <= now + LONGEST:
            raise UsageError("--expires must be a day in the next three years; consent can be renewed")
