"""The benchmark of copies counts right, alters as it says, and its own figures can be read by machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from bot.assemble import Parts, assembled
from bot.bench import alter, clips, copies, figures, rebuild, rebuild_motion, sources, swapping, swaps, tally
from bot.bench.crowd import crowd
from bot.bench.figures import Quiet
from bot.bench.worlds import Scene
from bot.cli import app
from bot.config import Config
from bot.samples import media
from tests.slow import slow

RUN = CliRunner()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let takes be long enough to be told apart, and no longer."""
    monkeypatch.setattr(sources, "SECONDS", 4.0)
    monkeypatch.setattr(swaps, "SECONDS", 3.0)


def small_run(*alterations: str, clips: int = 0, stills: int = 0, speakers: int = 0, others: int) -> dict[str, Any]:
    """Return the report of a run over so many of each kind of source."""
    return copies.run(
        Quiet(),
        lambda _line: None,
        clips=clips,
        stills=stills,
        speakers=speakers,
        others=others,
        fakes=0,
        alterations=[alter.parse(one) for one in alterations],
    ).plain()


@slow
def test_a_small_run_finds_its_copies_and_nothing_else() -> None:
    """Crops and mirrors of a clip and two stills against distractors and other takes of the place: all found."""
    report = small_run("crop=0.08", "mirror", clips=1, stills=2, others=20)
    rows = {row["row"]: row for row in report["rows"]}
    assert rows["crop 0.08"]["found"] == rows["crop 0.08"]["n"] == 3
    assert rows["mirror 0"]["found"] == 3
    assert rows["another take of the same place"]["n"] == 2
    assert report["false"] == []
    assert report["bank"] == 3 + 20 + 2
    assert rows["mirror 0"]["vpdq"] == 0.0
    assert [(row["review"], row["lost"]) for row in report["rows"]] == [(0, [])] * len(rows)


@pytest.mark.slow
def test_clips_beside_the_others_make_a_bank_large_and_nothing_else() -> None:
    """They are made of the corners of what is there, each another one, the same in each run, and none is found."""
    asked = copies.printed(alter.parse("mirror").apply(([Scene(11, "room").frame(1.0, 480, 270)], 1.0), 0))
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = copies.Bench(pipeline, lambda _line: None)
        bench.bank("one", copies.printed(([Scene(11, "room").frame(1.0, 480, 270)], 1.0)))
        bench.crowd(20)
        assert bench.report.bank == 21
        assert bench.known(asked) == ["one"]
    one, two = (list(crowd([asked], 3)) for _ in range(2))
    assert one == two
    assert len({found.sketches[0].points for found in one}) == 3
    assert len({found.motion.changes for found in one if found.motion}) == 3


def test_what_plain_pdq_finds_is_found_reviewed_or_lost() -> None:
    """A copy counts as found, as left to a person, or, if only whole frames find it, as lost."""
    row = tally.Recall("row", 0)
    row.count("a", {"a"}, {"a"}, {"a"}, "found")
    row.count("a", {"b"}, {"a"}, {"a"}, "for a person")
    row.count("a", {"b"}, set(), {"a"}, "passed over")
    row.count("a", set(), set(), {"b"}, "nobody's")
    row.count(None, set(), set(), {"a"}, "no copy")
    assert (row.asked, row.found, row.review, row.lost) == (5, 1, 1, ["passed over"])
    row.count(None, set(), {"a", "b"}, set(), "no copy, and yet for a person")
    row.count(None, {"a"}, {"a"}, set(), "called a copy, which is told apart")
    assert (row.asked, row.found, row.review) == (7, 1, 2)
    assert row.missed == ["for a person", "passed over", "nobody's"]


