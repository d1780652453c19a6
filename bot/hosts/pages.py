"""What plugs read out of their hosts' web pages, and how they tell the host's files from everything else it serves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import HostChangedError
from bot.hosts.base import Host, HostMedia, Rendition, Url, belongs, parse
from bot.serialization import encodable, unescaped

# No quantifier can run over the same characters twice: pages are strangers' text and may be megabytes of it.
_ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class PageHost(Host):
    """A host whose own servers hold its files; a file is known by its address, and a stand-in by having another."""

    file_servers: tuple[str, ...]  # with all their subdomains

    def is_file(self, url: Url) -> bool:
        """Return whether an address is one of the host's media files."""
        found = self.match(url) if belongs(url.host, self.file_servers) else None
        return found is not None and found.kind == "media"

    def is_placeholder(self, url: str) -> bool:
        parts = parse(url)
        return parts is None or not self._is_own(parts)

    def file(
        self, url: Any, *, width: int | None = None, height: int | None = None, original: bool = False
    ) -> Rendition:
        """Return a file that the host's answer names. Raises HostChangedError if it is none of the host's own."""
        text = f"https:{url}" if isinstance(url, str) and url.startswith("//") else url
        parts = parse(text) if isinstance(text, str) else None
        if parts is None or not self._is_own(parts):
            raise HostChangedError(f"{self.name} names no file of its own for a media, which its plug relies on")
        return Rendition(url=secure(parts.text), width=width, height=height, original=original)

    def _is_own(self, url: Url) -> bool:
        """Return whether an address is a file on a server that may be asked: an answer can name any server."""
        return self.reaches(url.host) and self.is_file(url)

    def linked(self, id: str | None, url: Url) -> tuple[HostMedia, ...]:
        """Return the one file that a link itself leads to."""
        return (HostMedia(id=id, renditions=(Rendition(url=secure(url.text), original=True),)),)


def secure(url: str) -> str:
    """Return an http URL as https."""
    return re.sub(r"\Ahttp:", "https:", url, flags=re.IGNORECASE)


def tags(page: str, name: str) -> Iterator[dict[str, str]]:
    """Yield the quoted attributes of each tag of that name, their entities undone."""
    for tag in re.finditer(rf"<{name}\b([^<>]*)>", page, re.IGNORECASE):
        yield attributes(tag[1])


def meta(page: str, name: str) -> str | None:
    """Return the content of `<meta property=NAME>`, None if there is none."""
    for tag in tags(page, "meta"):
        if name in (tag.get("property"), tag.get("name")) and tag.get("content"):
            return tag["content"]
    return None


def script(page: str, id: str, where: str) -> Any:
    """Return the JSON inside `<script id=ID>`. Raises HostChangedError, naming `where`, if there is none."""
    for tag in re.finditer(r"<script\b([^<>]*)>", page, re.IGNORECASE):
        if attributes(tag[1]).get("id") == id:
            return decoded(page[tag.end() : page.find("</script", tag.end())], where)
    raise HostChangedError(f"{where} sends a page without its data ({id}), which its plug relies on")


def decoded(text: str, where: str) -> Any:
    """Return decoded JSON. Raises HostChangedError, naming `where`, if it is none."""
    try:
        return encodable(json.loads(text))
    except (ValueError, RecursionError):
        raise HostChangedError(f"{where} sends a page whose data is not JSON, which its plug relies on") from None


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Return a value of decoded JSON that must be an object. Raises HostChangedError, naming `where`, if it is not."""
    if not isinstance(value, Mapping):
        raise HostChangedError(f"{where} answers in a shape that its plug does not know")
    return value


def items(value: Any, where: str) -> list[Any]:
    """Return a value of decoded JSON that must be a list. Raises HostChangedError, naming `where`, if it is not."""
    if not isinstance(value, list):
        raise HostChangedError(f"{where} answers in a shape that its plug does not know")
    return value


def attributes(text: str) -> dict[str, str]:
    """Return the quoted attributes that stand inside a tag, their names in small letters, their entities undone."""
    return {match[1].lower(): unescaped(match[2] or match[3] or "") for match in _ATTRIBUTE.finditer(text)}
