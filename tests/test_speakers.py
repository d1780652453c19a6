"""Drawn speakers talk as people do: never twice in the same way, and the same for everybody who asks."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.bench.sources import STAGES, speakers
from bot.faces.dlib import Dlib
from bot.samples.portrait import drawn, outline
from bot.samples.speakers import Speaker
from tests.slow import slow

Rgb = NDArray[np.uint8]
SOMEBODY = Speaker(person=3, place=6)
STILL = replace(SOMEBODY, lively=0.0, shake=0.0, cuts=False)  # breathes, talks and blinks, no more
WALL = (slice(4, 60), slice(4, 80))  # rows and columns where the room is seen
SHOULDER = (slice(128, 178), slice(100, 220))


def _grey(picture: Rgb) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _shift(a: Rgb, b: Rgb, part: tuple[slice, slice]) -> tuple[float, float]:
    """Return by how many pixels a part of one picture has moved in another."""
    seen, then = (cv2.GaussianBlur(_grey(one[part]), (0, 0), 1.5) for one in (a, b))
    (across, down), _ = cv2.phaseCorrelate(seen, then, cv2.createHanningWindow(seen.shape[::-1], cv2.CV_32F))
    return float(across), float(down)


def _echo(curve: NDArray[np.float64], least: int) -> float:
    """Return how like itself a curve is at the best lag of `least` samples and more: 1 if it has a period."""
    lags = range(least, len(curve) // 2)
    return max(float(np.corrcoef(curve[:-lag], curve[lag:])[0, 1]) for lag in lags)


def test_a_seed_is_a_recording_however_it_is_asked_for() -> None:
    """The same picture at the same moment, alone or in a later part; another seed or take is another one."""
    part = SOMEBODY.frames(0.3, 10, start=12.0)
    assert len(part) == 3
    assert part[0].shape == (180, 320, 3)
    assert np.array_equal(part[2], Speaker(person=3, place=6).frame(12.2))
    for other in (replace(SOMEBODY, person=4), replace(SOMEBODY, place=7), replace(SOMEBODY, take=1)):
        assert not np.array_equal(part[0], other.frame(12.0))


@pytest.mark.slow
def test_nothing_that_moves_has_a_period() -> None:
    """In two minutes no stretch of a sway, nor of talk, comes again; a wave's does."""
    times = np.arange(0, 120, 0.2)
    assert _echo(np.sin(1.3 * times), 25) > 0.99
    for person in range(3):
        who = replace(SOMEBODY, person=person)
        for stream in ("aside", "turn", "nod", "tilt"):
            assert _echo(np.array([who.sway(stream, t) for t in times]), 25) < 0.8, (person, stream)
        assert _echo(np.array([who.mouth(t) for t in times]), 25) < 0.6


def test_the_second_half_moves_otherwise_than_the_first() -> None:
    """Head and mouth of the second ten seconds, of another take and of somebody else do not follow the first ten."""
    times = np.arange(0, 10, 0.1)

    def curve(who: Speaker, start: float) -> NDArray[np.float64]:
        return np.array(
            [(who.sway("aside", start + t), who.sway("nod", start + t), who.mouth(start + t)) for t in times]
        )

    first = curve(SOMEBODY, 0.0)
    again = replace(SOMEBODY, take=1)
    for other in (curve(SOMEBODY, 10.0), curve(again, 0.0), curve(replace(again, person=9), 0.0)):
        for number in range(3):
            assert abs(float(np.corrcoef(first[:, number], other[:, number])[0, 1])) < 0.8


def test_the_mouth_speaks_in_phrases_with_pauses() -> None:
    """It opens wide and shuts several times a second, and is shut for half a second and more between phrases."""
    said = np.array([SOMEBODY.mouth(t) for t in np.arange(0, 60, 0.05)])
    assert said.max() > 0.8
    assert 0.15 < (said > 0.3).mean() < 0.8
    opens = int(((said[1:] > 0.3) & (said[:-1] <= 0.3)).sum())
    assert 60 < opens < 300
    quiet = max(len(run) for run in "".join("01"[int(value > 0.05)] for value in said).split("1"))
    assert 10 <= quiet < 200


@pytest.mark.slow
def test_eyes_blink_at_uneven_intervals() -> None:
    """Ten to thirty times a minute, a quarter of a second each, the gaps unlike one another."""
    times = np.arange(0, 120, 0.02)
    shut = np.array([SOMEBODY.lids(t) > 0.5 for t in times])
    begins = times[1:][shut[1:] & ~shut[:-1]]
    assert 20 <= len(begins) <= 60
    gaps = np.diff(begins)
    assert gaps.std() > 0.25 * gaps.mean()
    assert 0.05 < 0.02 * shut.sum() / len(begins) < 0.3


def test_a_portrait_shuts_its_eyes_and_is_the_same_without() -> None:
    """Lids change the eyes alone; the outline holds the face and leaves out the wall."""
    open_, shut = drawn(3), drawn(3, lids=1.0)
    assert np.array_equal(open_, drawn(3, lids=0.0))
    changed = np.abs(open_.astype(int) - shut).max(axis=2) > 30
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 300
    assert 110 < rows.min() < rows.max() < 165
    assert 80 < columns.min() < columns.max() < 220
    mask = outline(3)
    assert mask[150, 150] == 255
    assert mask[5, 5] == mask[150, 20] == 0
    assert 0.2 < (mask > 127).mean() < 0.5


