"""Every form in which links to the hosts are written, and the wrappers around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hosts import HOSTS, find, get, unwrapped
from bot.hosts.base import parse
from bot.hosts.wrappers import inner
from bot.links.defanged import disguised
from bot.model import Link

TABLE = Path(__file__).parent / "data" / "urls.txt"
MEDIA = ("media", "album")


def rows() -> Iterator[tuple[str, str | None, str, str]]:
    """Yield (host, id, kind, address) of the table."""
    host = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            host = line.strip("[]").strip("-")
        elif line and not line.startswith("#"):
            kind, id, url = line.split(" ", 2)
            # characters that look like others are spelled out in the table
            yield host, None if id == "-" else id, kind, re.sub(r"\\u(\w{4})", lambda m: chr(int(m[1], 16)), url)


ROWS = list(rows())


@pytest.mark.parametrize(("host", "id", "kind", "url"), ROWS, ids=[row[3] for row in ROWS])
def test_links_as_people_post_them(host: str, id: str | None, kind: str, url: str) -> None:
    """Each form of link has its host, its id in the host's spelling, and its kind."""
    found = find(url)
    read = (found.host, found.id, found.kind) if found else ("", None, "unsupported")
    assert read == (host, id, kind)


def test_the_table_speaks_of_every_host() -> None:
    """No host is left out, each has forms that lead to media and forms that do not, and no row stands twice."""
    kinds = Counter((host, kind in MEDIA) for host, _, kind, _ in ROWS)
    assert all(kinds[plug.name, True] >= 6 for plug in HOSTS if plug.name != "page")  # its links are what is allowed
    assert all(kinds[plug.name, False] >= 5 for plug in HOSTS if plug.domains)
    assert len({url for _, _, _, url in ROWS}) == len(ROWS) > 450


@pytest.mark.parametrize("domain", sorted({domain for plug in HOSTS for domain in plug.domains}))
def test_disguised_names_of_every_host_are_read(domain: str) -> None:
    """Whatever a host's name ends with, it is read where it is written to be put together by the reader."""
    name, _, ending = domain.rpartition(".")
    (found,) = disguised(f"look: {name} [dot] {ending}/a/aB3dE5gH")
    assert found[1] == f"https://{domain}/a/aB3dE5gH"


