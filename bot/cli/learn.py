"""The command that learns from a subreddit's own past decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import ConfigOption, JsonOption, complain, emit, progress, read_config, say, session
from bot.clock import iso
from bot.errors import UsageError
from bot.model import Skipped
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.hotlines import HOTLINES
from bot.pipeline.watching.learning import Chosen, Met
from bot.pipeline.watching.past_facts import Choice
from bot.plural import many

BANK = "known-fakes"
SHOWN = 15  # texts of a kind that are shown; the rest is counted
LOOKED_AT = "still looked at"
NOT_HAD = "not to be had"
OTHER_AGE = "themselves, or another removal of the same media does"
OUTCOMES = {
    "waiting": "proposed, or wait for their day",
    "known": "known to a bank",
    "allowed": "allowed",
    "gone": "gone from their hosts",
    "seen": LOOKED_AT,
    "failed": LOOKED_AT,
    "acquired": LOOKED_AT,
    "matched": LOOKED_AT,
    "untold": LOOKED_AT,
}
WORDS: Mapping[Skipped, str] = {
    Skipped.AGE: "speak of age: nothing of them is fetched",
    Skipped.REDDIT: "removed by Reddit itself",
    Skipped.OURS: "removed by this bot",
    Skipped.DELETED: "deleted by their authors",
    Skipped.APPROVED: "approved again, or up",
    Skipped.GONE: "not shown by Reddit any more",
    Skipped.NO_MEDIA: "without a link to media that can be looked at",
    Skipped.DECIDED: "with a case already",
    Skipped.UNREADABLE: "that could not be read",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(learn)


def learn(
    subreddit: Annotated[str, typer.Argument(help="A watched subreddit, without r/.", show_default=False)],
    reason: Annotated[
        list[str] | None,
        typer.Option("--reason", help="A removal reason, or a note, that means a fake; * stands for anything."),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", help="A rule that means one: AutoModerator's, or one that moderators reported by."),
    ] = None,
    flair: Annotated[list[str] | None, typer.Option("--flair", help="A flair that means one.")] = None,
    days: Annotated[
        int | None,
        typer.Option("--since", min=1, max=9000, metavar="DAYS", help="How far back; else as far as Reddit shows."),
    ] = None,
    bank: Annotated[str, typer.Option("--bank", help="The bank that their media are proposed for.")] = BANK,
    list_reasons: Annotated[bool, typer.Option("--list-reasons", help="Only show what was met.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Learn from the subreddit's own past removals: what of them is there still becomes proposals for a bank.

    Without a choice it shows which removal reasons, notes, rules and flairs there are. Those that you name are
    proposed, the most repeated media first; each waits for a person, and nothing is done to any post. What Reddit
    removed itself, what authors deleted and whatever speaks of age is left out.

    Runs beside the daemon, which looks at the media when nothing else waits. Stopped or killed, the same command goes
    on where it was.
    """
    choice = Choice(reasons=tuple(reason or ()), rules=tuple(rule or ()), flairs=tuple(flair or ()))
    if list_reasons and not choice.empty:
        raise UsageError("--list-reasons only shows what was met; leave it out to choose")
    if any(not text.strip() for text in (*choice.reasons, *choice.rules, *choice.flairs)):
        raise UsageError("an empty text names nothing; give a text as the list shows it, or with * for anything")
    settings = read_config(config)
    name = known.subreddit(settings, subreddit)
    with session(settings, reddit=True) as pipeline:
        kind = known.bank(pipeline, bank)
        if kind != "block":
            raise UsageError(f"{bank} is a bank of kind {kind}; known fakes go into one of kind block")
        with progress(told=False) as bar:
            task = bar.add_task("", total=None)

            def tell(words: str) -> None:
                bar.update(task, description=words)

            try:
                since = pipeline.deps.clock.now() - timedelta(days=days) if days else None
                pipeline.learning.read(name, since=since, tell=tell)
                met = pipeline.learning.met(name)
                chosen = None if choice.empty else _choose(pipeline, name, choice, bank, tell)
            except KeyboardInterrupt:
                complain("gifwarden: stopped; run the same command again to go on from there")
                raise typer.Exit(130) from None
        came = pipeline.deps.store.proposals.outcomes(name)
        daemon = pipeline.deps.store.lease.daemon_runs()
    if as_json:
        emit(_plain(met, chosen, came))
        return
    _tell(met, chosen, bank, came, daemon=daemon)


def _choose(pipeline: Pipeline, name: str, choice: Choice, bank: str, tell: Callable[[str], None]) -> Chosen:
    unmet = pipeline.learning.unmet(name, choice)
    if unmet:
        raise UsageError(*unmet, f"see which there are: gifwarden learn {name} --list-reasons")
    return pipeline.learning.choose(name, choice, bank=bank, tell=tell)


