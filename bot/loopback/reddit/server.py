"""A Reddit on loopback, as far as the bot meets it: OAuth, listings, reports, removals, modmail and the mod log.

It answers in Reddit's shapes and writes down what it received. Faults are scripted with `fail_next`.
"""

from __future__ import annotations

import base64
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from bot.config import RedditConfig
from bot.loopback.http import LoopbackServer, Request, Response, json_response
from bot.loopback.reddit.api import Endpoints
from bot.loopback.reddit.moderation import ModeratorActions
from bot.loopback.reddit.shapes import Received
from bot.loopback.reddit.state import RedditState

TOKEN_SECONDS = 3600
LASTING_TOKEN = 10**8  # seconds, where the clock jumps: PRAW goes by its own, and waits in real time after a refusal
WINDOW = timedelta(minutes=10)
PER_WINDOW = 1000
TOO_MANY = {"message": "Too Many Requests", "error": 429}
_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105  an address, not a secret


@dataclass(slots=True)
class Fault:
    """What happens to the next requests whose path contains `path`."""

    path: str
    method: str | None
    response: Response
    performed: bool
    times: int


class RedditServer(LoopbackServer):
    """Use as a context manager; give `url` to the bot as `reddit_url` and `oauth_url`, and `config()` to log in.

    `reports`, `removals`, `approvals` and `modmails` hold what was received, `log` every request, `mod_log` the
    subreddits' log. Scripts act through `world`, whose verbs are also methods here.
    """

    def __init__(
        self,
        now: Callable[[], datetime] | None = None,
        *,
        username: str = "gifwarden_bot",
        limit: int | None = None,
    ) -> None:
        """`limit`: answer 429 to more than so many requests in 10 minutes of `now`; without one, nothing is refused."""
        super().__init__(self._respond)
        self._now = now or (lambda: datetime.now(UTC))
        self.world = RedditState(now=self._now, bot=username)
        self.username = username
        self.password = "correct horse"  # noqa: S105  of an account that exists on loopback only
        self.client_id = "loopback-client"
        self.client_secret = "loopback-secret"  # noqa: S105  as above
        self.refresh_token = "loopback-refresh"  # noqa: S105  as above
        self._tokens: dict[str, datetime] = {}
        self.token_seconds = TOKEN_SECONDS
        self._faults: list[Fault] = []
        self.before: Callable[[Request], None] = lambda _request: None  # told each request before it is answered
        # told each request of who is logged in, once it is answered
        self.answered: Callable[[Request, Response], None] = lambda _request, _answer: None
        self._used = 0
        self._limit = limit
        self._window_ends = self._now() + WINDOW
        self._api = Endpoints(self.world, username)
        self.add_subreddit = self.world.add_subreddit
        self.submit = self.world.submit
        self.comment = self.world.comment
        self.share = self.world.share
        self.delete = self.world.delete
        self.edit = self.world.edit
        self.moderator_approves = self.world.moderator_approves
        self.moderator_removes = self.world.moderator_removes

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def reports(self) -> list[tuple[str, str, str]]:
        """(fullname, reason, by) of every report received."""
        return list(self._api.received.reports)

    @property
    def removals(self) -> list[str]:
        """Fullname of every removal received."""
        return list(self._api.received.removals)

    @property
    def approvals(self) -> list[str]:
        """Fullname of every approval received."""
        return list(self._api.received.approvals)

    @property
    def answers(self) -> list[tuple[str, str]]:
        """(conversation, body) of every answer received in a conversation."""
        return list(self._api.received.answers)

    @property
    def modmails(self) -> list[tuple[str, str, str]]:
        """(subreddit, subject, body) of every conversation received."""
        return list(self._api.received.modmails)

    @property
    def received(self) -> Received:
        """Everything received, by kind."""
        return self._api.received

    @property
    def actions(self) -> ModeratorActions:
        """What moderators and users do beside posting, removing and approving."""
        return self._api.actions

    @property
    def looked_up(self) -> list[str]:
        """Name of every account whose page was read."""
        return list(self._api.received.looked_up)

    @property
    def mod_log(self) -> list[dict[str, Any]]:
        """What moderators did, oldest first, as the API shows it."""
        with self.world.lock:
            return list(self.world.mod_log)

    def config(self, **changes: Any) -> RedditConfig:
        """Return a configuration that logs in here; `changes` override keys of it."""
        return RedditConfig.model_validate({**self.login, "contact": "somebody", **changes})

    @property
    def login(self) -> dict[str, str]:
        """What a configuration must say to log in here. It is worth nothing anywhere else."""
        keys = {"client_id": self.client_id, "client_secret": self.client_secret}
        return {**keys, "username": self.username, "password": self.password}

    def revoke(self) -> None:
        """Make all tokens given out so far invalid."""
        with self.world.lock:
            self._tokens.clear()

    def fail_next(
        self,
        path: str,
        *,
        status: int = 500,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
        performed: bool = False,
        drop: bool = False,
        times: int = 1,
    ) -> None:
        """Let the next `times` requests whose path contains `path` end in that answer, or in a cut (`drop`).

        `performed`: what was asked is done all the same.
        """
        response = Response(status=status, body=body, headers=headers or {}, drop=drop)
        with self.world.lock:
            self._faults.append(Fault(path, method, response, performed, times))

    def clear_faults(self) -> None:
        """Answer everything again as it should be."""
        with self.world.lock:
            self._faults.clear()

    def _respond(self, request: Request) -> Response:
        with self.world.lock:
            response = self._considered(request)
        # who asks to close must be told that it is so, or the next request meets a closing connection
        closing = {"Connection": "close"} if request.headers.get("connection", "").lower() == "close" else {}
        date = {"Date": format_datetime(self.world.now(), usegmt=True)}
        return replace(response, headers={**date, **response.headers, **closing})

    def _considered(self, request: Request) -> Response:
        self.before(request)
        fault = next((fault for fault in self._faults if self._meets(fault, request)), None)
        if fault is None:
            return self._limited(request)
        fault.times -= 1
        if not fault.times:
            self._faults.remove(fault)
        if fault.performed:
            self._route(request)
        return fault.response

    @staticmethod
    def _meets(fault: Fault, request: Request) -> bool:
        return fault.path in request.path and fault.method in (None, request.method)

    def _limited(self, request: Request) -> Response:
        if request.path == _TOKEN_PATH:  # tokens are given out by another service, which counts by itself
            return self._route(request)
        now = self._now()
        limit = self._limit or PER_WINDOW
        if now >= self._window_ends or (self._limit is None and self._used >= limit // 20):
            self._used, self._window_ends = 0, now + WINDOW
        left = limit - self._used - 1
        response = self._route(request) if left >= 0 else json_response(TOO_MANY, status=429)
        self._used += left >= 0
        rates = {
            "x-ratelimit-remaining": f"{max(0, left)}.0",
            "x-ratelimit-used": str(self._used),
            "x-ratelimit-reset": str(max(1, math.ceil((self._window_ends - now).total_seconds()))),
        }
        return replace(response, headers={**response.headers, **rates})

    def _route(self, request: Request) -> Response:
        if request.path == _TOKEN_PATH:
            return self._token(request)
        path = request.path.rstrip("/").removesuffix(".json")
        if path in self.world.shares:
            place = f"https://www.reddit.com{self.world.shares[path]}?share_id=x&utm_name=y"
            return Response(status=301, headers={"Location": place})
        if not self._authorised(request):
            challenge = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return json_response({"message": "Unauthorized", "error": 401}, status=401, headers=challenge)
        answer = self._api.answer(request)
        self.answered(request, answer)
        return answer

    def _token(self, request: Request) -> Response:
        scheme, _, coded = request.headers.get("authorization", "").partition(" ")
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if scheme != "Basic" or coded != expected:
            return json_response({"message": "Unauthorized", "error": 401}, status=401)
        form = request.form
        grant = form.get("grant_type")
        if grant == "refresh_token" and form.get("refresh_token") != self.refresh_token:
            return json_response({"message": "Bad Request", "error": 400}, status=400)
        login = (form.get("username"), form.get("password"))
        if grant == "password" and login != (self.username, self.password):
            return json_response({"error": "invalid_grant"})
        if grant not in ("password", "refresh_token"):
            return json_response({"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self._now() + timedelta(seconds=self.token_seconds)
        answer = {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS, "scope": "*"}
        return json_response(answer)

    def _authorised(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        end = self._tokens.get(token)
        return scheme.lower() == "bearer" and end is not None and end > self._now()
