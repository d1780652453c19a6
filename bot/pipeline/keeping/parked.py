"""Work that began three times and never ended: putting it back where it was, on a person's word."""

from __future__ import annotations

from bot.errors import UsageError
from bot.model import Actor
from bot.store import Store
from bot.store.tries import TABLES, Queue


def queue_of(kind: str) -> Queue:
    """Return a kind of what can be parked. Raises UsageError if it is none."""
    if kind not in TABLES:
        raise UsageError(f"{kind or 'an empty word'} cannot be parked; choose {', '.join(TABLES)}")
    return kind


def try_again(store: Store, kind: Queue, name: str, *, by: Actor) -> None:
    """Put it back where it was: it is tried again, three times at most. Raises StoreError if it is not parked."""
    with store.transaction():
        store.tries.retry(kind, name)
        # an order's name may hold a post and an account; the audit trail keeps neither
        subject = kind if kind == "order" else f"{kind} {name}"
        store.audit.record(by=by, what="parked: tried again", subject=subject)
