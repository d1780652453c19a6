"""Orders are carried out once and reach one subreddit, also long after they were given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.loopback.stage import Stage, bot_on
from bot.pipeline import Pipeline
from tests.bots import post_fake
from tests.killing import Silent
from tests.test_orders import HEAD, answers, link, order, run, team

__all__ = ["team"]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("way", ["mail", "report"])
@pytest.mark.slow
def test_an_order_is_not_carried_out_again_when_its_row_is_old(
    world: Stage, bot: Pipeline, way: str, kept: bool
) -> None:
    """It is the last mail of a quiet subreddit, or its report still stands, for months; then the bot is started anew.

    `kept`: the bot went on looking meanwhile.
    """
    bot.tick()
    if way == "mail":
        order(world, "gifwarden, stop")
    else:
        name = world.reddit.submit("clips", author="x", title="t", selftext="t", created=world.clock.now())
        world.reddit.world.report(name, "gifwarden: stop", HEAD)
    run(world, bot)
    assert bot.deps.store.kill_switch.stops()
    bot.deps.store.kill_switch.go("clips")
    for _ in range(4):
        world.clock.sleep(timedelta(days=100).total_seconds())
        if kept:
            bot.tick()
            bot.purge()
    bot.purge()
    with bot_on(world, Silent()) as again:
        run(world, again, 3)
        again.purge()
        run(world, again)
        assert again.deps.store.kill_switch.stops() == []


def test_cancel_shows_no_post_of_another_subreddit(world: Stage, bot: Pipeline) -> None:
    """Who hid a suspected minor's post may show it again, and nobody elsewhere."""
    world.reddit.world.subreddits["gifs"].moderators["gifs_only"] = ["all"]
    bot.tick()
    name = post_fake(world)
    run(world, bot)
    order(world, f"gifwarden, minor {link(name)}")
    run(world, bot)
    assert bot.deps.store.minors.holds(name)
    theirs = order(world, f"gifwarden, cancel {link(name)}", by="gifs_only", subreddit="gifs")
    run(world, bot)
    assert bot.deps.store.minors.holds(name)
    assert "shown again" not in "".join(answers(world, theirs))
    ours = order(world, f"gifwarden, cancel {link(name)}")
    run(world, bot)
    assert not bot.deps.store.minors.holds(name)
    assert "not done" in "".join(answers(world, ours))
