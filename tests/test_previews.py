"""What readers still see when a media's host gives nothing: Reddit's own preview, looked at and said to be that."""

from __future__ import annotations

from typing import Any

import pytest

from bot import hosts
from bot.cli.case_page import page
from bot.links import links_of
from bot.loopback.http import Response
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.samples import media
from bot.store.links import UNSEEN
from tests.bots import bank_the_fake, fake
from tests.people import member

STILL = "https://external-preview.redd.it/Zy9_abc.jpg?auto=webp&amp;s=01"
VIDEO = "https://v.redd.it/q1w2e3r4t5y67/DASH_480.mp4"


def shown(*, still: str | None = None, video: str | None = None) -> dict[str, Any]:
    """A post's preview as Reddit gives it."""
    images = (
        [{"source": {"url": still}, "variants": {"nsfw": {"source": {"url": f"{still}&blur=40"}}}}] if still else []
    )
    return {"images": images, "reddit_video_preview": {"fallback_url": video} if video else None}


def states(bot: Pipeline) -> dict[str, LinkState]:
    """The state of each link, by where it stood."""
    return {row.link.source: row.state for row in bot.deps.store.links.listing()}


def rounds(world: Stage, bot: Pipeline, count: int = 8) -> None:
    """Let the bot work until whatever is tried again was tried often enough."""
    for _ in range(count):
        bot.tick()
        world.clock.sleep(7200)


@pytest.fixture
def moving(world: Stage, bot: Pipeline) -> dict[str, Any]:
    """A preview that moves and shows the very file that is banked."""
    bank_the_fake(bot)
    world.park.add_reddit_video("q1w2e3r4t5y67", {(320, 180): fake()})
    return shown(video=VIDEO)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451, 500])
@pytest.mark.slow
def test_what_readers_still_see_is_looked_at(world: Stage, bot: Pipeline, moving: dict[str, Any], status: int) -> None:
    """However the host refuses, its preview is looked at, said to be that, and never removed by itself."""
    url = world.park.add_imgur("aB3dE5g", fake(), "mp4")
    for _ in range(30):
        world.park.fail_once("i.imgur.com", None, Response(status=status))
    name = world.reddit.submit("clips", author="p", title="look", url=url, preview=moving)
    rounds(world, bot)
    assert states(bot)["url"] in UNSEEN
    (case,) = bot.deps.store.cases.listing()
    assert (case.post.fullname, case.source) == (name, "preview")
    assert any("Reddit's preview of it" in reason for reason in case.verdict.reasons)
    assert world.reddit.removals == []
    assert "remove" not in {action.kind for action in case.verdict.actions} or case.verdict.outcome == "review"
    told, lines = page(bot, world.config, case.label)
    assert any("Reddit's preview" in value for key, value in lines if key == "link")
    assert told["evidence"]["link"]["source"] == "preview"


@pytest.mark.slow
def test_a_preview_is_left_alone_where_the_media_is_seen(world: Stage, bot: Pipeline, moving: dict[str, Any]) -> None:
    """What the host serves was looked at: its preview costs nothing, and the very file is removed as ever."""
    url = world.park.add_imgur("aB3dE5g", fake(), "mp4")
    name = world.reddit.submit("clips", author="p", title="look", url=url, preview=moving)
    rounds(world, bot, 3)
    assert states(bot) == {"url": LinkState.JUDGED, "preview": LinkState.RESERVE}
    assert world.reddit.removals == [name]


@pytest.mark.slow
def test_each_preview_stands_for_the_one_before(world: Stage, bot: Pipeline) -> None:
    """Where the moving preview is gone too, the still is looked at, with its signature undone from entities."""
    bank_the_fake(bot, media.still(7))
    world.park.add_direct("external-preview.redd.it", "/Zy9_abc.jpg", media.still(7), "image/jpeg")
    world.reddit.submit(
        "clips",
        author="p",
        title="look",
        url="https://i.imgur.com/aB3dE5g.mp4",
        preview=shown(still=STILL, video=VIDEO),
    )
    rounds(world, bot)
    found = {row.link.url: row.state for row in bot.deps.store.links.listing()}
    assert found[VIDEO] in UNSEEN
    assert found["https://external-preview.redd.it/Zy9_abc.jpg?auto=webp&s=01"] == LinkState.JUDGED
    assert world.reddit.removals == []
    assert len(bot.deps.store.cases.listing()) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://www.redgifs.com/watch/nonesuch",
        "https://gfycat.com/NoneSuchThing",
        "https://streamable.com/abc12",
        "https://i.redd.it/q1w2e3r4t5y61.jpg",
        "https://v.redd.it/z1w2e3r4t5y67",
        "https://files.catbox.moe/ab3de5.mp4",
        "https://catbox.moe/c/ab3de5",
        "https://i.postimg.cc/aB3dE5gH/heron.gif",
        "https://i.ibb.co/aB3dE5gH/quiet-heron.gif",
        "https://nobody-knows.example/clip",
    ],
)
@pytest.mark.slow
def test_siblings_whoever_has_nothing(world: Stage, bot: Pipeline, moving: dict[str, Any], url: str) -> None:
    """Every kind of host, and hosts that nobody knows: what readers see is looked at."""
    world.reddit.submit("clips", author="p", title="look", url=url, preview=moving)
    rounds(world, bot)
    assert states(bot)["preview"] == LinkState.JUDGED
    assert len(bot.deps.store.cases.listing()) == 1
    assert world.reddit.removals == []


