"""A suspected minor: everything stops, nothing of the media is kept, the post goes, and a person is told what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import CaseState, LinkState
from bot.pipeline import Pipeline
from tests.bots import fake, near_copy, post_fake
from tests.people import member
from tests.test_orders import HEAD, answers, link, order, run, team

__all__ = ["team"]


def kept(world: Stage) -> bytes:
    """Return the bytes of every file that the bot keeps."""
    files = sorted(path for path in Path(world.config.storage.path).rglob("*") if path.is_file())
    return b"".join(path.read_bytes() for path in files)


def posted(world: Stage, bot: Pipeline, *, subreddit: str = "quiet", data: bytes | None = None) -> str:
    """Post a near copy where the bot only observes, and let it open a case."""
    url = world.park.add_redgifs("MarkedMedia", hd=data or near_copy())
    name = world.reddit.submit(
        subreddit, author="markedauthor", title="marked title", url=url, created=world.clock.now()
    )
    bot.tick()
    return name


@pytest.mark.slow
def test_everything_about_the_post_stops_in_every_mode(world: Stage, bot: Pipeline) -> None:
    """Case, link, fingerprints and evidence end; the post is removed even where the bot only observes."""
    name = posted(world, bot)
    (case,) = bot.deps.store.cases.of_post(name)
    marked = bot.decisions.minors.minor(case.label, by=member(bot))
    assert [row.label for row in marked.posts] == [case.label]
    assert any("removed at the daemon's next step, in every mode" in line for line in marked.lines)
    bot.tick()
    assert world.reddit.removals == [name]
    store = bot.deps.store
    assert store.cases.get(case.label).state == CaseState.MINOR
    (row,) = store.links.listing()
    assert (row.state, row.link.url.partition(":")[0]) == (LinkState.BLOCKED, "minor")
    assert store.links.evidence(row.id) is None
    assert store.links.fingerprints(row.id) == []


@pytest.mark.slow
def test_the_media_is_never_fetched_again(world: Stage, bot: Pipeline) -> None:
    """The same media in another post, also after it was reported, is blocked before anything is asked of its host."""
    name = posted(world, bot)
    marked = bot.decisions.minors.minor(name, by=member(bot))
    bot.tick()
    bot.decisions.minors.reported(marked.posts[0].label, by=member(bot))
    asked = len(world.park.log)
    world.reddit.submit(
        "clips", author="b", title="again", url="https://www.redgifs.com/watch/markedmedia", created=world.clock.now()
    )
    bot.tick()
    assert len(world.park.log) == asked
    assert bot.deps.store.links.listing()[0].reason == "suspected minor: never fetched"


@pytest.mark.slow
def test_all_stored_posts_of_the_media_are_marked(world: Stage, bot: Pipeline) -> None:
    """Three posts of one media are three removals and three addresses to report."""
    first = posted(world, bot, subreddit="clips")
    others = [
        world.reddit.submit(
            "clips", author="b", title="x", url="https://www.redgifs.com/watch/markedmedia", created=world.clock.now()
        )
        for _ in range(2)
    ]
    bot.tick()
    marked = bot.decisions.minors.minor(first, by=member(bot))
    bot.tick()
    assert {row.post for row in marked.posts} == {first, *others}
    assert sorted(world.reddit.removals) == sorted([first, *others])


@pytest.mark.slow
def test_what_was_banked_of_it_is_destroyed(world: Stage, bot: Pipeline) -> None:
    """An entry that confirming the case made has no signals and no files any more."""
    name = posted(world, bot)
    (case,) = bot.deps.store.cases.of_post(name)
    bot.deps.store.banks.create("found", "block")
    bot.decisions.cases.confirm(case.label, by=member(bot), why="sure", bank="found")
    (entry,) = bot.deps.store.banks.entries("found")
    marked = bot.decisions.minors.minor(case.label, by=member(bot))
    assert f"{entry.label}: made of this media, destroyed" in marked.lines
    (entry,) = bot.deps.store.banks.entries("found")
    assert (entry.state, entry.signals) == ("withdrawn", 0)


@pytest.mark.slow
def test_address_and_time_are_kept_until_a_person_has_reported(world: Stage, bot: Pipeline) -> None:
    """Before: what a report needs. After: no permalink, author, title or address in any file."""
    name = posted(world, bot)
    permalink = world.reddit.world.things[name]["permalink"]
    row = bot.decisions.minors.minor(name, by=member(bot)).posts[0]
    assert row.permalink == permalink
    assert row.urls == ("https://www.redgifs.com/watch/markedmedia",)
    with pytest.raises(UsageError, match="is being removed from Reddit"):
        bot.decisions.minors.reported(row.label, by=member(bot))
    bot.tick()
    assert permalink.encode() in kept(world)
    bot.decisions.minors.reported(row.label, by=member(bot))
    left = kept(world)
    for trace in (permalink, "markedauthor", "marked title", "MarkedMedia", "markedmedia"):
        assert trace.encode() not in left, trace
    with pytest.raises(UsageError, match="was reported by ann already"):
        bot.decisions.minors.reported(row.label, by=member(bot))


def test_a_post_that_is_not_known_can_be_marked(world: Stage, bot: Pipeline) -> None:
    """Its address is enough: it is asked for on Reddit, kept for the report, and removed."""
    name = world.reddit.submit(
        "clips", author="b", title="x", url="https://www.redgifs.com/watch/otherone", created=world.clock.now()
    )
    bot.decisions.minors.minor(link(name), by=member(bot))
    bot.tick()
    assert world.reddit.removals == [name]
    assert world.park.log == ()
    with pytest.raises(UsageError, match="names no post"):
        bot.decisions.minors.minor("https://example.org/x", by=member(bot))


def test_a_notice_loses_the_media_before_it_leaves(world: Stage, bot: Pipeline) -> None:
    """A draft that holds only this media is given up; nothing is mailed."""
    name = post_fake(world)
    bot.tick()
    (notice,) = bot.deps.store.notices.listing()
    bot.decisions.minors.minor(name, by=member(bot))
    assert notice.label not in {row.label for row in bot.deps.store.notices.listing() if row.items}
    assert not world.mail.received


@pytest.mark.slow
def test_a_moderator_orders_it_by_modmail(world: Stage, bot: Pipeline) -> None:
    """The order does the same and answers with the places to report to, without a word of the media."""
    name = posted(world, bot, subreddit="clips", data=fake())
    bot.tick()
    conversation = order(world, f"gifwarden minor {link(name)}", by=HEAD)
    run(world, bot)
    (answer,) = answers(world, conversation)
    assert "https://report.cybertip.org" in answer
    assert "gifwarden cases reported" in answer
    assert "redgifs" not in answer
    assert bot.deps.store.cases.of_post(name)[0].state == CaseState.MINOR


def test_the_command_tells_what_to_report_and_where(tmp_path: Path) -> None:
    """`cases minor` names the post, the hotlines, that no daemon runs, and the command that forgets."""
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(tmp_path), "--by", "ann"]).exit_code == 0
    config = str(tmp_path / "config.toml")
    address = "https://www.reddit.com/r/clips/comments/abc12/x/"
    done = runner.invoke(app, ["cases", "minor", address, "--by", "ann", "-c", config])
    assert done.exit_code == 0, done.output
    for words in (
        "Do not open, save or send",
        "https://www.reddit.com/r/clips/comments/abc12/x/",
        "https://report.cybertip.org",
        "https://report.iwf.org.uk",
        "inhope.org",
        "gifwarden cases reported M-",
        "remove the post by hand NOW: no daemon is running",
    ):
        assert words in done.output, words
    done = runner.invoke(app, ["cases", "minor", address, "--by", "ann", "--json", "-c", config])
    assert {"posts", "done", "report_to"} <= json.loads(done.stdout.splitlines()[0]).keys()
