"""What the texts of notices take from configuration, registry and team: which texts, which policy, which language."""

from __future__ import annotations

from datetime import datetime

from bot import channels
from bot.actions.notice_checks import Story
from bot.config import Config
from bot.notice_texts import LANGUAGES, Policy
from bot.store import Store


def policy_of(config: Config, host: str) -> Policy:
    """Return the page on which a host forbids this, as far as the registry knows it."""
    channel = channels.contact(host, config.storage.path)
    return Policy(channel.policy or "", channel.policy_name)


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
