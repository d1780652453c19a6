"""The team: who may decide what and where, and who is signed in. No link to sign in by is made here."""

from __future__ import annotations

from starlette.responses import Response

from bot.errors import StoreError
from bot.model import Member, Verb
from bot.web.console.base import Act, Page, View, Visit


def show(visit: Visit) -> Response:
    """Show who is in the team; to operators also where each is signed in, and by which accounts they are known."""
    visit.act(Verb.CASES)
    operates = visit.member.operator
    sessions = visit.store.sign_ins.sessions() if operates else []
    members = visit.store.team.listing()
    return visit.page(
        "people.html",
        rows=[(member, roles_of(member), [one for one in sessions if one.member == member.id]) for member in members],
        operates=operates,
    )


def sign_out(visit: Visit) -> Response:
    """Sign a member out on every device, as `gifwarden team signout` does."""
    by = visit.act(Verb.TEAM)
    number = str(visit.request.path_params["member"])
    found = next((one for one in visit.store.team.listing() if str(one.id) == number), None)
    if found is None:
        raise StoreError("there is no such member of the team")
    sessions = visit.store.sign_ins.sessions(found.id)
    visit.pipeline.sign_in.leave_all(found.name, by=by)
    for one in sessions:
        visit.pipeline.looks.leave(one.label)
    return visit.go("/team")


def roles_of(member: Member) -> list[str]:
    """Return in words what a member may."""
    return [f"{role.word}{f' in r/{where}' if where else ''}" for role, where in member.roles]


PAGE = Page(
    name="Team",
    path="/team",
    keys="g p",
    more=True,
    ways=(
        View(path="/team", answer=show),
        Act(path="/team/{member}/sign-out", answer=sign_out, verb=Verb.TEAM),
    ),
)
