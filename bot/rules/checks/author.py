"""Checks on the author: what the listing tells, and what Reddit has to be asked for (`asks`).

Nothing of an account that is suspended, deleted or hidden is known, so no check on it holds, whichever way round:
AutoModerator's thresholds never hold for such an account either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.model import AuthorFacts, Post
from bot.plural import many
from bot.rules.checks.base import NO_AUTHOR, NO_FACTS, NO_POST, NOT_ASKED, CheckResult, Fact, Subject, holds
from bot.rules.checks.fields import details

DAY = 86_400.0
UNITS: Mapping[str, float] = {
    "minute": 60,
    "hour": 3600,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
"""Seconds of what an account's age is told in."""


def _age(facts: AuthorFacts) -> float | None:
    return None if facts.created is None else max(0.0, (facts.asked_at - facts.created).total_seconds())


def _combined(facts: AuthorFacts) -> float | None:
    if facts.comment_karma is None or facts.post_karma is None:
        return None
    return facts.comment_karma + facts.post_karma


THRESHOLDS: Mapping[str, Callable[[AuthorFacts], float | None]] = {
    "comment_karma": lambda facts: facts.comment_karma,
    "post_karma": lambda facts: facts.post_karma,
    "combined_karma": _combined,
    "account_age": _age,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One comparison with a number of an account; an age is in seconds."""

    name: str
    comparison: tuple[str, float]

    def evaluate(self, facts: AuthorFacts) -> CheckResult:
        value = THRESHOLDS[self.name](facts)
        if value is None:
            return CheckResult(held=False, value=f"{self.name} {NOT_ASKED}")
        seen = f"{self.name} {_span(value) if self.name == 'account_age' else f'{value:g}'}"
        return CheckResult(held=holds(self.comparison, value), value=seen)


def _span(seconds: float) -> str:
    if seconds >= DAY:
        days = int(seconds // DAY)
        return f"{many(days, 'day')}"
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCheck:
    """Karma and age; `any_of`: one of the thresholds is enough."""

    key: str
    thresholds: tuple[Threshold, ...]
    any_of: bool = False

    def evaluate(self, subject: Subject) -> CheckResult:
        if (nobody := _nobody(subject.post)) is not None:
            return nobody
        facts = subject.author
        if facts is None:
            return CheckResult(held=False, value=NOT_ASKED)
        if facts.gone:
            return CheckResult(held=False, value=NO_AUTHOR)
        found = [threshold.evaluate(facts) for threshold in self.thresholds]
        held = (any if self.any_of else all)(finding.held for finding in found)
        return CheckResult(
            held=held,
            value=", ".join(finding.value for finding in found),
            # figures of a person's account have no place in what outlives it
            reasons=(f"the author fits {self.key}",) if held else (),
        )

    def missing_facts(self, subject: Subject) -> frozenset[Fact]:
        facts = subject.author
        known = facts is not None and (facts.gone or facts.created is not None)
        return NO_FACTS if known or _nobody(subject.post) else frozenset({"account"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A yes or no of an author: what the post tells, what Reddit tells when asked, and which question that is."""

    of_post: Callable[[Post], bool | None]
    of_facts: Callable[[AuthorFacts], bool | None]
    fact: Fact | None
    word: str


def _submitter(post: Post) -> bool | None:
    return details(post).by_submitter if post.is_comment else True


TRAITS: Mapping[str, Trait] = {
    "is_submitter": Trait(
        of_post=_submitter, of_facts=lambda _: None, fact=None, word="the one who made the submission"
    ),
    "is_gold": Trait(
        of_post=lambda post: details(post).author_premium,
        of_facts=lambda facts: facts.gold,
        fact="account",
        word="a premium member",
    ),
    "has_verified_email": Trait(
        of_post=lambda _: None,
        of_facts=lambda facts: facts.verified_email,
        fact="account",
        word="somebody with a verified e-mail address",
    ),
    "is_contributor": Trait(
        of_post=lambda _: None,
        of_facts=lambda facts: facts.contributor,
        fact="contributor",
        word="an approved user",
    ),
    "is_moderator": Trait(
        of_post=lambda post: True if post.author_is_moderator else None,
        of_facts=lambda facts: facts.moderator,
        fact="moderator",
        word="a moderator",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitCheck:
    """`author: {is_contributor: …}` and its like."""

    key: str
    name: str
    wanted: bool

    def evaluate(self, subject: Subject) -> CheckResult:
        if (nobody := _nobody(subject.post)) is not None:
            return nobody
        trait, value = TRAITS[self.name], self._value(subject)
        if value is None:
            gone = subject.author is not None and subject.author.gone
            return CheckResult(held=False, value=NO_AUTHOR if gone else NOT_ASKED)
        seen = f"the author is {'' if value else 'not '}{trait.word}"
        return CheckResult(held=value == self.wanted, value=seen, reasons=(f"the author fits {self.key}",))

    def missing_facts(self, subject: Subject) -> frozenset[Fact]:
        fact = TRAITS[self.name].fact
        gone = subject.author is not None and subject.author.gone
        if fact is None or gone or _nobody(subject.post) or self._value(subject) is not None:
            return NO_FACTS
        return frozenset({fact})

    def _value(self, subject: Subject) -> bool | None:
        trait = TRAITS[self.name]
        value = trait.of_post(subject.post) if subject.post else None
        return trait.of_facts(subject.author) if value is None and subject.author else value


def _nobody(post: Post | None) -> CheckResult | None:
    if post is None:
        return CheckResult(held=False, value=NO_POST)
    return CheckResult(held=False, value=NO_AUTHOR) if post.author is None else None
