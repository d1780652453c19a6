"""Links that lead to media by a detour: wrappers, short links, lists of ids, further pages, playlists."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config
from bot.errors import AcquireError, BlockedError, GoneError, HostChangedError, TryLaterError, UnsupportedError
from bot.hosts import playlists
from bot.loopback.answers import Answer, redirect, web_page
from bot.loopback.http import Response
from tests.host_pages import PagePark
from tests.host_world import LARGE, SMALL, HostClient


def test_a_wrapper_is_never_contacted(park: PagePark, client: HostClient) -> None:
    """Where a redirect page leads stands in its address; the media is fetched from its host, the page is not asked."""
    park.add_redgifs("QuietGreenHeron", hd=SMALL)
    park.add_reddit_image("q1w2e3r4t5y61", LARGE)
    for url, data in (
        ("https://out.reddit.com/t3_1a?url=https%3A%2F%2Fredgifs.com%2Fwatch%2FQuietGreenHeron&token=A", SMALL),
        ("https://href.li/?https://gfycat.com/quietgreenheron", SMALL),
        ("https://www.google.com/url?q=https://i.redd.it/q1w2e3r4t5y61.jpg", LARGE),
        ("https://web.archive.org/web/2020/https://i.redd.it/q1w2e3r4t5y61.jpg", LARGE),
    ):
        assert client.get(url).media[0].data == data
    assert {request.host for request in park.log} == {"api.redgifs.com", "media.redgifs.com", "i.redd.it"}


def test_imgur_lists_of_ids(park: PagePark, client: HostClient) -> None:
    """The oldest form of an album names its pictures itself."""
    park.add_imgur("aB3dE5g", b"one", "jpg")
    park.add_imgur("hJ7kL9m", b"two", "jpg")
    assert [media.data for media in client.get("https://imgur.com/aB3dE5g,hJ7kL9m").media] == [b"one", b"two"]


@pytest.mark.parametrize("short", ["https://tmblr.co/ZaB3dE5gH7jK9m", "http://at.tumblr.com/example/a-heron/ab3de5gh7"])
def test_tumblr_short_links_are_followed(park: PagePark, client: HostClient, short: str) -> None:
    """A short link of tumblr's is asked where it leads, within tumblr; a blog is no post."""
    post = park.add_tumblr("example", "123456789012", [SMALL])
    host, _, path = short.partition("://")[2].partition("/")
    park.put(host, f"/{path}", redirect(post))
    park.put("example.tumblr.com", "/post/123456789012/a-quiet-heron", web_page())
    assert client.get(short).media[0].data == SMALL
    park.put(host, f"/{path}", redirect("https://www.tumblr.com/example"))
    park.put("www.tumblr.com", "/example", web_page())
    with pytest.raises(UnsupportedError, match="page of tumblr"):
        client.get(short)
    park.put(host, f"/{path}", redirect("https://elsewhere.example.net/"))
    with pytest.raises(BlockedError):
        client.get(short)
    assert "elsewhere.example.net" not in {request.host for request in park.log}


def test_streamable_links_of_every_form_ask_for_the_files(park: PagePark, client: HostClient) -> None:
    """Embeds, shares, old file links and thumbnails lead to the same video."""
    park.add_streamable("ab3de", {"mp4": (SMALL, 640, 480)})
    for form in ("e/ab3de", "s/ab3de/fgh", "l/ab3de/mp4-high.mp4", "AB3DE"):
        assert client.get(f"https://streamable.com/{form}").media[0].data == SMALL
    assert client.get("https://cdn-cf-east.streamable.com/image/ab3de.jpg").media[0].data == SMALL


def test_what_a_wrapper_leads_to_may_be_gone(park: PagePark, client: HostClient) -> None:
    """A link inside a wrapper ends in the same states as the link alone."""
    park.add_redgifs("QuietGreenHeron", hd=SMALL)
    park.gone("redgifs", "quietgreenheron")
    with pytest.raises(GoneError, match="redgifs"):
        client.get("https://href.li/?https://redgifs.com/watch/quietgreenheron")


# galleries, page by page


