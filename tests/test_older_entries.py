"""Entries of an earlier version get the motion signature that they lack when their media is met again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.lists import Record
from bot.loopback.stage import Stage
from bot.migrations import migrations
from bot.model import Fingerprint, Match, MotionSignature
from bot.motion import Motion
from bot.pipeline import Pipeline
from bot.pipeline.keeping.list_import import take
from bot.pipeline.scanning import older_entries
from bot.samples import media
from bot.store import Store
from tests.bots import _printed, fake, post_fake
from tests.people import member
from tests.slow import few


@pytest.fixture
def known() -> Sequence[bytes]:
    """Each test banks what it needs."""
    return ()


def banked(bot: Pipeline, found: Fingerprint) -> tuple[str, int]:
    """Put a media into a bank; return the entry's label and number."""
    label, _ = bot.deps.store.banks.add("known-fakes", found, by=member(bot))
    number = bot.deps.store.sketches.number(label)
    return label, number or bot.deps.store.connection.value("select id from entries where label = ?", (label,))


def older(data: bytes) -> Fingerprint:
    """Return what an earlier version kept of a file."""
    return replace(_printed(data), motion=None)


def steadier() -> bytes:
    """The same clip with another digest and no less in it."""
    return media.reencode(fake(), crf=12)


def test_an_older_entry_gets_its_signature_from_its_very_file(world: Stage, bot: Pipeline) -> None:
    """Its file is posted: what moves is kept with the corners that it had, as its own, and only sealed."""
    _, number = banked(bot, older(fake()))
    sketches, motion = bot.deps.store.sketches, _printed(fake()).motion
    before, changes = sketches.of(number), bot.deps.store.known.latest()
    assert sketches.motion(number) is None
    assert motion is not None
    bot.tick()
    post_fake(world)
    bot.tick()
    assert sketches.motion(number) == motion
    assert sketches.of(number) == before
    assert bot.deps.store.known.latest() == changes, "nothing that is searched for has changed"
    assert motion.changes[1024:1088] not in bot.deps.store.connection.value("select sealed from sketches")


def test_a_scan_that_performs_nothing_adds_nothing(bot: Pipeline, tmp_path: Path) -> None:
    """What only looks leaves the banks as they are."""
    label, number = banked(bot, older(fake()))
    (tmp_path / "clip.mp4").write_bytes(fake())
    (result,) = bot.target_scanner.scan(str(tmp_path / "clip.mp4"))
    assert result.evidence is not None
    assert [match.entry for match in result.evidence.matches] == [label]
    assert bot.deps.store.sketches.motion(number) is None


@cache
def longer() -> bytes:
    """A clip that is long enough to tell takes apart."""
    return media.clip(402, seconds=4, width=320, height=180)


def jerky() -> bytes:
    """The same clip with fewer frames."""
    return media.reencode(fake(), fps=4)


@pytest.mark.parametrize("copy", few([steadier, jerky], steadier), ids=["as good", "fewer frames"])
@pytest.mark.slow
def test_a_whole_copy_lends_its_signature_if_it_is_as_good(
    world: Stage, bot: Pipeline, copy: Callable[[], bytes]
) -> None:
    """A copy in as many frames with as much contrast lends it; the file itself replaces what was borrowed."""
    _, number = banked(bot, older(fake()))
    bot.tick()
    post_fake(world, id="FirstCopy", data=copy)
    bot.tick()
    lent = bot.deps.store.sketches.motion(number)
    assert (lent is not None and lent.borrowed) == (copy is steadier)
    post_fake(world, id="TheVeryFile")
    bot.tick()
    assert bot.deps.store.sketches.motion(number) == _printed(fake()).motion
    post_fake(world, id="SecondCopy", data=steadier)
    bot.tick()
    assert bot.deps.store.sketches.motion(number) == _printed(fake()).motion, "its own is kept"


