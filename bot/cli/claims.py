"""Commands on people who say that they are depicted: claims list|show|open|answer|known|age|…"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import known as names
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    WhyOption,
    decider,
    emit,
    facts,
    listing,
    login_missing,
    read_config,
    say,
    session,
    warn,
)
from bot.cli.claim_given import moment, one_of, text_of, to_read, warn_of_language, write_new
from bot.cli.groups import App
from bot.clock import day_and_time
from bot.errors import UsageError
from bot.model import AgeWhenMade, ClaimWord, KnownBy, SafeWay, Verb
from bot.pipeline.helping.showing import AGES, STATES, WAYS, heard_in_words, known_in_words, plain_claim, to_give
from bot.pipeline.helping.texts import texts as texts_of

claims_app = App(help="People who say that they are depicted: what they are answered, and who may know what.")
ClaimArgument = Annotated[str, typer.Argument(help="The claim's label, e.g. T-3f9c2a71b0.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(claims_app, name="claims")


@claims_app.command(name="list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were dismissed.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show who waits for an answer, first those who may have been under 18. No name and no word of theirs."""
    with session(read_config(config)) as pipeline:
        rows = pipeline.deps.store.claims.listing(everything=everything)
    if as_json:
        for row in rows:
            emit(plain_claim(row))
        return
    listing(
        (
            {
                "claim": row.label,
                "where": f"r/{row.subreddit}",
                "state": STATES[row.state],
                "age": AGES[row.age],
                "known": "known" if row.known else "not known",
                "heard": day_and_time(row.heard) if row.messages else "none",
            }
            for row in rows
        ),
        as_json=False,
        columns={
            "claim": "claim",
            "where": "where",
            "state": "state",
            "age": "age",
            "known": "who it is",
            "heard": "last word",
        },
        empty="nobody has written that they are depicted; one by hand: gifwarden claims open --help",
    )


