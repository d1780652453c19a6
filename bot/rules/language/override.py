"""A subreddit's own word on a rule that it shares with others: `override: NAME` replaces keys, `disabled` drops it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.errors import Gathered, RuleError
from bot.rules.checks.base import show
from bot.rules.language import yaml
from bot.rules.language.yaml import TOLD, Entry, Table, fail


def applied(documents: Iterable[Table], found: Gathered) -> list[Table]:
    """Return the rules of these documents, in order, with every override applied to the rule before it.

    An override of a rule that does not stand before it is a mistake, in `found`. A document at no place is one that
    could not be read: its name alone is known, and nobody is told that there is no such rule.
    """
    rules: list[Table] = []
    for document in documents:
        found.attempt(_take, document, rules)
    return [rule for rule in rules if rule.at != TOLD]


def _take(document: Table, rules: list[Table]) -> None:
    keys = {entry.key: entry for entry in document.entries}
    if "override" not in keys:
        rules.append(document)
        if "disabled" in keys:
            rules[-1] = Table(
                at=document.at, entries=tuple(entry for entry in document.entries if entry.key != "disabled")
            )
            fail(keys["disabled"].at, "disabled goes with override: NAME; write that, or remove the rule itself")
        return
    found = Gathered()
    if "name" in keys:
        found.attempt(fail, keys["name"].at, "an override keeps the rule's name; remove name")
    wanted = found.attempt(yaml.scalar, keys["override"].value, "override")
    found.attempt(_replace, document, keys, wanted.strip(), rules) if wanted is not None else None
    found.settle(RuleError)


def _replace(document: Table, keys: Mapping[str, Entry], wanted: str, rules: list[Table]) -> None:
    names = [_name(rule) for rule in rules]
    if wanted not in names:
        hint = yaml.nearest(wanted, names) if names else "no rule stands before it"
        fail(keys["override"].at, f"there is no rule {show(wanted)} to override; {hint}")
    place = names.index(wanted)
    if "disabled" in keys and yaml.flag(keys["disabled"].value, "disabled"):
        if len(keys) > 2:
            fail(keys["disabled"].at, "a rule that is disabled takes no other keys; remove them")
        del rules[place]
    elif rules[place].at != TOLD:
        rules[place] = _merged(rules[place], document)


def _name(rule: Table) -> str:
    value = next((entry.value for entry in rule.entries if entry.key == "name"), None)
    return value.text.strip() if isinstance(value, yaml.Scalar) else ""


def _merged(rule: Table, changes: Table) -> Table:
    new = {entry.key: entry for entry in changes.entries if entry.key not in ("override", "disabled", "name")}
    kept = [new.pop(entry.key, entry) for entry in rule.entries]
    first = rule.first or rule.at  # of many overrides the last is told
    return Table(at=f"{first} (overridden at {changes.at})", entries=(*kept, *new.values()), first=first)
