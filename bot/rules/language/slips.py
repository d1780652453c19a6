"""What is wrong with text that is no YAML, in the words of the person who wrote it."""

from __future__ import annotations

import re

import yaml

# what the library says, and where in the text it points → what to do
_SAID: tuple[tuple[str, bool, str], ...] = (
    # (a pattern of the library's problem and context, whether the line is where it began, our sentence)
    (r"mapping values are not allowed", False,
     "a colon and a blank stand in a value, or the line is indented too far; put quotes around the value"),
    (r"could not find expected ':'", True,
     "this line is no key and value; write key: value, or indent it if it belongs to the line above"),
    (r"quoted scalar.*(end of stream|document separator)", True,
     "a text that begins with a quotation mark never ends; close it"),
    (r"quoted scalar.*(escape|hexadecimal)", False,
     "a backslash in double quotes begins a sign; use 'single quotes', as patterns need"),
    (r"cannot start any token.*'\\t'|'\\t'.*cannot start any token|tab", False,
     "a tab stands here; indent with blanks"),
    (r"cannot start any token|while scanning (an|a) (alias|anchor|tag|directive)|undefined alias|undefined tag", False,
     "a value begins with a sign that means something else (such as %, @, `, !, & or *); put quotes around it"),
    (r"tag handle|tag URI|while parsing a node.*tag", False,
     "a value that begins with ! is not read; put quotes around it"),
    (r"flow sequence", True, "a list that begins with [ is not closed or lacks a comma; write [one, two]"),
    (r"flow mapping", True, "a table that begins with { is not closed or lacks a comma; write {one: 1, two: 2}"),
    (r"block scalar", False, "behind | or > nothing else stands; put the text on the lines below, indented"),
    (r"sequence entries are not allowed|mapping keys are not allowed", False,
     "a list or a key begins in the middle of a line; begin a new line, or put quotes around the value"),
    (r"block sequence|block collection", False,
     "the lines of a list begin with - and the same number of blanks; indent them alike"),
    (r"block mapping", False,
     "this line does not fit the lines above; indent the keys of one table alike, and close quotes"),
    (r"document start", False, "a rule ends above this line; begin the next one with a line ---"),
    (r"directive|%YAML|version", False, "a line that begins with % is no rule; remove it"),
)  # fmt: skip


def slip(error: yaml.MarkedYAMLError, lines: int) -> tuple[int, str]:
    """Return line (from 1, `lines` at most) and sentence of what the library refuses. Its own words are not used."""
    said = " ".join(f"{error.context or ''} {error.problem or ''}".split())
    for pattern, begun, message in _SAID:
        if re.search(pattern, said):
            mark = (error.context_mark or error.problem_mark) if begun else (error.problem_mark or error.context_mark)
            return _line(mark, lines), message
    mark = error.problem_mark or error.context_mark
    return _line(mark, lines), "this line cannot be read; check indents, quotes and colons"


def _line(mark: yaml.Mark | None, lines: int) -> int:
    return min(mark.line + 1 if mark else 1, max(lines, 1))
