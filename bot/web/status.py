"""/metrics and /health, for programs of this machine only. Read-only."""

from __future__ import annotations

import ipaddress
import re
from http import HTTPStatus

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import GifwardenError
from bot.web.steps import Steps

LOOPBACK = "127.0.0.1"
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
PATHS = ("/metrics", "/health")
AT_ONCE = 4  # readers of the database
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@/]*)(?::\d{1,5})?", re.IGNORECASE)


def host_of(headers: Headers) -> str:
    """Return the name by which a client asks, in small letters and without its port; empty if it is none."""
    given = headers.getlist("host")
    found = _HOST.fullmatch(given[0]) if len(given) == 1 else None
    return found[1].lower().rstrip(".") if found else ""


def status_app(registry: CollectorRegistry, steps: Steps) -> ASGIApp:
    """Return what answers /metrics and /health, and nothing else."""
    limit: list[CapacityLimiter] = []  # made in the loop that it is for

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not limit:
            limit.append(CapacityLimiter(AT_ONCE))
        response = await run_sync(_answer, scope, registry, steps, limiter=limit[0])
        response.headers["Cache-Control"] = "no-store"
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    return app


def _answer(scope: Scope, registry: CollectorRegistry, steps: Steps) -> Response:
    headers = Headers(scope=scope)
    # a page in the operator's browser could reach this port by a name of its own that leads to loopback
    if host_of(headers) not in OWN_NAMES or not is_loopback(scope):
        return _text(HTTPStatus.FORBIDDEN, "ask for this by the name localhost")
    if scope["method"] not in ("GET", "HEAD"):
        return _text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered here")
    try:
        if scope["path"] == "/metrics":
            encode, kind = choose_encoder(headers.get("accept", ""))
            return Response(encode(registry), media_type=kind)
        if scope["path"] == "/health":
            late = steps.late()
            return _text(HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.OK, "\n".join(late) or "ok")
    except GifwardenError as error:
        return _text(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    return _text(HTTPStatus.NOT_FOUND, "there are /metrics and /health")


def is_loopback(scope: Scope) -> bool:
    """Return whether a client is on this machine."""
    client = scope.get("client")
    return client is not None and ipaddress.ip_address(client[0]).is_loopback


def _text(status: HTTPStatus, text: str) -> Response:
    return Response(f"{text}\n", status, media_type="text/plain")
