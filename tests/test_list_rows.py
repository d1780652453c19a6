"""Rows of lists: against a plain dictionary, by brute force, whatever is taken, withdrawn, changed and made entries."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.clock import SystemClock
from bot.config import BanksConfig, Config, ReviewConfig, StorageConfig
from bot.errors import StoreError
from bot.match import Matcher
from bot.migrations import migrations
from bot.model import Backing, Opinion, Signal
from bot.pipeline.scanning.bank_index import BankIndex
from bot.store import Store
from bot.store.list_rows import Listed, earlier_key, prepared, unpacked
from bot.store.lists import Seen
from tests.people import member
from tests.slow import slow

Content = tuple[tuple[Signal, ...], tuple[tuple[str, str], ...]]


def pdq(number: int, t: float = 0.0, quality: int = 100) -> Signal:
    """Return a signal of its own for each number."""
    return Signal(type="pdq", value=random.Random(number).randbytes(32), quality=quality, t=t)


def file(number: int) -> tuple[str, str]:
    """Return a file's digests."""
    return hashlib.sha256(b"%d" % number).hexdigest(), hashlib.md5(b"%d" % number).hexdigest()


CONTENTS: tuple[Content, ...] = (
    ((pdq(0),), ()),
    ((pdq(1),), ()),
    ((pdq(2, quality=60),), ()),
    ((pdq(3), pdq(4, 1.5), pdq(5, 3.0)), ()),
    ((pdq(6),), (file(6),)),
    ((), (("", file(7)[1]),)),
    ((), ((file(8)[0], ""),)),
    ((pdq(0, 2.0), pdq(9, 4.0)), (file(9), (file(10)[0], ""))),
)


@pytest.mark.parametrize("content", CONTENTS, ids=range(len(CONTENTS)))
def test_a_row_is_kept_as_it_was(content: Content) -> None:
    """Packed and unpacked, signals and files are the same, in their order."""
    signals, files = content
    one = prepared(Listed(signals=signals, files=files), 1)
    assert unpacked(one.type, one.value, one.quality) == (signals, files)


class Heard:
    """A logger that says nothing."""

    def info(self, event: str, **facts: Any) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: Any) -> None:
        """Say nothing."""


@dataclass
class Model:
    """Lists as dictionaries: name of the row (its id, or its content) → its content; and what somebody here refused."""

    rows: dict[str, dict[Any, int]] = field(default_factory=lambda: {"ids": {}, "bare": {}})
    refused: dict[str, set[Any]] = field(default_factory=lambda: {"ids": set(), "bare": set()})

    def take(self, name: str, row: Any, content: int, *, withdrawn: bool) -> None:
        """Take a row."""
        if row in self.refused[name]:
            return
        if withdrawn:
            self.rows[name].pop(row, None)
        else:
            self.rows[name][row] = content

    def found(self) -> Counter[tuple[str, bytes | str]]:
        """Return how often each hash is found in each bank."""
        return Counter(
            (name, value)
            for name, rows in self.rows.items()
            for row, content in rows.items()
            if row not in self.refused[name]
            for value in (
                set[bytes | str](signal.value for signal in CONTENTS[content][0])
                | {digest for pair in CONTENTS[content][1] for digest in pair if digest}
            )
        )


