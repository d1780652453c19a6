"""Link in, bytes out: asks the host plug for the files, picks one, fetches it politely. One of these a machine."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from bot.clock import Clock
from bot.config import Config
from bot.errors import (
    AcquireError,
    CostlyError,
    NeedsTokenError,
    NotAllowedError,
    OutageError,
    TryLaterError,
    UnsupportedError,
)
from bot.fetch import Body, Fetcher, Page
from bot.hosts import HOSTS, Host, HostMedia, Rendition, belongs, configured, get, parse, plain, unwrapped
from bot.model import Link, MediaFile
from bot.pace import Pace, Standing

SHORT_SIDE = 480  # pixels; fingerprints gain nothing from more
SLOW = "its host is slow, so it is fetched behind other links"
RATE_LIMIT_SECONDS = 60.0  # how long a host rests that asks for fewer requests without saying until when
FRONT_FILES = 20  # media of an album that goes in front of others; Reddit's own galleries have no more
ALBUM_FILES = 4  # an album may weigh as much as this many files of the largest size; its bytes are all in memory

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """What came of a link: at least one media.

    `failures` are (place in the album, sentence) of media or originals that could not be fetched; `later` are the
    errors of those among them that another look may bring. Where a media came, they are about its original.
    """

    media: tuple[MediaFile, ...]
    failures: tuple[tuple[int, str], ...] = ()
    later: tuple[tuple[int, AcquireError], ...] = ()


class Acquirer:
    """Fetches the media behind links. Safe to use from several threads; they share politeness and tokens."""

    def __init__(self, config: Config, fetcher: Fetcher, clock: Clock, hosts: tuple[Host, ...] = HOSTS) -> None:
        self._config = config
        self._fetcher = fetcher
        self._hosts = configured(config, hosts)
        self._pace = Pace(clock)
        self._states: dict[str, dict[str, Any]] = defaultdict(dict)
        self._lock = threading.Lock()

    def acquire(self, link: Link, *, want_original: bool, in_front: bool = False, only: int | None = None) -> Acquired:
        """Return the media behind a link, in the smallest rendition that serves, the originals too if wanted.

        `only`: of an album the one in this place, from 0.

        Raises CostlyError if it goes `in_front` of others and is an album of more than `FRONT_FILES` or takes more
        than `fetch.front_seconds`, and AcquireError if nothing could be fetched; its `state` is the link's. Of several
        media it is the error of the one that may come soonest.
        """
        host = self._host(link)
        link = replace(link, url=unwrapped(link.url, self._hosts))
        web = self._web(self._server(host), link, in_front=in_front)
        found = host.resolve(link, web)
        if in_front and only is None and len(found) > FRONT_FILES:
            raise CostlyError(f"an album of {len(found)} media is looked at behind other links")
        media: list[MediaFile] = []
        failures: list[tuple[int, str]] = []
        first: AcquireError | None = None
        later: list[tuple[int, AcquireError]] = []
        room = ALBUM_FILES * self._config.fetch.max_bytes
        for index, item in enumerate(found):
            if only not in (None, index):
                continue
            refused = self._beyond(index, len(found), room)
            if refused:
                failures.append((index, refused))
                break
            try:
                file, missing = _fetch(web, host, index, item, want_original=want_original)
            except AcquireError as error:
                first = _sooner(first, error)
                failures.append((index, str(error)))
                if error.retry or error.passes:
                    later.append((index, error))
                continue
            room -= len(file.data) + len(file.original or b"")
            media.append(file)
            if missing is not None:
                failures.append((index, f"the original is missing: {missing}"))
                if missing.retry:
                    later.append((index, missing))
        if not media:
            gone = only is not None and len(found) > 0 and first is None
            raise first or UnsupportedError(
                f"{host.name} names no media in this place of the album any more"
                if gone
                else f"{host.name} names no media behind this link"
            )
        return Acquired(media=tuple(media), failures=tuple(failures), later=tuple(later))

    def group(self, link: Link) -> str:
        """Return what a link's requests are paced by: the host whose servers are asked, or the server itself."""
        host = get(link.host, self._hosts)
        if host is None:
            return link.host
        url = None if host.domains else parse(link.url)
        return url.host if url else host.served_by or host.name

    def rests(self, group: str) -> bool:
        """Return whether a group of servers asked to be left alone for now."""
        return self.rests_for(group) > 0

    def rests_for(self, group: str) -> float:
        """Return for how many seconds a group of servers asked to be left alone; 0 or less if it does not."""
        return self._pace.resting(group)

    def resting(self) -> dict[str, float]:
        """Return for how many seconds each host whose servers are its own asked to be left alone, of those that do."""
        found = {host.name: self.rests_for(host.served_by or host.name) for host in self._hosts if host.domains}
        return {name: seconds for name, seconds in found.items() if seconds > 0}

    def wait_for(self, group: str) -> float:
        """Return in how many seconds a request to a group would be sent."""
        return max(self._pace.resting(group), self._pace.due(group))

    def standing(self, link: Link) -> Standing:
        """Return how it stands with the servers that a link leads to."""
        group = self.group(link)
        with self._lock:
            state = {key: value for key, value in self._states[self._server_name(link)].items() if type(value) is str}
        return Standing(due=max(0.0, self._pace.due(group)), rest=max(0.0, self._pace.resting(group)), state=state)

    def take_over(self, link: Link, standing: Standing) -> None:
        """Go by how another machine left the servers that a link leads to."""
        self._pace.take_over(self.group(link), standing.due, standing.rest)
        with self._lock:
            state = self._states[self._server_name(link)]
            state.clear()
            state.update(standing.state)

    def rest(self, group: str, seconds: float) -> None:
        """Leave a group of servers alone for that long."""
        self._pace.rest(group, seconds)

    def _server_name(self, link: Link) -> str:
        host = get(link.host, self._hosts)
        return link.host if host is None else host.served_by or host.name

    def work(self) -> AbstractContextManager[None]:
        """Return a block in which a thread's bytes are counted; they are free again at its end."""
        return self._fetcher.room.share()

    @property
    def bytes_at_most(self) -> int:
        """The most bytes of media that were held in memory at once."""
        return self._fetcher.room.peak

    def stop(self) -> None:
        """Break off what other threads are fetching, and fetch nothing any more."""
        self._fetcher.stop()

    @property
    def names(self) -> dict[str, bool]:
        """The names of all host plugs, and whether a plug's links lead to servers of many."""
        return {host.name: not host.domains for host in self._hosts}

    def _host(self, link: Link) -> Host:
        host = get(link.host, self._hosts)
        if host is None or link.kind == "unsupported":
            raise UnsupportedError("the link leads to a host or a kind of file that is not supported")
        if not self._config.host(host.name).enabled:
            raise NotAllowedError(
                f"{host.name} is switched off; set enabled = true in [hosts.{host.name}] to follow it"
            )
        if link.kind == "page":
            raise UnsupportedError(f"the link leads to a page of {host.name}, not to a single media")
        return host

    def _server(self, host: Host) -> Host:
        """Return the plug whose servers are contacted for a host: itself, or the one that serves it."""
        server = get(host.served_by, self._hosts) if host.served_by else host
        if server is None or not self._config.host(server.name).enabled:
            name = host.served_by
            raise NotAllowedError(
                f"{host.name} is only found on {name}, which is switched off; set enabled = true in [hosts.{name}]"
            )
        return server

    def _web(self, host: Host, link: Link, *, in_front: bool) -> _Web:
        settings = self._config.host(host.name)
        interval = settings.interval_seconds
        if interval is None:
            interval = self._config.fetch.host_interval_seconds
        group = host.name
        allow: Callable[[str], bool] = host.reaches
        if not host.domains:
            url = parse(link.url)
            if url is None:
                raise UnsupportedError("the link is not a web address that can be read")
            domains = plain(settings.allow)
            if not belongs(url.host, domains):
                raise NotAllowedError(
                    f"{url.host} is not a host that may be contacted; add it to allow in [hosts.{host.name}] if it may"
                )
            group = url.host

            def allow(name: str) -> bool:
                return belongs(name, domains)

        with self._lock:
            state = self._states[host.name]
        seconds = self._config.fetch.front_seconds if in_front else math.inf
        hurry = _Hurry(seconds, seconds, anybodys=not host.domains)
        return _Web(self._fetcher, self._pace, group, interval, allow, state, self._config.fetch.max_bytes, hurry)

    def _beyond(self, index: int, count: int, room: int) -> str | None:
        if index >= self._config.fetch.max_album:
            return f"the album has {count} media and only the first {index} are fetched (fetch.max_album)"
        if room <= 0:
            return f"the album is so large that only the first {index} of its {count} media are fetched"
        return None


