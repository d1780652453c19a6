"""The Fetcher: strangers' URLs in, bytes, JSON or pages out, or one of the AcquireErrors."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, cast

import httpcore
import httpx

from bot import __version__
from bot.clock import Clock
from bot.config import FetchConfig
from bot.errors import BlockedError, HostChangedError, OutageError, TryLaterError, UnsupportedError
from bot.fetch import replies
from bot.fetch.guard import Deadline, Dial, GuardedBackend, Resolve, system_dial, system_resolve
from bot.fetch.memory_budget import MemoryBudget
from bot.fetch.urls import check_url, host_of
from bot.serialization import encodable
from bot.tls import trusting

USER_AGENT = f"gifwarden/{__version__} (moderation bot)"
CONNECTIONS = 32
CHUNK = 64 * 1024
PIECE = 2**20  # bytes of room taken at a time for a body that does not say how long it is
_SECRET_HEADERS = frozenset({"authorization", "cookie", "origin", "referer", "x-website-token"})

Allow = Callable[[str], bool]
"""Says whether a host name may be contacted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One fetched file. `url` is where it was found after all redirects."""

    url: str
    data: bytes = field(repr=False)
    content_type: str  # without parameters, in lower case; empty if not declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One fetched text. `url` is where it was found after all redirects."""

    url: str
    status: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    url: httpx.URL
    headers: httpx.Headers
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redirect:
    """Where an answer leads to. `passes`: the host says that it does for now (302, 303, 307; not 301 and 308)."""

    url: httpx.URL
    passes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """What is posted: the fields of a form, or JSON."""

    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)


class Fetcher:
    """Fetches what strangers link to. Safe to use from several threads.

    `resolve` and `dial` are the seam by which tests and the demo reach loopback: addresses are checked between the two,
    and neither configuration nor environment can replace them. `monotonic` measures the deadline and must be real time.
    Every error is an AcquireError whose message names host and reason, never the URL.
    """

    def __init__(
        self,
        config: FetchConfig,
        clock: Clock,
        *,
        resolve: Resolve = system_resolve,
        dial: Dial = system_dial,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._clock = clock
        self._deadline = Deadline(monotonic)
        self._backend = GuardedBackend(resolve, dial, self._deadline)
        self.room = MemoryBudget(config.max_bytes_at_once)
        self.stopped = False
        self._client = httpx.Client(
            transport=_Transport(self._backend),
            timeout=httpx.Timeout(config.read_seconds, connect=config.connect_seconds),
            headers={"User-Agent": USER_AGENT},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # hosts are not told that we came before
            follow_redirects=False,
            trust_env=False,
        )

    def media(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow: Allow | None = None,
        seconds: float = math.inf,
    ) -> Body:
        """Return the file, at most `max_bytes`; every host on the way must pass `allow`.

        `seconds` are all that it may take, where that is less than `total_seconds`; likewise below. Raises
        UnsupportedError for packed or oversized bodies, and the errors of `replies.check_media_type` and
        `replies.status_error`.
        """
        limit = self._config.max_bytes
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        reply = self._load(url, sent, limit, allow, media=True, seconds=seconds)
        replies.check_media(host_of(reply.url), reply.url.path, reply.data)
        content_type = replies.media_type(reply.headers.get("Content-Type"))
        return Body(url=str(reply.url), data=reply.data, content_type=content_type)

    def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow: Allow | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = math.inf,
    ) -> Any:
        """Return the decoded JSON answer, at most `max_page_bytes` unpacked; HostChangedError if it is none.

        With `form` the fields are posted, with `body` that as JSON; a redirect is then not followed, for it would post
        them elsewhere.
        """
        post = _Post(form=form, json=body) if form is not None or body is not None else None
        reply, text = self._text(url, {"Accept": "application/json", **(headers or {})}, allow, post, seconds)
        try:
            return encodable(json.loads(text))
        except (ValueError, RecursionError):
            raise HostChangedError(f"{host_of(reply.url)} sent something other than JSON") from None

    def page(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow: Allow | None = None,
        seconds: float = math.inf,
    ) -> Page:
        """Return a page, script or manifest as text, at most `max_page_bytes` unpacked."""
        reply, text = self._text(url, {"Accept": "*/*", **(headers or {})}, allow, None, seconds)
        return Page(url=str(reply.url), status=200, text=text)

    def stop(self) -> None:
        """Break off what other threads are fetching: they get a TryLaterError, and so does every later request."""
        self.stopped = True
        self._backend.stop()
        self.room.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _text(
        self,
        url: str,
        headers: Mapping[str, str],
        allow: Allow | None,
        post: _Post | None,
        seconds: float,
    ) -> tuple[_Reply, str]:
        limit = self._config.max_page_bytes
        sent = {"Accept-Encoding": "gzip, deflate", **headers}
        reply = self._load(url, sent, limit, allow, media=False, post=post, seconds=seconds)
        encoding = replies.packing(reply.headers.get("Content-Encoding"))
        data = replies.unpack(host_of(reply.url), reply.data, encoding, limit)
        return reply, replies.text_of(data, reply.headers.get("Content-Type"))

    def _load(
        self,
        url: str,
        headers: Mapping[str, str],
        limit: int,
        allow: Allow | None,
        *,
        media: bool,
        seconds: float,
        post: _Post | None = None,
    ) -> _Reply:
        if self.stopped:
            raise TryLaterError("the program is stopping; this is fetched when it runs again", retry_after=0.0)
        current = check_url(url)
        sent = dict(headers)
        with self._deadline.within(min(seconds, self._config.total_seconds)):
            passes = False
            for _ in range(self._config.max_redirects + 1):
                host = host_of(current)
                if allow is not None and not allow(host):
                    error = BlockedError(f"the link leads to {host}, which is not one of the addresses expected here")
                    error.passes = passes
                    raise error
                result = self._once(current, sent, limit, media=media, post=post)
                if isinstance(result, _Reply):
                    return result
                if post is not None:
                    raise HostChangedError(f"{host} redirects what was posted to it, which is not followed")
                if host_of(result.url) != host:
                    sent = {name: value for name, value in sent.items() if name.lower() not in _SECRET_HEADERS}
                current, passes = result.url, passes or result.passes
        raise HostChangedError(f"{host_of(check_url(url))} redirects more than {self._config.max_redirects} times")

    def _once(
        self,
        url: httpx.URL,
        headers: Mapping[str, str],
        limit: int,
        *,
        media: bool,
        post: _Post | None = None,
    ) -> _Reply | _Redirect:
        """Return the answer, or where it redirects to."""
        host = host_of(url)
        try:
            method = "GET" if post is None else "POST"
            sent = post or _Post()
            with self._client.stream(method, url, headers=headers, data=sent.form, json=sent.json) as response:
                status, now = response.status_code, self._clock.now()
                if status in replies.REDIRECTS:
                    target = _redirect(url, response.extensions.get("location"))
                    return _Redirect(url=target, passes=status not in replies.PERMANENT)
                challenge = replies.challenged(host, response.headers)
                if status != 200:
                    error = replies.status_error(host, status, response.headers.get("Retry-After"), now)
                    raise challenge if challenge and isinstance(error, BlockedError) else error
                if challenge:
                    raise challenge
                if media:
                    replies.check_media_type(host, url.path, response.headers, now)
                    if replies.packing(response.headers.get("Content-Encoding")):
                        raise UnsupportedError(f"{host} sent packed media, which is not unpacked")
                take = self._take if media else None
                return _Reply(url=url, headers=response.headers, data=_read(host, response, limit, take))
        except httpcore.ConnectTimeout:
            raise OutageError(f"{host} did not answer in time") from None
        except httpcore.TimeoutException:
            raise TryLaterError(f"{host} did not answer in time") from None
        except httpcore.ConnectError:
            raise OutageError(f"{host} cannot be reached") from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise TryLaterError(f"{host} broke off the connection or sent a damaged answer") from None
        except (httpx.HTTPError, httpx.InvalidURL):  # all that httpx itself objects to above our transport
            raise HostChangedError(f"{host} answers in a way that HTTP does not know") from None

    def _take(self, size: int) -> None:
        self._deadline.extend(self.room.take(size))


