"""What a loopback host can send instead of the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from bot.loopback.http import Response

Answer = Response | int | Callable[[], Response]
"""What a scripted failure sends: an answer, a bare status, or a maker of fresh answers (for bodies that flow)."""


def web_page(text: str = "<!doctype html><title>One moment</title>") -> Response:
    """Return a page with status 200, as bot checks and expired links send instead of media."""
    return Response(body=text.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def lying(data: bytes, declared: int, content_type: str = "video/mp4") -> Response:
    """Return `data` under a false Content-Length, then the connection closes."""
    return Response(body=iter([data]), headers={"Content-Type": content_type, "Content-Length": str(declared)})


def slow(data: bytes, pause: float, content_type: str = "video/mp4") -> Response:
    """Return `data` byte by byte with so many seconds between."""

    def drip() -> Iterator[bytes]:
        for place in range(len(data)):
            yield data[place : place + 1]
            time.sleep(pause)

    return Response(body=drip(), headers={"Content-Type": content_type})


def endless(content_type: str = "video/mp4") -> Response:
    """Return bytes for as long as the client takes them."""

    def flow() -> Iterator[bytes]:
        while True:
            yield bytes(64 * 1024)

    return Response(body=flow(), headers={"Content-Type": content_type})


def redirect(url: str, status: int = 302) -> Response:
    """Return a redirect."""
    return Response(status=status, headers={"Location": url})
