"""What all commands share: configuration, output, logging, errors."""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import sys
import traceback
from collections.abc import Iterator, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from bot import config as configuration
from bot import exchanges, hosts, text
from bot.assemble import DATABASE, Outside, Parts, assembled
from bot.cli import screen
from bot.cli.screen import complain, complain_of, emit, facts, listing, progress, say, show, warn
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import ConfigError, MediaError, RedditError, UsageError
from bot.model import Actor, BankKind, Verb
from bot.pipeline import Pipeline
from bot.pipeline.core import Log
from bot.reddit import Reddit
from bot.store import Store, WikiRow

__all__ = [
    "ByOption",
    "ConfigOption",
    "JsonOption",
    "WhyOption",
    "complain",
    "complain_of",
    "emit",
    "facts",
    "listing",
    "progress",
    "say",
    "show",
    "warn",
]

PACKAGE = Path(__file__).parent.parent

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file; else $GIFWARDEN_CONFIG, else ./config.toml.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]
PAGE, LONGEST = 50, 1000  # rows that people and programs are given unless they ask for more
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help=f"At most so many rows; else {PAGE}, {LONGEST} with --json.")
]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--by", help="Your name in the team; may be left out under your own system account.", show_default=False
    ),
]
WhyOption = Annotated[str, typer.Option("--why", help="Why, in a few words, for the audit trail.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a command runs, if not in the real world with the configuration of a file: in a demo."""

    config: Config
    outside: Outside


_around: ContextVar[Surroundings | None] = ContextVar("surroundings", default=None)


@contextlib.contextmanager
def surrounded(config: Config, outside: Outside) -> Iterator[None]:
    """Let the commands called meanwhile run in a demo's world: with its configuration, and led nowhere but to it."""
    token = _around.set(Surroundings(config=config, outside=outside))
    try:
        yield
    finally:
        _around.reset(token)


def parts(*, rules: bool = False, reddit: bool = False, memory: bool = False) -> Parts:
    """Return what a command needs of the house, where it runs."""
    around = _around.get()
    return Parts(rules=rules, reddit=reddit, memory=memory, outside=around.outside if around else Outside())


def read_config(path: Path | None, *, needed: bool = True) -> Config:
    """Read the configuration. Without a file and not `needed`, the defaults. Raises ConfigError."""
    if (here := _of_demo(path)) is not None:
        return here
    return configuration.load(_config_file(path, needed=needed), hosts=host_names(), exchanges=exchanges.keys())


def look_at_config(path: Path | None) -> configuration.Reading:
    """Return what can be read of the configuration, and its mistakes. Raises ConfigError if there is no such file."""
    if (here := _of_demo(path)) is not None:
        return configuration.Reading(config=here)
    return configuration.look(_config_file(path, needed=True), hosts=host_names(), exchanges=exchanges.keys())


def _of_demo(path: Path | None) -> Config | None:
    """Return the configuration of the demo in which a command runs, or None. Raises UsageError if one is named."""
    around = _around.get()
    if around is not None and path is not None:
        raise UsageError("a command in the demo has the demo's configuration; leave --config out")
    return around.config if around else None


def _config_file(path: Path | None, *, needed: bool) -> Path | None:
    found = configuration.find(path)
    if found is None and needed:
        raise ConfigError("there is no configuration here; run: gifwarden init, or name one with --config")
    return found


def logger(config: Config) -> Log:
    """Set up structured logs on standard error and return the logger."""
    pretty = config.log.format == "console" or (config.log.format == "auto" and sys.stderr.isatty())
    level, when = structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[_place_only, _narrate] if pretty else [level, when, _place_only, _fit, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, config.log.level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    log: Log = structlog.get_logger()
    return log


def place(error: BaseException) -> str:
    """Return where an error was raised, `file:line`, and where we called what raised it. Holds no data of the run."""
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    if not frames:
        return "an unknown place"
    ours = [frame for frame in frames if frame[0].is_relative_to(PACKAGE)]
    return " called from ".join(
        f"{file.relative_to(PACKAGE.parent) if file.is_relative_to(PACKAGE) else Path(*file.parts[-2:])}:{line}"
        for file, line in dict.fromkeys((frames[-1], *ours[-1:]))
    )


def _place_only(_log: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Log an exception's type and place: its message and its variables may hold the URL of a media."""
    raised = event.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["error"], event["where"] = type(error).__name__, place(error)
    return event


def _fit(_log: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Log texts as people may see them: a reason may quote what a stranger's server answered."""
    return {key: text.fitted(value) for key, value in event.items()}


def _narrate(_log: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """Log as a person reads it at a terminal: the time in UTC, what happened and why."""
    said = f"{SystemClock().now():%H:%M:%S}  {text.narrated(str(event.pop('event', '')), event)}"
    return screen.styled(said, "" if method == "info" else "yellow", hang=10)


class Quiet:
    """A logger for commands that print their own results; warnings still show."""

    def info(self, event: str, **facts: Any) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: Any) -> None:
        """Say it on standard error."""
        warn(f"{event}: {facts.get('reason', '')}".rstrip(": "))


@contextlib.contextmanager
def session(
    config: Config, *, rules: bool = False, reddit: bool = False, memory: bool = False, log: Log | None = None
) -> Iterator[Pipeline]:
    """Yield a pipeline for a command; `memory`: over an empty database that leaves no file.

    Raises ConfigError if `reddit` is asked for and a credential is missing.
    """
    if reddit and (missing := login_missing(config)):
        raise ConfigError(missing)
    with assembled(config, log or Quiet(), parts=parts(rules=rules, reddit=reddit, memory=memory)) as pipeline:
        yield pipeline


def system_account() -> str:
    """Return the name of the account of the machine under which this runs, or its number if it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"#{os.geteuid()}"


def decider(pipeline: Pipeline, name: str | None, verb: Verb, subreddits: Sequence[str] | None = None) -> Actor:
    """Return who decides by this command; `name`: what --by says. Raises UsageError if they may not."""
    return pipeline.team.at_terminal(name, system_account(), verb, subreddits)


def login_missing(config: Config) -> str | None:
    """Return which credential for Reddit is missing and what to do, or None if all are there. Uses no network."""
    try:
        Reddit(config.reddit).close()
    except RedditError as error:
        return f"{error}, see docs/reddit-access.md"
    return None


def has_database(config: Config) -> bool:
    """True if there is a database where the configuration says."""
    return (config.storage.path / DATABASE).exists()


def read_media(path: Path, config: Config) -> bytes:
    """Return a file's bytes. Raises OSError if it cannot be read, MediaError if it is larger than fetch.max_bytes."""
    most = config.fetch.max_bytes
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise MediaError(f"it is larger than fetch.max_bytes, {most}; raise that to read it")
    return data


def known_banks(config: Config) -> dict[str, BankKind] | None:
    """Return the kinds of all banks by name, or None if there is no database; none is made."""
    if not has_database(config):
        return None
    with Store(config.storage.path / DATABASE, SystemClock()) as store:
        return store.banks.kinds()


def wiki_rules(config: Config) -> dict[str, WikiRow | None]:
    """Return what is known of the wiki pages that subreddits keep rules on, by subreddit; makes no database."""
    pages = {name: settings.wiki for name, settings in config.subreddits.items() if settings.wiki}
    if not pages or not has_database(config):
        return dict.fromkeys(pages)
    with Store(config.storage.path / DATABASE, SystemClock()) as store:
        return {name: store.wiki.get(name, page) for name, page in pages.items()}


def host_names() -> tuple[str, ...]:
    """Return the names that `host:` in a rule may use."""
    return tuple(plug.name for plug in hosts.HOSTS)