WRAPPED = {
    "https://out.reddit.com/t3_1abcde?url=https%3A%2F%2Fwww.redgifs.com%2Fwatch%2Fquietgreenheron&token=AQ": (
        "redgifs", "quietgreenheron", "media",
    ),
    "https://click.redditmail.com/CL0/x?url=https%3A%2F%2Fredd.it%2F1abcde": ("reddit", "1abcde", "page"),
    "https://t.umblr.com/redirect?z=https%3A%2F%2Fi.imgur.com%2FaB3dE5g.gifv&t=AB": ("imgur", "aB3dE5g", "media"),
    "https://href.li/?https://gfycat.com/quietgreenheron": ("gfycat", "quietgreenheron", "media"),
    "https://anonym.to/?https%3A%2F%2Fimgur.com%2Fa%2FaB3dE5g": ("imgur", "aB3dE5g", "album"),
    "https://www.google.com/url?sa=t&url=https%3A%2F%2Fwww.redgifs.com%2Fwatch%2Fquietgreenheron&usg=x": (
        "redgifs", "quietgreenheron", "media",
    ),
    "https://www.google.com/url?q=https://files.catbox.moe/ab3de5.mp4": ("catbox", "ab3de5.mp4", "media"),
    "https://www.google.com/imgres?imgurl=https%3A%2F%2Fi.redd.it%2Fq1w2e3r4t5y61.jpg&x=1": (
        "reddit", "q1w2e3r4t5y61", "media",
    ),
    "https://www.google.com/amp/s/imgur.com/gallery/aB3dE5g": ("imgur", "aB3dE5g", "album"),
    "https://imgur-com.cdn.ampproject.org/c/s/imgur.com/aB3dE5g": ("imgur", "aB3dE5g", "media"),
    "https://duckduckgo.com/l/?uddg=https%3A%2F%2Fstreamable.com%2Fab3de&rut=0f": ("streamable", "ab3de", "media"),
    "https://proxy.duckduckgo.com/iu/?u=https%3A%2F%2Fi.imgur.com%2FaB3dE5g.jpg&f=1": ("imgur", "aB3dE5g", "media"),
    "https://external-content.duckduckgo.com/iu/?u=https%3A%2F%2Fmedia1.tenor.com%2Fm%2FESIQ9H3pgRUAAAAC%2Fa.gif": (
        "tenor", "1234567890123456789", "media",
    ),
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fgiphy.com%2Fgifs%2FaB3dE5gH7jK9m&h=AT": (
        "giphy", "aB3dE5gH7jK9m", "media",
    ),
    "https://l.instagram.com/?u=https%3A%2F%2Fredgifs.com%2Fwatch%2Fquietgreenheron&e=AT": (
        "redgifs", "quietgreenheron", "media",
    ),
    "https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fimgchest.com%2Fp%2Fab3de5gh7jk": (
        "imgchest", "ab3de5gh7jk", "album",
    ),
    "https://steamcommunity.com/linkfilter/?u=https%3A%2F%2Fibb.co%2FaB3dE5gH": ("imgbb", "aB3dE5gH", "media"),
    "https://vk.com/away.php?to=https%3A%2F%2Fpostimg.cc%2FaB3dE5gH": ("postimg", "aB3dE5gH", "media"),
    "https://web.archive.org/web/20230901000000/https://gfycat.com/quietgreenheron": (
        "gfycat", "quietgreenheron", "media",
    ),
    "https://web.archive.org/web/2023im_/http:/i.imgur.com/aB3dE5g.gif": ("imgur", "aB3dE5g", "media"),
    "https://archive.ph/newest/https://redgifs.com/watch/quietgreenheron": ("redgifs", "quietgreenheron", "media"),
    "https://i0.wp.com/i.imgur.com/aB3dE5g.jpg?w=640": ("imgur", "aB3dE5g", "media"),
    "https://images.weserv.nl/?url=i.redd.it/q1w2e3r4t5y61.jpg": ("reddit", "q1w2e3r4t5y61", "media"),
    "https://images-ext-1.discordapp.net/external/0fAb-_/https/i.imgur.com/aB3dE5g.gif": ("imgur", "aB3dE5g", "media"),
    "https://images-ext-2.discordapp.net/external/0fAb/%3Fformat%3Djpg/https/pbs.example.org/a.jpg": (
        "discord", None, "page",
    ),
    "https://www-redgifs-com.translate.goog/watch/quietgreenheron?_x_tr_sl=auto": (
        "redgifs", "quietgreenheron", "media",
    ),
    "https://reddit.app.link/?$og_redirect=https%3A%2F%2Fwww.reddit.com%2Fr%2Fexample%2Fcomments%2F1abcde%2F": (
        "reddit", "1abcde", "page",
    ),
    "https://out.reddit.com/x?url=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Fredgifs.com%252Fwatch"
    "%252Fquietgreenheron": ("redgifs", "quietgreenheron", "media"),
    "https://out.reddit.com/t3_1abcde?url=https%3A%2F%2Ffixupx.com%2Fexample%2Fstatus%2F1234567890123456789&token=A": (
        "x", "1234567890123456789", "album",
    ),
    "https://web.archive.org/web/2025/https://pbs.twimg.com/media/AbC1dEfGhIjKlMn?format=jpg&name=orig": (
        "x", "AbC1dEfGhIjKlMn", "media",
    ),
    "https://go.bsky.app/redirect?u=https%3A%2F%2Fimgbox.com%2Fg%2FaB3dE5gHjK": ("imgbox", "aB3dE5gHjK", "album"),
    "https://href.li/?https://pixhost.cc/gallery/aB3dE": ("pixhost", "aB3dE", "album"),
    "https://www.google.com/url?q=https://bsky.app/profile/example.bsky.social/post/3kabcdefghi2j": (
        "bluesky", "example.bsky.social/3kabcdefghi2j", "album",
    ),
    # a wrapper around what nobody knows is what it is by itself
    "https://out.reddit.com/t3_1abcde?url=https%3A%2F%2Fexample.org%2Fheron.gif": ("reddit", None, "page"),
    "https://www.google.com/url?q=https://example.org/heron.gif": ("", None, "unsupported"),
    "https://www.google.com/url?q=https://redgifs.com.example.net/watch/quietgreenheron": ("", None, "unsupported"),
    "https://www.google.com/url?q=https://redgifs.com@example.net/watch/quietgreenheron": ("", None, "unsupported"),
    "https://www.google.com/search?q=https://redgifs.com/watch/quietgreenheron": ("", None, "unsupported"),
    "https://google.com.example.net/url?q=https://redgifs.com/watch/quietgreenheron": ("", None, "unsupported"),
    "https://www.google.com/url?q=javascript:alert(1)": ("", None, "unsupported"),
}  # fmt: skip


