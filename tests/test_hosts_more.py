"""The hosts beyond the first: a table of URLs for each, and what is fetched, against loopback."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    TryLaterError,
    UnsupportedError,
)
from bot.hosts import HOSTS, find, get
from bot.hosts.pages import meta, tags
from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Response
from bot.model import Link
from tests.host_pages import PagePark
from tests.host_world import HERON, HERON_KEY, LARGE, SMALL, HostClient

# URLs: (url, id, kind), the host by the key

URLS: dict[str, list[tuple[str, str | None, str]]] = {
    "gfycat": [
        ("http://gfycat.com/QuietGreenHeron", "quietgreenheron", "media"),
        ("https://gfycat.com/quietgreenheron-hi-bye-sad-nba", "quietgreenheron", "media"),
        ("https://gfycat.com/ifr/QuietGreenHeron?hd=1", "quietgreenheron", "media"),
        ("https://gfycat.com/pt-BR/gifs/detail/quietgreenheron", "quietgreenheron", "media"),
        ("https://zippy.gfycat.com/QuietGreenHeron.webm", "quietgreenheron", "media"),
        ("https://thumbs.gfycat.com/QuietGreenHeron-max-1mb.gif", "quietgreenheron", "media"),
        ("https://gfycat.com/@example/collections/ab/cd", None, "page"),
        ("https://gfycat.com/gifs/tag/heron", None, "page"),
        ("https://gfycat.com/discover/trending", None, "page"),
        ("https://gfycat.com/terms", None, "page"),
    ],
    "giphy": [
        ("https://www.giphy.com/gifs/example-quiet-aB3dE5gH7jK9m?utm=x", "aB3dE5gH7jK9m", "media"),
        ("https://giphy.com/stickers/quiet-aB3dE5gH7jK9m", "aB3dE5gH7jK9m", "media"),
        ("https://media4.giphy.com/media/v1.Y2lkPTc5MGI3/aB3dE5gH7jK9m/giphy-downsized.gif", "aB3dE5gH7jK9m", "media"),
        ("https://i.giphy.com/media/aB3dE5gH7jK9m/giphy.webp", "aB3dE5gH7jK9m", "media"),
        ("https://media.giphy.com/avatars/example/aB3dE5gH7jK9m.gif", None, "page"),
        ("https://giphy.com/explore/heron", None, "page"),
        ("https://giphy.com/gifs/", None, "page"),
        ("https://gph.is/", None, "page"),
    ],
    "tenor": [
        ("https://tenor.com/view/%E9%B7%BA-gif-26058046", "26058046", "media"),
        ("https://www.tenor.com/view/heron-gif-26058046#x", "26058046", "media"),
        (f"https://media.tenor.com/{HERON_KEY}AAAPo/quiet.mp4", HERON, "media"),
        (f"https://media.tenor.com/{HERON_KEY}AAAAd", HERON, "media"),
        ("https://media.tenor.com/images/0123456789abcdef0123456789abcdef/tenor.gif", "0123456789abcdef" * 2, "media"),
        ("https://tenor.com/ja/search/heron-gifs", None, "page"),
        ("https://tenor.com/official/example", None, "page"),
        ("https://tenor.com/view/heron", None, "page"),
    ],
    "streamable": [
        ("https://streamable.com/moo", "moo", "media"),
        ("https://streamable.com/o/ab3de", "ab3de", "media"),
        ("https://streamable.com/ab3de?src=player-page-share", "ab3de", "media"),
        ("https://streamable.com/signup", None, "page"),
        ("https://streamable.com/user/example", None, "page"),
        ("https://support.streamable.com/article/75", None, "page"),
    ],
    "catbox": [
        ("https://de.catbox.moe/ab3de5.jpg", "ab3de5.jpg", "media"),
        ("https://files.catbox.moe/AB3de5.GIF", "AB3de5.GIF", "media"),
        ("https://www.catbox.moe/c/ab3de5#", "ab3de5", "album"),
        ("https://files.catbox.moe/ab3de5.zip", "ab3de5.zip", "unsupported"),
        ("https://litterbox.catbox.moe/", None, "page"),
        ("https://catbox.moe/c/", None, "page"),
    ],
    "tumblr": [
        ("http://example.tumblr.com/post/459265350", "459265350", "album"),
        ("https://www.tumblr.com/blog/example/123456789012", "123456789012", "album"),
        ("https://tumblr.com/example/123456789012", "123456789012", "album"),
        (
            f"https://64.media.tumblr.com/{'0f' * 16}/00ff00ff00ff-c1/s640x960/{'ab' * 20}.jpg",
            f"{'0f' * 16}-00ff00ff00ff-c1",
            "media",
        ),
        (f"https://66.media.tumblr.com/{'0f' * 16}/tumblr_ab3de5_r1_1280.png", "tumblr_ab3de5", "media"),
        ("https://example.tumblr.com/", None, "page"),
        ("https://example.tumblr.com/archive/123456789012", None, "page"),
        ("https://www.tumblr.com/tagged/123456789012", None, "page"),
        ("https://assets.tumblr.com/images/media_violation/community_guidelines_v1_1280.png", None, "page"),
    ],
    "postimg": [
        ("https://postimg.org/aB3dE5gH", "aB3dE5gH", "media"),
        ("https://s12.postimg.org/aB3dE5gH/heron.jpg", "aB3dE5gH", "media"),
        ("https://postimg.cc/gallery/aB3dE5g/0123abcd", "aB3dE5g", "album"),
        ("https://postimg.cc/gallery", None, "page"),
        ("https://postimages.org/de", None, "page"),
        ("https://i.postimg.cc/aB3dE5gH/heron.zip", None, "page"),
    ],
    "gyazo": [
        (f"https://gyazo.com/{'0f' * 16}.png", "0f" * 16, "media"),
        (f"https://i.gyazo.com/{'0f' * 16}.mp4", "0f" * 16, "media"),
        ("https://gyazo.com/login", None, "page"),
        ("https://thumb.gyazo.com/thumb/1200/ab.cd.ef.jpg", None, "page"),
    ],
    "imgchest": [
        ("https://www.imgchest.com/p/ab3de5gh7jk#0", "ab3de5gh7jk", "album"),
        ("https://imgchest.com/u/example", None, "page"),
        ("https://cdn.imgchest.com/avatars/ab3de5gh7jk.png", None, "page"),
    ],
    "imgbb": [
        ("https://ibb.co.com/aB3dE5gH", "aB3dE5gH", "media"),
        ("https://i.ibb.co/aB3dE5gH/a-b.jpg", "aB3dE5gH", "media"),
        ("https://ibb.co/album/aB3dE5", "aB3dE5", "album"),
        ("https://ibb.co/login", None, "page"),
        ("https://example.imgbb.com/?page=2", None, "page"),
    ],
    "discord": [
        (f"https://media.discordapp.net/attachments/{'1' * 18}/{'2' * 18}/a.gif?ex=1&is=1&hm=1", "2" * 18, "media"),
        (f"https://cdn.discordapp.com/ephemeral-attachments/{'1' * 18}/{'2' * 19}/a.webm", "2" * 19, "media"),
        (f"https://cdn.discordapp.com/attachments/{'1' * 18}/{'2' * 18}/a.pdf", "2" * 18, "unsupported"),
        (f"https://discord.com/channels/{'1' * 18}/{'2' * 18}/{'3' * 18}", None, "page"),
        (f"https://cdn.discordapp.com/avatars/{'1' * 18}/00ff.gif", None, "page"),
    ],
}


@pytest.mark.parametrize(
    ("host", "url", "id", "kind"), [(host, *row) for host, rows in URLS.items() for row in rows], ids=lambda v: str(v)
)
def test_urls_are_read_as_the_table_says(host: str, url: str, id: str | None, kind: str) -> None:
    """Each form of link has its host, its canonical id and its kind; profiles and searches are pages."""
    found = find(url)
    assert found is not None
    assert (found.host, found.id, found.kind) == (host, id, kind)


@given(st.sampled_from([domain for host in HOSTS for domain in host.domains]), st.text(max_size=60))
def test_strange_paths_never_raise(domain: str, text: str) -> None:
    """Whatever stands behind a host's name, it is read as something of that host or as nothing."""
    for server in ("", "www.", "i.", "media1.", "cdn."):
        found = find(f"https://{server}{domain}/{text}")
        assert found is None or found.kind in ("media", "album", "page", "unsupported")