def _plain(met: Met, chosen: Chosen | None, came: Mapping[str, int]) -> dict[str, object]:
    told: dict[str, object] = {
        "subreddit": met.subreddit, "removals": met.removals, "by_moderators": met.by_moderators,
        "by_automoderator": met.by_automoderator, "reasons": dict(met.reasons), "notes": dict(met.notes),
        "rules": dict(met.rules), "rules_of_automoderator": dict(met.rules_of_automoderator),
        "flairs": dict(met.flairs), "left_out": {str(why): count for why, count in met.skipped.items()},
        "chosen_before": met.queued, "oldest": iso(met.oldest) if met.oldest else None, "done": met.done,
        "outcomes": dict(came),
    }  # fmt: skip
    if chosen is not None:
        told["chosen"] = {"posts": chosen.posts, "links": chosen.links,
                          "left_out": {str(why): count for why, count in chosen.skipped.items()}}  # fmt: skip
    return told


def _tell(met: Met, chosen: Chosen | None, bank: str, came: Mapping[str, int], *, daemon: bool) -> None:
    say(f"r/{met.subreddit}: {met.removals:,} removals met")
    say(met.reach)
    _left_out(met.skipped)
    if chosen is None:
        _list(met, came)
        return
    say("")
    say(
        f"chosen: {many(chosen.posts, 'post')} with {many(chosen.links, 'link')}"
        f"{f', beside {met.queued:,} that were chosen before' if met.queued else ''}"
    )
    for why, count in chosen.skipped.items():
        say(f"  {count:>6,}  left out of those: {WORDS[why]}")
        if why is Skipped.AGE:
            say(f"          {OTHER_AGE}")
    say(
        f"Nothing of them has been looked at yet. Media that no bank knows become proposals for {bank}, the "
        "most repeated first; nothing is done to any post, and each waits for a person's word."
    )
    say(next_look(daemon=daemon))
    say("then: gifwarden cases list --proposals")


def next_look(*, daemon: bool) -> str:
    """Return what has to run before chosen media become proposals; `daemon`: one runs."""
    if daemon:
        return "next: wait; the daemon looks at them by itself when nothing else waits"
    return "next: gifwarden run --once looks at them now, gifwarden run at once and from then on; no daemon runs here"


def fates(came: Mapping[str, int]) -> dict[str, int]:
    """Return in words what became of the media of what was chosen, each with how many."""
    told = dict.fromkeys((*OUTCOMES.values(), NOT_HAD), 0)
    for outcome, count in came.items():
        told[OUTCOMES.get(outcome, NOT_HAD)] += count
    return {words: count for words, count in told.items() if count}


def _list(met: Met, came: Mapping[str, int]) -> None:
    options: list[str] = []
    for option, head, texts in (
        ("reason", "removal reasons of moderators", met.reasons),
        ("reason", "notes beside them", met.notes),
        ("rule", "rules by which moderators reported", met.rules),
        ("rule", "rules by which AutoModerator removed", met.rules_of_automoderator),
        ("flair", "flairs of what moderators removed", met.flairs),
    ):
        _texts(f"{head}, --{option}", texts)
        options += [option] if texts and option not in options else []
    if met.unnamed:
        say(f"{many(met.unnamed, 'removal')} by moderators without any of these: nothing says what they were for")
    say("")
    if met.queued:
        say(f"chosen before: {many(met.queued, 'post')}, whose media are")
        for words, count in fates(came).items():
            say(f"  {count:>6,}  {words}")
        say("see: gifwarden cases list --proposals")
        say("")
    if not options:
        say("Nothing else here says why a post was removed, so nothing can be chosen.")
        return
    say("Name those that mean a fake, as often as you like; each text as it stands here, * for anything:")
    named = " ".join(f"--{option} 'TEXT'" for option in options)
    say(f"  gifwarden learn {met.subreddit} {named}")


def _texts(head: str, texts: Mapping[str, int]) -> None:
    if not texts:
        return
    say("")
    say(head)
    shown: Sequence[tuple[str, int]] = list(texts.items())[:SHOWN]
    for text, count in shown:
        say(f"  {count:>6,}  {text}")
    if len(texts) > SHOWN:
        say(f"          and {many(len(texts) - SHOWN, 'other text')}, see --json")


def _left_out(skipped: Mapping[Skipped, int]) -> None:
    if not skipped:
        return
    say("left out:")
    for why in WORDS:
        if skipped.get(why):
            say(f"  {skipped[why]:>6,}  {WORDS[why]}")
        if why is Skipped.AGE and skipped.get(why):
            say(f"          {OTHER_AGE}")
            say("          open none; if one was not reported, its address goes to")
            for place in HOTLINES[:2]:
                say(f"          {place.name}: {place.url}")
