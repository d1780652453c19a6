"""What each host answers about a link, as its simulator on loopback does: recorded once, altered by the target."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.errors import AcquireError
from bot.fetch import Fetcher, Page
from bot.hosts import Host, configured, get
from bot.loopback.http import json_response
from bot.model import Link
from tests.host_cases import CASES
from tests.host_files import pixeldrain_folder
from tests.host_pages import PagePark
from tests.host_posts import SITE, STATUS, add_page, add_x
from tests.host_world import SMALL, HostClient, link

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


FILE = f"https://{SITE}/v/heron.mp4"
MORE: dict[str, Callable[[PagePark], str]] = {
    "page, JSON-LD": lambda park: add_page(
        park,
        "/watch/heron",
        '<script type="application/ld+json">{"@graph": [{"@type": "VideoObject", '
        f'"contentUrl": "{FILE}"}}]}}</script>',
    ),
    "page, oEmbed": lambda park: embedded(park, {"type": "video", "html": f'<iframe src="https://{SITE}/e/1">'}),
    "page, oEmbed of a picture": lambda park: embedded(park, {"type": "photo", "url": f"https://{SITE}/heron.gif"}),
    "pixeldrain, folder": lambda park: pixeldrain_folder(park, "aB3dE5gH", {"heron.mp4": SMALL}),
    "x, file": lambda _: "https://pbs.twimg.com/media/ESIQ9H3pgRUxyz1.jpg",
    "x, tombstone": lambda park: add_x(
        park, STATUS, __typename="TweetTombstone", tombstone={"text": {"text": "This Post was deleted"}}
    ),
    "x, withdrawn": lambda park: add_x(
        park,
        STATUS,
        {"type": "photo", "ext_media_availability": {"status": "Unavailable", "reason": "Dmcaed"}},
    ),
}
"""Answers that no test of a whole host begins with."""


def embedded(park: PagePark, answer: Mapping[str, Any]) -> str:
    """Put a page on an allowed site whose video only its oEmbed answer names, and return its address."""
    park.put(SITE, "/oembed", json_response({"version": "1.0", **answer}))
    add_page(park, "/e/1", f'<meta property="og:video" content="{FILE}">')
    return add_page(park, "/watch/heron", '<link type="application/json+oembed" href="/oembed?url=x">')


def recorded() -> tuple[Told, ...]:
    """Return what is answered in every case of the tests of hosts; what a link tells by itself has no answers."""
    told = []
    for name, add in ({name: case.add for name, case in CASES.items()} | MORE).items():
        with PagePark() as park:
            client = HostClient(park)
            plugs = configured(client.config)
            where = link(add(park))
            plug = get(where.host, plugs)
            assert plug is not None
            web = Recorder(client.fetcher)
            with suppress(AcquireError):
                for media in plug.resolve(where, web):
                    if media.ask is not None:
                        with suppress(AcquireError):
                            media.ask(web)
            client.fetcher.close()
            server = get(plug.served_by, plugs) if plug.served_by else plug
            assert server is not None
            told.append(Told(name=name, plug=plug, server=server, link=where, answers=tuple(web.kept)))
    return tuple(told)
