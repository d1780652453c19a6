"""Reddit's JSON to posts and links."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hosts.pages import attributes
from bot.links import links_of, permalink_fullname, post_of, reports_in, things_in
from bot.links.text import LONGEST, urls_in
from bot.model import MediaRef
from tests.slow import slow

HOSTS = (
    ("redgifs", re.compile(r"https?://(?:www\.|v3\.)?redgifs\.com/watch/(\w+)", re.IGNORECASE), "media"),
    ("imgur", re.compile(r"https?://(?:www\.)?imgur\.com/a/(\w+)"), "album"),
    ("imgur", re.compile(r"https?://i\.imgur\.com/(\w+)\.\w+"), "media"),
    ("reddit", re.compile(r"https?://(?:i|preview|v)\.redd\.it/(\w+)"), "media"),
    ("direct", re.compile(r"https?://(?:www\.)?[a-z]+\.example/\w+\.gif"), "media"),
    ("giphy", re.compile(r"https?://media\.giphy\.com/media/(\w+)/"), "media"),
)


def find(url: str) -> MediaRef | None:
    """A few hosts, enough to tell known from unknown."""
    for host, pattern, kind in HOSTS:
        match = pattern.match(url)
        if match:
            return MediaRef(host=host, id=match[1].lower() if match.groups() else None, kind=kind)  # type: ignore[arg-type]  # literal by construction
    return None


def submission(**data: Any) -> dict[str, Any]:
    """A listing's submission with the keys that every one has."""
    base = {"name": "t3_abc123", "subreddit": "Test", "is_self": False, "selftext": "", "url": ""}
    return {"kind": "t3", "data": base | data}


def found(thing: Any) -> list[tuple[str, str, str | None, str, str]]:
    """Links as (url, host, id, kind, source)."""
    return [(link.url, link.host, link.id, link.kind, link.source) for link in links_of(thing, find)]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.com/x.", ["https://a.com/x"]),
        ("(https://a.com/x)", ["https://a.com/x"]),
        ("https://en.wikipedia.org/wiki/A_(b)!", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("[a](https://en.wikipedia.org/wiki/A_(b)) b)", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ('[a](https://a.com/x "a title") and <https://b.com/y>', ["https://a.com/x", "https://b.com/y"]),
        ("[a](<https://a.com/x y>)", ["https://a.com/x y"]),
        (r"[a](https://a.com/a\)b\_c)", ["https://a.com/a)b_c"]),
        ("[one][1] text\n\n[1]: https://a.com/x 'title'", ["https://a.com/x"]),
        (">!https://a.com/x!<", ["https://a.com/x"]),
        ("&gt;!https://a.com/x?a=1&amp;b=2!&lt;", ["https://a.com/x?a=1&b=2"]),
        ("https://a.com/x?a=1&amp;amp;b=2&copy=3", ["https://a.com/x?a=1&b=2&copy=3"]),
        (r"https://a.com/a\_b\_c", ["https://a.com/a_b_c"]),
        ("https://red\u200bgifs.com/watch/x&#x200B;", ["https://redgifs.com/watch/x"]),
        ("https://a.com/1,https://b.com/2", ["https://a.com/1", "https://b.com/2"]),
        ("https://a.com/1\u200bhttps://b.com/2", ["https://a.com/1", "https://b.com/2"]),
        ("https://web.archive.org/web/2020/https://a.com/x", ["https://web.archive.org/web/2020/https://a.com/x"]),
        ("[https://a.com/x](https://b.com/y)", ["https://a.com/x", "https://b.com/y"]),
        ("\u201chttps://a.com/x\u201d, 'https://b.com/y'", ["https://a.com/x", "https://b.com/y"]),
        ("**https://a.com/x** _https://b.com/y_ ~~https://c.com/z~~", ["https://a.com/x", "https://b.com/y", "https://c.com/z"]),
        ("|https://a.com/x|https://b.com/y|", ["https://a.com/x", "https://b.com/y"]),
        ("https://a.com/x\u3002", ["https://a.com/x"]),
        ("WWW.a.com/x and HTTPS://B.com/y", ["https://WWW.a.com/x", "HTTPS://B.com/y"]),
        ("[a](//a.com/x) [b](/r/c/comments/d)", ["https://a.com/x", "https://www.reddit.com/r/c/comments/d"]),
        ("![gif](giphy|abcDEF1) ![gif](giphy|abc2|downsized)", [
            "https://media.giphy.com/media/abcDEF1/giphy.gif", "https://media.giphy.com/media/abc2/giphy.gif",
        ]),
        ("![img](emote|t5_abc|123) [m](mailto:a@b.com) [j](javascript:alert) http:// www. mail@www.a.com", []),
    ],
)  # fmt: skip
def test_urls_in_markdown(text: str, urls: list[str]) -> None:
    """URLs come out of Markdown as a browser would follow them, without what surrounds them."""
    assert [item.url for item in urls_in(text) if item.sure] == urls


