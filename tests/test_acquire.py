"""From a link to bytes, against loopback hosts in the shapes of the real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.acquire import SHORT_SIDE, Acquired, Acquirer, candidates
from bot.clock import ManualClock
from bot.config import Config
from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    OutageError,
    TryLaterError,
    UnsupportedError,
)
from bot.fetch import Fetcher, refusal
from bot.hosts import Rendition, find
from bot.loopback.answers import redirect, web_page
from bot.loopback.hosts import CLIENT_ID, HostPark
from bot.loopback.http import Response
from bot.model import Link

GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
SMALL, LARGE = b"\x00\x00\x00\x18ftypmp42 small", b"\x00\x00\x00\x18ftypmp42 and large"
DIRECT = "clips.example.com"
HERON = "QuietGreenHeron"
GIF_PATH = "/v2/gifs/quietgreenheron"


def link(url: str) -> Link:
    found = find(url)
    if found is None:
        return Link(url=url, host="", id=None, kind="unsupported", source="url")
    return Link(url=url, host=found.host, id=found.id, kind=found.kind, source="url")


class World:
    """A park of hosts, a clock that moves only when waited for, and an acquirer in between."""

    def __init__(self, park: HostPark, **config: Any) -> None:
        self.park = park
        self.clock = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
        settings = {"fetch": {"host_interval_seconds": 1, "max_bytes": 1000}, "hosts": {"direct": {"allow": [DIRECT]}}}
        self.config = Config.model_validate({**settings, **config})
        network = park.network
        self.fetcher = Fetcher(self.config.fetch, self.clock, resolve=network.resolve, dial=network.dial)
        self.acquirer = Acquirer(self.config, self.fetcher, self.clock)

    def get(self, url: str, *, want_original: bool = False) -> Acquired:
        return self.acquirer.acquire(link(url), want_original=want_original)


@pytest.fixture
def park() -> Iterator[HostPark]:
    with HostPark() as park:
        yield park
    assert all(refusal(address) is None for address, _ in park.network.dialled)


@pytest.fixture
def build(park: HostPark) -> Iterator[Callable[..., World]]:
    built: list[World] = []

    def make(**config: Any) -> World:
        built.append(World(park, **config))
        return built[-1]

    yield make
    for world in built:
        world.fetcher.close()


@pytest.fixture
def world(build: Callable[..., World]) -> World:
    return build()


# which file


def test_the_smallest_file_that_serves_is_fetched(park: HostPark, world: World) -> None:
    """A wide clip comes as its 480-line file; the large one is left alone."""
    found = world.get(park.add_redgifs(HERON, sd=SMALL, hd=LARGE, width=1920, height=1080))
    (media,) = found.media
    assert (media.index, media.data, media.original) == (0, SMALL, None)
    assert found.failures == ()
    assert park.paths("media.redgifs.com") == [f"/{HERON}-mobile.mp4"]


def test_narrow_small_files_are_passed_over(park: HostPark, world: World) -> None:
    """A tall clip whose small file would be narrower than 480 px comes as its large file."""
    (media,) = world.get(park.add_redgifs(HERON, sd=SMALL, hd=LARGE, width=1080, height=1920)).media
    assert media.data == LARGE


def test_originals_come_along_when_wanted(park: HostPark, world: World) -> None:
    """The original is fetched beside the small file."""
    (media,) = world.get(park.add_redgifs(HERON, sd=SMALL, hd=LARGE, width=1920, height=1080), want_original=True).media
    assert (media.data, media.original) == (SMALL, LARGE)


def test_one_file_is_fetched_once(park: HostPark, world: World) -> None:
    """When the chosen file is the original, it is fetched once and not repeated."""
    (media,) = world.get(park.add_redgifs(HERON, hd=LARGE), want_original=True).media
    assert (media.data, media.original) == (LARGE, None)
    assert len(park.paths("media.redgifs.com")) == 1


def test_a_missing_original_does_not_lose_the_media(park: HostPark, world: World) -> None:
    """When only the original fails, the media is kept and the failure reported."""
    url = park.add_redgifs(HERON, sd=SMALL, hd=LARGE, width=1920, height=1080)
    park.fail_once("media.redgifs.com", f"/{HERON}.mp4", 503)
    found = world.get(url, want_original=True)
    assert (found.media[0].data, found.media[0].original) == (SMALL, None)
    assert [place for place, _ in found.failures] == [0]
    assert "original" in found.failures[0][1]
    assert [place for place, _ in found.later] == [0]


def test_a_broken_file_gives_way_to_the_next(park: HostPark, world: World) -> None:
    """When the best file is gone or no media, the host's other file is taken."""
    url = park.add_redgifs(HERON, sd=SMALL, hd=LARGE, width=1920, height=1080)
    for answer in (404, web_page(), redirect("https://elsewhere.example.net/a.mp4")):
        park.fail_once("media.redgifs.com", f"/{HERON}-mobile.mp4", answer)
        assert world.get(url).media[0].data == LARGE
    assert "elsewhere.example.net" not in {request.host for request in park.log}


