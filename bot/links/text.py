"""URLs in the Markdown of a post. Finds what a reader could follow or copy, so code and link texts count too."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.links.defanged import disguised
from bot.serialization import encodable

LONGEST = 4096  # characters of one URL; the rest is cut off
_DEEPEST = 32  # nested parentheses in a link's destination, as in CommonMark

# Reddit escapes these; other named entities are left alone, for `?a=1&copy=2` must stay what it is
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPACES = re.compile(r"[ \t]{0,64}\n?[ \t]{0,64}")

# What no URL in running text contains: blanks, quotes, table bars, full-width and typographic punctuation
_STOP = r"\s<>\"|`\u00ab\u00bb\u201c\u201d\u2026\u3000-\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
_BARE = re.compile(
    rf"(?P<scheme>https?://)[^{_STOP}]+"
    rf"|(?<![\w./@-])(?P<www>www\.)[^{_STOP}]+"
    rf"|(?<![\w./@:%\\-])(?P<domain>(?:[a-z0-9-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}/)[^{_STOP}]+",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?:/|$)", re.IGNORECASE)
_NEXT = re.compile(r"(?<=[^/=:?&#%+])https?://", re.IGNORECASE)
_GIPHY = re.compile(r"giphy\|([A-Za-z0-9]{1,64})(?:\|[a-z_]*)?")
_TRAILING = frozenset(".,;:!?'*~^\\\u2018\u2019")
_CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Found:
    """One URL of a text. `sure` is False where the scheme is missing, so that it may be no link at all."""

    url: str
    sure: bool = True


def urls_in(text: str) -> tuple[Found, ...]:
    """Return the URLs of a Markdown text in their order, entities and escapes undone. Never raises."""
    text = clean(text)
    found: list[tuple[int, Found]] = []
    rest = []
    behind = 0
    for start, end, destination in _destinations(text):
        target = _target(destination)
        if target is not None:
            found.append((start, target))
        # spaces of the same length keep the positions of everything else
        rest += [text[behind:start], " " * (end - start)]
        behind = end
    rest.append(text[behind:])
    left = "".join(rest)
    found += _bare(left)
    # Reddit's editor puts a backslash before brackets; positions then move a little, which only the order feels
    found += ((at, Found(url, sure=False)) for at, url in disguised(_ESCAPE.sub(r"\1", left) if "\\" in left else left))
    return tuple(item for _, item in sorted(found, key=lambda pair: pair[0]))


def clean(text: str) -> str:
    """Undo Reddit's HTML escaping (it may be there twice), drop characters that nobody sees, replace broken ones."""
    for _ in range(2):
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return _INVISIBLE.sub("", str(encodable(text)))


def giphy_url(media_id: str) -> str | None:
    """Return the media URL for Reddit's `giphy|ID` or `giphy|ID|downsized`, or None if it is something else."""
    match = _GIPHY.fullmatch(media_id)
    return f"https://media.giphy.com/media/{match[1]}/giphy.gif" if match else None


def _destinations(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, destination) of every `](destination`."""
    at = text.find("](")
    while at != -1:
        start = at + 2
        end = start
        read = _destination(text, start)
        if read is not None:
            destination, end = read
            yield start, end, destination
        at = text.find("](", end)


def _destination(text: str, start: int) -> tuple[str, int] | None:
    at = start
    blanks = _SPACES.match(text, start)
    if blanks is not None:
        at = blanks.end()
    limit = min(len(text), at + LONGEST)
    if text.startswith("<", at):
        end = text.find(">", at, limit)
        return (text[at + 1 : end], end) if end != -1 else None
    depth = 0
    index = at
    while index < limit:
        char = text[index]
        if char.isspace() or (char == ")" and depth == 0):
            return text[at:index], index
        if char == "(":
            depth += 1
            if depth > _DEEPEST:
                return None
        elif char == ")":
            depth -= 1
        index += 2 if char == "\\" else 1
    return None


def _target(destination: str) -> Found | None:
    url = _ESCAPE.sub(r"\1", destination).strip()
    lower = url.lower()
    if lower.startswith(("http://", "https://")):
        return Found(url)
    if url.startswith("//"):
        return Found(f"https:{url}")
    if lower.startswith(("/r/", "/u/", "/user/", "/comments/", "/gallery/")):
        return Found(f"https://www.reddit.com{url}")
    if lower.startswith("www."):
        return Found(f"https://{url}")
    giphy = giphy_url(url)
    if giphy is not None:
        return Found(giphy)
    return Found(f"https://{url}", sure=False) if _DOMAIN.match(url) else None


def _bare(text: str) -> Iterator[tuple[int, Found]]:
    for match in _BARE.finditer(text):
        at = match.start()
        for piece in _pieces(match[0][:LONGEST]):
            url = _ESCAPE.sub(r"\1", _trim(piece, text[at - 1 : at]))
            at += len(piece)
            if url.lower().startswith(("http://", "https://")):
                if len(url) > len("https://"):
                    yield at - len(piece), Found(url)
            elif "." in url[4:]:
                yield at - len(piece), Found(f"https://{url}", sure=match["www"] is not None)


def _pieces(run: str) -> Iterator[str]:
    """Split `https://a,https://b` into two, but leave `https://archive/https://a` and `?u=https://a` whole."""
    starts = [0, *(match.start() for match in _NEXT.finditer(run)), len(run)]
    for start, end in pairwise(starts):
        yield run[start:end]


def _trim(url: str, before: str) -> str:
    """Cut off what belongs to the sentence or to the Markdown around a bare URL."""
    for bracket in ("](", "]["):
        url = url.split(bracket, 1)[0]
    while url:
        last = url[-1]
        opening = _CLOSING.get(last)
        unbalanced = opening is not None and url.count(last) > url.count(opening)
        if last not in _TRAILING and not unbalanced and not (last == "_" == before):
            break
        url = url[:-1]
    return url