def test_addresses_without_scheme_count_where_a_plug_knows_them() -> None:
    """`redgifs.com/watch/x` typed bare is a link, `and/or.maybe/this` is none."""
    thing = submission(
        is_self=True, selftext="redgifs.com/watch/AbcDef, [x](i.imgur.com/q1w2e3r.jpg) example.org/or/this"
    )
    assert [link.id for link in links_of(thing, find)] == ["abcdef", "q1w2e3r"]


DISGUISED = [
    "redgifs [dot] com/watch/AbcDef",
    "redgifs(.)com/watch/AbcDef, thanks",
    r"redgifs\[.\]com\[/\]watch\[/\]AbcDef",
    "redgifs{dot}com/watch/AbcDef",
    "redgifs dot com slash watch slash AbcDef",
    "www dot redgifs dot com/watch/AbcDef",
    "hxxps://www.redgifs.com/watch/AbcDef",
    "hxxps://www[.]redgifs[.]com/watch/AbcDef",
    "h**ps://redgifs.com/watch/AbcDef",
    "htps://redgifs.com/watch/AbcDef",
    "ttps://redgifs.com/watch/AbcDef",
    "https[:]//redgifs[.]com/watch/AbcDef",
    "https:// redgifs.com/watch/AbcDef",
    "https://redgifs .com/watch/AbcDef",
    "redgifs. com/watch/AbcDef",
    "redgifs . com/watch/AbcDef.",
    "> redgifs [dot] com/watch/AbcDef",
    ">!redgifs [dot] com/watch/AbcDef!<",
    "red\u200bgifs [dot] com/watch/Abc\u00adDef",
]


@pytest.mark.parametrize("text", DISGUISED)
def test_disguised_addresses_are_put_together(text: str) -> None:
    """What is written for the reader to put together is a link, where a plug knows what it leads to."""
    thing = submission(is_self=True, selftext=text)
    assert [link.id for link in links_of(thing, find) if link.host] == ["abcdef"]


@pytest.mark.parametrize(
    "text",
    [
        "the end. It/he said",
        "I like dot com/ watch it. com/foo",
        "and/or. Watch/that",
        "imgur.com / hello there",
        "see redgifs / watch / abcdef",
        "redgifs [dot] example/watch/AbcDef",
        "notredgifs[.]com/watch/AbcDef",
        "redgifs[.]com[.]example/watch/AbcDef",
    ],
)
def test_prose_is_no_disguise(text: str) -> None:
    """Sentences in which a point and a slash stand near each other lead nowhere."""
    assert found(submission(is_self=True, selftext=text)) == []


