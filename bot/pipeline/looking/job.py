"""One thing that somebody asked to look at, from the asking until it is gone. In memory only."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from bot.contact_sheets import Looker
from bot.model import Actor, LookSettings, LookState, Sheet
from bot.pipeline.looking.answer import Answer
from bot.pipeline.looking.asked import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a look is."""

    state: LookState
    why: str = ""  # of a failed one, a sentence
    seconds: float = 0.0  # until it is over or gone, whichever is next
    case: str | None = None  # that it is of, while it is anything
    layout: Sheet | None = None  # of a sheet that is ready, without its picture


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A look. Whoever changes it holds the lock of all looks."""

    id: str
    by: Actor
    session: str
    wish: Wish = field(repr=False)
    settings: LookSettings
    until: float  # on the clock that never jumps
    state: LookState = LookState.WAITING
    why: str = ""
    result: Sheet | Answer | None = field(default=None, repr=False)
    looker: Looker | None = field(default=None, repr=False)
    thread: threading.Thread | None = field(default=None, repr=False)
    together: Job | None = field(default=None, repr=False)  # shown at once with this one: it is kept while that is made

    @property
    def alive(self) -> bool:
        """Whether it is still worked on."""
        return self.state in (LookState.WAITING, LookState.FETCHING)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        layout = replace(self.result, png=b"") if isinstance(self.result, Sheet) else None
        left = max(0.0, self.until - time.monotonic())
        return Progress(state=self.state, why=self.why, seconds=left, case=self.wish.case, layout=layout)

    def close(self, state: LookState, why: str, until: float) -> None:
        """End it: what was fetched or made is dropped, and its child killed."""
        self.state, self.why, self.until = state, why, until
        self.result = None
        self.wish = Wish()
        self.together = None
        if self.looker is not None:
            self.looker.close()
            self.looker = None
