"""erome and pixeldrain: what is fetched of them and how, and how each says that it gives nothing."""

from __future__ import annotations

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
from bot.hosts.erome import MAX_MEDIA, Erome
from bot.loopback.answers import web_page
from bot.loopback.http import json_response
from tests import host_files
from tests.host_pages import PagePark
from tests.host_world import LARGE, SMALL, HostClient, link, page_of
from tests.test_hosts_failures import Altered

ALBUM, FILE, OTHER = "aB3dE5gH", "jK7mN9pQ", "rS1tU3vW"


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


def test_erome_pages_of_any_size_are_read_within_bounds() -> None:
    """A page that names media without end is read to so many."""
    file = '<div class="media-group"><source src="https://v1.erome.com/1/aB3dE5gH/q{:07d}.mp4"></div>'
    web = Altered("".join(file.format(number) for number in range(MAX_MEDIA + 100)))
    assert len(Erome().resolve(link(f"https://www.erome.com/a/{ALBUM}"), web)) == MAX_MEDIA


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
