"""Hosts of posts and the picture hosts beside them: what is fetched behind a link, against loopback."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    UnsupportedError,
)
from bot.hosts import get
from bot.hosts.x import token
from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Response, json_response
from tests.host_pages import PagePark
from tests.host_posts import (
    CID,
    DID,
    RECORD,
    STATUS,
    WATCH,
    X_KEY,
    add_bluesky,
    add_imgbox,
    add_imgbox_gallery,
    add_pixhost,
    add_pixhost_gallery,
    add_x,
    bluesky_picture,
    bluesky_upload,
    bluesky_video,
    x_picture,
    x_video,
)
from tests.host_world import LARGE, SMALL, HostClient


def test_general_hosts_are_no_sexual_context() -> None:
    """Hosts that anybody uses for anything say nothing about what is shown."""
    assert not [name for name in ("x", "imgbox", "pixhost", "bluesky") if (plug := get(name)) is None or plug.adult]


# X


@pytest.mark.parametrize(
    ("id", "told"),
    [("1585341984679469056", "3uchycv2wqc"), ("896523232098078720", "268idzvehmw"), ("20", "6dq1a2xwd93")],
)
def test_x_wants_the_token_that_javascript_computes(id: str, told: str) -> None:
    """The token is the one that browsers send for the same id."""
    assert token(id) == told


def test_x_statuses_give_all_their_media(park: PagePark, client: HostClient) -> None:
    """Pictures in a useful size with the original, the smallest useful video, a GIF's file; quoted media follow."""
    quoted = {"id_str": "7", "mediaDetails": [x_picture(park, "QuOtEdPiCtUrEsX", b"quoted")]}
    url = add_x(
        park,
        STATUS,
        x_picture(park, X_KEY, SMALL),
        x_video(park, "1111111111", {(480, 270): b"tiny", (854, 480): SMALL, (1920, 1080): LARGE}),
        x_video(park, "GiFgIfGiFgIfGiF", {(640, 480): b"gif"}, gif=True),
        quoted_tweet=quoted,
    )
    got = client.get(url, want_original=True).media
    assert [(one.data, one.original) for one in got] == [
        (SMALL, None), (SMALL, LARGE), (b"gif", None), (b"quoted", None),
    ]  # fmt: skip
    asked = [request for request in park.log if request.host == "cdn.syndication.twimg.com"]
    assert [(one.query["id"], one.query["token"]) for one in asked] == [(STATUS, token(STATUS))]
    names = [request.query["name"] for request in park.log if request.path == f"/media/{X_KEY}"]
    assert names == ["small", "orig"]


def test_x_is_asked_and_no_mirror_of_it(park: PagePark, client: HostClient) -> None:
    """Whatever mirror or form of address a post has, X alone is asked, for the same status."""
    add_x(park, STATUS, x_picture(park, X_KEY, SMALL))
    for url in (
        f"https://fxtwitter.com/example/status/{STATUS}",
        f"https://nitter.net/example/status/{STATUS}#m",
        f"https://out.reddit.com/t3_1a?url=https%3A%2F%2Fvxtwitter.com%2Fi%2Fstatus%2F{STATUS}",
        f"https://twitter.com/i/web/status/{STATUS}/photo/1",
    ):
        assert client.get(url).media[0].data == SMALL
    assert {request.host for request in park.log} == {"cdn.syndication.twimg.com", "pbs.twimg.com"}


def test_x_files_are_fetched_by_their_own_links(park: PagePark, client: HostClient) -> None:
    """A link to a file in any size leads to the picture or video itself; the still of a GIF to the GIF."""
    x_picture(park, X_KEY, LARGE)
    park.put_file("video.twimg.com", f"/tweet_video/{X_KEY}.mp4", SMALL)
    for form in (f"{X_KEY}?format=jpg&name=thumb", f"{X_KEY}.jpg:thumb", f"{X_KEY}.png"):
        assert client.get(f"https://pbs.twimg.com/media/{form}").media[0].data == LARGE
    assert {request.query["name"] for request in park.log} == {"medium"}
    assert client.get(f"https://pbs.twimg.com/tweet_video_thumb/{X_KEY}.jpg").media[0].data == SMALL
    assert client.get(f"https://video.twimg.com/tweet_video/{X_KEY}.mp4").media[0].data == SMALL


