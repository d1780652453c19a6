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
from tests.bots import bank_the_fake, bot_on, fake
from tests.killing import Silent
from tests.people import member
from tests.slow import few

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
    # an outage may still end, so its link is tried on
    assert states(bot)["url"] in ({LinkState.FAILED} if status == 500 else set(UNSEEN))
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


@pytest.mark.parametrize(
    ("preview", "more", "url"),
    [
        ({"images": [{"source": None, "resolutions": [{"url": f"{STILL}&amp;width={n}"} for n in (108, 640)]}]}, {},
         "https://external-preview.redd.it/Zy9_abc.jpg?auto=webp&s=01&width=640"),
        ({"reddit_video_preview": {"hls_url": VIDEO.replace("DASH_480.mp4", "HLSPlaylist.m3u8")}}, {},
         VIDEO.replace("DASH_480.mp4", "HLSPlaylist.m3u8")),
        ({"images": [{"source": {"url": "https://external-i.redd.it/Zy9.gif?s=1"}}]}, {},
         "https://external-i.redd.it/Zy9.gif?s=1"),
        (None, {"thumbnail": "https://b.thumbs.redditmedia.com/Zy9.jpg"}, "https://b.thumbs.redditmedia.com/Zy9.jpg"),
        (None, {"thumbnail": "nsfw"}, None),
        (None, {"thumbnail": "https://evil.example/Zy9.jpg"}, None),
    ],
)  # fmt: skip
def test_whatever_reddit_still_shows_is_its_preview(
    preview: dict[str, Any] | None, more: dict[str, Any], url: str | None
) -> None:
    """Of a preview without its source the largest that was made of it, of a post without one its thumbnail."""
    post = {"name": "t3_a", "url": "https://i.imgur.com/aB3dE5g.mp4", "preview": preview} | more
    found = links_of({"kind": "t3", "data": post}, hosts.find, reserve=True)
    assert [link.url for link in found if link.source == "preview"] == ([url] if url else [])


def test_a_picture_of_which_only_small_copies_are_told() -> None:
    """Where Reddit does not tell a gallery's picture itself, the largest of its copies stands for it."""
    small = [{"u": f"https://preview.redd.it/m1m2m3m4m5m6m.jpg?width={n}&s=1"} for n in (108, 640)]
    post = {"name": "t3_a", "url": "https://www.reddit.com/gallery/a", "is_gallery": True}
    post |= {"gallery_data": {"items": [{"media_id": "m1m2m3m4m5m6m"}]}}
    post |= {"media_metadata": {"m1m2m3m4m5m6m": {"status": "valid", "e": "Image", "m": "image/jpg", "p": small}}}
    found = links_of({"kind": "t3", "data": post}, hosts.find, reserve=True)
    assert [link.url for link in found if link.source == "preview"] == [small[1]["u"]]


SIGNED = "?width=640&amp;format=pjpg&amp;s=01"


def uploaded(id: str) -> dict[str, Any]:
    """What Reddit tells of a picture of a gallery."""
    shown = {"x": 640, "y": 480, "u": f"https://preview.redd.it/{id}.jpg{SIGNED}"}
    return {"id": id, "status": "valid", "e": "Image", "m": "image/jpg", "s": shown}


def refuse(world: Stage, status: int, times: int = 1) -> None:
    """Let i.redd.it refuse; what is on preview.redd.it stays."""
    for _ in range(times):
        world.park.fail_once("i.redd.it", None, Response(status=status))


def of_post(bot: Pipeline, post: str) -> dict[tuple[str | None, str], LinkState]:
    """The state of each media link of a post, by id and where it stood."""
    rows = [row for row in bot.deps.store.links.listing() if row.link.post == post and row.link.kind == "media"]
    return {(row.link.id, row.link.source): row.state for row in rows}


@pytest.mark.parametrize("status", few([404, 403, 410], 404))
def test_reddits_own_picture_is_seen_by_its_preview(world: Stage, bot: Pipeline, status: int) -> None:
    """Gone from i.redd.it or refused there, its copy on preview.redd.it is looked at and never removed by itself."""
    bank_the_fake(bot, media.still(7))
    url = world.park.add_reddit_image("picture0001", media.still(7))
    preview = shown(still=f"https://preview.redd.it/picture0001.jpg{SIGNED}")
    there = world.reddit.submit("clips", author="p", title="t", url=url, preview=preview)
    bot.tick()
    assert of_post(bot, there) == {
        ("picture0001", "url"): LinkState.JUDGED, ("picture0001", "preview"): LinkState.RESERVE,
    }  # fmt: skip
    assert world.reddit.removals == [there]
    url = world.park.add_reddit_image("picture0002", media.still(7))
    preview = shown(still=f"https://preview.redd.it/picture0002.jpg{SIGNED}")
    refuse(world, status, 30)
    gone = world.reddit.submit("clips", author="q", title="t", url=url, preview=preview)
    bot.tick()
    found = of_post(bot, gone)
    assert found["picture0002", "url"] in UNSEEN
    assert found["picture0002", "preview"] == LinkState.JUDGED
    case = next(case for case in bot.deps.store.cases.listing() if case.post.fullname == gone)
    assert case.source == "preview"
    assert world.reddit.removals == [there]


