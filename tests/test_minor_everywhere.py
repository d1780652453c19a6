"""A file that is marked as a suspected minor's is kept back at every door by which hashes and opinions come and go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.errors import GifwardenError, MarkedFileError
from bot.lists import Bad, Record
from bot.loopback.stage import Stage
from bot.model import Opinion, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.keeping.list_import import take
from tests.bots import _printed, bank_the_fake, bot_on, fake, near_copy
from tests.killing import Silent
from tests.people import at_home, member
from tests.test_withdrawals import case_of, command, found
from tests.test_withdrawals_restored import put_back


class Door(NamedTuple):
    """A world after a mark, with the entry of a list that holds the file."""

    world: Stage
    bot: Pipeline
    label: str
    post: str
    folder: Path


def by_post(bot: Pipeline, label: str, post: str) -> None:
    """Mark the post that holds the file."""
    bot.decisions.minors.hide(post, by=member(bot))


def by_entry(bot: Pipeline, label: str, post: str) -> None:
    """Withdraw the entry as a suspected minor's."""
    bot.withdrawals.withdraw(label, Withdrawal.MINOR, by=member(bot))
    bot.act()


MARKS = {"the post is marked": by_post, "the entry is withdrawn as a minor's": by_entry}


def record() -> Record:
    """A row of a list that holds the very file."""
    return Record(id="9", files=((hashlib.sha256(fake()).hexdigest(), hashlib.md5(fake()).hexdigest()),))


def import_refuses(door: Door) -> None:
    """No list brings it, whatever it is called: not a row is added."""
    said: list[Bad] = []
    take(door.bot.deps.store, "known-fakes", "another list", [record()], by=member(door.bot), told=said.append)
    assert len(said) == 1
    assert hashlib.sha256(fake()).hexdigest() not in said[0].reason


def banking_refuses(door: Door) -> None:
    """Nobody banks it."""
    with pytest.raises(MarkedFileError):
        door.bot.decisions.bank.add("known-fakes", _printed(fake()), by=member(door.bot))


def restoring_refuses(door: Door) -> None:
    """Once its ten minutes are over, it is not given back."""
    store = door.bot.deps.store
    door.world.clock.sleep(601)
    door.bot.tick()
    if store.withdrawn.get(door.label) is None:
        store.banks.withdraw(door.label)
    with pytest.raises(GifwardenError):
        door.bot.withdrawals.restore(door.label, by=member(door.bot))
    assert store.withdrawn.get(door.label) is not None


def confirming_refuses(door: Door) -> None:
    """Nobody gives a word for it."""
    with pytest.raises(GifwardenError):
        door.bot.decisions.bank.confirm_entry(door.label, by=member(door.bot, "ben"))


def export_passes_it_over(door: Door) -> None:
    """Its hashes leave in no list."""
    told = command(door.world, door.folder, "bank", "export", "known-fakes").output
    assert door.label not in told
    assert hashlib.sha256(fake()).hexdigest() not in told


def feedback_says_nothing(door: Door) -> None:
    """What waited to be told to its exchange goes; nothing new comes."""
    door.bot.deps.store.feedback.queue("theirs")
    assert door.bot.deps.store.feedback.due("theirs") == []
    assert door.bot.deps.store.feedback.waiting("theirs") == 0


def no_opinion_is_ours(door: Door) -> None:
    """Our decisions say nothing of it."""
    number = door.bot.deps.store.connection.value("select id from entries where label = ?", (door.label,))
    assert door.bot.deps.store.opinions.ours([number]) == {}


def nothing_is_given_back(door: Door) -> None:
    """Its withdrawal proposes nothing, and nothing is published."""
    door.bot.act()
    assert door.bot.deps.store.carried.rows(door.label) == []
    assert door.world.reddit.approvals == []


def another_link_is_blocked(door: Door) -> None:
    """The same file elsewhere is dropped before it is decoded, and no case comes of it."""
    url = door.world.park.add_imgur("Ab1Cd2E", fake(), "mp4")
    other = door.world.reddit.submit("clips", author="b", title="x", url=url)
    door.bot.tick()
    assert door.bot.deps.store.cases.of_post(other) == []


def a_copy_that_is_put_back_keeps_the_mark(door: Door) -> None:
    """A copy of the database holds the mark as well."""
    door.bot.deps.store.backup.write(door.folder / "copy.db")
    put_back(door.world, door.folder / "copy.db")
    with bot_on(door.world, Silent()) as restored:
        assert restored.deps.store.minors.is_never(f"sha256:{hashlib.sha256(fake()).hexdigest()}")
        assert restored.deps.store.minors.is_never_label(door.label)


DOORS: tuple[Callable[[Door], None], ...] = (
    import_refuses,
    banking_refuses,
    restoring_refuses,
    confirming_refuses,
    export_passes_it_over,
    feedback_says_nothing,
    no_opinion_is_ours,
    nothing_is_given_back,
    another_link_is_blocked,
    a_copy_that_is_put_back_keeps_the_mark,
)


@pytest.fixture
def known() -> tuple[bytes, ...]:
    """What the bank holds from the start: something else, for the file comes by a list."""
    return (near_copy(),)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_what_may_show_a_minor_is_kept_back_at_every_door(
    world: Stage, bot: Pipeline, tmp_path: Path, mark: str, door: Callable[[Door], None]
) -> None:
    """A list brought the file, a post of it was confirmed, then it is marked: each door keeps it back."""
    row = Record(id="1", files=((hashlib.sha256(fake()).hexdigest(), ""),))
    take(bot.deps.store, "known-fakes", "theirs", [row], by=member(bot), told=list[Bad]().append)
    name = found(world, bot, fake)
    label = f"L-{bot.deps.store.connection.value('select max(id) from list_rows')}"
    bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")
    bot.deps.store.feedback.queue("theirs")
    assert [row.opinion for row in bot.deps.store.feedback.due("theirs")] == [Opinion.CONFIRMED]
    at_home(bot)
    MARKS[mark](bot, label, name)
    door(Door(world, bot, label, name, tmp_path))


def test_the_file_was_let_through_before(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """Without a mark each of these doors lets it through, so that the table above can fail."""
    said: list[Bad] = []
    take(bot.deps.store, "known-fakes", "another list", [record()], by=member(bot), told=said.append)
    assert said == []
    label = bank_the_fake(bot)
    at_home(bot)
    assert label in command(world, tmp_path, "bank", "export", "known-fakes").output