def test_postimg_galleries_come_beyond_their_first_page(park: PagePark, client: HostClient) -> None:
    """The page shows the first pictures, its script's list names the others, each once and in order."""
    files = {f"aB3dE{number:03d}": f"{number}".encode() for number in range(9)}
    url = park.add_postimg_gallery("aB3dE5g", files, shown=4)
    assert [media.data for media in client.get(url).media] == list(files.values())
    posted = [request.form for request in park.log if request.method == "POST"]
    assert posted == [{"action": "list", "album": "aB3dE5g", "page": f"{page}"} for page in (2, 3, 4)]


@pytest.mark.parametrize("answer", [404, web_page(), redirect("https://elsewhere.example.net/")])
def test_a_list_that_fails_leaves_the_first_page(park: PagePark, client: HostClient, answer: Answer) -> None:
    """What the page shows is fetched though its script's list is not to be had; nothing is posted elsewhere."""
    files = {f"aB3dE{number:03d}": f"{number}".encode() for number in range(9)}
    url = park.add_postimg_gallery("aB3dE5g", files, shown=4)
    park.fail_once("postimg.cc", "/json", answer)
    assert len(client.get(url).media) == 4
    assert "elsewhere.example.net" not in {request.host for request in park.log}


def test_a_list_that_has_to_wait_is_asked_again(park: PagePark, client: HostClient) -> None:
    """A rate limit in the middle of a gallery is no reason to judge half of it."""
    url = park.add_postimg_gallery("aB3dE5g", {"aB3dE001": b"1", "aB3dE002": b"2"}, shown=1)
    park.fail_once("postimg.cc", "/json", 429)
    with pytest.raises(TryLaterError):
        client.get(url)


def test_imgbb_albums_come_beyond_their_first_page(park: PagePark, client: HostClient) -> None:
    """An album is read page by page, as its own links lead on."""
    files = {f"aB3dE{number:03d}": f"{number}".encode() for number in range(9)}
    url = park.add_imgbb_album("aB3dE5", files, shown=4)
    assert [media.data for media in client.get(url).media] == list(files.values())
    assert park.paths("ibb.co") == ["/album/aB3dE5", "/album/aB3dE5/", "/album/aB3dE5/"]


@pytest.mark.parametrize("href", ["https://elsewhere.example.net/album/aB3dE5", "https://ibb.co/album/other", "", "x:"])
def test_imgbb_pages_of_another_album_are_not_followed(park: PagePark, client: HostClient, href: str) -> None:
    """A link to the next page counts only if it leads to the same album."""
    url = park.add_imgbb_album("aB3dE5", {"aB3dE001": b"1"})
    page = park.text("ibb.co", "/album/aB3dE5") + f'<a data-pagination="next" href="{href}">Next</a>'
    park.put("ibb.co", "/album/aB3dE5", web_page(page))
    assert len(client.get(url).media) == 1
    assert park.paths("ibb.co") == ["/album/aB3dE5"]


# reddit's videos without a manifest

VIDEO = "q1w2e3r4t5y61"
TRACKS = {(1080, 1920): [b"L", b"arge"], (480, 854): [b"S", b"mal", b"l"], (220, 392): [b"T", b"iny"]}


@pytest.mark.parametrize("ranges", [True, False])
def test_a_video_without_a_manifest_comes_from_its_playlist(park: PagePark, client: HostClient, ranges: bool) -> None:
    """The smallest useful rendition is fetched, as one file if its parts are ranges of one, else part by part."""
    url = park.add_reddit_stream(VIDEO, TRACKS, ranges=ranges)
    (media,) = client.get(url).media
    assert media.data == b"Small"
    fetched = [path for path in park.paths("v.redd.it") if not path.endswith((".m3u8", ".mpd"))]
    assert len(fetched) == (1 if ranges else 3)
    assert {request.host for request in park.log} == {"v.redd.it"}


def test_the_manifest_is_preferred(park: PagePark, client: HostClient) -> None:
    """Where there is a manifest, the playlist is not asked for."""
    park.add_reddit_stream(VIDEO, TRACKS, ranges=True)
    url = park.add_reddit_video(VIDEO, {(480, 854): b"by manifest"})
    assert client.get(url).media[0].data == b"by manifest"
    assert not [path for path in park.paths("v.redd.it") if path.endswith(".m3u8")]


