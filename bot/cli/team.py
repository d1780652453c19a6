"""Commands for running with a team: who is in it; stop, go, orders, digest, ban."""

from __future__ import annotations

import pwd
import re
from typing import Annotated, Any

import typer

from bot.cli import known, looking, sign_in
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    WhyOption,
    decider,
    emit,
    listing,
    read_config,
    say,
    session,
    system_account,
)
from bot.cli.groups import App
from bot.clock import day
from bot.config import Config
from bot.errors import UsageError
from bot.model import Member, Role, Verb, names
from bot.plural import many
from bot.serialization import to_json_data

_REDDIT = re.compile(r"[A-Za-z0-9_-]{2,30}")

Where = Annotated[
    str | None, typer.Argument(help="One subreddit; without it, everything.", metavar="[SUBREDDIT]", show_default=False)
]


app_of_people = App(help="Who decides: names, roles, accounts, and who is signed in to the console.")
sign_in.register(app_of_people)
looking.register(app_of_people)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(app_of_people, name="team")
    app.command()(stop)
    app.command()(go)
    app.command()(orders)
    app.command()(digest)
    app.command()(ban)


@app_of_people.command(name="list")
def list_(
    everybody: Annotated[bool, typer.Option("--all", help="Also those who left.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show who is in the team, which roles they have, and by which accounts they are known."""
    with session(read_config(config)) as pipeline:
        rows = [_member(member) for member in pipeline.deps.store.team.listing(removed=everybody)]
    columns = {"name": "name", "roles": "roles", "account": "system account", "reddit": "u/", "since": "since"}
    columns |= {"added_by": "by"} | ({"removed": "left"} if everybody else {})
    shown = rows if as_json else [row | {"roles": ", ".join(row["roles"]) or "none"} for row in rows]
    listing(shown, as_json=as_json, columns=columns, empty="no team yet; see: gifwarden team add --help")


@app_of_people.command()
def add(
    name: Annotated[str, typer.Argument(help="Their name, as it stands in notices and in the audit trail.")],
    role: Annotated[
        str | None, typer.Option("--role", help="reviewer decides cases; lead also banks and notices; operator all.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--in", help="Only in this subreddit; may be repeated. Else in all.")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="Their own system account on this machine.")] = None,
    reddit: Annotated[str | None, typer.Option("--reddit", help="Their Reddit account.")] = None,
    no_reddit: Annotated[
        bool, typer.Option("--no-reddit", help="They have none, so whoever orders on Reddit is another person.")
    ] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Add a person, or give one a role or an account more. It takes an operator, under their own system account.

    The first time, where there is no operator yet, whoever runs it becomes one, under NAME.
    """
    settings = read_config(config)
    if role is not None and role.upper() not in Role.__members__:
        raise UsageError(f"{role} is no role; choose {', '.join(one.word for one in Role)}")
    places = [place for place in (_watched(settings, one) for one in where or ()) if place]
    runner = system_account()
    with session(settings) as pipeline:
        chosen = Role[role.upper()] if role else None
        if not pipeline.deps.store.team.has_operator():
            mine = account in (None, runner) and (who is None or names.same(who, name))
            by = pipeline.team.first(name if mine else who, runner)
            say(f"{by.name} is the first operator, by the system account {runner}")
        else:
            by = decider(pipeline, who, Verb.TEAM)
        if account is not None:
            _check_account(account)
        if reddit is not None and not _REDDIT.fullmatch(reddit.removeprefix("/").removeprefix("u/")):
            raise UsageError(f"{reddit} is no name of a Reddit account; write it as their profile does")
        if reddit is not None and no_reddit:
            raise UsageError("--reddit and --no-reddit speak against each other; leave one out")
        on_reddit = reddit.removeprefix("/").removeprefix("u/") if reddit else None
        member = pipeline.team.add(name, chosen, places, account=account, reddit=on_reddit, off_reddit=no_reddit, by=by)
    say(f"{member.name}: {', '.join(_member(member)['roles']) or 'no role'}")


@app_of_people.command()
def remove(
    name: Annotated[str, typer.Argument(help="Their name.")], who: ByOption = None, config: ConfigOption = None
) -> None:
    """Let somebody decide nothing any more. What they decided stays, with their name."""
    with session(read_config(config)) as pipeline:
        member = pipeline.team.remove(name, by=decider(pipeline, who, Verb.TEAM))
    say(f"{member.name} decides nothing any more; what they decided stays")


def _member(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "roles": [f"{role.word}{f' in r/{where}' if where else ''}" for role, where in member.roles],
        "account": member.account,
        "reddit": "none" if member.off_reddit else member.reddit,
        "since": day(member.since),
        "added_by": member.added_by,
        "removed": day(member.removed) if member.removed else None,
    }


def _check_account(account: str) -> None:
    try:
        pwd.getpwnam(account)
    except KeyError:
        raise UsageError(
            f"there is no system account {account} on this machine; make it first, or leave --account out"
        ) from None


def stop(where: Where = None, who: ByOption = None, why: WhyOption = "stopped", config: ConfigOption = None) -> None:
    """Do nothing more in the world, in one subreddit or at all, until gifwarden go. Watching goes on."""
    settings = read_config(config)
    with session(settings) as pipeline:
        place = _watched(settings, where)
        by = decider(pipeline, who, Verb.STOP if place else Verb.EVERYTHING, [place] if place else None)
        name = pipeline.kill_switch.stop(place, by=by, why=why)
        waiting = pipeline.kill_switch.waiting(place)
    say(f"{name} stopped; {many(waiting, 'action')} wait until: gifwarden go{f' {where}' if where else ''}")


def go(where: Where = None, who: ByOption = None, config: ConfigOption = None) -> None:
    """Go on after gifwarden stop, or after moderators' order to stop."""
    settings = read_config(config)
    with session(settings) as pipeline:
        place = _watched(settings, where)
        by = decider(pipeline, who, Verb.GO if place else Verb.EVERYTHING, [place] if place else None)
        say(pipeline.kill_switch.go(place, by=by))


def orders(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what moderators ordered by modmail and report, newest first, and where they stopped the bot."""
    with session(read_config(config)) as pipeline:
        store = pipeline.deps.store
        if not as_json:
            for stopped in store.kill_switch.stops():
                say(f"r/{stopped.subreddit} is stopped, by {stopped.who} at {to_json_data(stopped.at)}", style="yellow")
        columns = {"received": "when", "subreddit": "r/", "sender": "u/", "verb": "order", "target": "target"}
        columns |= {"state": "state", "outcome": "outcome"}
        listing(map(to_json_data, store.orders.listing()), as_json=as_json, columns=columns, empty="no orders yet")


def digest(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what the next digest of each observed subreddit would say now. Sends nothing."""
    settings = read_config(config)
    observed = [name for name, section in settings.subreddits.items() if section.mode == "observe"]
    if not observed:
        raise UsageError("no subreddit is in mode observe, and only these have a digest")
    with session(settings) as pipeline:
        for name in observed:
            subject, body = pipeline.digests.preview(name)
            if as_json:
                emit({"subreddit": name, "subject": subject, "body": body})
            else:
                say(f"{subject}\n", style="bold", lines=True)
                say(f"{body}\n", lines=True)


def ban(
    case: Annotated[str, typer.Argument(help="The case, whose author is banned from its subreddit.")],
    why: Annotated[str, typer.Option("--why", help="Why; moderators see it beside the ban.", show_default=False)],
    days: Annotated[int | None, typer.Option("--days", help="For so many days; without it, for good.")] = None,
    message: Annotated[str, typer.Option("--message", help="What the banned user reads.")] = "",
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Order a ban of a case's author. Only a person does; no rule can. The daemon performs it in mode enforce."""
    settings = read_config(config)
    with session(settings) as pipeline:
        row = known.case(pipeline, case)
        by = decider(pipeline, who, Verb.BANS, [row.post.subreddit])
        pipeline.kill_switch.ban(row.label, by=by, why=why, days=days, message=message)
    say(f"the ban is ordered by {by.name}; the daemon performs it; see gifwarden actions list")


def _watched(settings: Config, where: str | None) -> str | None:
    return None if where is None else known.subreddit(settings, where)