def test_fifty_links_in_one_post() -> None:
    """A post may hold as many links as it likes; each is found once, in its order, whatever it is wrapped in."""
    ids = ["".join(chr(97 + int(digit)) for digit in f"{number:05d}") for number in range(50)]
    forms = (
        "https://www.redgifs.com/watch/{}",
        "[x](https://v3.redgifs.com/watch/{})",
        "<https://redgifs.com/watch/{}>",
        "`https://redgifs.com/watch/{}`",
        ">!redgifs.com/watch/{}!<",
        "hxxps://redgifs[.]com/watch/{}",
    )
    text = "\n\n".join(forms[place % len(forms)].format(id) for place, id in enumerate(ids))
    again = "\n\n".join(f"https://redgifs.com/watch/{id.upper()}?utm_source=x" for id in reversed(ids))
    thing = submission(is_self=True, selftext=f"{text}\n\n{again}")
    assert [link.id for link in links_of(thing, find)] == ids


def test_an_edit_adds_its_link() -> None:
    """A post that is read again after an edit gives its old links under the same ids, and the new one."""
    before = submission(is_self=True, selftext="https://redgifs.com/watch/first")
    after = submission(
        is_self=True, edited=1.7e9, selftext="https://redgifs.com/watch/FIRST\n\nEdit: redgifs[.]com/watch/second"
    )
    assert [link.id for link in links_of(before, find)] == ["first"]
    assert [link.id for link in links_of(after, find)] == ["first", "second"]


