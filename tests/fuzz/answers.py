"""What each host answers about a link, as its simulator on loopback does: recorded once, altered by the target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.errors import AcquireError
from bot.fetch import Fetcher, Page
from bot.hosts import Host, configured, get
from bot.model import Link
from tests.host_cases import CASES
from tests.host_pages import PagePark
from tests.host_world import HostClient, link

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One link, its plug, and what was answered in the order in which it was asked: address, text."""

    name: str
    plug: Host
    server: Host  # whose servers are asked
    link: Link
    answers: tuple[tuple[str, str], ...]


@dataclass
class Recorder:
    """A plug's view of the network that keeps what was answered."""

    fetcher: Fetcher
    state: dict[str, Any] = field(default_factory=dict)
    kept: list[tuple[str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW

    def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        found = self.fetcher.json(url, headers=headers, allow=lambda _: True, form=form, body=body)
        self.kept.append((url, json.dumps(found)))
        return found

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        found = self.fetcher.page(url, headers=headers, allow=lambda _: True)
        self.kept.append((url, found.text))
        return found

    def allows(self, host: str) -> bool:
        return True


def recorded() -> tuple[Told, ...]:
    """Return what is answered in every case of the tests of hosts; what a link tells by itself has no answers."""
    told = []
    for name, case in CASES.items():
        with PagePark() as park:
            client = HostClient(park)
            plugs = configured(client.config)
            where = link(case.add(park))
            plug = get(where.host, plugs)
            assert plug is not None
            web = Recorder(client.fetcher)
            for media in plug.resolve(where, web):
                if media.ask is not None:
                    with suppress(AcquireError):
                        media.ask(web)
            client.fetcher.close()
            server = get(plug.served_by, plugs) if plug.served_by else plug
            assert server is not None
            told.append(Told(name=name, plug=plug, server=server, link=where, answers=tuple(web.kept)))
    return tuple(told)
