"""Host plugs: which links are theirs, and what they make of their host's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import contact
from bot.config import Config
from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    TryLaterError,
    UnsupportedError,
)
from bot.fetch import Page
from bot.hosts import HOSTS, Host, HostMedia, LinkExample, find, finder, get
from bot.hosts.redgifs import API as REDGIFS
from bot.model import Link

EXAMPLES = [pytest.param(host, example, id=example.url) for host in HOSTS for example in host.examples]


@dataclass
class Book:
    """A Web that reads its answers from a table of URL → value or error, and notes what was asked."""

    answers: Mapping[str, Any]
    state: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        self.asked.append(url)
        answer = self.answers.get(url)
        if callable(answer):
            answer = answer(dict(headers or {}))
        if answer is None:
            raise _error(GoneError, 404)
        if isinstance(answer, AcquireError):
            raise answer
        return answer

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        return Page(url=url, status=200, text=self.json(url, headers=headers))

    def allows(self, host: str) -> bool:
        return host in {urlsplit(url).hostname for url in self.answers}


def _error(kind: type[AcquireError], status: int) -> AcquireError:
    error = kind("the host says no")
    error.status = status
    return error


def link(url: str, **changes: Any) -> Link:
    found = find(url)
    assert found is not None
    values = {"url": url, "host": found.host, "id": found.id, "kind": found.kind, "source": "url", **changes}
    return Link(**values)


def resolve(url: str, web: Book) -> tuple[HostMedia, ...]:
    read = link(url)
    plug = get(read.host)
    assert plug is not None
    return plug.resolve(read, web)


# every plug


@pytest.mark.parametrize(("host", "example"), EXAMPLES)
def test_examples_are_read_as_stated(host: Host, example: LinkExample) -> None:
    """Each plug reads its own example links as it says it does, through the common door."""
    allowing = finder(Config.model_validate({"hosts": {"page": {"allow": ["videos.example.org"]}}}))
    found = allowing(example.url)
    assert found is not None
    assert (found.host, found.id, found.kind) == (host.name, example.id, example.kind)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: str(host.name))
def test_each_plug_is_complete(host: Host) -> None:
    """A plug has a name of its own, examples, and a section among the channels."""
    assert get(host.name) is host
    assert host.examples
    assert contact(host.name).known


@pytest.mark.parametrize("host", [host for host in HOSTS if host.domains], ids=lambda host: str(host.name))
@pytest.mark.parametrize("disguise", ["not{}", "{}.example.net", "x-{}", "{}x", "{}.", "www.{}", "WWW.{}"])
def test_look_alikes_belong_to_nobody(host: Host, disguise: str) -> None:
    """Only a domain itself and what is beneath it are a host's own."""
    for domain in host.domains:
        found = find(f"https://{disguise.format(domain)}/watch/abcdefg")
        own = disguise in ("{}.", "www.{}", "WWW.{}")
        assert (found is not None and found.host == host.name) is own


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:image/gif;base64,R0lGODlh",
        "https://www.youtube.com/watch?v=abcdefghijk",
        "https://redgifs.com@example.net/watch/abcdef",
        "https://example.net\\@redgifs.com/watch/abcdef",
        "https://redgifs.com:8443/watch/abcdef",
        "https://127.0.0.1/clip.gif",
        "http://0x7f000001/clip.gif",
        "https://example.org/clip.gif.html",
        "https://example.org/gif",
        "https://example.org/?file=clip.gif",
        "redgifs.com/watch/abcdef",
        "",
    ],
)
def test_links_of_nobody_are_none(url: str) -> None:
    """What no plug knows, or what is no plain web address, is None."""
    assert find(url) is None


@given(st.text(max_size=80))
def test_finding_never_raises(text: str) -> None:
    """Whatever is posted, finding gives a Ref or None."""
    find(text)
    for domain in ("redgifs.com", "i.imgur.com", "imgur.com", "www.reddit.com", "i.redd.it", "v.redd.it"):
        found = find(f"https://{domain}/{text}")
        assert found is None or found.kind in ("media", "page", "album")


@given(st.from_regex(r"[A-Za-z]{3,40}", fullmatch=True))
def test_redgifs_ids_do_not_depend_on_case(name: str) -> None:
    """The same clip under any spelling and server has one id."""
    urls = [f"https://www.redgifs.com/watch/{name}", f"https://thumbs2.redgifs.com/{name.title()}-mobile.mp4"]
    assert {getattr(find(url), "id", None) for url in urls} == {name.lower()}


# redgifs


