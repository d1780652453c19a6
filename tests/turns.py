"""The order in which waiting links are taken."""

from __future__ import annotations

from bot.store import LinkRow, Store


def take(store: Store, *, cap: int = 25, late: bool = True) -> LinkRow | None:
    """Take the link whose turn it is, as the download queue does."""
    pick = store.turns.next(hosts=lambda _: 1, cap=cap, late=late)
    if pick is None:
        return None
    with store.transaction():
        assert store.queue.claim(pick.row.id, "a test", 900)
        store.turns.taken(pick)
    return pick.row


def in_turn(store: Store, *, cap: int = 25) -> list[LinkRow]:
    """Return what waits in the order in which it would be taken, and give all of it back."""
    rows = []
    while row := take(store, cap=cap):
        rows.append(row)
    store.queue.release_all("a test")
    return rows
