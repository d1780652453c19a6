"""One still against another: what of it the other hides, and whether what agrees is only the furniture of a page."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bot.copies.measure import ACROSS, DOWN, SAME_PLACE, alone, parts
from bot.copies.points import Bools, Floats, height, of_frame, width
from bot.copies.timeline import ALONE, EntryFeatures, QueryFeatures, Seen

WANTED = 2.5  # corners that should be found again in a part for it to tell
LOST, KEPT = 0.25, 0.5  # share of them that are, at most and at least
EMPTY = 0.25  # corners of the query in a part that shows nothing, as a share of the entry's
LINE, BESIDE = 2, (4, 8)  # units of one line, and from and to which another one lies beside it
ALONG = 16  # units between corners of one line, so that one letter is none
# Of 48 pages (chats, forums, grids, players; dark and light) the corners that agree lie on common rows and columns 2.6
# to 6 times as often as beside them, both together, and 20 to 81 % of them look like no other; of 12 photographs 1.7 to
# 2.8 times and 84 % and more, but for two.
LAID_OUT, LOOKS_ALONE = 2.7, 0.85
# Something put over 40 % of a picture takes 49 to 72 % of the parts that tell (22 stills, 12 of them for choosing).
MOST_COVERED = 0.72
CONTENT = 0.1  # share of a page's parts that differ: other pages have 0.13 and more, copies of a page 0.1 and less


@dataclass(frozen=True, slots=True, kw_only=True)
class StillParts:
    """What became of the parts of a still's picture in which there is something to see."""

    hidden: Bools  # for each of the entry's corners in view: the query shows nothing there
    share: float  # of the parts that are hidden, 0-1
    lost: Bools  # for each of the entry's corners in view: its part is not found again, whatever is there now
    gone: float  # share of the parts that are not found again, 0-1
    differs: float  # share of the parts that are not found again, hidden or not; by halves where half is
    page: bool  # what agrees is laid out in rows and columns, as on a page

    @property
    def covered(self) -> bool:
        """Whether something may lie over a part, and what can still be seen is more than the furniture of a page."""
        return not self.page and self.gone <= MOST_COVERED

    @property
    def other_page(self) -> bool:
        """Whether only what all pages of a site share may agree."""
        return self.page and self.differs >= CONTENT


def compared(asked: QueryFeatures, held: EntryFeatures, seen: Seen, rate: float) -> StillParts:
    """Return what became of an entry's parts in a query; `rate` is the share of corners found again where it agrees."""
    (query, entry, _), (which, exact, loose) = seen.pairs[0], seen.rows[0]
    corners, met = held.points.take(which), exact | loose
    across, down = (2 * ACROSS, 2 * DOWN) if held.aspect >= 1 else (2 * DOWN, 2 * ACROSS)
    wide, high = width(held.aspect), height(held.aspect)
    part = parts(corners.place, wide, high, across, down)
    total = np.bincount(part, minlength=across * down)
    had = np.bincount(part, weights=met, minlength=across * down)
    shown = of_frame(asked.sketches[query], mirrored=seen.mirrored, fine=False).take(slice(ALONE))
    back = np.linalg.inv(seen.transform.matrix.astype(np.float64))
    place = ((shown.place - seen.transform.shift) @ back.T).astype(np.float32)
    inside = (place > 0).all(axis=1) & (place[:, 0] < wide) & (place[:, 1] < high)
    there = np.bincount(parts(place[inside], wide, high, across, down), minlength=across * down)
    telling = total * rate >= WANTED
    lost = telling & (had <= LOST * rate * total)
    half = telling & ~lost & (had < KEPT * rate * total)
    hidden = lost & (there <= EMPTY * total)
    count = max(1, int(telling.sum()))
    found = corners.take(met)
    rows, columns = (_lined(found.place, axis) for axis in (1, 0))
    own = alone(found, held.of(entry), found.place, SAME_PLACE)
    return StillParts(
        hidden=hidden[part],
        share=float(hidden.sum()) / count,
        lost=lost[part],
        gone=float(lost.sum()) / count,
        differs=float(lost.sum() + 0.5 * half.sum()) / count,
        page=rows + columns >= LAID_OUT and bool(len(own)) and float(own.mean()) <= LOOKS_ALONE,
    )


def visible(seen: Seen, hidden: Bools) -> Seen:
    """Return what was seen of a still without the corners that are hidden or covered, bool (n,)."""
    which, exact, loose = seen.rows[0]
    return replace(seen, rows=[(which[~hidden], exact[~hidden], loose[~hidden])])


def _lined(place: Floats, axis: int) -> float:
    """Return how many times as often corners share a line as they lie a few units beside one another; 1 by chance."""
    across = place[:, 1 - axis]
    line = np.unique(np.stack([place[:, axis] // LINE, across // LINE], axis=1), axis=0) * LINE
    off = np.abs(line[:, None, 0] - line[None, :, 0])
    far = np.abs(line[:, None, 1] - line[None, :, 1]) >= ALONG
    beside = float(((off >= BESIDE[0]) & (off <= BESIDE[1]) & far).sum()) / (2 * ((BESIDE[1] - BESIDE[0]) // LINE + 1))
    return float(((off == 0) & far).sum()) / max(beside, 1.0)
