"""Watching: nothing that one post, one decision or one subreddit holds keeps the others from being seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from bot.links import post_of
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Link, NoticeState, Post
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import Listening


@cache
def fake() -> bytes:
    """A picture that is banked as a known fake."""
    return media.still(801, format="png", width=320, height=180)


@pytest.fixture
def known() -> Sequence[bytes]:
    """The picture."""
    return (fake(),)


def gif(number: int) -> str:
    """Return a redgifs link."""
    return f"https://www.redgifs.com/watch/gif{number}"


def post(world: Stage, number: int = 1, subreddit: str = "clips", **extra: Any) -> str:
    """Post a redgifs link; return the post's fullname."""
    return world.reddit.submit(subreddit, **({"author": "a", "title": "x", "url": gif(number)} | extra))


def open_case(world: Stage, bot: Pipeline, subreddit: str = "quiet") -> str:
    """Let the bot find the fake in a post; return the post's fullname."""
    name = post(world, subreddit=subreddit, url=world.park.add_redgifs("OneTwoThree", hd=fake()))
    bot.tick()
    world.clock.sleep(60)
    return name


def test_half_a_character_blocks_nothing(world: Stage, bot: Pipeline, log: Listening) -> None:
    """A lone surrogate in any text of Reddit's is replaced, and every subreddit is watched."""
    name = post(
        world,
        1,
        title="half \ud83d of it",
        selftext=f"[\udc00 text]({gif(7)}) https://i.redd.it/\ud800.gif",
        link_flair_text="\ud83d",
        author_fullname="t2_\ud83d",
        media_metadata={"\ud83d": {"m": "image/png"}},
    )
    post(world, 2)
    post(world, 3, "gifs")
    assert bot.watch() >= 4
    assert log.warnings == []
    stored = bot.deps.store.links.post(name)
    assert stored is not None
    assert stored.title == "half \ufffd of it"


