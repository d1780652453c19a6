"""Rows that are an id and a PDQ, thousands at a time: the same as one by one, only faster."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import ManualClock
from bot.lists import Record, plain_rows, read
from bot.loopback.exchanges import pdq_of
from bot.model import PROGRAM, Signal
from bot.store import Store
from bot.store.lists import Listed, Seen
from tests.fetching import START
from tests.slow import slow

HEX = [pdq_of(number) for number in range(40)]


def one(id: str | None, value: str) -> str:
    """Return a line."""
    return json.dumps({"pdq": value} if id is None else {"id": id, "pdq": value})


@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.sampled_from(HEX)), min_size=1, max_size=20))
def test_a_block_is_read_as_its_lines_are(rows: list[tuple[str, str]]) -> None:
    """Either a block is not plain, or its rows are those that reading line by line gives."""
    block = "".join(f"{one(*row)}\n" for row in rows).encode()
    found = plain_rows(block, "ndjson")
    if found is not None:
        records = [row for row in read([block], "ndjson") if isinstance(row, Record)]
        assert found.ids == tuple(row.id for row in records)
        assert found.values == tuple(row.signals[0].value for row in records)


@pytest.mark.parametrize(
    "line",
    [
        '{"id":"a","pdq":"' + "0" * 64 + '"}',  # an empty frame
        '{"id":"a","pdq":"' + HEX[0][:-1] + '"}',
        '{"id":"a","pdq":"' + HEX[0] + '","status":"withdrawn"}',
        '{"id":"a","pdq":"' + HEX[0] + '","tags":["csam"]}',
        '{"id":"a\\n","pdq":"' + HEX[0] + '"}',
        '{"id":"","pdq":"' + HEX[0] + '"}',
        'x{"id":"a","pdq":"' + HEX[0] + '"}',
        '{"id":"a","pdq":"' + HEX[0] + '"} x',
        "",
        "{{{",
    ],
)
def test_whatever_is_not_plain_is_read_with_care(line: str) -> None:
    """A row that says anything more, or is none, makes its block one that is read row by row."""
    block = f"{one('b', HEX[1])}\n{line}\n{one('c', HEX[2])}\n".encode()
    assert plain_rows(block, "ndjson") is None
    assert plain_rows(f"{one('b', HEX[1])}\n".encode(), "ndjson") is not None


def test_what_stands_twice_in_a_block_is_read_with_care() -> None:
    """Two rows of one id, and two of one hash without ids, are for the slow way to tell apart."""
    assert plain_rows(f"{one('b', HEX[1])}\n{one('b', HEX[2])}\n".encode(), "ndjson") is None
    assert plain_rows(f"{HEX[1]}\n{HEX[1]}\n".encode(), "hex") is None
    assert plain_rows(f"{HEX[1]}\n{HEX[2]}".encode(), "hex") is not None


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock(START)


def opened(clock: ManualClock) -> Iterator[tuple[Store, int]]:
    """Yield two stores with a list each."""
    for _ in range(2):
        store = Store(None, clock)
        store.banks.create("partner", "block")
        yield store, store.lists.source("partner", "a")


_ROWS = st.dictionaries(st.integers(0, 30), st.integers(0, 39), min_size=1, max_size=12)


@slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_ROWS, st.booleans()), min_size=1, max_size=5), st.booleans())
def test_many_at_a_time_are_the_same_as_one_by_one(
    clock: ManualClock, rounds: list[tuple[dict[int, int], bool]], named: bool
) -> None:
    """New, known and changed rows, withdrawn ones between: what is there afterwards, and what is said, is the same."""
    (slow, a), (fast, b) = opened(clock)
    met = Seen(), Seen()
    for rows, withdraws in rounds:
        ids = [f"r{row}" for row in rows] if named else None
        chosen = list(dict.fromkeys(rows.values())) if not named else list(rows.values())
        values = [bytes.fromhex(HEX[value]) for value in chosen]
        listed = [
            Listed(
                id=ids[place] if ids else None,
                signals=(Signal(type="pdq", value=value, quality=100, t=0.0),),
                withdrawn=withdraws,
            )
            for place, value in enumerate(values)
        ]
        told = slow.lists.take(a, listed, by=PROGRAM, seen=met[0])
        same = (
            fast.lists.take(b, listed, by=PROGRAM, seen=met[1])
            if withdraws
            else fast.lists.take_plain(b, ids, values, by=PROGRAM, seen=met[1])
        )
        assert told == same
        assert met[0].count == met[1].count
    shown = "select key, hex(value) as value, quality, disputed from list_rows order by key, value"
    assert slow.connection.rows(shown) == fast.connection.rows(shown)
    assert slow.lists.listing() == fast.lists.listing()
    assert slow.lists.sweep(a, met[0]).withdrawn == fast.lists.sweep(b, met[1]).withdrawn
    for store in (slow, fast):
        store.close()


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 70)), max_size=6))
def test_ranges_of_new_rows_are_met_as_single_ones_are(runs: list[tuple[int, int]]) -> None:
    """Any range, wherever it begins and ends in a byte, counts each of its rows once."""
    seen, wanted, at = Seen(), set[int](), 0
    for gap, length in runs:
        first = at + gap
        at = first + length
        seen.add_new(first, at)
        wanted |= set(range(first, at + 1))
    assert seen.count == len(wanted)
    assert all((row in seen) is (row in wanted) for row in range(at + 20))


@pytest.mark.parametrize("name", ["pdq", "phash", "sha256", "md5", "hash", "SHA-256", "indicator", "signal_value"])
@pytest.mark.parametrize("named", [True, False])
def test_every_row_of_a_shape_is_read_as_the_first_is(name: str, named: bool) -> None:
    """A digest is of the kind that its name says, in the first row of a list and in all others."""
    values = [value[:32] if name == "md5" else value for value in HEX[:3]]
    lines = [json.dumps({**({"id": str(at)} if named else {}), name: value}) for at, value in enumerate(values)]
    found = [row for row in read(lines, "ndjson") if isinstance(row, Record)]
    kinds = [([signal.type for signal in row.signals], [bool(sha256) for sha256, _ in row.files]) for row in found]
    assert len(found) == 3
    assert kinds == [kinds[0]] * 3