@pytest.mark.parametrize("unit", ["](", ")", "a.", "](<", "](\\", "&amp;", "https://", "https://a.b/](", "]( ", "[[("])
def test_hostile_text_takes_no_time(unit: str) -> None:
    """40,000 characters made to confuse are read in well under the time a decode takes."""
    start = time.process_time()
    urls_in("https://a" + unit * (40_000 // len(unit)))
    assert time.process_time() - start < 5


def test_every_place_of_a_link_post() -> None:
    """url and url_overridden_by_dest are one link; the text adds its own, each once, in order."""
    thing = submission(
        url="https://www.redgifs.com/watch/HappyCat",
        url_overridden_by_dest="https://www.redgifs.com/watch/HappyCat",
        selftext="mirror https://v3.redgifs.com/watch/happycat and https://example.com/x and https://imgur.com/a/abcde",
    )
    assert found(thing) == [
        ("https://www.redgifs.com/watch/HappyCat", "redgifs", "happycat", "media", "url"),
        ("https://example.com/x", "", None, "unsupported", "text"),
        ("https://imgur.com/a/abcde", "imgur", "abcde", "album", "text"),
    ]
    assert {link.post for link in links_of(thing, find)} == {"t3_abc123"}


def test_text_posts_own_address_is_no_link() -> None:
    """A text post's url is its own address, which nobody posted; other permalinks stay, as pages."""
    own = "https://www.reddit.com/r/Test/comments/abc123/title/"
    assert found(submission(is_self=True, url=own)) == []
    other = "https://old.reddit.com/r/Test/comments/zzz999/title/c0mment/"
    assert found(submission(is_self=True, url=own, selftext=other)) == [(other, "reddit", "zzz999", "page", "text")]
    assert found(submission(url="https://www.reddit.com/gallery/abc123"))[0][1:4] == ("reddit", "abc123", "page")


def test_permalinks_are_pages_whatever_a_plug_says() -> None:
    """A plug that calls a gallery an album does not send the bot to fetch Reddit's own page."""
    links = links_of(
        submission(url="https://www.reddit.com/gallery/q1"), lambda _url: MediaRef(host="reddit", id="q1", kind="album")
    )
    assert [(link.host, link.id, link.kind) for link in links] == [("reddit", "q1", "page")]


def test_relative_url_of_a_crosspost() -> None:
    """A crosspost's url may be a path; the original's links come with source crosspost."""
    original = submission(url="https://i.redd.it/xyz987.gif", selftext="https://redgifs.com/watch/other")["data"]
    thing = submission(
        url="/r/Other/comments/fff111/title/", crosspost_parent_list=[original, {"url": "https://never.read"}]
    )
    assert found(thing) == [
        ("https://www.reddit.com/r/Other/comments/fff111/title/", "reddit", "fff111", "page", "url"),
        ("https://i.redd.it/xyz987.gif", "reddit", "xyz987", "media", "crosspost"),
        ("https://redgifs.com/watch/other", "redgifs", "other", "media", "crosspost"),
    ]


def test_gallery_in_its_order() -> None:
    """A gallery gives one link a medium, in the order shown; failed ones and strangers in it lose only themselves."""
    metadata = {
        "pic2": {"status": "valid", "e": "Image", "m": "image/jpg", "s": {"u": "https://preview.redd.it/pic2.jpg?s=1"}},
        "anim1": {
            "status": "valid",
            "e": "AnimatedImage",
            "m": "image/gif",
            "s": {"gif": "https://i.redd.it/anim1.gif"},
        },
        "vid3": {"status": "valid", "e": "RedditVideo", "hlsUrl": "https://v.redd.it/vid3/HLSPlaylist.m3u8?a=1"},
        "new4": {"status": "unprocessed", "e": "Image", "m": "image/png"},
        "bad5": {"status": "failed", "e": "Image", "m": "image/png"},
        "odd6": {"status": "unprocessed"},
        "jpeg7": {
            "status": "valid",
            "e": "Image",
            "m": "image/jpg",
            "s": {"u": "https://preview.redd.it/jpeg7.jpeg?s=1"},
        },
    }
    order = ["anim1", "pic2", "gone", "vid3", "new4", "bad5", "odd6", "jpeg7"]
    items: list[Any] = [{"media_id": key} for key in order]
    thing = submission(gallery_data={"items": [None, {"media_id": 3}, "x", *items]}, media_metadata=metadata)
    assert [(url, source) for url, _, _, _, source in found(thing)] == [
        ("https://i.redd.it/anim1.gif", "gallery"),
        ("https://i.redd.it/pic2.jpg", "gallery"),
        ("https://v.redd.it/vid3", "gallery"),
        ("https://i.redd.it/new4.png", "gallery"),
        ("https://i.redd.it/jpeg7.jpeg", "gallery"),
    ]


def test_null_gallery_falls_back_to_the_metadata() -> None:
    """Where gallery_data is null, every medium of the metadata still counts."""
    thing = submission(
        gallery_data=None, media_metadata={"pic1": {"status": "valid", "e": "Image", "m": "image/png", "s": {}}}
    )
    assert found(thing) == [("https://i.redd.it/pic1.png", "reddit", "pic1", "media", "media_metadata")]


def test_media_in_comments() -> None:
    """A comment's uploads and Giphy pictures are links, also those that Reddit calls invalid; emotes are none."""
    thing = {
        "kind": "t1",
        "data": {
            "name": "t1_c1",
            "body": "![img](up1) ![gif](giphy|Gif2|downsized) ![img](emote|t5_x|9)",
            "media_metadata": {
                "giphy|Gif2|downsized": {"status": "invalid"},
                "emote|t5_x|9": {"status": "valid", "e": "Image", "m": "image/png", "s": {"u": "https://e.com/9.png"}},
                "up1": {
                    "status": "valid",
                    "e": "Image",
                    "m": "image/png",
                    "s": {"u": "https://preview.redd.it/up1.png?s=1"},
                },
            },
        },
    }
    assert found(thing) == [
        ("https://media.giphy.com/media/Gif2/giphy.gif", "giphy", "gif2", "media", "text"),
        ("https://i.redd.it/up1.png", "reddit", "up1", "media", "media_metadata"),
    ]


def test_reddit_video_points_at_its_file() -> None:
    """`v.redd.it/ID` names no file; the link takes the address that the post's data give, once."""
    file = "https://v.redd.it/vid1/DASH_720.mp4?source=fallback"
    video = {"reddit_video": {"fallback_url": file, "dash_url": "https://v.redd.it/vid1/DASHPlaylist.mpd"}}
    thing = submission(url="https://v.redd.it/vid1", media=video, secure_media=video)
    assert found(thing) == [(file, "reddit", "vid1", "media", "url")]


def test_player_link_in_text_is_the_video() -> None:
    """An inline video is posted as a link to a player; it is the same medium as the upload behind it."""
    thing = submission(
        is_self=True,
        selftext="https://reddit.com/link/abc123/video/vid9/player",
        media_metadata={
            "vid9": {"status": "valid", "e": "RedditVideo", "dashUrl": "https://v.redd.it/x/vid9/DASH.mpd"}
        },
    )
    assert found(thing) == [("https://v.redd.it/vid9", "reddit", "vid9", "media", "text")]


def test_previews_only_where_nothing_better_is_known() -> None:
    """Reddit's own moving copy stands in for an unknown host's page, not beside a known one."""
    preview = {
        "images": [{"variants": {"mp4": {"source": {"url": "https://preview.redd.it/pv1.gif?format=mp4&amp;s=2"}}}}],
        "reddit_video_preview": {"fallback_url": "https://v.redd.it/pv2/DASH_480.mp4"},
    }
    for unknown in ("https://gone.example/x", "https://files.example/x.gif"):
        assert [(item[0], item[4]) for item in found(submission(url=unknown, preview=preview))] == [
            (unknown, "url"),
            ("https://v.redd.it/pv2/DASH_480.mp4", "preview"),
            ("https://preview.redd.it/pv1.gif?format=mp4&s=2", "preview"),
        ]
    assert len(found(submission(url="https://redgifs.com/watch/abc", preview=preview))) == 1


def test_page_does_not_hide_a_medium_of_the_same_id() -> None:
    """A permalink and a medium that happen to share an id are two links."""
    thing = submission(url="https://redd.it/same1", selftext="https://i.redd.it/same1.gif")
    assert [item[3] for item in found(thing)] == ["page", "media"]


def test_nothing_malformed_loses_the_rest() -> None:
    """Wrong types in every field leave the good one standing; broken URLs are kept without asking the plugs."""
    thing = submission(
        url={"a": 1}, url_overridden_by_dest="https://[::1/x", crosspost_parent_list={}, gallery_data=[],
        media_metadata=3, media="x", preview={"images": {"variants": 3}}, selftext="https://redgifs.com/watch/good",
    )  # fmt: skip
    assert [(item[0], item[3]) for item in found(thing)] == [
        ("https://[::1/x", "unsupported"),
        ("https://redgifs.com/watch/good", "media"),
    ]
    assert found(submission(url="javascript:alert(1)")) == [("javascript:alert(1)", "", None, "unsupported", "url")]


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(
    ["https://i.redd.it/a1.gif", "t3_abc", "t1_abc", "t1", "t3", "Listing", "image/gif", "RedditVideo", "giphy|abc"]
)  # fmt: skip
NAMES = (
    "kind data name id url selftext body crosspost_parent_list gallery_data items media_id media_metadata m e s u gif "
    "media reddit_video fallback_url preview images variants source children replies created_utc permalink author "
    "banned_by num_reports status is_self"
)
KEYS = st.text(max_size=8) | st.sampled_from(NAMES.split())
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=40
)


@given(JSON)
@pytest.mark.slow
def test_any_json_is_read(value: Any) -> None:
    """No JSON makes the readers raise, and a link always has a URL."""
    for thing in [value, *things_in(value)]:
        assert all(link.url for link in links_of(thing, find))
        assert post_of(thing).created.tzinfo is UTC


@given(st.dictionaries(KEYS, JSON, max_size=12))
@pytest.mark.slow
def test_a_good_link_survives_any_neighbours(data: dict[str, Any]) -> None:
    """Whatever else a post holds, a link in its text is found."""
    thing = {"kind": "t3", "data": {**data, "selftext": "https://www.redgifs.com/watch/good"}}
    assert ("redgifs", "good") in [(link.host, link.id) for link in links_of(thing, find)]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """No text makes the reader raise; what is sure is http(s)."""
    assert all(re.match("https?://", item.url, re.IGNORECASE) for item in urls_in(text))
    permalink_fullname(text)


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-_/", min_size=1, max_size=20).filter(lambda path: path[-1] not in "_")
)
def test_markup_around_a_url_does_not_change_it(path: str) -> None:
    """A URL comes out the same bare, in brackets, in angle brackets, in a link and in a spoiler."""
    url = f"https://a.example/{path}"
    for text in ("{}", "({})", "<{}>", "[x]({})", ">!{}!<", "{},", "**{}**", '"{}"', "[1]: {}", "- {}\n"):
        assert [item.url for item in urls_in(text.format(url))] == [url]


