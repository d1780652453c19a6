"""bunkr and cyberdrop: files that are asked for one by one, under names that change."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    TryLaterError,
    UnsupportedError,
)
from bot.hosts import Rendition, configured, find, get
from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Response, json_response
from bot.model import Link, MediaRef
from tests import host_files
from tests.host_pages import PagePark
from tests.host_world import LARGE, SMALL, HostClient, link, page_of

ALBUM, SLUG, NUMBER = "aB3dE5gH", "aB3dE5gH7jK9m", "41348624"


# bunkr


@pytest.mark.parametrize("cdn", [True, False])
def test_bunkr_files_are_signed(park: PagePark, client: HostClient, cdn: bool) -> None:
    """A file comes by its page, which names its server or its number, signed for its path whatever that holds."""
    site = host_files.Bunkr(park)
    url = site.file(SLUG, SMALL, cdn=cdn, name="a quiet #3? héron.mp4")
    assert client.get(url).media[0].data == SMALL
    assert site.asked == ([] if cdn else [NUMBER])
    (asked,) = [request for request in park.log if request.host == "glb-apisign.cdn.cr"]
    assert asked.query["path"] == "/storage/media/a quiet #3? héron.mp4"
    assert page_of(url) == url


def test_bunkr_links_to_servers_and_downloads(park: PagePark, client: HostClient) -> None:
    """A link to a server is signed anew whatever it carries; the page for downloads tells the file's number."""
    site = host_files.Bunkr(park)
    path = site.put(NUMBER, "0f-aB.mp4", SMALL)
    assert client.get(f"https://{site.server}{path}?token=0ld&ex=1").media[0].data == SMALL
    assert client.get(f"https://get.bunkrr.su/file/{NUMBER}").media[0].data == SMALL
    assert site.asked == [NUMBER]
    assert "get.bunkrr.su" not in {request.host for request in park.log}


def test_bunkr_albums_are_asked_for_file_by_file(park: PagePark, client: HostClient) -> None:
    """Each file of an album is asked for when its turn comes, so one alone costs no other; what fails is told."""
    site = host_files.Bunkr(park)
    url = site.album(ALBUM, {"1001": b"one", "1002": b"two", "1003": b"three"})
    only = client.acquirer.acquire(link(url), want_original=False, only=1)
    assert ([media.data for media in only.media], site.asked) == ([b"two"], ["1002"])
    park.fail_once("dl.bunkr.cr", "/api/_001_v2", 404)
    found = client.get(url)
    assert [media.data for media in found.media] == [b"two", b"three"]
    assert [place for place, _ in found.failures] == [0]
    assert page_of("https://bunkr.cr/f/aB3dE5gH") is None  # neither an album's nor a file's for sure


def test_bunkr_is_found_under_its_other_names(park: PagePark, client: HostClient) -> None:
    """A name that refuses or is dead, or one of the past, leads to the others, and the good one is remembered."""
    site = host_files.Bunkr(park, "bunkr.site")
    url = site.album(ALBUM, {"1001": SMALL})
    park.put("bunkr.cr", f"/a/{ALBUM}", Response(status=403))
    for name in ("bunkr.cr", "bunkr.la", "bunkr.si"):  # refused, of the past, without an address
        assert client.get(url.replace("bunkr.site", name)).media[0].data == SMALL
    asked = [request.host for request in park.log if request.path == f"/a/{ALBUM}"]
    assert asked == ["bunkr.cr", "bunkr.site", "bunkr.site", "bunkr.site"]
    assert {request.query.get("advanced") for request in park.log if request.path == f"/a/{ALBUM}"} == {"1"}


def test_bunkr_names_that_forget_the_question_are_asked_again(park: PagePark, client: HostClient) -> None:
    """A name that leads to another without the question for all files is followed and asked once more."""
    url = host_files.Bunkr(park, "bunkr.site").album(ALBUM, {"1001": SMALL})
    park.put("bunkrrr.org", f"/a/{ALBUM}", redirect(url, 301))
    assert client.get(url.replace("bunkr.site", "bunkrrr.org")).media[0].data == SMALL
    assert [request.query for request in park.log if request.host == "bunkr.site"] == [{}, {"advanced": "1"}]


