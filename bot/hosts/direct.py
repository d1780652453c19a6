"""Media files on hosts without a plug. Known by their ending, fetched only from domains that the operator allows."""

from __future__ import annotations

from bot.hosts.base import MEDIA_EXTENSIONS, Host, HostMedia, LinkExample, Rendition, Url, Web, extension
from bot.model import Link, MediaRef


class Direct(Host):
    """The plug behind all others. It owns no domain: which ones it may fetch from is for the operator to say."""

    name = "direct"
    adult = False
    domains = ()
    lasting = False  # whoever runs the server can change the file
    examples = (
        LinkExample("https://example.org/clips/heron.gif", None, "media"),
        LinkExample("http://cdn.example.net/a/b/heron.MP4?x=1#t=2", None, "media"),
    )

    def match(self, url: Url) -> MediaRef | None:
        if url.path and extension(url.path[-1]) in MEDIA_EXTENSIONS:
            return MediaRef(host=self.name, id=None, kind="media")
        return None

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:  # noqa: ARG002  the link is the file
        return (HostMedia(id=None, renditions=(Rendition(url=link.url, original=True),)),)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  there is no page beside the file
        return None