def gif(id: str = "quietgreenheron", *, width: int = 1920, height: int = 1080, **changes: Any) -> dict[str, Any]:
    urls = {"sd": f"https://media.redgifs.com/{id}-mobile.mp4?s=1", "hd": f"https://media.redgifs.com/{id}.mp4?s=1"}
    return {"id": id, "width": width, "height": height, "urls": urls, "gallery": None, **changes}


def test_redgifs_gives_both_files_with_sizes() -> None:
    """A clip has its sd file, scaled to 480 lines, and its hd file as the original, with the site as referrer."""
    web = Book({f"{REDGIFS}/auth/temporary": {"token": "t1"}, f"{REDGIFS}/gifs/quietgreenheron": {"gif": gif()}})
    (media,) = resolve("https://redgifs.com/watch/QuietGreenHeron", web)
    sd, hd = media.renditions
    assert media.id == "quietgreenheron"
    assert (sd.width, sd.height, sd.original) == (853, 480, False)
    assert (hd.width, hd.height, hd.original) == (1920, 1080, True)
    assert hd.headers["Referer"] == "https://www.redgifs.com/"


def test_redgifs_tokens_are_kept_and_renewed_once() -> None:
    """A token serves many links; when it has expired a new one is fetched, once."""
    valid = {"t1"}
    issued = iter(["t1", "t2", "t3"])

    def answer(headers: dict[str, str]) -> Any:
        known = headers["Authorization"].removeprefix("Bearer ") in valid
        return {"gif": gif()} if known else _error(NeedsTokenError, 401)

    web = Book({f"{REDGIFS}/auth/temporary": lambda _: {"token": next(issued)}, f"{REDGIFS}/gifs/abc": answer})
    resolve("https://redgifs.com/watch/abc", web)
    resolve("https://redgifs.com/watch/abc", web)
    assert web.asked.count(f"{REDGIFS}/auth/temporary") == 1
    valid.clear()
    valid.add("t2")
    resolve("https://redgifs.com/watch/abc", web)
    assert web.asked.count(f"{REDGIFS}/auth/temporary") == 2
    valid.clear()
    with pytest.raises(NeedsTokenError):
        resolve("https://redgifs.com/watch/abc", web)
    assert web.asked.count(f"{REDGIFS}/auth/temporary") == 3


def test_redgifs_galleries_give_all_their_media() -> None:
    """A clip of a gallery stands for the whole gallery, in its order."""
    web = Book(
        {
            f"{REDGIFS}/auth/temporary": {"token": "t1"},
            f"{REDGIFS}/gifs/abc": {"gif": gif(gallery="Gallery1")},
            f"{REDGIFS}/gallery/Gallery1": {"gifs": [gif("one"), gif("two")]},
        }
    )
    assert [media.id for media in resolve("https://redgifs.com/watch/abc", web)] == ["one", "two"]


@pytest.mark.parametrize(
    "answer",
    [{}, [], "x", {"gif": None}, {"gif": {}}, {"gif": gif(urls={})}, {"gif": gif(urls={"hd": 3})}],
)
def test_redgifs_in_an_unknown_shape_is_a_changed_host(answer: Any) -> None:
    """An answer without what the plug relies on is one clear error."""
    web = Book({f"{REDGIFS}/auth/temporary": {"token": "t1"}, f"{REDGIFS}/gifs/abc": lambda _: answer})
    with pytest.raises(HostChangedError, match="redgifs"):
        resolve("https://redgifs.com/watch/abc", web)


@pytest.mark.parametrize("token", [None, "", "a\r\nX: y", 3, {}])
def test_redgifs_tokens_are_checked(token: Any) -> None:
    """What is not a plain token never reaches a header."""
    with pytest.raises(HostChangedError):
        resolve("https://redgifs.com/watch/abc", Book({f"{REDGIFS}/auth/temporary": {"token": token}}))


# imgur

IMGUR = "https://api.imgur.com/post/v1"
SITE = {
    "https://imgur.com/": "<script src=https://s.imgur.com/desktop-assets/js/main.0a-b.js></script>",
    "https://s.imgur.com/desktop-assets/js/main.0a-b.js": 'var e={isProd:!0,apiClientId:"abcdef12345",v:1}',
}


def item(id: str, ext: str, **changes: Any) -> dict[str, Any]:
    return {"id": id, "type": "image", "url": f"https://i.imgur.com/{id}.{ext}", "width": 640, "height": 480, **changes}


