"""Whether a row says that it is taken back, in whatever way: a state, a flag, a moment."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.lists.names import GONE, LIVE, Plan, joined
from bot.lists.record import clean, words

UNKNOWN_STATE = "its state says neither that it holds nor that it is withdrawn; it is taken"
_LATEST = 10**11  # what is larger are milliseconds
_DAYS = range(20_000, 80_000)  # days since the end of 1899, as spreadsheets count: 1954 to 2119
_DAY_0 = datetime(1899, 12, 30, tzinfo=UTC)
_EARLIEST = 1971  # a moment before it is how databases write none
_TRUE = words("true 1 yes y t ja oui si sí x ✓ ✔ ☑ ✅ wahr on tak")
_FALSE = words("false 0 no n f nein non nej off inactive disabled never falsch nie ✗ ✘ ❌")
_NEVER = words("never no false n f nein non nej off active notdeleted notwithdrawn")
# What a moderators' sheet has: there "removed" is said of the post, not of its hash.
_OF_POSTS = words("""
    post postid posts link links url permalink postlink posturl postauthor subreddit thread submission submissionid
    comment commentid commentlink redditor moderator mod modaction ban banned reportedby
    """)
_REMOVED = words("removed remove isremoved")
_DATE = re.compile(
    r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d{1,9})?)?(?: ?[AP]M)?"
)
_WRITTEN = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%a, %d %b %Y %H:%M:%S")
_LEADING = re.compile(r"[^\W_]+")


def is_gone(row: Any, where: Plan) -> bool:
    """Return whether a row says that it is withdrawn."""
    of_posts = bool(_OF_POSTS & where.names)
    return (
        any(_state(value, of_posts=of_posts) for value in _states(row, where))
        or any(
            _is_one(row[key], _TRUE) for key in where.gone if not (of_posts and joined(_name(key, where)) in _REMOVED)
        )
        or any(_is_one(row[key], _FALSE) for key in where.live)
        or any(_is_since(row[key]) for key in where.gone_at)
        or any(_is_past(row[key]) for key in where.expires)
        or any(_is_off(row[key]) for key in where.disabled_until)
    )


def is_unknown(row: Any, where: Plan) -> bool:
    """Return whether a row has a state of which nobody knows whether it is withdrawn."""
    of_posts = bool(_OF_POSTS & where.names)
    return any(_state(value, of_posts=of_posts) is None for value in _states(row, where))


def _name(key: Any, where: Plan) -> str:
    return key if isinstance(key, str) else where.named.get(key, "")


def _states(row: Any, where: Plan) -> Iterator[Any]:
    """Yield what the row says of its state: a text, or texts in what stands there."""
    keys = where.states
    if "entitykey" in where.names or "published" in where.names:
        keys = (*keys, *where.types)
    for key in keys:
        value = row[key]
        if isinstance(value, dict):
            yield from (part for part in list(value.values())[:20] if isinstance(part, str))
        elif isinstance(value, list):
            yield from (part for part in value[:20] if isinstance(part, str))
        else:
            yield value


def _state(value: Any, *, of_posts: bool) -> bool | None:
    """Return whether a state is that of a withdrawn row; None: nobody knows."""
    if not isinstance(value, str) or not (text := clean(value[:200])):
        return False
    whole = joined(text[:60])
    said = [word.lower() for word in _LEADING.findall(text)[:4]]
    if not said or whole in LIVE:
        return False
    first = said[0]
    if first in ("not", "no", "nicht") and len(said) > 1:
        if said[1:3] == ["longer", "active"] or whole.endswith(("mehraktiv", "malicious", "active", "valid")):
            return True
        return None
    if of_posts and first in _REMOVED:
        return False
    if whole in GONE or first in GONE:
        return True
    return False if first in LIVE or first.isdecimal() or not first.isalpha() else None


def _is_one(value: Any, known: frozenset[str]) -> bool:
    if isinstance(value, float):
        return str(int(value)) in known if value in (0.0, 1.0) else False
    if not isinstance(value, str | int | bool):
        return False
    text = str(value).strip().lower()
    return text in known or (text in ("1.0", "0.0") and text[0] in known) or (
        known is _FALSE and joined(text) in ("nolongeractive", "nolonger", "notactive")
    )  # fmt: skip


def _is_off(value: Any) -> bool:
    """Return whether HMA's `disable_until_ts` switches a content off: 0 for good, 1 not, else until that moment."""
    try:
        until = float(value)
    except (TypeError, ValueError):
        return False
    return until == 0 or (until != 1 and until > time.time())


def _is_since(value: Any) -> bool:
    """Return whether a field for the moment of withdrawal says that there was one: not "NULL", and no zero date."""
    if value is None or isinstance(value, bool):
        return value is True
    if isinstance(value, dict | list):
        return any(_is_since(part) for part in (value.values() if isinstance(value, dict) else value))
    text = str(value).strip()
    if not clean(text) or text in ("\\N", "\\n") or joined(text) in _NEVER:
        return False
    if (at := moment(value)) is not None:
        return at <= time.time()
    return text.lower() in _TRUE or (
        text[0].isalnum() and any("1" <= char <= "9" for char in text) and not _is_zero(text)
    )


def _is_zero(text: str) -> bool:
    """Return whether a date is how databases write none: 0000-00-00, 0001-01-01, 1899-12-30, 1970-01-01."""
    years = re.findall(r"\d{4}", text)
    return not any(char in "123456789" for char in text) or (bool(years) and int(years[0]) < _EARLIEST)


def _is_past(value: Any) -> bool:
    """Return whether a moment lies behind us; what is none does not."""
    at = moment(value)
    return at is not None and at < time.time()


def moment(value: Any) -> float | None:
    """Return the moment that a value names, in seconds since 1970; None if it names none, or the zero of a database.

    A date that may be day or month first is the later of both.
    """
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()[:60]
    try:
        number = float(text)
    except ValueError:
        return _of_text(text)
    try:
        return _of_number(number)
    except (ValueError, OverflowError):
        return None


def _of_number(number: float) -> float | None:
    if int(number) in _DAYS:  # a range is asked for whole numbers only: for another it looks at each of its own
        return (_DAY_0 + timedelta(days=number)).timestamp()
    if number.is_integer() and 19_000_101 <= number <= 22_001_231 and (day := _day(str(int(number)))) is not None:
        return day
    if number < 10**8:
        return None
    return number / 1000 if number > _LATEST else number


def _day(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y%m%d").astimezone().timestamp()
    except ValueError:
        return None


def _of_text(text: str) -> float | None:
    try:
        return _stamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    if found := _DATE.fullmatch(text):
        first, middle, last = (int(found[place]) for place in (1, 2, 3))
        if len(found[1]) == 4:
            dates = [(first, middle, last)]
        else:
            year = last + 2000 if last < 100 else last
            dates = [(year, middle, first), (year, first, middle)]
        clock = [int(part or 0) for part in found.groups()[3:6]]
        stamps = []
        for date in dates:
            try:
                stamps.append(_stamp(datetime(*date, *clock).astimezone()))  # type: ignore[arg-type]
            except (ValueError, OverflowError):
                continue
        return max((stamp for stamp in stamps if stamp is not None), default=None)
    for form in _WRITTEN:
        try:
            return _stamp(datetime.strptime(text.removesuffix(" GMT"), form).astimezone())
        except (ValueError, OverflowError):
            continue
    return None


def _stamp(found: datetime) -> float | None:
    return found.timestamp() if found.year >= _EARLIEST else None