def test_bunkr_servers_under_maintenance_are_asked_again(park: PagePark, client: HostClient) -> None:
    """The film for maintenance is neither the file nor a removal; anything else in a file's place is a changed host."""
    url = host_files.Bunkr(park).file(SLUG, SMALL)
    park.put_file("bnkr.b-cdn.net", "/maintenance-vid.mp4", LARGE)
    park.put_file("c.bunkr-cache.se", "/other/gone.png", LARGE)
    for shown, error in (
        (redirect("https://bnkr.b-cdn.net/maintenance-vid.mp4"), TryLaterError),
        (redirect("https://bunkr.cr/f/other.png"), HostChangedError),
    ):
        park.fail_once(host_files.Bunkr.server, "/storage/media/0f-aB.mp4", shown)
        park.put_file("bunkr.cr", "/f/other.png", LARGE)
        with pytest.raises(AcquireError) as caught:
            client.get(url)
        assert type(caught.value) is error
    park.put("bunkr.cr", f"/f/{SLUG}", web_page("<h2>Server under maintenance</h2>"))
    with pytest.raises(TryLaterError, match="maintenance"):
        client.get(url)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"mediafiles": "https://example.net", "path": "/a.mp4"}, HostChangedError),
        ({"mediafiles": "https://c5bu-b.cdn.cr", "path": "/storage/media/a.zip"}, UnsupportedError),
        ({"mediafiles": "https://c5bu-b.cdn.cr@example.net", "path": "/a.mp4"}, HostChangedError),
        ({"mediafiles": "https://c5bu-b.cdn.cr", "path": "@example.net/a.mp4"}, GoneError),
        ({"mediafiles": 3, "path": "/a.mp4"}, HostChangedError),
        ({"url": "https://example.net/a.mp4"}, HostChangedError),
        ({"url": "%%%", "encrypted": True, "timestamp": 1}, HostChangedError),
        ({"url": "AAAA", "encrypted": True}, HostChangedError),
    ],
)
def test_bunkr_names_files_of_its_own_servers_only(
    park: PagePark, client: HostClient, answer: dict[str, Any], error: type[AcquireError]
) -> None:
    """Whatever its API names, nothing is fetched from elsewhere."""
    host_files.Bunkr(park)
    park.add_name(host_files.Bunkr.server)
    park.put("dl.bunkr.cr", "/api/_001_v2", json_response(answer))
    with pytest.raises(AcquireError) as caught:
        client.get(f"https://dl.bunkr.cr/file/{NUMBER}")
    assert type(caught.value) is error
    assert {request.host for request in park.log} <= {"dl.bunkr.cr", "glb-apisign.cdn.cr", "c5bu-b.cdn.cr"}


def test_what_is_posted_as_json_follows_no_redirect(park: PagePark, client: HostClient) -> None:
    """What was meant for one server is not posted to another."""
    host_files.Bunkr(park)
    park.put("dl.bunkr.cr", "/api/_001_v2", redirect("https://bunkr.cr/api/_001_v2", 307))
    with pytest.raises(HostChangedError, match="redirects"):
        client.get(f"https://dl.bunkr.cr/file/{NUMBER}")
    assert [request.headers["content-type"] for request in park.log] == ["application/json"]


def test_bunkr_reads_older_answers(park: PagePark, client: HostClient) -> None:
    """An address that is packed with the hour, as answers had it before, is unpacked."""
    site = host_files.Bunkr(park)
    url = f"https://{site.server}{site.put(NUMBER, '0f-aB.mp4', SMALL)}"
    moment = 1_780_000_000
    key = cycle(f"SECRET_KEY_{moment // 3600}".encode())
    packed = b64encode(bytes(byte ^ part for byte, part in zip(url.encode(), key, strict=False))).decode()
    answer = {"url": packed, "encrypted": True, "timestamp": moment}
    park.put("dl.bunkr.cr", "/api/_001_v2", json_response(answer))
    assert client.get(f"https://dl.bunkr.cr/file/{NUMBER}").media[0].data == SMALL


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("window.albumFiles = [\n];", GoneError),
        ("window.albumFiles = load();", HostChangedError),
        ("window.albumFiles = [{name: 3}];", HostChangedError),
        ('window.albumFiles = [{id: "x", type: "image/png"}];', HostChangedError),
        ('window.albumFiles = [{id: 1001, type: "application/zip", name: "a.zip"}];', UnsupportedError),
    ],
)
def test_bunkr_albums_without_media(park: PagePark, client: HostClient, script: str, error: type[AcquireError]) -> None:
    """An empty list is gone, one of other files is no media, one in another shape is a changed host."""
    park.put("bunkr.cr", f"/a/{ALBUM}", web_page(f"<script>{script}</script>"))
    with pytest.raises(AcquireError) as caught:
        client.get(f"https://bunkr.cr/a/{ALBUM}")
    assert type(caught.value) is error


