"""Hosts of albums and files: what is fetched of them and how, and how each says that it gives nothing."""

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
    NeedsTokenError,
    TryLaterError,
    UnsupportedError,
)
from bot.hosts import Rendition, configured, find, get
from bot.hosts.gofile import MAX_REQUESTS
from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Response, json_response
from bot.model import Link, MediaRef
from tests import host_files
from tests.host_pages import PagePark
from tests.host_world import LARGE, SMALL, HostClient, link

ALBUM, FILE, OTHER = "aB3dE5gH", "jK7mN9pQ", "rS1tU3vW"


def page_of(url: str) -> str | None:
    """Return the public page of what a link leads to."""
    found = find(url)
    plug = get(found.host) if found else None
    assert found is not None
    assert plug is not None
    return plug.page_url(found.id) if found.id else None


# erome


def test_erome_albums_give_pictures_and_the_smallest_useful_videos(park: PagePark, client: HostClient) -> None:
    """Every media of an album comes in order, a video in 480p with its best as original; the site is told as source."""
    url = host_files.erome(park, ALBUM, {FILE: SMALL, OTHER: {720: LARGE, 480: b"480", 240: b"240"}})
    picture, video = client.get(url, want_original=True).media
    assert (picture.data, video.data, video.original) == (SMALL, b"480", LARGE)
    assert {request.headers.get("referer") for request in park.log if request.host != "www.erome.com"} == {
        host_files.EROME
    }


def test_erome_media_that_a_page_names_twice_count_once(park: PagePark, client: HostClient) -> None:
    """Some pages name a media for two players."""
    url = host_files.erome(park, ALBUM, {FILE: {720: SMALL}})
    page = park.text("www.erome.com", f"/a/{ALBUM}")
    group = page[page.index('<div class="media-group"') :]
    park.put("www.erome.com", f"/a/{ALBUM}", web_page(page + group + group.replace("</video>", "</video></video>")))
    assert [media.data for media in client.get(url).media] == [SMALL]


def test_erome_files_know_their_album(park: PagePark, client: HostClient) -> None:
    """A link to a file knows its album, which is the public page of both."""
    url = host_files.erome(park, ALBUM, {FILE: SMALL})
    linked = f"https://s51.erome.com/3982/{ALBUM}/{FILE}.jpeg?v=1737273158"
    assert client.get(linked).media[0].data == SMALL
    assert (page_of(linked), page_of(url)) == (url, url)
    assert park.paths("www.erome.com") == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<!doctype html><title>Please wait a few moments</title>", TryLaterError),
        ('<div class="media-group"><p>heron</p></div>', HostChangedError),
        ('<div class="media-group"><video><source src="https://example.net/a.mp4"></video></div>', HostChangedError),
        ('<div class="media-group"><img class="img-front" src="/a.jpeg"></div>', HostChangedError),
        ('<img class="img-front" src="https://s1.erome.com/1/aB3dE5gH/jK7mN9pQ.jpeg">', HostChangedError),
    ],
)
def test_erome_pages_without_media(park: PagePark, client: HostClient, text: str, error: type[AcquireError]) -> None:
    """A page to wait at is asked again; files of strangers, or outside an album's groups, are not its media."""
    park.put("www.erome.com", f"/a/{ALBUM}", web_page(text))
    with pytest.raises(AcquireError) as caught:
        client.get(f"https://www.erome.com/a/{ALBUM}")
    assert type(caught.value) is error


# pixeldrain


def test_pixeldrain_files_lists_and_folders(park: PagePark, client: HostClient) -> None:
    """Every form leads to the files themselves, whatever domain it was posted with; a folder's own files only."""
    host_files.pixeldrain(park, FILE, SMALL)
    for form in ("net/u/{}", "com/api/file/{}?download", "com/u/{}/preview"):
        assert client.get(f"https://pixeldrain.{form.format(FILE)}").media[0].data == SMALL
    url = host_files.pixeldrain_list(park, ALBUM, {FILE: SMALL, OTHER: LARGE})
    assert [media.data for media in client.get(url).media] == [SMALL, LARGE]
    folder = host_files.pixeldrain_folder(park, ALBUM, {"a b.mp4": b"one", "c.mp4": b"two"})
    assert [media.data for media in client.get(folder).media] == [b"one", b"two"]
    assert client.get(f"{folder}/c.mp4").media[0].data == b"two"
    assert page_of(f"{folder}/a%20b.mp4") == f"{folder}/a%20b.mp4"
    assert {request.host for request in park.log} == {"pixeldrain.com"}


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"abuse_type": "revenge_porn"}, GoneError),
        ({"availability": "file_rate_limited_captcha_required"}, NeedsTokenError),
        ({"availability": "virus_detected_captcha_required"}, NeedsTokenError),
        ({"availability": "ip_download_limited_captcha_required"}, TryLaterError),
        ({"availability": "server_overload_captcha_required"}, TryLaterError),
        ({"availability": "gone_fishing"}, BlockedError),
        ({"availability": ["x"]}, HostChangedError),
        ({"success": False, "value": "not_found"}, GoneError),
        ({"success": False, "value": "unavailable_for_legal_reasons"}, BlockedError),
        ({"success": False, "value": "other"}, HostChangedError),
        ({"mime_type": "application/zip"}, UnsupportedError),
        ({"mime_type": "", "name": "heron.txt"}, UnsupportedError),
    ],
)
def test_pixeldrain_says_why_it_gives_no_file(
    park: PagePark, client: HostClient, told: dict[str, Any], error: type[AcquireError]
) -> None:
    """What its information says of a file ends in a state of its own, before the file is asked for."""
    url = host_files.pixeldrain(park, FILE, SMALL, **told)
    with pytest.raises(AcquireError) as caught:
        client.get(url)
    assert type(caught.value) is error
    assert park.paths("pixeldrain.com") == [f"/api/file/{FILE}/info"]


