"""A row of a list from a post to its removal: it becomes an entry when it matches, and everything knows it then."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.loopback.stage import Stage
from bot.model import PROGRAM, Opinion, Signal
from bot.pipeline import Pipeline
from bot.store.list_rows import Listed
from bot.store.lists import Taken
from tests.bots import fake, near_copy, post_fake


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing is banked: all that is known is in a list."""
    return ()


def taken(bot: Pipeline, *, withdrawn: bool = False, opinions: tuple[tuple[str, Opinion], ...] = ()) -> Taken:
    """Take a list of the fake, without its file's digests if it is withdrawn, and of a thousand other hashes."""
    found = bot.deps.workers.fingerprint(fake())
    signals = tuple(signal for signal in found.signals if signal.type == "pdq")
    rows = [Listed(str(n), (Signal(type="pdq", value=n.to_bytes(32), quality=100, t=0.0),)) for n in range(1000)]
    files = () if withdrawn else ((found.sha256, found.md5),)
    row = Listed("the fake", () if withdrawn else signals, files, withdrawn, opinions)
    number = bot.deps.store.lists.source("known-fakes", "partner")
    return bot.deps.store.lists.take(number, [*rows, row], by=PROGRAM)


@pytest.mark.slow
def test_a_listed_file_is_removed_and_only_its_row_becomes_an_entry(world: Stage, bot: Pipeline) -> None:
    """A trusted list acts on the very file; looking makes one entry of a thousand rows, that every screen knows."""
    taken(bot)
    store = bot.deps.store
    assert bot.scanner.taken_for(bot.deps.workers.fingerprint(fake()))[0].entry == "L-1001"
    assert store.banks.entries() == []
    name = post_fake(world)
    bot.tick()
    bot.tick()
    assert world.reddit.removals == [name]
    (entry,) = store.banks.entries()
    assert (entry.label, entry.source, entry.cases) == ("L-1001", "partner", 1)
    assert [row.entries for row in store.banks.listing()] == [1]
    assert [row.listed for row in store.banks.listing()] == [1000]
    again = post_fake(world, id="FourFiveSix")
    bot.tick()
    assert world.reddit.removals == [name, again]
    assert len(store.banks.entries()) == 1
    assert taken(bot, withdrawn=True).entries == ["L-1001"]
    post_fake(world, id="SevenEight")
    bot.tick()
    assert world.reddit.removals == [name, again]


def test_a_near_copy_of_a_listed_clip_is_reported(world: Stage, bot: Pipeline) -> None:
    """Frames of a row are compared as those of an entry are."""
    taken(bot)
    name = post_fake(world, data=near_copy)
    bot.tick()
    assert [(post, by) for post, _, by in world.reddit.reports] == [(name, "gifwarden_bot")]
    assert [entry.label for entry in bot.deps.store.banks.entries()] == ["L-1001"]


def test_a_disputed_row_never_acts_alone(world: Stage, bot: Pipeline) -> None:
    """What others dispute waits for a person, although the bank is trusted."""
    taken(bot, opinions=(("somebody", Opinion.DISPUTED),))
    post_fake(world)
    bot.tick()
    assert world.reddit.removals == []
    (case,) = bot.deps.store.cases.listing()
    assert case.verdict.outcome == "review"


def test_a_stale_list_never_acts_alone(world: Stage, bot: Pipeline) -> None:
    """Past its moment what a trusted list knows waits for a person."""
    taken(bot)
    bot.deps.store.lists.fresh_until(1, bot.deps.store.connection.now())
    post_fake(world)
    bot.tick()
    assert world.reddit.removals == []
    assert len(bot.deps.store.cases.listing()) == 1