@pytest.mark.parametrize(("url", "read"), WRAPPED.items())
def test_wrappers_lead_to_known_hosts_only(url: str, read: tuple[str, str | None, str]) -> None:
    """A redirect page, cache, proxy or archive counts as the link inside it, if that is one of a known host's own."""
    found = find(url)
    assert ((found.host, found.id, found.kind) if found else ("", None, "unsupported")) == read
    parts = parse(unwrapped(url))
    assert parts is not None
    plug = get(read[0])
    assert plug is None or plug.owns(parts.host)


def test_a_wrapper_around_a_wrapper_is_opened_a_few_times() -> None:
    """A link shared from page to page is followed, but not for ever."""
    url = "https://redgifs.com/watch/quietgreenheron"
    read = []
    for _ in range(5):
        url = f"https://href.li/?{url}"
        read.append(find(url) is not None)
    assert read == [True, True, True, False, False]


@given(st.sampled_from(sorted(WRAPPED)), st.integers(0, 300), st.text(max_size=6))
def test_damaged_wrappers_never_raise(url: str, at: int, text: str) -> None:
    """Whatever is put into a wrapper's address, it leads somewhere or nowhere."""
    damaged = url[: at % len(url)] + text + url[at % len(url) :]
    found = find(damaged)
    assert found is None or found.kind in ("media", "album", "page", "unsupported")
    parts = parse(damaged)
    assert parts is None or inner(parts) is None or unwrapped(damaged)


@given(st.sampled_from([row for row in ROWS if row[2] in MEDIA and row[0] not in ("", "direct")]))
def test_ids_survive_clutter(row: tuple[str, str | None, str, str]) -> None:
    """Tracking parameters and fragments behind an address change nothing that it names."""
    host, id, kind, url = row
    for clutter in ("utm_source=share&utm_medium=web2x", "fbclid=Iw&context=3", "si=x#top"):
        longer = f"{url}{'&' if '?' in url else '?'}{clutter}" if "#" not in url else url
        found = find(longer)
        assert found is not None
        assert (found.host, found.id, found.kind) == (host, id, kind)


@pytest.mark.parametrize("plug", [plug for plug in HOSTS if plug.domains], ids=lambda plug: str(plug.name))
def test_a_domain_is_one_hosts_own(plug: object) -> None:
    """No two plugs own the same domain, so that the order of the plugs decides nothing."""
    others = [other for other in HOSTS if other is not plug]
    for domain in plug.domains:  # type: ignore[attr-defined]  # pytest erases the type
        assert not any(other.owns(domain) for other in others)


def test_a_link_keeps_the_address_as_posted() -> None:
    """The wrapper is what people saw, so it is what stands in the link."""
    url = "https://href.li/?https://gfycat.com/quietgreenheron"
    assert Link(url=url, host="gfycat", id="quietgreenheron", kind="media", source="url").url == url
