"""Commands on signing in to the console: links for people, and who is signed in where."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.base import ByOption, ConfigOption, JsonOption, decider, listing, read_config, say, session, system_account
from bot.clock import day_and_time
from bot.config import Config
from bot.errors import UsageError
from bot.model import Actor, Verb, names
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.sign_in import LINK_MINUTES
from bot.plural import many
from bot.serialization import to_json_data


def register(people: typer.Typer) -> None:
    """Add these commands to those on the team."""
    people.command()(invite)
    people.command()(sessions)
    people.command()(signout)


def invite(
    name: Annotated[str, typer.Argument(help="Their name in the team.")],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Print a link by which a member signs in to the console, once, within 15 minutes, on the device that opens it.

    An operator makes links for everybody, others for themselves; each under their own system account.
    """
    settings = read_config(config)
    with session(settings) as pipeline:
        by = _by(pipeline, who, name)
        if not settings.web.port:
            raise UsageError("the console is off; set web.port, see docs/console.md, or run it alone: gifwarden review")
        member, secret = pipeline.sign_in.invite(name, by=by)
    say(f"{member.name} signs in by this link, once, within {LINK_MINUTES} minutes; give it to nobody else:")
    say(link(settings, secret, settings.web.port))


def sessions(
    name: Annotated[str | None, typer.Argument(help="Only those of one member.", show_default=False)] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show who is signed in to the console, on which device, since when, and who made the link."""
    with session(read_config(config)) as pipeline:
        member = pipeline.team.present(name).id if name else None
        rows = pipeline.deps.store.sign_ins.sessions(member)
    if as_json:
        listing((to_json_data(row) for row in rows), as_json=True, columns={}, empty="")
        return
    columns = {"name": "who", "device": "device", "begun": "since", "seen": "last seen", "by": "link by"}
    shown = (
        {
            "name": row.name,
            "device": row.device,
            "begun": f"{day_and_time(row.begun)} UTC",
            "seen": f"{day_and_time(row.seen)} UTC",
            "by": row.invited_by,
        }
        for row in rows
    )
    listing(shown, as_json=False, columns=columns, empty="nobody is signed in; for a link: gifwarden team invite NAME")


def signout(
    name: Annotated[str, typer.Argument(help="Their name in the team.")],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Sign a member out of the console on every device; links that were not used yet are void. They may come back."""
    with session(read_config(config)) as pipeline:
        member, count = pipeline.sign_in.leave_all(name, by=_by(pipeline, who, name))
    say(f"{member.name} is signed out on {many(count, 'device')}")


def link(settings: Config, secret: str, port: int, *, here: bool = False) -> str:
    """Return the address by which somebody signs in; `here`: on this machine, whatever the console's name is."""
    if settings.web.hosts and not here:
        return f"https://{settings.web.hosts[0]}/sign-in?link={secret}"
    return f"http://127.0.0.1:{port}/sign-in?link={secret}"


def _by(pipeline: Pipeline, who: str | None, name: str) -> Actor:
    """Return who runs a command on the sign-in of a member: themselves, or an operator."""
    runner = pipeline.deps.store.team.of_account(system_account())
    if who is None and runner is not None and runner.removed is None and names.same(runner.name, name):
        return decider(pipeline, None, Verb.CASES)
    return decider(pipeline, who, Verb.TEAM)
