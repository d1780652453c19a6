"""A rule, ready to judge with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.model import PlannedAction
from bot.rules.checks.base import Check, Subject
from bot.rules.checks.evidence import CopyCheck
from bot.rules.ladder import ActionLevel, level_of

Gives = Literal["nothing", "ignore", "review", "report", "remove"]
DEFAULT_REASON = "Please check (case {{case}})"
CONFIRMED = "A moderator confirmed it (case {{case}})"  # what a removal notes that a person's word brought
DEFAULT_SUBJECT = "Case {{case}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExample:
    """Evidence, and what the rule must make of it."""

    at: str
    subject: Subject
    gives: Gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One YAML document. All checks must hold; then it asks for `step` and what goes with it."""

    name: str
    at: str  # file and line, for people
    checks: tuple[Check, ...]
    step: ActionLevel
    priority: int = 0
    moderators_exempt: bool = True
    planned: tuple[PlannedAction, ...] = ()  # on Reddit: report, remove, lock, …; texts unfilled
    on_confirm: tuple[PlannedAction, ...] = ()  # besides, once a person confirmed the case
    modmail: str | None = None
    modmail_subject: str = DEFAULT_SUBJECT
    notice: bool = False
    examples: tuple[RuleExample, ...] = ()
    banks_at: Mapping[str, str] = field(default_factory=dict)  # bank that is named → file and line

    @property
    def copy_checks(self) -> Iterator[CopyCheck]:
        """The checks whose evidence can carry an action."""
        return (check for check in self.checks if isinstance(check, CopyCheck) and not check.negated)

    @property
    def needs(self) -> ActionLevel:
        """The rung of the ladder that all it asks for needs; what waits for a person needs none."""
        if self.step < ActionLevel.REPORT:
            return self.step
        return max([self.step, *(level_of(deed.kind) for deed in self.planned)])

    def actions(self) -> Iterator[PlannedAction]:
        """Yield what the rule asks for, with texts unfilled.

        A report is {"reason"}, a removal {"reason", "removal_reason", "spam", "silent"}, a flair {"text", "css_class",
        "template", "overwrite"}, a note {"text"}, message and modmail {"subject", "body"}; lock, nsfw, spoiler and
        notice are {}.
        What a rule does not say is left out.
        """
        yield from self.planned
        if self.modmail is not None:
            yield PlannedAction(kind="modmail", params={"subject": self.modmail_subject, "body": self.modmail})
        if self.notice:
            yield PlannedAction(kind="notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An example that its rule does not keep."""

    at: str  # file and line of the example
    rule: str
    wanted: Gives
    got: Gives | None  # None: it could not be told in time
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        said = f" ({'; '.join(self.reasons)})" if self.reasons else ""
        if self.got is None:
            return f"{self.at}: the example of {self.rule} cannot be judged in time{said}; write a simpler pattern"
        return f"{self.at}: the example of {self.rule} must give {self.wanted} and gives {self.got}{said}"
