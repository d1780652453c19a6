"""The texts of notices as people read them: how each stands, and what it says of an example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.actions.wording import Kind, Policy, Story, Texts, Written, written
from bot.config import Config
from bot.errors import UsageError
from bot.model import Capacity, Ground, Notice, NoticeItem
from bot.notice_texts import CAPACITIES, GROUNDS, LANGUAGES, NAMES, mistakes
from bot.pipeline.acting.notice_texts import contact_of, texts_of
from bot.store import ApprovedText, Store

_AT = datetime(2026, 11, 22, 15, 56, tzinfo=UTC)
STORY = Story(
    sent=_AT,
    acknowledged=_AT + timedelta(hours=1),
    looked=_AT + timedelta(days=3),
    decided=_AT + timedelta(days=2),
    complained=_AT + timedelta(days=3),
    answer="it breaks no rule",
    reason="an example of a sentence that a person writes",
    reference="T-1234",
)

DETAILS: dict[Ground, str] = {
    "original_footage": "https://studio.example/films/12, 00:41",
    "depicted_person": "she wrote to us on 20 November",
    "citable_list": "https://list.example, entry 12",
    "public_statement": "https://news.example/statement, 20 November",
}


class TextState(StrEnum):
    """How a text stands."""

    SHIPPED = "shipped"  # in English as it comes, which is approved
    DRAFT = "draft"  # nobody of the team has approved it as it is
    APPROVED = "approved"
    BROKEN = "broken"  # it cannot be used as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow:
    """How one text stands. `own`: it, or a sentence in it, is the operator's."""

    language: str
    name: str
    state: TextState
    own: bool
    approval: ApprovedText | None
    mistakes: tuple[str, ...]


def text_rows(config: Config, store: Store, language: str | None = None) -> list[TextRow]:
    """Return how every text stands, or those of one language. Raises UsageError if there is no such language."""
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"notices are written in {', '.join(LANGUAGES)}; choose one of them")
    texts, approvals = texts_of(config, store), store.approved_texts.listing()
    return [text_row(texts, approvals, one, name) for one in ([language] if language else LANGUAGES) for name in NAMES]


def text_row(texts: Texts, approvals: dict[str, ApprovedText], language: str, name: str) -> TextRow:
    """Return how one text stands."""
    wrong = mistakes(texts, language, name)
    digest = "" if wrong else texts.digest(language, name)
    approval = approvals.get(digest)
    if wrong:
        state = TextState.BROKEN
    elif approval:
        state = TextState.APPROVED
    else:
        state = TextState.SHIPPED if texts.approved(language, name) else TextState.DRAFT
    return TextRow(
        language=language,
        name=name,
        state=state,
        own=texts.is_own(language, name),
        approval=approval,
        mistakes=wrong,
    )


def known_text(language: str, name: str) -> None:
    """Raise UsageError if there is no such text."""
    if language not in LANGUAGES:
        raise UsageError(f"notices are written in {', '.join(LANGUAGES)}, not in that; choose one of them")
    if name not in NAMES:
        raise UsageError(f"there is no such text; known: {', '.join(NAMES)}")


class Example(NamedTuple):
    """What a text says in one capacity on one ground."""

    capacity: Capacity
    ground: Ground
    said: Written


def text_examples(config: Config, store: Store, language: str, name: str) -> Iterator[Example]:
    """Yield what a text says of an example, in each capacity in which it is used, whether it is approved or not.

    On each ground that it can carry, where that changes a word: who approves it has read all of it.

    Raises UsageError with what is wrong with it.
    """
    known_text(language, name)
    texts = texts_of(config, store)
    if wrong := mistakes(texts, language, name):
        raise UsageError(*wrong)
    texts = Texts(config.storage.notices, {texts.digest(language, name)})
    word, _, of = name.partition(".")
    kind = Kind(word)
    third: tuple[Capacity, ...] = ("third_party_notifier",)
    for capacity in (one for one in CAPACITIES if one == of) if of else CAPACITIES[1:2] if kind == Kind.FTC else third:
        read: set[Written] = set()
        for ground in GROUNDS[capacity]:
            said = written(
                _example(config, capacity, ground, language),
                sender="notices@mods.example",
                kind=kind,
                texts=texts,
                policy=Policy("https://host.example/rules", "Content Policy", "intimate images"),
                story=STORY,
            )
            if said not in read:
                read.add(said)
                yield Example(capacity, ground, said)


def _example(config: Config, capacity: Capacity, ground: Ground, language: str) -> Notice:
    items = (
        NoticeItem(
            host_id="quickredfox",
            url="https://host.example/watch/quickredfox",
            seen_at=_AT,
            viewed_at=_AT + timedelta(minutes=14),
            sha256="ab" * 32,
            ranges=((3, 12),),
            rendition="mp4, 1280x720",
        ),
        NoticeItem(host_id="lazydog", url="https://host.example/watch/lazydog", seen_at=_AT),
    )
    return Notice(
        id="N-3f9c2a",
        host="host.example",
        to="abuse@host.example",
        items=items,
        ground=ground,
        ground_detail=DETAILS[ground],
        capacity=capacity,
        stated_by="Alex Example",
        organisation=config.mail.organisation or "Example Moderators",
        contact=contact_of(config) or "answers@mods.example",
        stated_at=_AT,
        language=language,
        law=config.mail.national_law,
        named=config.mail.name_persons,
    )
