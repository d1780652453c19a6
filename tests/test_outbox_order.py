"""What goes with a removal waits for it, and a burst of messages to moderators stays one conversation."""

from __future__ import annotations

import pytest

from bot.loopback.stage import Stage
from bot.model import ActionState, Hold
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import action_states, bank_the_fake, post_fake
from tests.people import member


def tell_author(bot: Pipeline) -> None:
    """Plan a message to the author of the only case."""
    (case,) = bot.deps.store.cases.listing()
    bot.deps.store.actions.plan(
        key=f"{case.label}:message",
        kind="message",
        case=case.id,
        post=case.post.fullname,
        subreddit=case.post.subreddit,
        permalink=case.post.permalink,
        params={"subject": "Removed", "body": "If that is wrong, answer to this message."},
    )


def hold_removal(bot: Pipeline) -> None:
    """Let the removal fail for now, so that it waits."""
    (row,) = [row for row in bot.deps.store.actions.listing() if row.action.kind == "remove"]
    held = (ActionState.PLANNED,)
    assert bot.deps.store.actions.move(row.action.id, ActionState.HELD, expect=held, hold=Hold.PERSON, reason="waits")


def test_the_author_is_not_written_to_before_the_removal(world: Stage, bot: Pipeline) -> None:
    """While the removal waits, so does the message; when it is done, the message goes out, once."""
    name = post_fake(world)
    bot.watch()
    bot.work()
    hold_removal(bot)
    tell_author(bot)
    bot.act()
    assert world.reddit.received.messages == []
    assert action_states(bot)["message"] == ActionState.HELD
    (case,) = bot.deps.store.cases.listing()
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen it")
    for _ in range(4):
        bot.act()
        world.clock.sleep(700)
    assert world.reddit.removals == [name]
    assert [post for post, _, _ in world.reddit.received.messages] == [name]


def test_the_author_is_never_written_to_without_a_removal(world: Stage, bot: Pipeline) -> None:
    """When the removal is cancelled, the message is too."""
    post_fake(world)
    bot.watch()
    bot.work()
    hold_removal(bot)
    tell_author(bot)
    bot.act()
    (row,) = [row for row in bot.deps.store.actions.listing() if row.action.kind == "remove"]
    assert bot.deps.store.actions.move(row.action.id, ActionState.CANCELLED, expect=(ActionState.HELD,))
    world.clock.sleep(700)
    bot.act()
    assert world.reddit.received.messages == []
    assert action_states(bot)["message"] == ActionState.CANCELLED


@pytest.mark.slow
def test_a_burst_is_one_conversation_and_the_next_day_another(world: Stage, bot: Pipeline) -> None:
    """Within the hour further messages are answers; the hour counts from the first, not from the last."""
    for number, minutes in enumerate(
        (0, 25, 25, 25)
    ):  # four fakes: one alone would be a raid, and go on where it began
        world.clock.sleep(minutes * 60)
        data = media.clip(500 + number, seconds=1, width=320, height=180)
        bank_the_fake(bot, data)
        url = world.park.add_redgifs(f"Fake{'abcd'[number]}Clip", hd=data)
        world.reddit.submit("clips", author="poster", title="look", url=url)
        bot.tick()
    clips = [subject for place, subject, _ in world.reddit.modmails if place == "clips"]
    assert len(clips) == 2
    assert len({conversation for conversation, _ in world.reddit.received.answers}) == 1
    assert len(world.reddit.received.answers) == 2


def test_two_subreddits_have_two_conversations(world: Stage, bot: Pipeline) -> None:
    """What concerns one team is never written to another."""
    post_fake(world, "clips")
    post_fake(world, "gifs")
    bot.tick()
    assert sorted(place for place, _, _ in world.reddit.modmails) == ["clips", "gifs"]
    assert world.reddit.received.answers == []
