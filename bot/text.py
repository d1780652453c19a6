"""Makes text fit for people: strangers choose titles, file names, accounts and what their hosts answer.

Nothing that steers a terminal, turns the direction of text, cannot be seen or cannot be written stands in what this
returns. It stands there as an escape instead (`\\u202e`), so that whoever reads sees that something was there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len

_WORDS = re.compile("( *)([^ ]+)")
_SENTENCES = ("reason", "detail")  # facts of the log that are sentences
LONGEST = 20_000  # characters of one text; what a person reads is shorter
MAX_LINE = 2_000
CUT = " […]"
FORMULA = tuple("=+-@|%\uff1d\uff0b\uff0d\uff20")  # begin what spreadsheets calculate
# Control characters, halves of characters, marks that turn the direction of text or join and part letters, blanks that
# look like nothing, variation selectors, tags, and what is no character.
_UNFIT = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNFIT = re.compile(f"[{_UNFIT}]")  # tab and line feed are kept
_UNFIT_IN_LINE = re.compile(f"[{_UNFIT}\n\t]")
_PICTURE = re.compile("(?<=[\u00a9-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]")  # how an emoji is drawn


def fit(text: str, most: int = LONGEST) -> str:
    """Return text of one or more lines as people may see it, at most about so many characters."""
    return UNFIT.sub(_escaped, _PICTURE.sub("", _cut(text, most)))


def line(text: str, most: int = MAX_LINE) -> str:
    """Return the same as one line: a line feed or tab of a stranger's stands there as an escape, too."""
    return _UNFIT_IN_LINE.sub(_escaped, _PICTURE.sub("", _cut(text, most)))


def cell(text: str) -> str:
    """Return text for a cell of a table that a spreadsheet may open: on one line, and never a formula."""
    shown = line(text)
    return f"'{shown}" if shown.lstrip()[:1] in FORMULA else shown


def json_line(value: Mapping[str, Any]) -> str:
    """Return a value as JSON on one line, exact for programs and fit for a terminal: escapes are JSON's own."""
    return _UNFIT_IN_LINE.sub(_escaped, json.dumps(value, ensure_ascii=False, default=str))


def fitted(value: Any) -> Any:
    """Return a value of a log line, texts in it as people may see them: each on one line."""
    if isinstance(value, str):
        return line(value)
    if isinstance(value, Mapping):
        return {line(str(key)): fitted(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [fitted(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float) else line(str(value))


def wrapped(line: str, width: int | None, hang: int = 0) -> str:
    """Return a line broken between words into lines of at most `width` columns; None: as it is.

    What continues it is indented by `hang` columns; a word for which that leaves no room, such as an address, by
    less. A word that is longer than a line stays whole, so that it can be copied.
    """
    if width is None or cell_len(line) <= width:
        return line
    lines, row, filled = [], "", False  # whether a word stands in the row
    for gap, word in _WORDS.findall(line):
        if filled and cell_len(row) + cell_len(gap) + cell_len(word) > width:
            lines.append(row)
            row = " " * max(0, min(hang, width - cell_len(word))) + word
        else:
            row += gap + word
        filled = True
    return "\n".join((*lines, row))


def narrated(event: str, facts: Mapping[str, Any]) -> str:
    """Return an event of the log as a person reads it: what, why, and below that of what it speaks.

    `{"reason": "it is gone", "link": 7}` of `link gone` is `link gone: it is gone (link 7)`.
    """
    said = {name: value for name, value in facts.items() if value not in ("", None)}
    why = [line(str(said.pop(name))) for name in _SENTENCES if name in said]
    about = ", ".join(
        f"{name} {line(', '.join(map(str, value)) if isinstance(value, list | tuple) else str(value))}"
        for name, value in said.items()
    )
    return line(event) + "".join(f": {sentence}" for sentence in why) + (f" ({about})" if about else "")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + CUT


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number > 0xFFFF:  # as JSON writes it
        number -= 0x10000
        return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(number) or f"\\u{number:04x}"