def test_x_short_links_are_followed_within_x(park: PagePark, client: HostClient) -> None:
    """A short link is asked where it leads; what is not X is not contacted, what is no status is no media."""
    status = add_x(park, STATUS, x_picture(park, X_KEY, SMALL))
    park.put("t.co", "/AbCdEfGhIj", redirect(f"{status}/photo/1", 301))
    park.put("x.com", f"/example/status/{STATUS}/photo/1", web_page())
    assert client.get("https://t.co/AbCdEfGhIj").media[0].data == SMALL
    park.put("t.co", "/AbCdEfGhIj", redirect("https://elsewhere.example.net/a"))
    with pytest.raises(BlockedError):
        client.get("https://t.co/AbCdEfGhIj")
    park.put("t.co", "/AbCdEfGhIj", redirect("https://x.com/example"))
    park.put("x.com", "/example", web_page())
    with pytest.raises(UnsupportedError, match="page of x"):
        client.get("https://t.co/AbCdEfGhIj")
    assert "elsewhere.example.net" not in {request.host for request in park.log}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Age-restricted adult content. This content might not be appropriate for people under 18 years old. To view "
         "this media, you'll need to log in to X. Learn more", NeedsTokenError),
        ("You're unable to view this Post because this account owner limits who can view their Posts.",
         NeedsTokenError),
        ("This Post was deleted by the Post author. Learn more", GoneError),
        ("This Post is from a suspended account. Learn more", GoneError),
        ("This Post is from an account that no longer exists. Learn more", GoneError),
        ("This Post violated the X Rules. Learn more", GoneError),
        ("This Post from @example has been withheld in Germany in response to a legal demand", BlockedError),
        ("This Post is unavailable. Learn more", BlockedError),
        ("", BlockedError),
    ],
)  # fmt: skip
def test_x_says_why_a_status_is_not_shown(
    park: PagePark, client: HostClient, words: str, error: type[AcquireError]
) -> None:
    """Only what X calls deleted or suspended is gone: a login wall and words that are not known say nothing of it."""
    for told in ({"text": {"text": words, "entities": [], "rtl": False}}, {"text": words}):
        url = add_x(park, STATUS, __typename="TweetTombstone", tombstone=told)
        with pytest.raises(AcquireError) as caught:
            client.get(url)
        assert type(caught.value) is error


def withdrawn(detail: dict[str, Any], reason: str) -> dict[str, Any]:
    return detail | {"ext_media_availability": {"status": "Unavailable", "reason": reason}}


def test_x_leaves_out_media_that_it_does_not_show(park: PagePark, client: HostClient) -> None:
    """Media that X withdrew are left out; if all were, it is gone only where X says that they were taken down."""
    shown, other = x_picture(park, X_KEY, SMALL), x_picture(park, "OtHeRpIcTuReSxX", LARGE)
    assert len(client.get(add_x(park, STATUS, withdrawn(other, "Dmcaed"), shown)).media) == 1
    for reason, error in (("Dmcaed", GoneError), ("Geoblocked", BlockedError)):
        with pytest.raises(error):
            client.get(add_x(park, STATUS, withdrawn(other, reason)))


