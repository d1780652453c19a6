"""`gifwarden demo`: the main job on loopback, once or to practise in, and commands in the world that is served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.base import JsonOption, surrounded, system_account
from bot.errors import UsageError

ELSEWHERE = ("bench", "demo", "init")  # what a demo's world has no use for


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMMAND",
            help="A command of gifwarden with its options, to run in the demo that is served: demo -- cases list.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Open the console over such a world and let it go on, to practise, until Ctrl-C."),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help="With --serve: port of the console; else 8470, or one that is free."
        ),
    ] = None,
    week: Annotated[
        bool, typer.Option("--week", help="Play a scripted week of 5,000 posts instead; takes a minute or two.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Also write what is shown to this SVG file.")
    ] = None,
) -> None:
    """Run the whole main job on loopback: no account, no internet, benign generated media.

    A scripted hour passes in a minute. At the end stands what Reddit, hosts and mail received, from their own logs.
    Exits 1 if anything expected did not happen, or anything happened twice.

    With --serve a world goes on in the console. There, `gifwarden demo -- COMMAND` runs any command, from another
    terminal.
    """
    if [bool(command), serve, week].count(True) > 1:
        raise UsageError("choose one: --serve, --week, or a command behind --")
    if serve and (as_json or picture):
        raise UsageError("--serve opens the console; --json and --picture go with the demo that ends by itself")
    if port is not None and not serve:
        raise UsageError("--port goes with --serve")
    if command:
        _in_its_world(context, command)
        return
    from bot.demo.run import play, play_week  # the demo's servers are no part of any other command

    if serve:
        from bot.demo.serving import serve as served

        served(port=port, account=system_account())
        return
    if not (play_week(as_json=as_json) if week else play(as_json=as_json, picture=picture)):
        raise typer.Exit(1)


def _in_its_world(context: typer.Context, command: list[str]) -> None:
    """Run a command in the world of the demo that is served. Raises UsageError if there is none."""
    from bot.demo import world

    if command[0] in ELSEWHERE:
        raise UsageError(f"{command[0]} does nothing in the demo's world; run it without demo --")
    here = world.found(world.place())
    with surrounded(here.config, here.outside):
        context.find_root().command.main(args=command, prog_name="gifwarden demo --")
