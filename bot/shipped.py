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


def _find(name: str) -> Path:
    # a wheel carries them inside the package, a clone at its top
    for place in (PACKAGE / "_shipped" / name, PACKAGE.parent / name):
        if place.exists():
            return place
    raise GifwardenError(f"{name} is missing from this installation; install gifwarden again")
