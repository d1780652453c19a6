"""What hosts answer: plugs make media of it, or say in a sentence why not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    NotAllowedError,
    TryLaterError,
)
from bot.fetch import Page, check_url, host_of
from bot.hosts import HostMedia, Rendition, belongs
from bot.serialization import encodable
from tests.fuzz.answers import NOW, Told, recorded
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import sentence
from tests.host_world import ALLOWED

TOLD = recorded()
ADDRESSES = tuple(
    dict.fromkeys(
        found for told in TOLD for _, text in told.answers for found in re.findall(r"https?://[^\s\"'<>\\]+", text)
    )
)
KEYS = tuple(
    dict.fromkeys(key for told in TOLD for _, text in told.answers for key in re.findall(r'"(\w{1,30})":', text))
)
WORDS = (
    *KEYS, *ADDRESSES, "https://example.net/a.mp4", "http://127.0.0.1/a.mp4", "https://", "//", "https://[", "/a.mp4",
    "<", ">", '"', "'", "&quot;", "&#1114112;", "<script", "</script", "<video src=", "<source", "<meta property=",
    "<img id=\"img\" src=", "var ", "[", "]", "{", "}", ",", ":", "\\", "\\u0022", "\ud800", "\x00", "\r\n", "é", "0",
    "99999999999999999999", "true", "null", "image/jpeg", "video/mp4", "gif", "photo", "video", "album", ".mp4",
    ".gif", "?", "#", "%", "..", *(f"https://cdn.{domain}/" for told in TOLD for domain in told.plug.domains[:1]),
    *(f"https://{domain}" for told in TOLD for domain in told.plug.domains[:1]),
)  # fmt: skip
ERRORS = (GoneError, NeedsTokenError, BlockedError, TryLaterError, HostChangedError)
MOST_ASKED = 60  # requests for one link
HEADER = re.compile(r"[\x20-\x7e]{0,9000}\Z")


@dataclass
class Altered:
    """A plug's view of the network in which every answer may be another, a page elsewhere, or an error."""

    drawn: Drawn
    told: Told
    state: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

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
        text = self._answer(url, headers)
        how = self.drawn.byte()
        if how > 240:
            raise HostChangedError("the host sent something other than JSON")
        try:
            json.loads(text)
        except ValueError:
            text = "{}"
        return encodable(self.drawn.tree((text,), WORDS) if how else json.loads(text))  # as the fetcher gives it

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        text = self._answer(url, headers)
        how = self.drawn.byte()
        if how % 8 == 7:
            url = self.drawn.pick(
                (f"https://{self.told.plug.domains[0] if self.told.plug.domains else 'a.example'}", *WORDS)
            )
            url = url if url.startswith("https://") else "https://example.net/"
        return Page(url=url, status=200, text=self.drawn.text((text,), WORDS) if how else text)

    def allows(self, host: str) -> bool:
        server = self.told.server
        return server.reaches(host) if server.domains else belongs(host, tuple(ALLOWED[server.name]["allow"]))

    def _answer(self, url: str, headers: Mapping[str, str] | None) -> str:
        """Return what was answered here, or as often. Whatever may not be asked is refused as it is in earnest."""
        if not self.allows(host_of(check_url(url))):
            raise NotAllowedError("another host")
        check_headers(headers or {})
        self.asked += 1
        assert self.asked <= MOST_ASKED, "ever more requests"
        if self.drawn.byte() > 245:
            raise self.drawn.pick(ERRORS)("the host says no")
        answers = self.told.answers
        if not answers:
            return "{}"
        return next((text for known, text in answers if known == url), answers[min(self.asked, len(answers)) - 1][1])


def check(drawn: Drawn) -> None:
    """A plug gives files of its host's own, with headers that are such, or one of our errors."""
    told = drawn.pick(TOLD)
    web = Altered(drawn, told)
    try:
        found = told.plug.resolve(told.link, web)
    except AcquireError as error:
        return sentence(error)
    assert isinstance(found, tuple)
    assert len(found) <= 3000
    for media in found[:20]:
        check_media(media, web)
    return None


def check_media(media: HostMedia, web: Altered) -> None:
    """Fail unless one media is of the plug's own files."""
    assert media.id is None or isinstance(media.id, str)
    renditions = media.renditions
    if media.ask is not None:
        web.asked = 0
        try:
            renditions = media.ask(web)
        except AcquireError as error:
            return sentence(error)
    for one in renditions:
        check_rendition(one, web)
    return None


def check_rendition(one: Rendition, web: Altered) -> None:
    """Fail unless a file may be asked for."""
    check_headers(one.headers)
    assert len(one.more) <= 400
    for url in (one.url, *one.more[:20]):
        # which of the servers that keep a status' files are allowed, the guard tells
        assert web.allows(host_of(check_url(url))) or not web.told.plug.domains, url
        web.told.plug.stand_in(url)
    for size in (one.width, one.height):
        assert size is None or 0 < size < 1_000_000


def check_headers(headers: Mapping[str, str]) -> None:
    """Fail if a header would be more than one."""
    assert all(HEADER.match(text) for pair in headers.items() for text in pair), headers
