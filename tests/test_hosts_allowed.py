"""Mastodon servers and pages: asked only where the operator allows it, whatever their answers name."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.channels import OWN
from bot.config import Config
from bot.config.checking import KEYS_OF
from bot.errors import AcquireError, BlockedError, NeedsTokenError, NotAllowedError, TryLaterError, UnsupportedError
from bot.fetch import Page
from bot.hosts import HOSTS, find, finder, page
from bot.loopback.answers import redirect
from bot.loopback.http import json_response
from bot.loopback.stage import Stage
from bot.migrations import migrations
from bot.model import Link, LinkState, LookOutcome
from tests.bots import Listening, bank_the_fake, bot_on, changed, fake
from tests.following import sent
from tests.host_pages import PagePark
from tests.host_posts import INSTANCE, SITE, STATUS, add_mastodon, add_page, mastodon_file
from tests.host_world import LARGE, SMALL, HostClient
from tests.slow import slow


def test_every_host_without_domains_takes_an_allow_list() -> None:
    """The configuration takes `allow` for just the hosts that own no domain, and none of them is a sexual context."""
    plugs = {plug.name: plug for plug in HOSTS if not plug.domains}
    assert set(plugs) == set(KEYS_OF["allow"])
    assert not any(plug.adult or plug.lasting for plug in plugs.values())


# Mastodon


def test_mastodon_statuses_give_all_their_media(park: PagePark, client: HostClient) -> None:
    """Pictures in a useful size, videos, what is boosted and quoted; sounds are left out."""
    sound = mastodon_file(park, "sound", SMALL, "gifv") | {"type": "audio"}
    quote = {"state": "accepted", "quoted_status": {"media_attachments": [mastodon_file(park, "quoted", b"quoted")]}}
    boosted = {"media_attachments": [mastodon_file(park, "boosted", b"boosted", "video")], "quote": quote}
    url = add_mastodon(park, STATUS, mastodon_file(park, "own", SMALL), sound, reblog=boosted)
    for form in (
        url,
        f"https://{INSTANCE}/@heron@other.example.net/{STATUS}",
        f"https://{INSTANCE}/web/statuses/{STATUS}",
    ):
        assert [one.data for one in client.get(form).media] == [SMALL, b"boosted", b"quoted"]
    assert {request.host for request in park.log} == {INSTANCE, f"files.{INSTANCE}"}


def test_mastodon_files_come_from_allowed_domains_only(park: PagePark, build: Callable[..., HostClient]) -> None:
    """A server's own copy comes first, else the other server's if that is allowed; what is missing is named."""
    other = "files.other.example.net"
    far = mastodon_file(park, "far", SMALL, "gifv", host=other)
    url = add_mastodon(park, STATUS, far)
    client = build()
    with pytest.raises(NotAllowedError, match=rf"on {other}, .* allow in \[hosts\.mastodon\]"):
        client.get(url)
    url = add_mastodon(park, STATUS, far, mastodon_file(park, "near", LARGE, "gifv"))
    got = client.get(url)
    assert ([one.data for one in got.media], [place for place, _ in got.failures]) == ([LARGE], [0])
    assert other not in {request.host for request in park.log}
    url = add_mastodon(park, STATUS, far | {"url": None, "type": "unknown", "remote_url": far["url"]})
    allowing = build(mastodon={"allow": [INSTANCE, "other.example.net"]})
    assert allowing.get(url).media[0].data == SMALL
    with pytest.raises(NotAllowedError):
        build(mastodon={"allow": ["other.example.net"]}).get(url)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"media_attachments": []}, UnsupportedError),
        ({"media_attachments": [{"id": "1", "type": "video", "url": None}]}, TryLaterError),
    ],
)
def test_mastodon_without_media(
    park: PagePark, client: HostClient, told: dict[str, Any], error: type[AcquireError]
) -> None:
    """Text is no media; what is still being prepared is worth another try."""
    with pytest.raises(error, match=INSTANCE):
        client.get(add_mastodon(park, STATUS, **told))


def test_mastodon_servers_may_want_an_account(park: PagePark, client: HostClient) -> None:
    """A server that answers nobody without an account wants a credential; the status is not gone."""
    url = add_mastodon(park, STATUS)
    told = json_response({"error": "This API requires an authenticated user"}, status=401)
    park.put(INSTANCE, f"/api/v1/statuses/{STATUS}", told)
    with pytest.raises(NeedsTokenError):
        client.get(url)


# pages

FILE = f"https://{SITE}/v/heron.mp4"
OTHER = "https://elsewhere.example.net/v/heron.mp4"
VIDEO_OBJECT = {"@context": "https://schema.org", "@type": "VideoObject", "contentUrl": FILE}


def data(value: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    "text",
    [
        f'<meta property="og:video" content="{FILE}">',
        f'<meta name="og:video:url" content="{FILE}"><meta property="og:video:type" content="video/mp4">',
        f'<META PROPERTY="og:video:secure_url" CONTENT="{FILE}"><meta property="og:video" content="{OTHER}">',
        '<meta property="og:video" content="/v/heron.mp4">',
        f'<meta property="og:video" content="https://{SITE}/play"><meta property="og:video:type" content="text/html">'
        f'<meta name="twitter:player:stream" content="{FILE}">',
        f'<meta property="og:video" content="{OTHER}"><video src="{FILE}"></video>',
        f'<video src="//{SITE}/v/heron.mp4" autoplay></video>',
        f"<video controls><source src='{FILE}' type='video/mp4'><source src='/v/heron.webm'></video>",
        '<video><source src="/v/a.m3u8" type="application/x-mpegURL"><source src="/v/heron.mp4"></video>',
        '<video><source src="../v/heron.mp4?x=1&amp;y=2"></video>',
        data(VIDEO_OBJECT),
        data([{"@type": "WebPage", "video": {"@type": ["VideoObject"], "contentUrl": [FILE]}}]),
        data({"@graph": [{"@type": "Article"}, VIDEO_OBJECT]}),
        '<script type="application/ld+json">{not json</script>' + data(VIDEO_OBJECT),
    ],
)
def test_the_video_of_a_page_is_found_where_pages_name_it(park: PagePark, client: HostClient, text: str) -> None:
    """Open Graph, Twitter's player, the video element and JSON-LD, relative or whole, the first that may be fetched."""
    park.put_file(SITE, "/v/heron.mp4", SMALL)
    (one,) = client.get(add_page(park, "/watch/heron", text)).media
    assert one.data == SMALL
    assert {request.host for request in park.log} == {SITE}
    assert len(park.log) == 2