def test_a_post_that_cannot_be_read_is_passed_over(
    world: Stage, bot: Pipeline, log: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said without its content, and the posts around it are stored."""
    bad = [post(world, number) for number in range(3)][1]

    def stumbling(thing: Any) -> Post:
        if thing["data"]["name"] == bad:
            raise KeyError("https://secret.example/")
        return post_of(thing)

    monkeypatch.setattr("bot.pipeline.watching.listings.post_of", stumbling)
    assert bot.watch() == 2
    ((event, facts),) = log.warnings
    assert event == "post passed over"
    assert "KeyError" in facts["reason"]
    assert "secret" not in facts["reason"]
    assert bot.deps.store.watermarks.created("clips", "new") == world.clock.now()


def test_a_post_that_cannot_be_stored_is_passed_over(
    world: Stage, bot: Pipeline, log: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of its page is stored all the same."""
    bad = [post(world, number) for number in range(3)][1]
    add = bot.deps.store.links.add

    def refusing(found: Iterable[tuple[Post, Sequence[Link]]], **how: Any) -> tuple[int, int]:
        found = list(found)
        if any(item.fullname == bad for item, _ in found):
            raise ValueError("a value that SQLite does not take")
        return add(found, **how)

    monkeypatch.setattr(bot.deps.store.links, "add", refusing)
    assert bot.watch() == 2
    assert [facts["post"] for _, facts in log.warnings] == [bad]


def test_one_subreddit_never_blocks_another(
    world: Stage, bot: Pipeline, log: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with the first one, the others are watched and followed."""
    post(world, 1, "gifs")
    seen: list[str] = []

    def stumbling(name: str) -> int:
        seen.append(name)
        raise KeyError(name)

    poll = bot.polling.poll
    monkeypatch.setattr(bot.polling, "poll", lambda name: stumbling(name) if name == "clips" else poll(name))
    monkeypatch.setattr(bot.mod_log, "mod_log", stumbling)
    assert bot.watch() == 1
    bot.follow()
    assert seen == ["clips", *bot.deps.config.subreddits]
    assert [event for event, _ in log.warnings] == ["watch failed", *["mod log failed"] * 3]


def test_a_post_from_the_future_does_not_end_watching(world: Stage, bot: Pipeline) -> None:
    """The watermark never runs ahead of the clock."""
    post(world, 1, created=world.clock.now() + timedelta(days=365 * 70))
    assert bot.watch() == 1
    assert bot.deps.store.watermarks.created("clips", "new") == world.clock.now()
    world.clock.sleep(60)
    post(world, 2)
    assert bot.watch() == 1


def test_a_watermark_in_the_future_heals(world: Stage, bot: Pipeline) -> None:
    """What an earlier version stored ahead of the clock is read as now."""
    bot.deps.store.watermarks.move("clips", "new", fullname=None, created=world.clock.now() + timedelta(days=9999))
    post(world, 1)
    assert bot.watch() == 1


@pytest.mark.slow
def test_an_edit_brings_its_link_in(world: Stage, bot: Pipeline) -> None:
    """A post that was seen long before the watermark is looked at again while it is on the page."""
    name = post(world, 1, url=None, selftext="nothing")
    bot.watch()
    world.clock.sleep(3600 * 2)
    post(world, 2)
    bot.watch()
    world.reddit.world.things[name]["selftext"] = f"now with {gif(3)}"
    world.reddit.world.things[name]["edited"] = world.clock.now().timestamp()
    assert bot.watch() == 1
    stored = bot.deps.store.links.post(name)
    assert stored is not None
    assert stored.body == f"now with {gif(3)}"
    assert bot.watch() == 0


@pytest.mark.parametrize("machine", ["AutoModerator", "reddit"])
def test_a_machine_is_no_other_moderator(world: Stage, bot: Pipeline, machine: str) -> None:
    """What AutoModerator or Reddit's filter removes waits for a person, so the case stays open."""
    name = open_case(world, bot)
    world.reddit.moderator_removes(name, machine)
    bot.follow()
    assert [case.state for case in bot.deps.store.cases.listing()] == [CaseState.OPEN]


def test_a_removal_elsewhere_leaves_the_draft_to_the_host(world: Stage, bot: Pipeline) -> None:
    """The fake is still on its host: what would be done on Reddit is cancelled, the notice stays to be stated."""
    name = open_case(world, bot)
    world.reddit.moderator_removes(name, "second_moderator")
    assert bot.follow() == 1
    assert [case.state for case in bot.deps.store.cases.listing()] == [CaseState.CLOSED_ELSEWHERE]
    assert {row.state for row in bot.deps.store.actions.listing()} == {ActionState.CANCELLED}
    (draft,) = bot.deps.store.notices.listing()
    assert (draft.state, len(draft.items)) == (NoticeState.DRAFTED, 1)


def test_an_approval_elsewhere_takes_the_draft_back(world: Stage, bot: Pipeline) -> None:
    """A moderator who approves says that it is no fake: nothing is told to the host."""
    name = open_case(world, bot)
    world.reddit.moderator_approves(name, "second_moderator")
    assert bot.follow() == 1
    assert [row.state for row in bot.deps.store.notices.listing()] == [NoticeState.RETRACTED]


def test_a_decision_that_cannot_be_heard_hides_no_later_one(
    world: Stage, bot: Pipeline, log: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said and passed over; the next one closes its case."""
    other = post(world, 5, "quiet")
    name = open_case(world, bot)
    world.reddit.moderator_removes(other, "second_moderator")
    world.clock.sleep(1)
    world.reddit.moderator_removes(name, "second_moderator")
    heard = bot.deps.store.cases.heard

    def stumbling(decision: Any) -> bool:
        if decision.target == other:
            raise KeyError(other)
        return heard(decision)

    monkeypatch.setattr(bot.deps.store.cases, "heard", stumbling)
    assert bot.follow() == 1
    assert "decision passed over" in [event for event, _ in log.warnings]