def test_without_manifest_and_playlist_the_link_itself_counts(park: PagePark, client: HostClient) -> None:
    """A file that the link names is the last resort; a bare link says that the video is gone."""
    park.put_file("v.redd.it", f"/{VIDEO}/DASH_720.mp4", b"named")
    assert client.get(f"https://v.redd.it/{VIDEO}/DASH_720.mp4?source=fallback").media[0].data == b"named"
    with pytest.raises(GoneError):
        client.get(f"https://v.redd.it/{VIDEO}")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("https://elsewhere.example.net/a.mp4", HostChangedError),
        ("//elsewhere.example.net/a.mp4", HostChangedError),
        ("../other/CMAF_480.mp4", HostChangedError),
        ("/etc/passwd", HostChangedError),
        ("file:///etc/passwd", HostChangedError),
        ("concat:a.mp4|b.mp4", HostChangedError),
        ("CMAF_480.exe", HostChangedError),
        ("a\\b.mp4", HostChangedError),
        ('#EXT-X-MAP:URI="https://elsewhere.example.net/a.mp4"', HostChangedError),
        ('#EXT-X-MAP:URI="../a.mp4"', HostChangedError),
        ('#EXT-X-KEY:METHOD=AES-128,URI="key"', UnsupportedError),
    ],
)
def test_playlists_name_only_files_beside_them(
    park: PagePark, client: HostClient, line: str, error: type[AcquireError]
) -> None:
    """A playlist that names another host, folder or scheme, or a key, is refused, and nothing of it is fetched."""
    url = park.add_reddit_stream(VIDEO, TRACKS, ranges=True)
    text = park.text("v.redd.it", f"/{VIDEO}/CMAF_480.m3u8")
    park.put("v.redd.it", f"/{VIDEO}/CMAF_480.m3u8", Response(body=text.replace("#EXTINF:4.0,", line, 1).encode()))
    with pytest.raises(AcquireError) as caught:
        playlists.files(text.replace("#EXTINF:4.0,", line, 1), "v.redd.it")
    assert type(caught.value) is error
    with pytest.raises(AcquireError):
        client.get(url)
    assert not [path for path in park.paths("v.redd.it") if path.endswith(".mp4")]
    assert {request.host for request in park.log} == {"v.redd.it"}


def test_a_stream_keeps_to_the_limit_of_bytes(park: PagePark, build: Callable[..., HostClient]) -> None:
    """The parts of a video together may not be larger than one file may be."""
    client = build()
    limit = Config().fetch.max_bytes
    parts = [b"i", *[bytes(limit // 2)] * 4]
    url = park.add_reddit_stream(VIDEO, {(480, 854): parts}, ranges=False)
    with pytest.raises(UnsupportedError, match="more than"):
        client.get(url)
    assert len([path for path in park.paths("v.redd.it") if path.endswith(".m4s")]) == 3


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", HostChangedError),
        ("<!doctype html>", HostChangedError),
        ("ffconcat version 1.0\nfile a.mp4", HostChangedError),
        ("#EXTM3U\n#EXT-X-ENDLIST", HostChangedError),
        ("#EXTM3U\nCMAF_1.mp4", UnsupportedError),
        ("#EXTM3U\n" + "".join(f"a{n}.m4s\n" for n in range(301)) + "#EXT-X-ENDLIST", UnsupportedError),
    ],
)
def test_what_is_no_finished_playlist(text: str, error: type[AcquireError]) -> None:
    """Something else, nothing, a live stream and a film are each told in one sentence."""
    with pytest.raises(AcquireError) as caught:
        playlists.files(text, "v.redd.it")
    assert type(caught.value) is error


@given(st.lists(st.sampled_from(["#EXTM3U", "#EXT-X-ENDLIST", "#EXT-X-STREAM-INF:RESOLUTION=1x2", "#EXTINF:1,"])
                | st.text(max_size=20), max_size=12))  # fmt: skip
def test_any_playlist_is_read_or_refused(lines: list[str]) -> None:
    """Whatever a playlist holds, names beside it come out, or one of our errors."""
    text = "#EXTM3U\n" + "\n".join(lines)
    for read in (playlists.files, playlists.variants):
        try:
            found = read(text, "v.redd.it")
        except AcquireError:
            continue
        names = [one if isinstance(one, str) else one.name for one in found]
        assert not any(set(name.partition("?")[0]) & set("/:\\") for name in names)
