"""Drafts of answers to claimants. Pure: what is in the claim itself goes in, and nothing that was found can."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import hosts
from bot.errors import UsageError
from bot.links.text import urls_in
from bot.model import AgeWhenMade
from bot.permalink import permalink_fullname
from bot.pipeline.helping.texts import Texts, texts
from bot.pipeline.helping.words import LANGUAGES
from bot.pipeline.reviewing.hotlines import Ages, Helpline, helplines
from bot.reddit.modmail import MAX_BODY

# Labels of ours, and Reddit's names of things: whoever is answered learns nothing from them but that there is something
_LABEL = re.compile(r"(?<![\w-])[A-Z]-[0-9a-f]{6,12}(?![\w-])|\bt[1-6]_[0-9a-z]{4,}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a link that they sent leads, and how somebody depicted tells it."""

    title: str
    form: str | None = None
    mail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All that a draft is made of: what the claimant said and what a person recorded of them."""

    subreddit: str
    organisation: str
    language: str
    age: AgeWhenMade
    known: bool
    safe_way: bool  # whether they named one
    wrote: str  # the language in which they wrote, which tells where they may want to talk to somebody
    hosts: tuple[Place, ...] = ()  # of the links that they sent


def draft(asked: Asked) -> str:
    """Return an answer as Markdown, for a person to read, change and send."""
    words = texts(asked.language)
    young, adult = asked.age is AgeWhenMade.UNDER_18, asked.age is AgeWhenMade.ADULT
    parts = [words.say("opening")]
    if not young and not adult:
        parts.append(words.say("age"))
    if not asked.safe_way:
        parts.append(words.say("way"))
    parts.append(words.say("now_under_18" if young else "now", subreddit=asked.subreddit))
    if asked.known:
        parts.append(words.say("known"))
    help_lines = [
        *([] if young else [words.say("adult")]),
        *([] if adult else [words.say("under_18")]),
        words.say("reddit", subreddit=asked.subreddit),
        *(_host(asked, place) for place in asked.hosts),
    ]
    parts.append("\n".join([words.say("yourself"), "", *help_lines]))
    if not young:
        parts.append(words.say("mandate", organisation=asked.organisation))
    if not asked.known:
        parts.append(words.say("who"))
    talk = [
        words.say("hotline", country=one.country, name=one.name, contact=_contact(words, one), url=one.url)
        for one in helplines(asked.wrote)
        if not (young and one.ages is Ages.ADULTS) and not (adult and one.ages is Ages.YOUNG)
    ]
    parts.append("\n".join([words.say("talk"), "", *talk]))
    parts += [words.say("delete"), words.say("closing", subreddit=asked.subreddit)]
    return "\n\n".join(parts)


def nudge(language: str) -> str:
    """Return the one sentence that is written by a way that is safe: that there is an answer, and of nothing else."""
    return texts(language).say("nudge")


def check(text: str, *, asked: Asked, sent: Sequence[str]) -> None:
    """Raise UsageError if an answer must not be sent. `sent`: the links that the claimant sent themselves.

    Nobody is sent a label of ours, and whom nobody knows no address that is neither theirs nor help for everybody.
    """
    if not text.strip():
        raise UsageError("the answer is empty; write one, or send the draft")
    if len(text) > MAX_BODY:
        raise UsageError(f"the answer has {len(text)} characters, Reddit takes {MAX_BODY}; make it shorter")
    if found := _LABEL.search(text):
        raise UsageError(f"the answer names {found[0]}, which is ours alone; take it out")
    if asked.known:
        return
    drafts = "\n".join(text for language in LANGUAGES for text in every_draft(asked, language))
    theirs = {_bare(url) for url in [*sent, *(one.url for one in urls_in(drafts))]}
    for one in urls_in(text):
        meant = one.sure or permalink_fullname(one.url) is not None or hosts.find(one.url) is not None
        if meant and _bare(one.url) not in theirs:
            raise UsageError(
                "the answer holds a link that they did not send and that is no help for everybody; as long as nobody "
                "has recorded how the team knows who they are, it would tell them what was found: take it out"
            )


def every_draft(asked: Asked, language: str) -> list[str]:
    """Return every draft in a language that this claimant could be sent, whatever is recorded of them."""
    made = replace(asked, language=language)
    return [
        draft(replace(made, age=age, known=known, safe_way=way))
        for age in AgeWhenMade
        for known in (True, False)
        for way in (True, False)
    ]


def _contact(words: Texts, one: Helpline) -> str:
    """Return what to dial or do, and for whom alone it is: of who has not said an age every line is told."""
    only = {Ages.YOUNG: words.say("only_young"), Ages.ADULTS: words.say("only_adult")}.get(one.ages)
    return ", ".join(filter(None, (only, one.contact)))


def _host(asked: Asked, place: Place) -> str:
    words = texts(asked.language)
    if place.form:
        return words.say("host", host=place.title, form=place.form)
    if place.mail:
        return words.say("host_mail", host=place.title, mail=place.mail)
    return words.say("host_unknown", host=place.title)


def _bare(url: str) -> str:
    return url.split("://", 1)[-1].removeprefix("www.").rstrip("/").casefold()
