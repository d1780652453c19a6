"""A new exchange: looked at, tried, and written below what stands in the configuration file."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import config as configuration
from bot import exchanges
from bot.cli import known
from bot.cli.base import ConfigOption, host_names, say, session
from bot.config import Config, ExchangeConfig
from bot.errors import ConfigError, EndpointError, UsageError
from bot.exchanges import Page
from bot.lists import Bad, Plain, Record
from bot.plural import many


def register(parent: typer.Typer) -> None:
    """Add this command."""
    parent.command()(add)


def add(
    name: Annotated[str, typer.Argument(help="Your name for it: letters, digits, - and _.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", help="https, folder, hma, threatexchange or stopncii; without it https, or folder with --folder."
        ),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="The list's address, or the service's.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="For folder: where files are dropped.")] = None,
    bank: Annotated[str | None, typer.Option("--bank", help="The bank into which its rows go.")] = None,
    collection: Annotated[
        str | None, typer.Option("--collection", help="For hma: their bank. For threatexchange: the group's id.")
    ] = None,
    how: Annotated[str | None, typer.Option("--format", help="auto, hex, csv, ndjson, json or vpdq.")] = None,
    hash_type: Annotated[
        str | None,
        typer.Option("--type", help="What hashes of 64 digits are that the list does not name: pdq, phash or sha256."),
    ] = None,
    every_minutes: Annotated[float | None, typer.Option("--every-minutes", help="How often it is asked.")] = None,
    stale_days: Annotated[
        float | None, typer.Option("--stale-days", help="How long its rows act by themselves without a fetch.")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="The list holds all its rows each time.")] = False,
    public_key: Annotated[str | None, typer.Option("--public-key", help="The minisign key that signs it.")] = None,
    config: ConfigOption = None,
) -> None:
    """Try an exchange and write it into the configuration file. Tokens come from the environment, never into the file.

    Nothing of it is taken yet: that does the daemon, or gifwarden exchange fetch.
    """
    path = configuration.find(config)
    if path is None:
        raise ConfigError("there is no configuration here; run: gifwarden init, or name one with --config")
    given: dict[str, Any] = {
        "kind": kind or ("folder" if folder is not None and url is None else "https"),
        "bank": bank,
        "url": url,
        "folder": str(folder.expanduser().resolve()) if folder else None,
        "collection": collection,
        "format": how,
        "hash_type": hash_type,
        "every_minutes": every_minutes,
        "stale_days": stale_days,
        "whole": whole or None,
        "public_key": public_key,
    }
    path = path.resolve()
    section = _section(name, {key: value for key, value in given.items() if value is not None})
    fresh, settings = _tried(path, name, section)
    try:
        with session(settings) as pipeline:
            of = settings.exchanges[name]
            known.bank(pipeline, of.bank)
            said = _said(pipeline.exchanges.first_page(name, of))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    say(f"{name} answers: {said}")
    say(f"written below [exchanges.{name}] in {path}; to take its rows now: gifwarden exchange fetch {name}")


def _section(name: str, given: Mapping[str, Any]) -> str:
    """Return the lines of a section."""
    if not given.get("bank"):
        given = {**given, "bank": ExchangeConfig.model_fields["bank"].default}
    lines = [f"{key} = {_toml(value)}" for key, value in given.items()]
    return "\n".join((f"[exchanges.{name}]", *lines)) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False)


def _tried(path: Path, name: str, section: str) -> tuple[Path, Config]:
    """Write what the file will be beside it and read that; return both. Raises ConfigError with every mistake."""
    if (wrong := configuration.wrong_exchange(name)) is not None:
        raise UsageError(wrong)
    try:
        text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text + ("" if text.endswith("\n") or not text else "\n") + f"\n{section}")
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(mode)
    except OSError as error:
        raise UsageError(f"cannot write beside {path}: {error.strerror}") from None
    try:
        before = configuration.look(path, {}, hosts=host_names())
        if any(other.lower().replace("-", "_") == name.lower().replace("-", "_") for other in before.config.exchanges):
            raise UsageError(
                f"there is an exchange {name} already in {path}; choose another name, or edit that section"
            )
        reading = configuration.look(fresh, hosts=host_names(), exchanges=exchanges.keys())
        if reading.error is not None:
            raise ConfigError(*(str(one).replace(str(fresh), str(path)) for one in reading.mistakes), where=str(path))
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh, reading.config


def _said(page: Page) -> str:
    good = sum(row.count if isinstance(row, Plain) else isinstance(row, Record) for row in page.rows)
    bad = [row for row in page.rows if isinstance(row, Bad)]
    if not good and bad:
        raise EndpointError(
            f"not one of the first {many(len(bad), 'row')} can be taken ({bad[0].reason}); is this the right list?",
            retry=False,
        )
    more = "" if page.last else ", and there are more"
    return f"{many(good, 'row')}{f' and {len(bad):,} that cannot be taken' if bad else ''} on its first page{more}"