class World:
    """A store with two lists in a bank each, its index, and the model of both."""

    def __init__(self, folder: Path) -> None:
        self.config = Config(storage=StorageConfig(path=folder), banks=BanksConfig(), review=ReviewConfig())
        self.store = Store(folder / "db", SystemClock())
        for name in ("ids", "bare"):
            self.store.banks.create(name, "block")
        self.lists = {name: self.store.lists.source(name, "them") for name in ("ids", "bare")}
        self.by = member(self.store)
        self.model = Model()
        self.index = self.opened()
        self.names: dict[str, tuple[str, Any]] = {}  # label of a row that was made an entry → its list and name
        self.out: list[str] = []  # labels that somebody withdrew

    def opened(self) -> BankIndex:
        """Open the index as another process does."""
        return BankIndex(self.config, self.store, SystemClock(), Heard())

    def take(self, name: str, rows: Sequence[tuple[int, int, bool]]) -> Seen:
        """Take rows into a list: (id, content, withdrawn)."""
        seen, given = Seen(), []
        for number, content, withdrawn in rows:
            told = str(number) if name == "ids" else None
            self.model.take(name, told or content, content, withdrawn=withdrawn)
            signals, files = CONTENTS[content]
            given.append(Listed(told, signals, files, withdrawn))
        self.store.lists.take(self.lists[name], given, by=self.by, seen=seen)
        return seen

    def whole(self, name: str, rows: Sequence[tuple[int, int, bool]]) -> None:
        """Take a list that is whole: what it does not name is swept."""
        self.store.lists.sweep(self.lists[name], self.take(name, rows))
        held = {str(number) if name == "ids" else content for number, content, withdrawn in rows if not withdrawn}
        for row in self.model.rows[name].keys() - held - self.model.refused[name]:
            del self.model.rows[name][row]

    def make(self, place: int) -> str | None:
        """Make an entry of some row that is none; return its label."""
        labels = [entry.label for entry in self.store.listed.active(())]
        if not labels:
            return None
        label = labels[place % len(labels)]
        row = self.store.lists.row(label)
        assert row is not None
        name = next(name for name, number in self.lists.items() if number == row.list)
        self.names[label] = (name, row.id or CONTENTS.index((row.signals, row.files)))
        self.store.lists.make_entries([label, "L-99999", "E-1"])
        assert self.store.lists.row(label) is None
        return label

    def withdraw(self, place: int, *, destroy: bool) -> None:
        """Let somebody here withdraw a row."""
        if (label := self.make(place)) is None:
            return
        self.store.banks.withdraw(label)
        name, row = self.names[label]
        self.model.refused[name].add(row)
        if destroy:
            self.store.banks.destroy(label)
        else:
            self.out.append(label)

    def restore(self) -> None:
        """Let somebody restore what they withdrew last."""
        if self.out:
            label = self.out.pop()
            self.store.banks.restore(label)
            name, row = self.names[label]
            self.model.refused[name].discard(row)

    def check(self, index: BankIndex) -> None:
        """Compare what is found with the model."""
        index.refresh()
        assert found(index, self.config) == self.model.found()
        for name, number in self.lists.items():
            assert self.store.lists.count(number) == len(self.model.rows[name])


def found(index: BankIndex, config: Config) -> Counter[tuple[str, bytes | str]]:
    """Return how often an index finds each hash in each bank."""
    counted: Counter[tuple[str, bytes | str]] = Counter()
    values = list({signal.value for signals, _ in CONTENTS for signal in signals})
    for value, near in zip(values, Matcher(index, config.banks).lookup(values), strict=True):
        counted.update((bank, value) for bank, _, distance in near if distance == 0)
    for _, files in CONTENTS:
        for pair in files:
            for at, digest in enumerate(pair):
                if digest:
                    hits = index.files([(digest, "") if at == 0 else ("", digest)])
                    entries = index.entries(number for _, number in hits)
                    counted.update((entries[number].entry.bank, digest) for _, number in hits if number in entries)
    return counted


