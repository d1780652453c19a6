"""Loopback hosts with an acquirer before them, for the tests of host plugs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.acquire import Acquired, Acquirer
from bot.clock import ManualClock
from bot.config import Config
from bot.fetch import Fetcher, refusal
from bot.hosts import finder, get
from bot.model import Link
from tests.host_pages import PagePark
from tests.host_posts import INSTANCE, SITE

SMALL, LARGE = b"small media", b"and the large media"
DIRECT = "clips.example.com"
ALLOWED = {"direct": {"allow": [DIRECT]}, "mastodon": {"allow": [INSTANCE]}, "page": {"allow": [SITE]}}
FIND = finder(Config.model_validate({"hosts": ALLOWED}))
HERON, HERON_KEY = "1234567890123456789", "ESIQ9H3pgRU"


def link(url: str) -> Link:
    found = FIND(url)
    assert found is not None, url
    return Link(url=url, host=found.host, id=found.id, kind=found.kind, source="url")


def page_of(url: str) -> str | None:
    """Return the public page of what a link leads to."""
    found = FIND(url)
    plug = get(found.host) if found else None
    assert found is not None
    assert plug is not None
    return plug.page_url(found.id) if found.id else None


class HostClient:
    """A park of hosts, a clock that moves only when waited for, and an acquirer in between."""

    def __init__(self, park: PagePark, **hosts: Any) -> None:
        self.park = park
        self._clock = clock = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
        self.config = config = Config.model_validate({"hosts": ALLOWED | hosts})
        network = park.network
        self.fetcher = Fetcher(config.fetch, clock, resolve=network.resolve, dial=network.dial)
        self.acquirer = Acquirer(config, self.fetcher, clock)

    def forget(self) -> None:
        """Begin anew: nothing is known of any host's pace or tokens."""
        self.acquirer = Acquirer(self.config, self.fetcher, self._clock)

    def get(self, url: str, *, want_original: bool = False) -> Acquired:
        return self.acquirer.acquire(link(url), want_original=want_original)


@pytest.fixture
def park() -> Iterator[PagePark]:
    with PagePark() as park:
        yield park
    assert all(refusal(address) is None for address, _ in park.network.dialled)


@pytest.fixture
def build(park: PagePark) -> Iterator[Callable[..., HostClient]]:
    built: list[HostClient] = []

    def make(**hosts: Any) -> HostClient:
        built.append(HostClient(park, **hosts))
        return built[-1]

    yield make
    for client in built:
        client.fetcher.close()


@pytest.fixture
def client(build: Callable[..., HostClient]) -> HostClient:
    return build()
