"""How Reddit writes names of things and accounts, and the addresses of its posts. Pure, no I/O."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_ID = re.compile(r"[0-9a-z]{1,13}")
_FULLNAME = re.compile(rf"t[13]_{_ID.pattern}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,50}")
_BARE_ID = re.compile(r"[0-9a-z]{5,8}")
_SHARE = re.compile(r"/(?:r|u|user)/[\w-]+/s/\w+")
_BEFORE_ID = frozenset({"comments", "gallery", "tb", "duplicates", "poll", "mediaembed"})
_SCOPES = frozenset({"r", "u", "user"})
_SHORT_HOSTS = frozenset({"redd.it", "www.redd.it"})
_FORMATS = re.compile(r"\.(?:json|compact|rss|xml|mobile|i)\Z")
# Where Reddit leads reddit.com/ID to the post, and the words that stand there for a page of the site.
_SITES = frozenset(
    ["reddit.com", *(f"{name}.reddit.com" for name in ("www", "old", "new", "np", "m", "i", "sh", "amp", "nm", "ssl"))]
)
_PAGES = frozenset(
    {
        "about",
        "account",
        "advertising",
        "appeal",
        "award",
        "awards",
        "best",
        "blog",
        "browse",
        "chat",
        "coins",
        "comments",
    }
    | {"create", "domain", "drafts", "explore", "friends", "gilded", "gold", "guided", "help", "history", "hot", "jobs"}
    | {"join", "live", "login", "logout", "media", "message", "mod", "modmail", "multi", "notifications", "password"}
    | {
        "policies",
        "popular",
        "posts",
        "prefs",
        "premium",
        "privacy",
        "profile",
        "random",
        "register",
        "report",
        "rising",
    }
    | {"rules", "saved", "search", "settings", "share", "site", "spam", "submit", "talk", "terms", "tokens", "top"}
    | {"topics", "upvoted", "users", "vault", "video", "videos", "verify", "wiki"}
    | {"subreddits", "controversial", "gallery", "poll", "link", "user", "hidden", "randnsfw"}
)


def is_fullname(text: str) -> bool:
    """Return whether a text is the fullname of a submission (`t3_…`) or comment (`t1_…`)."""
    return _FULLNAME.fullmatch(text) is not None


def is_account(text: str) -> bool:
    """Return whether a text can be an account's name: nothing in it changes a path."""
    return _ACCOUNT.fullmatch(text) is not None


def permalink_ids(url: str) -> tuple[str, str | None] | None:
    """Return (submission id, comment id or None) of a permalink in any of Reddit's forms, or None.

    Takes www, old, new, np, m and other subdomains, redd.it, galleries, comments, embeds, reddit.com/ID, bare paths
    and addresses without a scheme. Share links (`/r/name/s/…`) hold no id: None. Never raises.
    """
    parts = _parts(url)
    if parts is None:
        return None
    steps = [step.lower() for step in parts.path.split("/") if step]
    bare = len(steps) == 1 and parts.hostname in _SITES and _BARE_ID.fullmatch(steps[0]) and steps[0] not in _PAGES
    if parts.hostname in _SHORT_HOSTS or bare:
        steps = ["comments", *steps] if len(steps) == 1 else []
    if len(steps) > 2 and steps[0] in _SCOPES:
        steps = steps[2:]
    if len(steps) < 2 or steps[0] not in _BEFORE_ID:
        return None
    ids = [_FORMATS.sub("", step) for step in (steps[1].removeprefix("t3_"), *steps[3:4])]
    if not _ID.fullmatch(ids[0]):
        return None
    comment = ids[1] if steps[0] == "comments" and len(ids) > 1 and _ID.fullmatch(ids[1]) else None
    return ids[0], comment


def permalink_fullname(url: str) -> str | None:
    """Return the fullname (`t3_…` or `t1_…`) that a permalink names, or None if it names none."""
    ids = permalink_ids(url)
    if ids is None:
        return None
    return f"t1_{ids[1]}" if ids[1] else f"t3_{ids[0]}"


def share_path(url: str) -> str | None:
    """Return the path of a share link such as `/r/name/s/abc`, which only Reddit can resolve, or None."""
    parts = _parts(url)
    if parts is None:
        return None
    path = parts.path.rstrip("/")
    return path if _SHARE.fullmatch(path) else None


def _parts(url: str) -> SplitResult | None:
    """Split an address if it is Reddit's own; a bare path counts as one."""
    url = url.strip()
    if url.startswith("/") and not url.startswith("//"):
        url = f"https://www.reddit.com{url}"
    elif url.startswith("//"):
        url = f"https:{url}"
    elif "://" not in url[:10]:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https"):
        return None
    own = any(host == name or host.endswith(f".{name}") for name in ("reddit.com", "redditmedia.com"))
    return parts if own or host in _SHORT_HOSTS else None
