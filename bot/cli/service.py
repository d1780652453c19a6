"""Commands that set up and run: init, doctor, run."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot import bundled, stopping
from bot.cli.base import ConfigOption, JsonOption, emit, logger, read_config, say, session, show, system_account
from bot.config import load
from bot.errors import UsageError
from bot.model import names
from bot.pipeline.keeping.diagnosis import first_of
from bot.schedule import Daemon


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(init)
    app.command()(doctor)
    app.command()(run)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is not there.")] = Path(),
    who: Annotated[
        str | None, typer.Option("--by", help="Your name in the team; else that of your system account.")
    ] = None,
) -> None:
    """Write a commented configuration, rules, a key and a database with an empty bank. Overwrites nothing.

    Whoever runs it becomes the first operator of the team.
    """
    if who is not None:
        names.clean(who)
    target = folder / "config.toml"
    if target.exists():
        raise UsageError(f"{target} is there already; gifwarden init overwrites nothing")
    rules = folder / "rules"
    try:
        rules.mkdir(parents=True, exist_ok=True)
        target.write_text(bundled.example_config().read_text(encoding="utf-8"), encoding="utf-8")
        target.chmod(0o600)
        for file in bundled.rule_files():
            if not (rules / file.name).exists():
                shutil.copyfile(file, rules / file.name)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; check its rights") from None
    config = load(target)
    with session(config) as pipeline:
        store = pipeline.deps.store
        if not store.banks.names():
            store.banks.create("known-fakes", "block")
        if not store.team.has_operator():
            account = system_account()
            operator = pipeline.team.first(who, account)
            said = (
                f"{operator.name} is the operator, by the system account {account}; others: gifwarden team add --help"
            )
        else:
            said = "the team of the database that was there stays"
    say(f"wrote {target}, {rules}/ and {config.storage.path}/ with an empty bank known-fakes")
    say(said)
    say("next: set your subreddits in config.toml and the Reddit secrets in the environment, then: gifwarden doctor")


def doctor(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Check configuration, rules, database, decoder, Reddit, rights, hosts and mail: a line each.

    The last line names what to do first.
    """
    marks = {"ok": Text("ok", style="green"), "warn": Text("warn", style="yellow"), "fail": Text("fail", style="red")}
    findings, rows = [], []
    from bot.cli.doctor import examine  # what it asks of servers and records no other command needs

    for finding in examine(config):
        findings.append(finding)
        if as_json:
            emit({"level": finding.level, "subject": finding.subject, "text": finding.text})
        else:
            rows.append((marks[finding.level], finding.subject, finding.text))
    if not as_json:
        show(["", "what", "finding"], rows, empty="nothing to check")
        if (first := first_of(findings)) is not None:
            say(f"begin with {first.subject}: {first.text}")
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)


def run(
    once: Annotated[bool, typer.Option("--once", help="Do every step once and exit, e.g. from cron.")] = False,
    config: ConfigOption = None,
) -> None:
    """Watch the configured subreddits until stopped. Logs go to standard error."""
    settings = read_config(config)
    if not settings.subreddits:
        raise UsageError("no subreddit is configured; add a section [subreddits.NAME] to the configuration")
    with contextlib.ExitStack() as stack:
        with stopping.unwinding():
            pipeline = stack.enter_context(session(settings, rules=True, reddit=True, log=logger(settings)))
        daemon = Daemon(pipeline)
        if once:
            stopping.usual()
            daemon.run_once()
        else:
            stack.callback(stopping.usual)
            daemon.run()
