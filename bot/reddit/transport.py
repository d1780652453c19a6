"""PRAW, set up so that nothing around it decides where it talks to, and posts go out once."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.resources import files
from typing import Any

import praw
import praw.config
import prawcore
import requests
import requests.adapters
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from bot import __version__
from bot.config import RedditConfig
from bot.errors import RedditError
from bot.exchange import Exchange, Exchanges

REDDIT_URL = "https://www.reddit.com"
OAUTH_URL = "https://oauth.reddit.com"
USER_AGENT = "linux:gifwarden:{version} (by /u/{contact})"
READ_SECONDS = 16.0  # to connect, and between two bytes
CALL_SECONDS = 40.0  # for one call whole: the token, the answer to its last byte, prawcore's further tries
MAX_BYTES = 64 * 2**20  # of one answer; a hundred of the longest posts in the widest script stay below
CHUNK = 64 * 2**10
TOKEN_PATH = "/api/v1/access_token"  # noqa: S105  an address, not a secret

_UNSURE_STATUSES = frozenset({408, *range(500, 600)})

# prawcore logs what is posted, passwords included, when debugging is on
for _name in ("praw", "prawcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class PostUnansweredError(prawcore.PrawcoreException):
    """A post got no answer, or one that does not say whether it was done.

    `response` is the answer if there was one, `cause` the network's error if there was none.
    """

    def __init__(self, response: requests.Response | None, cause: Exception | None) -> None:
        super().__init__("a post was not answered")
        self.response = response
        self.cause = cause


class CallCutError(prawcore.PrawcoreException):
    """A call was ended by us: `what` says why. Of a kind that prawcore does not repeat."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class _Adapter(requests.adapters.HTTPAdapter):
    """Connects within the exchange under way, so that its deadline holds for the look-up and for every byte."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        super().__init__()
        plain, secure = _pools(exchange)
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}

    def close(self) -> None:
        """Hang up: urllib3 leaves idle connections to whenever their pool is collected, which refers to them."""
        pools = self.poolmanager.pools
        for key in list(pools.keys()):  # it cannot be iterated over
            if (pool := pools.get(key)) is not None:
                pool.close()
        super().close()


def _pools(exchange: Callable[[], Exchange]) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    def connected(connection: HTTPConnection) -> socket.socket:
        wait = connection.timeout if isinstance(connection.timeout, float | int) else None
        try:
            return exchange().connect(connection.host, connection.port, wait)
        except socket.gaierror as error:
            raise NameResolutionError(connection.host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, str(error)) from error
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self)

        def putrequest(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is not None:  # kept from an exchange before
                exchange().watch(self.sock)
            super().putrequest(*args, **kwargs)

    class Secure(Plain, HTTPSConnection):
        """The same, with TLS."""

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return PlainPool, SecurePool


class OnceRequestor(prawcore.Requestor):
    """Sends requests for prawcore. Remembers the last answer; never lets prawcore repeat a post.

    prawcore repeats what failed with 5xx or a cut connection, which would file a report or write a mail twice. It
    does so for errors of its own kind only, hence this one's. Asking for a token is safe to repeat. A 401 is repeated
    too, with a new token: Reddit did nothing yet.
    """

    def __init__(self, **settings: Any) -> None:
        session = requests.Session()
        # no proxy, certificate store or .netrc from the environment
        session.trust_env = False
        self._exchanges = Exchanges()
        self._exchange: Exchange | None = None
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(self._current))
        super().__init__(session=session, **settings)
        self.last: requests.Response | None = None
        self.date: datetime | None = None  # of the last answer that told one, by Reddit's clock
        self.on_answer: Callable[[Mapping[str, str]], None] | None = None  # is given the headers of every answer

    @contextmanager
    def call(self, seconds: float = CALL_SECONDS) -> Iterator[None]:
        """Let every request inside end `seconds` from now, all of them together. One thread at a time."""
        with self._exchanges.within(seconds) as self._exchange:
            try:
                yield
            finally:
                self._exchange = None

    def stop(self) -> None:
        """Cut the call under way, and every later one."""
        self._exchanges.stop()

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> requests.Response:
        """Send one request and read its answer.

        Raises PostUnansweredError for a post, CallCutError for what was cut, else prawcore's RequestException.
        """
        if self._exchange is None:
            with self.call():
                return self.request(*args, timeout=timeout, **kwargs)
        self.last = None
        method, url = str(args[0]).upper(), str(args[1])
        once = method != "GET" and not url.endswith(TOKEN_PATH)
        if not self._exchange.left():
            raise self._cut()
        if once:
            # an idle connection that Reddit has just closed looks like a cut one; a fresh one leaves no such doubt
            self._http.close()
        try:
            response = super().request(*args, timeout=timeout, stream=True, **kwargs)
            try:
                _load(response)
            except requests.RequestException as error:
                raise prawcore.RequestException(error, args, kwargs) from None
            if self._exchange.cut:  # an answer without a length looks whole wherever it ends
                raise self._cut()
        except CallCutError as error:
            if once:
                raise PostUnansweredError(None, error) from None
            raise
        except prawcore.RequestException as error:
            cause = self._cut() if self._exchange.cut and not _never_connected(error) else error.original_exception
            if once:
                raise PostUnansweredError(None, cause) from None
            if self._exchange.cut:
                raise self._cut() from None
            raise
        self.last = response
        self.date = date_of(response) or self.date
        if self.on_answer is not None:
            self.on_answer(dict(response.headers))
        # prawcore would sleep in the one thread that we have, whatever waits behind it; our budget paces instead
        response.headers.pop("x-ratelimit-remaining", None)
        if once and response.status_code in _UNSURE_STATUSES:
            raise PostUnansweredError(response, None)
        return response

    def _current(self) -> Exchange:
        assert self._exchange is not None, "requests are sent within a call"
        return self._exchange

    def _cut(self) -> CallCutError:
        if self._exchange is not None and self._exchange.cut == "stopped":
            return CallCutError("the program is stopping")
        return CallCutError(f"Reddit's answer was not whole in {CALL_SECONDS:g} s")


def date_of(response: requests.Response) -> datetime | None:
    """Return when an answer was made, by the server's clock; None if it does not say."""
    try:
        date = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return date if date.tzinfo is not None else None