def test_a_passing_failure_is_not_papered_over(park: HostPark, world: World) -> None:
    """When the best file is only delayed, the link is tried again later instead of settling for another."""
    url = park.add_redgifs(HERON, sd=SMALL, hd=LARGE, width=1920, height=1080)
    park.fail_once("media.redgifs.com", None, 503)
    with pytest.raises(TryLaterError):
        world.get(url)


@given(st.lists(st.tuples(st.none() | st.integers(1, 4000), st.none() | st.integers(1, 4000)), max_size=6))
def test_candidates_keep_all_and_start_with_the_best(sizes: list[tuple[int | None, int | None]]) -> None:
    """Every rendition is tried; the first is the smallest that serves, else one of unknown size, else the largest."""
    made = tuple(Rendition(url=str(place), width=width, height=height) for place, (width, height) in enumerate(sizes))
    order = candidates(made)
    assert sorted(order, key=lambda r: r.url) == sorted(made, key=lambda r: r.url)
    known = [(r.short_side, (r.width or 0) * (r.height or 0), r) for r in made if r.short_side is not None]
    serving = [area for side, area, _ in known if side >= SHORT_SIDE]
    if serving:
        assert (order[0].width or 0) * (order[0].height or 0) == min(serving)
    elif made and len(known) == len(made):
        assert (order[0].width or 0) * (order[0].height or 0) == max(area for _, area, _ in known)
    elif made:
        assert order[0].short_side is None


# each host


def test_redgifs_tokens_survive_and_are_renewed(park: HostPark, world: World) -> None:
    """One token serves several links, and an expired one is replaced without the caller noticing."""
    url = park.add_redgifs(HERON, hd=LARGE)
    world.get(url)
    world.get(url)
    assert park.paths("api.redgifs.com").count("/v2/auth/temporary") == 1
    park.expire_tokens()
    assert world.get(url).media[0].data == LARGE
    assert park.paths("api.redgifs.com").count("/v2/auth/temporary") == 2


def test_redgifs_says_what_is_gone(park: HostPark, world: World) -> None:
    """Deleted and unknown clips are gone; a refusal is not."""
    url = park.add_redgifs(HERON, hd=LARGE)
    park.gone("redgifs", HERON)
    with pytest.raises(GoneError):
        world.get(url)
    with pytest.raises(GoneError):
        world.get("https://www.redgifs.com/watch/neverwasthere")
    park.fail_once("api.redgifs.com", GIF_PATH, 451)
    with pytest.raises(BlockedError):
        world.get(url)


def test_redgifs_galleries_come_whole(park: HostPark, world: World) -> None:
    """A gallery of stills gives every still, numbered."""
    park.add_redgifs("FirstStill", hd=b"one", ext="jpg", gallery="abc123")
    url = park.add_redgifs("SecondStill", hd=b"two", ext="jpg", gallery="abc123")
    found = world.get(url)
    assert [(media.index, media.data) for media in found.media] == [(0, b"one"), (1, b"two")]