def api(kind: str, id: str, client: str = "abcdef12345") -> str:
    return f"{IMGUR}/{kind}/{id}?client_id={client}&include=media"


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://i.imgur.com/aB3dE5g.gifv", "https://i.imgur.com/aB3dE5g.mp4"),
        ("https://i.imgur.com/aB3dE5g.webm", "https://i.imgur.com/aB3dE5g.mp4"),
        ("http://i.imgur.com/aB3dE5gh.png?1", "https://i.imgur.com/aB3dE5g.png"),
        ("https://i.imgur.com/aB3dE5g_d.webp?maxwidth=9", "https://i.imgur.com/aB3dE5g.webp"),
        ("https://imgur.io/aB3dE.gif", "https://i.imgur.com/aB3dE.gif"),
        ("https://i.imgur.com/aB3dE5g.gift", "https://i.imgur.com/aB3dE5g.gif"),
    ],
)
def test_imgur_files_need_no_request(url: str, file: str) -> None:
    """A link to a file leads straight to the uploaded file, without size suffix."""
    web = Book({})
    (media,) = resolve(url, web)
    assert [rendition.url for rendition in media.renditions] == [file]
    assert web.asked == []


def test_imgur_pages_use_the_sites_own_client_id() -> None:
    """The client id is read from the site's script once; an animated image comes as video and as its GIF original."""
    post = {"media": [item("aB3dE5g", "gif", metadata={"is_animated": True})]}
    web = Book({**SITE, api("media", "aB3dE5g"): post})
    for _ in range(2):
        (media,) = resolve("https://imgur.com/aB3dE5g", web)
    assert [(r.url[-4:], r.original) for r in media.renditions] == [(".mp4", False), (".gif", True)]
    assert web.asked.count("https://imgur.com/") == 1


def test_imgur_client_ids_are_renewed_when_refused() -> None:
    """A stored client id that the API refuses is read again, once."""
    refused = _error(BlockedError, 403)
    post = {"media": [item("aB3dE5g", "jpg")]}
    answers = {**SITE, api("media", "aB3dE5g", "old"): refused, api("media", "aB3dE5g"): post}
    web = Book(answers, state={"client": "old"})
    assert resolve("https://imgur.com/aB3dE5g", web)
    web = Book({**SITE, api("media", "aB3dE5g"): refused}, state={"client": "abcdef12345"})
    with pytest.raises(BlockedError):
        resolve("https://imgur.com/aB3dE5g", web)
    assert web.asked.count(api("media", "aB3dE5g")) == 2


def test_imgur_albums_give_their_media_in_order() -> None:
    """An album's media come in its order, videos as they are."""
    items = [item("one11", "jpg"), item("two22", "mp4", type="video", metadata={"is_animated": True})]
    web = Book({**SITE, api("albums", "aB3dE"): {"media": items}})
    found = resolve("https://imgur.com/a/aB3dE", web)
    assert [media.id for media in found] == ["one11", "two22"]
    assert [rendition.url for rendition in found[1].renditions] == ["https://i.imgur.com/two22.mp4"]


def test_imgur_galleries_may_be_posts_or_single_media() -> None:
    """A gallery link is tried as album, post and single media; gone only if it is none of them."""
    web = Book({**SITE, api("media", "aB3dE5g"): {"media": [item("aB3dE5g", "jpg")]}})
    assert len(resolve("https://imgur.com/gallery/words-aB3dE5g", web)) == 1
    with pytest.raises(GoneError):
        resolve("https://imgur.com/gallery/words-aB3dE5g", Book(SITE))


@pytest.mark.parametrize("answer", [{}, [], {"media": None}, {"media": [{}]}, {"media": [{"url": 1}]}])
def test_imgur_in_an_unknown_shape_is_a_changed_host(answer: Any) -> None:
    """An answer without what the plug relies on is one clear error."""
    with pytest.raises(HostChangedError, match="imgur"):
        resolve("https://imgur.com/a/aB3dE", Book({**SITE, api("albums", "aB3dE"): lambda _: answer}))


@pytest.mark.parametrize("page", ["", "<script src=https://evil.example/desktop-assets/js/main.js></script>"])
def test_imgur_without_its_script_is_a_changed_host(page: str) -> None:
    """When the site no longer shows a client id, the error says so."""
    with pytest.raises(HostChangedError, match="client id"):
        resolve("https://imgur.com/a/aB3dE", Book({"https://imgur.com/": lambda _: page}))


