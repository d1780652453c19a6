"""The gallery: who is protected, and which faces in a media resemble one of them. Others leave nothing behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bot import faces
from bot.clock import minutes
from bot.errors import MediaError, UsageError
from bot.faces import FaceModel
from bot.model import PROGRAM, Actor, Consent, FaceMatch, FaceTrack, FaceView, Voice
from bot.pipeline.core import Deps
from bot.plural import many

LEAST_HEIGHT = 60  # pixels of an enrolled face
LEAST_SHARPNESS = 15.0
LEAST_FRONTAL = 0.35
SECOND_FACE = 0.4  # of the first one's height: smaller faces beside it are bystanders
LONGEST = timedelta(days=3 * 366)
ALIKE = 1e-3  # false match rate at whose distance two persons are called too close to tell apart
ONE_PERSON = 1e-2  # the same for pictures that are said to show one person
# Numbers of known views that are multiplied at once. So few leave BLAS on one thread: on a busy machine its threads
# wait for one another, which takes four times as long as the work.
BLOCK = 2**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What came of an enrolment."""

    label: str
    views: int
    warnings: tuple[str, ...]


def chance(false_matches: float, views: int) -> float:
    """Return how often one pair of strangers may match, so that a face that is looked at has so many false matches.

    `views` are those in the gallery: each of them is one more chance to be wrong.
    """
    return min(0.5, false_matches / views)


