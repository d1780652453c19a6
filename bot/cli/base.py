"""What all commands share: configuration, output, logging, errors."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import config as configuration
from bot.assemble import Parts, assembled
from bot.config import Config
from bot.errors import ConfigError
from bot.pipeline import Pipeline
from bot.pipeline.core import Log

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file; else $GIFWARDEN_CONFIG, else ./config.toml.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")]
WhoOption = Annotated[str, typer.Option("--by", help="Your name, for the audit trail.", show_default=False)]
WhyOption = Annotated[str, typer.Option("--why", help="Why, in a few words, for the audit trail.")]


def read_config(path: Path | None, *, needed: bool = True) -> Config:
    """Read the configuration. Without a file and not `needed`, the defaults. Raises ConfigError."""
    found = configuration.find(path)
    if found is None and needed:
        raise ConfigError("there is no configuration here; run: gifwarden init, or name one with --config")
    return configuration.load(found)


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
            *(() if pretty else (structlog.processors.format_exc_info,)),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, config.log.level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    log: Log = structlog.get_logger()
    return log


class Quiet:
    """A logger for commands that print their own results; warnings still show."""

    def info(self, event: str, **facts: Any) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: Any) -> None:
        """Say it on standard error."""
        err.print(Text(f"{event}: {facts.get('reason', '')}".rstrip(": "), style="yellow"))


@contextlib.contextmanager
def session(config: Config, *, rules: bool = False, reddit: bool = False, log: Log | None = None) -> Iterator[Pipeline]:
    """Yield a pipeline for a command."""
    with assembled(config, log or Quiet(), parts=Parts(rules=rules, reddit=reddit)) as pipeline:
        yield pipeline


def emit(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line, at once."""
    print(json.dumps(value, ensure_ascii=False, default=str), flush=True)  # noqa: T201  plain output for programs


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str, title: str | None = None) -> None:
    """Print a table, or one sentence if there is nothing to show."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    if not table.row_count:
        out.print(empty)
        return
    out.print(table)


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
