"""What all commands share: configuration, output, logging, errors."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pwd
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot import config as configuration
from bot import hosts, text
from bot.assemble import DATABASE, Parts, assembled
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import ConfigError, GifwardenError, MediaError, RedditError, UsageError
from bot.model import Actor, BankKind, Verb
from bot.pipeline import Pipeline
from bot.pipeline.core import Log
from bot.reddit import Reddit
from bot.store import Store, WikiRow

MAX_LABEL = 24  # characters
GAP = 2  # characters between two columns of a table
UNWRAPPED = 10_000  # columns; what reads a pipe wants a row on a line
PACKAGE = Path(__file__).parent.parent

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file; else $GIFWARDEN_CONFIG, else ./config.toml.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--by", help="Your name in the team; may be left out under your own system account.", show_default=False
    ),
]
WhyOption = Annotated[str, typer.Option("--why", help="Why, in a few words, for the audit trail.")]


def read_config(path: Path | None, *, needed: bool = True) -> Config:
    """Read the configuration. Without a file and not `needed`, the defaults. Raises ConfigError."""
    return configuration.load(_config_file(path, needed=needed), hosts=host_names())


def look_at_config(path: Path | None) -> configuration.Reading:
    """Return what can be read of the configuration, and its mistakes. Raises ConfigError if there is no such file."""
    return configuration.look(_config_file(path, needed=True), hosts=host_names())


def _config_file(path: Path | None, *, needed: bool) -> Path | None:
    found = configuration.find(path)
    if found is None and needed:
        raise ConfigError("there is no configuration here; run: gifwarden init, or name one with --config")
    return found


def logger(config: Config) -> Log:
    """Set up structured logs on standard error and return the logger."""
    pretty = config.log.format == "console" or (config.log.format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_only,
            _fit,
            renderer,
        ],
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
    with assembled(config, log or Quiet(), parts=Parts(rules=rules, reddit=reddit, memory=memory)) as pipeline:
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
        return {bank.name: bank.kind for bank in store.banks.listing()}


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


def say(words: str, style: str = "", *, lines: bool = False) -> None:
    """Print a line on standard output, or several if the words are ours."""
    out.print(Text(_shown_as(words, lines=lines), style=style), soft_wrap=True)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print a line a fact, its name in front."""
    for name, words in rows:
        out.print(Text.assemble((f"{name:>8}", "bold"), f"  {text.line(words)}"), soft_wrap=True)


def complain(words: str, *, lines: bool = False) -> None:
    """Say on standard error what failed."""
    err.print(Text(_shown_as(words, lines=lines), style="red"), soft_wrap=True)


def complain_of(error: GifwardenError, prefix: str = "") -> None:
    """Say on standard error what failed, a line for each mistake and their number below.

    On a terminal lines wrap between words, and what continues one is indented.
    """
    if not isinstance(error, UsageError) or not error.count:
        complain(f"{prefix}{error}", lines=True)
        return
    for mistake in error.mistakes:
        if not err.is_terminal:
            complain(mistake)
            continue
        head, *rest = textwrap.wrap(
            text.line(mistake), err.width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        ) or [""]
        err.print(Text("\n".join((head, *rest)), style="red"), soft_wrap=True)
    complain(f"{prefix}{error.count}")


def warn(words: str, *, lines: bool = False) -> None:
    """Say on standard error what a person should know."""
    err.print(Text(_shown_as(words, lines=lines), style="yellow"), soft_wrap=True)


def _shown_as(words: str, *, lines: bool) -> str:
    """Return words as a terminal may show them; a line feed counts only where `lines` says so, or in front."""
    rest = words.lstrip("\n")
    return text.fit(words) if lines else words[: len(words) - len(rest)] + text.line(rest)


def progress(*, told: bool) -> Progress:
    """Return a bar on standard error; none if results are `told` one by one on the same terminal.

    What is printed meanwhile stays on its own stream, so that a redirected output is complete.
    """
    shown = err.is_terminal and not (told and out.is_terminal)
    return Progress(console=err, transient=True, redirect_stdout=False, redirect_stderr=False, disable=not shown)


def emit(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line, at once; what the output's encoding lacks is escaped."""
    written = text.json_line(value)
    try:
        written.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        written = json.dumps(value, default=str)
    print(written, flush=True)  # noqa: T201  plain output for programs


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str, title: str | None = None) -> None:
    """Print a table, or one sentence if there is nothing to show.

    Words wrap on a terminal; labels never do. Where a terminal is too narrow for that, each row is a block of lines.
    """
    cells = [[cell if isinstance(cell, Text) else Text(_shown(cell)) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    if out.is_terminal and not _has_room(columns, cells):
        out.print(_blocks(columns, cells, title))
        return
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name, column in zip(columns, zip(*cells, strict=True), strict=True):
        table.add_column(name, overflow="fold", no_wrap=_is_label(column))
    for line in cells:
        table.add_row(*line)
    (out if out.is_terminal else Console(width=UNWRAPPED, highlight=False)).print(table)


def _is_label(column: Sequence[Text]) -> bool:
    return all(len(cell) <= MAX_LABEL and " " not in cell.plain for cell in column)


def _has_room(columns: Sequence[str], cells: Sequence[Sequence[Text]]) -> bool:
    """Return whether the terminal is wide enough for a table in which no word is cut."""
    left = out.width - GAP * (len(columns) - 1)
    wrapped: list[tuple[int, int]] = []  # (width of the whole, width of the longest word) of columns that may wrap
    for name, column in zip(columns, zip(*cells, strict=True), strict=True):
        texts = [name, *(cell.plain for cell in column)]
        whole = max(cell_len(text) for text in texts)
        if _is_label(column):
            left -= whole
        else:
            wrapped.append((whole, max(cell_len(word) for text in texts for word in text.split() or [""])))
    # the widest gives first, until all are as wide as they are long or equally wide
    for done, (whole, word) in enumerate(sorted(wrapped)):
        share = min(whole, left // (len(wrapped) - done))
        if word > share:
            return False
        left -= share
    return left >= 0


def _blocks(columns: Sequence[str], cells: Sequence[Sequence[Text]], title: str | None) -> Table:
    """Return a block for each row: a line a cell, its column's name in front."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right", style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for place, line in enumerate(cells):
        if place:
            table.add_row()
        for name, cell in zip(columns, line, strict=True):
            if cell.plain:
                table.add_row(name, cell)
    return table


def listing(
    rows: Iterable[Mapping[str, Any]],
    *,
    as_json: bool,
    columns: Mapping[str, str],
    empty: str,
    title: str | None = None,
) -> None:
    """Print rows as JSON lines, or as a table of some of their keys (`columns`: key to heading)."""
    if as_json:
        for row in rows:
            emit(row)
        return
    show(list(columns.values()), ([row.get(key) for key in columns] for row in rows), empty=empty, title=title)


def _shown(cell: Any) -> str:
    return "" if cell is None else text.line(str(cell))
