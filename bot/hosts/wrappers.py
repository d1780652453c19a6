"""Addresses that only lead on to another one: redirect pages, caches, image proxies, archives, mirrors of a site.

Where they lead stands in the address itself, so none of these servers is ever contacted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from bot.hosts.base import Url, belongs

_ABSOLUTE = re.compile(r"https?:/{1,2}(?=[^/])", re.IGNORECASE)
_NAME = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\Z")

# Domain, the first segments of the path (empty: any), and the parameters that may hold the address.
_QUERIES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("out.reddit.com", (), ("url",)),
    ("reddit.com", ("over18",), ("dest",)),
    ("reddit.com", ("login",), ("dest",)),
    ("click.redditmail.com", (), ("url",)),
    ("reddit.app.link", (), ("$og_redirect", "$desktop_url", "$deeplink_path")),
    ("t.umblr.com", ("redirect",), ("z",)),
    ("google.com", ("url",), ("q", "url")),
    ("google.com", ("imgres",), ("imgurl", "imgrefurl")),
    ("translate.google.com", (), ("u",)),
    ("duckduckgo.com", ("l",), ("uddg",)),
    ("duckduckgo.com", ("iu",), ("u",)),
    ("l.facebook.com", (), ("u",)),
    ("lm.facebook.com", (), ("u",)),
    ("l.instagram.com", (), ("u",)),
    ("l.messenger.com", (), ("u",)),
    ("youtube.com", ("redirect",), ("q",)),
    ("steamcommunity.com", ("linkfilter",), ("u", "url")),
    ("vk.com", ("away.php",), ("to",)),
    ("slack-redir.net", ("link",), ("url",)),
    ("exit.sc", (), ("url",)),
    ("search.brave.com", ("redirect",), ("url",)),
    ("images.weserv.nl", (), ("url",)),
    ("wsrv.nl", (), ("url",)),
    ("getpocket.com", ("redirect",), ("url",)),
    ("go.bsky.app", ("redirect",), ("u",)),
    ("urldefense.proofpoint.com", (), ("u",)),
    ("safelinks.protection.outlook.com", (), ("url",)),
)
_BARE_QUERY = ("href.li", "anonym.to", "anon.to", "dereferer.me", "nullrefer.com", "hiderefer.com")
_ARCHIVES = ("web.archive.org", "archive.org", "archive.is", "archive.ph", "archive.today", "archive.li", "archive.vn")
_AMP_CACHES = ("cdn.ampproject.org", "bing-amp.com")
_AMP_KINDS = frozenset({"c", "v", "i", "r", "ii", "wp", "a"})
# Copies of a site that show its posts under the same paths, so that other programs show their media.
_MIRRORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "x.com",
        (
            "fxtwitter.com",
            "vxtwitter.com",
            "pxtwitter.com",
            "twittpr.com",
            "fixupx.com",
            "fixvx.com",
            "girlcockx.com",
            "stupidpenisx.com",
            "hitlerx.com",
            "cunnyx.com",
            "yiffx.com",
            "mpregx.com",
            "nitter.net",
            "nitter.poast.org",
            "xcancel.com",
        ),
    ),
    (
        "bsky.app",
        (
            "bskye.app",
            "bskyx.app",
            "bsyy.app",
            "cbsky.app",
            "fxbsky.app",
            "vxbsky.app",
            "xbsky.app",
            "psky.app",
            "main.bsky.dev",
            "deer.social",
            "blacksky.community",
        ),
    ),
)
_PHOTON = re.compile(r"i\d\.wp\.com\Z")
_DISCORD_PROXY = re.compile(r"images-ext-\d\.discordapp\.net\Z")


def inner(url: Url) -> str | None:
    """Return the address that a wrapper leads to, or None if this is no wrapper that tells. It is not checked."""
    return next((found for read in _READERS if (found := read(url))), None)


def _query(url: Url) -> str | None:
    for domain, start, names in _QUERIES:
        if not belongs(url.host, (domain,)) or url.path[: len(start)] != start:
            continue
        for name in names:
            found = _whole(url.query.get(name, ""))
            if found:
                return found
    if belongs(url.host, _BARE_QUERY):
        return _whole(unquote(url.text.partition("?")[2]))
    return None


def _archive(url: Url) -> str | None:
    if not belongs(url.host, _ARCHIVES):
        return None
    rest = url.text.partition("://")[2].partition("/")[2]
    found = _ABSOLUTE.search(rest) if rest else None
    if found is None:
        found = _ABSOLUTE.search(rest := unquote(rest))
    return _slashed(rest[found.start() :]) if found else None


def _amp(url: Url) -> str | None:
    path = list(url.path)
    cached = belongs(url.host, _AMP_CACHES) and path[:1] and path[0] in _AMP_KINDS
    if cached or (belongs(url.host, ("google.com",)) and path[:1] == ["amp"]):
        del path[0]
    else:
        return None
    if path[:1] == ["s"]:
        del path[0]
    return _joined(url, path)


def _proxy(url: Url) -> str | None:
    path = list(url.path)
    if _PHOTON.match(url.host):
        return _joined(url, path)
    if _DISCORD_PROXY.match(url.host) and path[:1] == ["external"]:
        schemes = [at for at, segment in enumerate(path) if segment in ("http", "https")]
        # what stands before the scheme is a seal, and now and then the query of the address
        return _joined(url, path[schemes[0] + 1 :], query=False) if schemes and schemes[0] in (2, 3) else None
    return None


def _translated(url: Url) -> str | None:
    if not url.host.endswith(".translate.goog"):
        return None
    name = url.host.removesuffix(".translate.goog").replace("--", "\0").replace("-", ".").replace("\0", "-")
    return _joined(url, [name, *url.path], query=False)


def _mirror(url: Url) -> str | None:
    """Return the same place on the site that a mirror copies."""
    for site, mirrors in _MIRRORS:
        if not belongs(url.host, mirrors):
            continue
        pictures = [segment for segment in url.path[1:] if segment != "orig"] if url.path[:1] == ("pic",) else []
        return _joined(url, ["pbs.twimg.com", *pictures] if pictures else [site, *url.path])
    return None


_READERS: tuple[Callable[[Url], str | None], ...] = (_query, _archive, _amp, _proxy, _translated, _mirror)


def _joined(url: Url, path: list[str], *, query: bool = True) -> str | None:
    """Return https://NAME/PATH of a path that starts with a host's name."""
    if not path or not _NAME.match(path[0]):
        return None
    behind = url.text.partition("#")[0].partition("?")[2] if query else ""
    return f"https://{'/'.join(path)}" + (f"?{behind}" if behind else "")


def _whole(text: str) -> str | None:
    """Return an address that a parameter holds, its scheme completed where proxies leave it away."""
    text = text.strip()
    if text[:2] == "//":
        return f"https:{text}"
    if text[:4].lower() == "http":
        # some wrappers encode twice
        return _slashed(text if _ABSOLUTE.match(text) else unquote(text)) or None
    if text.startswith("/r/"):
        return f"https://www.reddit.com{text}"
    return f"https://{text}" if _NAME.match(text.partition("/")[0]) and "/" in text else None


def _slashed(text: str) -> str:
    """Return an address with both of its slashes: some archives and proxies swallow one. Empty if it is none."""
    found = _ABSOLUTE.match(text)
    return f"{found[0].rstrip('/')}//{text[found.end() :]}" if found else ""
