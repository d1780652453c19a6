"""Commands on the texts of notices: how each stands, what it says, and approving it word by word."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.base import ByOption, ConfigOption, JsonOption, decider, listing, read_config, say, session
from bot.cli.groups import App
from bot.clock import day
from bot.config import Config
from bot.errors import UsageError
from bot.model import Verb
from bot.pipeline.acting.notice_texts import approve, record_approval, texts_of
from bot.pipeline.reviewing.words.notice_texts import TextState, known_text, text_examples, text_rows
from bot.store import Store

texts = App(help="What notices say, by language: English ships approved, the others are drafts until you approve them.")
LanguageName = Annotated[str, typer.Argument(help="en, de, fr or es.")]
ASKED = "Is every word right in this language, and do you approve it?"


def register(parent: typer.Typer) -> None:
    """Add these commands to those on notices."""
    parent.add_typer(texts, name="texts")


@texts.command(name="list")
def texts_list(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show how each text stands: shipped, draft, approved (by whom, when) or broken, and what is wrong with it."""
    settings = read_config(config)
    with session(settings) as pipeline:
        store = pipeline.deps.store
        rows, strangers = text_rows(settings, store), texts_of(settings, store).strangers()
    columns = {"language": "language", "text": "text", "state": "state", "own": "whose", "approved": "approved"}
    listing(
        [
            {
                "language": row.language,
                "text": row.name,
                "state": row.state,
                "own": "yours" if row.own else "ours",
                "approved": f"{day(row.approval.at)}, {row.approval.by}" if row.approval else "",
                **({"mistakes": list(row.mistakes)} if as_json else {}),
            }
            for row in rows
        ],
        as_json=as_json,
        columns=columns,
        empty="no texts",
    )
    wrong = [*dict.fromkeys(one for row in rows for one in row.mistakes), *strangers]
    if wrong and not as_json:
        raise UsageError(*wrong, where=str(settings.storage.notices))


@texts.command(name="show")
def texts_show(
    language: LanguageName,
    name: Annotated[str, typer.Argument(help="The text, such as notice.third_party_notifier or retraction.")],
    source: Annotated[bool, typer.Option("--source", help="The template, to copy and change.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show what a text says of an example, or its template."""
    settings = read_config(config)
    with session(settings) as pipeline:
        _show(settings, pipeline.deps.store, language, name, source=source)


@texts.command(name="approve")
def texts_approve(
    language: LanguageName,
    names: Annotated[
        list[str] | None, typer.Argument(help="The texts; without any, all drafts of the language.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not show the texts and ask.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Approve texts as they stand, after reading them. A text that is changed must be approved anew."""
    settings = read_config(config)
    with session(settings) as pipeline:
        store = pipeline.deps.store
        by = decider(pipeline, who, Verb.NOTICES)
        drafts = [row.name for row in text_rows(settings, store, language) if row.state == TextState.DRAFT]
        if not (chosen := names or drafts):
            raise UsageError(f"no text in {language} is a draft; see: gifwarden notices texts list")
        for name in chosen:
            known_text(language, name)
            digest = approve(settings, store, language, name)
            if not yes:
                _show(settings, store, language, name)
                typer.confirm(ASKED, abort=True)
            if approve(settings, store, language, name) != digest:
                raise UsageError(f"the text {language}/{name} was changed at this moment; read it again")
            record_approval(store, language, name, digest, by=by)
            say(f"{language}/{name} is approved by {by.name}")


def _show(settings: Config, store: Store, language: str, name: str, *, source: bool = False) -> None:
    if source:
        if name != "words":
            known_text(language, name)
        say(texts_of(settings, store).source(language, name).text.rstrip(), lines=True)
        return
    for capacity, ground, said in text_examples(settings, store, language, name):
        say(f"{language}/{name}, as {capacity}, on {ground}\nSubject: {said.subject}\n\n{said.text}", lines=True)