def candidates(renditions: tuple[Rendition, ...]) -> tuple[Rendition, ...]:
    """Return the renditions in the order to try: smallest with a short side of 480 px, unknown sizes, then largest."""

    def rank(rendition: Rendition) -> tuple[int, int]:
        side = rendition.short_side
        if side is None:
            return 1, 0
        area = (rendition.width or 0) * (rendition.height or 0)
        return (0, area) if side >= SHORT_SIDE else (2, -area)

    return tuple(sorted(renditions, key=rank))  # stable: a plug's own order decides between equals


def _fetch(
    web: _Web, host: Host, index: int, item: HostMedia, *, want_original: bool
) -> tuple[MediaFile, AcquireError | None]:
    """Return the media, and the error that kept its original away, if any."""
    if item.ask is not None:
        item = replace(item, renditions=item.ask(web), ask=None)
    chosen, data = _first(web, host, item)
    original = next((rendition for rendition in item.renditions if rendition.original), None)
    if not want_original or original is None or original.url == chosen.url:
        return MediaFile(index=index, url=chosen.url, data=data, best=chosen.original), None
    try:
        better = _one(web, host, original)
    except AcquireError as error:
        return MediaFile(index=index, url=chosen.url, data=data), error
    if better == data:  # some hosts serve one file under two addresses
        return MediaFile(index=index, url=chosen.url, data=data, best=True), None
    size = (original.width, original.height) if original.width and original.height else None
    return MediaFile(index=index, url=chosen.url, data=data, original=better, best=True, best_size=size), None