def test_a_preview_waits_while_its_media_is_tried_again(world: Stage, bot: Pipeline, moving: dict[str, Any]) -> None:
    """A host that stumbles is no host that refuses: the media may still be seen."""
    world.park.add_imgur("aB3dE5g", fake(), "mp4")
    world.park.fail_once("i.imgur.com", None, 503)
    world.reddit.submit("clips", author="p", title="t", url="https://i.imgur.com/aB3dE5g.mp4", preview=moving)
    bot.tick()
    assert states(bot) == {"url": LinkState.FAILED, "preview": LinkState.RESERVE}


def test_a_crosspost_shows_the_preview_of_its_original() -> None:
    """The original's preview counts where the crosspost tells none; where both tell one, it is one link."""
    parent = {"name": "t3_b", "url": "https://i.imgur.com/aB3dE5g.mp4", "preview": shown(still=STILL)}
    for own in ({}, {"preview": shown(still=STILL)}):
        thing = {
            "kind": "t3",
            "data": {"name": "t3_a", "url": "/r/x/comments/b/t/", "crosspost_parent_list": [parent]} | own,
        }
        found = [(link.source, link.id) for link in links_of(thing, hosts.find, reserve=True)]
        assert found == [("url", "b"), ("crosspost", "aB3dE5g"), ("preview", "Zy9_abc")]
        assert all(link.source != "preview" for link in links_of(thing, hosts.find))


@pytest.mark.slow
def test_a_crosspost_whose_original_is_gone(world: Stage, bot: Pipeline, moving: dict[str, Any]) -> None:
    """The preview stands for the media of the crosspost, not for the address of the post it leads to."""
    there = world.reddit.submit("quiet", author="o", title="t", url="https://i.imgur.com/aB3dE5g.mp4", preview=moving)
    world.reddit.submit("clips", author="p", title="t", crosspost_of=there)
    rounds(world, bot, 3)
    mine = {row.link.source: row.state for row in bot.deps.store.links.listing() if row.link.post != there}
    assert mine == {"url": LinkState.GONE, "preview": LinkState.JUDGED}


@pytest.mark.slow
def test_a_removed_post_without_preview_is_said_as_before(world: Stage, bot: Pipeline) -> None:
    """No preview, none looked at: `preview` null, of another shape or of a page that is no media adds nothing."""
    for preview in (None, {}, {"images": None}, {"images": [{"source": {"url": "https://evil.example/x.jpg"}}]}, "x"):
        world.reddit.submit("clips", author="p", title="t", url="https://i.imgur.com/aB3dE5g.mp4", preview=preview)
    rounds(world, bot, 2)
    assert {row.link.source for row in bot.deps.store.links.listing()} == {"url"}


@pytest.mark.slow
def test_a_preview_that_comes_later(world: Stage, bot: Pipeline, moving: dict[str, Any]) -> None:
    """Reddit makes previews after the post: one that appears when the media is known to be gone is looked at."""
    name = world.reddit.submit("clips", author="p", title="t", url="https://i.imgur.com/aB3dE5g.mp4")
    bot.tick()
    world.reddit.world.things[name]["preview"] = moving
    rounds(world, bot, 3)
    assert states(bot) == {"url": LinkState.GONE, "preview": LinkState.JUDGED}


@pytest.mark.slow
def test_no_preview_of_a_suspected_minor_is_looked_at(world: Stage, bot: Pipeline) -> None:
    """A link that is blocked for its file, or with its post, wakes nothing: what stands for it is blocked as well."""
    links = bot.deps.store.links
    url = world.park.add_imgur("aB3dE5g", fake(), "mp4")
    for _ in range(2):
        world.reddit.submit("clips", author="p", title="t", url=url, preview=shown(video=VIDEO))
    bot.tick()
    rows = {row.link.post: row.id for row in links.listing() if row.link.source == "url"}
    one, two = rows
    bot.deps.store.minors.drop(rows[one])
    bot.deps.store.minors.stop(two or "", by=member(bot), why="test")
    rounds(world, bot, 2)
    assert {row.state for row in links.listing()} == {LinkState.BLOCKED}


def test_a_scan_of_a_permalink_goes_on_to_the_preview(world: Stage, bot: Pipeline, moving: dict[str, Any]) -> None:
    """`scan` says that the media is gone and looks at the preview; where the media is seen, at nothing more."""
    url = world.park.add_imgur("aB3dE5g", fake(), "mp4")
    for address, count in (("https://i.imgur.com/zZ3dE5g.mp4", 2), (url, 1)):
        name = world.reddit.submit("clips", author="p", title="t", url=address, preview=moving)
        found = list(bot.target_scanner.scan(f"https://www.reddit.com/comments/{name[3:]}"))
        assert len(found) == count
        last = found[-1]
        assert last.verdict is not None
        assert any("Reddit's preview" in reason for reason in last.verdict.reasons) == (count == 2)


def test_links_of_without_reserve_are_as_before() -> None:
    """`gifwarden links` lists what a post links to; stills are no links of it."""
    thing = {"kind": "t3", "data": {"name": "t3_a", "url": "https://news.example/", "preview": shown(still=STILL)}}
    assert [link.source for link in links_of(thing, hosts.find)] == ["url"]
    assert [link.source for link in links_of(thing, hosts.find, reserve=True)] == ["url", "preview"]
