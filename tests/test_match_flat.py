"""Matching keeps flat memory whatever is banked and posted, and says what it said when it looked at every pair."""

from __future__ import annotations

import random
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import BanksConfig
from bot.index import Anchor, Live, Rows, Snapshot, Stamp
from bot.match import Hits, Matcher, tally
from bot.model import BankKind, Entry, Fingerprint, Signal, Variant
from tests.listed import Listed
from tests.match_oracle import matches

SCENES = [random.Random(number).randbytes(32) for number in range(4)]
CONFIG = BanksConfig(min_frames=2)


def near(value: bytes, bits: list[int]) -> bytes:
    """Return a hash with some bits turned over."""
    number = int.from_bytes(value)
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32)


VALUES = st.builds(near, st.sampled_from(SCENES), st.lists(st.integers(0, 255), max_size=24))


@st.composite
def signals(draw: st.DrawFn, most: int) -> tuple[Signal, ...]:
    """Frames of a few scenes, some poor ones among them."""
    frames = draw(
        st.lists(st.tuples(VALUES, st.sampled_from(["pdq", "pdq", "phash"]), st.integers(40, 60)), max_size=most)
    )
    return tuple(
        Signal(type=kind, value=value, quality=quality, t=place / 2)
        for place, (value, kind, quality) in enumerate(frames)
    )


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Entries of banks of every kind; allow entries against some of the others."""
    kinds: list[BankKind] = draw(st.lists(st.sampled_from(["block", "source", "watch", "allow"]), max_size=5))
    return [
        Entry(
            label=f"E-{number}",
            bank=f"{kind}-bank",
            bank_kind=kind,
            confirmed=True,
            distance=draw(st.sampled_from([None, None, 8, 20])),
            signals=draw(signals(8)),
            against=tuple(f"E-{other}" for other in draw(st.sets(st.integers(0, 4)))) if kind == "allow" else (),
        )
        for number, kind in enumerate(kinds)
    ]


@st.composite
def media(draw: st.DrawFn) -> Fingerprint:
    """A picture or a clip, and altered frames of it."""
    altered = draw(st.lists(st.tuples(VALUES, st.sampled_from(["mirrored", "cropped"]), st.integers(0, 2)), max_size=6))
    return Fingerprint(
        kind=draw(st.sampled_from(["image", "video"])),
        format="mp4",
        sha256="none",
        md5="none",
        width=1,
        height=1,
        duration=None,
        frames=8,
        signals=draw(signals(8)),
        variants=tuple(
            Variant(type="pdq", value=value, quality=90, t=float(t), transform=way) for value, way, t in altered
        ),
    )


@settings(max_examples=300)
@given(media(), entries())
@pytest.mark.slow
def test_matches_are_those_of_looking_at_every_pair(posted: Fingerprint, banked: list[Entry]) -> None:
    """Matches, distances, coverages, ranges and sentences are the same as when every hit was an object."""
    assert Matcher(Listed(banked), CONFIG).match(posted, 0) == matches(posted, banked, CONFIG)


@settings(max_examples=50)
@given(st.lists(VALUES, max_size=6), entries())
def test_lookup_is_that_of_every_pair(values: list[bytes], banked: list[Entry]) -> None:
    """A hash finds of each entry its nearest frame, the nearest entry first."""
    answers = Matcher(Listed(banked), CONFIG).lookup(values)
    for value, answer in zip(values, answers, strict=True):
        one = Fingerprint(
            kind="image", format="png", sha256="none", md5="none", width=1, height=1, duration=None, frames=1,
            signals=(Signal(type="pdq", value=value, quality=100, t=0.0),),
        )  # fmt: skip
        alone = [replace(entry, against=()) for entry in banked]
        found = [m for m in matches(one, alone, CONFIG) if m.method == "pdq"]
        assert sorted(answer) == sorted((m.bank, m.entry, m.distance or 0) for m in found)
        assert [bits for *_, bits in answer] == sorted(bits for *_, bits in answer)


def still(frames: int, seed: int) -> list[bytes]:
    """Return the hashes of a clip that stands still, with a little noise."""
    dice = random.Random(seed)
    return [near(SCENES[0], [dice.randrange(256) for _ in range(6)]) for _ in range(frames)]


def live(banked: list[list[bytes]], others: int = 0) -> Live:
    """Return the search index of such entries, and of other rows."""
    rows = [(number, value) for number, values in enumerate(banked) for value in values]
    rows += [(len(banked) + number, random.Random(9000 + number).randbytes(32)) for number in range(others)]
    arrays = Rows.of([(place, number, value) for place, (number, value) in enumerate(rows)])
    stamp = Stamp(kind="pdq", gate=50, seq=1, anchors=(Anchor(1, "x"),), rows=len(rows))
    return Live(Snapshot.build(stamp, arrays.words, arrays.entries, arrays.numbers))


@pytest.mark.slow
def test_frames_that_are_all_alike_are_found_in_flat_memory() -> None:
    """A still clip against itself and others of its kind, each pair of frames within reach, takes no memory a pair."""
    index = live([still(900, seed) for seed in range(4)], others=400)
    queries = still(900, 99)
    tracemalloc.start()
    reaches, step = tally.looked(lambda values: Hits(*index.pairs(values, 31)), queries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert step == 1
    assert sorted(reaches) == [0, 1, 2, 3]
    assert all(len(reach.queries) == len(reach.rows) == 900 for reach in reaches.values())
    assert peak < 100_000_000, f"{peak} bytes for {4 * 900 * 900} pairs"


def test_the_search_of_like_frames_is_exact() -> None:
    """Rows that many queries look at again and again are compared once each, and the answer is that of a scan."""
    index = live([still(1500, seed) for seed in range(3)], others=500)
    assert index.base is not None
    queries = [*still(40, 7), *(random.Random(number).randbytes(32) for number in range(20))]
    which, _, rows, bits = index.pairs(queries, 31)
    values = np.array([int.from_bytes(query) for query in queries], dtype=object)
    banked = [value for seed in range(3) for value in still(1500, seed)]
    banked += [random.Random(9000 + number).randbytes(32) for number in range(500)]
    wanted = {
        (query, row, distance)
        for query, value in enumerate(values)
        for row, other in enumerate(banked)
        if (distance := (value ^ int.from_bytes(other)).bit_count()) <= 31
    }
    assert set(zip(which.tolist(), rows.tolist(), bits.tolist(), strict=True)) == wanted
    assert len(which) == len(wanted)


def test_hits_without_measure_are_judged_of_fewer_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit of frames times rows every second, fourth, … frame is looked at; what matches stays the same."""
    signals_ = tuple(Signal(type="pdq", value=v, quality=90, t=p / 10) for p, v in enumerate(still(640, 1)))
    banked = Entry(label="E-0", bank="b", bank_kind="block", confirmed=True, signals=signals_[:300])
    posted = Fingerprint(
        kind="video", format="mp4", sha256="none", md5="none", width=1, height=1, duration=64.0, frames=640,
        signals=signals_,
    )  # fmt: skip
    known = Listed([banked])
    (whole,) = Matcher(known, CONFIG).match(posted, 0)
    assert known.asked == 640
    known.asked = 0
    monkeypatch.setattr(tally, "MOST_HITS", 100_000)
    (thinned,) = Matcher(known, CONFIG).match(posted, 0)
    assert known.asked == 320
    assert (
        (thinned.coverage_query, thinned.coverage_entry) == (whole.coverage_query, whole.coverage_entry) == (1.0, 1.0)
    )
    assert thinned.entry_ranges == whole.entry_ranges
    assert thinned.frames == 320
