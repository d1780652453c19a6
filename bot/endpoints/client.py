"""HTTP to what the operator configured: exchanges of hash lists. Nobody else talks to them.

Unlike what strangers link to (`bot/fetch`), these may stand on this machine or a private network, for the operator
named them. Each request has a deadline over all of it, a bound on bytes before and after they are unpacked, and ends
when the program stops. TLS certificates are always checked. A redirect is followed within the same origin only, so that
a token goes nowhere else. No error and no log holds more of an address than the host's name.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Literal

import httpx

from bot import __version__
from bot.clock import Clock
from bot.endpoints import bodies
from bot.endpoints.transport import Transport, UntrustedError
from bot.errors import EndpointError
from bot.exchange import Exchange, Exchanges
from bot.serialization import encodable
from bot.tls import trusting

USER_AGENT = f"gifwarden/{__version__} (moderation bot)"
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0  # between two bytes
ANSWER_SECONDS = 90.0  # for one answer whole
STREAM_SECONDS = 12 * 3600.0  # for a list whole, our own work on it included
ANSWER_BYTES = 32 * 2**20
MOST_PARTS = 200_000  # objects and arrays of one answer: thousands of rows, with much in each
MOST_VALUES = 1_000_000
STREAM_BYTES = 16 * 2**30  # of a list, packed or not
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 307, 308})
_MEDIA = re.compile(r"(image|video|audio|font)/|text/html|application/xhtml", re.IGNORECASE)

# they log whole addresses, tokens in their queries included
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer whole, unpacked. `headers` have their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    host: str

    def json(self) -> Any:
        """Return what the body says. Raises EndpointError if it is no JSON, or holds more than any page does.

        A few kilobytes packed can hold millions of empty arrays, each of which takes a hundred times its own length.
        """
        if self.body.count(b"[") + self.body.count(b"{") > MOST_PARTS or self.body.count(b",") > MOST_VALUES:
            raise EndpointError(f"{self.host} sent far more in one answer than a page holds", retry=False)
        try:
            found = json.loads(self.body)
            # half characters come as escapes, as what UTF-8 does not know, or in another encoding
            return encodable(found) if any(mark in self.body for mark in (b"\\u", b"\xed", b"\0")) else found
        except (ValueError, RecursionError):
            raise EndpointError(f"{self.host} sent something other than whole JSON") from None


class Stream:
    """An answer whose body is read as it comes."""

    def __init__(self, status: int, headers: Mapping[str, str], chunks: Iterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks

    def chunks(self) -> Iterator[bytes]:
        """Yield the body. Raises EndpointError if it ends too early, is too large, too slow or damaged."""
        return self._chunks


class Endpoints:
    """Sends requests to addresses of the configuration. Safe to use from several threads.

    `tls` is the seam by which tests bring a certificate authority of their own.
    """

    def __init__(self, clock: Clock, *, tls: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._exchanges = Exchanges()
        self._current = threading.local()
        self._stopped = threading.Event()
        self._client = httpx.Client(
            transport=Transport(self._exchange, tls or trusting()),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            headers={"User-Agent": USER_AGENT},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    def ask(
        self,
        url: str,
        *,
        method: Literal["GET", "POST"] = "GET",
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        document: Any = None,
        accept: frozenset[int] = frozenset({200}),
        limit: int = ANSWER_BYTES,
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Return an answer whose status is one of `accept`. `form` or `document` (as JSON) is posted.

        Raises EndpointError.
        """
        content = None if document is None else json.dumps(document).encode()
        sent = {"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        asked = _Asked(method, url, params, sent, form, content, accept)
        with self._open(asked, limit, seconds) as stream:
            return Answer(
                status=stream.status, headers=stream.headers, body=b"".join(stream.chunks()), host=host_of(url)
            )

    @contextlib.contextmanager
    def stream(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset({200}),
        limit: int = STREAM_BYTES,
        seconds: float = STREAM_SECONDS,
    ) -> Iterator[Stream]:
        """Yield an answer whose body is read as it comes, packed as it came: `bodies.decoded` and `opened` unpack it.

        Raises EndpointError, also for media and web pages, which are no lists.
        """
        sent = {"Accept": "*/*", "Accept-Encoding": "gzip", **(headers or {})}
        with self._open(_Asked("GET", url, None, sent, None, None, accept), limit, seconds, listed=True) as stream:
            yield stream

    def stop(self) -> None:
        """Cut every exchange under way, and every later one."""
        self._stopped.set()
        self._exchanges.stop()

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def _exchange(self) -> Exchange:
        found = getattr(self._current, "exchange", None)
        assert isinstance(found, Exchange)
        return found

    @contextlib.contextmanager
    def _open(self, asked: _Asked, limit: int, seconds: float, *, listed: bool = False) -> Iterator[Stream]:
        host = host_of(asked.url)
        with self._exchanges.within(seconds) as exchange, contextlib.ExitStack() as stack:
            with self._telling(host, exchange):
                response = self._answered(asked, exchange, stack)
                status = response.status_code
                if status not in asked.accept:
                    raise _refusal(host, status, response.headers.get("Retry-After"), self._clock.now())
                kind = response.headers.get("Content-Type", "")
                if listed and status != 304 and _MEDIA.match(kind.strip()):
                    raise EndpointError(f"{host} sent a web page or media instead of a list")
                headers = {name.lower(): value for name, value in response.headers.items()}
            yield Stream(status, headers, self._body(host, response, limit, exchange, listed=listed))

    def _body(
        self, host: str, response: httpx.Response, limit: int, exchange: Exchange, *, listed: bool
    ) -> Iterator[bytes]:
        with self._telling(host, exchange):
            yield from bodies.read(host, response, limit, exchange, raw=listed)

    @contextlib.contextmanager
    def _telling(self, host: str, exchange: Exchange) -> Iterator[None]:
        """Turn what the network raises into one sentence."""
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._told(host, exchange, error) from None

    def _answered(self, asked: _Asked, exchange: Exchange, stack: contextlib.ExitStack) -> httpx.Response:
        url = httpx.URL(asked.url)
        if asked.params:
            url = url.copy_merge_params({key: str(value) for key, value in asked.params.items()})
        before = getattr(self._current, "exchange", None)
        self._current.exchange = exchange
        try:
            for _ in range(MAX_REDIRECTS + 1):
                request = self._client.build_request(
                    asked.method, url, headers=dict(asked.headers), data=asked.form, content=asked.content
                )
                response = self._client.send(request, stream=True)
                if response.status_code not in _REDIRECTS:
                    stack.callback(response.close)
                    return response
                location = response.headers.get("Location", "")
                response.close()
                url = _redirected(url, location, asked.method)
        finally:
            self._current.exchange = before
        raise EndpointError(f"{url.host} redirects more than {MAX_REDIRECTS} times")

    def _told(self, host: str, exchange: Exchange, error: Exception) -> EndpointError:
        if exchange.cut == "stopped" or self._stopped.is_set():
            return EndpointError("the program is stopping; this goes on when it runs again", retry_after=0.0)
        if exchange.cut == "late" or isinstance(error, httpx.TimeoutException | TimeoutError):
            return EndpointError(f"{host} did not answer in time")
        if isinstance(error, UntrustedError):
            return EndpointError(f"{host} has no certificate that this machine trusts", setup=True)
        if isinstance(error, httpx.ConnectError | OSError):
            return EndpointError(f"{host} cannot be reached")
        if isinstance(error, httpx.TransportError):
            return EndpointError(f"{host} broke off the connection or sent a damaged answer")
        return EndpointError(f"{host} answers in a way that HTTP does not know")


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    url: str
    params: Mapping[str, str | int] | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] | None = field(repr=False)
    content: bytes | None = field(repr=False)
    accept: frozenset[int]


