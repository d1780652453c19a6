"""The command line. Calls pipeline and store, decides nothing."""

from __future__ import annotations

import os
import sys

import typer

from bot import __version__
from bot.cli import bank, look, review, rules, service
from bot.cli.base import err
from bot.errors import GifwardenError

app = typer.Typer(
    name="gifwarden",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Finds known deepfake and other non-consensual porn behind GIF and video links on Reddit, and gets it taken "
    "down, with a person deciding whatever is not certain.\n\n"
    "Start with [bold]gifwarden demo[/] (no account, no internet), then [bold]gifwarden init[/], [bold]doctor[/] and "
    "[bold]run[/]. A new installation only observes.",
    epilog="Exit codes: 0 fine, 1 something in the input failed (the rest was done), 2 usage or configuration, "
    "3 an outside service is unavailable.",
)
service.register(app)
look.register(app)
bank.register(app)
rules.register(app)
review.register(app)


def _version(shown: bool) -> None:
    if shown:
        typer.echo(f"gifwarden {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    pass


def main() -> None:
    """Run a command; an error becomes one sentence on standard error and an exit code."""
    try:
        app()
    except GifwardenError as error:
        err.print(f"gifwarden: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("gifwarden: stopped", markup=False)
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output has gone; the interpreter must not complain about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
