"""What a moderator's permissions on Reddit let them order."""

from __future__ import annotations


def check_permission(verb: str, rights: frozenset[str]) -> str | None:
    """Return None if a moderator with these rights may order that, else a sentence for them."""
    if verb == "help" or "all" in rights:
        return None
    if verb == "go":
        return None if "config" in rights else "Only a moderator with full rights or the config right lets me go on."
    return None if "posts" in rights else f"`{verb}` needs the right to manage posts, which you do not have here."
