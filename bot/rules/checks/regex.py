r"""AutoModerator's regular expressions: Python's meaning, run by an engine that can be stopped.

Python's `re` has no time limit and holds up every other thread while it searches; whoever posts chooses the text. The
package `regex` takes a timeout, but reads more into a pattern than `re` does (`{e<=2}`, `\m`, set operations, its own
`\w`). So a pattern is read by Python's own parser, and what that understood is written out again in a form that both
engines read alike. What `re` does not know never reaches the other engine, and what it knows keeps its meaning.
"""

from __future__ import annotations

import re
import warnings

# the parse tree that `re` itself compiles; a private module, so an unknown node is refused rather than guessed at
from re import _constants as tree  # type: ignore[attr-defined]  # private, see above
from re import _parser as parser  # type: ignore[attr-defined]  # private, see above
from typing import Any

import regex as engine

MAX_PATTERN = 5000  # characters; moderators join hundreds of words with |
MAX_DEPTH = 40  # groups and repeats inside one another
MAX_WRITTEN = 80_000  # characters of a pattern as the engine gets it; compiling it takes some 0.4 s then
MAX_SIZE = 10_000  # pieces when the least counts of all repeats are written out, as both engines do in part

# letters, and all that is a digit or a number, as Python's \w; the other engine's own takes accents for letters
WORD = r"\p{L}\p{Nt=De}\p{Nt=Di}\p{Nt=Nu}_"
SPACE = r"\s\x1c-\x1f"
_CATEGORIES = {
    tree.CATEGORY_DIGIT: r"\d",
    tree.CATEGORY_NOT_DIGIT: r"\D",
    tree.CATEGORY_SPACE: SPACE,
    tree.CATEGORY_NOT_SPACE: f"[^{SPACE}]",
    tree.CATEGORY_WORD: WORD,
    tree.CATEGORY_NOT_WORD: f"[^{WORD}]",
}
_PLACES = {
    tree.AT_BEGINNING_STRING: r"\A",
    tree.AT_BOUNDARY: f"(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))",
    tree.AT_NON_BOUNDARY: f"(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))",
    tree.AT_END_STRING: r"\Z",
}
_REPEATS = {tree.MAX_REPEAT: "", tree.MIN_REPEAT: "?", tree.POSSESSIVE_REPEAT: "+"}
_FOUR_I = "iI\u0130\u0131"  # one letter to Python where capitals do not matter; two to the other engine
_POSIX = re.compile(r"\[[:.=]")  # `[[:alpha:]]`, which is a class of letters elsewhere
_ERRORS = re.compile(r"\s*(?:[0-9]+\s*<=?\s*)?[0-9]*\s*[deis]\s*[}<=+,:]")


class PatternError(Exception):
    """The pattern is not one, or is not taken; the message completes the sentence `the pattern x …`."""


