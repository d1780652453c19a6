"""A row of a list that has matched nothing yet, on one screen. To show it makes no entry of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.clock import day_and_time, from_iso
from bot.config import Config
from bot.errors import UsageError
from bot.pipeline.reviewing.words.entry import Fact, How, by_command
from bot.plural import many
from bot.store import Store
from bot.store.lists import ListedRow
from bot.store.minors import names_of


def is_minors(store: Store, row: ListedRow) -> bool:
    """Return whether a row is of a file that was marked as a suspected minor's."""
    return store.minors.is_never(*(name for pair in row.files for name in names_of(*pair)))


def of_a_minor(label: str, how: How = by_command) -> str:
    """Return why nothing is shown of such a row."""
    return (
        f"{label} is a file that was marked as a suspected minor's, so nobody reads of it; to be rid of it: "
        f"{how('remove', label, '')}"
    )


def refuse_minors(store: Store, row: ListedRow) -> None:
    """Raise UsageError if a row is of a file that was marked as a suspected minor's."""
    if is_minors(store, row):
        raise UsageError(of_a_minor(row.label))


def acts(settings: Config, row: ListedRow, how: How = by_command) -> tuple[bool, str]:
    """Return whether what a row matches is acted on without a moderator, and why in words."""
    if row.kind != "block":
        return False, f"never: what a bank of kind {row.kind} holds is for review only"
    if row.disputed:
        return False, "no: somebody disputes it"
    if row.bank not in settings.banks.trusted:
        return False, f"does not act yet: a second person has to confirm it: {how('confirm', row.label, '')}"
    if not row.fresh:
        return False, f"no: the list {row.name} is stale; it acts again once it is read"
    return True, f"yes, as far as rules and modes go: the bank {row.bank} is trusted by name (banks.trusted)"


def facts_of(settings: Config, row: ListedRow, how: How = by_command) -> Iterator[Fact]:
    """Yield a row line by line. `how`: how things are done at the door that shows it."""
    taken = f", read last {day_and_time(from_iso(row.taken_at))} UTC" if row.taken_at else ""
    yield "row", f"{row.label} in {row.bank} ({row.kind}), no entry yet: it has matched nothing"
    yield "alone", acts(settings, row, how)[1]
    yield "list", f"{row.name}{f', where it is called {row.id}' if row.id else ''}, by {row.added_by}{taken}"
    yield from (("said", f"{opinion} by {who}") for who, opinion in row.opinions)
    parts = [many(len(row.files), "file's hash", "files' hashes") if row.files else ""]
    parts += [
        many(count, f"{name} hash", f"{name} hashes")
        for kind, name in (("pdq", "PDQ"), ("phash", "pHash"))
        if (count := sum(signal.type == kind for signal in row.signals))
    ]
    yield "holds", ", ".join(part for part in parts if part)


def plain(settings: Config, row: ListedRow) -> dict[str, Any]:
    """Return a row as plain data."""
    alone, why = acts(settings, row)
    return {
        "entry": row.label,
        "bank": row.bank,
        "kind": row.kind,
        "state": "listed",
        "acts_alone": alone,
        "why": why,
        "from_list": row.name,
        "list_id": row.id,
        "list_taken_at": row.taken_at,
        "opinions": [{"by": who, "opinion": opinion} for who, opinion in row.opinions],
        "files": len(row.files),
        "pdq": sum(signal.type == "pdq" for signal in row.signals),
    }