def test_imgur_files_pages_and_albums(park: HostPark, world: World) -> None:
    """Single files come straight; pages and albums come by the API with the site's own client id, read once."""
    page = park.add_imgur("aB3dE5g", GIF, "gif", mp4=SMALL)
    album = park.add_imgur_album("albm1", [b"one", b"two"], "png")
    assert world.get("https://i.imgur.com/aB3dE5g.gif").media[0].data == GIF
    assert world.get("https://i.imgur.com/aB3dE5g.gifv").media[0].data == SMALL
    assert park.paths("api.imgur.com") == []
    both = world.get(page, want_original=True).media[0]
    assert (both.data, both.original) == (SMALL, GIF)
    assert [media.data for media in world.get(album).media] == [b"one", b"two"]
    assert [media.data for media in world.get("https://imgur.com/gallery/words-aB3dE5g").media] == [SMALL]
    assert park.paths("imgur.com") == ["/"]
    assert {r.query.get("client_id") for r in park.log if r.host == "api.imgur.com"} == {CLIENT_ID}


def test_imgurs_picture_for_removed_media_is_gone(park: HostPark, world: World) -> None:
    """A file that leads to the stand-in picture is gone, not media."""
    url = park.add_imgur("aB3dE5g", GIF, "gif")
    park.gone("imgur", "aB3dE5g")
    for dead in ("https://i.imgur.com/aB3dE5g.gif", url):
        with pytest.raises(GoneError):
            world.get(dead)


def test_reddits_own_media(park: HostPark, world: World) -> None:
    """Pictures, signed previews with their originals, and videos by their manifest."""
    image = park.add_reddit_image("q1w2e3r4t5y61", GIF, "gif")
    video = park.add_reddit_video("v1d2e3o4v5i61", {(640, 360): b"360", (854, 480): b"480", (1280, 720): b"720"})
    assert world.get(image).media[0].data == GIF
    preview = "https://preview.redd.it/q1w2e3r4t5y61.gif?width=108&s=00ff"
    assert world.get(preview).media[0].data == GIF
    assert world.get(video).media[0].data == b"480"
    park.gone("reddit", "v1d2e3o4v5i61")
    with pytest.raises(GoneError):
        world.get(video)


def test_direct_files_only_from_allowed_domains(park: HostPark, world: World) -> None:
    """A file on an allowed domain or beneath it is fetched; elsewhere nothing is contacted and the error says how."""
    assert world.get(park.add_direct(DIRECT, "/a.gif", GIF, "image/gif")).media[0].data == GIF
    assert world.get(park.add_direct(f"cdn.{DIRECT}", "/a.gif", GIF, "image/gif")).media[0].data == GIF
    for host in ("tracker.example.net", f"not{DIRECT}"):
        with pytest.raises(BlockedError, match=rf"{host}.*allow in \[hosts\.direct\]"):
            world.get(park.add_direct(host, "/a.gif", GIF, "image/gif"))
        assert park.paths(host) == []


def test_direct_hosts_are_closed_by_default(park: HostPark, build: Callable[..., World]) -> None:
    """Without a list no direct host is contacted."""
    with pytest.raises(BlockedError):
        build(hosts={}).get(park.add_direct(DIRECT, "/a.gif", GIF, "image/gif"))
    assert park.log == ()


def test_allowed_hosts_that_lead_inside_are_not_followed(park: HostPark, world: World) -> None:
    """An allowed domain that redirects, or resolves, to a private address is refused undialled."""
    park.network.point(f"inside.{DIRECT}", "10.0.0.5")
    park.fail_once(DIRECT, "/a.gif", redirect(f"https://inside.{DIRECT}/a.gif"))
    with pytest.raises(BlockedError, match="private"):
        world.get(f"https://{DIRECT}/a.gif")
    with pytest.raises(BlockedError, match="private"):
        world.get(f"https://inside.{DIRECT}/a.gif")
    assert "10.0.0.5" not in {address for address, _ in park.network.dialled}