@slow
def test_other_moments_of_a_speaker_are_asked_and_never_banked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Second half, another take and somebody else, each as it is and in five alterations: none is called a copy."""
    monkeypatch.setattr(sources, "SECONDS", 9.0)  # so that each of the four recordings has a cut
    report = small_run("mirror", others=5, speakers=1)
    rows = {row["row"]: row for row in report["rows"]}
    assert rows["mirror 0"]["found"] == rows["mirror 0"]["n"] == 1
    assert rows["other moments and takes"]["n"] == 3 * (1 + len(copies.OTHERWISE))
    assert rows["other moments and takes"]["false"] == 0
    assert rows["other moments and takes"]["review"] <= rows["other moments and takes"]["n"]
    assert report["bank"] == 1 + 5
    assert report["clips"] == 1


@slow
def test_a_moment_that_is_called_a_copy_is_counted_and_named() -> None:
    """Where what is never banked is the banked take itself, every way of asking is false, and said."""
    take = Scene(4).frames(3.0, 6.0, width=320, height=180), 6.0
    source = sources.Source(name="a scene", take=take, never=(("the same", take),))
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = copies.Bench(pipeline, lambda _line: None)
        bench.bank(source.name, copies.printed(take))
        copies.never(bench, [source], lambda _line: None)
    (row,) = bench.report.rows
    assert row.asked == 1 + len(copies.OTHERWISE)
    assert row.false >= row.asked - 2
    assert bench.report.false[0].startswith("the same of a scene, as it is taken for a scene")


@pytest.mark.slow
def test_a_speaker_is_banked_even_if_taken_for_an_earlier_one() -> None:
    """What shows the same as an entry is left out, but for speakers, who are known to differ."""
    take = Scene(4).frames(2.0, 4.0, width=320, height=180), 4.0
    offered = [
        sources.Source(name="first", take=take),
        sources.Source(name="again", take=take),
        sources.Source(name="a speaker", take=take, never=(("a moment", take),)),
    ]
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = copies.Bench(pipeline, lambda _line: None)
        chosen = copies.bank_sources(bench, offered, one_each=False, say=lambda _line: None)
    assert [source.name for source in chosen] == ["first", "a speaker"]
    assert bench.report.left_out == ["again: shows the same as first"]
    assert bench.report.bank == 2


@slow
def test_fakes_are_told_from_their_footage() -> None:
    """Footage behind a banked fake is no copy; a copy of the fake is."""
    report = copies.run(Quiet(), lambda _line: None, clips=0, stills=0, others=0, fakes=2, speakers=0).plain()
    rows = {row["row"]: row for row in report["rows"]}
    assert rows["footage behind a banked fake"]["false"] == 0
    assert rows["copies of the fakes (crop 5 %, re-encoded)"]["found"] == 2


@pytest.mark.slow
def test_a_folder_is_read_once_for_each_thing(tmp_path: Path) -> None:
    """Files that show the same are one; what is flat, broken or no media is left out, with a reason."""
    (tmp_path / "a.jpg").write_bytes(media.still(1))
    (tmp_path / "b.png").write_bytes(media.still(1, format="png"))
    (tmp_path / "flat.png").write_bytes(media.encode_still(np.full((180, 320, 3), 90, np.uint8), format="png"))
    (tmp_path / "icon.png").write_bytes(media.still(2, format="png", width=48, height=48))
    (tmp_path / "notes.txt").write_text("no media")
    report = copies.run(
        Quiet(),
        lambda _line: None,
        folder=tmp_path,
        others=0,
        fakes=0,
        speakers=0,
        alterations=[alter.parse("resize=0.5")],
    ).plain()
    assert (report["clips"], report["stills"]) == (0, 1)
    reasons = "; ".join(report["left_out"])
    assert "b.png: shows the same as a.jpg" in reasons
    assert "flat.png: below the quality gate" in reasons
    assert "icon.png: smaller than 160 pixels" in reasons
    assert "notes.txt" in reasons


@pytest.mark.slow
def test_every_alteration_changes_a_picture_and_keeps_it_one() -> None:
    """Each gives pictures of one size; most are not what they were."""
    take = Scene(1).frames(1.0, 4.0), 4.0
    same = []
    for one in alter.ALTERATIONS:
        if one.kind == "compilation":
            continue
        pictures, fps = one.apply(take, 3)
        assert len({picture.shape for picture in pictures}) == 1
        assert fps > 0
        if len(pictures) == 4 and pictures[0].shape == take[0][0].shape and np.array_equal(pictures, take[0]):
            same.append(one.kind)
    assert same == ["re-encode", "trim"]


def test_an_interval_is_wide_for_few_and_narrow_for_many() -> None:
    """Wilson's interval, known values."""
    assert figures.wilson(10, 10)[0] == pytest.approx(0.7225, abs=0.001)
    assert figures.wilson(990, 1000) == pytest.approx((0.9817, 0.9946), abs=0.001)
    assert figures.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.slow
