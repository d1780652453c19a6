"""Links that lead to media by a detour: wrappers, short links, lists of ids."""

from __future__ import annotations

import pytest

from bot.demo.answers import redirect, web_page
from bot.demo.host_pages import PagePark
from bot.errors import BlockedError, GoneError, UnsupportedError
from tests.host_world import LARGE, SMALL, World


def test_a_wrapper_is_never_contacted(park: PagePark, world: World) -> None:
    """Where a redirect page leads stands in its address; the media is fetched from its host, the page is not asked."""
    park.add_redgifs("QuietGreenHeron", hd=SMALL)
    park.add_reddit_image("q1w2e3r4t5y61", LARGE)
    for url, data in (
        ("https://out.reddit.com/t3_1a?url=https%3A%2F%2Fredgifs.com%2Fwatch%2FQuietGreenHeron&token=A", SMALL),
        ("https://href.li/?https://gfycat.com/quietgreenheron", SMALL),
        ("https://www.google.com/url?q=https://i.redd.it/q1w2e3r4t5y61.jpg", LARGE),
        ("https://web.archive.org/web/2020/https://i.redd.it/q1w2e3r4t5y61.jpg", LARGE),
    ):
        assert world.get(url).media[0].data == data
    assert {request.host for request in park.log} == {"api.redgifs.com", "media.redgifs.com", "i.redd.it"}


def test_imgur_lists_of_ids(park: PagePark, world: World) -> None:
    """The oldest form of an album names its pictures itself."""
    park.add_imgur("aB3dE5g", b"one", "jpg")
    park.add_imgur("hJ7kL9m", b"two", "jpg")
    assert [media.data for media in world.get("https://imgur.com/aB3dE5g,hJ7kL9m").media] == [b"one", b"two"]


@pytest.mark.parametrize("short", ["https://tmblr.co/ZaB3dE5gH7jK9m", "http://at.tumblr.com/example/a-heron/ab3de5gh7"])
def test_tumblr_short_links_are_followed(park: PagePark, world: World, short: str) -> None:
    """A short link of tumblr's is asked where it leads, within tumblr; a blog is no post."""
    post = park.add_tumblr("example", "123456789012", [SMALL])
    host, _, path = short.partition("://")[2].partition("/")
    park.put(host, f"/{path}", redirect(post))
    park.put("example.tumblr.com", "/post/123456789012/a-quiet-heron", web_page())
    assert world.get(short).media[0].data == SMALL
    park.put(host, f"/{path}", redirect("https://www.tumblr.com/example"))
    park.put("www.tumblr.com", "/example", web_page())
    with pytest.raises(UnsupportedError, match="page of tumblr"):
        world.get(short)
    park.put(host, f"/{path}", redirect("https://elsewhere.example.net/"))
    with pytest.raises(BlockedError):
        world.get(short)
    assert "elsewhere.example.net" not in {request.host for request in park.log}


def test_streamable_links_of_every_form_ask_for_the_files(park: PagePark, world: World) -> None:
    """Embeds, shares, old file links and thumbnails lead to the same video."""
    park.add_streamable("ab3de", {"mp4": (SMALL, 640, 480)})
    for form in ("e/ab3de", "s/ab3de/fgh", "l/ab3de/mp4-high.mp4", "AB3DE"):
        assert world.get(f"https://streamable.com/{form}").media[0].data == SMALL
    assert world.get("https://cdn-cf-east.streamable.com/image/ab3de.jpg").media[0].data == SMALL


def test_what_a_wrapper_leads_to_may_be_gone(park: PagePark, world: World) -> None:
    """A link inside a wrapper ends in the same states as the link alone."""
    park.add_redgifs("QuietGreenHeron", hd=SMALL)
    park.gone("redgifs", "quietgreenheron")
    with pytest.raises(GoneError, match="redgifs"):
        world.get("https://href.li/?https://redgifs.com/watch/quietgreenheron")
