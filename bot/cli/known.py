"""Names and labels that a command is given: whether there is such a thing, and what may have been meant.

A wrong one is never passed over. The sentence says which command shows a label of another kind, or the nearest name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from bot.config import Config, closest
from bot.errors import DatabaseError, Gathered, StoreError, UsageError
from bot.model import BankKind
from bot.permalink import is_fullname, permalink_fullname, share_path
from bot.pipeline import Pipeline
from bot.plural import many
from bot.store import AnswerRow, CaseRow, ClaimRow, DecisionRow

Found = TypeVar("Found")
_LABEL = re.compile(r"([ACELNMPT])-[0-9a-f]{1,12}", re.IGNORECASE)
_BEGIN = re.compile(r"C-[0-9a-f]{1,10}", re.IGNORECASE)
_POST = re.compile(r"[0-9a-z]{4,10}", re.IGNORECASE)  # an id without its kind
SHOWN = 5  # labels that one may have meant
_SHOWN_BY = {
    "A": ("an answer to a notice", "gifwarden notices answers {}"),
    "C": ("a case", "gifwarden cases show {}"),
    "E": ("an entry of a bank", "gifwarden bank list --entries"),
    "L": ("an entry of a bank", "gifwarden bank show {}"),
    "N": ("a notice", "gifwarden notices show {}"),
    "M": ("a post marked as a suspected minor", "gifwarden cases minor {}"),
    "T": ("somebody who says that they are depicted", "gifwarden claims show {}"),
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
    """Raise UsageError if no bank has such an entry, withdrawn ones counted, nor any list such a row."""
    banks = pipeline.deps.store.banks
    if banks.standing(label) is None and pipeline.deps.store.lists.row(label) is None:
        raise missing("entry", label, banks.near(label), "gifwarden bank list --entries")


def cases(pipeline: Pipeline, names: Iterable[str]) -> list[CaseRow]:
    """Return the cases that are named, each once: by label or how it begins, or all of a post by its address or id.

    Raises UsageError with a sentence for each name that names none or several.
    """
    found: dict[int, CaseRow] = {}
    gathered = Gathered()
    for name in names:
        for row in gathered.attempt(_named, pipeline, name.strip()) or ():
            found.setdefault(row.id, row)
    gathered.settle(UsageError)
    return list(found.values())


def case(pipeline: Pipeline, name: str) -> CaseRow:
    """Return one case, named as for `cases`. Raises UsageError if there is none, or several."""
    rows = cases(pipeline, [name])
    if len(rows) > 1:
        raise UsageError(f"{name} has {many(len(rows), 'case')}; name {_any_of([row.label for row in rows])}")
    return rows[0]


def case_or_other(pipeline: Pipeline, name: str) -> str:
    """Return the label of the case that a name is the beginning of the label of; any other name as it is."""
    return case(pipeline, name).label if _BEGIN.fullmatch(name.strip()) else name


def _named(pipeline: Pipeline, name: str) -> list[CaseRow]:
    store = pipeline.deps.store
    if not name:
        raise UsageError("a case is named by an empty word; give its label, or its post's address or id")
    if _BEGIN.fullmatch(name):
        label = f"C{name[1:].lower()}"
        labels = store.cases.labels(label, SHOWN + 1)
        if len(labels) > 1 and label not in labels:
            raise UsageError(f"{name} may be {_any_of(labels)}; write more of it")
        if labels:
            return [store.cases.get(label if label in labels else labels[0])]
    post = permalink_fullname(name) or (name.lower() if is_fullname(name.lower()) else None)
    if share_path(name):
        raise UsageError(f"{name} is a share link, which holds no id; open it and copy the address that it leads to")
    posts = [post] if post else [f"{kind}{name.lower()}" for kind in ("t3_", "t1_") if _POST.fullmatch(name)]
    if rows := [row for fullname in posts for row in store.cases.of_post(fullname)]:
        return rows
    if post and store.cases.knows_post(post):
        raise UsageError(
            f"there is no case of {name}: the post was seen, and no rule holds; see: gifwarden scan {name}"
        )
    if post:
        raise UsageError(f"there is no case of {name}: that post was never seen; see: gifwarden cases list --all")
    raise missing("case", name, store.cases.labels(), "gifwarden cases list --all")


def _any_of(labels: Sequence[str]) -> str:
    """Return some labels as words: `C-1, C-2 or C-3`, or `C-1, C-2, … or another`."""
    last = labels[-1] if len(labels) <= SHOWN else "another"
    return f"{', '.join(labels[:SHOWN] if last == 'another' else labels[:-1])} or {last}"


def decision(pipeline: Pipeline, name: str) -> DecisionRow:
    """Return a decision on cases. Raises UsageError if there is none."""
    try:
        return pipeline.deps.store.decided.get(name)
    except DatabaseError:
        raise
    except StoreError:
        raise missing("decision", name, (), "gifwarden cases show") from None


def notice(pipeline: Pipeline, name: str) -> None:
    """Raise UsageError if there is no such notice."""
    notices = pipeline.deps.store.notices
    _there("notice", name, notices.get, lambda: [row.label for row in notices.listing()])


def answer(pipeline: Pipeline, name: str) -> AnswerRow:
    """Return an answer to a notice. Raises UsageError if there is none."""
    answers = pipeline.deps.store.notice_answers
    see = "gifwarden notices answers"
    return _there("answer", name, answers.get, lambda: [row.label for row in answers.listing()], see)


def claim(pipeline: Pipeline, name: str) -> ClaimRow:
    """Return the claim of a label. Raises UsageError if there is none."""
    claims = pipeline.deps.store.claims
    return _there("claim", name, claims.get, lambda: [row.label for row in claims.listing(everything=True)])


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
    raise UsageError(not_watched(settings, name))


def not_watched(settings: Config, name: str) -> str:
    """Return the sentence on a subreddit that is not watched: which are, and how this one would be."""
    watched = f"watched {'is' if len(settings.subreddits) == 1 else 'are'}: {', '.join(settings.subreddits)}; "
    return (
        f"r/{name} is not watched; {watched if settings.subreddits else ''}to watch it, add a section "
        f"[subreddits.{name.lower()}] to the configuration (config.toml)"
    )


def _there(
    kind: str, name: str, get: Callable[[str], Found], labels: Callable[[], Collection[str]], see: str = ""
) -> Found:
    try:
        return get(name)
    except DatabaseError:
        raise
    except StoreError:
        raise missing(kind, name, labels(), see or f"gifwarden {kind}s list") from None


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
