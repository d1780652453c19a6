"""The example configuration and the rules that come with the program."""

from __future__ import annotations

from pathlib import Path

from bot.errors import GifwardenError

PACKAGE = Path(__file__).parent


def example_config() -> Path:
    """Return the commented example configuration."""
    return _find("config.example.toml")


def rule_files() -> tuple[Path, ...]:
    """Return the rule files that are safe to run unread."""
    return tuple(sorted(_find("rules").glob("*.yaml")))


def gallery_policy() -> str:
    """Return the retention policy of face data as text."""
    return _find("gallery-policy.md", "docs").read_text(encoding="utf-8")


def _find(name: str, folder: str = "") -> Path:
    # a wheel carries them inside the package, a clone at its top or in a folder there
    for place in (PACKAGE / "_shipped" / name, PACKAGE.parent / folder / name):
        if place.exists():
            return place
    raise GifwardenError(f"{name} is missing from this installation; install gifwarden again")
