"""Small runs of the tool that damages files and kills children."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import workers as room
from bot.config import DecodeConfig
from tests import mutate
from tests.damage import mutated
from tests.sweep import Sweep, shares
from tests.test_frames import FILES


@pytest.mark.slow
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
    assert mutated(files, 1, 17) == mutated(files, 1, 17)
    assert len({mutated(files, seed, number) for seed in range(3) for number in range(30)}) == 90


@pytest.mark.slow
def test_a_long_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    """A journal that was cut off in the middle is filled up: every file as it is, and its share of damaged ones."""
    names, files = list(FILES), list(FILES.values())
    journal = tmp_path / "journal"
    first = Sweep(names, files, journal, seed=3)
    first.run(40, 1, DecodeConfig(), say=lambda _: None)
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join(lines[: len(files) + 7]) + "\n")
    again = Sweep(names, files, journal, seed=3)
    assert len(again.lines) == len(files) + 7
    again.run(40, 1, DecodeConfig(), say=lambda _: None)
    assert {number: line.what for number, line in again.lines.items()} == {
        number: line.what for number, line in first.lines.items()
    }
    assert {-1 - which for which in range(len(files))} <= set(again.lines)
    assert not any(line.wrong for line in again.lines.values())
    summary = "\n".join(again.show())
    assert "as they are" in summary
    assert f"all          {len(again.lines):7d}" in summary


def test_quick_files_are_damaged_more_often_and_none_is_left_out() -> None:
    """The bulk goes to what costs little, and every file has its least share."""
    slow, quick = shares([1.0, 0.01], 1110, 5)
    assert slow == 16
    assert quick == 1094


def test_a_run_tells_what_must_not_come_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is none of ours, and a decoder that fails in a way nobody foresaw, are told."""
    unforeseen = mutate.STAND_IN.replace('"empty", "gif"', '"fault", "other"').replace("and 5", "and 0")
    monkeypatch.setattr(room, "BOOT", unforeseen)
    assert len(mutate.run([b"short"], range(2), 1, DecodeConfig()).wrong) == 2
    monkeypatch.setattr(room, "BOOT", "raise SystemExit(3)")
    assert "OutsideError" in mutate.run([b"short"], range(1), 1, DecodeConfig()).wrong[0]


@pytest.mark.slow
def test_killed_children_leave_nothing_behind() -> None:
    """Forty killed children: each costs its file, and no process, zombie, descriptor or thread is left."""
    before, after, errors = mutate.kill(40, DecodeConfig(), stand_in=True)
    assert errors == 40
    assert not before.left_behind(after)