def test_several_videos_of_a_page(park: PagePark, client: HostClient) -> None:
    """Each video element is a media of its own, its sources are the same in other formats; a source alone is none."""
    for name in ("one", "two"):
        park.put_file(SITE, f"/v/{name}.mp4", name.encode())
    text = '<picture><source src="/a.mp4"></picture>' + "".join(
        f'<video><source src="/v/{name}.mp4"><source src="/v/{name}.webm"></video>' for name in ("one", "two", "one")
    )
    assert [one.data for one in client.get(add_page(park, "/watch/heron", text)).media] == [b"one", b"two"]


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "video", "html": f'<video src="{FILE}"></video>'},
        {"type": "video", "html": f'<iframe width="1" src="https://{SITE}/embed/1"></iframe>'},
        {"type": "photo", "url": FILE},
    ],
)
def test_oembed_leads_to_the_video(park: PagePark, client: HostClient, answer: dict[str, Any]) -> None:
    """What the page's own oEmbed link answers is read last, and the frame in it as a page, one level deep."""
    park.put_file(SITE, "/v/heron.mp4", SMALL)
    park.put(SITE, "/oembed", json_response({"version": "1.0", **answer}))
    add_page(park, "/embed/1", f'<meta property="og:video" content="{FILE}">')
    text = '<link rel="alternate" type="application/json+oembed" href="/oembed?url=x&amp;format=json">'
    assert client.get(add_page(park, "/watch/heron", text)).media[0].data == SMALL


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f'<meta property="og:video" content="{OTHER}">', NotAllowedError),
        (f"<video src='{OTHER}'></video>" + data({**VIDEO_OBJECT, "contentUrl": OTHER}), NotAllowedError),
        ("<meta property='og:video' content='https://127.0.0.1/a.mp4'>", UnsupportedError),
        (
            "<meta property='og:video' content='javascript:alert(1)'><video src='data:video/mp4;base64,AA'>",
            UnsupportedError,
        ),
        ("<meta property='og:video' content='http://[::1/a.mp4'>", UnsupportedError),
        ("<video src='/v/a.m3u8'></video><meta name='twitter:player:stream' content='/v/a.mpd'>", UnsupportedError),
        ("<p>a heron</p><img src='/a.gif'>", UnsupportedError),
        ('<link type="application/json+oembed" href="https://elsewhere.example.net/oembed">', UnsupportedError),
    ],
)
def test_what_a_page_names_elsewhere_is_not_fetched(
    park: PagePark, client: HostClient, text: str, error: type[AcquireError]
) -> None:
    """A file on a domain that is not allowed is told by its name; no other domain is asked, streams are not read."""
    with pytest.raises(error) as caught:
        client.get(add_page(park, "/watch/heron", text))
    assert error is UnsupportedError or "elsewhere.example.net" in str(caught.value)
    assert {request.host for request in park.log} == {SITE}


