"""A week of a subreddit, scripted: what had to be done was done, and nothing else was."""

from __future__ import annotations

from pathlib import Path

from bot.demo.week import RAID, Week, run, week_stage
from tests.bots import bot_on
from tests.killing import Silent
from tests.slow import slow

POSTS = 1500  # of the demo's 5,000: all that is scripted happens


@slow
def test_a_week_goes_by_and_nothing_is_done_that_must_not_be(tmp_path: Path) -> None:
    """1,500 posts, a raid, a brigade, a poisoned entry, an appeal, a deletion, a typo, a revoked login, and stop."""
    with week_stage(tmp_path) as world, bot_on(world, Silent()) as bot:
        story: list[str] = []
        week = Week(world, bot, lambda _time, words: story.append(words), story.append, POSTS)
        run(week, bot)
        assert week.shortfalls() == []
        assert [words for words in story if words.startswith("Day")] == [f"Day {number}" for number in range(1, 8)]
        assert f"eight hours later the bot has removed {RAID} of the raid's {RAID} posts" in story
        assert "→ the bot gave the post back" in story
        assert not [words for words in story if "(case C-" in words or "t3_" in words]
        assert len(world.reddit.world.things) >= POSTS
        assert sum(name in world.reddit.removals for name in week.removed) >= RAID
