"""Pictures of galleries of which Reddit does not tell where they are: asked for again, and at last not seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from bot import hosts
from bot.cli.case_page import page
from bot.links import links_of
from bot.loopback.stage import Stage
from bot.migrations import migrations
from bot.migrations.first import m0019_untold
from bot.model import LinkState
from bot.permalink import permalink_fullname
from bot.pipeline import Pipeline
from bot.samples import media
from bot.store.untold import MOMENTS, NOT_SEEN
from tests.bots import bank_the_fake
from tests.people import member

HOUR = 3600.0


def entry(id: str, **changes: Any) -> dict[str, Any]:
    """What Reddit tells of one picture of a gallery."""
    shown = {"y": 480, "x": 640, "u": f"https://preview.redd.it/{id}.jpg?width=640&amp;format=pjpg&amp;s=01"}
    return {"id": id, "status": "valid", "e": "Image", "m": "image/jpg", "p": [], "s": shown, **changes}


def unfinished(id: str) -> dict[str, Any]:
    """The same while Reddit is not done with it."""
    return {"id": id, "status": "unprocessed"}


def gallery(world: Stage, *ids: str, subreddit: str = "clips", **extra: Any) -> str:
    """Post a gallery; return its fullname."""
    return world.reddit.submit(subreddit, author="p", title="look", gallery=[entry(id) for id in ids], **extra)


def hide(world: Stage, post: str, **other: Any) -> Callable[[], None]:
    """Let Reddit not tell a gallery's pictures; return what makes it tell them."""
    thing = world.reddit.world.things[post]
    kept = {key: thing[key] for key in ("media_metadata", "gallery_data", "is_gallery")}
    thing |= {"media_metadata": None, **other}
    return lambda: thing.update(kept)


def states(bot: Pipeline, post: str) -> dict[str | None, tuple[str, str]]:
    """Source and state of a post's links but its own address, by id."""
    rows = [row for row in bot.deps.store.links.listing() if row.link.post == post and row.link.kind != "page"]
    return {row.link.id: (row.link.source, str(row.state)) for row in rows}


def asked(world: Stage) -> int:
    """How often posts were asked for by name; what a login that ran out had refused does not count."""
    paths = [request.path for request in world.reddit.log]
    return sum(
        path.startswith("/api/info") and not after.endswith("/access_token")
        for path, after in itertools.pairwise([*paths, ""])
    )


@pytest.mark.parametrize(
    "hidden",
    [
        {},
        {"media_metadata": {}},
        {"media_metadata": {"one": unfinished("one"), "two": unfinished("two")}},
        {"media_metadata": {"one": {**entry("one"), "status": "unprocessed", "s": {}}, "two": None}},
        {"media_metadata": {"one": {"id": "one", "status": "failed"}, "two": {"id": "two", "status": "failed"}}},
        {"gallery_data": None},
        {"gallery_data": {"items": []}, "media_metadata": {}},
    ],
)
@pytest.mark.slow
def test_pictures_that_are_told_later_are_looked_at(world: Stage, bot: Pipeline, hidden: dict[str, Any]) -> None:
    """However Reddit leaves them out at first: once told they are fetched like any other, and nothing is left over."""
    for id, data in (("one", media.still(7)), ("two", media.still(8))):
        world.park.add_reddit_image(id, data)
    bank_the_fake(bot, media.still(7))
    post = gallery(world, "one", "two")
    tell = hide(world, post, **hidden)
    bot.tick()
    assert {state for _, state in states(bot, post).values()} == {"untold"}
    assert bot.deps.store.cases.listing() == []
    tell()
    world.clock.sleep(MOMENTS[0] + 1)
    assert bot.untold.round() > 0
    bot.tick()
    assert states(bot, post) == {"one": ("gallery", "judged"), "two": ("gallery", "judged")}
    assert world.reddit.removals == [post]


@pytest.mark.slow
def test_reddit_is_asked_five_times_in_a_day(world: Stage, bot: Pipeline) -> None:
    """After two and ten minutes, one, six and 24 hours; then it is written down that nobody saw them."""
    post = gallery(world, "one", "two", "three")
    hide(world, post)
    bot.watch()
    passed = 0.0
    for count, moment in enumerate(MOMENTS, 1):
        assert bot.untold.round() == 0
        assert asked(world) == count - 1
        world.clock.sleep(moment - passed)
        passed = moment
        bot.untold.round()
        assert asked(world) == count
    world.clock.sleep(100 * HOUR)
    bot.untold.round()
    assert asked(world) == len(MOMENTS)
    rows = [row for row in bot.deps.store.links.listing() if row.link.post == post and row.link.kind != "page"]
    assert [(row.state, row.reason) for row in rows] == [(LinkState.GIVEN_UP, NOT_SEEN)] * 3