def test_a_page_that_leads_away_is_not_followed(park: PagePark, client: HostClient) -> None:
    """A page that is moved to a domain that is not allowed is refused."""
    park.put(SITE, "/watch/heron", redirect("https://elsewhere.example.net/watch/heron"))
    with pytest.raises(BlockedError):
        client.get(f"https://{SITE}/watch/heron")


def test_pages_are_links_only_where_they_are_allowed() -> None:
    """Without the operator's word a page is nobody's link; with it, its files stay with `direct`."""
    allowing = finder(Config.model_validate({"hosts": {"page": {"allow": ["Videos.example.org", "redgifs.com"]}}}))
    read = {url: allowing(url) for url in (
        "https://videos.example.org/watch/1", "https://www.videos.example.org/?v=1", "https://videos.example.org/",
        "https://videos.example.org/a/heron.mp4", "https://videos.example.org.example.net/watch/1",
        "https://notvideos.example.org/watch/1", "https://www.redgifs.com/watch/quietgreenheron",
    )}  # fmt: skip
    assert [(ref.host, ref.kind) if ref else None for ref in read.values()] == [
        ("page", "media"), ("page", "media"), ("page", "page"),
        ("direct", "media"), None,
        None, ("redgifs", "media"),
    ]  # fmt: skip
    assert [find(url) for url in list(read)[:3]] == [None] * 3
    assert finder(Config()) is find


class Allowing:
    """A Web that gives one page and one answer, on one domain."""

    def __init__(self, text: str) -> None:
        self.state: dict[str, Any] = {}
        self._text = text

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def json(self, url: str, **_: object) -> Any:
        return {"type": "video", "html": self._text}

    def page(self, url: str, **_: object) -> Page:
        return Page(url=url, status=200, text=self._text)

    def allows(self, host: str) -> bool:
        return host == SITE