def test_things_of_a_comments_page() -> None:
    """A page of comments gives the submission, then every comment before its replies."""

    def listing(*children: Any) -> dict[str, Any]:
        return {"kind": "Listing", "data": {"children": list(children)}}

    def comment(name: str, replies: Any = "") -> dict[str, Any]:
        return {"kind": "t1", "data": {"name": name, "replies": replies}}

    more = {"kind": "more", "data": {"children": ["x", "y"]}}
    page = [
        listing(submission()),
        listing(comment("t1_a", listing(comment("t1_b", listing(comment("t1_c"))), more)), comment("t1_d")),
    ]
    assert [thing["data"]["name"] for thing in things_in(page)] == ["t3_abc123", "t1_a", "t1_b", "t1_c", "t1_d"]
    assert [thing["kind"] for thing in things_in({"name": "t1_bare", "body": "x"})] == ["t1"]
    assert list(things_in({"kind": "t5", "data": {"display_name": "x"}})) == []


@slow
def test_deep_replies_do_not_exhaust_the_stack() -> None:
    """Ten thousand levels of replies are walked."""
    thing: dict[str, Any] = {"kind": "t1", "data": {"name": "t1_z"}}
    for _ in range(10_000):
        thing = {"kind": "t1", "data": {"name": "t1_y", "replies": {"kind": "Listing", "data": {"children": [thing]}}}}
    assert sum(1 for _ in things_in(thing)) == 10_001


