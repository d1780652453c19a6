"""The index finds every hash within the radius and no other, whatever its layout, from memory and from a file."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SnapshotError
from bot.index import Anchor, Bands, HashIndex, Live, Rows, Snapshot, Stamp, distance, write
from bot.index.bands import LAYOUTS, Band, Layout, bands_of, layout_for
from bot.index.hashes import to_words

HASH = st.binary(min_size=32, max_size=32)
# the layouts of large banks, with as few bits a band as keep the tables of a test small
SMALL: tuple[Layout, ...] = (
    ((16, 1),) * 16,
    ((16, 2),) * 3 + ((16, 1),) * 10 + ((16, 0),) * 3,
    ((8, 0),) * 32,
    ((11, 0),) * 8 + ((7, 0),) * 24,
)
Pairs = list[tuple[int, int, int]]


def banded(values: list[bytes], layout: Layout) -> Bands:
    """Return bands of a chosen layout."""
    words = to_words(values)
    return Bands(words, layout, tuple(bands_of(words, layout)))


def found(bands: Bands, queries: list[bytes], radius: int, threads: int = 1) -> Pairs:
    """Return what the bands find as plain tuples."""
    parts = bands.search(to_words(queries), radius, threads=threads)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def oracle(values: list[bytes], queries: list[bytes], radius: int) -> Pairs:
    """Return what comparing each with each finds."""
    return [
        (q, r, d)
        for q, query in enumerate(queries)
        for r, value in enumerate(values)
        if (d := distance(query, value)) <= radius
    ]


def near(chance: random.Random, value: bytes, bits: int) -> bytes:
    """Return a hash at exactly so many bits."""
    return (int.from_bytes(value) ^ sum(1 << bit for bit in chance.sample(range(256), bits))).to_bytes(32)


def clustered(chance: random.Random, count: int) -> list[bytes]:
    """Return hashes of which a fifth lie in clusters, with the plainest values among them."""
    values = {bytes(32), b"\xff" * 32, bytes(31) + b"\x01"}
    while len(values) < count:
        seed = chance.randbytes(32)
        values.add(seed)
        if chance.random() < 0.05:
            values.update(near(chance, seed, chance.randrange(1, 40)) for _ in range(5))
    return sorted(values)


def within_one_band(chance: random.Random, value: bytes, layout: Layout, radius: int) -> bytes:
    """Return a hash at the radius whose differences fill each band to one more than it is looked into, but one."""
    order = list(range(len(layout)))
    chance.shuffle(order)
    starts = [sum(bits for bits, _ in layout[:band]) for band in range(len(layout))]
    flipped: list[int] = []
    for band in order:
        bits, reach = layout[band]
        want = min(reach + 1, radius - len(flipped))
        flipped += (starts[band] + place for place in chance.sample(range(bits), want))
    mask = sum(1 << (255 - place) for place in flipped)
    return (int.from_bytes(value) ^ mask).to_bytes(32)


def test_every_layout_is_exact_by_arithmetic() -> None:
    """The bands of each layout cover all bits once, and no pair within 31 bits can escape all of them."""
    for _, layout in LAYOUTS[1:]:
        assert sum(bits for bits, _ in layout) == 256
        assert sum(reach + 1 for _, reach in layout) == 32
    assert [layout_for(rows) for rows in (0, 10**5, 10**6, 10**7)] == [layout for _, layout in LAYOUTS]


@settings(max_examples=60)
@given(st.lists(HASH, max_size=60, unique=True), st.lists(HASH, max_size=5), st.integers(0, 31), st.sampled_from(SMALL))
@pytest.mark.slow
def test_bands_equal_brute_force(values: list[bytes], queries: list[bytes], radius: int, layout: Layout) -> None:
    """For any hashes, any radius and any layout, the answer is that of comparing each with each."""
    queries += [(int.from_bytes(value) ^ ((1 << radius) - 1)).to_bytes(32) for value in values[:3]]
    assert found(banded(values, layout), queries, radius) == oracle(values, queries, radius)


@pytest.mark.parametrize("layout", SMALL, ids=lambda layout: f"{len(layout)} bands")
def test_clusters_and_worst_cases_at_every_radius(layout: Layout) -> None:
    """Near-duplicates, plain values and differences made to slip through the bands are found at each radius to 31."""
    chance = random.Random(7)
    values = clustered(chance, 2000)
    bands, plain = banded(values, layout), HashIndex(values, range(len(values)))
    for radius in range(32):
        known = chance.sample(values, 6)
        queries = [
            bytes(32),
            *known[:2],
            *(near(chance, value, min(256, radius + extra)) for value in known[2:4] for extra in (0, 1)),
            *(within_one_band(chance, value, layout, radius) for value in known[4:]),
        ]
        assert found(bands, queries, radius) == plain.search(queries, radius), radius


def test_a_radius_beyond_the_bands_is_answered_by_a_scan() -> None:
    """pHash is searched at more than 31 bits, for which the bands are not exact."""
    chance = random.Random(3)
    values = clustered(chance, 500)
    queries = [near(chance, value, 40) for value in values[:20]]
    assert found(banded(values, SMALL[0]), queries, 40) == oracle(values, queries, 40)
    assert len(found(banded(values, SMALL[0]), queries, 40)) >= 20


def test_huge_buckets_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """All hashes in one bucket, many queries, two threads: the same answer with little memory at a time."""
    monkeypatch.setattr("bot.index.bands.MOST", 64)
    chance = random.Random(5)
    values = sorted({b"\x00" * 16 + chance.randbytes(16) for _ in range(300)})
    queries = [near(chance, value, 20) for value in values[:70]]
    assert found(banded(values, SMALL[0]), queries, 31, threads=2) == oracle(values, queries, 31)


@pytest.mark.slow
def test_the_layouts_of_large_banks_agree_with_a_scan() -> None:
    """The layouts with large tables, too: 20,000 hashes, a fifth in clusters."""
    chance = random.Random(11)
    values = clustered(chance, 20_000)
    queries = [near(chance, value, bits) for value in chance.sample(values, 3) for bits in (0, 15, 31, 32)]
    plain = HashIndex(values, range(len(values)))
    for _, layout in LAYOUTS[2:]:
        bands = banded(values, layout)
        for radius in (31, 24, 8, 0):
            assert found(bands, queries, radius) == plain.search(queries, radius)


def stamp(rows: int, seq: int = 5) -> Stamp:
    """Return a stamp."""
    return Stamp(kind="pdq", gate=50, seq=seq, anchors=(Anchor(seq, "E-1"),), rows=rows)


def saved(path: Path, values: list[bytes]) -> list[tuple[int, int, bytes]]:
    """Write a snapshot of values, of which every third comes twice; return its rows."""
    rows = [(100 + place, place // 2, value) for place, value in enumerate(values + values[::3])]
    arrays = Rows.of(rows)
    write(path, stamp(len(rows)), arrays.words, arrays.entries, arrays.numbers)
    return rows


def answers(index: Live, queries: list[bytes], radius: int) -> list[tuple[int, int, int, int]]:
    """Return what is found, sorted."""
    return sorted(index.search(queries, radius))


def expected(rows: list[tuple[int, int, bytes]], queries: list[bytes], radius: int) -> list[tuple[int, int, int, int]]:
    """Return (query, entry, row, distance) by comparing each with each."""
    return sorted(
        (q, entry, row, d)
        for q, query in enumerate(queries)
        for row, entry, value in rows
        if (d := distance(query, value)) <= radius
    )


@pytest.mark.parametrize("count", [1, 40, 4000])
def test_a_snapshot_answers_as_its_rows_do(tmp_path: Path, count: int) -> None:
    """Written and opened again, equal values with all their rows; only the owner can read the file."""
    chance = random.Random(count)
    values = clustered(chance, max(count, 4))[:count]
    rows = saved(tmp_path / "pdq", values)
    snapshot = Snapshot.open(tmp_path / "pdq")
    assert snapshot.stamp == stamp(len(rows))
    assert len(snapshot) == len(rows)
    queries = [near(chance, value, 9) for value in values[:20]]
    assert answers(Live(snapshot), queries, 31) == expected(rows, queries, 31)
    assert (tmp_path / "pdq").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["pdq"]


def test_a_snapshot_in_memory_is_the_same() -> None:
    """A store without files searches as fast."""
    rows = [(place, place, value) for place, value in enumerate(clustered(random.Random(1), 4000))]
    arrays = Rows.of(rows)
    live = Live(Snapshot.build(stamp(len(rows)), arrays.words, arrays.entries, arrays.numbers))
    queries = [value for _, _, value in rows[::400]]
    assert answers(live, queries, 31) == expected(rows, queries, 31)


def _cut(data: bytearray) -> None:
    del data[-1:]


def _flip_a_hash(data: bytearray) -> None:
    data[8 * 4096 + 3] ^= 1


def _flip_the_last_byte(data: bytearray) -> None:
    data[-1] ^= 0x80


def _flip_the_header(data: bytearray) -> None:
    data[60] ^= 1


def _older(data: bytearray) -> None:
    data[7] = 0


def _empty(data: bytearray) -> None:
    data.clear()


@pytest.mark.parametrize("damage", [_cut, _flip_a_hash, _flip_the_last_byte, _flip_the_header, _older, _empty])
def test_a_damaged_file_is_not_used(tmp_path: Path, damage: Callable[[bytearray], None]) -> None:
    """Cut short, one bit turned anywhere, of another version, empty: it is refused with a sentence."""
    path = tmp_path / "pdq"
    saved(path, clustered(random.Random(2), 4000))
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    with pytest.raises(SnapshotError):
        Snapshot.open(path)


def test_a_file_that_is_cut_while_it_is_searched_ends_nobody(tmp_path: Path) -> None:
    """What was opened is held: a file that is cut or emptied afterwards raises no signal and loses no row."""
    path = tmp_path / "pdq"
    rows = saved(path, clustered(random.Random(2), 4000))
    snapshot = Snapshot.open(path)
    os.truncate(path, 4096)
    queries = [value for _, _, value in rows[::400]]
    assert answers(Live(snapshot), queries, 31) == expected(rows, queries, 31)


@settings(max_examples=30)
@given(st.integers(0, 2**40))
def test_no_turned_bit_goes_unseen(tmp_path_factory: pytest.TempPathFactory, where: int) -> None:
    """A bit of the header or of what is used, anywhere: refused. Only what fills up pages is not looked at."""
    path = tmp_path_factory.mktemp("index") / "pdq"
    rows = saved(path, [bytes([number]) * 32 for number in range(30)])
    data = bytearray(path.read_bytes())
    data[where // 8 % len(data)] ^= 1 << where % 8
    path.write_bytes(data)
    try:
        snapshot = Snapshot.open(path)
    except SnapshotError:
        return
    queries = [bytes([number]) * 32 for number in range(256)]
    assert answers(Live(snapshot), queries, 31) == expected(rows, queries, 31)


def test_a_file_is_replaced_while_it_is_searched(tmp_path: Path) -> None:
    """Whoever has the old one open goes on with it; whoever opens the path gets the new one."""
    chance = random.Random(4)
    first, second = clustered(chance, 50), clustered(chance, 60)
    old_rows = saved(tmp_path / "pdq", first)
    old = Live(Snapshot.open(tmp_path / "pdq"))
    new_rows = saved(tmp_path / "pdq", second)
    new = Live(Snapshot.open(tmp_path / "pdq"))
    assert answers(old, first, 5) == expected(old_rows, first, 5)
    assert answers(new, second, 5) == expected(new_rows, second, 5)


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "withdraw", "alter", "rebuild", "reopen"]), st.integers(0, 2**32)), max_size=25
)


@settings(max_examples=25)
@given(OPERATIONS, st.integers(0, 31))
def test_changes_in_any_order_leave_what_was_left(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int]], radius: int
) -> None:
    """Adds, withdrawals and alterations with rebuilds among them: each search finds just what is there at the time."""
    path = tmp_path_factory.mktemp("index") / "pdq"
    live, number = Live(), 0
    pool = clustered(random.Random(8), 60)
    rows: dict[int, list[tuple[int, int, bytes]]] = {}
    for what, seed in operations:
        chance = random.Random(seed)
        everything = [row for part in rows.values() for row in part]
        if what in ("add", "alter") or not rows:
            entry = chance.choice(list(rows)) if what == "alter" and rows else len(rows) + 1000
            rows[entry] = [(number + i, entry, chance.choice(pool)) for i in range(chance.randrange(1, 4))]
            number += 4
            live = live.changed([entry], Rows.of(rows[entry]))
        elif what == "withdraw":
            entry = chance.choice(list(rows))
            rows[entry] = []
            live = live.changed([entry], Rows.of(()))
        elif what == "rebuild" and everything:
            arrays = Rows.of(everything)
            write(path, stamp(len(everything)), arrays.words, arrays.entries, arrays.numbers)
            live = Live(Snapshot.open(path))
        elif path.exists():
            live = Live(Snapshot.open(path)).changed(rows, Rows.of(everything))
        queries = [near(chance, chance.choice(pool), min(31, radius)) for _ in range(3)]
        current = [row for part in rows.values() for row in part]
        assert answers(live, queries, radius) == expected(current, queries, radius)


def _ask(path: Path, queries: list[bytes], results: multiprocessing.Queue[object]) -> None:
    results.put(answers(Live(Snapshot.open(path)), queries, 31))


@pytest.mark.slow
def test_several_processes_share_one_file(tmp_path: Path) -> None:
    """Three processes that open one file at the same time find the same."""
    chance = random.Random(6)
    values = clustered(chance, 4000)
    rows = saved(tmp_path / "pdq", values)
    queries = [near(chance, value, 12) for value in values[:30]]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_ask, args=(tmp_path / "pdq", queries, results)) for _ in range(3)]
    for process in processes:
        process.start()
    got = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert got == [expected(rows, queries, 31)] * 3


def test_a_snapshot_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A file where the folder should be: one sentence, and nothing is left behind."""
    (tmp_path / "index").write_text("in the way")
    arrays = Rows.of([(1, 1, bytes(32))])
    with pytest.raises(SnapshotError, match="cannot be written"):
        write(tmp_path / "index" / "pdq", stamp(1), arrays.words, arrays.entries, arrays.numbers)


def test_much_change_asks_for_a_rebuild() -> None:
    """A few new rows are searched beside the snapshot; very many are not."""
    few = Rows.of([(number, number, number.to_bytes(32)) for number in range(10)])
    many = Rows(np.tile(few.words, (3000, 1)), np.arange(30_000), np.arange(30_000))
    assert not Live().changed(range(10), few).wants_rebuild
    assert Live().changed(range(30_000), many).wants_rebuild


def test_a_hash_has_32_bytes() -> None:
    """Anything else is refused rather than cut or filled."""
    with pytest.raises(ValueError, match="32 bytes"):
        Rows.of([(1, 1, bytes(31)), (2, 2, bytes(33))])
    assert isinstance(banded([bytes(32)], ((16, 1),) * 16).bands[0], Band)
