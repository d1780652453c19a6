"""What is judged, what a check makes of it, and what it may have to be told first."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.model import AuthorFacts, Evidence, Match, Post
from bot.rules.checks.effort import Budget
from bot.text import line

Fact = Literal["account", "contributor", "moderator"]
"""What no listing tells of an author: the account's page, approved users, moderators of the subreddit."""

NO_FACTS: frozenset[Fact] = frozenset()
NO_POST = "there is no post"
NO_AUTHOR = "the author's account is gone"
NOT_ASKED = "unknown: Reddit was not asked or did not tell"

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged. `post` is None for a bare file or address, `author` where Reddit was not asked."""

    post: Post | None
    evidence: Evidence
    adult_subreddit: bool = False  # configured as adult as a whole
    author: AuthorFacts | None = None
    budget: Budget = field(default_factory=Budget, compare=False, repr=False)  # of this judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check made of a subject."""

    held: bool
    value: str  # what was seen, for people
    reasons: tuple[str, ...] = ()  # for the verdict; hold no text of the post, which may have to be forgotten
    matches: tuple[Match, ...] = ()  # the copies that made it hold
    late: bool = False  # it was not computed: its patterns ran out of time
    found: str | None = None  # the words of the post that made it hold


class Check(Protocol):
    """One line of a rule."""

    @property
    def key(self) -> str:
        """The key as written, e.g. `~title (includes)`."""

    def evaluate(self, subject: Subject) -> CheckResult:
        """Say whether the check holds and what it saw."""

    def missing_facts(self, subject: Subject) -> frozenset[Fact]:
        """Say which facts it needs that the subject does not carry."""


class AsksNothing:
    """Base of the checks for which post and evidence are enough."""

    __slots__ = ()

    def missing_facts(self, subject: Subject) -> frozenset[Fact]:  # noqa: ARG002  every check's signature
        """Need nothing more."""
        return NO_FACTS


def holds(comparison: tuple[str, float], value: float) -> bool:
    """Return whether `value` satisfies a comparison such as (">=", 0.4)."""
    return COMPARE[comparison[0]](value, comparison[1])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def show(word: str, limit: int = 60) -> str:
    """Return a word from a file, fit for one line of a message."""
    words = _one_line(word)
    return line(words if len(words) <= limit else words[: limit - 1] + "…")
