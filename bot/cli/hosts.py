"""The commands that show how the hosts do, and where a domain takes notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from bot.assemble import web
from bot.channels.proposals import Look, look
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    decider,
    emit,
    facts,
    parts,
    read_config,
    say,
    session,
    show,
)
from bot.cli.groups import App
from bot.model import Channel, Verb
from bot.pipeline.looking.channel_looks import accept, channel_of, resembles
from bot.pipeline.looking.channel_words import Fact, channel_facts
from bot.pipeline.scanning.host_health import HostRow, host_rows
from bot.serialization import to_json_data

_STYLES = {"ok": "green", "changed": "red", "collapsed": "red", "off": "dim", "unseen": "dim"}
MAX_PAGE = 2 << 20  # bytes of what a domain or a registry answers

hosts = App(invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(hosts, name="hosts")


@hosts.callback()
def list_hosts(context: typer.Context, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show each host: whether it is on, what came of its links lately, what is wrong with it, where reports go.

    A host whose answers changed their shape, or that gives far less than it used to, is an alarm here and in doctor.
    """
    if context.invoked_subcommand is not None:
        return
    with session(read_config(config)) as pipeline:
        deps = pipeline.deps
        rows = host_rows(deps.store, deps.config, deps.clock.now())
    if as_json:
        for row in rows:
            emit(row.plain())
        return
    show(
        ["host", "state", "hour", "day", "week", "what", "reports go to"],
        [
            (row.host, Text(row.state, style=_STYLES[row.state]), *_figures(row), row.sentence, row.report)
            for row in rows
        ],
        empty="no hosts",
        title="media / links followed",
    )


@hosts.command(name="contact")
def contact(
    domain: Annotated[str, typer.Argument(help="A domain, an address on it, or a host's name.")],
    ask: Annotated[
        bool, typer.Option("--look", help="Ask the domain and its registry even if the host is known.")
    ] = False,
    accepted: Annotated[
        str | None,
        typer.Option(
            "--accept", metavar="N", help="Write this proposal, by its name in front, into your channels.toml."
        ),
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show where a domain takes notices: mail, forms with what they ask, rules, and where each was read.

    Of a domain that nobody wrote down, its security.txt (RFC 9116) and its registry (RDAP) are asked over the network,
    and what they name is proposed: a person looks at it and accepts it, else nothing is done with it.
    """
    settings = read_config(config)
    with session(settings) as pipeline:
        domain, channel = channel_of(domain, settings)
        actor = decider(pipeline, by, Verb.NOTICES) if accepted else None
        found: Look | None = None
        if ask or accepted or not channel.known:
            limits = settings.fetch.model_copy(update={"max_page_bytes": MAX_PAGE})
            with web(limits, pipeline.deps.clock, parts().outside) as fetcher:
                found = look(domain, channel, fetcher, pipeline.deps.clock.now())
        if accepted and actor and found:
            taken = accept(found, accepted, channel, settings, pipeline.deps.store, by=actor)
            say(f"{taken.value} is where notices to {domain} go from now on; it stands in channels.toml of your data")
            return
    if as_json:
        emit(_plain(domain, channel, found))
        return
    like = None if channel.known else resembles(domain, settings)
    facts([("domain", domain), *([("careful", like)] if like else []), *channel_facts(channel)])
    if found is not None:
        facts(_proposed(found))
        if found.proposals:
            say("\nlook at them yourself; a lead accepts one with: gifwarden hosts contact DOMAIN --accept N")


def _figures(row: HostRow) -> list[str]:
    return [f"{span['resolved']}/{sum(span.values())}" for span in (row.hour, row.day, row.week)]


def _proposed(found: Look) -> Iterator[Fact]:
    for name, one in found.named():
        yield "proposed", f"{name}  {one.kind} {one.value}"
        yield "", f"from {one.source}"
        for caution in one.cautions:
            yield "", caution
    for failure in found.failures:
        yield "not found", failure


def _plain(domain: str, channel: Channel, found: Look | None) -> dict[str, object]:
    proposals = [
        {"accept": name, "whose": "registrar" if one.registrar else "host", **to_json_data(one)}
        for name, one in (found.named() if found else ())
    ]
    return {
        "domain": domain,
        "channel": to_json_data(channel) if channel.known else None,
        "looked": found is not None,
        "proposals": proposals,
        "failures": list(found.failures) if found else [],
    }
