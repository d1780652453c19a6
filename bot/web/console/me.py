"""Oneself: on which devices one is signed in, what one may, how one looks, and signing out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.model import LookSettings, Verb
from bot.pipeline.looking.asked import KIND
from bot.pipeline.looking.wishes import Wishes, kinds_of, level_of
from bot.web.console.base import Act, Page, View, Visit
from bot.web.console.looking import LEVELS
from bot.web.console.sign_in import cookie_name


def show(visit: Visit) -> Response:
    """Show who is signed in."""
    member = visit.member
    roles = [f"{role.word}{f' in r/{where}' if where else ''}" for role, where in member.roles]
    sessions = visit.store.sign_ins.sessions(member.id)
    by = visit.act(Verb.CASES) if visit.may(Verb.CASES) else None
    wishes = Wishes(visit.store)
    return visit.page(
        "me.html",
        member=member,
        roles=roles,
        sessions=sessions,
        settings=wishes.settings(by) if by else None,
        today=wishes.today(by) if by else None,
        levels=LEVELS,
        kinds=KIND,
    )


def keep(visit: Visit) -> Response:
    """Keep how somebody wants to look."""
    by = visit.act(Verb.CASES)
    refused = [kind for kind in visit.form.getlist("refuse") if isinstance(kind, str)]
    settings = LookSettings(
        level=level_of(visit.field("level")), grey=bool(visit.field("grey")), refused=kinds_of(refused)
    )
    visit.pipeline.looks.wishes.keep(settings, by=by)
    return visit.go("/me#looking")


def swap(visit: Visit) -> Response:
    """Let two keys change places."""
    by = visit.act(Verb.CASES)
    visit.pipeline.keyboard.swap(visit.field("ours").strip(), visit.field("mine").strip(), by=by)
    return visit.go("/me#keyboard")


def reset(visit: Visit) -> Response:
    """Let all keys be as they come."""
    visit.pipeline.keyboard.reset(by=visit.act(Verb.CASES))
    return visit.go("/me#keyboard")


def leave(visit: Visit) -> Response:
    """Sign out on this device."""
    visit.pipeline.sign_in.leave(visit.session)
    visit.pipeline.looks.leave(visit.session.label)
    return _out(visit)


def leave_all(visit: Visit) -> Response:
    """Sign out on every device, this one too."""
    by = visit.pipeline.team.signed_in(visit.session.member)
    sessions = visit.store.sign_ins.sessions(by.member)
    visit.pipeline.sign_in.leave_all(by.name, by=by)
    for one in sessions:
        visit.pipeline.looks.leave(one.label)
    return _out(visit)


def _out(visit: Visit) -> Response:
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(cookie_name(visit.request), path="/", secure="__Host-" in cookie_name(visit.request))
    return response


PAGE = Page(
    name="Me",
    path="/me",
    keys="g m",
    more=True,
    ways=(
        View(path="/me", answer=show),
        Act(path="/me/looking", answer=keep, verb=Verb.CASES),
        Act(path="/me/keys", answer=swap, verb=Verb.CASES),
        Act(path="/me/keys/reset", answer=reset, verb=Verb.CASES),
        Act(path="/sign-out", answer=leave, verb=None),
        Act(path="/sign-out-everywhere", answer=leave_all, verb=None),
    ),
)
