"""What tests of sentences on mistakes share: words that none may hold, and ways to damage a file."""

from __future__ import annotations

import re

from hypothesis import strategies as st

# words of libraries and of the language that this is written in
JARGON = re.compile(
    r"pydantic|validat|Input should|extra (fields|inputs)|forbidden|tomllib|Expected '='|key/value pair"
    r"|at line \d+, col|mapping values|constructor|PyYAML|scalar|\btoken\b|\bnode\b|\bNone\b|\bTrue\b|\bFalse\b"
    r"|\bdict\b|\bbool\b|\bint\b|\bstr\b|\bfloat\b|\btuple\b|unhashable|NoneType|Traceback|Error\b|Exception"
    r"|literal|block end|flow (sequence|mapping)|undefined (tag|alias)|Errno|Unterminated|Invalid (value|statement)"
)


def damaged(text: str, data: st.DataObject) -> str:
    """Return the text with characters or lines deleted, doubled, swapped or put in."""
    for _ in range(data.draw(st.integers(1, 4))):
        parts = list(text) if data.draw(st.booleans()) else text.splitlines(keepends=True)
        if not parts:
            break
        one, two = (data.draw(st.integers(0, len(parts) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(("delete", "double", "swap", "insert"))):
            case "delete":
                del parts[one]
            case "double":
                parts.insert(two, parts[one])
            case "swap":
                parts[one], parts[two] = parts[two], parts[one]
            case _:
                parts.insert(one, data.draw(st.sampled_from(list("[]{}\"'=#:.,\\\n\t\x00&*!%@|>-~ 0aé\u2028"))))
        text = "".join(parts)
    return text
