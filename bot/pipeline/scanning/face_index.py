"""Which faces in a media resemble somebody who asked for protection. Others leave nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bot import faces
from bot.clock import minutes
from bot.config import GalleryConfig
from bot.faces import FaceModel
from bot.model import FaceMatch, FaceTrack, FaceView
from bot.plural import many, odds
from bot.store import Store

# Numbers of known views that are multiplied at once. So few leave BLAS on one thread: on a busy machine its threads
# wait for one another, which takes four times as long as the work.
BLOCK = 2**15


def chance(false_matches: float, views: int) -> float:
    """Return how often one pair of strangers may match, so that a face that is looked at has so many false matches.

    `views` are those in the gallery: each of them is one more chance to be wrong.
    """
    return min(0.5, false_matches / views)


class FaceIndex:
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


class FaceRecogniser:
    """Compares the faces of a media with those of protected persons."""

    def __init__(self, settings: GalleryConfig, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._model: FaceModel | None = None
        self._version: int | None = None
        self._known = FaceIndex([], np.zeros((0, 0), np.float32))
        self._lock = threading.Lock()  # what is read of somebody must not be put back by who began before they left

    @property
    def on(self) -> bool:
        """Whether faces are looked for at all: switched on, and somebody is protected."""
        return self._settings.enabled and self._store.gallery.anybody()

    def model(self) -> FaceModel:
        """Return the configured model. Raises ConfigError if there is none of that name."""
        if self._model is None:
            self._model = faces.model_of(self._settings)
        return self._model

    def index(self) -> FaceIndex:
        """Return the views of everybody who is protected, read again if they changed here or in another process."""
        model = self.model()
        with self._lock:
            version = self._store.gallery.version()
            if version == self._version:
                return self._known
            rows = self._store.gallery.vectors(model.name)
            vectors = [np.frombuffer(vector, "<f4") for _, vector in rows]
            self._known = FaceIndex(
                [label for label, _ in rows], np.stack(vectors) if vectors else np.zeros((0, model.size), np.float32)
            )
            self._version = version
            return self._known

    def forget(self) -> None:
        """Drop what is in memory of everybody who is protected; it is read again when it is needed."""
        with self._lock:
            self._version = None
            self._known = FaceIndex([], np.zeros((0, 0), np.float32))

    def recognise(self, media: int, tracks: Sequence[FaceTrack]) -> list[FaceMatch]:
        """Return, as evidence, the faces that resemble a protected person; nothing of any other."""
        if not tracks or not self.on:
            return []
        known = self.index()
        if not len(known):
            return []
        model = self.model()
        cut = model.curve.distance(chance(self._settings.false_matches, len(known)))
        looked = [track for track in tracks if track.views]
        nearest = known.nearest([np.stack([vector_of(view) for view in track.views]) for track in looked])
        found = []
        for track, (person, apart) in zip(looked, nearest, strict=True):
            evidence = self._resembles(media, track, person, apart, cut, len(known))
            if evidence is not None:
                found.append(evidence)
        return found

    def _resembles(
        self, media: int, track: FaceTrack, person: str, mine: NDArray[np.float32], cut: float, others: int
    ) -> FaceMatch | None:
        """Return what is found of one face whose views are `mine` apart from a person's, or None.

        `others`: how many views there are in the gallery.
        """
        model = self.model()
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
            probability=round(model.curve.probability(middle, others), 4),
            similarity=round(similarity, 3),
            views=len(track.views),
            views_matched=within,
            looks=len(track.places),
            begin=track.places[0][0],
            end=track.places[-1][0],
            why=_words(track, within, similarity),
        )


def vector_of(view: FaceView) -> NDArray[np.float32]:
    """Return a view's vector, as many numbers as the model has."""
    return np.frombuffer(view.vector, "<f4")


def _words(track: FaceTrack, within: int, best: float) -> str:
    views = len(track.views)
    if views == 1:
        return f"in one view of the face, similarity {odds(best)}"
    span = f"{minutes(track.places[0][0])} to {minutes(track.places[-1][0])}"
    text = f"in {within} of {many(views, 'view')} of the face, {span}, best similarity {odds(best)}"
    if within < views:
        text += "; it resembles the person only at times, as a swapped face does, or somebody who looks alike"
    return text