def _first(web: _Web, host: Host, item: HostMedia) -> tuple[Rendition, bytes]:
    """Return the first rendition that can be had. Passing failures end the search: a worse file would hide them."""
    first: AcquireError | None = None
    for rendition in candidates(item.renditions):
        try:
            return rendition, _one(web, host, rendition)
        except (TryLaterError, NeedsTokenError):
            raise
        except AcquireError as error:
            first = _sooner(first, error)
    raise first or UnsupportedError(f"{host.name} names no file for this media")


def _sooner(first: AcquireError | None, error: AcquireError) -> AcquireError:
    """Return which of two errors leaves more hope that the media comes another time; the first of equals."""
    kinds = [(isinstance(one, OutageError), one.retry, one.passes) for one in (first, error) if one is not None]
    return first if first is not None and kinds[0] >= kinds[-1] else error


def _one(web: _Web, host: Host, rendition: Rendition) -> bytes:
    url, data = web.media(rendition)
    error = host.stand_in(url)
    if error is not None:
        raise error
    return data


@dataclass(slots=True)
class _Hurry:
    """Seconds for a link in front of others, what is left of them, and whether its server may be anybody's."""

    whole: float
    left: float
    anybodys: bool


class _Web:
    """A plug's view of the network: its own host only, at its host's pace."""

    def __init__(
        self,
        fetcher: Fetcher,
        pace: Pace,
        group: str,
        interval: float,
        allow: Callable[[str], bool],
        state: dict[str, Any],
        limit: int,
        hurry: _Hurry,
    ) -> None:
        self._fetcher = fetcher
        self._pace = pace
        self._group = group
        self._interval = interval
        self._allow = allow
        self._limit = limit
        self._hurry = hurry
        self.state = state

    def now(self) -> datetime:
        return self._pace.now()

    def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        return self._politely(
            lambda left: self._fetcher.json(url, headers=headers, allow=self._allow, form=form, body=body, seconds=left)
        )

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        return self._politely(lambda left: self._fetcher.page(url, headers=headers, allow=self._allow, seconds=left))

    def allows(self, host: str) -> bool:
        return self._allow(host)

    def media(self, rendition: Rendition) -> tuple[str, bytes]:
        """Return where the file was found and its bytes."""
        first = self._file(rendition.url, rendition.headers)
        if not rendition.more:
            return first.url, first.data
        parts = [first.data]
        for url in rendition.more:
            parts.append(self._file(url, rendition.headers).data)
            if sum(map(len, parts)) > self._limit:
                raise UnsupportedError(
                    f"{self._group} sends more than the {self._limit} bytes that are fetched at most"
                )
        return first.url, b"".join(parts)

    def _file(self, url: str, headers: Mapping[str, str]) -> Body:
        return self._politely(lambda left: self._fetcher.media(url, headers=headers, allow=self._allow, seconds=left))

    def _politely(self, request: Callable[[float], T]) -> T:
        if not self._fetcher.stopped:  # then the request fails by itself, without a wait
            self._pace.turn(self._group, self._interval)
        given, began = self._hurry.left, time.monotonic()
        try:
            return request(given)
        except TryLaterError as error:
            if not self._fetcher.stopped and time.monotonic() - began > given - 0.05:
                if self._hurry.anybodys:  # a server that a stranger chose: its next link does not follow at once
                    self._pace.rest(self._group, self._hurry.whole)
                raise CostlyError(SLOW) from None
            if error.status == 429 or error.retry_after is not None:
                rest = RATE_LIMIT_SECONDS if error.retry_after is None else error.retry_after
                self._pace.rest(self._group, rest)
            raise
        finally:
            self._hurry.left = given - (time.monotonic() - began)