def _redirect(url: httpx.URL, location: str | None) -> httpx.URL:
    host = host_of(url)
    if not location:
        raise HostChangedError(f"{host} redirects without saying where to")
    try:
        checked = check_url(str(url.join(location)))
    except (httpx.InvalidURL, ValueError, UnsupportedError):
        raise UnsupportedError(f"{host} redirects to something that is not a web address") from None
    if url.scheme == "https" and checked.scheme == "http":
        raise BlockedError(f"{host} redirects from https to http, which is not followed")
    return checked


def _read(host: str, response: httpx.Response, limit: int, take: Callable[[int], None] | None) -> bytes:
    length = response.headers.get("Content-Length", "")
    announced = int(length[:20]) if length.isascii() and length.isdigit() else None
    if announced is not None and announced > limit:
        raise UnsupportedError(f"{host} announces more than the {limit} bytes that are fetched at most")
    parts: list[bytes] = []
    total = taken = 0
    # Raw on purpose: anything that unpacks on the way turns 50 KB into 50 MB before it can be counted.
    for part in response.iter_raw(CHUNK):
        total += len(part)
        if total > limit:
            raise UnsupportedError(f"{host} sends more than the {limit} bytes that are fetched at most")
        if take and total > taken:
            step = max(total - taken, (announced or 0) - taken, PIECE)
            take(step)
            taken += step
        parts.append(part)
    return b"".join(parts)


class _Transport(httpx.BaseTransport):
    """httpx over httpcore with our own network backend, which httpx's own transport does not take.

    No connection is used twice: a false Content-Length leaves bytes behind that the next answer would begin with, and
    every request resolves and checks anew.
    """

    def __init__(self, backend: GuardedBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusting(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=0,
            http1=True,
            http2=False,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=cast(httpx.SyncByteStream, request.stream),
                extensions=request.extensions,
            )
        )
        # httpx takes every Location apart, followed or not, and fails at those that are no web address
        location = next((value for name, value in response.headers if name.lower() == b"location"), None)
        return httpx.Response(
            status_code=response.status,
            headers=[pair for pair in response.headers if pair[0].lower() != b"location"],
            stream=_Stream(response.stream),
            extensions={} if location is None else {"location": _text_of(location)},
        )

    def close(self) -> None:
        self._pool.close()


def _text_of(header: bytes) -> str:
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


class _Stream(httpx.SyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Any:
        yield from self._inner

    def close(self) -> None:
        self._inner.close()