def host_of(url: str) -> str:
    """Return the host's name of an address, which is all that is ever said of it."""
    try:
        return httpx.URL(url).host or "the address"
    except httpx.InvalidURL:
        return "the address"


def same_origin(one: str, other: str) -> bool:
    """Return whether two addresses are of one scheme, host and port."""
    try:
        return _origin(httpx.URL(one)) == _origin(httpx.URL(other))
    except httpx.InvalidURL:
        return False


def joined(base: str, reference: str) -> str | None:
    """Return an address that stands in an answer as a whole one, or None if it leads to another origin."""
    try:
        found = str(httpx.URL(base).join(reference).copy_with(fragment=None))
    except (httpx.InvalidURL, ValueError, TypeError):
        return None
    return found if same_origin(base, found) else None


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


def _redirected(url: httpx.URL, location: str, method: str) -> httpx.URL:
    if method != "GET":
        raise EndpointError(f"{url.host} redirects what was posted to it, which is not followed")
    found = joined(str(url), location) if location else None
    if found is None:
        raise EndpointError(
            f"{url.host} redirects to another place, which is not followed; put the new address into the configuration",
            setup=True,
        )
    return httpx.URL(found)


def _refusal(host: str, status: int, retry_after: str | None, now: datetime) -> EndpointError:
    wait = bodies.waiting_time(retry_after, now)
    if status in (401, 403):
        why = f"{host} refuses us (status {status}); check the exchange's key and what its keeper lets you read"
        return EndpointError(why, status=status, retry_after=wait, setup=True)
    if status in (404, 410):
        why = f"{host} has nothing at this address (status {status}); check the exchange's url"
        return EndpointError(why, status=status, retry_after=wait, setup=True)
    if status == 429:
        return EndpointError(f"{host} asks for fewer requests (status 429)", status=status, retry_after=wait)
    if status == 408 or status >= 500:
        return EndpointError(f"{host} cannot answer now (status {status})", status=status, retry_after=wait)
    return EndpointError(f"{host} answers in an unexpected way (status {status})", status=status, retry_after=wait)