def test_files_named_by_an_api_stay_with_their_host(park: HostPark, world: World) -> None:
    """An API that names a file on a foreign host does not make us go there."""
    park.add_direct(DIRECT, "/evil.mp4", LARGE)
    park.add_redgifs(HERON, hd=LARGE)
    world.get(f"https://www.redgifs.com/watch/{HERON}")
    body = b'{"gif": {"id": "x", "urls": {"hd": "https://clips.example.com/evil.mp4"}, "gallery": null}}'
    park.fail_once("api.redgifs.com", GIF_PATH, Response(body=body))
    with pytest.raises(HostChangedError, match="of its own"):
        world.get(f"https://www.redgifs.com/watch/{HERON}")
    assert park.paths(DIRECT) == []


# what is not fetched


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk", "not supported"),
        ("https://old.reddit.com/r/example/comments/1abcde/", "a page of reddit"),
        ("https://www.redgifs.com/users/example", "a page of redgifs"),
    ],
)
def test_links_without_media_are_unsupported(park: HostPark, world: World, url: str, match: str) -> None:
    """Pages and unknown links end in one sentence, without a request."""
    with pytest.raises(UnsupportedError, match=match):
        world.get(url)
    assert park.log == ()


def test_hosts_can_be_switched_off(park: HostPark, build: Callable[..., World]) -> None:
    """A host that is switched off is not contacted, and the error names the setting."""
    off = build(hosts={"redgifs": {"enabled": False}})
    with pytest.raises(BlockedError, match=r"enabled = true in \[hosts\.redgifs\]"):
        off.get(park.add_redgifs(HERON, hd=LARGE))
    assert park.log == ()


# albums


def test_an_album_survives_its_broken_parts(park: HostPark, world: World) -> None:
    """Media that fail are reported with their place; the others keep theirs."""
    url = park.add_imgur_album("albm1", [b"one", b"two", bytes(2000)], "png")
    park.fail_once("i.imgur.com", "/albm100.png", 404)
    found = world.get(url)
    assert [(media.index, media.data) for media in found.media] == [(1, b"two")]
    assert [place for place, _ in found.failures] == [0, 2]
    assert not found.later


def test_an_album_of_failures_raises_the_first(park: HostPark, world: World) -> None:
    """When nothing of an album can be had, its first error stands for the link."""
    url = park.add_imgur_album("albm1", [b"one", b"two"], "png")
    park.fail_once("i.imgur.com", "/albm100.png", 403)
    park.fail_once("i.imgur.com", "/albm101.png", 404)
    with pytest.raises(BlockedError):
        world.get(url)


@pytest.mark.parametrize(("first", "second"), [(404, 503), (503, 404), (403, 503), (503, 403)])
def test_an_album_of_failures_raises_what_may_pass(park: HostPark, world: World, first: int, second: int) -> None:
    """That one file is gone or refused ends no link whose other file its host cannot give now."""
    url = park.add_imgur_album("albm1", [b"one", b"two"], "png")
    park.fail_once("i.imgur.com", "/albm100.png", first)
    park.fail_once("i.imgur.com", "/albm101.png", second)
    with pytest.raises(OutageError):
        world.get(url)


def test_a_rate_limit_amid_an_album_asks_for_another_try(park: HostPark, world: World) -> None:
    """What a rate limit kept back is marked as worth another try, and the host is left alone meanwhile."""
    url = park.add_imgur_album("albm1", [b"one", b"two", b"three"], "png")
    park.fail_once("i.imgur.com", "/albm101.png", 429)
    found = world.get(url)
    assert [media.data for media in found.media] == [b"one"]
    assert [(place, type(error)) for place, error in found.later] == [(1, OutageError), (2, OutageError)]
    assert park.paths("i.imgur.com") == ["/albm100.png", "/albm101.png"]


def test_albums_are_limited_in_number_and_weight(park: HostPark, build: Callable[..., World]) -> None:
    """The number of media and their weight together are bounded, and what is left out is reported."""
    url = park.add_imgur_album("albm1", [bytes(900)] * 7, "png")
    few = build(fetch={"max_album": 3, "host_interval_seconds": 0})
    found = few.get(url)
    assert len(found.media) == 3
    assert [place for place, _ in found.failures] == [3]
    assert "fetch.max_album" in found.failures[0][1]
    light = build(fetch={"max_bytes": 1000, "host_interval_seconds": 0})
    found = light.get(url)
    assert len(found.media) == 5
    assert "so large" in found.failures[0][1]


