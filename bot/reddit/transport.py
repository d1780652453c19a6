"""PRAW, set up so that nothing around it decides where it talks to, and posts go out once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from importlib.resources import files
from typing import Any

import praw
import praw.config
import prawcore
import requests

from bot import __version__
from bot.config import RedditConfig
from bot.errors import RedditError

REDDIT_URL = "https://www.reddit.com"
OAUTH_URL = "https://oauth.reddit.com"
USER_AGENT = "linux:gifwarden:{version} (by /u/{contact})"
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
        super().__init__(session=session, **settings)
        self.last: requests.Response | None = None
        self.on_answer: Callable[[Mapping[str, str]], None] | None = None  # is given the headers of every answer

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> requests.Response:
        """Send one request. Raises PostUnansweredError for a post, else prawcore's RequestException."""
        self.last = None
        method, url = str(args[0]).upper(), str(args[1])
        once = method != "GET" and not url.endswith(TOKEN_PATH)
        if once:
            # an idle connection that Reddit has just closed looks like a cut one; a fresh one leaves no such doubt
            self._http.close()
        try:
            response = super().request(*args, timeout=timeout, **kwargs)
        except prawcore.RequestException as error:
            if once:
                raise PostUnansweredError(None, error.original_exception) from None
            raise
        self.last = response
        if self.on_answer is not None:
            self.on_answer(dict(response.headers))
        # prawcore would sleep in the one thread that we have, whatever waits behind it; our budget paces instead
        response.headers.pop("x-ratelimit-remaining", None)
        if once and response.status_code in _UNSURE_STATUSES:
            raise PostUnansweredError(response, None)
        return response


def connect(config: RedditConfig, reddit_url: str, oauth_url: str) -> tuple[praw.Reddit, OnceRequestor]:
    """Return PRAW and its requestor. No network yet. Raises RedditError, naming the key, if a credential is missing."""
    contact = config.contact or config.username
    missing = _missing(config)
    if missing:
        raise RedditError(f"{missing} is empty, so there is no login to Reddit; set it", retry=False)
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
        timeout=16,
        window_size=600,
        check_for_updates=False,
        check_for_async=False,
    )
    return reddit, requestor


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
