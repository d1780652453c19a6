"""Small runs of the tool that damages files and kills children."""

from __future__ import annotations

import pytest

from bot import workers as room
from bot.config import DecodeConfig
from tests import mutate
from tests.test_frames import FILES


def test_damaged_files_end_in_frames_or_one_sentence() -> None:
    """A seeded run over all formats: nothing but fingerprints and our errors, and no child dies."""
    report = mutate.run(list(FILES.values()), range(160), 5, DecodeConfig())
    assert report.wrong == []
    assert sum(report.outcomes.values()) == 160
    assert report.deaths.total() == 0
    assert sum(count for what, count in report.outcomes.items() if what.startswith("frames")) > 40
    assert sum(count for what, count in report.outcomes.items() if what.startswith("MediaError")) > 20


def test_damage_is_repeatable() -> None:
    """A number names the same bytes every time, and another number or seed others."""
    files = list(FILES.values())
    assert mutate.mutated(files, 1, 17) == mutate.mutated(files, 1, 17)
    assert len({mutate.mutated(files, seed, number) for seed in range(3) for number in range(30)}) == 90


def test_a_run_tells_what_must_not_come_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is none of ours, and a decoder that fails in a way nobody foresaw, are told."""
    unforeseen = mutate.STAND_IN.replace("a stand-in", "the decoder failed on this file").replace("and 5", "and 0")
    monkeypatch.setattr(room, "BOOT", unforeseen)
    assert len(mutate.run([b"short"], range(2), 1, DecodeConfig()).wrong) == 2
    monkeypatch.setattr(room, "BOOT", "raise SystemExit(3)")
    assert "OutsideError" in mutate.run([b"short"], range(1), 1, DecodeConfig()).wrong[0]


def test_killed_children_leave_nothing_behind() -> None:
    """Forty killed children: each costs its file, and no process, zombie, descriptor or thread is left."""
    before, after, errors = mutate.kill(40, DecodeConfig(), stand_in=True)
    assert errors == 40
    assert not before.left_behind(after)
