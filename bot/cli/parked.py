"""Commands on work that began three times and never ended: parked list|retry."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.base import ByOption, ConfigOption, JsonOption, decider, listing, read_config, say, session
from bot.cli.groups import App
from bot.model import Verb
from bot.pipeline.keeping.parked import queue_of, try_again
from bot.store.tries import SENTENCE

app = App(help="Links, actions, orders, backfills, learnings and digests whose work never ended.")


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="parked")


@app.command(name="list")
def show_all(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what is parked: work on it began three times and never ended."""
    with session(read_config(config)) as pipeline:
        rows = [
            {"kind": row.queue, "name": row.name, "about": row.about, "parked_from": row.parked_from, "why": SENTENCE}
            for row in pipeline.deps.store.tries.parked()
        ]
    columns = {"kind": "what", "name": "name", "about": "about", "parked_from": "was", "why": "why"}
    listing(rows, as_json=as_json, columns=columns, empty="nothing is parked")


@app.command()
def retry(
    kind: Annotated[str, typer.Argument(help="link, action, order, backfill, learning or digest.")],
    name: Annotated[str, typer.Argument(help="Its name in the list.")],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Put it back where it was: it is tried again, three times at most."""
    queue = queue_of(kind)
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.RETRY)
        try_again(pipeline.deps.store, queue, name, by=by)
    say(f"{kind} {name} is tried again at the daemon's next step")
