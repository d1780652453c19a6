"""The benchmark of takes: what motion tells apart, in numbers and as a picture."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.bench.separation import Kind, Pair, Separation, drawn, peak
from bot.cli import app
from bot.motion import UPRIGHT, Motion, MotionSampler
from bot.samples import media

RUN = CliRunner()


def separation(copies: float, others: float) -> Separation:
    """Return made-up pairs: copies about one score, other takes about another."""
    shown: list[tuple[Kind, float]] = [
        ("copy", copies),
        ("another moment", (copies + others) / 2),
        ("another take", others),
    ]
    return Separation(
        clips=2,
        pairs=tuple(
            Pair(kind, score + step / 100, 2.0 + step, score + step / 100)
            for kind, score in shown
            for step in range(-2, 5)
        ),
    )


def test_the_picture_has_a_dot_for_each_pair_and_is_well_formed() -> None:
    """XML, a dot a pair beside one for each of the three words, all inside the picture."""
    found = separation(0.9, 0.2)
    dots = [part for part in ET.fromstring(drawn(found)).iter() if part.tag.endswith("circle")]
    assert len(dots) == len(found.pairs) + 3
    assert all(0 <= float(dot.get("cx", "-1")) <= 640 and 0 <= float(dot.get("cy", "-1")) <= 320 for dot in dots)


def test_the_nearer_other_takes_come_the_likelier_is_a_false_match() -> None:
    """The chance rises with their scores, is small far below a copy's, and 0 where nothing was asked."""
    far, near = separation(0.9, 0.1).chance, separation(0.9, 0.6).chance
    assert 0 < far < 1e-6 < near < 1
    assert Separation(clips=2, pairs=()).chance == 0.0


def test_what_was_found_is_told_by_overlap() -> None:
    """Stretches below and above three seconds apart, each kind, least, median and most."""
    rows = separation(0.9, 0.2).plain()["rows"]
    assert json.loads(json.dumps(rows))["copy, short"] == {"n": 3, "least": 0.88, "median": 0.89, "most": 0.9}
    assert rows["another take, long"]["n"] == 4
    assert separation(0.9, 0.2).plain()["peaks"] == {"n": 7, "median": 0.21, "most": 0.24}


def test_the_peak_is_what_two_clips_agree_by_at_best() -> None:
    """A clip agrees with itself backward and faster, and far less with one that moves otherwise."""
    rng = np.random.default_rng(3)

    def moving(order: int) -> Motion:
        sampler = MotionSampler()
        for number, field in enumerate(shown[::order]):
            sampler.take(number / 8, field)
        return Motion(sampler.signature(None))

    shown = [np.kron(rng.uniform(80, 88, (8, 8)), np.ones((8, 8))).astype(np.float32) for _ in range(50)]
    one, back = moving(1), moving(-1)
    assert peak(one, back, UPRIGHT) > 0.9
    shown = [np.kron(rng.uniform(80, 88, (8, 8)), np.ones((8, 8))).astype(np.float32) for _ in range(50)]
    assert peak(one, moving(1), UPRIGHT) < 0.5


def test_a_folder_without_clips_is_said(tmp_path: Path) -> None:
    """One sentence, and no picture."""
    (tmp_path / "still.png").write_bytes(media.still(1))
    result = RUN.invoke(app, ["bench", "takes", "--media", str(tmp_path), "--svg", str(tmp_path / "a.svg")])
    assert "0 clips" in str(result.exception)
    assert not (tmp_path / "a.svg").exists()


@pytest.mark.slow
def test_copies_lie_above_other_takes(tmp_path: Path) -> None:
    """Two generated clips: every copy agrees more than the other clip does, and a picture is drawn."""
    for seed in (401, 402):
        (tmp_path / f"{seed}.mp4").write_bytes(media.clip(seed, seconds=5, fps=10, width=320, height=180))
    picture = tmp_path / "takes.svg"
    result = RUN.invoke(app, ["bench", "takes", "--media", str(tmp_path), "--svg", str(picture), "--json"])
    assert result.exit_code == 0, result.exception
    rows = json.loads(result.stdout)["rows"]
    copies = [row["median"] for name, row in rows.items() if name.startswith("copy")]
    others = [row["most"] for name, row in rows.items() if name.startswith("another take")]
    assert min(copies) > max(others)
    assert picture.read_text().startswith("<svg")
