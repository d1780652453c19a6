"""gofile: folders that guests are shown, and what is kept from them."""

from __future__ import annotations

from collections.abc import Callable
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
from bot.hosts.gofile import MAX_REQUESTS
from bot.loopback.http import json_response
from tests import host_files
from tests.host_pages import PagePark
from tests.host_world import LARGE, SMALL, HostClient, page_of

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


@pytest.mark.parametrize("said", [{"canAccess": False}, None])
def test_a_closed_folder_in_a_gofile_folder_hides_no_other(
    park: PagePark, client: HostClient, said: dict[str, Any] | None
) -> None:
    """A folder in a folder that is closed, or not there any more, costs the others nothing."""
    site = host_files.Gofile(park)
    if said:
        site.folder(host_files.uuid(9), [], **said)
    url = site.folder(CODE, [{"id": host_files.uuid(9), "type": "folder", "name": "more"}, site.file(1, SMALL)])
    assert [media.data for media in client.get(url).media] == [SMALL]


def test_gofile_is_read_within_so_many_requests(park: PagePark, client: HostClient) -> None:
    """A folder without end costs no more than any."""
    site = host_files.Gofile(park)
    client.get(site.folder(CODE, [site.file(1, SMALL)], more=True))
    assert len([path for path in park.paths("api.gofile.io") if path.startswith("/contents/")]) == MAX_REQUESTS


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
    site.say(CODE, {"status": "error-notPremium", "data": {}}, status=401)
    with pytest.raises(NeedsTokenError, match="account_token"):
        client.get(url)
    assert "/accounts" not in {request.path for request in park.log[before:]}
    assert "operators-own-token" not in repr(client.config)