def test_distractors_are_of_all_kinds_and_differ() -> None:
    """Textures, scenes, text, patterns, clips: as many as asked for, no two alike."""
    takes = list(sources.distractors(20))
    assert len(takes) == 20
    assert {len(pictures) for pictures, _ in takes} == {1, 4}
    assert len({pictures[0].tobytes() for pictures, _ in takes}) == 20


def test_an_unknown_alteration_is_named_with_those_there_are() -> None:
    """A wrong word gives one sentence."""
    result = RUN.invoke(app, ["bench", "copies", "--alter", "fold=2"])
    assert result.exit_code != 0
    assert "fold is no alteration; there are" in str(result.exception)


@pytest.mark.slow
def test_clips_are_measured_beside_decoding() -> None:
    """Ratios are above what decoding alone can be, and plain numbers."""
    (small, _) = clips.run(seconds=0.4, tries=1)
    told = json.loads(json.dumps(small.plain()))
    assert told["frames"] == 10
    assert told["decode_s"] > 0
    for part in ("pdq", "motion", "features", "variants", "faces", "whole"):
        assert told[f"{part}_ratio"] > 1, part


@pytest.mark.slow
def test_what_can_be_rebuilt_is_told_in_numbers() -> None:
    """Two pictures from the patches of three others."""
    found = rebuild.run(2, 3)
    assert found.pictures == 2
    assert -1 <= found.correlation < 0.95
    assert 0 <= found.first <= 1


def _dots(seed: int, *, still: float = 0.0) -> tuple[list[NDArray[np.uint8]], float]:
    """Return two and a half seconds of noise that slides over a grey ground, or over a picture."""
    rng = np.random.default_rng(seed)
    ground = 128 + still * cv2.resize(rng.normal(0, 1, (6, 6)), (160, 160), interpolation=cv2.INTER_CUBIC)
    cloth = cv2.resize(rng.normal(0, 12, (8, 8)), (160, 160), interpolation=cv2.INTER_CUBIC)
    pictures = []
    for number in range(25):
        plane = ground.copy()
        plane[50:110, 4 * number : 4 * number + 60] = 128 + cloth[:60, :60]
        pictures.append(np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[..., None], 3, axis=2))
    return pictures, 10.0


@pytest.mark.slow
def test_what_can_be_rebuilt_from_motion_is_what_moves() -> None:
    """Where the ground is grey the moments come out; where it is a picture, only what slid over it does."""
    bare = rebuild_motion.run([_dots(seed) for seed in range(3)])
    over = rebuild_motion.run([_dots(seed, still=40) for seed in range(3)])
    assert bare.change > 0.9
    assert bare.grey.moment > over.grey.moment + 0.2
    assert over.change > 0.8
    assert json.loads(json.dumps(over.plain()))["both"].keys() == {"moment", "moving", "first"}
    assert over.pdq.first == 1.0


def test_too_few_clips_to_rebuild_are_said(tmp_path: Path) -> None:
    """A folder without two clips that move gives one sentence."""
    (tmp_path / "still.png").write_bytes(media.still(1))
    result = RUN.invoke(app, ["bench", "rebuild", "--media", str(tmp_path)])
    assert result.exit_code != 0
    assert "0 clips of two seconds and more to rebuild" in str(result.exception)


@slow
def test_swaps_are_counted_beside_what_is_none() -> None:
    """A small run finds its swaps; altered copies and other takes are not called swaps."""
    rows = [row.plain() for row in swapping.run(Quiet(), lambda _: None, count=1)]
    assert [row["called"] for row in rows if row["swap"]] == [1, 1]
    assert [(row["row"], row["called"]) for row in rows if not row["swap"] and row["called"]] == []
    assert sum(row["n"] for row in rows) == 9
