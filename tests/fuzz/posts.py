"""Reddit's JSON: what is a post, and where its links are."""

from __future__ import annotations

import json
from functools import lru_cache

from bot.hosts import HOSTS
from bot.links import links_of, post_of, reports_in, things_in
from bot.links.text import LONGEST, urls_in
from bot.model import PREVIEW
from bot.permalink import is_fullname
from bot.serialization import dumps
from tests.fuzz.drawn import Drawn
from tests.fuzz.urls import EXAMPLES as URLS
from tests.host_world import FIND as FIND_ANEW

PICTURE = "https://preview.redd.it/abcdefghij123.png?width=640&amp;auto=webp&amp;s=0f"
TEXTS = (
    "see [this](https://i.imgur.com/aB3dE5g.gifv), <https://redgifs.com/watch/quietgreenheron> and giphy",
    '![gif](giphy|aB3dE5gH7jK9m|downsized) [x]( <https://imgur.com/a/aB3dE> "t") https://gyazo.com/'
    "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.",
    "hxxps://redgifs[.]com/watch/quietgreenheron, redgifs dot com slash watch slash quietgreenheron "
    "`www.imgur.com/aB3dE5g`",
    "\\[a\\](https://v.redd.it/abcdefghij123) https://a.example/https://b.example/?u=https://c.example "
    "**https://x.com/a**",
)
POST = {
    "kind": "t3",
    "data": {
        "name": "t3_1abcde",
        "id": "1abcde",
        "subreddit": "example",
        "permalink": "/r/example/comments/1abcde/x/",
        "created_utc": 1793000000.0,
        "author": "someone",
        "author_fullname": "t2_abc",
        "title": "a heron &amp; more",
        "selftext": TEXTS[0],
        "url": "https://www.redgifs.com/watch/quietgreenheron",
        "is_self": False,
        "over_18": True,
        "edited": False,
        "num_reports": 1,
        "link_flair_text": None,
        "removed_by_category": None,
        "user_reports": [["spam", 1, False, True]],
        "mod_reports": [["gifwarden, scan", "amod"]],
        "media": {"reddit_video": {"fallback_url": "https://v.redd.it/abcdefghij123/DASH_480.mp4?source=fallback"}},
        "preview": {"images": [{"source": {"url": PICTURE}, "variants": {"gif": {"source": {"url": PICTURE}}}}]},
    },
}
GALLERY = {
    "name": "t3_1abcdf",
    "is_gallery": True,
    "gallery_data": {"items": [{"media_id": "abcdefghij123", "id": 1}]},
    "media_metadata": {
        "abcdefghij123": {"status": "valid", "e": "Image", "m": "image/png", "s": {"u": PICTURE}},
        "abcdefghij124": {
            "status": "unprocessed",
            "e": "RedditVideo",
            "m": "video/mp4",
            "hlsUrl": "https://v.redd.it/a",
        },
        "giphy|aB3dE5gH7jK9m|downsized": {"status": "invalid"},
    },
    "crosspost_parent_list": [POST["data"]],
}
COMMENT = {
    "kind": "t1",
    "data": {
        "name": "t1_1abcdg",
        "link_id": "t3_1abcde",
        "body": TEXTS[1],
        "replies": {"kind": "Listing", "data": {"children": []}},
    },
}
LISTING = {"kind": "Listing", "data": {"children": [POST, COMMENT], "after": None}}
EXAMPLES = tuple(json.dumps(one) for one in (POST, GALLERY, COMMENT, LISTING, [LISTING, LISTING]))
WORDS = (
    *TEXTS, *URLS[::9], PICTURE, "](", "[", ")", "(", "<", ">", "\\", "`", "&amp;", "&#x41;", "&#1114112;",
    "https://", "www.", "hxxp", " dot ", "[.]", "giphy|", "t1_1abcdg", "t3_1abcde", "[deleted]", "\u200b", "\ud800",
    "/r/", "//", "https://[", "name", "data", "kind", "id", "url", "selftext", "body", "media_metadata", "items",
    "media_id", "s", "u", "e", "m", "status", "crosspost_parent_list", "preview", "images", "variants", "replies",
    "children", "permalink", "author", "https://www.reddit.com/link/1abcde/video/abcdefghij123/player", "image/gif",
    "RedditVideo", "removed_by_category",
)  # fmt: skip
NAMES = {host.name for host in HOSTS}


FIND = lru_cache(maxsize=20_000)(FIND_ANEW)  # the target `urls` is for this


def check(drawn: Drawn) -> None:
    """Any JSON gives posts that can be kept and links of known hosts, each once; a text gives whole addresses."""
    if drawn.byte() % 4 == 1:
        text = drawn.text(TEXTS, WORDS)
        found = urls_in(text)
        assert len(found) <= len(text)
        assert all(len(one.url) <= LONGEST + 24 for one in found)
        assert all(one.url.lower().startswith(("http://", "https://")) for one in found), found
        assert not any("\ud800" <= char <= "\udfff" for one in found for char in one.url)
        return
    tree = drawn.tree(EXAMPLES, WORDS)
    for thing in [*things_in(tree), tree][:3]:
        if not isinstance(thing, dict):
            continue
        post, inner = post_of(thing), thing.get("data")
        dumps(post).encode()
        assert not post.fullname or is_fullname(post.fullname)
        for name in ("mod_reports", "user_reports"):
            dumps(reports_in(inner if isinstance(inner, dict) else thing, name))
        before = links_of(thing, FIND)
        for links in (before, links_of(thing, FIND, reserve=True)):
            told = [(one.host, one.id or one.url, one.kind == "page", one.source == PREVIEW) for one in links]
            assert len(told) == len(set(told)), told
            for one in links:
                dumps(one).encode()
                assert one.host in NAMES or (one.host == "" and one.kind == "unsupported" and one.id is None), one
                assert len(one.url) <= 2 * LONGEST or not one.host
