"""Commands on notices: what is drafted or sent, one as its host reads it, stating it, taking it back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot import channels
from bot.cli import known, notice_form, notice_texts
from bot.cli.base import (
    LONGEST,
    PAGE,
    ByOption,
    ConfigOption,
    JsonOption,
    LimitOption,
    WhyOption,
    emit,
    facts,
    listing,
    read_config,
    say,
    session,
)
from bot.cli.groups import App
from bot.cli.notice_options import (
    AccessOption,
    CapacityOption,
    DetailOption,
    GroundOption,
    LanguageOption,
    LawOption,
    NamedOption,
    NoticeName,
    OnceOption,
    SeenOption,
    acting,
    statement,
)
from bot.cli.screen import told_more
from bot.config import Config
from bot.model import NoticeState
from bot.pipeline.acting.notices import Hearing
from bot.pipeline.reviewing.words.notice import (
    ASKED,
    HANDED,
    notice_facts,
    notice_read,
    retraction_read,
    row_read,
    told_facts,
)
from bot.serialization import to_json_data
from bot.store import NoticeRow

notices = App(help="Notices to hosts: drafted by rules, stated and confirmed by a person.")
LONGEST_HOST = 24  # characters in a table


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    notice_form.register(notices)
    notice_texts.register(notices)
    parent.add_typer(notices, name="notices")


@notices.command(name="list")
def notices_list(limit: LimitOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show notices, newest first."""
    settings = read_config(config)
    with session(settings) as pipeline:
        columns = {
            "notice": "notice",
            "state": "state",
            "host": "host",
            "items": "items",
            "way": "goes by",
            "stated_by": "stated by",
        }
        rows = [_notice(row) for row in pipeline.deps.store.notices.listing(limit or (PAGE, LONGEST)[as_json])]
        every = pipeline.deps.store.maintenance.count("notices")
    if not as_json:
        rows = [
            {**row, "items": len(row["items"]), "host": _short(row["host"]), "way": _way(settings, row)} for row in rows
        ]
    listing(rows, as_json=as_json, columns=columns, empty="no notices")
    told_more(len(rows), every, as_json=as_json)


@notices.command(name="show")
def notices_show(name: NoticeName, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show one notice: what it lists, and how its host takes reports."""
    settings = read_config(config)
    with session(settings) as pipeline:
        known.notice(pipeline, name)
        row = pipeline.deps.store.notices.get(name)
        events = pipeline.deps.store.notice_events.of(name)
        offered = pipeline.decisions.grounds.offered(row)
        missing = pipeline.decisions.notices.missing(row) if row.state == NoticeState.DRAFTED else []
        said = row.stated_by and row.items and not as_json
        text = row_read(settings, pipeline.deps.store, row) if said else None
    if as_json:
        emit(_notice(row) | {"events": [to_json_data(event) for event in events]})
        return
    contact = channels.contact(row.host, settings.storage.path)
    facts([*notice_facts(settings, row), *told_facts(events)])
    for sentence in missing:
        say(f"\nit cannot be stated yet: {sentence}")
    if row.same_footage:
        say(f"\nthere is more on it, of footage marked as a suspected minor's: {', '.join(row.same_footage)}")
    elif row.marked:
        say("\nthere was more on it: that is marked as a suspected minor's, and is shown to nobody")
    if text:
        say(f"\nTo: {text.to}\nSubject: {text.subject}\n", lines=True)
        say("\n".join(text.lines), lines=True)
    elif offered and not row.stated_by:
        say(f"\nnot stated yet; the ground that was recorded for it is {offered[0]}: {offered[1]}")
    elif row.recipient and not row.stated_by:
        say("\nnot stated yet; see: gifwarden notices confirm --help")
    elif contact.form and not row.stated_by:
        say(f"\n{row.host} takes reports by form; fill it with: gifwarden notices form {name} --help")


@notices.command(name="confirm")
def notices_confirm(
    name: NoticeName,
    ground: GroundOption = None,
    detail: DetailOption = None,
    capacity: CapacityOption = None,
    to: Annotated[
        str | None, typer.Option("--to", help="The host's address, if you know it better, or where it came back.")
    ] = None,
    seen: SeenOption = False,
    language: LanguageOption = None,
    law: LawOption = None,
    access: AccessOption = "",
    named: NamedOption = None,
    once: OnceOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not show the text and ask.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """State a notice as a person, after reading it; the daemon then mails it, or it is hers to send.

    One that came back is stated again, to another address.
    """
    settings = read_config(config)
    with session(settings) as pipeline:
        by = acting(pipeline, who, name)
        row = pipeline.deps.store.notices.get(name)
        stated = statement(
            offered=pipeline.decisions.notices.offered(row),
            once=once, by=by, ground=ground, detail=detail, capacity=capacity, to=to, seen=seen, language=language,
            law=law, access=access, named=named,
        )  # fmt: skip
        notice = pipeline.decisions.notices.preview_notice(name, stated)
        text = notice_read(settings, pipeline.deps.store, notice)
        hers = notice.capacity == "depicted_person"
        if not yes or hers:
            say(f"To: {text.to}\nSubject: {text.subject}\n", lines=True)
            say("\n".join(text.lines), lines=True)
        if not yes:
            typer.confirm(ASKED, abort=True)
        pipeline.decisions.notices.confirm_notice(name, stated, read=row)
    say(f"{name} is confirmed by {by.name}; {f'{HANDED} {name}' if hers else 'the daemon sends it'}")


@notices.command(name="retract")
def notices_retract(
    name: NoticeName,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence that the host reads.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not show the retraction and ask.")] = False,
    who: ByOption = None,
    why: WhyOption = "retracted",
    config: ConfigOption = None,
) -> None:
    """Withdraw a notice; if it was sent, the host is told, after you have read what it will read."""
    settings = read_config(config)
    with session(settings) as pipeline:
        by, notices = acting(pipeline, who, name), pipeline.decisions.notices
        row = pipeline.deps.store.notices.get(name)
        hears = notices.hearing(row)
        if row.state != NoticeState.RETRACTED and hears is not Hearing.NOBODY and not yes:
            text = retraction_read(settings, pipeline.deps.store, row, reason)
            say(f"To: {text.to}\nSubject: {text.subject}\n", lines=True)
            say("\n".join(text.lines), lines=True)
            if hears is not Hearing.BY_HAND:
                typer.confirm("Is this right, and is it mailed to the host?", abort=True)
        done = notices.retract_notice(name, by=by, why=why, reason=reason)
    say(f"{name} is retracted; {done}")


def _way(settings: Config, row: dict[str, Any]) -> str:
    if row["recipient"]:
        return "mail"
    return "form" if channels.contact(row["host"], settings.storage.path).form else "no way known"


def _short(host: str) -> str:
    """Return a host as a table has room for it: the end of a long name, which says whose it is."""
    return host if len(host) <= LONGEST_HOST else f"…{host[1 - LONGEST_HOST :]}"


def _notice(row: NoticeRow) -> dict[str, Any]:
    data: dict[str, Any] = to_json_data(row)
    data["notice"] = data.pop("label")
    return data
