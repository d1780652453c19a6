"""What can be quarantined: the kinds, and the names that there are of each."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast, get_args

from bot.config import closest
from bot.errors import UsageError
from bot.pipeline.core import Deps
from bot.store.flood import Kind


def kind_of(kind: str) -> Kind:
    """Return a kind of what can be quarantined. Raises UsageError if it is none."""
    if kind not in get_args(Kind):
        near = closest(kind, get_args(Kind))
        hint = f"did you mean {near}?" if near else f"choose {', '.join(get_args(Kind))}"
        raise UsageError(f"{kind or 'an empty word'} cannot be quarantined; {hint}")
    return cast(Kind, kind)


def names_of(deps: Deps, kind: Kind, name: str) -> Collection[str]:
    """Return the names of all banks or rules; of entries this one if there is such a one, else those it is near to.

    Rules that made a case count too, for where no rules are loaded.
    """
    banks = deps.store.banks
    if kind == "entry":
        return banks.near(name) if banks.standing(name) is None else [name]
    if kind == "bank":
        return banks.names()
    loaded = {rule.name for place in (None, *deps.config.subreddits) for rule in deps.rules_for(place).rules}
    return loaded | set(deps.store.case_queue.rules())


def unknown(kind: Kind, name: str, names: Collection[str]) -> UsageError:
    """Return the error for a name that is none, with the nearest."""
    near = closest(name, names)
    return UsageError(f"there is no {kind} {name or 'without a name'}{f'; did you mean {near}?' if near else ''}")
