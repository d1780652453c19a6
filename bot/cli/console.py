"""`gifwarden review`: the console alone, for whoever runs it."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import typer

from bot.cli.base import ConfigOption, decider, logger, login_missing, read_config, say, warn
from bot.cli.deciding import carried_out_quietly
from bot.cli.sign_in import link
from bot.cli.withdrawing import judging_session
from bot.config import Config
from bot.errors import ConfigError, GifwardenError, UsageError
from bot.model import Verb
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.sign_in import LINK_MINUTES
from bot.stopping import answered

PORT = 8470  # where the configuration names none
LOOK_SECONDS = 0.5  # between two looks at what has become due


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(review)


def review(
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help=f"Port; else web.port, else {PORT}.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Serve the console without a daemon, until Ctrl-C, and print a link by which you sign in.

    If a daemon serves it already, only the link is printed. Without a daemon what is decided is performed here, as
    `gifwarden cases` does.
    """
    settings = read_config(config)
    place = port or settings.web.port or PORT
    reddit = login_missing(settings) is None  # to look at a post that somebody names
    with judging_session(settings, logger(settings), reddit=reddit) as pipeline:
        me = decider(pipeline, None, Verb.CASES)
        _, secret = pipeline.sign_in.invite(me.name, by=me)
        if port is None and settings.web.port and pipeline.deps.store.lease.daemon_runs():
            say("a daemon runs and serves the console; sign in by this link, once:")
            say(link(settings, secret, place))
            return
        _serve(pipeline, settings, place, secret, me.name)


def _serve(pipeline: Pipeline, settings: Config, port: int, secret: str, name: str) -> None:
    from bot.web.serving import served  # a server is no part of any other command
    from bot.web.steps import Steps

    stop = threading.Event()
    try:
        with answered(_stopping(stop)), served(pipeline, Steps(pipeline.deps.clock), port=port) as server:
            say(f"the console is at http://127.0.0.1:{server.port}/ until Ctrl-C")
            say(f"{name} signs in by this link, once, within {LINK_MINUTES} minutes:")
            say(link(settings, secret, server.port, here=True))
            if not pipeline.deps.store.lease.daemon_runs() and (missing := login_missing(settings)):
                warn(f"what is decided is not done yet, for no daemon runs and there is no login here: {missing}")
            while not stop.wait(LOOK_SECONDS):
                _perform(pipeline, settings)
    except ConfigError as error:
        if pipeline.deps.store.lease.daemon_runs():
            raise UsageError(f"{error}; or sign in where the daemon serves it: gifwarden team invite {name}") from None
        raise


def _perform(pipeline: Pipeline, settings: Config) -> None:
    """Perform the decisions whose time has come, and do what follows from withdrawals, unless a daemon does."""
    try:
        if not pipeline.deps.store.lease.daemon_runs():
            for row in pipeline.deps.store.decided.due():
                carried_out_quietly(settings, row)
            pipeline.withdrawals.follow()
    except GifwardenError as error:
        pipeline.deps.log.warning("decision not performed", reason=str(error))


def _stopping(stop: threading.Event) -> Any:
    return lambda _number, _frame: stop.set()
