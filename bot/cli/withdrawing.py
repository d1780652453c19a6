"""Entries withdrawn and given back, and what follows."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import ByOption, ConfigOption, decider, read_config, say, session
from bot.cli.entries import Label
from bot.cli.groups import App
from bot.config import Config
from bot.errors import ConfigError, GifwardenError, RuleError, UsageError
from bot.model import Verb, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.core import Log
from bot.pipeline.reviewing.withdrawals import Followed
from bot.pipeline.reviewing.words.entries import WORDS, because
from bot.pipeline.reviewing.words.entry import REASONS
from bot.pipeline.reviewing.words.withdrawing import HELD, may_say, onwards
from bot.store import WithdrawnRow

SHOWN = 5  # labels of cases in a line
ReasonOption = Annotated[
    str | None,
    typer.Option("--reason", help=f"Why: {', '.join(f'{one} ({WORDS[one]})' for one in REASONS)}.", show_default=False),
]
WhyOption = Annotated[str | None, typer.Option("--why", help="In a few words, for the audit trail.")]


def register(bank: App) -> None:
    """Add these commands to those of `bank`."""
    bank.command()(remove)
    bank.command()(restore)


@contextlib.contextmanager
def judging_session(settings: Config, log: Log | None = None, *, reddit: bool = False) -> Iterator[Pipeline]:
    """Yield a pipeline with rules, so that cases can be judged again; without, where they cannot be read."""
    with contextlib.ExitStack() as stack:
        try:
            pipeline = stack.enter_context(session(settings, rules=True, reddit=reddit, log=log))
        except (ConfigError, RuleError):
            pipeline = stack.enter_context(session(settings, reddit=reddit, log=log))
        yield pipeline


def remove(
    label: Label,
    reason: ReasonOption = None,
    why: WhyOption = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Withdraw an entry, and say why: it stops matching at once, and what waits on its word is cancelled.

    Of one that was withdrawn without a reason, --reason gives it later.

    It can be restored for storage.withdrawn_days, as a suspected minor's for ten minutes; then it is destroyed.
    """
    settings = read_config(config)
    chosen = _reason(reason)
    with judging_session(settings) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        known.entry(pipeline, label)
        before = pipeline.deps.store.withdrawn.get(label)
        try:
            if before is None:
                pipeline.withdrawals.withdraw(label, chosen, by=by, said=why)
            else:
                may_say(before, chosen)
                pipeline.withdrawals.say_why(label, chosen, by=by, said=why)
        except GifwardenError as error:
            raise UsageError(str(error)) from None
        row = pipeline.deps.store.withdrawn.get(label)
        assert row is not None, "it was withdrawn just now"
        say(because(row))
        _tell(pipeline, row, pipeline.withdrawals.follow_one(row))


def restore(label: Label, who: ByOption = None, config: ConfigOption = None) -> None:
    """Let a withdrawn entry match again. It must be confirmed anew."""
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        known.entry(pipeline, label)
        try:
            pipeline.withdrawals.restore(label, by=by)
        except GifwardenError as error:
            raise UsageError(str(error)) from None
    say(f"{label} matches again; a second person must confirm it before it acts alone")
    say("  cases that were closed with it stay closed; to open one again: gifwarden cases undo C-…")


def _reason(given: str | None) -> Withdrawal:
    """Return why, as the option or the person at the terminal says. Raises UsageError if that is no reason."""
    if given is None and sys.stdin.isatty() and sys.stdout.isatty():
        for number, one in enumerate(REASONS, start=1):
            say(f"  {number}  {one}: {WORDS[one]}")
        while (chosen := _reason_of(answer := typer.prompt("Why is it withdrawn", default="unsaid"))) is None:
            say(f"{answer} is no reason; type its number or its word, or nothing to leave it unsaid")
        return chosen
    if given is None:
        return Withdrawal.UNSAID
    if (chosen := _reason_of(given)) is None:
        raise UsageError(f"{given} is no reason; choose one of {', '.join(REASONS)}")
    return chosen


def _reason_of(given: str) -> Withdrawal | None:
    """Return the reason that a word, or its number in the list, names; None if it names none."""
    word = given.strip().lower().replace("-", "_").replace(" ", "_")
    numbered = {str(number): one for number, one in enumerate(REASONS, start=1)}
    return numbered.get(word) or next((one for one in (*REASONS, Withdrawal.UNSAID) if word == one), None)


def _tell(pipeline: Pipeline, row: WithdrawnRow, found: Followed | None) -> None:
    """Say what followed from a withdrawal, and what a person can do now."""
    store = pipeline.deps.store
    if found is None:
        say(f"  {HELD}")
    else:
        _say(found.closed, "closed: nothing else speaks for {them}")
        _say(found.judged, "judged again, on what else speaks for {them}")
        _say(found.hidden, "hidden, and the post is removed and locked: the very file is there")
        _say(found.left, "left open; look at {them}: gifwarden cases show")
    for line in onwards(store, pipeline.deps.config, row):
        say(f"  {line}")
    if row.why is Withdrawal.MINOR and found is not None and found.hidden:
        say("  where to report what is hidden: gifwarden cases minor C-…; a slip there: gifwarden cases cancel C-…")


def _say(labels: Sequence[str], words: str) -> None:
    if labels:
        shown = ", ".join(labels[:SHOWN]) + (f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else "")
        which = "is" if len(labels) == 1 else "are"
        say(f"  {shown} {which} {words.format(them='it' if len(labels) == 1 else 'them')}")
