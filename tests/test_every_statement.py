"""A fault of our own database, disk or memory is final nowhere; all points: `python -m tests.every_statement`."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.errors import DatabaseError, is_own_fault
from bot.store import Store
from tests.conftest import START
from tests.every_statement import Undisturbed, disturbed, undisturbed
from tests.failing import KINDS, Breaker
from tests.slow import slow

SAMPLE = 24  # of thousands; more of them by command
# Where something was once lost, done twice, given up or refused for good
ONCE_WRONG = (
    ("outbox.py:_write_down", "error"),
    ("actions.py:begin < pipeline/acting/outbox.py:_begin", "stuck"),
    ("reddit POST api/remove/ after", "memory"),
    ("reddit POST api/remove/ after", "error"),
    ("reddit POST api/v1/modactions/removal_reasons before", "error"),
    ("mail after", "memory"),
    ("queue.py:release < pipeline/scanning/queue.py:_step", "error"),
    ("links.py:acquired", "memory"),
    ("decode", "memory"),
    ("pipeline/watching/modlog.py:_take | commit", "memory"),
    ("audit.py:record < pipeline/commands/answers.py:end", "error"),
)


@pytest.fixture(scope="module")
def clean() -> Undisturbed:
    """What a run without a fault meets and ends in."""
    return undisturbed()


@slow
@pytest.mark.parametrize(("point", "kind"), ONCE_WRONG)
def test_a_fault_where_something_was_lost_changes_nothing(point: str, kind: str, clean: Undisturbed) -> None:
    """One fault there, and everything ends as if nothing had happened."""
    places = [met for met in clean.met if point in met]
    assert places, f"no run comes to {point}"
    assert disturbed(places[0], kind, clean) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_fault_anywhere_changes_nothing(number: int, clean: Undisturbed) -> None:
    """A statement, a request, a download, a mail or a decoding fails once, or the process is killed at it."""
    chance = random.Random(number)
    point = chance.choice(sorted(clean.met))
    kind = chance.choice([kind for kind in KINDS if kind != "stuck" or " | " in point])
    assert disturbed(point, kind, clean) == []


def test_a_connection_works_again_after_a_failed_rollback(tmp_path: Path) -> None:
    """What cannot be rolled back goes with its connection; nothing half done is kept, and the next step works."""
    breaker = Breaker(kind="stuck")
    with Store(tmp_path / "gifwarden.db", ManualClock(START), factory=breaker.connections()) as store:
        c = store.connection
        c.run("insert into versions values ('before', 1)")
        breaker.met.clear()
        breaker.at = next(iter(_met(breaker, store)))
        with pytest.raises(DatabaseError), store.transaction():  # noqa: PT012  both are one transaction
            c.run("insert into versions values ('half', 1)")
            c.run("update versions set value = 2 where name = 'before'")
        assert breaker.struck
        assert not c.db.conn.in_transaction
        assert c.value("select value from versions where name = 'before'") == 1
        assert c.value("select count(*) from versions where name = 'half'") == 0
        c.run("insert into versions values ('after', 1)")
    with Store(tmp_path / "gifwarden.db", ManualClock(START)) as again:
        assert again.connection.value("select count(*) from versions where name in ('before', 'after')") == 2
        assert again.connection.value("pragma foreign_keys") == 1


def _met(breaker: Breaker, store: Store) -> list[str]:
    store.connection.run("update versions set value = 1 where name = 'nobody'")
    (point,) = [point for point in breaker.met if "update versions" in point]
    return [point.replace("where name = 'nobody'", "where name = 'before'").replace("value = 1", "value = 2")]


def test_own_faults_are_told_from_the_worlds_answers() -> None:
    """A full disk and want of memory are ours; a connection that is refused or a wrong statement's row is not."""
    assert all(map(is_own_fault, (DatabaseError("x"), MemoryError(), OSError(28, "No space left on device"))))
    assert not any(map(is_own_fault, (ConnectionRefusedError(111, "refused"), ValueError(), sqlite3.Warning())))
