"""Posts that link to other Reddit posts: the media of those are looked at, one level deep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.loopback.stage import Stage, stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.pipeline.watching import permalinks
from bot.samples import media
from bot.store import LinkRow
from tests.bots import bot_on
from tests.killing import Silent


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Loopback Reddit with a watched subreddit and one that is not watched."""
    with stage(tmp_path) as built:
        built.reddit.world.add_subreddit("Elsewhere")
        yield built


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


def clip(world: Stage, number: int = 0) -> str:
    """Put a picture on imgur; return the address of its file."""
    page = world.park.add_imgur(f"Linked{number}", media.still(900 + number, format="png"), "png")
    return f"{page.replace('https://imgur', 'https://i.imgur')}.png"


def elsewhere(world: Stage, *, url: str | None = None, selftext: str = "") -> str:
    """Post where nobody watches; return the post's fullname."""
    return world.reddit.submit("Elsewhere", author="x", title="there", url=url, selftext=selftext)


def text(world: Stage, body: str) -> str:
    """Post a text in the watched subreddit; return its fullname."""
    return world.reddit.submit("quiet", author="a", title="here", selftext=body)


def rows(bot: Pipeline, post: str) -> list[LinkRow]:
    """Return the links of a post, oldest first."""
    return [row for row in bot.deps.store.links.listing()[::-1] if row.link.post == post]


def asked(world: Stage) -> int:
    """How often posts were asked for by name."""
    return sum(request.path.startswith("/api/info") for request in world.reddit.log)


@pytest.mark.slow
def test_every_form_of_a_permalink_leads_to_the_media(world: Stage, bot: Pipeline) -> None:
    """Old, new, np, short, bare, gallery and share links in one text lead to the other posts' media."""
    names = [elsewhere(world, url=clip(world, number)) for number in range(6)]
    ids = [name.removeprefix("t3_") for name in names]
    share = world.reddit.world.share(names[5])
    share = share if "://" in share else f"https://www.reddit.com{share}"
    post = text(
        world,
        f"https://old.reddit.com/r/Elsewhere/comments/{ids[0]}/there/ and [here](/r/Elsewhere/comments/{ids[1]})\n\n"
        f"> https://np.reddit.com/comments/{ids[2]}\n\n>!https://redd.it/{ids[3]}!<\n\n"
        f"<https://www.reddit.com/gallery/{ids[4]}>\n\n[1]: {share}",
    )
    bot.tick()
    linking = rows(bot, post)
    media_rows = [row for row in linking if row.link.source == "linked"]
    assert sorted(row.link.id or "" for row in media_rows) == [f"Linked{number}" for number in range(6)]
    assert {row.state for row in media_rows} == {LinkState.JUDGED}
    pages = [row for row in linking if row.link.kind == "page"]
    assert [row.state for row in pages] == [LinkState.UNSUPPORTED] * 6
    assert all("1 media are looked at here too" in (row.reason or "") for row in pages)
    assert asked(world) == 1


def test_a_round_without_permalinks_asks_nothing(world: Stage, bot: Pipeline) -> None:
    """Pages of Reddit that are no post are put aside without a request, and nothing is looked at twice."""
    post = text(world, "https://www.reddit.com/r/birds/ and https://www.reddit.com/user/example/")
    for _ in range(3):
        bot.tick()
    assert asked(world) == 0
    assert [row.reason for row in rows(bot, post)] == ["a page of Reddit that is no post"] * 2


def test_only_one_level_is_followed(world: Stage, bot: Pipeline) -> None:
    """A post that links to a post that links to a post ends at the first."""
    deepest = elsewhere(world, url=clip(world))
    middle = elsewhere(world, selftext=f"https://redd.it/{deepest.removeprefix('t3_')}")
    post = text(world, f"https://redd.it/{middle.removeprefix('t3_')}")
    for _ in range(3):
        bot.tick()
    assert [(row.link.kind, row.reason) for row in rows(bot, post)] == [
        ("page", f"it leads to {middle}: it holds no media of a known host")
    ]
    assert asked(world) == 1


def test_a_known_post_costs_no_request(world: Stage, bot: Pipeline) -> None:
    """What stands in the database already is not asked for again."""
    first = world.reddit.submit("quiet", author="a", title="x", url=clip(world))
    bot.tick()
    post = text(world, f"https://redd.it/{first.removeprefix('t3_')}")
    bot.tick()
    assert [row.link.id for row in rows(bot, post) if row.link.source == "linked"] == ["Linked0"]
    assert asked(world) == 0