def test_post_of_a_submission() -> None:
    """A submission's fields arrive under our names."""
    post = post_of(submission(
        permalink="https://www.reddit.com/r/Test/comments/abc123/t/", created_utc=1.7e9, author="someone", title="T",
        author_fullname="t2_x", url="https://a.com", over_18=True, edited=1.7e9, num_reports=2, approved_by="mod",
        distinguished="moderator", link_flair_text="OC",
    ))  # fmt: skip
    assert post.fullname == "t3_abc123"
    assert post.permalink == "/r/Test/comments/abc123/t/"
    assert post.created == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (post.author, post.author_id, post.title, post.url, post.flair_text) == (
        "someone",
        "t2_x",
        "T",
        "https://a.com",
        "OC",
    )
    assert post.over_18
    assert post.edited
    assert post.author_is_moderator
    assert (post.num_reports, post.approved_by, post.removed_by_category) == (2, "mod", None)


def test_post_of_a_comment() -> None:
    """A comment carries its submission's title and no url; who removed it tells the category."""
    data = {"name": "t1_c", "body": "text", "link_title": "T", "link_url": "https://a.com", "author": "[deleted]"}
    post = post_of({"kind": "t1", "data": data})
    assert (post.is_comment, post.title, post.body, post.url, post.author) == (True, "T", "text", None, None)
    for extra, category in (
        ({"banned_by": "mod"}, "moderator"),
        ({"banned_by": True}, "reddit"),
        ({"removed": True}, "moderator"),
        ({"body": "[deleted]"}, "deleted"),
        ({"body": "[removed]"}, "moderator"),
        ({}, None),
    ):
        assert post_of({"kind": "t1", "data": {**data, **extra}}).removed_by_category == category


