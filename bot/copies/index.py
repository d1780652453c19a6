"""All entries' local features, ready to be asked: which entries are in a media, and as what."""

from __future__ import annotations

import hashlib
import struct
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.copies.align import Transform
from bot.copies.decide import Finding, decide
from bot.copies.inverted_index import NEAR, Segment, joined, segment, votes
from bot.copies.points import met, unpack
from bot.copies.timeline import LEAST, EntryFeatures, QueryFeatures, begun, look, spread
from bot.model import LocalFeatures

FRAMES, CORNERS, ALONE = 8, 160, 600  # of an entry that are searched: frames, corners of each, of a still
ASKED, FEWER, LONG = 24, 10, 15.0  # frames of a query that are searched with: of a long one (seconds), of others
STRONGEST = 4000  # pairs of frames that share most
NEARBY = 0.5  # seconds
HINTS = 3  # pairs of frames from which a closer look begins
CLOSER = 6  # entries that are looked at closely
AGAIN = 2  # of them that are looked at from other frames too, where that showed nothing
# Corners that the best start explains in one pair of frames: no fewer than a finding may have. Of 40 copies and 102
# other takes of clips that were found among six entries the least had 20.
LEAST_MOVING = 12
# Entries of one stretch of the query that are looked at closely in any case; more only if they explain so much of what
# the best does there. These and the numbers above were chosen on the clips that docs/why.md reports on.
SURELY, MUCH = 3, 0.5
BESIDE = 1.5  # seconds beside a start that are of one stretch with it
BATCH = 4096  # frames that are put into order at a time
KEPT = 64  # entries whose corners are kept in memory
ANSWERED = 512  # queries whose answers are: the very file is often posted again, under another link

Load = Callable[[int], Sequence[LocalFeatures]]
Hints = list[tuple[float, int, int]]  # votes, query frame, entry frame


@dataclass(frozen=True, slots=True)
class _Likely:
    """An entry that may be in a query: its place among those that share most, and how it may lie there."""

    place: int
    entry: int
    held: EntryFeatures
    mirrored: bool
    hints: list[tuple[int, int]]
    starts: list[tuple[int, int, Transform]]  # query frame, corners explained in one pair of frames, how
    twice: bool = False  # it was begun from other frames too

    @property
    def explained(self) -> int:
        """How many corners the best start explains in one pair of frames."""
        return max((count for _, count, _ in self.starts), default=0)

    def beside(self, other: _Likely, times: NDArray[np.float64]) -> bool:
        """Return whether the best start lies in the stretch of a query's `times` (seconds a frame) that another has."""
        at = times[max(self.starts, key=lambda start: start[1])[0]]
        of = [float(times[query]) for query, count, _ in other.starts if count >= min(LEAST_MOVING, other.explained)]
        return any(abs(at - time) <= BESIDE for time in of)

    def least(self, asked: QueryFeatures) -> int:
        """Return how many that must be for a closer look to be worth it."""
        return LEAST_MOVING if self.held.moving and len(asked) > 1 else LEAST

    def again(self, asked: QueryFeatures) -> _Likely:
        """Return it begun from the frames that have most words in common."""
        hints = _diverse(_alike(asked, self.held, self.mirrored, ()))
        return replace(_begun(asked, self.place, self.entry, self.held, self.mirrored, hints), twice=True)

    def finding(self, asked: QueryFeatures) -> Finding | None:
        """Return what it is to the query, or None if it is nothing."""
        if not self.starts:
            return None
        starts = [transform for *_, transform in self.starts]
        seen = look(asked, self.held, starts, self.mirrored, [query for query, _ in self.hints])
        return decide(asked, self.held, seen) if seen else None


