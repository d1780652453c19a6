"""One server for all exchanges; before it answers, it can do any of the things that servers do wrong."""

from __future__ import annotations

import gzip
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal, Self

from bot.loopback.exchanges.lists import File, HashFeed
from bot.loopback.exchanges.services import HmaService, StopNciiService, ThreatExchangeService
from bot.loopback.http import LoopbackServer, Request, Response, json_response

Fault = Literal["cut", "drop", "500", "429", "truncated", "drip", "html", "hang", "elsewhere", "near", "bomb"]
WAIT = 7  # seconds of a Retry-After


class ExchangePark:
    """Serves lists below /lists, feeds below /feeds, HMA below /hma, Meta's Graph below /graph, StopNCII below /ncii.

    `faults` are what happens to the next answers, one each; None: nothing. `on_request` is called before each.
    """

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.feeds: dict[str, HashFeed] = {}
        self.hma = HmaService()
        self.threatexchange = ThreatExchangeService()
        self.stopncii = StopNciiService()
        self.faults: deque[Fault | None] = deque()
        self.on_request: Callable[[Request], None] | None = None
        self._over = threading.Event()
        self._server = LoopbackServer(self._handle)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def log(self) -> tuple[Request, ...]:
        """Everything received so far, in order."""
        return self._server.log

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.__exit__(kind, error, trace)

    def _handle(self, request: Request) -> Response:
        if self.on_request is not None:
            self.on_request(request)
        fault = self.faults.popleft() if self.faults else None
        return self._spoilt(fault, request) if fault else self._answer(request)

    def _answer(self, request: Request) -> Response:
        room, _, rest = request.path.lstrip("/").partition("/")
        match room:
            case "lists" if rest in self.files:
                return self.files[rest].answer(request)
            case "feeds":
                name, _, page = rest.partition("/")
                if name in self.feeds:
                    return self.feeds[name].answer(page, request.headers.get("if-none-match", ""))
            case "hma":
                return self.hma.answer(request, f"/{rest}")
            case "graph":
                return self.threatexchange.answer(request, f"/{rest}")
            case "ncii":
                return self.stopncii.answer(request, f"/{rest}")
        return json_response({"message": "there is nothing here"}, status=404)

    def _spoilt(self, fault: Fault, request: Request) -> Response:
        match fault:
            case "drop":
                return Response(drop=True)
            case "500":
                return json_response({"message": "Internal Server Error"}, status=500)
            case "429":
                return json_response({"message": "slow down"}, status=429, headers={"Retry-After": str(WAIT)})
            case "html":
                return Response(body=b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})
            case "elsewhere":
                return Response(status=302, headers={"Location": "http://127.0.0.2:9/list.ndjson"})
            case "near":
                return Response(status=302, headers={"Location": f"{self.url}{request.path}"})
            case "bomb":
                return Response(body=bombed(), headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
            case "hang":
                return Response(body=self._nothing(), headers={"Content-Type": "application/json"})
            case _:
                return self._broken(fault, self._answer(request))

    def _broken(self, fault: Fault, whole: Response) -> Response:
        body = whole.body if isinstance(whole.body, bytes) else b"".join(whole.body)
        half = body[: max(1, len(body) // 2)]
        if fault == "truncated":
            return Response(status=whole.status, body=half, headers=whole.headers)
        if fault == "cut":  # it announces more than it sends
            headers = {**whole.headers, "Content-Length": str(len(body))}
            return Response(status=whole.status, body=iter([half]), headers=headers)
        return Response(status=whole.status, body=self._drip(body), headers=whole.headers)

    def _drip(self, body: bytes) -> Iterator[bytes]:
        for place in range(len(body)):
            if self._over.wait(0.05):
                return
            yield body[place : place + 1]

    def _nothing(self) -> Iterator[bytes]:
        yield b"{"
        self._over.wait(60)


def bombed() -> bytes:
    """Return a small body that unpacks to far more than anybody reads."""
    return gzip.compress(b'{"data": [' + b" " * (64 * 2**20) + b"]}", 9)