@given(st.text(alphabet="<>=\"' ametscript:og-/\n", max_size=300))
def test_reading_tags_never_raises(text: str) -> None:
    """A page of any shape gives attributes or nothing."""
    assert all(isinstance(value, str) for tag in tags(text, "meta") for value in tag.values())
    meta(text, "og:image")


def test_reading_tags_is_linear() -> None:
    """Megabytes of hostile markup are read without trying the same characters again and again."""
    for piece in ("<meta ", "a", 'a="', "<meta a=", " a ", "='"):
        assert list(tags("<meta " + piece * (1_000_000 // len(piece)), "script")) == []
        meta("<meta " + piece * (1_000_000 // len(piece)) + ">", "og:image")


# what is fetched


def test_gfycat_lives_on_at_redgifs(park: PagePark, client: HostClient) -> None:
    """A gfycat id is fetched from redgifs, with redgifs' token; one that is not there is gone."""
    park.add_redgifs("QuietGreenHeron", sd=SMALL, hd=LARGE, width=1920, height=1080)
    assert client.get("https://gfycat.com/quietgreenheron").media[0].data == SMALL
    client.get("https://www.redgifs.com/watch/quietgreenheron")
    assert park.paths("api.redgifs.com").count("/v2/auth/temporary") == 1
    with pytest.raises(GoneError, match="gfycat has closed"):
        client.get("https://gfycat.com/neverwasthere")
    assert not [request for request in park.log if "gfycat" in request.host]


def test_gfycat_rests_with_redgifs(park: PagePark, build: Callable[..., HostClient]) -> None:
    """What redgifs refuses is refused for gfycat too: a rate limit, and being switched off."""
    park.add_redgifs("QuietGreenHeron", hd=LARGE)
    client = build()
    park.fail_once("api.redgifs.com", None, 429)
    for url in ("https://redgifs.com/watch/quietgreenheron", "https://gfycat.com/quietgreenheron"):
        with pytest.raises(TryLaterError):
            client.get(url)
    assert len(park.log) == 1
    with pytest.raises(BlockedError, match=r"enabled = true in \[hosts\.redgifs\]"):
        build(redgifs={"enabled": False}).get("https://gfycat.com/quietgreenheron")
    assert len(park.log) == 1


def test_giphy_files_need_no_page(park: PagePark, client: HostClient) -> None:
    """Every form leads to the same two files: the video, and the GIF as the original."""
    url = park.add_giphy("aB3dE5gH7jK9m", gif=LARGE, mp4=SMALL)
    for form in (url, "https://media3.giphy.com/media/v1.Y2lkPTc5/aB3dE5gH7jK9m/giphy.gif"):
        (media,) = client.get(form, want_original=True).media
        assert (media.data, media.original) == (SMALL, LARGE)
    assert {request.host for request in park.log} == {"i.giphy.com"}


def test_giphy_short_links_are_followed(park: PagePark, client: HostClient) -> None:
    """A short link is asked where it leads; one that leads to no clip is no media."""
    park.add_giphy("aB3dE5gH7jK9m", gif=LARGE, mp4=SMALL)
    assert client.get(park.add_giphy_short("ab3de", "aB3dE5gH7jK9m")).media[0].data == SMALL
    park.put("giphy.com", "/", web_page())
    park.put("gph.is", "/g/home1", redirect("https://giphy.com/"))
    with pytest.raises(UnsupportedError):
        client.get("https://gph.is/g/home1")


def test_tenor_reads_the_data_of_its_page(park: PagePark, client: HostClient) -> None:
    """The page names the files; a short link leads to the page; a file's own link needs none."""
    url = park.add_tenor(HERON, HERON_KEY, gif=LARGE, mp4=SMALL, short="aB3dE5g")
    for form in (url, "https://tenor.com/aB3dE5g.gif"):
        (media,) = client.get(form, want_original=True).media
        assert (media.data, media.original) == (SMALL, LARGE)
    asked = len(park.paths("tenor.com"))
    assert client.get(f"https://media1.tenor.com/m/{HERON_KEY}AAAAC/heron.gif").media[0].data == LARGE
    assert len(park.paths("tenor.com")) == asked
    assert find(url) == find(f"https://c.tenor.com/{HERON_KEY}AAAAC/heron.gif")


def test_tenor_without_the_clip_is_gone(park: PagePark, client: HostClient) -> None:
    """A page that carries no result is that of a removed clip."""
    page = '<script id="store-cache" type="text/x-cache">{"gifs": {"byId": {"12345678": {"results": []}}}}</script>'
    park.put("tenor.com", "/view/12345678", web_page(page))
    with pytest.raises(GoneError):
        client.get("https://tenor.com/view/heron-gif-12345678")


def test_streamable_takes_the_smallest_file_that_serves(park: PagePark, client: HostClient) -> None:
    """Sizes decide between the files; addresses without a scheme are completed."""
    wide = park.add_streamable("ab3de", {"mp4": (LARGE, 1920, 1080), "mp4-mobile": (SMALL, 854, 480)})
    (media,) = client.get(wide, want_original=True).media
    assert (media.data, media.original) == (SMALL, LARGE)
    small = park.add_streamable("fg4hi", {"mp4": (LARGE, 1280, 720), "mp4-mobile": (SMALL, 640, 360)})
    assert client.get(small).media[0].data == LARGE


@pytest.mark.parametrize(
    ("status", "error"), [(0, TryLaterError), (1, TryLaterError), (3, GoneError), (9, HostChangedError)]
)
def test_streamable_states(park: PagePark, client: HostClient, status: int, error: type[AcquireError]) -> None:
    """A video that is not ready is worth another try, a failed one is gone, an unknown state is a changed host."""
    url = park.add_streamable("ab3de", {"mp4": (SMALL, 640, 360)}, status=status)
    with pytest.raises(error, match="streamable"):
        client.get(url)


def test_catbox_files_and_albums(park: PagePark, client: HostClient) -> None:
    """Files come by their names, albums in their order without what is no media."""
    assert client.get(park.add_catbox("ab3de5.mp4", SMALL)).media[0].data == SMALL
    assert client.get(park.add_catbox("ab3de5.gif", LARGE, "litter.catbox.moe")).media[0].data == LARGE
    files = {"one111.gif": b"one", "two222.mp4": b"two"}
    album = park.add_catbox_album("al8um1", files)
    assert [media.data for media in client.get(album).media] == [b"one", b"two"]
    park.put("catbox.moe", "/c/zips11", web_page("<a>https://files.catbox.moe/ab3de5.zip</a>"))
    with pytest.raises(UnsupportedError):
        client.get("https://catbox.moe/c/zips11")
    with pytest.raises(UnsupportedError):
        client.get("https://files.catbox.moe/ab3de5.zip")


def test_tumblr_posts_give_all_their_media(park: PagePark, client: HostClient) -> None:
    """A post's media come with what it reblogs first, each in its best size; videos of other sites are left out."""
    url = park.add_tumblr("example", "123456789012", [b"one", b"two"], video=b"three", embed=True)
    for form in (url, "https://www.tumblr.com/blog/view/example/123456789012"):
        assert [media.data for media in client.get(form).media] == [b"one", b"two", b"three"]
    assert client.get("https://va.media.tumblr.com/tumblr_123456789012.mp4").media[0].data == b"three"
    with pytest.raises(UnsupportedError, match="no picture or video"):
        client.get(park.add_tumblr("example", "123456789013", [], embed=True))


def test_tumblr_shows_some_blogs_to_members_only(park: PagePark, client: HostClient) -> None:
    """A post that leads to the login wants a credential; it is not gone."""
    url = park.add_tumblr("example", "123456789012", [SMALL])
    park.put("www.tumblr.com", "/login_required/example", web_page())
    park.put("www.tumblr.com", "/example/123456789012", redirect("https://www.tumblr.com/login_required/example"))
    with pytest.raises(NeedsTokenError):
        client.get(url)


def test_galleries_and_albums_come_whole(park: PagePark, client: HostClient) -> None:
    """Each picture that a gallery, a post or an album names is fetched, in its order."""
    files = {"Zy9Xw8Vu": b"one", "Ts7Rq6Po": b"two"}
    post = park.add_imgchest("ab3de5gh7jk", {"one1111.png": b"one", "two2222.mp4": b"two"})
    for url in (park.add_postimg_gallery("aB3dE5g", files), park.add_imgbb_album("aB3dE5", files), post):
        assert [media.data for media in client.get(url).media] == [b"one", b"two"]


def test_links_to_files_need_no_page(park: PagePark, client: HostClient) -> None:
    """A link to a file itself is fetched as it is."""
    park.add_postimg("aB3dE5gH", "Zy9Xw8Vu", b"postimg")
    park.add_imgbb("aB3dE5gH", "Zy9Xw8Vu", b"imgbb")
    park.add_imgchest("ab3de5gh7jk", {"one1111.png": b"imgchest"})
    park.add_gyazo("0f" * 16, b"gyazo")
    for url, data in (
        ("http://i.postimg.cc/Zy9Xw8Vu/heron.gif", b"postimg"),
        ("https://i.ibb.co/Zy9Xw8Vu/heron.gif", b"imgbb"),
        ("https://cdn.imgchest.com/files/one1111.png", b"imgchest"),
        (f"https://i.gyazo.com/{'0f' * 16}.png", b"gyazo"),
    ):
        assert client.get(url).media[0].data == data
    assert len(park.log) == 4


def test_gyazo_videos_have_their_own_name(park: PagePark, client: HostClient) -> None:
    """Of a video only the player is told; its file has the id for a name."""
    assert client.get(park.add_gyazo("0f" * 16, SMALL, "mp4")).media[0].data == SMALL


def test_imgchest_says_what_is_gone(park: PagePark, client: HostClient) -> None:
    """A page that says so with status 200, or a post without files, is a removed one."""
    park.put("imgchest.com", "/p/ab3de5gh7jk", web_page("<title>Not Found</title>"))
    for url in ("https://imgchest.com/p/ab3de5gh7jk", park.add_imgchest("ab3de5gh7jm", {})):
        with pytest.raises(GoneError):
            client.get(url)


def test_discord_links_are_good_while_their_signature_is(park: PagePark, client: HostClient) -> None:
    """The file as it was uploaded is fetched; a missing or old signature wants a new one, and is no removal."""
    url = park.add_discord("2" * 18, SMALL)
    assert client.get(url).media[0].data == SMALL
    (request,) = park.log
    assert set(request.query) == {"ex", "is", "hm"}
    for dead in (
        url.partition("?")[0],
        park.add_discord("3" * 18, SMALL, expires=1_700_000_000),
        url.replace("is=1a2b3c4d", "is=zz"),
    ):
        with pytest.raises(NeedsTokenError, match="discord"):
            client.get(dead)
    assert len(park.log) == 1


# links that lead to no media


@pytest.mark.parametrize("host", URLS)
def test_links_to_pages_are_unsupported(host: str, client: HostClient, park: PagePark) -> None:
    """A plug that is asked for a page of its host says that there is no media, without a request."""
    plug = get(host)
    assert plug is not None
    url = next(url for url, _, kind in URLS[host] if kind == "page")
    with pytest.raises(UnsupportedError):
        client.acquirer.acquire(Link(url=url, host=host, id=None, kind="media", source="url"), want_original=False)
    assert park.log == ()


@pytest.mark.parametrize(
    "answer", [{"media": []}, {"image_count": 0, "is_album": True}, {"image_count": 0, "media": None}]
)
def test_an_empty_imgur_album_is_gone(park: PagePark, client: HostClient, answer: dict[str, object]) -> None:
    """An album that is there and shows nothing is gone, whether its list is empty or left out: no alarm."""
    url = park.add_imgur_album("aB3dE5g", [SMALL])
    body = json.dumps({"id": "aB3dE5g", "title": "", **answer}).encode()
    empty = Response(status=200, body=body, headers={"Content-Type": "application/json"})
    for _ in range(3):
        park.fail_once("api.imgur.com", "/post/v1/albums/aB3dE5g", empty)
    with pytest.raises(GoneError, match="taken out"):
        client.get(url)


@pytest.mark.parametrize("gifs", [[], None])
def test_an_empty_redgifs_gallery_is_gone(park: PagePark, client: HostClient, gifs: object) -> None:
    """A gallery that is there and shows nothing is gone."""
    url = park.add_redgifs("OneTwoThree", hd=SMALL)
    for path, answer in (
        ("/v2/gifs/onetwothree", {"gif": {"id": "onetwothree", "gallery": "abc123"}}),
        ("/v2/gallery/abc123", {"gifs": gifs}),
    ):
        body = json.dumps(answer).encode()
        park.fail_once(
            "api.redgifs.com", path, Response(status=200, body=body, headers={"Content-Type": "application/json"})
        )
    with pytest.raises(GoneError, match="taken out"):
        client.get(url)


def test_empty_albums_of_other_hosts_are_gone(park: PagePark, client: HostClient) -> None:
    """So is a page that has the frame of an album and nothing in it; a page without the frame is a changed host."""
    park.put("ibb.co", "/album/empty1", web_page('<div class="content-listing"></div>'))
    park.put("ibb.co", "/album/other1", web_page("<p>heron</p>"))
    for url in (
        park.add_catbox_album("abc123", {}),
        park.add_postimg_gallery("aB3dE5g", {}),
        "https://ibb.co/album/empty1",
        park.add_imgchest("ab3de5gh7jm", {}),
    ):
        with pytest.raises(GoneError):
            client.get(url)
    with pytest.raises(HostChangedError):
        client.get("https://ibb.co/album/other1")
