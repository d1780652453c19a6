"""postimg: single pictures and galleries, whose pages name the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import AcquireError, GoneError, HostChangedError, TryLaterError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Rendition, Url, Web, extension, parse, pixels
from bot.hosts.pages import PageHost, items, mapping, meta, tags
from bot.model import Link, MediaRef

SITE = "https://postimg.cc"
MAX_PAGES = 10

_ID = re.compile(r"[A-Za-z0-9]{6,12}\Z")
_FILE_DOMAINS = ("postimg.cc", "postimg.org", "postimages.org", "postimage.org", "pixxxels.cc", "pixxxels.org")
_SERVER = re.compile(r"(?:i|s\d{1,3})\.")
_PAGES = frozenset({"contact", "gallery", "imagehost", "plugins", "privacy", "profile", "settings", "signup", "upload"})


class Postimg(PageHost):
    """The host with ids of letters and digits, one kind for pages and another for files."""

    name = "postimg"
    adult = False
    domains = (*_FILE_DOMAINS, "postimages.cc", "postlmg.cc")
    file_servers = _FILE_DOMAINS
    examples = (
        LinkExample("https://postimg.cc/aB3dE5gH", "aB3dE5gH", "media"),
        LinkExample("https://www.postimages.org/aB3dE5gH/0123abcd", "aB3dE5gH", "media"),
        LinkExample("http://postimg.org/image/aB3dE5gHi/", "aB3dE5gHi", "media"),
        LinkExample("https://pixxxels.cc/aB3dE5gH", "aB3dE5gH", "media"),
        LinkExample("https://postlmg.cc/aB3dE5gH", "aB3dE5gH", "media"),
        LinkExample("https://i.postimg.cc/aB3dE5gH/heron.gif?dl=1", "aB3dE5gH", "media"),
        LinkExample("https://postimg.cc/gallery/aB3dE5g", "aB3dE5g", "album"),
        LinkExample("https://postimg.cc/", None, "page"),
        LinkExample("https://postimages.org/signup", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if _SERVER.match(url.host):
            file = len(path) >= 2 and _ID.match(path[0]) and extension(path[-1]) in MEDIA_EXTENSIONS
            return MediaRef(host=self.name, id=path[0] if file else None, kind="media" if file else "page")
        if path[:1] == ("gallery",):
            album = path[1] if len(path) > 1 and _ID.match(path[1]) else None
            return MediaRef(host=self.name, id=album, kind="album" if album else "page")
        path = path[1:] if path[:1] == ("image",) else path
        known = path and len(path) <= 2 and _ID.match(path[0]) and path[0].lower() not in _PAGES
        return MediaRef(host=self.name, id=path[0] if known else None, kind="media" if known else "page")

    def is_file(self, url: Url) -> bool:
        found = self.match(url) if _SERVER.match(url.host) else None
        return found is not None and found.kind == "media"

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of postimg, not to a picture")
        if self.is_file(url):
            return self.linked(link.id, url)
        if link.kind == "album":
            return self._gallery(link.id, web)
        page = web.page(f"{SITE}/{link.id}").text
        shown = next((tag.get("href") for tag in tags(page, "a") if tag.get("id") == "download"), None)
        file = self.file(shown or meta(page, "og:image"), original=True)
        return (HostMedia(id=link.id, renditions=(file,)),)

    def _gallery(self, id: str, web: Web) -> tuple[HostMedia, ...]:
        """Return the pictures of a gallery: the page shows the first of them, its script asks for the others."""
        page = web.page(f"{SITE}/gallery/{id}").text
        cards = [tag for name in ("div", "a") for tag in tags(page, name) if "data-hotlink" in tag]
        if not cards and any(tag.get("id") == "thumb-list" for tag in tags(page, "div")):
            raise GoneError("postimg shows this gallery without any picture: all of it was taken out")
        if not cards:
            raise HostChangedError("postimg shows a gallery without pictures, which its plug does not know")
        found = {
            card["data-hotlink"]: HostMedia(id=card.get("data-image"), renditions=(self._card(card),)) for card in cards
        }
        for number in range(2, MAX_PAGES + 1):
            try:
                fresh = [pair for pair in self._more(id, number, web) if pair[0] not in found]
            except TryLaterError:
                raise
            except AcquireError:
                break  # what the page shows is worth more than nothing
            found.update(fresh)
            if not fresh:
                break
        return tuple(found.values())

    def _more(self, id: str, number: int, web: Web) -> list[tuple[str, HostMedia]]:
        """Return the pictures of a further page of a gallery by the ids of their files; none behind the last."""
        answer = mapping(web.json(f"{SITE}/json", form={"action": "list", "album": id, "page": str(number)}), "postimg")
        return [self._listed(entry) for entry in items(answer.get("images") or [], "postimg")]

    def _listed(self, entry: Any) -> tuple[str, HostMedia]:
        """Return the file's id and the picture of an entry that the script's answer lists."""
        told = items(entry, "postimg")
        id, key, shown = (told[place] if len(told) > place else None for place in (0, 1, 4))
        if not (isinstance(id, str) and isinstance(key, str) and isinstance(shown, str)):
            raise HostChangedError("postimg lists a picture in a shape that its plug does not know")
        # the address that is shown has the page's id where the file has its own
        return key, HostMedia(id=id, renditions=(self.file(shown.replace(id, key, 1), original=True),))

    def _card(self, card: Mapping[str, str]) -> Rendition:
        name = f"{card.get('data-name', '')}.{card.get('data-ext', '')}"
        width, height = pixels(card.get("data-width")), pixels(card.get("data-height"))
        url = f"https://i.postimg.cc/{card['data-hotlink']}/{name}"
        return self.file(url, width=width, height=height, original=True)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  an id does not tell whether it is a page's or a file's
        return None