# cyberdrop


def test_cyberdrop_files_and_albums(park: PagePark, client: HostClient) -> None:
    """Files come by what the API gives out for them, by page, embed, server or name; an album's one by one."""
    site = host_files.Cyberdrop(park)
    url = site.file(SLUG, SMALL)
    park.put("cyberdrop.cr", "/heron-aB3d.mp4", redirect(url))
    park.put("cyberdrop.cr", f"/f/{SLUG}", web_page())
    for form in (
        f"https://cyberdrop.me/e/{SLUG}",
        f"https://{site.server}/api/file/d/{SLUG}?token=0ld",
        "https://fs-01.cyberdrop.to/heron-aB3d.mp4",
    ):
        assert client.get(form).media[0].data == SMALL
        assert page_of(form) in (url, "https://cyberdrop.cr/heron-aB3d.mp4")
    album = site.album(ALBUM, {SLUG: SMALL, f"{SLUG}2": LARGE})
    before = len(park.log)
    assert client.acquirer.acquire(link(album), want_original=False, only=1).media[0].data == LARGE
    assert [request.path for request in park.log[before:]] == [
        f"/a/{ALBUM}",
        f"/api/file/auth/{SLUG}2",
        f"/api/file/d/{SLUG}2",
    ]
    assert page_of(album) == album


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ('<h1 id="title" title="heron">heron</h1>', GoneError),
        ('<h1 id="title"></h1><a id="file" href="https://example.net/a.mp4" title="a.mp4"></a>', HostChangedError),
        ('<h1 id="title"></h1><a id="file" href="/f/aB3dE5gH7jK9m" title="a.zip"></a>', UnsupportedError),
    ],
)
def test_cyberdrop_albums_without_media(
    park: PagePark, client: HostClient, page: str, error: type[AcquireError]
) -> None:
    """An album that is there without files is gone; links that lead elsewhere are not followed."""
    park.put("cyberdrop.cr", f"/a/{ALBUM}", web_page(page))
    with pytest.raises(AcquireError) as caught:
        client.get(f"https://cyberdrop.cr/a/{ALBUM}")
    assert type(caught.value) is error


@pytest.mark.parametrize("given", ["https://example.net/a.mp4", "https://brg-bk.cdn.gigachad-cdn.ru/a.mp4", None])
def test_cyberdrop_gives_out_addresses_of_its_own_only(park: PagePark, client: HostClient, given: object) -> None:
    """What the API names is fetched from the servers of cyberdrop only, not from those of another host beside them."""
    url = host_files.Cyberdrop(park).file(SLUG, SMALL)
    park.put("api.cyberdrop.cr", f"/api/file/auth/{SLUG}", json_response({"url": given}))
    with pytest.raises(HostChangedError):
        client.get(url)


def test_what_a_host_gives_out_is_shown_nowhere(park: PagePark, client: HostClient) -> None:
    """Neither signed addresses nor the headers beside them are part of how a file is written out."""
    shown = Rendition(url="https://example.net/?token=0f", headers={"Cookie": "0f"}, more=("https://example.net/0f",))
    assert "0f" not in repr(shown)
    url = host_files.Cyberdrop(park).file(SLUG, SMALL)
    park.fail_once(host_files.Cyberdrop.server, f"/api/file/d/{SLUG}", 403)
    with pytest.raises(BlockedError) as caught:
        client.get(url)
    assert "eyJ0" not in str(caught.value)


def test_bunkr_takes_further_names_from_the_operator(park: PagePark, build: Callable[..., HostClient]) -> None:
    """A new name of the site is known and asked where the operator names it, one of the past again too."""
    url = host_files.Bunkr(park, "bunkr.example").album(ALBUM, {"1001": SMALL})
    assert find(url) is None
    client = build(bunkr={"mirrors": [".Bunkr.Example", "bunkr.is"]})
    hosts = configured(client.config)
    assert find(url, hosts) == MediaRef(host="bunkr", id=ALBUM, kind="album")
    album = Link(url=url, host="bunkr", id=ALBUM, kind="album", source="url")
    assert client.acquirer.acquire(album, want_original=False).media[0].data == SMALL
    plug = get("bunkr", hosts)
    assert plug is not None
    assert [plug.reaches(name) for name in ("bunkr.is", "bunkr.la", "i.bunkr.example")] == [True, False, True]
    assert find("https://bunkr.is/a/aB3dE5gH", hosts) == MediaRef(host="bunkr", id=ALBUM, kind="album")
