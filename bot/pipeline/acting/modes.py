"""What each mode sends, in words: for people who want to know before they switch it on."""

from __future__ import annotations

from bot import actions
from bot.config import Config
from bot.model import Mode

ASKED = "it reads Reddit and downloads linked media from their hosts, and changes no post unless a person says minor"
"""What leaves the machine in mode observe beside what `sends` names."""


def effect(mode: Mode) -> str:
    """Return in words what a mode lets the bot do by itself."""
    kinds = [plug.kind for plug in actions.ACTIONS if mode in plug.modes and not plug.asked_for]
    return f"performs {', '.join(kinds)}" if kinds else "performs nothing, shows what it would do"


def sends(config: Config, subreddit: str) -> str:
    """Return what leaves the machine for a watched subreddit, as its settings are: `observe: sends a digest …`."""
    settings = config.subreddits[subreddit]
    answers = "answers to moderators' orders" if settings.orders else ""
    if settings.mode == "observe":
        digest = {
            "off": "",
            "mail": f"the digest to {config.digest.to} ({config.digest.hour:02}:00 UTC)",
            "modmail": f"the digest by modmail ({config.digest.hour:02}:00 UTC)",
        }[config.digest.by]
        only = " and ".join(part for part in (digest, answers) if part)
        return f"observe: sends {only}, nothing else" if only else "observe: sends nothing"
    kinds = [plug.kind for plug in actions.ACTIONS if settings.mode in plug.modes and not plug.asked_for]
    return f"{settings.mode}: sends {', '.join((*kinds, answers) if answers else kinds)}"