def test_imgur_knows_its_picture_for_removed_media() -> None:
    """The stand-in is recognised by its address, and a link to it is gone without a request."""
    plug = get("imgur")
    assert plug is not None
    assert plug.is_placeholder("https://i.imgur.com/removed.png")
    assert not plug.is_placeholder("https://i.imgur.com/aB3dE5g.png")
    with pytest.raises(GoneError):
        resolve("https://i.imgur.com/removed.png", Book({}))


# reddit

MANIFEST = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>
<AdaptationSet><Representation width="854" height="480"><BaseURL>CMAF_480.mp4</BaseURL></Representation>
<Representation width="1280" height="720"><BaseURL>CMAF_720.mp4</BaseURL></Representation>
<Representation width="9" height="9"><BaseURL>https://evil.example/x.mp4</BaseURL></Representation></AdaptationSet>
<AdaptationSet><Representation><BaseURL>CMAF_AUDIO_128.mp4</BaseURL></Representation></AdaptationSet>
</Period></MPD>"""
MPD = "https://v.redd.it/q1w2e3r4t5y61/DASHPlaylist.mpd"


@pytest.mark.parametrize(
    "url", ["https://v.redd.it/q1w2e3r4t5y61", "https://www.reddit.com/link/1abcde/video/q1w2e3r4t5y61/player"]
)
def test_reddit_videos_come_from_their_manifest(url: str) -> None:
    """The manifest names a video's files with their sizes; sound and foreign addresses are left out."""
    (media,) = resolve(url, Book({MPD: MANIFEST}))
    assert [(r.url, r.width, r.height) for r in media.renditions] == [
        ("https://v.redd.it/q1w2e3r4t5y61/CMAF_480.mp4", 854, 480),
        ("https://v.redd.it/q1w2e3r4t5y61/CMAF_720.mp4", 1280, 720),
    ]


def test_reddit_videos_fall_back_to_the_file_in_the_link() -> None:
    """Without a manifest the file that the link names is taken; a rate limit is not taken for a missing manifest."""
    url = "https://v.redd.it/q1w2e3r4t5y61/DASH_720.mp4?source=fallback"
    (media,) = resolve(url, Book({}))
    assert [r.url for r in media.renditions] == [url]
    with pytest.raises(TryLaterError):
        resolve(url, Book({MPD: _error(TryLaterError, 429)}))
    with pytest.raises(GoneError):
        resolve("https://v.redd.it/q1w2e3r4t5y61", Book({}))


@pytest.mark.parametrize(
    "text", ["", "<!doctype html><p>", "<MPD/>", '<!DOCTYPE x [<!ENTITY a "aaaa">]><MPD>&a;</MPD>', "\x00"]
)
def test_reddit_manifests_of_another_shape_are_a_changed_host(text: str) -> None:
    """What is no manifest, or carries entities, is one clear error."""
    with pytest.raises(HostChangedError, match="manifest"):
        resolve("https://v.redd.it/q1w2e3r4t5y61", Book({MPD: lambda _: text}))


def test_reddit_pictures_keep_their_signed_query_and_know_their_original() -> None:
    """A preview is fetched as it was signed; its original is on i.redd.it under the id."""
    signed = "https://preview.redd.it/words-v0-q1w2e3r4t5y61.png?width=960&format=png&auto=webp&s=00ff"
    (media,) = resolve(signed, Book({}))
    preview, original = media.renditions
    assert (preview.url, preview.width, preview.original) == (signed, 960, False)
    assert (original.url, original.original) == ("https://i.redd.it/q1w2e3r4t5y61.png", True)
    assert preview.headers["Accept"] == "*/*"
    (media,) = resolve("https://www.reddit.com/media?url=https%3A%2F%2Fi.redd.it%2Fq1w2e3r4t5y61.gif", Book({}))
    assert [(r.url, r.original) for r in media.renditions] == [("https://i.redd.it/q1w2e3r4t5y61.gif", True)]


@pytest.mark.parametrize(
    "url", ["https://www.reddit.com/media?url=https%3A%2F%2Fevil.example%2Fx.gif", "https://redd.it/"]
)
def test_reddit_leads_nowhere_else(url: str) -> None:
    """A foreign address inside a reddit link is not media of reddit."""
    found = find(url)
    assert found is not None
    assert (found.kind, found.id) == ("page", None)


@pytest.mark.parametrize("host", ["redgifs", "imgur", "reddit"])
def test_links_without_an_id_are_unsupported(host: str) -> None:
    """A plug asked for a link without an id says that there is no media."""
    plug = get(host)
    assert plug is not None
    empty = Link(url="https://www.reddit.com/", host=host, id=None, kind="media", source="url")
    with pytest.raises(UnsupportedError):
        plug.resolve(empty, Book({}))
