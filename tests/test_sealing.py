"""Another key does not start, sealed values open in their own row only, and nobody else can read the files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.assemble import open_store
from bot.clock import ManualClock
from bot.config import Config
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError
from bot.loopback.stage import START
from bot.model import Consent, Evidence
from bot.store import Store
from tests.people import member
from tests.test_store import LINK, POST


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands."""
    return ManualClock(START)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Every usual umask and two that nobody has."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Return the modes of a folder and all that is in it."""
    return {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.rglob("*"))}


def filled(path: Path, clock: ManualClock, key: str) -> None:
    """Make a database in which something of everything is sealed."""
    with Store(path, clock, FieldCipher(key)) as store:
        store.links.add([(POST, [LINK])])
        store.links.acquired(1, Evidence(target="t", link=LINK), [(0, b"zero"), (1, b"one")])
        store.minors.never(["redgifs:x"])
        year = clock.now().replace(year=clock.now().year + 1)
        consent = Consent(basis="explicit_consent", mandate=None, adult=True, record="r", purpose="p", expires=year)
        for name in ("Ann", "Bea"):
            store.gallery.add(name=name, consent=consent, model="m", vectors=[name.encode() * 4], by=member(store, "x"))


def test_another_key_does_not_start(tmp_path: Path, clock: ManualClock) -> None:
    """With another valid key the database is not opened, in one sentence; with the right one it is."""
    config = Config.model_validate({"storage": {"path": tmp_path, "rules": tmp_path / "rules"}})
    with open_store(config, clock) as store:
        store.minors.never(["redgifs:x"])
    right = (tmp_path / "key").read_text()
    (tmp_path / "key").write_text(new_key() + "\n")
    with pytest.raises(SealError, match="not the one that this database was sealed with"):
        open_store(config, clock)
    (tmp_path / "key").write_text(right)
    with open_store(config, clock) as store:
        assert store.minors.is_never("redgifs:x")


def unbound(path: Path, key: str) -> None:
    """Make a database one of an earlier version: values sealed for no place, and no mark of the key."""
    seal = FieldCipher(key)
    with sqlite3.connect(path) as raw:
        for link, media, sealed in raw.execute("select link, media, sealed from fingerprints").fetchall():
            opened = seal.decrypt(sealed, "fingerprints", f"{link}:{media}", "sealed")
            raw.execute("update fingerprints set sealed = ? where media = ?", (seal.encrypt(opened), media))
        for label, own, name in raw.execute("select label, sealed_key, sealed_name from persons").fetchall():
            inner = seal.decrypt(own, "persons", label, "sealed_key")
            named = FieldCipher(inner.decode()).decrypt(name, "persons", label, "sealed_name")
            raw.execute(
                "update persons set sealed_key = ?, sealed_name = ? where label = ?",
                (seal.encrypt(inner), FieldCipher(inner.decode()).encrypt(named), label),
            )
        raw.execute("delete from sealing")
    raw.close()


def test_an_older_database_is_bound_and_marked_at_the_first_start(tmp_path: Path, clock: ManualClock) -> None:
    """Its values are tried, which tells another key, and sealed anew; then none opens that is bound to no row."""
    key, path = new_key(), tmp_path / "a.db"
    filled(path, clock, key)
    unbound(path, key)
    with pytest.raises(SealError, match="not the one"):
        Store(path, clock, FieldCipher(new_key()))
    for _ in range(2):
        with Store(path, clock, FieldCipher(key)) as store:
            assert store.links.fingerprints(1) == [(0, b"zero"), (1, b"one")]
            assert {label for label, _ in store.gallery.vectors("m")} == {row.label for row in store.gallery.listing()}
            assert {store.gallery.name(row.label) for row in store.gallery.listing()} == {"Ann", "Bea"}
    with sqlite3.connect(path) as raw:
        raw.execute("update fingerprints set sealed = ? where media = 0", (FieldCipher(key).encrypt(b"of no row"),))
    raw.close()
    with Store(path, clock, FieldCipher(key)) as store, pytest.raises(SealError):
        store.links.fingerprints(1)


@pytest.mark.parametrize(
    "swap",
    [
        "update fingerprints set media = 1 - media + 10; update fingerprints set media = media - 10",
        "update persons set sealed_key = (select sealed_key from persons p where p.id != persons.id)",
        "update persons set sealed_key = (select sealed_key from persons p where p.id != persons.id), "
        "sealed_name = (select sealed_name from persons p where p.id != persons.id)",
    ],
)
def test_values_open_in_their_own_row_only(tmp_path: Path, clock: ManualClock, swap: str) -> None:
    """What is sealed for one row does not open in another."""
    key, path = new_key(), tmp_path / "a.db"
    filled(path, clock, key)
    with sqlite3.connect(path) as raw:
        raw.executescript(swap)
    raw.close()
    with Store(path, clock, FieldCipher(key)) as store, pytest.raises(SealError):
        [store.links.fingerprints(1), *(store.gallery.name(row.label) for row in store.gallery.listing())]


def test_only_the_owner_reads_any_of_it(tmp_path: Path, clock: ManualClock, umask: int) -> None:
    """Database, log, shared memory, key and copy are 0600 in a folder of 0700 from the first moment, at any umask."""
    os.umask(umask)
    data = tmp_path / "data"
    config = Config.model_validate({"storage": {"path": data, "rules": data / "rules"}})
    with open_store(config, clock) as store:
        store.audit.record(by=member(store, "x"), what="y", subject="z")
        found = modes(data)
        assert found.pop("data") == "0o700"
        assert set(found) == {"gifwarden.db", "gifwarden.db-wal", "gifwarden.db-shm", "key"}
        assert set(found.values()) == {"0o600"}
        store.backup.write(data / "copy.db")
        assert set(modes(data).values()) == {"0o600", "0o700"}


def test_what_was_put_there_by_hand_is_closed(tmp_path: Path, clock: ManualClock) -> None:
    """A restored copy that all could read, a log beside it and an open folder are closed first."""
    data = tmp_path / "data"
    config = Config.model_validate({"storage": {"path": data, "rules": data / "rules"}})
    with open_store(config, clock):
        pass
    (data / "gifwarden.db-wal").touch()
    for path in (data / "gifwarden.db", data / "gifwarden.db-wal"):
        path.chmod(0o666)
    data.chmod(0o755)
    with open_store(config, clock) as store:
        store.audit.record(by=member(store, "x"), what="y", subject="z")
        assert set(modes(data).values()) == {"0o600", "0o700"}