def test_pixeldrain_lists_tell_what_is_left(park: PagePark, client: HostClient) -> None:
    """What was taken out of a list is left out, a list without files is gone, one of other files is no media."""
    gif, zipped = {"id": FILE, "mime_type": "image/gif"}, {"id": OTHER, "mime_type": "application/zip"}
    taken = {"id": OTHER, "mime_type": "image/gif", "abuse_type": "revenge_porn"}
    url = host_files.pixeldrain_list(park, ALBUM, {FILE: SMALL}, [taken, gif, zipped])
    assert [media.data for media in client.get(url).media] == [SMALL]
    for files, error in (([], GoneError), ([taken], GoneError), ([zipped], UnsupportedError)):
        host_files.pixeldrain_list(park, ALBUM, {}, files)
        with pytest.raises(error):
            client.get(url)


def test_pixeldrain_files_that_are_named_together(park: PagePark, client: HostClient) -> None:
    """Several ids in one link are asked for at once."""
    host_files.pixeldrain_list(park, ALBUM, {FILE: SMALL, OTHER: LARGE})
    told = [{"id": id, "mime_type": "video/mp4", "availability": ""} for id in (FILE, OTHER)]
    park.put("pixeldrain.com", f"/api/file/{FILE},{OTHER}/info", json_response(told))
    found = client.get(f"https://pixeldrain.com/u/{FILE},{OTHER}")
    assert [media.data for media in found.media] == [SMALL, LARGE]


@pytest.mark.parametrize("path", ["", "../user", "/aB3dE5gH/../../user", 3])
def test_pixeldrain_folders_lead_down_only(park: PagePark, client: HostClient, path: object) -> None:
    """A path that a folder names must lie beneath the file system."""
    node = {"type": "file", "path": path, "name": "a.mp4", "file_type": "video/mp4"}
    answer = {"path": [{"type": "dir", "path": "/aB3dE5gH"}], "base_index": 0, "children": [node]}
    park.put("pixeldrain.com", f"/api/filesystem/{ALBUM}", json_response(answer))
    with pytest.raises(HostChangedError):
        client.get(f"https://pixeldrain.com/d/{ALBUM}")


# bunkr

SLUG, NUMBER = "aB3dE5gH7jK9m", "41348624"


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


# gofile

CODE = "aB3dE5"


def test_gofile_folders_are_read_as_a_guest(park: PagePark, client: HostClient) -> None:
    """One account of a guest's serves all links, folders in a folder are read too, other kinds of file are left out."""
    site = host_files.Gofile(park)
    inner = site.folder(host_files.uuid(9), [site.file(2, LARGE)]).rpartition("/")[2]
    children = [
        site.file(1, SMALL),
        {"id": host_files.uuid(3), "type": "file", "name": "a.zip", "mimetype": "application/zip"},
        {"id": inner, "type": "folder", "name": "more", "code": "zY9xW8"},
    ]
    url = site.folder(CODE, children)
    for _ in range(2):
        assert [media.data for media in client.get(url).media] == [SMALL, LARGE]
    assert len(site.tokens) == 1
    assert (page_of(url), page_of(f"https://gofile.io/d/{inner}")) == (url, None)
    linked = site.file(1, SMALL)["link"]
    assert client.get(linked).media[0].data == SMALL
    assert {request.host for request in park.log} == {"api.gofile.io", site.server}


