"""Addresses that are written so that filters miss them: `hxxps://`, `redgifs[.]com`, `redgifs dot com slash watch`.

Only what is written in a way that a reader is meant to undo counts, and it stays unsure: it is a link only if a plug
knows what it leads to. Plain prose such as `and/or` or `the end. Next/other` never becomes one, because a known
ending of a host's name has to stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_GAP = r"[ \t]{0,2}"
_SCHEME = rf"h?[tx*_]{{1,3}}ps?{_GAP}(?:\[:\]|\(:\)|:)?{_GAP}/{{1,2}}{_GAP}"
_OPEN, _CLOSE = r"[\[({<]", r"[\])}>]"
_WORD = r"[ \t]{1,2}"
_DOT_INSIDE, _SLASH_INSIDE = r"(?:dot|d0t|\.|punkt|punto|point)", r"(?:slash|/)"
_DOT = rf"(?:{_GAP}{_OPEN}{_GAP}{_DOT_INSIDE}{_GAP}{_CLOSE}{_GAP}|{_WORD}dot{_WORD}|{_GAP}\.{_GAP})"
_SLASH = rf"(?:{_GAP}{_OPEN}{_GAP}{_SLASH_INSIDE}{_GAP}{_CLOSE}{_GAP}|{_WORD}slash{_WORD}|{_GAP}/{_GAP})"
_NAME = r"[a-z0-9][a-z0-9-]{0,62}"
_ENDING = (  # those of the hosts' names, of which a test knows
    r"(?:com|net|network|org|it|co|cc|moe|is|io|ac|app|ax|biz|black|cat|ci|cr|dev|fi|gg|in|la|me|media|nl|nu|ph|pk|ps"
    r"|red|ru|se|si|site|sk|social|st|su|tech|to|ws)"
)
_PART = r"[a-z0-9_%~+=&?.-]{1,120}"
_WRITTEN = re.compile(
    rf"(?<![\w./@-])(?P<scheme>{_SCHEME})?"
    rf"(?P<host>{_NAME}(?:{_DOT}{_NAME}){{0,3}}?{_DOT}{_ENDING})(?![a-z0-9-])"
    rf"(?P<path>(?:{_SLASH}{_PART}){{1,5}})",
    re.IGNORECASE,
)
# A disguise holds one of these; most texts hold none, and are not searched.
_MARKS = (
    *(f"{bracket}{blank}." for bracket in "[({<" for blank in ("", " ")),
    *("dot", "d0t", "punkt", "punto", "point]", "point)", "[:", "(:", "xxp", "**p", "__p", "htp", "// ", "/\t", " ."),
)
_OTHER_MARKS = re.compile(rf"\.[ \t]{{1,2}}{_ENDING}[ \t]{{0,2}}/|(?<![a-z])ttps?:/", re.IGNORECASE)
_ANY_DOT = re.compile(_DOT, re.IGNORECASE)
_ANY_SLASH = re.compile(_SLASH, re.IGNORECASE)
_PLAIN_SCHEME = re.compile(r"https?://\Z", re.IGNORECASE)
_SPELLED = re.compile(rf"{_OPEN}|[ \t](?:dot|slash)[ \t]", re.IGNORECASE)
_SPACED_SLASH = re.compile(r"[ \t]/|/[ \t]")


def disguised(text: str) -> Iterator[tuple[int, str]]:
    """Yield (position, address) of everything in a text that is written to be put together by the reader."""
    lower = text.lower()
    if not any(mark in lower for mark in _MARKS) and not _OTHER_MARKS.search(text):
        return
    for match in _WRITTEN.finditer(text):
        scheme, host, path = match["scheme"] or "", match["host"], match["path"]
        spelled = bool(_SPELLED.search(host + path)) or bool(scheme and not _PLAIN_SCHEME.match(scheme))
        name = _ANY_DOT.sub(".", host)
        if not spelled and (name == host or _SPACED_SLASH.search(path)):
            # nothing to undo, or blanks around a slash, which are prose more often than not
            plain = scheme and scheme != scheme.strip() and not _SPACED_SLASH.search(path)
            if not plain:
                continue
        if not spelled and _SPACED_SLASH.search(path):
            continue
        steps = _ANY_SLASH.sub("/", path).rstrip(".?")
        yield match.start(), f"https://{name.lower()}{steps}"
