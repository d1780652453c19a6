"""The flood guard: what suddenly acts against many people is held and told; a raid by few is not."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import StoreError
from bot.loopback.stage import Stage
from bot.model import ActionState
from bot.pipeline import Pipeline
from tests.bots import fake
from tests.people import member

LIMIT = 10


def spread(world: Stage, bot: Pipeline, authors: int, *, each: int = 1, start: int = 0) -> list[str]:
    """Post the same file by many authors, under an address of its own each time, and let the bot work."""
    names = []
    for author in range(start, start + authors):
        for number in range(each):
            url = world.park.add_redgifs(f"Copy{author}x{number}", hd=fake())
            names.append(
                world.reddit.submit("clips", author=f"author{author}", title="x", url=url, created=world.clock.now())
            )
    bot.tick()
    return names


def held(bot: Pipeline) -> list[str]:
    """Return why removals are held."""
    rows = bot.deps.store.actions.listing()
    return [row.reason or "" for row in rows if row.action.kind == "remove" and row.state == ActionState.HELD]


@pytest.mark.slow
def test_an_entry_that_acts_against_many_authors_is_quarantined(world: Stage, bot: Pipeline) -> None:
    """From the eleventh author on nothing is removed; the moderators are told once, with what to do."""
    spread(world, bot, LIMIT)
    assert len(world.reddit.removals) == LIMIT
    spread(world, bot, 5, start=LIMIT)
    assert len(world.reddit.removals) == LIMIT
    reasons = held(bot)
    assert len(reasons) == 5
    assert all(reason.startswith("entry E-") for reason in reasons)
    texts = [body for _, _, body in world.reddit.modmails] + [body for _, body in world.reddit.answers]
    (body,) = [text for text in texts if "I hold everything" in text]
    assert "posts of 11 different authors" in body
    assert "10 posts had been removed" in body
    assert "gifwarden quarantine release entry E-" in body


@pytest.mark.slow
def test_a_raid_by_few_authors_goes_through(world: Stage, bot: Pipeline) -> None:
    """Many posts by few accounts are what the bot is for: all are removed, and nothing is quarantined."""
    names = spread(world, bot, 5, each=5)
    assert sorted(world.reddit.removals) == sorted(names)
    assert bot.deps.store.flood.listing() == []


@pytest.mark.slow
def test_what_is_released_goes_ahead_and_is_left_alone(world: Stage, bot: Pipeline) -> None:
    """A person's release lets what was held go, and the next authors too."""
    names = spread(world, bot, LIMIT + 3)
    assert len(world.reddit.removals) < len(names)
    (row,) = bot.deps.store.flood.listing()
    bot.flood.release(row.kind, row.name, by=member(bot))
    world.clock.sleep(700)
    bot.tick()
    assert sorted(world.reddit.removals) == sorted(names)
    more = spread(world, bot, 3, start=50)
    assert set(more) <= set(world.reddit.removals)
    assert bot.deps.store.flood.listing() == []
    with pytest.raises(StoreError, match="is not quarantined"):
        bot.flood.release(row.kind, row.name, by=member(bot))


@pytest.mark.slow
def test_a_confirmed_case_is_no_automatic_action(world: Stage, bot: Pipeline) -> None:
    """A moderator who confirms one of the held cases has it removed, quarantine or not."""
    spread(world, bot, LIMIT + 2)
    waiting = [row for row in bot.deps.store.actions.listing() if row.state == ActionState.HELD]
    case = next(row.action.case for row in waiting if row.action.kind == "remove")
    before = len(world.reddit.removals)
    bot.decisions.cases.confirm(case, by=member(bot), why="looked at it")
    bot.tick()
    assert len(world.reddit.removals) == before + 1


@pytest.mark.slow
def test_a_busy_history_raises_what_counts_as_a_jump(world: Stage, bot: Pipeline) -> None:
    """What was let go and acted against twelve authors a day may do so tomorrow without a word."""
    spread(world, bot, LIMIT + 2)
    (row,) = bot.deps.store.flood.listing()
    bot.flood.release(row.kind, row.name, by=member(bot))
    world.clock.sleep(9 * 86400)
    names = spread(world, bot, LIMIT + 2, start=100)
    assert set(names) <= set(world.reddit.removals)
    assert bot.deps.store.flood.listing() == []


def test_a_person_can_hold_an_entry_before_it_floods(world: Stage, bot: Pipeline) -> None:
    """An entry quarantined by hand does nothing from the first post on."""
    (entry,) = bot.deps.store.banks.entries()
    assert bot.flood.quarantine("entry", entry.label, by=member(bot), why="not sure")
    assert not bot.flood.quarantine("entry", entry.label, by=member(bot), why="again")
    spread(world, bot, 1)
    assert world.reddit.removals == []
    assert held(bot) == [f"entry {entry.label} is quarantined (not sure); gifwarden quarantine release"]


def test_counts_hold_no_name_and_are_forgotten(world: Stage, bot: Pipeline) -> None:
    """Authors are counted by a short digest; after a month nothing of the counts is left."""
    spread(world, bot, 2)
    rows = bot.deps.store.connection.rows("select distinct author from flood")
    assert len(rows) == 2
    assert all(len(row["author"]) == 8 and "author" not in row["author"] for row in rows)
    world.clock.sleep(31 * 86400)
    bot.flood.forget()
    assert bot.deps.store.connection.rows("select * from flood") == []


@pytest.mark.slow
def test_the_commands_list_hold_and_release(tmp_path: object) -> None:
    """quarantine add, list and release work from a shell; an unknown kind is refused."""
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(tmp_path), "--by", "ann"]).exit_code == 0
    config = ["-c", f"{tmp_path}/config.toml"]
    wrong = runner.invoke(app, ["quarantine", "add", "bank", "known-fake", "--by", "ann", *config])
    assert (wrong.exit_code, str(wrong.exception)) == (1, "there is no bank known-fake; did you mean known-fakes?")
    wrong = runner.invoke(app, ["quarantine", "add", "rule", "Known fake, exact fil", "--by", "ann", *config])
    assert "did you mean Known fake, exact file?" in str(wrong.exception)
    assert runner.invoke(app, ["quarantine", "add", "bank", "known-fakes", "--by", "ann", *config]).exit_code == 0
    done = runner.invoke(app, ["quarantine", "list", "--json", *config])
    row = json.loads(done.stdout)
    assert (row["kind"], row["name"], row["by"], row["removed"]) == ("bank", "known-fakes", "ann", 0)
    assert runner.invoke(app, ["quarantine", "release", "bank", "known-fakes", "--by", "ann", *config]).exit_code == 0
    assert "nothing is quarantined" in runner.invoke(app, ["quarantine", "list", *config]).stdout
    assert runner.invoke(app, ["quarantine", "add", "person", "x", "--by", "ann", *config]).exit_code != 0