def _load(response: requests.Response) -> None:
    """Read the answer, `MAX_BYTES` unpacked at most. Raises CallCutError, and requests' errors."""
    body = bytearray()
    with response:
        for part in response.iter_content(CHUNK):
            body += part
            if len(body) > MAX_BYTES:
                raise CallCutError(f"Reddit sends more than {MAX_BYTES // 2**20} MB")
    response._content = bytes(body)  # as requests does it without `stream`, but bounded


def _never_connected(error: prawcore.RequestException) -> bool:
    return isinstance(error.original_exception, requests.exceptions.ConnectTimeout)


def connect(config: RedditConfig, reddit_url: str, oauth_url: str) -> tuple[praw.Reddit, OnceRequestor]:
    """Return PRAW and its requestor. No network yet. Raises RedditError, naming the key, if a credential is missing."""
    contact = config.contact or config.username
    missing = _missing(config)
    if missing:
        variable = _VARIABLES.get(missing)
        cure = f"set it, as {variable} in this window or in a file of its own" if variable else "set it"
        raise RedditError(f"{missing} is empty, so there is no login to Reddit; {cure}", retry=False)
    _ignore_praw_ini()
    agent = USER_AGENT.format(version=__version__, contact=contact)
    requestor = OnceRequestor(reddit_url=reddit_url, oauth_url=oauth_url, user_agent=agent)
    # every setting is given, None included: what is not given, PRAW takes from praw_… in the environment
    token = config.refresh_token.get_secret_value() or None
    reddit = praw.Reddit(
        "DEFAULT",
        requestor_class=lambda **_settings: requestor,  # type: ignore[arg-type]  # PRAW only calls it
        client_id=config.client_id,
        client_secret=config.client_secret.get_secret_value(),
        username=None if token else config.username,
        password=None if token else config.password.get_secret_value(),
        refresh_token=token,
        redirect_uri=None,
        user_agent=agent,
        reddit_url=reddit_url,
        oauth_url=oauth_url,
        ratelimit_seconds=5,
        timeout=int(READ_SECONDS),
        window_size=600,
        check_for_updates=False,
        check_for_async=False,
    )
    return reddit, requestor


_VARIABLES = {
    "reddit.client_secret": "GIFWARDEN_REDDIT__CLIENT_SECRET",
    "reddit.password or reddit.refresh_token": "GIFWARDEN_REDDIT__PASSWORD",
}
"""What a secret is called in the environment: in the configuration it would be read by all who read that."""


def _missing(config: RedditConfig) -> str | None:
    if not config.client_id:
        return "reddit.client_id"
    if not config.client_secret.get_secret_value():
        return "reddit.client_secret"
    if config.refresh_token.get_secret_value():
        return None if config.contact or config.username else "reddit.contact"
    if not config.username:
        return "reddit.username"
    return None if config.password.get_secret_value() else "reddit.password or reddit.refresh_token"


def _ignore_praw_ini() -> None:
    """Give PRAW the settings it ships with, so that it never reads a praw.ini of the working or home directory."""
    shipped = ConfigParser()
    shipped.read_string(files("praw").joinpath("praw.ini").read_text(encoding="utf-8"))
    praw.config.Config.CONFIG = shipped