@pytest.mark.parametrize(
    ("told", "error", "match"),
    [
        ({}, UnsupportedError, "no picture or video"),
        ({"photos": [{"url": "https://pbs.twimg.com/media/a.jpg"}]}, HostChangedError, "mediaDetails"),
        ({"mediaDetails": [{"type": "hologram"}]}, HostChangedError, "kind of media"),
        ({"mediaDetails": [{"type": "photo", "media_url_https": "https://elsewhere.example.net/a.jpg"}]},
         HostChangedError, "no file of its own"),
        ({"mediaDetails": [{"type": "video", "video_info": {"variants": [
            {"content_type": "video/mp4", "url": "https://video.twimg.com.example.net/tweet_video/abcdefgh.mp4"}]}}]},
         HostChangedError, "no file of its own"),
        ({"mediaDetails": [{"type": "video", "video_info": {"variants": [
            {"content_type": "application/x-mpegURL", "url": "https://video.twimg.com/a.m3u8"}]}}]},
         UnsupportedError, "stream"),
    ],
)  # fmt: skip
def test_x_without_media_of_its_own(
    park: PagePark, client: HostClient, told: dict[str, Any], error: type[AcquireError], match: str
) -> None:
    """Text alone is no media; another shape, a stranger's server and a bare stream are each told in a sentence."""
    with pytest.raises(error, match=match):
        client.get(add_x(park, STATUS, **told))


def test_x_suspended_accounts_come_without_their_names(park: PagePark, client: HostClient) -> None:
    """An answer without an account and without media is no word that the status is gone, and no alarm."""
    url = add_x(park, STATUS)
    park.put("cdn.syndication.twimg.com", "/tweet-result", web_page('{"__typename": "Tweet", "id_str": "1"}'))
    with pytest.raises(BlockedError, match="suspended"):
        client.get(url)


# Bluesky


def test_bluesky_posts_give_all_their_media(park: PagePark, client: HostClient) -> None:
    """Pictures of a post and of what it quotes, by handle or account, each with the upload as the original."""
    quoted = {
        "$type": "app.bsky.embed.record#viewRecord",
        "author": {"did": DID},
        "embeds": [{"$type": "app.bsky.embed.images#view", "images": [bluesky_picture(park, CID, SMALL)]}],
    }
    url = add_bluesky(park, bluesky_picture(park, f"{CID}2", b"own", LARGE), by="example.bsky.social", quoted=quoted)
    got = client.get(url, want_original=True).media
    assert [(one.data, one.original) for one in got] == [(b"own", LARGE), (SMALL, LARGE)]
    asked = [(request.path.rpartition(".")[2], request.query) for request in park.log if "public.api" in request.host]
    assert asked == [
        ("resolveHandle", {"handle": "example.bsky.social"}),
        ("getPosts", {"uris": f"at://{DID}/app.bsky.feed.post/{RECORD}"}),
    ]
    many = [bluesky_picture(park, f"{CID}{place}", b"%d" % place) for place in range(2, 8)]
    assert [one.data for one in client.get(add_bluesky(park, *many)).media] == [b"2", b"3", b"4", b"5", b"6", b"7"]
    assert len(client.get(add_bluesky(park, quoted=quoted)).media) == 1


def test_bluesky_videos_come_as_they_were_uploaded(park: PagePark, client: HostClient) -> None:
    """The upload is fetched where Bluesky has it; else the parts of the smallest useful rendition of the stream."""
    url = add_bluesky(park, bluesky_video(park, CID, [b"S", b"mal", b"l"], LARGE))
    assert client.get(url).media[0].data == LARGE
    park.put("bsky.social", "/xrpc/com.atproto.sync.getBlob", Response(status=400))
    for form in (url, f"https://video.cdn.bsky.app/hls/{DID}/{CID}/thumbnail.jpg"):
        assert client.get(form).media[0].data == b"Small"
    parts = [path for path in park.paths("video.bsky.app") if path.endswith(".ts")]
    assert parts[:3] == [f"{WATCH}{CID}/720p/video{place}.ts" for place in range(3)]


def test_bluesky_files_are_fetched_by_their_own_links(park: PagePark, client: HostClient) -> None:
    """A link to a picture in any size leads to the same picture."""
    bluesky_picture(park, CID, SMALL)
    bluesky_upload(park, LARGE, "image/png")
    for form in (f"img/feed_fullsize/plain/{DID}/{CID}@jpeg", f"img/feed_thumbnail/plain/{DID}/{CID}@png"):
        (one,) = client.get(f"https://cdn.bsky.app/{form}", want_original=True).media
        assert (one.data, one.original) == (SMALL, LARGE)


