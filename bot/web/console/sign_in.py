"""Signing in by a link that somebody was given, and signing out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.errors import SignInError
from bot.web.console.base import Guest, Open, Page
from bot.web.console.device import device_of
from bot.web.console.guard import is_local_name

MAX_SECRET = 100  # characters


def cookie_name(request: Request) -> str:
    """Return the name of the cookie that holds a session.

    Behind TLS the browser itself sees to it that no other host, path or plain connection sets it. On this machine
    cookies are shared between ports, so the port is part of the name.
    """
    if is_local_name(request):
        return f"gifwarden-{request.url.port or 80}"
    return "__Host-gifwarden"


def ask(guest: Guest) -> Response:
    """Say for whom a link is, and ask whether they are that: what only opens a link signs nobody in."""
    secret = guest.query("link")
    if secret is None:
        return guest.page("sign_in.html", name=None, secret="", device="")
    member = _tried(guest, secret)
    device = device_of(guest.request.headers.get("user-agent", ""))
    return guest.page("sign_in.html", name=member, secret=secret, device=device)


def enter(guest: Guest) -> Response:
    """Use a link up: from now on this device is signed in."""
    secret = guest.field("link")
    _tried(guest, secret)
    device = device_of(guest.request.headers.get("user-agent", ""))
    session, own = guest.desk.pipeline.sign_in.enter(secret, device=device)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        cookie_name(guest.request),
        own,
        max_age=int((session.ends - session.begun).total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=not is_local_name(guest.request),
    )
    return response


def _tried(guest: Guest, secret: str) -> str:
    """Return whose link it is. Raises SignInError if it is nobody's, in other words after many that are nobody's."""
    client = guest.request.client
    address = client.host if client else ""
    try:
        return guest.desk.pipeline.sign_in.invited(secret[:MAX_SECRET]).name
    except SignInError:
        # only what is wrong is counted and refused: else any page could open wrong links here and keep people out
        if guest.desk.attempts.too_many(address):
            raise SignInError("too many links that are none were tried from here; wait a minute") from None
        guest.desk.attempts.failed(address)
        raise


PAGE = Page(
    ways=(Open(path="/sign-in", answer=ask), Open(path="/sign-in", answer=enter, method="POST")),
)
