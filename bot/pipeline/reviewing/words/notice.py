"""A notice as people read it before and after they state it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot import channels
from bot.actions.wording import Story
from bot.clock import day_and_time
from bot.config import Config
from bot.model import ActionState, Ground, Notice, NoticeEvent, NoticeState
from bot.notice_texts import Kind
from bot.pipeline.acting.notice_texts import text_of
from bot.pipeline.acting.notices import Hearing
from bot.pipeline.reviewing.words.notice_items import happened, item_words
from bot.store import NoticeRow, Store

ASKED = "Is every word of this true, and do you state it?"
GROUND_WORDS: dict[Ground, tuple[str, str]] = {
    "original_footage": (
        "the media is made from other footage with another face", "where the original is, and the time in it"
    ),
    "depicted_person": (
        "the person depicted said that it is non-consensual", "what was said, without naming the person"
    ),
    "citable_list": ("the media is on a list that the host can look at", "which list, which entry"),
    "public_statement": ("a published statement speaks of this media", "where it was published, and when"),
}  # fmt: skip
"""What a person states by each ground, and what its detail must say."""


HANDED = "It is hers to send: give it to her the way that is safe, and say when she has: gifwarden notices by-hand"

HEARS: dict[Hearing, str] = {
    Hearing.NOBODY: "It has not left, so nobody is told.",
    Hearing.MAIL: "Its host is told by mail that it no longer holds.",
    Hearing.BY_HAND: "It went by hand, so its host is told by hand, too, in the words that are shown.",
    Hearing.BOTH: "Its host is told by mail; it was put into its form, too, so tell it there by hand.",
}


class Read(NamedTuple):
    """What a host reads: to whom it goes, its subject, its lines; `flow`: the same unbroken, for a narrow screen."""

    to: str
    subject: str
    lines: list[str]
    flow: list[str]


def notice_read(
    settings: Config, store: Store, notice: Notice, kind: Kind = Kind.NOTICE, story: Story = Story()
) -> Read:
    """Return what the host would read. Raises UsageError with all for which it must not go out as it stands."""
    said = text_of(settings, store, notice, kind, story)
    contact = channels.contact(notice.host, settings.storage.path)
    form = contact.form_for(notice.capacity)
    to = notice.to or (form.url if form else f"{notice.host}, of whose channel nothing is known")
    return Read(to, said.subject, said.text.splitlines(), (said.flow or said.text).splitlines())


def retraction_read(settings: Config, store: Store, row: NoticeRow, reason: str) -> Read:
    """Return what the host would read of a retraction, with a sentence for it. Raises as `notice_read`."""
    return notice_read(settings, store, row.stated_notice(), Kind.RETRACTION, Story(reason=reason))


def row_read(settings: Config, store: Store, row: NoticeRow) -> Read:
    """Return what the host of a stated notice reads; of one that went by hand and was retracted, what takes it back.

    Raises as `notice_read`.
    """
    mail = store.actions.mail_of(row.label)
    by_hand = row.sent is not None and (mail is None or mail.state is ActionState.CANCELLED)
    kind = Kind.RETRACTION if by_hand and row.state is NoticeState.RETRACTED else Kind.NOTICE
    return notice_read(settings, store, row.stated_notice(), kind)


def notice_facts(settings: Config, row: NoticeRow) -> list[tuple[str, str]]:
    """Return label and text of what is known of a notice."""
    contact = channels.contact(row.host, settings.storage.path)
    return [
        ("notice", f"{row.label} ({row.state}), begun {day_and_time(row.created)} UTC"),
        ("to", f"{row.host} ({row.recipient or contact.form or 'no address known'})"),
        *(
            line
            for item in row.items
            for line in (("media", f"{item.host_id}  {item.url}"), ("", "; ".join(item_words(item))))
        ),
        ("cases", ", ".join(row.cases) or "none any more"),
        *((("by record", row.authority),) if row.authority else ()),
        *((("their number", row.reference),) if row.reference else ()),
    ]


def told_facts(events: Iterable[NoticeEvent]) -> list[tuple[str, str]]:
    """Return label and text of what happened to a notice."""
    return [
        ("" if place else "happened", f"{day_and_time(one.at)} UTC  {one.words}{f', by {one.by}' if one.by else ''}")
        for place, one in enumerate(happened(events))
    ]
