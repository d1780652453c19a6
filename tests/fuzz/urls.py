"""Addresses: whose they are, and what stands behind them."""

from __future__ import annotations

import re
from pathlib import Path

from bot.hosts import HOSTS, MAX_ID, get, parse, unwrapped
from bot.permalink import permalink_ids, share_path
from tests.fuzz.drawn import Drawn
from tests.host_world import FIND

LISTED = [
    line.split()[2]
    for line in Path("tests/data/urls.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith(("media ", "album ", "page "))
]
EXAMPLES = tuple(dict.fromkeys([example.url for host in HOSTS for example in host.examples] + LISTED))
DOMAINS = sorted({domain for host in HOSTS for domain in host.domains})
WORDS = (
    *DOMAINS, *(f"{word}.{domain}" for word in ("www", "i", "cdn", "media", "m", "api") for domain in DOMAINS[::3]),
    "http://", "https://", "//", "/", "?", "#", "&", "=", "%", "@", ":", ".", "..", "/../", "%2f", "%00", "%ff",
    "%F0", "?url=", "&id=", "?itemid=", "\u2460", "\uff0e", "\u0660\u0661", "xn--", "[::1]", ":443", ":99999", "é",
    "\u202e", "\ud800", "\x00", "\n", " ", "watch", "media", "gallery", "status", "embed", "comments", "a", "d", "f",
    "view", ".gif", ".mp4", ".jpg", ".gifv", "-", "_", "12345678", "https%3A%2F%2Fi.imgur.com%2FaB3dE5g.gif",
    "https://www.google.com/url?q=", "https://out.reddit.com/t3_abc?url=", "https://i0.wp.com/",
)  # fmt: skip
KINDS = frozenset(("media", "album", "page", "unsupported"))
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def check(drawn: Drawn) -> None:
    """An address belongs to the plug that takes it, its id can stand in a line, and the page of an id leads back."""
    text = drawn.text(EXAMPLES, WORDS)
    permalink_ids(text)
    share_path(text)
    found = FIND(text)
    if found is None:
        return
    end = parse(unwrapped(text))
    plug = get(found.host)
    assert plug is not None
    assert end is not None
    assert found.kind in KINDS
    assert plug.owns(end.host) or not plug.domains
    if found.id is None:
        return
    assert 0 < len(found.id) <= MAX_ID
    assert not UNSEEN.search(found.id), found.id
    page = plug.page_url(found.id)
    if page is not None:
        again = FIND(page)
        assert again is not None, page
        assert again.host in (plug.name, plug.served_by), page
        assert again.id in (found.id, found.id.partition("-")[0]), page
