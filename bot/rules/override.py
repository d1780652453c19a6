"""A subreddit's own word on a rule that it shares with others: `override: NAME` replaces keys, `disabled` drops it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.rules import read
from bot.rules.read import Table, fail, show


def applied(documents: Iterable[Table]) -> list[Table]:
    """Return the rules of these documents, in order, with every override applied to the rule before it.

    Raises RuleError for an override of a rule that does not stand before it.
    """
    rules: list[Table] = []
    for document in documents:
        keys = {entry.key: entry for entry in document.entries}
        if "override" not in keys:
            if "disabled" in keys:
                fail(keys["disabled"].at, "disabled goes with override: NAME; write that, or remove the rule itself")
            rules.append(document)
            continue
        if "name" in keys:
            fail(keys["name"].at, "an override keeps the rule's name; remove name")
        wanted = read.scalar(keys["override"].value, "override").strip()
        names = [_name(rule) for rule in rules]
        if wanted not in names:
            hint = read.nearest(wanted, names) if names else "no rule stands before it"
            fail(keys["override"].at, f"there is no rule {show(wanted)} to override; {hint}")
        place = names.index(wanted)
        if "disabled" in keys and read.flag(keys["disabled"].value, "disabled"):
            if len(keys) > 2:
                fail(keys["disabled"].at, "a rule that is disabled takes no other keys; remove them")
            del rules[place]
            continue
        rules[place] = _merged(rules[place], document)
    return rules


def _name(rule: Table) -> str:
    value = next((entry.value for entry in rule.entries if entry.key == "name"), None)
    return value.text.strip() if isinstance(value, read.Scalar) else ""


def _merged(rule: Table, changes: Table) -> Table:
    new = {entry.key: entry for entry in changes.entries if entry.key not in ("override", "disabled")}
    kept = [new.pop(entry.key, entry) for entry in rule.entries]
    return Table(at=f"{rule.at} (overridden at {changes.at})", entries=(*kept, *new.values()))
