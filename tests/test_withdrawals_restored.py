"""A copy of the database from before a withdrawal is put back: the entry does not match again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.loopback.stage import Stage
from bot.model import CaseState, LinkState, Withdrawal
from bot.pipeline import Pipeline
from bot.store.list_rows import Listed
from bot.store.withdrawal_log import NAME
from tests.bots import _printed, bank_the_fake, bot_on, fake, near_copy
from tests.killing import Silent
from tests.people import member
from tests.test_withdrawals import case_of, found, withdraw


def put_back(world: Stage, copy: Path) -> None:
    """Put a copy back as docs/backup.md says."""
    data = world.config.storage.path
    for file in data.glob("gifwarden.db*"):
        file.unlink()
    (data / "gifwarden.db").write_bytes(copy.read_bytes())
    (data / "gifwarden.db").chmod(0o600)


def labels(bot: Pipeline, data: Callable[[], bytes] = fake) -> set[str]:
    """Return the entries that a media is taken for."""
    return {match.entry for match in bot.scanner.taken_for(_printed(data()))}


@pytest.mark.slow
@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("why", list(Withdrawal))
def test_what_was_withdrawn_since_the_copy_stays_withdrawn(
    world: Stage, bot: Pipeline, tmp_path: Path, why: Withdrawal, followed: bool
) -> None:
    """For every reason, with all that follows from it: the open case of the copy is closed or hidden once more."""
    name = found(world, bot, fake if why is Withdrawal.MINOR else near_copy)
    label = bank_the_fake(bot)
    bot.deps.store.backup.write(tmp_path / "copy.db")
    withdraw(bot, label, why)
    if followed or why is Withdrawal.BY_LIST:
        bot.withdrawals.follow()
    put_back(world, tmp_path / "copy.db")
    with bot_on(world, Silent()) as restored:
        assert labels(restored) == labels(restored, near_copy) == set()
        row = restored.deps.store.withdrawn.get(label)
        assert row is not None
        assert row.why is why
        assert case_of(restored, name).state == CaseState.OPEN
        restored.act()
        wanted = CaseState.MINOR if why is Withdrawal.MINOR else CaseState.WITHDRAWN
        assert case_of(restored, name).state == wanted
    with bot_on(world, Silent()) as again:
        assert again.deps.store.withdrawn.unfollowed() == []


def test_a_suspected_minors_marks_are_put_back_with_it(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """The very file under another link is dropped before it is decoded, as before the copy was put back."""
    bot.deps.store.backup.write(tmp_path / "copy.db")
    withdraw(bot, bank_the_fake(bot), Withdrawal.MINOR)
    put_back(world, tmp_path / "copy.db")
    with bot_on(world, Silent()) as restored:
        url = world.park.add_imgur("Ab1Cd2E", fake(), "mp4")
        other = world.reddit.submit("clips", author="b", title="x", url=url)
        restored.tick()
        (link,) = [row for row in restored.deps.store.links.listing() if row.link.post == other]
        assert link.state == LinkState.BLOCKED


def test_what_was_restored_since_stays_active(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """The last word on an entry counts, a suspicion's slip included; a later start changes nothing."""
    bot.deps.store.backup.write(tmp_path / "copy.db")
    label = bank_the_fake(bot)
    for why in (Withdrawal.WRONG, Withdrawal.MINOR):
        withdraw(bot, label, why)
        bot.withdrawals.restore(label, by=member(bot))
    with bot_on(world, Silent()) as same:
        assert labels(same) == {label}
    put_back(world, tmp_path / "copy.db")
    with bot_on(world, Silent()) as restored:
        assert labels(restored) == {label}
        assert not restored.deps.store.minors.is_never_label(label)


def row_of(data: bytes) -> Listed:
    """Return a row of a list with the digest of a file."""
    return Listed(hashlib.md5(data).hexdigest(), (), files=((hashlib.sha256(data).hexdigest(), ""),))


def test_a_listed_row_that_was_no_entry_in_the_copy_does_not_match_again(
    world: Stage, bot: Pipeline, tmp_path: Path
) -> None:
    """A person withdrew the entry that was made of it since; another row that gets its number is another entry."""
    store, by = bot.deps.store, member(bot)
    store.banks.destroy(bank_the_fake(bot))
    number = store.lists.source("known-fakes", "theirs")
    store.lists.take(number, [row_of(fake())], by=by)
    label = f"L-{store.connection.value('select max(id) from list_rows')}"
    store.backup.write(tmp_path / "with.db")
    withdraw(bot, label, Withdrawal.HER_WISH)
    bot.withdrawals.follow()
    put_back(world, tmp_path / "with.db")
    with bot_on(world, Silent()) as restored:
        assert labels(restored) == set()
        found_ = restored.deps.store.withdrawn.get(label)
        assert found_ is not None
        assert found_.why is Withdrawal.HER_WISH


def test_another_row_that_gets_the_number_of_a_withdrawn_one_matches(
    world: Stage, bot: Pipeline, tmp_path: Path
) -> None:
    """Numbers of rows are given anew in a copy from before them: what they hold tells which was withdrawn."""
    store, by = bot.deps.store, member(bot)
    store.banks.destroy(bank_the_fake(bot))
    number = store.lists.source("known-fakes", "theirs")
    store.backup.write(tmp_path / "without.db")
    store.lists.take(number, [row_of(b"something else")], by=by)
    label = f"L-{store.connection.value('select max(id) from list_rows')}"
    withdraw(bot, label, Withdrawal.HER_WISH)
    log = world.config.storage.path / NAME
    kept = log.read_bytes()
    log.unlink()
    put_back(world, tmp_path / "without.db")
    with bot_on(world, Silent()) as restored:
        restored.deps.store.lists.take(number, [row_of(fake())], by=by)
        assert f"L-{restored.deps.store.connection.value('select max(id) from list_rows')}" == label
    log.write_bytes(kept)
    with bot_on(world, Silent()) as restored:
        assert labels(restored) == {label}


def test_the_file_is_private_holds_no_hash_and_outlives_a_cut(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """Mode 0600, no digest or signal in the clear; a line that was cut off spoils neither itself nor the next one."""
    label = bank_the_fake(bot)
    bot.deps.store.backup.write(tmp_path / "copy.db")
    log = world.config.storage.path / NAME
    log.write_bytes(b'{"entry": "E-cut')
    for why in (Withdrawal.HER_WISH, Withdrawal.MINOR):
        withdraw(bot, label, why)
        if why is not Withdrawal.MINOR:
            bot.withdrawals.restore(label, by=member(bot))
    assert log.stat().st_mode & 0o777 == 0o600
    told = log.read_text()
    for digest in (hashlib.sha256(fake()).hexdigest(), hashlib.md5(fake()).hexdigest()):
        assert digest not in told
    for signal in bot.deps.store.banks.signals(label):
        assert signal.value.hex() not in told
    put_back(world, tmp_path / "copy.db")
    with bot_on(world, Silent()) as restored:
        assert labels(restored) == set()


def test_without_the_key_nothing_is_taken_for_read(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """A command that opens the copy only to read something leaves the file to who has the key."""
    from bot.store import Store

    label = bank_the_fake(bot)
    bot.deps.store.backup.write(tmp_path / "copy.db")
    withdraw(bot, label, Withdrawal.MINOR)
    put_back(world, tmp_path / "copy.db")
    with Store(world.config.storage.path / "gifwarden.db", world.clock):
        pass
    with bot_on(world, Silent()) as restored:
        assert labels(restored) == set()
        assert restored.deps.store.minors.is_never_label(label)
