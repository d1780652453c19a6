"""Oneself: on which devices one is signed in, what one may, and signing out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.web.console.base import Act, Page, View, Visit
from bot.web.console.sign_in import cookie_name


def show(visit: Visit) -> Response:
    """Show who is signed in."""
    member = visit.member
    roles = [f"{role.word}{f' in r/{where}' if where else ''}" for role, where in member.roles]
    sessions = visit.store.sign_ins.sessions(member.id)
    return visit.page("me.html", member=member, roles=roles, sessions=sessions)


def leave(visit: Visit) -> Response:
    """Sign out on this device."""
    visit.pipeline.sign_in.leave(visit.session)
    return _out(visit)


def leave_all(visit: Visit) -> Response:
    """Sign out on every device, this one too."""
    by = visit.pipeline.team.signed_in(visit.session.member)
    visit.pipeline.sign_in.leave_all(by.name, by=by)
    return _out(visit)


def _out(visit: Visit) -> Response:
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(cookie_name(visit.request), path="/", secure="__Host-" in cookie_name(visit.request))
    return response


PAGE = Page(
    name="Me",
    path="/me",
    keys="g m",
    ways=(
        View(path="/me", answer=show),
        Act(path="/sign-out", answer=leave, verb=None),
        Act(path="/sign-out-everywhere", answer=leave_all, verb=None),
    ),
)