@pytest.mark.parametrize(
    ("url", "fullname"),
    [
        ("https://www.reddit.com/r/x/comments/abc12/a_title/", "t3_abc12"),
        ("https://old.reddit.com/r/x/comments/ABC12/a_title/?context=3", "t3_abc12"),
        ("http://np.reddit.com/r/x/comments/abc12", "t3_abc12"),
        ("https://redd.it/abc12", "t3_abc12"),
        ("https://www.reddit.com/gallery/abc12", "t3_abc12"),
        ("https://www.reddit.com/comments/abc12", "t3_abc12"),
        ("https://www.reddit.com/user/me/comments/abc12/t/", "t3_abc12"),
        ("https://www.reddit.com/r/x/comments/abc12/a_title/c0ffee/", "t1_c0ffee"),
        ("https://www.reddit.com/r/x/comments/abc12/comment/c0ffee/", "t1_c0ffee"),
        ("https://www.reddit.com/r/x/comments/abc12/t/c0ffee.json", "t1_c0ffee"),
        ("https://www.reddit.com/r/x/comments/abc12.json", "t3_abc12"),
        ("https://www.reddit.com/r/x/comments/abc12/七海/", "t3_abc12"),
        ("/r/x/comments/abc12/t/", "t3_abc12"),
        ("reddit.com/r/x/comments/abc12/t/", "t3_abc12"),
        ("https://www.reddit.com/r/x/s/AbCdEf1234", None),
        ("https://www.reddit.com/r/comments/", None),
        ("https://www.reddit.com/user/me/comments/", None),
        ("https://i.redd.it/abc12.gif", None),
        ("https://redd.it/r/x", None),
        ("https://reddit.com.evil.example/r/x/comments/abc12", None),
        ("https://evil.example/r/x/comments/abc12", None),
        ("ftp://www.reddit.com/r/x/comments/abc12", None),
        ("https://[::1/comments/abc12", None),
        ("", None),
    ],
)
def test_permalink_forms(url: str, fullname: str | None) -> None:
    """Every form of a permalink names its thing; look-alikes and share links name none."""
    assert permalink_fullname(url) == fullname


@pytest.mark.parametrize(
    ("listed", "reports"),
    [
        ([["Fakes &amp; co", "anna"], ["spam", 3, False, True]], [("Fakes & co", "anna"), ("spam", "")]),
        ([["lonely"], 7, None, [], [None, "anna"], {"0": "x"}, "text", [5, "anna"]], [("lonely", "")]),
        ([["gone", None], ["half \ud83d", "anna"]], [("gone", ""), ("half \ufffd", "anna")]),
        ((("a tuple", "anna"),), [("a tuple", "anna")]),
        ({"spam": 1}, []),
        (None, []),
    ],
)
def test_reports_are_read_one_way(listed: Any, reports: list[tuple[str, str]]) -> None:
    """A report is its reason and the moderator's name; users' have no name, and what is none is passed over."""
    found = reports_in({"mod_reports": listed}, "mod_reports")
    assert [(report.reason, report.by) for report in found] == reports


@given(JSON)
@pytest.mark.slow
def test_any_list_of_reports_is_read(value: Any) -> None:
    """Whatever stands where reports are listed, reading it never fails and gives text."""
    for report in reports_in({"user_reports": value}, "user_reports"):
        assert isinstance(report.reason, str)
        assert isinstance(report.by, str)


def test_an_endless_address_is_kept_as_far_as_one_can_be() -> None:
    """A post's own address is cut where a link's is."""
    url = "https://example.org/" + "a" * 10_000
    assert post_of(submission(url=url)).url == url[:LONGEST]


@pytest.mark.parametrize("number", ["1" * 5000, "0" * 5000 + "65"], ids=["high", "zeros"])
def test_a_character_by_an_endless_number_is_one_that_is_not_known(number: str) -> None:
    """In a report's reason and in a tag of a host's page: Python refuses to read a number of so many digits."""
    assert reports_in({"user_reports": [[f"a &#{number}; b", 1]]}, "user_reports")[0].reason == "a \ufffd b"
    assert attributes(f'alt="&#{number};"') == {"alt": "\ufffd"}
