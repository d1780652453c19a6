"""What people are told of rules: what a rule asks and does, how its examples went, why it cannot fire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.config import Config
from bot.plural import many
from bot.rules import NOT_COMPUTED, Failure, Rule, RuleSet
from bot.rules.ladder import ActionLevel


def made(config: Config) -> set[str]:
    """Return the checks for which the configuration has evidence made."""
    return {key for key, on in (("face", config.gallery.enabled), ("nudity", config.nudity.model)) if on}


def idle_lines(rules: RuleSet, config: Config) -> Iterator[str]:
    """Yield a sentence for each rule that cannot fire as things are."""
    for name, keys in rules.idle(made(config)).items():
        yield f"the rule {name} cannot fire: {'; '.join(NOT_COMPUTED[key] for key in sorted(keys))}"


def examples_said(rules: RuleSet, failures: Sequence[Failure]) -> str:
    """Return in words how the examples of rules went."""
    count = sum(len(rule.examples) for rule in rules.rules)
    if not count:
        return "without examples"
    return f"{len(failures)} of {many(count, 'example')} failed" if failures else f"{many(count, 'example')} passed"


def asks(rule: Rule) -> str:
    """Return the checks that all have to hold, as they are written."""
    return ", ".join(check.key for check in rule.checks) or "nothing: it holds for every link"


def does(rule: Rule) -> str:
    """Return what a rule asks for, e.g. `act: report, modmail; once a person confirms it: remove`."""
    if rule.step is ActionLevel.IGNORE:
        return rule.step.outcome
    kinds = ", ".join(action.kind for action in rule.actions())
    later = ", ".join(action.kind for action in rule.on_confirm)
    told = f"{rule.step.outcome}: {kinds}" if kinds else rule.step.outcome
    return f"{told}; once a person confirms it: {later}" if later else told
