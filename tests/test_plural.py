"""Numbers of things in words."""

from __future__ import annotations

import pytest

from bot.plural import many


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("face",), "0 faces"),
        (1, ("face",), "1 face"),
        (2, ("face",), "2 faces"),
        (1, ("entry", "entries"), "1 entry"),
        (3, ("entry", "entries"), "3 entries"),
    ],
)
def test_one_thing_is_not_told_as_several(number: int, nouns: tuple[str, ...], said: str) -> None:
    """One of a thing has the singular, none and several the plural."""
    assert many(number, *nouns) == said
