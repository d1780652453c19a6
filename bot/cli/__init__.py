"""The command line. Calls pipeline and store, decides nothing."""

from __future__ import annotations

import io
import os
import sys

import typer

from bot import __version__
from bot.cli import (
    about,
    actions,
    backfill,
    bank,
    bench,
    bench_copies,
    bench_exchange,
    bench_faces,
    bench_scale,
    cases,
    claims,
    cluster,
    console,
    demo,
    exchange,
    gallery,
    hosts,
    learn,
    maintenance,
    notice_answers,
    notice_items,
    notice_steps,
    notices,
    nudity,
    parked,
    quarantine,
    rules,
    scan,
    service,
    team,
)
from bot.cli.base import complain, complain_of, place
from bot.cli.groups import App
from bot.errors import GifwardenError

app = App(
    name="gifwarden",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Finds known deepfake and other non-consensual porn behind GIF and video links on Reddit, and gets it taken "
    "down, with a person deciding whatever is not certain.\n\n"
    "Start with [bold]gifwarden demo[/] (no account, no internet), then [bold]gifwarden init[/], [bold]doctor[/] and "
    "[bold]run[/]. A new installation only observes.",
    epilog="Exit codes: 0 fine, 1 something in the input failed (the rest was done), 2 usage or configuration, "
    "3 an outside service is unavailable.",
)
demo.register(app)
service.register(app)
cluster.register(app)
console.register(app)
backfill.register(app)
learn.register(app)
maintenance.register(app)
about.register(app)
scan.register(app)
bank.register(app)
exchange.register(app)
bench.register(app)
bench_copies.register(bench.app)
bench_exchange.register(bench.app)
bench_faces.register(bench.app)
bench_scale.register(bench.app)
rules.register(app)
cases.register(app)
claims.register(app)
notices.register(app)
notice_answers.register()
notice_items.register()
notice_steps.register()
actions.register(app)
hosts.register(app)
team.register(app)
quarantine.register(app)
parked.register(app)
gallery.register(app)
nudity.register(app)


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
    # names and URLs of strangers may hold what is no text; it must stop neither what is read nor what is written
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    try:
        app(prog_name="gifwarden")
    except GifwardenError as error:
        complain_of(error, "gifwarden: ")
        sys.exit(error.exit_code)
    except ModuleNotFoundError:
        raise  # `bot.__main__` says which package is missing, as it does at the start
    except KeyboardInterrupt:
        complain("gifwarden: stopped")
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output has gone; the interpreter must not complain about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  the last boundary; message and variables may hold the URL of a media
        complain(f"gifwarden: {_unexpected(error)}")
        sys.exit(1)


def _unexpected(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"the system says {error.strerror!r} at {place(error)}; mend that and run the command again"
    return f"unexpected {type(error).__name__} at {place(error)}; this is a bug in gifwarden, please report this line"