class Known:
    """The views of everybody in a gallery, ready to be compared with every face of a file at once. Never changes."""

    def __init__(self, labels: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Take a view a row: `labels` says whose each is, `vectors` is views x numbers of the model."""
        self._persons = sorted(set(labels))
        places = {label: place for place, label in enumerate(self._persons)}
        self._owners = np.array([places[label] for label in labels], np.intp)
        self._squares = (vectors**2).sum(1)
        # blocks x numbers x views, the last block filled up with zeros
        count, size = vectors.shape
        each = max(1, BLOCK // max(1, size))
        filled = np.zeros((-(-count // each) * each, size), np.float32)
        filled[:count] = vectors
        self._blocks = np.ascontiguousarray(filled.reshape(len(filled) // each, each, size).transpose(0, 2, 1))

    def __len__(self) -> int:
        """Return how many views there are."""
        return len(self._owners)

    def nearest(self, seen: Sequence[NDArray[np.float32]]) -> list[tuple[str, NDArray[np.float32]]]:
        """Return, of each face (views x numbers), who it resembles most and each view's distance to that person.

        That is who most of its views are nearest to; between persons with as many, the nearest one. Every face must
        have a view, and so must the gallery.
        """
        squares = self._apart(np.concatenate(seen)) if seen else np.zeros((0, len(self)), np.float32)
        ends = np.cumsum([len(views) for views in seen], dtype=int)
        return [self._nearest(squares[end - len(views) : end]) for views, end in zip(seen, ends, strict=True)]

    def _nearest(self, squares: NDArray[np.float32]) -> tuple[str, NDArray[np.float32]]:
        first = squares.argmin(1)
        owners = self._owners[first]
        votes = np.bincount(owners)
        closest = squares[np.arange(len(squares)), first]
        person = min(np.flatnonzero(votes == votes.max()), key=lambda owner: closest[owners == owner].min())
        mine = squares[:, self._owners == person].min(1)
        return self._persons[person], np.sqrt(np.maximum(mine, 0))

    def within(self, seen: NDArray[np.float32], distance: float) -> set[str]:
        """Return who has a view within a distance of one of these (views x numbers)."""
        close = (self._apart(seen) <= distance**2).any(0)
        return {self._persons[owner] for owner in self._owners[close]}

    def _apart(self, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return squared distances, views x known views: |a - b|² = |a|² - 2ab + |b|²."""
        if not len(self):
            return np.zeros((len(seen), 0), np.float32)
        products = np.moveaxis((-2 * seen) @ self._blocks, 0, 1)
        squares: NDArray[np.float32] = products.reshape(len(seen), -1)[:, : len(self)]
        squares += self._squares
        squares += (seen**2).sum(1)[:, None]
        return squares


class Gallery:
    """Enrols, forgets and recognises protected persons."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._model: FaceModel | None = None
        self._version: int | None = None
        self._known = Known([], np.zeros((0, 0), np.float32))

    @property
    def on(self) -> bool:
        """Whether faces are looked for at all: switched on, and somebody is protected."""
        return self._d.config.gallery.enabled and self._d.store.gallery.anybody()

    def model(self) -> FaceModel:
        """Return the configured model. Raises ConfigError if there is none of that name."""
        if self._model is None:
            self._model = faces.model_of(self._d.config.gallery)
        return self._model

    def enrol(self, name: str, consent: Consent, pictures: Sequence[tuple[str, bytes]], *, by: Actor) -> Enrolled:
        """Protect a person by local pictures, which are not kept.

        Raises UsageError, naming the picture, if one cannot serve: no face or several, too small, blurred, turned away,
        or another person than the rest; or if the consent is not complete.
        """
        self._check(consent)
        model = self.model()
        views = [(place, self._view(place, data)) for place, data in pictures]
        if not views:
            raise UsageError("a person needs at least one picture; three from different days are better")
        vectors = np.stack([_vector(view) for _, view in views])
        apart = model.curve.distance(ONE_PERSON)
        for (place, _), vector in zip(views[1:], vectors[1:], strict=True):
            if float(np.linalg.norm(vectors[0] - vector)) > apart:
                raise UsageError(f"{place} does not show the same person as {views[0][0]}; enrol one person at a time")
        warnings = self._too_close(vectors, model)
        if len(views) == 1:
            warnings = (*warnings, "one picture only: two or three more, from other days, find much more")
        store = self._d.store
        with store.transaction():
            label = store.gallery.add(
                name=name,
                consent=consent,
                model=model.name,
                vectors=[vector.astype("<f4").tobytes() for vector in vectors],
                by=by,
            )
            store.upkeep.note(by=by, what="person enrolled", subject=label, why=consent.basis)
        return Enrolled(label=label, views=len(views), warnings=warnings)

    def forget(self, person: str, *, by: Voice, why: str) -> None:
        """Destroy a person's entry at once and for good. Raises StoreError if there is none."""
        store = self._d.store
        with store.transaction():
            store.gallery.forget(person)
            store.upkeep.note(by=by, what="person forgotten", subject=person, why=why)
        store.upkeep.truncate_log()
        self._version = None

    def expire(self) -> int:
        """Destroy the entries whose time has run out; return how many."""
        expired = self._d.store.gallery.expired()
        for person in expired:
            self.forget(person, by=PROGRAM, why="the time agreed on has run out")
        return len(expired)

    def recognise(self, media: int, tracks: Sequence[FaceTrack]) -> list[FaceMatch]:
        """Return, as evidence, the faces that resemble a protected person; nothing of any other."""
        if not tracks or not self.on:
            return []
        self._load()
        if not len(self._known):
            return []
        model = self.model()
        cut = model.curve.distance(chance(self._d.config.gallery.false_matches, len(self._known)))
        looked = [track for track in tracks if track.views]
        nearest = self._known.nearest([np.stack([_vector(view) for view in track.views]) for track in looked])
        found = []
        for track, (person, apart) in zip(looked, nearest, strict=True):
            evidence = self._resembles(media, track, person, apart, model, cut)
            if evidence is not None:
                found.append(evidence)
        return found

    def _resembles(
        self, media: int, track: FaceTrack, person: str, mine: NDArray[np.float32], model: FaceModel, cut: float
    ) -> FaceMatch | None:
        """Return what is found of one face whose views are `mine` apart from a person's, or None."""
        middle = float(median(mine.tolist()))
        within = int((mine <= cut).sum())
        if middle > cut or not within:
            return None
        best = track.views[int(mine.argmin())]
        similarity = max(0.0, 1 - float(mine.min()))
        return FaceMatch(
            media=media,
            t=best.t,
            box=best.box,
            person=person,
            model=model.name,
            distance=round(middle, 3),
            probability=round(model.curve.probability(middle, len(self._known)), 4),
            similarity=round(similarity, 3),
            views=len(track.views),
            views_matched=within,
            looks=len(track.places),
            begin=track.places[0][0],
            end=track.places[-1][0],
            why=_words(track, within, similarity),
        )

    def _view(self, place: str, data: bytes) -> FaceView:
        try:
            found = self._d.workers.fingerprint(data, faces=True)
        except MediaError as error:
            raise UsageError(f"{place}: {error}") from None
        seen = [track.views[0] for track in found.faces if track.views]
        if not seen:
            raise UsageError(f"{place} shows no face that is found; choose a clear picture from the front")
        first = max(seen, key=lambda view: view.box[3])
        others = [view for view in seen if view is not first and view.box[3] >= SECOND_FACE * first.box[3]]
        if others:
            raise UsageError(f"{place} shows {len(others) + 1} faces; cut out the one that is meant")
        if first.box[3] < LEAST_HEIGHT:
            raise UsageError(f"the face in {place} is {first.box[3]} pixels high; it needs {LEAST_HEIGHT}")
        if first.sharpness < LEAST_SHARPNESS:
            raise UsageError(f"the face in {place} is blurred; choose a sharper picture")
        if first.frontal < LEAST_FRONTAL:
            raise UsageError(f"the face in {place} is turned away; choose a picture from the front")
        return first

    def _too_close(self, vectors: NDArray[np.float32], model: FaceModel) -> tuple[str, ...]:
        self._load()
        close = self._known.within(vectors, model.curve.distance(ALIKE))
        return tuple(
            f"this face and {label} are too close to tell apart; the same person twice, or two who look alike: "
            "matches of either need a careful look"
            for label in sorted(close)
        )

    def _check(self, consent: Consent) -> None:
        if not self._d.config.gallery.enabled:
            raise UsageError("the gallery is off; read gifwarden person policy, then set gallery.enabled = true")
        if not consent.adult:
            raise UsageError("only adults are enrolled, and somebody must say so: --adult")
        if consent.basis == "mandate" and not consent.mandate:
            raise UsageError("a mandate needs its record: --mandate, where the power to act for this person is kept")
        for name, text in (("record", consent.record), ("purpose", consent.purpose)):
            if not text.strip():
                raise UsageError(f"--{name} is empty; say in a few words what is recorded where, and what for")
        now = self._d.clock.now()
        if not now < consent.expires <= now + LONGEST:
            raise UsageError("--expires must be a day in the next three years; consent can be renewed")

    def _load(self) -> None:
        """Read the gallery again if it changed, here or in another process."""
        version = self._d.store.gallery.version()
        if version == self._version:
            return
        rows = self._d.store.gallery.vectors(self.model().name)
        size = self.model().size
        vectors = [np.frombuffer(vector, "<f4") for _, vector in rows]
        self._known = Known(
            [label for label, _ in rows], np.stack(vectors) if vectors else np.zeros((0, size), np.float32)
        )
        self._version = version


def _vector(view: FaceView) -> NDArray[np.float32]:
    return np.frombuffer(view.vector, "<f4")


def _words(track: FaceTrack, within: int, best: float) -> str:
    views = len(track.views)
    if views == 1:
        return f"in one view of the face, similarity {best:.2f}"
    span = f"{minutes(track.places[0][0])} to {minutes(track.places[-1][0])}"
    text = f"in {within} of {many(views, 'view')} of the face, {span}, best similarity {best:.2f}"
    if within < views:
        text += "; it resembles the person only at times, as a swapped face does, or somebody who looks alike"
    return text