@pytest.mark.slow
def test_each_picture_of_a_gallery_has_its_own_preview(world: Stage, bot: Pipeline) -> None:
    """Only that of the picture that is not to be had is looked at, at once; the others stay in reserve."""
    ids = ["picture0001", "picture0002", "picture0003"]
    for number, id in enumerate(ids):
        world.park.add_reddit_image(id, media.still(30 + number))
    post = world.reddit.submit("clips", author="p", title="t", gallery=[uploaded(id) for id in ids])
    bot.watch()
    assert list(of_post(bot, post).values()).count(LinkState.RESERVE) == 3
    world.park.add_direct("i.redd.it", "/picture0002.jpg", b"<html>removed</html>", "text/html")
    bot.work()
    found = of_post(bot, post)
    assert found["picture0002", "gallery"] == LinkState.FAILED
    assert {key for key, state in found.items() if state == LinkState.RESERVE} == {
        ("picture0001", "preview"), ("picture0003", "preview"),
    }  # fmt: skip
    assert found["picture0002", "preview"] == LinkState.JUDGED


def test_a_look_at_a_preview_serves_no_other_posts_media(world: Stage, bot: Pipeline) -> None:
    """That the picture is gone says nothing of its preview, and a preview's evidence is none of the picture."""
    url = world.park.add_reddit_image("picture0001", media.still(7))
    preview = shown(still=f"https://preview.redd.it/picture0001.jpg{SIGNED}")
    refuse(world, 404)
    world.reddit.submit("clips", author="p", title="t", url=url, preview=preview)
    bot.tick()
    again = world.reddit.submit("clips", author="q", title="t", url=url, preview=preview)
    bot.tick()
    assert of_post(bot, again) == {
        ("picture0001", "url"): LinkState.GONE, ("picture0001", "preview"): LinkState.JUDGED,
    }  # fmt: skip


def test_a_marked_picture_and_its_preview_are_blocked(world: Stage, bot: Pipeline) -> None:
    """Both bear its id."""
    url = world.park.add_reddit_image("picture0001", media.still(7))
    bot.deps.store.minors.never(["reddit:picture0001"])
    preview = shown(still=f"https://preview.redd.it/picture0001.jpg{SIGNED}")
    post = world.reddit.submit("clips", author="p", title="t", url=url, preview=preview)
    bot.watch()
    assert set(of_post(bot, post).values()) == {LinkState.BLOCKED}


def test_previews_count_for_no_cap(world: Stage, bot: Pipeline) -> None:
    """A post of twenty pictures has twenty links in turn, and what an edit adds is not behind for their previews."""
    post = world.reddit.submit("clips", author="p", title="t", gallery=[uploaded(f"picture{n:04}") for n in range(20)])
    bot.watch()
    world.reddit.edit(post, "https://i.imgur.com/aB3dE5g.mp4")
    bot.watch()
    bot.deps.store.turns.line_up(25)
    assert bot.deps.store.turns.behind(post) == 0


def test_a_preview_waits_for_no_permalink_that_nobody_follows(world: Stage, moving: dict[str, Any]) -> None:
    """With `linked_posts = false` it is looked at at once; so is what waited when that was switched off."""
    on = world.config
    off = on.model_copy(update={"reddit": on.reddit.model_copy(update={"linked_posts": False})})
    world.reddit.world.add_subreddit("Elsewhere")
    there = world.reddit.submit("Elsewhere", author="x", title="there", url="https://i.imgur.com/aB3dE5g.mp4")
    posts = []
    for config in (on, off):
        world.config = config
        with bot_on(world, Silent()) as bot:
            url = f"https://www.reddit.com/r/Elsewhere/comments/{there[3:]}/there/"
            posts.append(world.reddit.submit("clips", author="p", title="t", url=url, preview=moving))
            bot.polling.round()
            if config is off:
                bot.tick()
                assert [of_post(bot, post)["q1w2e3r4t5y67", "preview"] for post in posts] == [LinkState.JUDGED] * 2
            else:
                assert of_post(bot, posts[0])["q1w2e3r4t5y67", "preview"] == LinkState.RESERVE


def test_a_scan_goes_on_to_the_preview_of_the_picture_that_is_gone(world: Stage, bot: Pipeline) -> None:
    """Of a gallery's pictures, one of which i.redd.it does not give, that one's preview is looked at."""
    for number, id in enumerate(("picture0001", "picture0002")):
        world.park.add_reddit_image(id, media.still(30 + number))
    world.park.add_direct("i.redd.it", "/picture0002.jpg", b"<html>removed</html>", "text/html")
    post = world.reddit.submit(
        "clips", author="p", title="t", gallery=[uploaded("picture0001"), uploaded("picture0002")]
    )
    found = list(bot.target_scanner.scan(f"https://redd.it/{post[3:]}"))
    sources = [result.evidence.link.source if result.evidence else "error" for result in found]
    assert sources == ["gallery", "error", "preview"]
