"""What every page of the console stands on: the desk, a visit of somebody who is signed in, and kinds of routes.

A page is one file: its routes, and a template beside it. What it shows it reads through the desk's own connection; what
it does it does through the pipeline, as `visit.act(verb, …)`, which asks the team's table first.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.config import Config
from bot.errors import RightsError, UsageError
from bot.model import Actor, Member, Verb
from bot.pipeline import Pipeline
from bot.store import DecisionRow, Store
from bot.store.sign_ins import SessionRow
from bot.web.console.guard import MAX_BODY, Attempts
from bot.web.console.presence import Presence
from bot.web.console.rendering import rendered

TITLE = "gifwarden"
MAX_WHY = 300  # characters of a reason
DIGITS = 18  # of a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all pages share."""

    pipeline: Pipeline
    reader: Store  # reads only, beside whoever writes
    presence: Presence
    attempts: Attempts
    nav: tuple[Page, ...] = ()

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.pipeline.deps.config


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One request of somebody of whom nothing is known."""

    desk: Desk
    request: Request
    form: FormData = field(default_factory=FormData)

    def page(self, template: str, *, status: int = 200, **facts: Any) -> Response:
        """Return a page made of a template."""
        return HTMLResponse(rendered(template, {"visit": None, **facts}), status)

    def field(self, name: str) -> str:
        """Return a field of the form that was sent; empty if it is not there."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def query(self, name: str) -> str | None:
        """Return a word of the address behind `?`; None if it is not there or empty."""
        return self.request.query_params.get(name) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Guest):
    """One request of a member who is signed in."""

    session: SessionRow
    secret: str

    @property
    def store(self) -> Store:
        """The database, to read."""
        return self.desk.reader

    @property
    def pipeline(self) -> Pipeline:
        """What decides and does."""
        return self.desk.pipeline

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.desk.config

    @property
    def csrf(self) -> str:
        """What every form carries: it shows that one of our pages made it, for this session."""
        return csrf_of(self.secret)

    @property
    def member(self) -> Member:
        """Who it is, as they stand now."""
        return self.store.team.get(self.session.member)

    def act(self, verb: Verb, subreddits: Sequence[str] | None = None) -> Actor:
        """Return who decides, once it is sure that they may. Raises RightsError if they may not."""
        return self.pipeline.team.signed_in(self.session.member, verb, subreddits)

    def may(self, verb: Verb, subreddits: Sequence[str] | None = None) -> bool:
        """Return whether they may decide that, to know what to offer."""
        try:
            self.act(verb, subreddits)
        except RightsError:
            return False
        return True

    def page(self, template: str, *, status: int = 200, beside: Path | None = None, **facts: Any) -> Response:
        """Return a page made of a template, in the frame that all pages have; `beside`: a folder that has it too."""
        facts = {"visit": self, "nav": self.desk.nav, "pending": self.pending, "own_keys": self.own_keys, **facts}
        return HTMLResponse(rendered(template, facts, beside=beside), status)

    @property
    def own_keys(self) -> dict[str, str]:
        """Pressed key → key of ours that this member means by it."""
        return self.store.keyboards.of(self.store.team.one(self.session.member))

    def json(self, facts: Mapping[str, Any]) -> Response:
        """Return plain data, for our scripts."""
        return JSONResponse(dict(facts))

    @property
    def pending(self) -> list[DecisionRow]:
        """The decisions of this member that can still be taken back, the newest first."""
        return self.store.decided.waiting(self.session.member)

    def go(self, path: str) -> Response:
        """Lead to another page of ours."""
        return RedirectResponse(path, 303)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An address that shows something to who is signed in."""

    path: str
    answer: Callable[[Visit], Response]
    one_moment: bool = True  # whether it shows one moment of the database; if it is long, others would wait for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An address at which something is done by who is signed in; `verb`: what it takes (None: their own affair)."""

    path: str
    answer: Callable[[Visit], Response]
    verb: Verb | None
    body: int = MAX_BODY  # bytes that a form may have
    upload: bool = False  # whether it may bring a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An address for anybody."""

    path: str
    answer: Callable[[Guest], Response]
    method: str = "GET"


Way = View | Act | Open


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file of the console: its ways, and where it stands in the navigation (without a name: nowhere).

    Few pages stand in the header's row, so that it fits a phone; the others stand under *More*, in the order of PAGES.
    """

    ways: tuple[Way, ...]
    name: str = ""
    path: str = ""
    keys: str = ""  # that lead there, such as "g q"
    banner: str = ""  # what every page of a console that has this one says on top
    more: bool = False  # whether it stands under *More*


def number_of(visit: Guest, name: str) -> int | None:
    """Return a whole number of the address, None if it names none. Raises UsageError for anything else."""
    given = visit.query(name)
    if given is None:
        return None
    number = whole(given)
    if number is None:
        raise UsageError("the address of this page is none of ours; begin with the first page of its list")
    return number


def whole(given: str) -> int | None:
    """Return a whole number that somebody sent; None if it is none, or longer than the database takes."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= DIGITS else None


def word_for(*texts: str) -> str:
    """Return a word that stands for texts in a form: exact whatever they hold, which a page shows without tricks."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def reason_of(visit: Guest, otherwise: str) -> str:
    """Return why something is done, as a form says, or what is said where it says nothing."""
    return visit.field("why").strip()[:MAX_WHY] or otherwise


def csrf_of(secret: str) -> str:
    """Return the token that goes with a session's secret; it does not tell the secret."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"form of {secret}".encode()).digest()).decode().rstrip("=")
