"""The console put together: every page's ways behind one door."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.advice import Advised
from bot.config import Config
from bot.errors import (
    ConflictError,
    DatabaseError,
    GifwardenError,
    OutsideError,
    RightsError,
    SignInError,
    StoreError,
)
from bot.model import Verb
from bot.pipeline import Pipeline
from bot.web.console import PAGES
from bot.web.console.base import Act, Desk, Guest, Open, Page, View, Visit, Way, csrf_of
from bot.web.console.device import device_of
from bot.web.console.guard import (
    MAX_BODY,
    Attempts,
    CharsetError,
    TooMuchError,
    from_our_page,
    guarded,
    in_utf8,
    same_token,
)
from bot.web.console.presence import Presence
from bot.web.console.rendering import rendered
from bot.web.console.sign_in import cookie_name
from bot.web.console.uploads import MAX_FILE, Uploads
from bot.web.status import PATHS

AT_ONCE = 8  # pages that are made at the same time
FIELDS = 40  # of a form
NO_DATABASE = (
    "the database is full, busy or damaged; try again in a moment, or tell who runs gifwarden: the log says more"
)
CLOSE = {"Connection": "close"}  # what is still being sent is read by nobody

Endpoint = Callable[[Request], Awaitable[Response]]


@contextlib.contextmanager
def console_app(pipeline: Pipeline, status: ASGIApp | None = None, more: Sequence[Page] = ()) -> Iterator[ASGIApp]:
    """Yield the console as an application; `status` answers /metrics and /health, for this machine only.

    `more`: pages beside the console's own, of whoever serves it.
    """
    pages = (*PAGES, *more)
    clock = pipeline.deps.clock
    with pipeline.deps.store.reader() as reader:
        desk = Desk(
            pipeline=pipeline,
            reader=reader,
            presence=Presence(clock),
            attempts=Attempts(clock),
            nav=tuple(page for page in pages if page.name),
        )
        door = _Door(desk)
        routes = [Route(way.path, door.endpoint(way), methods=[_method(way)]) for page in pages for way in page.ways]
        app = Starlette(routes=routes, exception_handlers={HTTPException: door.not_here})
        inner = guarded(app, pipeline.deps.config.web.hosts, _most(pages, pipeline.deps.config))

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if status is not None and scope["path"] in PATHS:
                await status(scope, receive, send)
            else:
                await inner(scope, receive, send)

        yield served


class _Door:
    """Makes endpoints of ways: who is it, may they, did a page of ours ask; then the page, in a thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._limit: CapacityLimiter | None = None  # made in the loop that it is for
        self._uploads = Uploads()

    def endpoint(self, way: Way) -> Endpoint:
        """Return what answers at a way."""

        async def answer(request: Request) -> Response:
            self._limit = self._limit or CapacityLimiter(AT_ONCE)
            try:
                if _method(way) == "POST":
                    return await self._posted(way, request)
                guest = Guest(desk=self._desk, request=request)
                return await run_sync(self._answer, way, guest, limiter=self._limit)
            except CharsetError:
                return PlainTextResponse("a form is sent as UTF-8; name no other charset\n", 415, headers=CLOSE)
            except (MultiPartException, HTTPException):
                return PlainTextResponse("that is no form of ours\n", 400)
            except TooMuchError:
                return PlainTextResponse("that is too much\n", 413, headers=CLOSE)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it

        return answer

    async def _posted(self, way: Way, request: Request) -> Response:
        """Let nobody send a form who may not: it is asked before a byte of it is read, and again with the form."""
        guest = Guest(desk=self._desk, request=request)
        sender = await run_sync(self._sender, way, guest, limiter=self._limit)
        if isinstance(sender, Response):
            refused = sender
        else:
            in_utf8(request)
            try:
                async with self._form(way, request, sender) as form:
                    guest = Guest(desk=self._desk, request=request, form=form)
                    return await run_sync(self._answer, way, guest, limiter=self._limit)
            except GifwardenError as error:
                refused = await run_sync(self._refused, guest, error, limiter=self._limit)
        refused.headers.update(CLOSE)
        return refused

    def _form(self, way: Way, request: Request, sender: int | None) -> AbstractAsyncContextManager[FormData]:
        if sender is not None and isinstance(way, Act) and way.upload:
            return self._uploads.received(request, FIELDS, member=sender)
        return request.form(max_files=0, max_fields=FIELDS)

    def _sender(self, way: Way, guest: Guest) -> int | Response | None:
        """Return which member it is, None where anybody may, or how they are refused if they may not."""
        members: list[int | None] = []

        def note(who: Guest) -> Response:
            members.append(who.session.member if isinstance(who, Visit) else None)
            return Response()

        answer = self._answer(replace(way, answer=note), guest, token=False)
        return members[0] if members else answer

    def _answer(self, way: Way, guest: Guest, *, token: bool = True) -> Response:
        try:
            return self._let_in(way, guest, token=token)
        except DatabaseError as error:  # its sentence says where on the disk, which is the operator's alone
            self._desk.pipeline.deps.log.warning("page failed", path=way.path, reason=str(error))
            return _failed(GifwardenError(NO_DATABASE), _status(error))
        except GifwardenError as error:
            return self._refused(guest, error)
        except Exception as error:
            self._desk.pipeline.deps.log.warning(
                "page failed", path=way.path, reason=f"unexpected {type(error).__name__}", exc_info=True
            )
            return _failed(GifwardenError("this page failed, which is a bug in gifwarden; the log says where"), 500)

    def _refused(self, guest: Guest, error: GifwardenError, status: int | None = None) -> Response:
        """Return the page of what was not done, in the frame of all pages for who is signed in."""
        status = status or _status(error)
        if not isinstance(error, SignInError):
            with contextlib.suppress(GifwardenError):
                return self._visit(guest).page("failed.html", status=status, mistakes=_mistakes(error), code=status)
        return _failed(error, status)

    async def not_here(self, request: Request, error: Exception) -> Response:
        """Answer what no page of ours is at."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        said = "there is no such page" if status == 404 else "that cannot be done here"
        self._limit = self._limit or CapacityLimiter(AT_ONCE)
        guest = Guest(desk=self._desk, request=request)
        return await run_sync(self._refused, guest, GifwardenError(said), status, limiter=self._limit)

    def _let_in(self, way: Way, guest: Guest, *, token: bool = True) -> Response:
        posted = _method(way) == "POST"
        if posted and not from_our_page(guest.request):
            raise RightsError("this form was not sent by a page of the console; open the page and use its button")
        if isinstance(way, Open):
            return way.answer(guest)
        visit = self._visit(guest)
        if posted and token and not same_token(visit.field("csrf"), csrf_of(visit.secret)):
            raise RightsError("this form is of another sign-in; open the page again")
        if isinstance(way, Act):
            if way.verb is not None:
                visit.act(way.verb)
            return way.answer(visit)
        if not way.one_moment:
            return way.answer(visit)
        with self._desk.reader.transaction():  # one moment of the database for all of a page
            return way.answer(visit)

    def _visit(self, guest: Guest) -> Visit:
        request, sign_in = guest.request, self._desk.pipeline.sign_in
        secret = request.cookies.get(cookie_name(request))
        if not secret:
            raise SignInError("you are not signed in; ask an operator for a link: gifwarden team invite NAME")
        device = device_of(request.headers.get("user-agent", ""))
        session = sign_in.session(secret, device=device, reader=self._desk.reader)
        self._desk.pipeline.team.signed_in(session.member)  # who has left is told so
        return Visit(desk=self._desk, request=request, form=guest.form, session=session, secret=secret)


def acts() -> list[tuple[str, Verb | None]]:
    """Return every address at which something is done, and what it takes."""
    return [(way.path, way.verb) for page in PAGES for way in page.ways if isinstance(way, Act)]


def _most(pages: Sequence[Page], config: Config) -> Callable[[str], int]:
    """Return how many bytes a body may have at a path."""
    ways = [way for page in pages for way in page.ways if isinstance(way, Act)]
    file = min(config.fetch.max_bytes, MAX_FILE) + MAX_BODY
    large = [(compile_path(way.path)[0], file if way.upload else way.body) for way in ways]
    return lambda path: next((body for pattern, body in large if pattern.match(path)), MAX_BODY)


def _method(way: Way) -> str:
    if isinstance(way, View):
        return "GET"
    return way.method if isinstance(way, Open) else "POST"


def _status(error: GifwardenError) -> int:
    for kind, status in (
        (SignInError, 401), (RightsError, 403), (DatabaseError, 503), (ConflictError, 409), (StoreError, 404),
        (OutsideError, 502),
    ):  # fmt: skip
        if isinstance(error, kind):
            return status
    return 409


def _failed(error: GifwardenError, status: int) -> Response:
    return HTMLResponse(rendered("failed.html", {"visit": None, "mistakes": _mistakes(error), "code": status}), status)


def _mistakes(error: GifwardenError) -> tuple[str, ...]:
    first = error.args[0] if error.args else None
    return getattr(error, "mistakes", ()) or (first if isinstance(first, Advised) else str(error),)
