"""Commands on actions."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import deciding, known
from bot.cli.base import (
    LONGEST,
    PAGE,
    ByOption,
    ConfigOption,
    JsonOption,
    LimitOption,
    WhyOption,
    decider,
    listing,
    read_config,
    say,
    session,
)
from bot.cli.groups import App
from bot.cli.screen import told_more
from bot.model import Verb
from bot.pipeline.reviewing.words.actions import action_plain, action_why

actions = App(help="What was done, is planned, or is held and why.")


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(actions, name="actions")


@actions.command(name="list")
def actions_list(limit: LimitOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show actions, newest first, with the reason of those that are held."""
    settings = read_config(config)
    with session(settings) as pipeline:
        columns = {"id": "id", "kind": "action", "state": "state", "case": "case", "post": "post", "reason": "why"}
        actions = pipeline.deps.store.actions.listing(limit or (PAGE, LONGEST)[as_json])
        every = pipeline.deps.store.maintenance.count("actions")
    rows = (
        action_plain(row) if as_json else {**action_plain(row), "reason": action_why(settings, row)} for row in actions
    )
    listing(rows, as_json=as_json, columns=columns, empty="no actions")
    told_more(len(actions), every, as_json=as_json)


@actions.command(name="undo")
def actions_undo(
    number: Annotated[str, typer.Argument(help="The action's id.", metavar="ACTION")],
    who: ByOption = None,
    why: WhyOption = "undone",
    config: ConfigOption = None,
) -> None:
    """Take one done action back, while it is the last one on the post."""
    settings = read_config(config)
    with session(settings) as pipeline:
        action = known.action(pipeline, number)
        subreddit = pipeline.deps.store.actions.get(action).action.subreddit
        by = decider(pipeline, who, Verb.ACTIONS, [subreddit])
        if said := pipeline.decisions.cases.plan_undo(action, by=by, why=why):
            say(f"action {action} is undone: {said}")
            return
    say(f"action {action} {deciding.undone(settings, action)}")