def test_gofile_tokens_that_ran_out_are_renewed_once(park: PagePark, client: HostClient) -> None:
    """A token that is known no more is asked for anew; a refusal after that is the end, for it says no more."""
    site = host_files.Gofile(park)
    url = site.folder(CODE, [site.file(1, SMALL)])
    assert client.get(url).media[0].data == SMALL
    site.tokens[:] = ["forgotten"]
    assert client.get(url).media[0].data == SMALL
    assert len(site.tokens) == 2
    site.salt = "another"
    with pytest.raises(NeedsTokenError, match="website_salt"):
        client.get(url)
    assert len(site.tokens) == 3


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"canAccess": False, "password": True, "passwordStatus": "passwordRequired"}, NeedsTokenError),
        ({"passwordStatus": "passwordRequired", "children": None}, NeedsTokenError),
        ({"canAccess": False}, NeedsTokenError),
        ({"children": {}}, GoneError),
        ({"children": None}, HostChangedError),
        ({"children": {"x": {"id": "x", "type": "file", "name": "a.txt"}}}, UnsupportedError),
    ],
)
def test_gofile_folders_that_are_closed_or_empty(
    park: PagePark, client: HostClient, changes: dict[str, Any], error: type[AcquireError]
) -> None:
    """A password, a private folder, an empty one and one of other files each end in a state of their own."""
    with pytest.raises(AcquireError) as caught:
        client.get(host_files.Gofile(park).folder(CODE, [], **changes))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"isFrozen": True}, NeedsTokenError),
        ({"canAccess": False}, NeedsTokenError),
        ({"viruses": ["heron"]}, BlockedError),
        ({"link": "overloaded"}, TryLaterError),
        ({"link": "https://example.net/download/a.mp4"}, HostChangedError),
        ({"link": 3}, HostChangedError),
    ],
)
def test_gofile_files_that_are_held_back(
    park: PagePark, client: HostClient, changes: dict[str, Any], error: type[AcquireError]
) -> None:
    """A file that guests do not get ends as what keeps it, and hides no other of its folder."""
    site = host_files.Gofile(park)
    with pytest.raises(AcquireError) as caught:
        client.get(site.folder(CODE, [site.file(1, SMALL, **changes)]))
    assert type(caught.value) is error
    found = client.get(site.folder(CODE, [site.file(1, SMALL, **changes), site.file(2, LARGE)]))
    assert ([media.data for media in found.media], [place for place, _ in found.failures]) == ([LARGE], [0])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("error-notFound", GoneError),
        ("error-passwordRequired", NeedsTokenError),
        ("error-notPremium", NeedsTokenError),
        ("error-rateLimit", TryLaterError),
        ("error-other", HostChangedError),
        (3, HostChangedError),
    ],
)
def test_gofile_says_why_it_refuses(
    park: PagePark, client: HostClient, status: object, error: type[AcquireError]
) -> None:
    """What the API says with 200 in the place of an answer is a state too."""
    host_files.Gofile(park).say(CODE, {"status": status, "data": {}})
    with pytest.raises(AcquireError) as caught:
        client.get(f"https://gofile.io/d/{CODE}")
    assert type(caught.value) is error


@pytest.mark.parametrize("token", [None, "", "a; b=c", "a\r\nX: y", {}])
def test_gofile_tokens_are_checked(park: PagePark, client: HostClient, token: object) -> None:
    """What a guest is given goes into headers only if it looks like a token."""
    park.put("api.gofile.io", "/accounts", json_response({"status": "ok", "data": {"token": token}}))
    with pytest.raises(HostChangedError):
        client.get(f"https://gofile.io/d/{CODE}")


def test_gofile_is_read_within_so_many_requests(park: PagePark, client: HostClient) -> None:
    """A folder without end costs no more than any."""
    site = host_files.Gofile(park)
    client.get(site.folder(CODE, [site.file(1, SMALL)], more=True))
    assert len([path for path in park.paths("api.gofile.io") if path.startswith("/contents/")]) == MAX_REQUESTS


# what an operator sets


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


def test_gofile_takes_salt_and_account_from_the_operator(park: PagePark, build: Callable[..., HostClient]) -> None:
    """A newer salt, or an account's own token, is used in the place of what is built in, and stands in no repr."""
    site = host_files.Gofile(park)
    site.salt = "newer0salt"
    url = site.folder(CODE, [site.file(1, SMALL)])
    assert build(gofile={"website_salt": "newer0salt"}).get(url).media[0].data == SMALL
    site.tokens.append("operators-own-token")
    client = build(gofile={"account_token": "operators-own-token", "website_salt": "newer0salt"})
    before = len(park.log)
    assert client.get(url).media[0].data == SMALL
    assert "/accounts" not in {request.path for request in park.log[before:]}
    assert "operators-own-token" not in repr(client.config)


def test_what_a_host_gives_out_is_shown_nowhere(park: PagePark, client: HostClient) -> None:
    """Neither signed addresses nor the headers beside them are part of how a file is written out."""
    shown = Rendition(url="https://example.net/?token=0f", headers={"Cookie": "0f"}, more=("https://example.net/0f",))
    assert "0f" not in repr(shown)
    url = host_files.Cyberdrop(park).file(SLUG, SMALL)
    park.fail_once(host_files.Cyberdrop.server, f"/api/file/d/{SLUG}", 403)
    with pytest.raises(BlockedError) as caught:
        client.get(url)
    assert "eyJ0" not in str(caught.value)
