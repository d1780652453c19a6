"""What the texts of notices take from configuration, registry, team and gallery."""

from __future__ import annotations

import re
from datetime import datetime

from bot import channels
from bot.actions.wording import Kind, Story, Written, written
from bot.advice import Advised
from bot.clock import Clock
from bot.config import Config
from bot.errors import StoreError, UsageError
from bot.model import Actor, Notice
from bot.notice_texts import LANGUAGES, Policy, Texts, mistakes
from bot.store import NoticeRow, Store

_LABEL = re.compile(r"[TP]-[0-9a-f]+")


def texts_of(config: Config, store: Store) -> Texts:
    """Return the texts of notices as they stand now, with what the team has approved."""
    return Texts(config.storage.notices, store.approved_texts.listing())


def policy_of(config: Config, host: str) -> Policy:
    """Return what a host's own rules say of this, as far as the registry knows it."""
    channel = channels.contact(host, config.storage.path)
    return Policy(channel.policy or "", channel.policy_name, channel.category, channel.not_in)


def language_of(config: Config, host: str) -> str:
    """Return in which language a host is written to, unless a person says otherwise: English where it takes that."""
    taken = channels.contact(host, config.storage.path).languages
    return "en" if not taken or "en" in taken else next((one for one in taken if one in LANGUAGES), "en")


def story_of(store: Store, name: str, *, reason: str = "", complained: datetime | None = None) -> Story:
    """Return what became of a notice, as the texts that follow it tell it; `reason`: a person's own sentence."""
    row, looked = store.notices.get(name), [item.looked for item in store.notice_life.items(name) if item.looked]
    return Story(
        sent=row.sent,
        acknowledged=row.acknowledged,
        looked=max(looked, default=None),
        reference=row.reference or "",
        reason=reason,
        complained=complained,
    )


def still_there(store: Store, name: str) -> tuple[frozenset[str], Story]:
    """Return the host ids on a notice that were there when last seen, and what became of it."""
    return store.notice_life.there(name), story_of(store, name)


def contact_of(config: Config) -> str:
    """Return the address to which answers go."""
    return config.mail.reply_to or config.mail.sender


def text_of(config: Config, store: Store, notice: Notice, kind: Kind = Kind.NOTICE, story: Story = Story()) -> Written:
    """Return what a text says of a notice, to be read or handed over. Raises UsageError with all that is missing."""
    return written(
        notice,
        sender=config.mail.sender,
        kind=kind,
        texts=texts_of(config, store),
        policy=policy_of(config, notice.host),
        story=story,
    )


def authority_of(store: Store, clock: Clock, row: NoticeRow) -> str:
    """Return by which record somebody may speak for the persons depicted, in opaque labels.

    Raises UsageError, which says what to record and how, if one of the media shows somebody of whom none is there.
    """
    known = [claim for claim in store.claims.listing() if claim.known]
    claimed = {claim.person: claim.label for claim in known if claim.person}
    of_case = {case: claim.label for claim in known for case in claim.cases}
    found: dict[str, None] = {}
    persons = {item.person for item in row.items}
    for person in sorted(filter(None, persons)):
        found[claimed.get(person) or _recorded(store, clock, person)] = None
    nobodys = {item.host_id for item in row.items if item.person is None}
    if nobodys:
        about = store.notices.cases_of(row.label)
        speaks = {media: {of_case[case] for case in about[media] if case in of_case} for media in nobodys}
        labels = set.intersection(*speaks.values())  # who speaks for one media speaks for no other
        if not labels:
            raise UsageError(
                Advised(
                    f"notice {row.label} shows somebody of whom no authorisation is on record, so nobody speaks for "
                    "her, and nothing is handed to her",
                    "record her mandate with gifwarden person add --help, or, where she wrote to you, how you know "
                    "who she is with gifwarden claims known --help; or state it as third_party_notifier",
                    page="where she wrote to you, say under Claims how you know who she is; her mandate is recorded by "
                    "who runs gifwarden; or state it as third party notifier",
                    path="/claims",
                )
            )
        found |= dict.fromkeys(sorted(labels))
    return ", ".join(found)


def on_record(store: Store, clock: Clock, detail: str) -> bool:
    """Return whether a detail names a claim whose writer is known, or a protected person whose record stands."""
    known = {claim.label for claim in store.claims.listing() if claim.known}
    known |= {person.label for person in store.gallery.listing() if person.expires > clock.now()}
    return bool(known & set(_LABEL.findall(detail)))


def _recorded(store: Store, clock: Clock, person: str) -> str:
    """Return the label of somebody in the gallery whose record has not run out. Raises UsageError if there is none."""
    try:
        row = store.gallery.get(person)
    except StoreError:
        row = None
    if row is None or row.expires <= clock.now():
        raise UsageError(
            Advised(
                f"the record of {person} {'has run out' if row else 'is gone'}, so nobody speaks for her",
                "record her mandate anew with gifwarden person add --help, or state it as third_party_notifier",
                page="who runs gifwarden records her mandate anew, or you state it as third party notifier",
            )
        )
    return person


def approve(config: Config, store: Store, language: str, name: str) -> str:
    """Return the digest of a text that a person has read and approves. Raises UsageError if it cannot be used."""
    texts = texts_of(config, store)
    if wrong := mistakes(texts, language, name):
        raise UsageError(*wrong)
    if texts.approved(language, name):
        raise UsageError(f"the text {language}/{name} is approved as it is")
    return texts.digest(language, name)


def record_approval(store: Store, language: str, name: str, digest: str, *, by: Actor) -> None:
    """Record that a member approves a text; `digest`: as they read it, by `approve`."""
    with store.transaction():
        store.approved_texts.approve(language, name, digest, by=by)
        store.audit.record(by=by, what="text of notices approved", subject=f"{language}/{name}", why=digest[:12])