@pytest.mark.slow
def test_shoulders_breathe_where_all_else_is_still() -> None:
    """They rise and fall by a pixel or two, as often as a breath; the wall stays where it is."""
    pictures = STILL.frames(12, 4)
    moved = np.array([_shift(pictures[0], picture, SHOULDER)[1] for picture in pictures])
    assert 1.0 < moved.max() - moved.min() < 4.5
    turns = int((np.diff(np.sign(moved - moved.mean())) != 0).sum())
    assert 3 <= turns <= 14
    assert max(np.hypot(*_shift(pictures[0], picture, WALL)) for picture in pictures) < 0.3


@pytest.mark.slow
def test_a_held_camera_shakes_by_parts_of_a_pixel_and_a_tripod_does_not() -> None:
    """The wall of a hand-held take wanders by a pixel or so; how far is as was asked."""
    still = STILL.frames(4, 5)

    def wander(shake: float) -> float:
        held = replace(STILL, shake=shake).frames(4, 5)
        return float(np.mean([np.hypot(*_shift(a, b, WALL)) for a, b in zip(still, held, strict=True)]))

    small, large = wander(0.5), wander(1.5)
    assert wander(0.0) == pytest.approx(0, abs=1e-6)
    assert 0.2 < small < 2.0
    assert large > 1.8 * small


@pytest.mark.slow
def test_a_lively_head_moves_further() -> None:
    """What changes where the head is grows with how lively somebody is."""
    head = (slice(30, 115), slice(120, 200))

    def change(lively: float) -> float:
        seen = [_grey(picture[head]) for picture in replace(STILL, lively=lively).frames(6, 4)]
        return float(np.std(seen, axis=0).mean())

    still, calm, wild = change(0.0), change(0.5), change(1.5)
    assert calm > 1.3 * still
    assert wild > 1.3 * calm


@pytest.mark.slow
def test_cuts_come_at_uneven_moments_and_change_the_framing() -> None:
    """Several a minute, where everything changes at once; none where none is asked for."""
    times = np.arange(0, 120, 0.1)
    shown = np.array([SOMEBODY.framing(t) for t in times])
    cuts = times[1:][shown[1:] != shown[:-1]]
    assert 8 <= len(cuts) <= 22
    assert np.diff(cuts).std() > 0.25 * np.diff(cuts).mean()
    assert not any(replace(SOMEBODY, cuts=False).framing(t) for t in times)
    at = float(cuts[0])
    before, earlier, after = (_grey(SOMEBODY.frame(t)) for t in (at - 0.1, at - 0.2, at))
    assert np.abs(after - before).mean() > 3 * np.abs(before - earlier).mean()


def test_light_drifts_and_the_sensor_is_noisy() -> None:
    """The mean wanders by some hundredths; neighbouring pictures differ by a few levels, never in the same way."""
    pictures = [picture.astype(np.float32)[WALL] for picture in STILL.frames(20, 1)]
    means = np.array([picture.mean() for picture in pictures])
    assert 0.008 < means.std() / means.mean() < 0.06
    a, b, c = (STILL.frame(t)[WALL].astype(np.float32) for t in (1.0, 1.1, 1.2))
    assert 1.5 < (b - a).std() < 12
    assert abs(float(np.corrcoef((b - a).ravel(), (c - b).ravel())[0, 1] + 0.5)) < 0.1  # noise: b alone is common


@pytest.mark.slow
def test_somebody_else_in_the_same_room_wears_the_same() -> None:
    """Wall and shoulders are the same but for noise and breath, the face is not, and both are faces."""
    other = replace(STILL, person=8, take=1)
    mine, theirs = (np.mean(who.frames(2, 5), axis=0) for who in (STILL, other))
    apart = np.abs(mine / mine[WALL].mean() - theirs / theirs[WALL].mean())
    assert apart[WALL].mean() < 0.02
    assert apart[140:176, 120:200].mean() < 0.06
    assert apart[50:105, 138:182].mean() > 0.08
    locator = Dlib()
    for who in (STILL, other):
        large = np.asarray(cv2.resize(who.frame(0.5), (640, 360), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
        assert len(locator.locate(large, least=60)) == 1


@slow
def test_speakers_to_ask_about_are_a_first_half_and_what_is_never_banked() -> None:
    """Ten seconds of each, the stages by turns; the second half goes on where the first ends."""
    one, two = speakers(2)
    assert (one.name, two.name) == tuple(f"speaker {number + 1}, {STAGES[number][0]}" for number in range(2))
    assert one.others == ()
    assert [what for what, _ in one.never] == ["the second half", "another take", "somebody else there"]
    whole = Speaker(person=100, place=100)
    assert np.array_equal(one.take[0][99], whole.frame(9.9))
    assert np.array_equal(one.never[0][1][0][0], whole.frame(10.0))
    assert all(len(pictures) == 100 for pictures, _ in (one.take, *(take for _, take in one.never)))