@pytest.mark.slow
def test_what_was_borrowed_never_speaks_against_a_match(bot: Pipeline) -> None:
    """A stranger's copy that flickers would make every copy another take: such a signature is not believed."""
    found = _printed(longer())
    assert found.motion is not None
    rng = np.random.default_rng(1)
    field = np.repeat(np.repeat(rng.integers(-120, 120, (len(found.motion.changes) // 1024, 8, 8)), 4, 1), 4, 2)
    wrong = MotionSignature(start=0.0, changes=field.astype(np.int8).tobytes())
    asked = Motion(found.motion.changes)
    told = {}
    for borrowed in (False, True):
        label, number = banked(bot, replace(found, sha256=f"{borrowed:064x}", motion=replace(wrong, borrowed=borrowed)))
        match = Match(
            media=0, bank="known-fakes", bank_kind="block", entry=label, confirmed=True, method="pdq", signal="pdq"
        )
        told[borrowed] = bot.scanner._copied._take(asked, number, match, None).kind
    assert told[False] in ("other", "unsure")
    assert told[True] == "still"


@pytest.mark.slow
def test_what_helps_is_believed_of_a_borrowed_signature_too(bot: Pipeline) -> None:
    """The same take is known by it."""
    found = _printed(longer())
    assert found.motion is not None
    label, number = banked(bot, replace(found, motion=replace(found.motion, borrowed=True)))
    match = Match(
        media=0, bank="known-fakes", bank_kind="block", entry=label, confirmed=True, method="pdq", signal="pdq"
    )
    assert bot.scanner._copied._take(Motion(found.motion.changes), number, match, None).kind == "same"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "phash"},
        {"transform": "mirrored"},
        {"unsure": True},
        {"suppressed": True},
        {"face_region": "differs"},
        {"coverage_query": 0.9},
        {"coverage_entry": 0.9},
        {"query_ranges": ((0.4, 1.0),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_less_than_a_whole_copy_lends(bot: Pipeline, change: dict[str, object]) -> None:
    """By whole frames, as they are, at their own times, all of both: else it is left as it is."""
    label, number = banked(bot, older(fake()))
    found = replace(_printed(fake()), sha256="f" * 64, md5="f" * 32)
    whole = Match(
        media=0, bank="known-fakes", bank_kind="block", entry=label, confirmed=True, method="pdq", signal="pdq",
        query_ranges=((0.0, 1.0),), entry_ranges=((0.0, 1.0),),
    )  # fmt: skip
    assert older_entries.fill(bot.deps.store, [(0, found)], [replace(whole, **change)]) == []  # type: ignore[arg-type]
    assert bot.deps.store.sketches.motion(number) is None
    assert older_entries.fill(bot.deps.store, [(0, replace(found, note=("pieces", 1, 9)))], [whole]) == []  # type: ignore[arg-type]
    assert older_entries.fill(bot.deps.store, [(1, found)], [whole]) == [], "another media of the album"
    assert older_entries.fill(bot.deps.store, [(0, found)], [whole]) == [label]


def test_banking_the_file_again_gives_its_signature(bot: Pipeline) -> None:
    """The entry stays one, and has what a new one would have."""
    label, number = banked(bot, older(fake()))
    assert banked(bot, _printed(fake())) == (label, number)
    assert bot.deps.store.sketches.motion(number) == _printed(fake()).motion


def test_an_entry_of_a_list_stays_hashes_only(world: Stage, bot: Pipeline) -> None:
    """Its file is met: no features are made of what others gave as hashes."""
    found = _printed(fake())
    rows = [Record(id="1", files=((found.sha256, found.md5),))]
    take(bot.deps.store, "known-fakes", "list", rows, by=member(bot), told=lambda _: None)
    bot.tick()
    post_fake(world)
    bot.tick()
    assert bot.deps.store.connection.value("select count(*) from sketches") == 0


def test_an_entry_of_before_there_were_features_gets_them_all(tmp_path: Path, clock: ManualClock) -> None:
    """A database of the first version is carried forward; the file that is banked again gives corners and motion."""
    found = _printed(fake())
    path = tmp_path / "gifwarden.db"
    old = Database(str(path))
    migrations.apply(old, stop_before="m0009_copies_sketches")
    old.execute(
        "insert into banks (id, name, kind, created_at) values (1, 'known-fakes', 'block', '2026-01-01T00:00:00Z')"
    )
    old.execute(
        "insert into entries (id, label, bank, state, added_by, added_at, duration) "
        "values (1, 'E-1', 1, 'active', 'ann', '2026-01-01T00:00:00Z', 1.0)"
    )
    old.execute("insert into entry_files (entry, sha256, md5) values (1, ?, ?)", [found.sha256, found.md5])
    old.conn.commit()
    old.close()
    with Store(path, clock, FieldCipher(new_key())) as store:
        before = store.known.latest()
        assert store.sketches.among([1]) == []
        assert store.banks.add("known-fakes", found, by=member(store, "me")) == ("E-1", False)
        assert store.sketches.motion(1) == found.motion
        assert [one.t for one in store.sketches.of(1)] == [one.t for one in found.sketches]
        assert store.known.changed(before) == [1], "the search for corners hears of it"
