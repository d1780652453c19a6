"""Words for numbers of things."""

from __future__ import annotations


def many(number: int, noun: str, nouns: str | None = None) -> str:
    """Return `1 rule` or `2 rules`; `nouns` where the plural is another word."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"