def check(pattern: str, *, case_sensitive: bool = False) -> str:
    """Return a pattern as `regex` has to be given it, with its flags inside. Raises PatternError."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"is longer than {MAX_PATTERN:,} characters; split it")
    flags = re.DOTALL | (re.NOFLAG if case_sensitive else re.IGNORECASE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `[a--b]` and its like: Python may read them otherwise one day
            if not _POSIX.search(pattern):  # a bracket in a class is one to Python and, written out, to the engine
                warnings.filterwarnings("ignore", "Possible nested set", FutureWarning)
            parsed = parser.parse(pattern, flags)
    except Warning as error:
        raise PatternError(f"is ambiguous ({error}); escape the character") from None
    except RecursionError:
        raise PatternError("nests too deep; write it flatter") from None
    except (re.error, OverflowError, ValueError) as error:
        raise PatternError(f"is not a regular expression ({_said(error)}); check brackets, escapes and flags") from None
    _not_counts(pattern)
    if parsed.state.flags & re.ASCII:
        raise PatternError("uses the flag a; leave it out and write [a-z0-9_] in place of \\w")
    if _size(parsed, 0) > MAX_SIZE:
        raise PatternError(f"repeats more than {MAX_SIZE:,} pieces in all; use smaller counts")
    writer = _Writer(_named(parsed))
    flags = parsed.state.flags
    # V1 for sets inside sets; its folding of ß to ss is not Python's
    written = writer.all(parsed, flags)
    if len(written) > MAX_WRITTEN:
        raise PatternError("has too many \\b, \\w and \\s to be compiled at once; split it")
    return f"(?{'i' if flags & re.IGNORECASE else ''}-f:{written})"


def compiled(source: str) -> engine.Pattern[str]:
    """Return what `check` gave, possibly framed, ready to search with. Raises PatternError."""
    try:
        return engine.compile(source, engine.V1, cache_pattern=False)
    except (engine.error, RecursionError, MemoryError, OverflowError) as error:
        raise PatternError(f"cannot be used ({_said(error)}); write it more simply") from None


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:80]


def _not_counts(pattern: str) -> None:
    """Refuse braces that `re` takes for plain characters and other engines for a count of errors."""
    at, in_class = 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            at += 2 if pattern[at + 1 : at + 3] == "^]" else 1 if pattern[at + 1 : at + 2] == "]" else 0
        elif char == "{" and _ERRORS.match(pattern, at + 1):
            inside = pattern[at : at + 20].partition("}")[0]
            raise PatternError(
                f"holds {inside}}}, which counts errors in some engines; write \\{{ for the character {{"
            )
        at += 1


def _size(sequence: Any, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise PatternError("nests too deep; write it flatter")
    total: int = sum(_size_of(operation, argument, depth) for operation, argument in sequence)
    return min(total, MAX_SIZE + 1)


def _size_of(operation: Any, argument: Any, depth: int) -> int:
    if operation in _REPEATS:
        least, most, body = argument
        # a repeat beyond its least count is kept beside what is written out
        times = int(least) + int(most != least)
        return min(_size(body, depth + 1) * max(times, 1), MAX_SIZE + 1)
    return 1 + sum(_size(inner, depth + 1) for inner in _inside(operation, argument))


def _inside(operation: Any, argument: Any) -> tuple[Any, ...]:
    """Return the sequences inside one node; refuse a node that is not known."""
    if operation is tree.SUBPATTERN:
        return (argument[-1],)
    if operation is tree.ATOMIC_GROUP:
        return (argument,)
    if operation in (tree.ASSERT, tree.ASSERT_NOT):
        return (argument[1],)
    if operation is tree.BRANCH:
        return tuple(argument[1])
    if operation is tree.GROUPREF_EXISTS:
        return tuple(inner for inner in argument[1:] if inner is not None)
    if operation in _REPEATS:
        return (argument[2],)
    if operation in (tree.LITERAL, tree.NOT_LITERAL, tree.IN, tree.ANY, tree.AT, tree.GROUPREF, tree.FAILURE):
        return ()
    raise PatternError("uses a construct that is not taken here; write it more simply")


def _named(sequence: Any) -> set[int]:
    """Return the groups that something in the pattern refers to."""
    found: set[int] = set()
    for operation, argument in sequence:
        if operation is tree.GROUPREF:
            found.add(argument)
        elif operation is tree.GROUPREF_EXISTS:
            found.add(argument[0])
        for inner in _inside(operation, argument):
            found |= _named(inner)
    return found


class _Writer:
    """Writes a parse tree out again, every piece in the plainest form there is."""

    def __init__(self, named: set[int]) -> None:
        self._groups = named

    def all(self, sequence: Any, flags: int) -> str:
        return "".join(self._one(operation, argument, flags) for operation, argument in sequence)

    def _one(self, operation: Any, argument: Any, flags: int) -> str:
        if operation is tree.LITERAL:
            return _literal(argument, flags)
        if operation in (tree.NOT_LITERAL, tree.IN, tree.ANY):
            return _set(operation, argument, flags)
        if operation is tree.AT:
            return _place(argument, flags)
        if operation in _REPEATS:
            least, most, body = argument
            count = f"{{{least},{'' if most is tree.MAXREPEAT else most}}}"
            return f"(?:{self.all(body, flags)}){count}{_REPEATS[operation]}"
        if operation is tree.SUBPATTERN:
            return self._group(argument, flags)
        if operation is tree.ATOMIC_GROUP:
            return f"(?>{self.all(argument, flags)})"
        if operation is tree.BRANCH:
            return f"(?:{'|'.join(self.all(option, flags) for option in argument[1])})"
        if operation in (tree.ASSERT, tree.ASSERT_NOT):
            return self._look(operation, argument, flags)
        if operation is tree.GROUPREF:
            return f"(?P=g{argument})"
        if operation is tree.GROUPREF_EXISTS:
            group, yes, no = argument
            return f"(?(g{group}){self.all(yes, flags)}|{self.all(no, flags) if no is not None else ''})"
        assert operation is tree.FAILURE, "every other node was refused"
        return "(?!)"

    def _group(self, argument: Any, flags: int) -> str:
        group, more, less, body = argument
        inside = (flags | more) & ~less
        text = self.all(body, inside)
        changed = (inside ^ flags) & re.IGNORECASE
        if changed:
            text = f"(?{'i' if inside & re.IGNORECASE else '-i'}:{text})"
        return f"(?P<g{group}>{text})" if group in self._groups else f"(?:{text})"

    def _look(self, operation: Any, argument: Any, flags: int) -> str:
        direction, body = argument
        if direction < 0:
            least, most = body.getwidth()
            if least != most:
                raise PatternError("is not a regular expression (a look-behind of no fixed width); write it otherwise")
        sign = "=" if operation is tree.ASSERT else "!"
        return f"(?{'<' if direction < 0 else ''}{sign}{self.all(body, flags)})"


def _literal(code: int, flags: int) -> str:
    char = chr(code)
    if flags & re.IGNORECASE and char in _FOUR_I:
        return f"[{_FOUR_I}]"
    return char if char.isalnum() or code > 0xA0 else f"\\x{code:02x}"


def _member(code: int) -> str:
    char = chr(code)
    return char if char.isalnum() or code > 0xA0 else f"\\x{code:02x}"


def _set(operation: Any, argument: Any, flags: int) -> str:
    if operation is tree.ANY:
        return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
    items = [(tree.NEGATE, None), (tree.LITERAL, argument)] if operation is tree.NOT_LITERAL else argument
    negated, parts, i = False, [], False
    for kind, value in items:
        if kind is tree.NEGATE:
            negated = True
        elif kind is tree.LITERAL:
            parts.append(_member(value))
            i |= chr(value) in _FOUR_I
        elif kind is tree.RANGE:
            parts.append(f"{_member(value[0])}-{_member(value[1])}")
            i |= any(value[0] <= ord(char) <= value[1] for char in _FOUR_I)
        elif kind is tree.CATEGORY and value in _CATEGORIES:
            parts.append(_CATEGORIES[value])
        else:
            raise PatternError("uses a class of characters that is not taken here; write it more simply")
    if i and flags & re.IGNORECASE:
        parts.append(_FOUR_I)
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _place(place: Any, flags: int) -> str:
    if place is tree.AT_BEGINNING:
        return r"(?:\A|(?<=\n))" if flags & re.MULTILINE else r"\A"
    if place is tree.AT_END:
        return r"(?=\n|\Z)" if flags & re.MULTILINE else r"(?=\n?\Z)"
    if place not in _PLACES:
        raise PatternError("uses a place that is not taken here; write it more simply")
    return _PLACES[place]
