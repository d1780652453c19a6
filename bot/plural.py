"""Words for numbers."""

from __future__ import annotations

MOST = 0.99  # what is more probable is shown as "over 0.99", so that nothing reads like a certainty


def odds(share: float) -> str:
    """Return a probability, score or similarity (0 to 1) as people read it: two digits, and never 1.00."""
    if share > MOST:
        return f"over {MOST}"
    return f"under {1 - MOST:.2f}" if 0 < share < 1 - MOST else f"{share:.2f}"


def many(number: int, noun: str, nouns: str | None = None) -> str:
    """Return `1 rule` or `2 rules`; `nouns` where the plural is another word."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """Return the same for numbers that may be large: `1,234 rules`."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"
