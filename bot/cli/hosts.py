"""The command that shows how the hosts do."""

from __future__ import annotations

import typer
from rich.text import Text

from bot.cli.base import ConfigOption, JsonOption, emit, read_config, session, show
from bot.pipeline.scanning.host_health import HostRow, host_rows

_STYLES = {"ok": "green", "changed": "red", "collapsed": "red", "off": "dim", "unseen": "dim"}


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(name="hosts")(list_hosts)


def list_hosts(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show each host: whether it is on, what came of its links lately, what is wrong with it, where reports go.

    A host whose answers changed their shape, or that gives far less than it used to, is an alarm here and in doctor.
    """
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


def _figures(row: HostRow) -> list[str]:
    return [f"{span['resolved']}/{sum(span.values())}" for span in (row.hour, row.day, row.week)]
