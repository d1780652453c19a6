"""What the texts of notices take from configuration, registry and team: which texts, which policy, which language."""

from __future__ import annotations

from bot import channels
from bot.config import Config
from bot.notice_texts import LANGUAGES, Policy


def policy_of(config: Config, host: str) -> Policy:
    """Return the page on which a host forbids this, as far as the registry knows it."""
    channel = channels.contact(host, config.storage.path)
    return Policy(channel.policy or "", channel.policy_name)


def language_of(config: Config, host: str) -> str:
    """Return in which language a host is written to, unless a person says otherwise: English where it takes that."""
    taken = channels.contact(host, config.storage.path).languages
    return "en" if not taken or "en" in taken else next((one for one in taken if one in LANGUAGES), "en")