@pytest.mark.parametrize(
    ("embed", "error", "match"),
    [
        (None, UnsupportedError, "no picture or video"),
        ({"$type": "app.bsky.embed.external#view", "external": {"uri": "https://media.tenor.com/a.gif"}},
         UnsupportedError, "no picture or video"),
        ({"$type": "app.bsky.embed.record#view", "record": {"$type": "app.bsky.embed.record#viewNotFound",
          "uri": "at://x", "notFound": True}}, UnsupportedError, "no picture or video"),
        ({"$type": "app.bsky.embed.record#view", "record": {"$type": "app.bsky.embed.record#viewBlocked",
          "uri": "at://x", "blocked": True, "author": {"did": DID}}}, UnsupportedError, "no picture or video"),
        ({"$type": "app.bsky.embed.hologram#view"}, HostChangedError, "kind of media"),
        ({"$type": "app.bsky.embed.images#view", "images": [{"fullsize": "https://elsewhere.example.net/a.jpg"}]},
         HostChangedError, "no file of its own"),
        ({"$type": "app.bsky.embed.video#view", "cid": CID, "playlist": "https://elsewhere.example.net/a.m3u8"},
         HostChangedError, "no file of its own"),
        ({"$type": "app.bsky.embed.video#view", "playlist": "https://video.bsky.app/watch/a/b/playlist.m3u8"},
         HostChangedError, "without its id"),
    ],
)  # fmt: skip
def test_bluesky_without_media_of_its_own(
    park: PagePark, client: HostClient, embed: dict[str, Any] | None, error: type[AcquireError], match: str
) -> None:
    """Text, link cards and quotes of what is not shown are no media; another shape is told; nobody else is asked."""
    url = add_bluesky(park)
    post = {"uri": "at://x", "author": {"did": DID}, "embed": embed}
    park.put("public.api.bsky.app", "/xrpc/app.bsky.feed.getPosts", json_response({"posts": [post]}))
    with pytest.raises(error, match=match):
        client.get(url)
    assert {request.host for request in park.log} == {"public.api.bsky.app"}


def test_bluesky_says_what_is_gone(park: PagePark, client: HostClient) -> None:
    """A post that is not there is gone; an account whose name is not known may have another, so it is not."""
    url = add_bluesky(park, by="example.bsky.social")
    park.put("public.api.bsky.app", "/xrpc/app.bsky.feed.getPosts", json_response({"posts": []}))
    with pytest.raises(GoneError):
        client.get(url)
    unknown = json_response({"error": "InvalidRequest", "message": "Unable to resolve handle"}, status=400)
    park.put("public.api.bsky.app", "/xrpc/com.atproto.identity.resolveHandle", unknown)
    with pytest.raises(BlockedError, match="no account"):
        client.get(url)


@pytest.mark.parametrize(
    "name", ["../720p/video.m3u8", "https://elsewhere.example.net/a/b.m3u8", "/a/b.m3u8", "b.m3u8"]
)
def test_bluesky_streams_name_only_folders_beside_them(park: PagePark, client: HostClient, name: str) -> None:
    """A playlist that names another place than a folder of its own is refused, and nothing of it is fetched."""
    url = add_bluesky(park, bluesky_video(park, CID, [SMALL], LARGE))
    master = f"#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=640x480\n{name}"
    park.put("video.bsky.app", f"{WATCH}{CID}/playlist.m3u8", Response(body=master.encode()))
    with pytest.raises(HostChangedError, match="other places"):
        client.get(url)
    assert park.paths("video.bsky.app") == [f"{WATCH}{CID}/playlist.m3u8"]


# picture hosts