PIECES = [
    '<meta property="og:video" content="', "<video ", "</video>", '<source src="', "<source type='video/mp4' src=", ">",
    '">',
    '<script type="application/ld+json">', "</script>", '{"@type": "VideoObject", "contentUrl": "', '"}', "[", "{",
    FILE, OTHER, "/v/a.mp4", "//", "https://[", '<link type="application/json+oembed" href="', '<iframe src="', "\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30))
def test_any_page_names_allowed_files_or_none(pieces: list[str]) -> None:
    """Whatever a page holds, only files on the allowed domain come out, or one of our errors."""
    url = f"https://{SITE}/watch/heron"
    ref = finder(Config.model_validate({"hosts": {"page": {"allow": [SITE]}}}))(url)
    assert ref is not None
    asked = Link(url=url, host="page", id=None, kind="media", source="url")
    try:
        found = page.AllowedPage().resolve(asked, Allowing("".join(pieces)))
    except AcquireError:
        return
    assert all(one.url.startswith((f"https://{SITE}/", f"http://{SITE}/")) for item in found for one in item.renditions)


@pytest.mark.parametrize(
    "piece",
    [
        "<video ",
        "<source ",
        "<video><source src='/a.mp4'>",
        "<script ",
        '<script type="application/ld+json">',
        '<script type="application/ld+json">[[[[[[[[[[',
        "<meta ",
        '<meta property="og:video" content="/a.mp4">',
    ],
)
def test_reading_pages_is_linear(piece: str) -> None:
    """Megabytes of hostile markup end in a few media at most, without trying the same characters again and again."""
    asked = Link(url=f"https://{SITE}/a", host="page", id=None, kind="media", source="url")
    with suppress(UnsupportedError):
        assert len(page.AllowedPage().resolve(asked, Allowing(piece * (1_000_000 // len(piece))))) <= page.MAX_MEDIA


def test_the_data_of_a_page_is_bounded() -> None:
    """Deep and wide JSON-LD is given up on, and what stands in time is found."""
    deep = "[" * 100_000 + "]" * 100_000
    wide = json.dumps([{"@type": "Thing"}] * 6000 + [VIDEO_OBJECT])
    for text in (deep, wide):
        assert list(page._videos(text)) == []
    assert list(page._videos(json.dumps([VIDEO_OBJECT] + [{}] * 6000))) == [(FILE, "")]


@slow
def test_a_bot_follows_what_is_allowed_and_tells_each_server_alone(world: Stage, log: Listening) -> None:
    """A page on an allowed domain leads to its media, on another it is nobody's link; each domain is told alone."""
    names = (SITE, "www.two.example.com", "three.example.com")
    world.config.storage.path.mkdir(exist_ok=True)
    channels = [f'["{name}"]\ndomains = ["{name}"]\nemail = "desk@{name}"\n' for name in (SITE, "two.example.com")]
    (world.config.storage.path / OWN).write_text("".join(channels))
    for host in (SITE, "other.example.com"):
        world.park.add_direct(host, "/watch/1", f'<video src="https://{SITE}/v/1"></video>'.encode(), "text/html")
        world.reddit.submit("clips", author="a", title="x", url=f"https://{host}/watch/1")
    world.park.add_direct(SITE, "/v/1", fake())
    for name in names[1:]:
        url = world.park.add_direct(name, "/heron.mp4", fake())
        world.reddit.submit("clips", author="a", title="x", url=url)
    allowed = {"page": {"allow": [SITE]}, "direct": {"allow": list(names)}}
    with bot_on(changed(world, hosts=allowed), log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bank_the_fake(bot, fake())
        bot.tick()
        notices = {row.host: row for row in bot.deps.store.notices.listing()}
        states = {row.link.host: row.state for row in bot.deps.store.links.listing()}
        sent(bot, notices[SITE].label)
        bot.recheck()
        asked = len(world.park.paths(SITE))
        world.clock.sleep(7 * 3600)
        bot.recheck()
        (item,) = bot.deps.store.notice_life.items(notices[SITE].label)
    assert (states["page"], states[""]) == (LinkState.JUDGED, LinkState.UNSUPPORTED)
    assert {host: row.recipient for host, row in notices.items()} == {
        SITE: f"desk@{SITE}", "two.example.com": "desk@two.example.com", "three.example.com": None,
    }  # fmt: skip
    assert (item.looks, item.outcome) == (1, LookOutcome.THERE)
    assert world.park.paths(SITE)[asked:] == ["/watch/1", "/v/1"]


def test_notices_of_before_are_named_by_their_server() -> None:
    """A notice about direct files goes to the one server that has them; one that mixes servers waits for a person."""
    db = Database(memory=True)
    migrations.apply(db, stop_before="m0078_notices_of_servers")
    db.execute("insert into posts values ('t3_1', 'clips', '', '{}', '')")
    for number, (notice, url) in enumerate((
        ("N-1", "https://www.one.example.com/a.mp4"), ("N-1", "https://ONE.example.com/b.mp4"),
        ("N-2", "https://one.example.com/a.mp4"), ("N-2", "https://two.example.com/a.mp4"),
    )):  # fmt: skip
        for statement, values in (
            ("insert or ignore into notices (label, host, subreddit, state, created_at, updated_at)"
             " values (?, 'direct', 'clips', 'drafted', '', '')", (notice,)),
            ("insert into links (id, post, url, host, kind, source, state, next_at, updated_at)"
             " values (?, 't3_1', ?, 'direct', 'media', 'url', 'judged', '', '')", (number, url + notice)),
            ("insert into cases (id, label, link, post, state, verdict, opened_at)"
             " values (?, ?, ?, 't3_1', 'open', '{}', '')", (number, f"C-{number}", number)),
            ("insert into notice_items (notice, case_id, host_id, url, seen_at) values (?, ?, ?, ?, '')",
             (notice, number, url, url)),
        ):  # fmt: skip
            db.execute(statement, values)
    migrations.apply(db)
    told = db.execute("select label, host from notices order by label").fetchall()
    assert told == [("N-1", "one.example.com"), ("N-2", "direct")]
    db.close()
