"""The benchmark of faces counts right, says what is wrong with a file of pairs, and never shows a vector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bot import faces
from bot.bench import facecost, portraits, sources
from bot.bench import faces as bench
from bot.bench.alter import Rgb
from bot.bench.faces import Row
from bot.cli import app
from bot.errors import UsageError
from bot.samples import media
from tests.portraits import file as picture
from tests.slow import slow

MODEL = faces.FACES[0]
RUN = CliRunner()
FEW = ("as it is", "160 px", "60 px", "GIF, 128 colours, pan, 80 px", "turn, 80 px")


def quiet(_what: str) -> None:
    """Show no progress."""


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alter in a few ways and measure next to nothing."""
    monkeypatch.setattr(bench, "VARIANTS", [variant for variant in bench.VARIANTS if variant.name in FEW])
    monkeypatch.setattr(facecost, "SECONDS", 0.4)
    monkeypatch.setattr(facecost, "PERSONS", 20)
    monkeypatch.setattr(facecost, "TRIES", 1)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Two portraits of one person, one of another, one picture without a face, and a file that pairs them."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "her.png").write_bytes(picture("astronaut", height=320))
    (folder / "her too.jpg").write_bytes(picture("astronaut", height=300, kind="jpeg", quality=60))
    (folder / "officer.png").write_bytes(picture("officer", height=480))
    (folder / "cat.png").write_bytes(picture("cat"))
    path = tmp_path / "lists" / "pairs.csv"
    path.parent.mkdir()
    path.write_text(
        "file_a,file_b,same\n"
        "pictures/her.png,pictures/her too.jpg,1\n"
        "pictures/her.png,pictures/officer.png,0\n"
        "pictures/her too.jpg,pictures/officer.png,0\n"
        "pictures/officer.png,pictures/cat.png,0\n"
    )
    return path


@pytest.mark.usefixtures("short")
@slow
def test_pairs_are_counted_by_what_was_done_to_them(pairs: Path) -> None:
    """The same person is matched and another is not; who is missed or too small is not counted as matched."""
    done = RUN.invoke(app, ["bench", "faces", str(pairs), "--json"])
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.stdout.splitlines()]
    rows = {row["variant"]: row for row in told if row["table"] == "pairs"}
    assert tuple(rows) == FEW
    assert (rows["as it is"]["files"], rows["as it is"]["found"]) == (4, 3)
    for name in FEW:
        row = rows[name]
        assert row["same_matched"] == row["same_n"] == (0 if name == "160 px" else 1)
        assert (row["different_matched"], row["different_n"]) == (0, 2)
        assert row["smallest_different"] > row["distance"]
    assert (rows["160 px"]["files"], rows["60 px"]["files"]) == (1, 3)
    assert rows["as it is"]["same_low"] == pytest.approx(0.2065, abs=0.001)
    trade = [row for row in told if row["table"] == "trade-off"]
    assert [row["views"] for row in trade] == [1, 10, 100, 1000, 10_000]
    assert all(row["false_matches_a_face"] == 0.01 for row in trade)
    assert trade[1]["distance"] == rows["as it is"]["distance"]
    assert trade[1]["false_match_rate"] == pytest.approx(1e-3)
    costs = [row for row in told if row["table"] == "cost"]
    assert [row["aim"] for row in costs] == [85, None, None, None, None, None, 2.5, 2.5, 5]
    assert all(row["value"] > 0 for row in costs)
    assert max(map(len, done.stdout.splitlines())) < 500  # no room for a vector


@pytest.mark.usefixtures("short")
@pytest.mark.slow
def test_without_a_file_packaged_portraits_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table calls local pairs a smoke test and names what was published; without packages a face is drawn."""
    done = RUN.invoke(app, ["bench", "faces"])
    assert done.exit_code == 0, done.output
    assert "a smoke test, 3 pairs of 2 files" in done.stdout
    assert f"published: {MODEL.curve.source}" in done.stdout
    monkeypatch.setattr(sources, "PORTRAITS", {})
    pairs, found = portraits.packaged(MODEL)
    assert [(pair.one == pair.other, pair.same) for pair in pairs] == [(True, True)]
    assert all(one.box for one in found.values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n", "line 1: the columns must be file_a, file_b, same"),
        ("file_a,file_b,same\n", "has no pairs"),
        ("file_a,file_b,same\nflat.png,flat.png,1\nflat.png,,0\n", "line 3: a pair needs two files"),
        ("file_a,file_b,same\nflat.png,flat.png,yes\n", "line 2: same is yes; write 1 for one person, 0 for two"),
        ("file_a,file_b,same\nflat.png\n", "line 2: a pair needs two files"),
        ("file_a,file_b,same\nflat.png,gone.png,0\n", "line 2: gone.png cannot be read in"),
        ("file_a,file_b,same\nflat.png,bad.png,0\n", "line 2: bad.png: the file is not one of the media formats"),
        ("\x00\xff", "no file of pairs that can be read"),
    ],
)
def test_a_bad_file_of_pairs_is_told_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    """The sentence names the line."""
    path = tmp_path / "pairs.csv"
    path.write_bytes(text.encode("latin-1"))
    (tmp_path / "flat.png").write_bytes(media.encode_still(np.full((90, 160, 3), 90, np.uint8), format="png"))
    (tmp_path / "bad.png").write_bytes(b"nothing of the kind")
    with pytest.raises(UsageError, match=told) as caught:
        portraits.read(path, None, MODEL)
    assert "\n" not in str(caught.value)


def test_rates_that_no_gallery_has_are_shown_too() -> None:
    """With another setting the published rates from 1 in 100 to 1 in a million follow those of the galleries."""
    rows = list(bench.trade_off(MODEL.curve, 0.05, Row("as it is", 0.5, same=[0.4, None], different=[0.7, None])))
    assert [row["threshold"] for row in rows[5:]] == [f"1 in {10**power:,}" for power in range(2, 7)]
    assert (rows[0]["same_matched"], rows[0]["same_n"], rows[0]["different_n"]) == (1, 2, 1)
    assert rows[5]["false_matches_a_face"] is None


def test_a_placed_portrait_has_its_face_in_the_middle() -> None:
    """However it leans and grows, the point that is named stays; a pan moves it."""
    dot = np.zeros((200, 200, 3), np.uint8)
    dot[60:65, 100:105] = 255

    def where(frame: Rgb) -> tuple[int, int]:
        rows, columns = np.nonzero(frame[..., 0] > 200)
        return round(columns.mean()), round(rows.mean())

    for by, lean in ((1, 0), (2, 0), (1.5, 15)):
        x, y = where(bench.placed(dot, (102, 62), by=by, lean=lean))
        assert abs(x - 320) <= 1
        assert abs(y - 180) <= 1
    assert abs(where(bench.pan(dot, (102, 62), 0.0))[0] - 200) <= 1