@claims_app.command()
def show(name: ClaimArgument, who: ByOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show a claim with what they wrote, to a lead; that it was read stands in the audit trail."""
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        words = pipeline.deps.store.claims.words(row.label)
        pipeline.claims.read(row.label, by=by)
        near = pipeline.claims.near(row, by=by)
    if as_json:
        said = [{"what": word.what, "text": word.text, "at": word.at.isoformat()} for word in words]
        emit({**plain_claim(row), "words": said, "near": near})
        return
    facts(
        [
            ("claim", f"{row.label}, r/{row.subreddit}, {STATES[row.state]}"),
            ("age", AGES[row.age]),
            ("who it is", known_in_words(row)),
            ("safe way", WAYS[row.safe_way] if row.safe_way else "not named yet: ask"),
            ("heard", heard_in_words(row)),
            ("cases", ", ".join(row.cases) or "none linked"),
            *([("person", row.person)] if row.person else []),
        ]
    )
    if near:
        say(f"cases on what they named: {', '.join(near)}; those about them: gifwarden claims link {row.label}")
    for word in words:
        say(f"\n{word.what}, {day_and_time(word.at)}")
        say("\n".join(f"  {line}" for line in word.text.splitlines()), lines=True)


@claims_app.command(name="open")
def open_(
    modmail: Annotated[
        str | None, typer.Option("--modmail", help="Id or address of the conversation in which they wrote.")
    ] = None,
    post: Annotated[
        str | None, typer.Option("--post", help="Address of the post or media, if they told you otherwise.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--subreddit", help="Whose moderators answer; needed with --post.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="In which they are answered: en, de, fr, es.")] = "en",
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Open a claim by hand, where the bot did not know a message as one. Pictures are never fetched."""
    if (modmail is None) == (post is None):
        raise UsageError("name one of --modmail and --post")
    if post is not None and where is None:
        raise UsageError("--post needs --subreddit, so that it is plain who answers")
    settings = read_config(config)
    with session(settings, reddit=modmail is not None) as pipeline:
        if modmail is not None:
            conversation, messages = pipeline.hearing.conversation(modmail)
            by = decider(pipeline, who, Verb.CLAIMS, [conversation.subreddit])
            name = pipeline.hearing.from_mail(conversation, messages, by=by)
        else:
            place = names.subreddit(settings, where or "")
            by = decider(pipeline, who, Verb.CLAIMS, [place])
            name = pipeline.hearing.from_post(post or "", place, by=by, language=language)
        row = pipeline.deps.store.claims.get(name)
    if as_json:
        emit(plain_claim(row))
        return
    say(f"{name} is open; a lead answers it: gifwarden claims answer {name}")


@claims_app.command()
def answer(
    name: ClaimArgument,
    text: Annotated[
        str | None, typer.Option("--text", help="File with your answer, - for standard input; else the draft.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it. Without, it is only printed.")] = False,
    language: Annotated[str | None, typer.Option("--language", help="Draft it in en, de, fr or es.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="Not before then: 2026-12-01T18:00 (UTC).")] = None,
    now: Annotated[bool, typer.Option("--now", help="It is a safe hour now.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Print a draft of an answer, for a person to read and change; with --send, send it.

    It goes into their conversation, as from the subreddit. If they named another safe way, or there is no conversation,
    nothing is sent: a person gives it to them, and says so with claims given.
    """
    due = None if at is None else moment(at)
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        words = pipeline.claims.draft(row.label, language) if text is None else text_of(text)
        if not send:
            pipeline.claims.read(row.label, by=by)
            warn_of_language(pipeline, language or row.language)
            say(words, lines=True)
            return
        done = pipeline.claims.answer(row.label, words, by=by, due=due, now=now)
        store = pipeline.deps.store
        where = store.claims.word(row.label, ClaimWord.CONTACT)
        hour = store.claims.word(row.label, ClaimWord.HOUR)
        running = store.lease.held()
    if done.number is not None:
        when = f"not before {day_and_time(due)}" if due else "at the daemon's next step"
        say(f"it is sent {when}" + ("" if running else ", once a daemon runs: gifwarden run"))
        return
    for line in to_give(done, where=where, hour=hour):
        say(line)
    say(f"until you have, it stays on top of the list; then: gifwarden claims given {name}")


@claims_app.command()
def given(name: ClaimArgument, who: ByOption = None, config: ConfigOption = None) -> None:
    """Say that you gave them the answer that could not be sent."""
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        pipeline.claims.given(row.label, by=by)
    say(f"{row.label} is answered")


@claims_app.command()
def age(
    name: ClaimArgument,
    adult: Annotated[bool, typer.Option("--adult", help="They were 18 or older when it was made.")] = False,
    under_18: Annotated[bool, typer.Option("--under-18", help="They were under 18, or it cannot be said.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Record how old they were when it was made. Under 18, all that they named is hidden as a suspected minor's."""
    if adult == under_18:
        raise UsageError("say one of --adult and --under-18")
    settings = read_config(config)
    with session(settings, reddit=login_missing(settings) is None) as pipeline:
        row = names.claim(pipeline, name)
        by = decider(pipeline, who, Verb.CLAIMS, [row.subreddit])
        said = AgeWhenMade.ADULT if adult else AgeWhenMade.UNDER_18
        lines = pipeline.claims.set_age(row.label, said, by=by)
    say(f"{row.label}: {AGES[said]}")
    for line in lines:
        say(f"  {line}")
    if under_18:
        say("  look at none of it; where to report it: gifwarden cases minor; they are answered with Take It Down")


@claims_app.command()
def known(
    name: ClaimArgument,
    how: Annotated[str, typer.Option("--how", help="ngo, lawyer, or own_channel (one that is publicly theirs).")],
    sentence: Annotated[
        str, typer.Option("--say", help="In a sentence: who vouched, by what, when. No identity papers.")
    ],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Record how the team knows who they are. Never ask for identity papers or pictures, and keep none.

    Until then a claimant gets help, and no word of what was found: whoever abused them asks the same questions.
    """
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        pipeline.claims.set_known(row.label, one_of(KnownBy, how, "--how"), sentence, by=by)
    say(f"{row.label} is known; their own file: gifwarden claims file {row.label}")


@claims_app.command(name="safe-way")
def safe_way(
    name: ClaimArgument,
    way: Annotated[str, typer.Option("--way", help=f"One of {', '.join(SafeWay)}.")],
    contact: Annotated[str, typer.Option("--contact", help="Where, by that way; kept sealed.")] = "",
    hour: Annotated[str, typer.Option("--hour", help="When it is safe, in their words; kept sealed.")] = "",
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Record how and when it is safe to write to them. There, too, only that there is an answer is written first."""
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        chosen = one_of(SafeWay, way, "--way")
        pipeline.claims.set_safe_way(row.label, chosen, contact=contact, hour=hour, by=by)
    say(f"{row.label}: {WAYS[chosen]}" + ("" if chosen is SafeWay.MODMAIL else "; nothing goes to their modmail now"))


@claims_app.command()
def link(
    name: ClaimArgument,
    cases: Annotated[list[str] | None, typer.Option("--case", help="A case that it is about; may be repeated.")] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="The protected person whom they are, by label.")
    ] = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Record which cases a claim is about, and which protected person they are. They are told nothing by it."""
    if not cases and person is None:
        raise UsageError("name what it is about: --case, --person")
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        rows = names.cases(pipeline, cases or ())
        pipeline.claims.link(row.label, cases=[case.label for case in rows], person=person, by=by)
        row = pipeline.deps.store.claims.get(row.label)
    say(f"{row.label} is about {', '.join([*row.cases, *([row.person] if row.person else [])])}")


@claims_app.command()
def dismiss(
    name: ClaimArgument, who: ByOption = None, why: WhyOption = "not a claim", config: ConfigOption = None
) -> None:
    """Say that it is no claim. What they wrote is destroyed here; on Reddit it stays."""
    with session(read_config(config)) as pipeline:
        row = names.claim(pipeline, name)
        pipeline.claims.dismiss(row.label, by=decider(pipeline, who, Verb.CLAIMS, [row.subreddit]), why=why)
    say(f"{row.label} is dismissed; what they wrote is destroyed here")


@claims_app.command()
def forget(
    name: ClaimArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask at a terminal.")] = False,
    who: ByOption = None,
    why: WhyOption = "at their word",
    config: ConfigOption = None,
) -> None:
    """Destroy all that somebody wrote and the key that it is sealed with, at once and for good.

    Notices that were written for them stay; they are named, so that you can retract them first.
    """
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        stays = pipeline.claims.stays(row)
        if stays:
            warn(f"written for them, and kept: {', '.join(stays)}; one goes with: gifwarden notices retract {stays[0]}")
        if not yes and sys.stdin.isatty() and not typer.confirm(f"Destroy all that {row.label} holds, for good?"):
            raise typer.Abort
        pipeline.claims.forget(row.label, by=by, why=why)
    say(f"{row.label} is forgotten; backups made before today still hold it, sealed: delete them")


@claims_app.command(name="file")
def file_(
    name: ClaimArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="New file, or a folder for it; else standard output.")
    ] = None,
    addresses: Annotated[
        bool, typer.Option("--with-addresses", help="With the addresses, and the texts that are theirs to send.")
    ] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Make their own file: one page of HTML with where it was seen, who was told, when it was gone, what comes next.

    Only for who is known. Its name and title say nothing; it is made when it is asked for and kept nowhere.
    """
    with session(read_config(config)) as pipeline:
        row, by = to_read(pipeline, name, who)
        made = pipeline.summaries.make(row.label, by=by, addresses=addresses)
    if out is None:
        typer.echo(made.html, nl=False)
        return
    path = _free(out / made.name) if out.is_dir() else out
    write_new(path, made.html)
    say(f"written to {path}; give it to them by their safe way, then delete it")
    if row.safe_way is None:
        warn("nobody has written down a safe way: ask them first how this page can reach them")


def _free(path: Path) -> Path:
    """Return a name that is free in its folder: this one, or with a number, as for the page with addresses."""
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 100))
    return path if not path.exists() else next((one for one in names if not one.exists()), path)


@claims_app.command(name="texts")
def texts(
    language: Annotated[str, typer.Argument(help="en, de, fr or es.")],
    approve: Annotated[
        bool, typer.Option("--approve", help="You know the language, have read it, and approve.")
    ] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Print the words of answers in a language; with --approve they may be sent as they are."""
    words = texts_of(language)
    if approve:
        with session(read_config(config)) as pipeline:
            pipeline.claims.approve(language, by=decider(pipeline, who, Verb.CLAIMANTS))
        say(f"the texts in {language} are approved as they are now")
        return
    for section in words.sections.values():
        say(section, lines=True)
        say("")
