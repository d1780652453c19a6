"""Why an entry was withdrawn is kept, of databases from before as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.cli import withdrawing
from bot.loopback.stage import Stage
from bot.migrations import migrations
from bot.model import Backing, Withdrawal
from bot.pipeline import Pipeline
from tests.bots import bank_the_fake
from tests.people import at_home, member
from tests.test_withdrawals import command, withdraw
from tests.test_withdrawals_carried import removed


def test_entries_withdrawn_by_an_earlier_version_have_nothing_left_to_follow() -> None:
    """They are withdrawn for an unsaid reason and count as followed; active ones have neither."""
    db = Database(memory=True)
    migrations.apply(db, stop_before="m0024_withdrawal_reason")
    db.execute("insert into banks (id, name, kind, created_at) values (1, 'b', 'block', '')")
    for label, state, at in (("E-1", "withdrawn", "2026-01-01T00:00:00Z"), ("E-2", "active", None)):
        db.execute(
            "insert into entries (label, bank, state, added_by, added_at, withdrawn_at) values (?, 1, ?, 'x', '', ?)",
            (label, state, at),
        )
    migrations.apply(db)
    found = {row[0]: row[1:] for row in db.execute("select label, withdrawal, followed_at from entries").fetchall()}
    assert found == {"E-1": ("unsaid", "2026-01-01T00:00:00Z"), "E-2": (None, None)}
    db.close()


@pytest.mark.slow
def test_a_reason_is_given_later_with_all_that_follows(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """An entry withdrawn as unsaid is withdrawn as wrong afterwards, lists what it carried, and matches at no time."""
    removed(world, bot)
    label = bank_the_fake(bot)
    at_home(bot)
    unsaid = command(world, tmp_path, "bank", "remove", label)
    assert f"to say why later: gifwarden bank remove {label} --reason wrong" in " ".join(unsaid.output.split())
    store = bot.deps.store
    assert not store.carried.rows(label)
    again = command(world, tmp_path, "bank", "remove", label)
    assert "is withdrawn already, without a reason; to give one" in str(again.exception)
    given = command(world, tmp_path, "bank", "remove", label, "--reason", "wrong")
    assert f"undo or keep: gifwarden bank withdrawal {label}" in " ".join(given.output.split())
    row = store.withdrawn.get(label)
    assert row is not None
    assert row.why is Withdrawal.WRONG
    assert {one.what for one in store.carried.rows(label)} >= {"remove", "message"}
    other = command(world, tmp_path, "bank", "remove", label, "--reason", "minor")
    assert f"bring it back first: gifwarden bank restore {label}" in str(other.exception)
    assert store.withdrawn.get(label) == row


def test_an_unsaid_withdrawal_may_become_a_suspicion(world: Stage, bot: Pipeline) -> None:
    """Given later, it marks the files as if it had been said at once, and restoring needs a second person anew."""
    label = bank_the_fake(bot)
    files = bot.deps.store.withdrawn.files(label)
    withdraw(bot, label, Withdrawal.UNSAID)
    by = member(bot)
    bot.withdrawals.say_why(label, Withdrawal.MINOR, by=by)
    assert bot.deps.store.minors.is_never_label(label)
    assert files
    bot.withdrawals.restore(label, by=by)
    assert bot.deps.store.banks.standing(label) is Backing.WAITS
    assert not bot.deps.store.minors.is_never_label(label)


def test_at_a_terminal_a_number_names_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong answer asks again; the number, the word, or nothing for unsaid are taken."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for answers, expected in (
        (["2"], Withdrawal.HER_WISH),
        (["4", "", "nonsense", "her wish"], Withdrawal.HER_WISH),
        (["unsaid"], Withdrawal.UNSAID),
        (["0", "1"], Withdrawal.WRONG),
    ):
        left = iter(answers)
        monkeypatch.setattr("typer.prompt", lambda *_args, left=left, **_more: next(left))
        assert withdrawing._reason(None) is expected
        assert not list(left)