def test_imgbox_galleries_and_old_links(park: PagePark, client: HostClient) -> None:
    """A gallery's files are known by its previews; previews and old addresses lead to the picture by its page."""
    files = {"aB3dE5gH": b"one", "Zy9Xw8Vu": b"two"}
    url = add_imgbox_gallery(park, "aB3dE5gHjK", files)
    assert [one.data for one in client.get(url).media] == [b"one", b"two"]
    assert park.paths("imgbox.com") == ["/g/aB3dE5gHjK"]
    for form in ("https://thumbs2.imgbox.com/0a/1b/aB3dE5gH_t.png", "http://i.imgbox.com/aB3dE5gH.png"):
        assert client.get(form).media[0].data == b"one"
    assert {request.host for request in park.log} == {"imgbox.com", "images2.imgbox.com"}


@pytest.mark.parametrize(
    ("path", "page", "error"),
    [
        ("/aB3dE5gH", "<span>The image in question does not exist.</span>", GoneError),
        ("/aB3dE5gH", "<p>The image has been deleted due to a DMCA complaint.</p>", GoneError),
        ("/g/aB3dE5gHjK", "<p>The specified gallery could not be found.</p>", GoneError),
        ("/g/aB3dE5gHjK", '<h1>heron - 0 images</h1><div id="gallery-view-content"></div>', GoneError),
        ("/g/aB3dE5gHjK", '<div id="gallery-view-content"><img src="https://thumbs2.imgbox.com.example.net/0a/1b/'
         'aB3dE5gH_b.png"></div>', GoneError),
        ("/aB3dE5gH", '<img id="img" src="https://elsewhere.example.net/a.png">', HostChangedError),
        ("/aB3dE5gH", "<p>heron</p>", HostChangedError),
    ],
)  # fmt: skip
def test_imgbox_says_what_is_gone(
    park: PagePark, client: HostClient, path: str, page: str, error: type[AcquireError]
) -> None:
    """What imgbox says was removed is gone, though it says so with status 200; strangers' pictures are not fetched."""
    park.put("imgbox.com", path, web_page(page))
    with pytest.raises(error):
        client.get(f"https://imgbox.com{path}")
    assert {request.host for request in park.log} == {"imgbox.com"}


def test_imgbox_shows_some_to_members_only(park: PagePark, client: HostClient) -> None:
    """A page that leads to the login wants a credential; it is not gone."""
    park.put("imgbox.com", "/aB3dE5gH", redirect("https://imgbox.com/login"))
    park.put("imgbox.com", "/login", web_page())
    with pytest.raises(NeedsTokenError):
        client.get(add_imgbox(park, "Zy9Xw8Vu", SMALL).replace("Zy9Xw8Vu", "aB3dE5gH"))


@pytest.mark.parametrize("domain", ["pixhost.to", "pixhost.cc"])
def test_pixhost_is_asked_where_the_link_leads(park: PagePark, client: HostClient, domain: str) -> None:
    """Pages and galleries come from the domain of the link; a preview tells where its file is, without a page."""
    gallery = add_pixhost_gallery(park, "aB3dE", {"123456789": b"one", "223456789": b"two"}, domain)
    assert [one.data for one in client.get(gallery).media] == [b"one", b"two"]
    assert client.get(add_pixhost(park, "323456789", SMALL, domain)).media[0].data == SMALL
    asked = len(park.paths(domain))
    assert client.get(f"https://t33.{domain}/thumbs/190/123456789_heron.png").media[0].data == b"one"
    assert len(park.paths(domain)) == asked
    assert {request.host for request in park.log} == {domain, f"img33.{domain}"}


def test_pixhost_says_what_is_gone(park: PagePark, client: HostClient) -> None:
    """A page that says so and an empty gallery are removed; links of the old domain are asked for on the new."""
    link = add_pixhost(park, "123456789", SMALL).replace("pixhost.to", "pixhost.org")
    assert client.get(link).media[0].data == SMALL
    park.put("pixhost.to", "/show/190/123456789_heron.png", web_page("<p>Picture doesn't exist!</p>"))
    for url in (link, add_pixhost_gallery(park, "aB3dE", {})):
        with pytest.raises(GoneError):
            client.get(url)