class LocalFeatureIndex:
    """An inverted file over the entries that were put on it; whole sketches are loaded when needed."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._segments: list[Segment] = []
        self._owners: list[tuple[int, int]] = []  # (entry, frame)
        self._gone: set[int] = set()  # owners
        self._by_entry: dict[int, range] = {}
        self._held: OrderedDict[int, EntryFeatures] = OrderedDict()
        self._answers: OrderedDict[tuple[bytes, frozenset[int]], list[tuple[int, Finding]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_entry)

    def put(self, entries: Iterable[int]) -> None:
        """Add entries, or put them there anew. Those without features are left out."""
        parts = []
        for entry in entries:
            self.drop(entry)
            sketches = [sketch for sketch in self._load(entry) if sketch.points]
            if not sketches:
                continue
            begin = len(self._owners)
            most = ALONE if len(sketches) == 1 else CORNERS
            for frame in spread(len(sketches), FRAMES):
                sketch = sketches[frame]
                parts.append((len(self._owners), unpack(sketch.points, sketch.aspect).take(slice(most))))
                self._owners.append((entry, frame))
            self._by_entry[entry] = range(begin, len(self._owners))
            if len(parts) >= BATCH:
                self._segments.append(segment(parts))
                self._tidy()
                parts = []
        if parts:
            self._segments.append(segment(parts))
            self._tidy()

    def drop(self, entry: int) -> None:
        """Take an entry away; nothing happens if it is not there."""
        self._answers.clear()
        self._gone.update(self._by_entry.pop(entry, ()))
        self._held.pop(entry, None)

    def search(self, asked: QueryFeatures) -> list[tuple[int, bool, list[tuple[int, int]]]]:
        """Return (entry, mirrored, hints) of the entries that share most with a query; best first."""
        most = ASKED if asked.times[-1] - asked.times[0] > LONG else FEWER
        wanted = [(frame, mirrored) for frame in spread(len(asked), most) for mirrored in (False, True)]
        number, owner, count = votes(self._segments, [asked.points(*one) for one in wanted])
        hints: dict[tuple[int, bool], Hints] = {}
        order = np.argsort(-count, kind="stable")[:STRONGEST]
        for query, place, votes_ in zip(
            number[order].tolist(), owner[order].tolist(), count[order].tolist(), strict=True
        ):
            if place not in self._gone:
                entry, frame = self._owners[place]
                at, mirrored = wanted[query]
                hints.setdefault((entry, mirrored), []).append((votes_, at, frame))
        score: dict[tuple[int, bool], float] = {}
        for key, found in hints.items():
            best: dict[int, float] = {}
            for votes_, frame, _ in found:
                best[frame] = max(votes_, best.get(frame, 0))
            score[key] = sum(best.values())
        likeliest = sorted(score, key=lambda key: -score[key])[:CLOSER]
        return [(*key, _diverse(hints[key])) for key in likeliest]

    def find(self, sketches: Sequence[LocalFeatures], but: Collection[int] = ()) -> list[tuple[int, Finding]]:
        """Return what the entries that share most with a media are to it: (entry, finding), the likest first.

        `but`: entries that are known already and are not looked at.
        """
        key = _digest(sketches), frozenset(but)
        if key not in self._answers:
            self._answers[key] = self._find(sketches, key[1])
            if len(self._answers) > ANSWERED:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return list(self._answers[key])

    def _find(self, sketches: Sequence[LocalFeatures], but: frozenset[int]) -> list[tuple[int, Finding]]:
        asked = QueryFeatures(sketches)
        if not len(asked) or not self._by_entry:
            return []
        likely: list[_Likely] = []
        for place, (entry, mirrored, hints) in enumerate(self.search(asked)):
            held = self._of(entry)
            if entry in but or held is None:
                continue
            one = _begun(asked, place, entry, held, mirrored, hints)
            if one.explained < one.least(asked) and place < AGAIN:
                one = one.again(asked)
            if one.explained >= one.least(asked):
                likely.append(one)
        likely.sort(key=lambda one: -one.explained)
        found: dict[int, Finding] = {}
        for number, one in enumerate(likely):
            better: dict[int, int] = {}  # of each other entry the most, in the same stretch
            for other in likely[:number]:
                if other.entry != one.entry and one.beside(other, asked.times):
                    better.setdefault(other.entry, other.explained)
            if len(better) >= SURELY and len(asked) > 1 and one.explained < MUCH * max(better.values()):
                continue
            finding = one.finding(asked)
            if finding is None and one.place < AGAIN and not one.twice:
                finding = one.again(asked).finding(asked)
            if finding and (one.entry not in found or finding.inliers > found[one.entry].inliers):
                found[one.entry] = finding
        first = {one.entry: one.place for one in sorted(likely, key=lambda one: -one.place)}
        return sorted(found.items(), key=lambda pair: first[pair[0]])

    def compare(
        self, sketches: Sequence[LocalFeatures], entry: int, within: Sequence[tuple[float, float]] = ()
    ) -> Finding | None:
        """Return what an entry is to a media in which another method found it; None if that cannot be told.

        `within` are the stretches of the media's time (seconds) in which it was found; without them it may be anywhere.
        """
        asked, held = QueryFeatures(sketches), self._of(entry)
        if not len(asked) or held is None:
            return None
        plain, turned = (_alike(asked, held, mirrored, within) for mirrored in (False, True))
        mirrored = sum(votes for votes, _, _ in turned) > sum(votes for votes, _, _ in plain)
        hints = _diverse(turned if mirrored else plain)
        return _begun(asked, 0, entry, held, mirrored, hints).finding(asked)

    def knows(self, entry: int) -> bool:
        """Return whether an entry has features."""
        return entry in self._by_entry

    def _of(self, entry: int) -> EntryFeatures | None:
        """Return an entry's features, or None if it has none, also by now: it may be withdrawn during a search."""
        if entry not in self._by_entry:
            return None
        if entry not in self._held:
            sketches = self._load(entry)
            if not any(sketch.points for sketch in sketches):
                return None
            self._held[entry] = EntryFeatures(sketches)
            if len(self._held) > KEPT:
                self._held.popitem(last=False)
        self._held.move_to_end(entry)
        return self._held[entry]

    def _tidy(self) -> None:
        """Join segments that are not larger than what was added since, so that a search looks into few."""
        while len(self._segments) > 1 and len(self._segments[-2].owner) < 2 * len(self._segments[-1].owner):
            last, before = self._segments.pop(), self._segments.pop()
            self._segments.append(joined([before, last], self._gone))


