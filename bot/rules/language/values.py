"""Values of checks: comparisons, ages, lists of words. Every mistake is a RuleError with its line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.rules.checks.author import DAY, UNITS
from bot.rules.checks.base import COMPARE, show
from bot.rules.language import vocabulary, yaml
from bot.rules.language.yaml import Scalar, Value, fail

Comparison = tuple[str, float]
ALL: tuple[str, ...] = tuple(COMPARE)
LEAST = (">", ">=")
MOST = ("<", "<=")
_AGE = re.compile(r"(==?|[<>]=?)?\s*([0-9]{1,6})\s*(?:(minute|hour|day|week|month|year)s?)?")


def comparison(
    value: Value, key: str, signs: Sequence[str], *, default: str | None, negative: bool = False, sample: str = ""
) -> Comparison:
    """Return a comparison such as "> 2". `default`: the sign of a bare number; None: there must be one."""
    text = value.text.strip() if isinstance(value, Scalar) else ""
    parts = re.fullmatch(r"([<>=]{0,2})\s*(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)", text)
    sign: str | None = (parts[1] or default) if parts else None
    sample = sample or vocabulary.SAMPLES[key]
    if parts is None or sign is None or sign not in signs:
        fail(value.at, f"{key} is a comparison in quotes with {' or '.join(signs)}, such as {sample}")
    number = float(parts[2])
    if number < 0 and not negative:
        fail(value.at, f"{key} is never below 0; write a comparison such as {sample}")
    return sign, number


def count(
    value: Value, key: str, signs: Sequence[str], *, default: str | None, negative: bool = False
) -> tuple[str, int]:
    """Return a comparison with a whole number."""
    sign, number = comparison(value, key, signs, default=default, negative=negative)
    if number != int(number):
        fail(value.at, f"{key} is a whole number, such as {vocabulary.SAMPLES[key]}")
    return sign, int(number)


def share(value: Value, key: str, signs: Sequence[str] = LEAST) -> Comparison:
    """Return a comparison with a number from 0 to 1."""
    sign, number = comparison(value, key, signs, default=None)
    if number > 1:
        fail(value.at, f"{key} is a share from 0 to 1, such as {vocabulary.SAMPLES[key]}")
    return sign, number


def age(value: Value, key: str) -> Comparison:
    """Return a comparison with an age, in seconds; a number without a unit is days."""
    text = value.text.strip() if isinstance(value, Scalar) else ""
    parts = _AGE.fullmatch(text)
    if parts is None or parts[1] not in ("<", "<=", ">", ">="):
        fail(
            value.at,
            f"{key} is a comparison in quotes with <, <=, > or >= and minutes, hours, days, weeks, months or years, "
            f"such as {vocabulary.SAMPLES['account_age']}",
        )
    return parts[1], int(parts[2]) * (UNITS[parts[3]] if parts[3] else DAY)


def words_of(value: Value, key: str) -> tuple[str, ...]:
    """Return one word or a list of them, each once."""
    return tuple(dict.fromkeys(word.strip() for word in yaml.scalars(value, key)))


def choices(value: Value, key: str, options: Sequence[str]) -> tuple[str, ...]:
    """Return one or several of `options`."""
    names = words_of(value, key)
    for name in names:
        if name not in options:
            fail(value.at, f"{show(name)} is no {key}; write {' or '.join(options)}")
    return names
