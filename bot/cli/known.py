"""Names and labels that a command is given: whether there is such a thing, and what may have been meant.

A wrong one is never passed over. The sentence says which command shows a label of another kind, or the nearest name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from bot.config import Config, closest
from bot.errors import DatabaseError, StoreError, UsageError
from bot.model import BankKind
from bot.pipeline import Pipeline

_LABEL = re.compile(r"([CENMP])-[0-9a-f]{1,12}", re.IGNORECASE)
_SHOWN_BY = {
    "C": ("a case", "gifwarden cases show {}"),
    "E": ("an entry of a bank", "gifwarden bank list --entries"),
    "N": ("a notice", "gifwarden notices show {}"),
    "M": ("a post marked as a suspected minor", "gifwarden cases minor {}"),
    "P": ("a protected person", "gifwarden person list"),
}


def missing(kind: str, name: str, names: Collection[str], see: str) -> UsageError:
    """Return the error for a `kind` (`bank`, `case`) that there is not; `see`: the command that lists them."""
    if near := closest(name, names):
        return UsageError(f"there is no {kind} {name}; did you mean {near}?")
    other = _SHOWN_BY.get(name[:1].upper()) if _LABEL.fullmatch(name) else None
    if other and kind not in other[0]:
        return UsageError(f"{name} names {other[0]}, not {_a(kind)}; see: {other[1].format(name)}")
    if name.isdecimal() and kind != "action":
        return UsageError(f"{name} is the number of an action, not {_a(kind)}; see: gifwarden actions list")
    return UsageError(f"there is no {kind} {name}; see: {see}")


def bank(pipeline: Pipeline, name: str, kind: BankKind = "block") -> BankKind:
    """Return the kind of a bank. Raises UsageError if there is none; `kind`: which one to create then."""
    kinds = {row.name: row.kind for row in pipeline.deps.store.banks.listing()}
    if name not in kinds:
        raise missing("bank", name, kinds, f"gifwarden bank list; or run: gifwarden bank create {name} --kind {kind}")
    return kinds[name]


def entry(pipeline: Pipeline, label: str) -> None:
    """Raise UsageError if no bank has such an entry, withdrawn ones counted."""
    banks = pipeline.deps.store.banks
    if banks.standing(label) is None:
        raise missing("entry", label, banks.near(label), "gifwarden bank list --entries")


def case(pipeline: Pipeline, name: str) -> None:
    """Raise UsageError if there is no such case."""
    cases = pipeline.deps.store.cases
    _there("case", name, cases.get, lambda: [row.label for row in cases.listing()])


def notice(pipeline: Pipeline, name: str) -> None:
    """Raise UsageError if there is no such notice."""
    notices = pipeline.deps.store.notices
    _there("notice", name, notices.get, lambda: [row.label for row in notices.listing()])


def person(pipeline: Pipeline, name: str) -> None:
    """Raise UsageError if there is no such protected person."""
    labels = [row.label for row in pipeline.deps.store.gallery.listing()]
    if name not in labels:
        raise missing("protected person", name, labels, "gifwarden person list")


def action(pipeline: Pipeline, name: str) -> int:
    """Return the number of an action. Raises UsageError if there is none."""
    if not name.isdecimal():
        raise missing("action", name, (), "gifwarden actions list")
    try:
        return pipeline.deps.store.actions.get(int(name)).action.id
    except DatabaseError:
        raise
    except (StoreError, OverflowError):
        raise missing("action", name, (), "gifwarden actions list") from None


def subreddit(settings: Config, where: str) -> str:
    """Return the name of a watched subreddit, in lower case. Raises UsageError if it is not watched."""
    name = where.removeprefix("/").removeprefix("r/")
    if settings.subreddit(name) is not None:
        return name.lower()
    if near := closest(name, settings.subreddits):
        raise UsageError(f"r/{name} is not watched; did you mean {near}?")
    raise UsageError(f"r/{name} is not watched; watched are: {', '.join(settings.subreddits) or 'none'}")


def _there(kind: str, name: str, get: Callable[[str], object], labels: Callable[[], Collection[str]]) -> None:
    try:
        get(name)
    except DatabaseError:
        raise
    except StoreError:
        raise missing(kind, name, labels(), f"gifwarden {kind}s list") from None


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
