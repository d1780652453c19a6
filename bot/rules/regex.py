"""Regular expressions that a stranger's text cannot make slow.

Python's `re` has no time limit, and whoever posts chooses the text. So a pattern is priced before it is used: an upper
bound of the ways in which it can match, times the places where a match can start. What costs too much is refused.
"""

from __future__ import annotations

import re
import warnings

# the parse tree that `re` itself compiles; a private module, so an unknown node is refused rather than guessed at
from re import _constants as tree  # type: ignore[attr-defined]  # private, see above
from re import _parser as parser  # type: ignore[attr-defined]  # private, see above
from typing import Any

MAX_PATTERN = 1000  # characters
BUDGET = 3 * 10**7  # steps of some 10 nanoseconds
_FAR_TOO_MANY = 10**12

_ONE_WAY = (tree.LITERAL, tree.NOT_LITERAL, tree.IN, tree.ANY, tree.AT)
_REPEATS = (tree.MAX_REPEAT, tree.MIN_REPEAT, tree.POSSESSIVE_REPEAT)


class PatternError(Exception):
    """The pattern is not one, or is not safe; the message completes the sentence `the pattern x …`."""


def check(pattern: str, *, length: int, anchored: bool) -> None:
    """Refuse a pattern that does not compile or that a text of `length` characters can make slow.

    `anchored` says that a match can start at the first character only. Raises PatternError.
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"is longer than {MAX_PATTERN} characters; split it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `[[a]` and its like: Python may read them otherwise one day
            re.compile(pattern)
            re.compile(f"(?:{pattern})")  # as it is used; refuses flags such as (?i) for the whole
            parsed = parser.parse(pattern)
            ways = _ways(parsed, length)
    except Warning as error:
        raise PatternError(f"is ambiguous ({error}); escape the character") from None
    except RecursionError:
        raise PatternError("nests too deep; write it flatter") from None
    except (re.error, OverflowError, ValueError) as error:
        raise PatternError(f"is not a regular expression ({error}); check brackets, escapes and flags") from None
    first = parsed[0] if len(parsed) else None
    starts = 1 if anchored or (first and first[0] is tree.AT and first[1] is tree.AT_BEGINNING_STRING) else length
    if ways * starts > BUDGET:
        raise PatternError(
            "can be made slow by a crafted text; bound its repeats: .{0,30} in place of .*, no repeat of a repeat"
        )


def _ways(sequence: Any, length: int) -> int:
    total = 1
    for operation, argument in sequence:
        total = min(total * _ways_of(operation, argument, length), _FAR_TOO_MANY)
    return total


def _ways_of(operation: Any, argument: Any, length: int) -> int:
    if operation in _ONE_WAY:
        return 1
    if operation in _REPEATS:
        return _repeated(argument, length)
    if operation is tree.SUBPATTERN:
        return _ways(argument[-1], length)
    if operation is tree.ATOMIC_GROUP:
        return _ways(argument, length)
    if operation in (tree.ASSERT, tree.ASSERT_NOT):
        return _ways(argument[1], length)
    if operation is tree.BRANCH:
        ways: list[int] = [_ways(option, length) for option in argument[1]]
        return max(ways) if _told_apart(argument[1]) else sum(ways)
    if operation is tree.GROUPREF:
        return length  # each try compares up to the whole group
    raise PatternError("uses a construct that is not allowed here (a condition); write it more simply")


def _repeated(argument: Any, length: int) -> int:
    lower, upper, body = argument
    width = max(1, int(body.getwidth()[0]))
    most = min(int(upper), max(length // width, 1))
    least = min(int(lower), most)
    inside: int = _ways(body, length)
    if inside == 1:
        return most - least + 1
    total, power = 0, 1
    for count in range(most + 1):
        total += power if count >= least else 0
        power *= inside
        if power > _FAR_TOO_MANY:
            return _FAR_TOO_MANY
    return total


def _told_apart(options: Any) -> bool:
    # alternatives that begin with different letters: at most one of them can match at a place
    firsts = set()
    for option in options:
        if not len(option) or option[0][0] is not tree.LITERAL:
            return False
        firsts.add(chr(option[0][1]).casefold())
    return len(firsts) == len(options)