@pytest.mark.slow
def test_one_request_serves_a_hundred_galleries(world: Stage, bot: Pipeline) -> None:
    """However many pictures of however many posts are due."""
    for number in range(60):
        hide(world, gallery(world, f"a{number}", f"b{number}"))
    bot.watch()
    world.clock.sleep(MOMENTS[0])
    bot.untold.round()
    assert asked(world) == 1


def test_nothing_is_asked_when_the_budget_has_nothing_to_spare(world: Stage, bot: Pipeline) -> None:
    """What Reddit leaves us is for what is more important; the pictures wait, and no try counts."""
    post = gallery(world, "one")
    hide(world, post)
    bot.watch()
    world.clock.sleep(MOMENTS[0])
    world.reddit.fail_next("/api/info", status=429, headers={"retry-after": "30"})
    bot.untold.round()
    assert bot.untold.round() == 0
    assert asked(world) == 1
    (row,) = [row for row in bot.deps.store.links.listing() if row.link.kind != "page"]
    assert (row.state, row.attempts) == (LinkState.UNTOLD, 0)


@pytest.mark.slow
def test_a_person_sees_that_pictures_were_not_seen(world: Stage, bot: Pipeline) -> None:
    """A case of such a post says how many Reddit does not tell yet, and later how many were never seen."""
    world.park.add_reddit_image("one", media.still(7))
    bank_the_fake(bot, media.still(7))
    post = gallery(world, "one", "two", "three")
    known = world.reddit.world.things[post]["media_metadata"]
    known |= {"two": unfinished("two"), "three": unfinished("three")}
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    shown, lines = page(bot, world.config, case.label)
    wait = "Reddit does not tell yet where 2 pictures of this post are; it is asked again"
    assert shown["not_looked_at"] == [wait]
    assert ("not yet", wait) in lines
    for _ in MOMENTS:
        world.clock.sleep(25 * HOUR)
        bot.untold.round()
    shown, _ = page(bot, world.config, case.label)
    assert shown["not_looked_at"] == ["2 pictures of this post were not seen: Reddit never told where they are"]


def test_a_deleted_gallery_leaves_nothing(world: Stage, bot: Pipeline) -> None:
    """Deleted while its pictures wait to be told: asking brings nothing back, before it is forgotten and after."""
    post = gallery(world, "one", "two")
    hide(world, post)
    bot.watch()
    due = bot.deps.store.untold.due
    world.reddit.world.delete(post)
    world.clock.sleep(MOMENTS[0])
    names = due(100)
    assert [name for name, _ in names] == [post]
    bot.untold.round()
    world.clock.sleep(21 * HOUR)
    assert bot.forget() == 1
    address = f"https://www.reddit.com/comments/{post[3:]}"
    assert bot.untold._read(post, address, post, {"kind": "t3", "data": world.reddit.world.things[post]}) == 0
    for table in ("posts", "links"):
        assert bot.deps.store.connection.value(f"select count(*) from {table}") == 0


def test_a_gallery_that_moderators_removed_is_left_alone(world: Stage, bot: Pipeline) -> None:
    """Removed before it was told: then its pictures are not fetched when they are."""
    post = gallery(world, "one")
    tell = hide(world, post)
    bot.watch()
    world.reddit.world.moderator_removes(post, "head_moderator")
    tell()
    world.clock.sleep(MOMENTS[0])
    bot.untold.round()
    assert states(bot, post) == {"one": ("gallery", "judged")}
    assert not bot.downloads.waiting()


def test_what_is_edited_out_is_asked_for_no_more(world: Stage, bot: Pipeline) -> None:
    """A picture that the gallery holds no more goes, the others stay."""
    post = gallery(world, "one", "two")
    hide(world, post)
    bot.watch()
    thing = world.reddit.world.things[post]
    thing["gallery_data"] = {"items": [{"media_id": "two", "id": 2}]}
    world.clock.sleep(MOMENTS[0])
    bot.untold.round()
    assert states(bot, post) == {"two": ("untold", "untold")}


@pytest.mark.slow
def test_a_later_look_at_the_post_takes_them_up_too(world: Stage, bot: Pipeline) -> None:
    """Whoever reads the post again, by its listing or after an edit, even when they were given up."""
    world.park.add_reddit_image("one", media.still(7))
    post = gallery(world, "one")
    tell = hide(world, post)
    bot.watch()
    for _ in MOMENTS:
        world.clock.sleep(25 * HOUR)
        bot.untold.round()
    assert states(bot, post) == {"one": ("untold", "given_up")}
    tell()
    world.reddit.edit(post, "now with words")
    bot.tick()
    assert states(bot, post) == {"one": ("gallery", "judged")}