def _digest(sketches: Sequence[LocalFeatures]) -> bytes:
    """Return what tells a media's features from all others'; of faces it tells nothing."""
    whole = hashlib.blake2b(digest_size=32)
    for one in sketches:
        parts = (one.points, one.mirrored, one.fine, one.fine_mirrored, one.faces or b"")
        whole.update(struct.pack("<2d?5Q", one.t, one.aspect, one.faces is None, *map(len, parts)))
        for part in parts:
            whole.update(part)
    return whole.digest()


def _begun(
    asked: QueryFeatures, place: int, entry: int, held: EntryFeatures, mirrored: bool, hints: list[tuple[int, int]]
) -> _Likely:
    """Return an entry that may be in a query, laid over it from some hints."""
    starts = [(hint[0], *found) for hint in hints for found in begun(asked, held, [hint], mirrored)]
    return _Likely(place, entry, held, mirrored, hints, starts)


def _alike(asked: QueryFeatures, held: EntryFeatures, mirrored: bool, within: Sequence[tuple[float, float]]) -> Hints:
    """Return for a few frames of a query the entry's frame that has most words in common with it."""
    hints: Hints = []
    inside = [
        frame for frame, t in enumerate(asked.times) if any(a - NEARBY <= t <= b + NEARBY for a, b in within)
    ] or list(range(len(asked)))
    full = set(asked.full)
    frames = [frame for frame in inside if frame in full] or inside
    for place in spread(len(frames), HINTS):
        frame = frames[place]
        words = asked.points(frame, mirrored).word[:ALONE]
        near = met(held.points.word, words, NEAR)
        votes = np.bincount(held.frame[near], minlength=len(held.times))
        hints.append((float(votes.max()), frame, int(votes.argmax())))
    return hints


def _diverse(hints: Hints) -> list[tuple[int, int]]:
    """Return the best pairs of frames, each query frame once."""
    chosen: dict[int, int] = {}
    for _, query, entry in sorted(hints, reverse=True):
        if query not in chosen:
            chosen[query] = entry
        if len(chosen) == HINTS:
            break
    return list(chosen.items())
