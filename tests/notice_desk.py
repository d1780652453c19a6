"""Drafts of notices on media that need not be there, for their tests."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from bot.model import Fingerprint, GroundFor, NoticeItem, NoticeState
from bot.store import Store
from tests.people import member
from tests.raids import case_of

PLACES = ("clips", "gifs")


class Desk:
    """Drafts notices for cases that need not be there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers = count(1)
        self.cases: list[int] = []
        self._by = member(store).member
        store.banks.create("fakes", "block")
        self._entries = {
            name: store.banks.add("fakes", printed(name), by=member(store))[0] for name in ("one", "two", "three")
        }

    def entry(self, name: str) -> str:
        """Return the label of an entry that a test calls by its number."""
        return self._entries[name]

    def draft(
        self, id: str, entry: str | None = None, *, host: str = "redgifs", place: str = "clips", **facts: Any
    ) -> str:
        """Put a new case's media on a draft."""
        item = NoticeItem(host_id=id, url=f"https://host.example/{id}", seen_at=self.store.connection.clock.now())
        item = replace(item, entry=entry and self._entries[entry], **facts)
        case = case_of(self.store, next(self._numbers), [None], id=id, subreddit=place).id
        self.cases.append(case)
        return self.store.notices.draft(
            host=host, subreddit=place, recipient="a@b.example", case=case, item=item, among=PLACES
        )

    def ground(self, detail: str, *, entry: str | None = None, person: str | None = None) -> None:
        """Record a ground."""
        found = GroundFor(ground="public_statement", detail=detail, entry=entry and self._entries[entry], person=person)
        assert self.store.grounds.put(found, member=self._by)

    def move(self, name: str, state: NoticeState) -> None:
        """Let a notice be in a state."""
        self.store.connection.run("update notices set state = ? where label = ?", (state, name))
        self.store.notice_life.entered(name, state)

    def told(self, name: str) -> list[tuple[str, str | None]]:
        """Return what happened to a notice."""
        return [(event.kind, event.host_id) for event in self.store.notice_events.of(name)]


def printed(name: str) -> Fingerprint:
    """Return the fingerprint of a file that need not be there."""
    number = f"{sum(name.encode()):064x}"
    return Fingerprint(
        kind="video", format="mp4", sha256=number, md5=number[32:], width=320, height=180, duration=9.0, frames=90
    )