@pytest.mark.slow
def test_siblings_crossposts_texts_comments_and_links(world: Stage, bot: Pipeline) -> None:
    """A crosspost of it, a post that links to it, and pictures in a text or comment wait and are looked at likewise."""
    world.reddit.world.add_subreddit("Elsewhere")
    for number, id in enumerate(("one", "intext", "incomment")):
        world.park.add_reddit_image(id, media.still(20 + number))
    there = gallery(world, "one", subreddit="Elsewhere")
    tell = hide(world, there)
    crosspost = world.reddit.submit("clips", author="q", title="t", crosspost_of=there)
    linking = world.reddit.submit("clips", author="q", title="t", selftext=f"https://redd.it/{there[3:]}")
    mine, theirs = ({id: unfinished(id)} for id in ("intext", "incomment"))
    text = world.reddit.submit("clips", author="q", title="t", selftext="x", media_metadata=mine)
    comment = world.reddit.comment(text, author="q", body="x", media_metadata=theirs)
    bot.tick()
    assert {states(bot, post).popitem()[1][1] for post in (crosspost, linking, text, comment)} == {"untold"}
    tell()
    things = world.reddit.world.things
    things[crosspost]["crosspost_parent_list"] = [dict(things[there])]
    things[text]["media_metadata"] = {"intext": entry("intext")}
    things[comment]["media_metadata"] = {"incomment": entry("incomment")}
    world.clock.sleep(MOMENTS[0])
    bot.tick()
    assert states(bot, crosspost) == {"one": ("crosspost", "judged")}
    assert states(bot, linking) == {"one": ("linked", "judged")}
    assert states(bot, text) == {"intext": ("media_metadata", "judged")}
    assert states(bot, comment) == {"incomment": ("media_metadata", "judged")}


def test_a_suspected_minors_pictures_are_not_asked_for(world: Stage, bot: Pipeline) -> None:
    """What is marked is blocked, told or not."""
    post = gallery(world, "one")
    tell = hide(world, post)
    bot.watch()
    bot.decisions.minors.minor(post, by=member(bot))
    tell()
    world.clock.sleep(MOMENTS[0])
    assert bot.untold.round() == 0
    assert {state for _, state in states(bot, post).values()} == {"blocked"}


def test_scan_says_what_reddit_does_not_tell(world: Stage, bot: Pipeline) -> None:
    """A permalink to such a gallery is no gallery without media."""
    world.park.add_reddit_image("one", media.still(7))
    post = gallery(world, "one", "two")
    tell = hide(world, post)
    (result,) = bot.target_scanner.scan(f"https://redd.it/{post[3:]}")
    assert "Reddit does not tell yet where 2 pictures of this post are" in (result.error or "")
    tell()
    world.reddit.world.things[post]["media_metadata"]["two"] = unfinished("two")
    results = list(bot.target_scanner.scan(f"https://redd.it/{post[3:]}"))
    assert [bool(result.evidence) for result in results] == [True, False]
    assert "1 picture of this post is" in (results[1].error or "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["valid", "one", "t3_abc", "image/jpg", "", "failed"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["items", "media_id", "one", "status", "m", "e", "s", "u", "is_gallery"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(json_values, json_values, json_values, st.sampled_from(["t3_abc", "t1_abc"]), json_values)
@pytest.mark.slow
def test_whatever_reddit_says_each_picture_is_told_or_untold(
    metadata: Any, data: Any, is_gallery: Any, name: str, link: Any
) -> None:
    """Never an error; each untold picture once, beside none that is told, under an address that leads to its post."""
    thing = {"name": name, "link_id": link, "media_metadata": metadata, "gallery_data": data, "is_gallery": is_gallery}
    found = links_of(thing, hosts.find, reserve=True)
    untold = [link for link in found if link.source == "untold"]
    told = {link.id for link in found if link.source != "untold"}
    assert len({link.id for link in untold}) == len(untold)
    assert not told & {link.id for link in untold}
    assert all(permalink_fullname(link.url) == name and link.kind == "unsupported" for link in untold)
    assert all(link.source != "untold" for link in links_of(thing, hosts.find))


def test_galleries_of_an_earlier_version_are_asked_for() -> None:
    """The step finds galleries that told nothing, and leaves alone those that did and what moderators decided."""
    db = Database(memory=True)
    for step in migrations.pending(db):
        if step.name == m0019_untold.__name__:
            break
        step.fn(db)
    details = '{"fullname": "t3_%s", "details": {"is_gallery": %s}, "removed_by_category": %s}'
    for name, is_gallery, removed in (
        ("a", "true", "null"), ("b", "true", "null"), ("c", "false", "null"), ("d", "true", '"moderator"'),
    ):  # fmt: skip
        db.execute(
            "insert into posts values (?, 'clips', '', ?, '2026-11-20')",
            (f"t3_{name}", details % (name, is_gallery, removed)),
        )
    db.execute(
        """insert into links (post, url, host, host_id, kind, source, state, next_at, updated_at)
           values ('t3_b', 'u', 'reddit', 'pic', 'media', 'gallery', 'judged', '', '')"""
    )
    m0019_untold(db)
    rows = [dict(row) for row in db.query("select post, url, state, source from links where state = 'untold'")]
    assert rows == [{"post": "t3_a", "url": "https://www.reddit.com/comments/a", "state": "untold", "source": "untold"}]
    db.close()