@pytest.mark.slow
def test_a_comment_without_media_stands_under_some(world: Stage, bot: Pipeline) -> None:
    """A link to a comment leads to the comment's media, or else to those of the post above it."""
    above = elsewhere(world, url=clip(world, 0))
    bare = world.reddit.comment(above, author="x", body="nothing here")
    full = world.reddit.comment(above, author="x", body=clip(world, 1))
    link = f"https://www.reddit.com/r/Elsewhere/comments/{above.removeprefix('t3_')}/there/"
    one = text(world, f"{link}{bare.removeprefix('t1_')}/")
    two = text(world, f"{link}{full.removeprefix('t1_')}/")
    bot.tick()
    assert [row.link.id for row in rows(bot, one) if row.link.source == "linked"] == ["Linked0"]
    assert [row.link.id for row in rows(bot, two) if row.link.source == "linked"] == ["Linked1"]


def test_a_post_that_is_gone_says_so(world: Stage, bot: Pipeline) -> None:
    """A permalink to nothing is gone, in one sentence."""
    post = text(world, "https://redd.it/zzzzzz and https://www.reddit.com/r/Elsewhere/s/NoSuchLink")
    bot.tick()
    assert [row.state for row in rows(bot, post)] == [LinkState.GONE] * 2
    assert ["no post" in (row.reason or "") for row in rows(bot, post)] == [True, True]


def test_a_post_does_not_lead_to_itself(world: Stage, bot: Pipeline) -> None:
    """The own permalink in an own text is no detour."""
    post = text(world, "x")
    world.reddit.world.things[post]["selftext"] = f"https://redd.it/{post.removeprefix('t3_')}"
    bot.tick()
    assert [row.reason for row in rows(bot, post)] == ["the post itself"]
    assert asked(world) == 0


@pytest.mark.slow
def test_one_post_leads_to_so_many_and_no_more(world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post full of permalinks does not spend the budget of all others."""
    monkeypatch.setattr(permalinks, "MAX_A_POST", 2)
    names = [elsewhere(world, url=clip(world, number)) for number in range(4)]
    post = text(world, "\n\n".join(f"https://redd.it/{name.removeprefix('t3_')}" for name in names))
    monkeypatch.setattr(permalinks, "BATCH", 1)
    for _ in range(5):
        bot.tick()
    assert len([row for row in rows(bot, post) if row.link.source == "linked"]) == 2
    assert sum("at most" in (row.reason or "") for row in rows(bot, post)) == 2


def test_permalinks_wait_while_reddit_stumbles(world: Stage, bot: Pipeline) -> None:
    """When Reddit cannot answer, nothing is lost and nothing is said of the links."""
    name = elsewhere(world, url=clip(world))
    post = text(world, f"https://redd.it/{name.removeprefix('t3_')}")
    bot.polling.poll("quiet")
    world.reddit.fail_next("/api/info", status=429, headers={"retry-after": "30"})
    assert bot.permalinks.round() == 0
    assert [row.reason for row in rows(bot, post)] == [None]
    world.clock.sleep(3600)
    assert bot.permalinks.round() == 1


def test_following_can_be_switched_off(world: Stage) -> None:
    """`reddit.linked_posts = false` leaves permalinks as they are."""
    name = elsewhere(world, url=clip(world))
    post = text(world, f"https://redd.it/{name.removeprefix('t3_')}")
    world.config = world.config.model_copy(
        update={"reddit": world.config.reddit.model_copy(update={"linked_posts": False})}
    )
    with bot_on(world, Silent()) as bot:
        bot.tick()
        assert [row.link.kind for row in rows(bot, post)] == ["page"]
    assert asked(world) == 0


@pytest.mark.parametrize(
    "form", ["https://www.reddit.com/{}", "https://out.reddit.com/x?url=https%3A%2F%2Fredd.it%2F{}"]
)
def test_scan_takes_permalinks_of_these_forms_too(world: Stage, bot: Pipeline, form: str) -> None:
    """A bare id behind Reddit's name and a permalink inside a redirect page are scanned like any other."""
    name = elsewhere(world, url=clip(world))
    (result,) = bot.target_scanner.scan(form.format(name.removeprefix("t3_")))
    assert result.evidence is not None, result.error
    assert result.evidence.link.id == "Linked0"
