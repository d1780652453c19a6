"""What a case's page says of looking: whether, at which level, how far a look is, and a sheet without its picture."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import tenths
from bot.model import Level, LookState, Sheet, Verb
from bot.pipeline.looking.asked import Wish, refused_kind, why_not
from bot.pipeline.looking.beside import Pair
from bot.pipeline.looking.job import Progress
from bot.pipeline.looking.wishes import CLEAR, Wishes
from bot.pipeline.reviewing.words.case import Seen
from bot.plural import many
from bot.store import CaseRow
from bot.web.console.base import Visit, whole

LEVELS = {
    Level.OUTLINES: "outlines",
    Level.TILES: "grey tiles",
    Level.BLURRED: "blurred",
    Level.PLAIN: "plain",
}
UNDER_WAY = (LookState.WAITING, LookState.FETCHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One sheet on a page: how far it is, and where everything stands on it."""

    asked: str = ""  # the look that the page's address names
    look: str = ""  # the same while it is under way or ready
    state: LookState | None = None  # None: nothing was asked for
    why: str = ""
    sheet: Sheet | None = None

    @property
    def under_way(self) -> bool:
        """Whether it is still being made."""
        return self.state in UNDER_WAY

    @property
    def columns(self) -> int:
        """How many frames stand beside one another."""
        return len({frame.left for frame in self.sheet.frames}) if self.sheet else 0

    @property
    def told(self) -> str:
        """The sheet in words, for who does not see it."""
        if self.sheet is None:
            return ""
        found = sum(frame.matched for frame in self.sheet.frames)
        seconds = "" if self.sheet.duration is None else f" of {tenths(self.sheet.duration)}"
        level = LEVELS[self.sheet.level] + (", no colours" if self.sheet.grey and self.sheet.level in CLEAR else "")
        return f"{many(len(self.sheet.frames), 'frame')}{seconds}, {level}; {found or 'none'} matched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What can be looked at on a case's page, and what was asked for."""

    refused: str  # why nothing is, or nothing
    first: Level | None  # that comes next: where this person begins, or the one behind what is open
    media: tuple[int, ...] = ()  # places in an album, if there are several
    chosen: int | None = None  # of them
    own: Panel = Panel()  # the case's own media
    other: Panel | None = None  # what its entry was made of, if both were asked for
    pair: Pair | None = None  # what the case's media is compared with, as far as that is known
    word: str | None = None  # when it is much

    @property
    def under_way(self) -> bool:
        """Whether anything is still being made; what is ready before waits for the rest, for it is shown once."""
        return self.own.under_way or (self.other is not None and self.other.under_way)

    @property
    def looks(self) -> list[str]:
        """The looks that are under way or ready."""
        return [panel.look for panel in (self.own, self.other) if panel is not None and panel.look]

    @property
    def beside(self) -> bool:
        """Whether there is something to show beside the case's own media, and nobody asked for that alone."""
        both = self.other is not None or self.own.state is None
        return both and self.pair is not None and bool(self.pair.beside)


def offer(visit: Visit, case: Seen) -> Offer:
    """Return what somebody who may decide on a case is offered."""
    row, evidence = case.row, case.evidence
    by = visit.act(Verb.CASES, [row.post.subreddit])
    wishes = Wishes(visit.store)
    settings = wishes.settings(by)
    refused = why_not(visit.store, Wish(case=row.label)) or ""
    media = tuple(info for info in evidence.media if not info.error) if evidence else ()
    kinds = [refused_kind(info.kind, settings) for info in media]
    if not refused and kinds and all(kinds):
        refused = kinds[0] or ""
    if refused:
        return Offer(refused=refused, first=settings.level)
    own = _panel(visit, row, visit.query("look") or "")
    beside = visit.query("beside") or ""
    first: Level | None = settings.level
    if own.sheet is not None:
        first = next(iter(list(Level)[list(Level).index(own.sheet.level) + 1 :]), None)
    return Offer(
        refused="",
        first=first,
        media=tuple(info.index for info in media) if len(media) > 1 else (),
        chosen=whole(visit.query("media") or ""),
        own=own,
        other=_panel(visit, row, beside) if beside else None,
        pair=visit.pipeline.looks.comparison.pair(row, evidence, case.beside, by=by),
        word=wishes.today(by).word,
    )


def _panel(visit: Visit, row: CaseRow, look: str) -> Panel:
    progress = progress_of(visit, row, look)
    if progress is None:
        return Panel()
    alive = progress.state in (*UNDER_WAY, LookState.READY)
    return Panel(asked=look, look=look if alive else "", state=progress.state, why=progress.why, sheet=progress.layout)


def progress_of(visit: Visit, row: CaseRow, look: str) -> Progress | None:
    """Return how far a look of this session at this case is; None if none was asked for."""
    if not look:
        return None
    by = visit.act(Verb.CASES, [row.post.subreddit])
    found = visit.pipeline.looks.progress(look, by=by, session=visit.session.label)
    return found if found.case in (None, row.label) else Progress(state=LookState.GONE)