row_of_a_list = st.tuples(st.integers(1, 6), st.integers(0, len(CONTENTS) - 1), st.booleans())
rows_of_a_list = st.lists(row_of_a_list, max_size=6)
step = st.one_of(
    st.tuples(st.just("take"), st.sampled_from(["ids", "bare"]), rows_of_a_list),
    st.tuples(st.just("whole"), st.sampled_from(["ids", "bare"]), rows_of_a_list),
    st.tuples(st.just("make"), st.integers(0, 9), st.none()),
    st.tuples(st.just("withdraw"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("restore"), st.none(), st.none()),
    st.tuples(st.just("open"), st.none(), st.none()),
)


@slow
@settings(max_examples=60, deadline=None)
@given(steps=st.lists(step, min_size=1, max_size=12), few=st.sampled_from([2, 20_000]))
def test_rows_are_those_of_a_dictionary(steps: list[tuple[str, Any, Any]], few: int) -> None:
    """After any steps, two indexes over one database find what the model holds, from files or from the table."""
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
        for module in ("bot.pipeline.scanning.search_index", "bot.index.live"):
            patched.setattr(f"{module}.LEAST", few)
        world = World(Path(folder))
        other = world.opened()
        other.refresh()
        for what, one, two in steps:
            if what in ("take", "whole"):
                getattr(world, what)(one, two)
            elif what == "make":
                world.make(one)
            elif what == "withdraw":
                world.withdraw(one, destroy=two)
            elif what == "restore":
                world.restore()
            else:
                world.index.close()
                world.index = world.opened()
            world.check(world.index)
        world.check(other)
        world.index.close()
        other.close()
        world.store.close()


def test_opinions_are_kept_with_a_row_and_doubt_it(store: Store) -> None:
    """What a list tells of a row is replaced by what it tells later; one that is disputed is unconfirmed."""
    store.banks.create("b", "block")
    number, by = store.lists.source("b", "them"), member(store)
    row = Listed("a", (pdq(1),), opinions=(("them", Opinion.CONFIRMED), ("user 7", Opinion.DISPUTED)))
    store.lists.take(number, [row], by=by)
    told = store.lists.row("L-1")
    assert told is not None
    assert told.disputed
    assert told.opinions == row.opinions

    def confirmed() -> list[bool]:
        return [entry.confirmed for entry in (*store.listed.active(("b",)), *store.known.active(("b",)))]

    assert confirmed() == [False]
    assert store.lists.take(number, [row._replace(opinions=row.opinions[:1])], by=by).known == 1
    assert confirmed() == [True]
    store.lists.make_entries(["L-1"])
    assert confirmed() == [True]
    store.lists.take(number, [row], by=by)
    assert confirmed() == [False]
    assert store.known.standing(["L-1"], ("b",), alone=False) == {"L-1": False}
    store.lists.take(number, [row._replace(opinions=())], by=by)
    assert confirmed() == [True]


def test_a_stale_list_acts_no_more_by_its_bank_alone(store: Store) -> None:
    """Past its moment, rows and entries of a list count as unconfirmed; what two people confirmed still counts."""
    store.banks.create("b", "block")
    number, by = store.lists.source("b", "them"), member(store)
    store.lists.take(number, [Listed(None, CONTENTS[content][0]) for content in (0, 1, 2)], by=by)
    store.lists.make_entries(["L-2", "L-3"])
    assert store.banks.confirm("L-3", by=member(store, "bob")) is Backing.TWO_PEOPLE

    def confirmed() -> dict[str, bool]:
        return {entry.label: entry.confirmed for entry in (*store.listed.active(("b",)), *store.known.active(("b",)))}

    assert confirmed() == dict.fromkeys(("L-1", "L-2", "L-3"), True)
    store.lists.fresh_until(number, store.connection.now())
    assert confirmed() == {"L-1": False, "L-2": False, "L-3": True}
    assert store.known.standing(["L-2", "L-3"], ("b",), alone=False) == {"L-2": False, "L-3": True}
    store.lists.fresh_until(number, None)
    assert all(confirmed().values())


def test_two_lists_do_not_touch_each_other(store: Store) -> None:
    """A row that one list withdraws stays in the other, and the labels of entries that went with it are told."""
    store.banks.create("b", "block")
    one, two = (store.lists.source("b", name) for name in ("one", "two"))
    row = Listed("7", *CONTENTS[4])
    for number in (one, two):
        assert store.lists.take(number, [row], by=member(store)).added == 1
    store.lists.make_entries(["L-1", "L-2"])
    taken = store.lists.take(one, [row._replace(withdrawn=True)], by=member(store))
    assert (taken.withdrawn, taken.entries) == (1, ["L-1"])
    assert [entry.label for entry in store.known.active(())] == ["L-2"]
    again = store.lists.take(one, [row], by=member(store))
    assert (again.added, again.entries) == (1, [])
    assert [entry.label for entry in store.listed.active(())] == ["L-3"]
    changed = store.lists.take(two, [row._replace(signals=(pdq(77),))], by=member(store))
    assert (changed.changed, changed.entries) == (1, ["L-2"])
    withdrawn = store.connection.rows("select label, state, withdrawal, followed_at from entries order by id")
    assert [(row["state"], row["withdrawal"], row["followed_at"]) for row in withdrawn] == [
        ("withdrawn", "by_list", None)
    ] * 2
    with pytest.raises(StoreError, match="there is no bank nobody"):
        store.lists.source("nobody", "them")


def test_lists_of_an_earlier_version_go_on(tmp_path: Path) -> None:
    """Entries that came from lists are rows of them: read again they are known, changed or withdrawn, never double."""
    path = tmp_path / "db"
    db = Database(str(path))
    migrations.apply(db, stop_before="m0026_listed_rows")
    db.execute("insert into banks (id, name, kind, created_at) values (1, 'b', 'block', '')")
    kept = [("union", "1", 0), ("union", "2", 4), ("union", "3", 3), ("web", None, 1), ("web", None, 5)]
    for entry, (source, name, content) in enumerate(kept, 1):
        signals, files = CONTENTS[content]
        db.execute(
            "insert into entries (id, label, bank, state, added_by, added_at) values (?, ?, 1, 'active', 'ann', ?)",
            (entry, f"E-{entry}", "2026-01-01T00:00:00Z"),
        )
        for signal in signals:
            db.execute(
                "insert into signals (entry, type, value, quality, t) values (?, ?, ?, ?, ?)",
                (entry, signal.type, signal.value, signal.quality, signal.t),
            )
        for sha256, md5 in files:
            db.execute("insert into entry_files (entry, sha256, md5) values (?, ?, ?)", (entry, sha256, md5))
        db.execute(
            "insert into entry_origins (bank, key, source, entry) values (1, ?, ?, ?)",
            (earlier_key(Listed(name, signals, files), source), source, entry),
        )
    db.execute("update entries set state = 'withdrawn' where id = 3")
    db.conn.commit()
    db.close()
    with Store(path, SystemClock()) as store:
        union, web = (store.lists.source("b", name) for name in ("union", "web"))
        assert (store.lists.count(union), store.lists.count(web)) == (3, 2)
        by = member(store)
        for _ in range(2):
            again = [Listed(name, *CONTENTS[content]) for source, name, content in kept if source == "union"]
            taken = store.lists.take(union, again, by=by)
            assert (taken.known, taken.added, taken.changed) == (3, 0, 0)
            bare = [Listed(None, *CONTENTS[content]) for content in (1, 5)]
            assert store.lists.take(web, bare, by=by).known == 2
        assert store.connection.value("select count(*) from entries") == 5
        assert store.entries.sources() == ["union", "web"]
        changed = store.lists.take(union, [Listed("1", *CONTENTS[2]), Listed("2", withdrawn=True)], by=by)
        assert (changed.changed, changed.withdrawn, changed.entries) == (1, 1, ["E-1", "E-2"])
        assert sorted(entry.label for entry in store.known.active(())) == ["E-4", "E-5"]
        assert [entry.label for entry in store.listed.active(())] == ["L-6"]
        assert store.lists.take(web, [Listed(None, *CONTENTS[5], withdrawn=True)], by=by).entries == ["E-5"]


def test_a_change_before_it_is_read_again_is_a_change_too(tmp_path: Path) -> None:
    """Of an earlier version's row only a digest is kept; hashes that differ from its entry's are an update."""
    path = tmp_path / "db"
    db = Database(str(path))
    migrations.apply(db, stop_before="m0026_listed_rows")
    db.execute("insert into banks (id, name, kind, created_at) values (1, 'b', 'block', '')")
    db.execute(
        "insert into entries (id, label, bank, state, added_by, added_at) values (1, 'E-1', 1, 'active', 'x', '')"
    )
    db.execute("insert into signals (entry, type, value, quality, t) values (1, 'pdq', ?, 100, 0)", (pdq(0).value,))
    key = earlier_key(Listed("1"), "union")
    db.execute("insert into entry_origins (bank, key, source, entry) values (1, ?, 'union', 1)", (key,))
    db.conn.commit()
    db.close()
    with Store(path, SystemClock()) as store:
        taken = store.lists.take(store.lists.source("b", "union"), [Listed("1", (pdq(1),))], by=member(store))
        assert (taken.changed, taken.entries) == (1, ["E-1"])
        assert store.lists.count(1) == 1


@pytest.mark.slow
def test_what_went_is_forgotten_with_the_next_purge(store: Store) -> None:
    """Keys of rows that went go; a row that became an entry keeps its own, and an index that lags too far is told."""
    store.banks.create("b", "block")
    number, by = store.lists.source("b", "them"), member(store)
    rows = [Listed(str(n), (pdq(n),), (file(n),)) for n in range(1, 30)]
    store.lists.take(number, rows, by=by)
    before = store.listed.latest()
    store.lists.make_entries(["L-29"])
    store.lists.take(number, [row._replace(withdrawn=True) for row in rows[:20]], by=by)

    def keys() -> set[int]:
        blobs = store.connection.tuples("select data from list_keys")
        return {int.from_bytes(data[at : at + 8], "little") for (data,) in blobs for at in range(8, len(data), 16)}

    assert keys() == set(range(1, 30))
    store.lists.tidy()
    assert keys() == set(range(21, 30))
    assert store.lists.take(number, rows[20:], by=by).known == 9
    assert store.lists.take(number, rows[:1], by=by).added == 1
    assert sorted(store.listed.changed(before)) == [*range(1, 21), 29]
    for step in range(1_001):
        store.lists.take(number, [rows[0]._replace(signals=(pdq(100 + step),))], by=by)
    store.lists.tidy()
    assert not store.listed.reaches(before)
    assert store.listed.reaches(store.listed.latest() - 999)
    assert store.connection.value("select count(*) from list_gone") < 1_001
    assert len(keys()) == 10