# politeness


def test_requests_to_one_host_keep_their_distance(park: HostPark, build: Callable[..., World]) -> None:
    """Each request after the first waits its interval by the clock; other hosts do not wait for it."""
    world = build(hosts={"redgifs": {"interval_seconds": 10}, "direct": {"allow": [DIRECT], "interval_seconds": 0}})
    world.get(park.add_redgifs(HERON, hd=LARGE))  # token, clip, file
    assert world.clock.monotonic() == 20
    world.get(park.add_direct(DIRECT, "/a.gif", GIF, "image/gif"))
    assert world.clock.monotonic() == 20


def test_a_host_that_asks_to_wait_is_left_alone(park: HostPark, world: World) -> None:
    """After Retry-After no request goes out until that time has passed; the error says how long."""
    url = park.add_redgifs(HERON, hd=LARGE)
    world.get(url)
    park.fail_once("api.redgifs.com", GIF_PATH, Response(status=429, headers={"Retry-After": "300"}))
    with pytest.raises(TryLaterError) as caught:
        world.get(url)
    assert caught.value.retry_after == 300
    before = len(park.log)
    with pytest.raises(TryLaterError) as caught:
        world.get(url)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 300
    assert len(park.log) == before
    world.get(park.add_direct(DIRECT, "/a.gif", GIF, "image/gif"))
    world.clock.sleep(300)
    assert world.get(url).media[0].data == LARGE


def test_direct_hosts_do_not_wait_for_one_another(park: HostPark, build: Callable[..., World]) -> None:
    """A rate limit of one direct host leaves the others alone."""
    world = build(hosts={"direct": {"allow": ["example.com"]}})
    other = park.add_direct("other.example.com", "/a.gif", GIF, "image/gif")
    park.fail_once(DIRECT, "/a.gif", 429)
    for _ in range(2):
        with pytest.raises(TryLaterError):
            world.get(f"https://{DIRECT}/a.gif")
    assert len(park.paths(DIRECT)) == 1
    assert world.get(other).media[0].data == GIF


def test_threads_share_politeness(park: HostPark, world: World) -> None:
    """Several threads at once get their files, and together keep the host's interval."""
    urls = [park.add_direct(DIRECT, f"/{n}.gif", GIF + bytes([n]), "image/gif") for n in range(8)]
    found: dict[int, bytes] = {}

    def fetch(n: int) -> None:
        found[n] = world.get(urls[n]).media[0].data

    threads = [threading.Thread(target=fetch, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == {n: GIF + bytes([n]) for n in range(8)}
    assert world.clock.monotonic() >= 7


# errors


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (500, TryLaterError),
        (Response(drop=True), TryLaterError),
        (403, BlockedError),
        (web_page(), HostChangedError),
        (Response(body=b"[]"), HostChangedError),
    ],
)
def test_failures_of_an_api_keep_their_meaning(
    park: HostPark, world: World, answer: Response | int, error: type[AcquireError]
) -> None:
    """What goes wrong at the API is the link's error, and the next try works again."""
    url = park.add_redgifs(HERON, hd=LARGE)
    park.fail_once("api.redgifs.com", GIF_PATH, answer)
    with pytest.raises(error) as caught:
        world.get(url)
    assert "signature" not in str(caught.value)
    world.clock.sleep(120)
    assert world.get(url).media[0].data == LARGE


def test_media_that_want_a_login_need_a_token(park: HostPark, world: World) -> None:
    """A 401 on a file is a missing credential, not a missing file."""
    park.fail_once(DIRECT, "/a.gif", 401)
    with pytest.raises(NeedsTokenError) as caught:
        world.get(f"https://{DIRECT}/a.gif")
    assert caught.value.status == 401
