"""From bytes to fingerprint, and fingerprints as plain data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.fingerprint import describe, digests, fingerprint, from_json, resource_limits, to_json
from bot.model import Fingerprint, Signal
from bot.samples import media
from bot.signals import SIGNALS
from bot.signals.base import distance

LIMITS = DecodeConfig()


@cache
def clip() -> bytes:
    """Return a video of three seconds."""
    return media.clip(11, seconds=3, width=320, height=180)


def values(fp: Fingerprint, name: str) -> list[Signal]:
    """Return the signals of one type."""
    return [signal for signal in fp.signals if signal.type == name]


def test_a_video_gives_pdq_of_every_frame_and_phash_of_some() -> None:
    """Thirty frames give thirty PDQ values in order of time, and six to twelve pHashes spread over the whole."""
    fp = fingerprint(clip(), LIMITS)
    assert (fp.kind, fp.format, fp.width, fp.height, fp.frames) == ("video", "mp4", 320, 180, 30)
    assert fp.duration == pytest.approx(3.0, abs=0.01)
    pdq = fingerprint(clip(), LIMITS, every_frame=True)
    assert [signal.t for signal in values(pdq, "pdq")] == pytest.approx([i / 10 for i in range(30)], abs=0.002)
    spread = [signal.t for signal in values(fp, "phash")]
    assert 6 <= len(spread) <= 12
    assert spread[0] == 0.0
    assert spread[-1] >= 2.4
    assert all(len(signal.value) == 32 and 0 <= signal.quality <= 100 for signal in fp.signals)


@pytest.mark.parametrize(
    "copy",
    [
        lambda: media.reencode(clip(), width=256, height=144, crf=30),
        pytest.param(lambda: media.reencode(clip(), container="webm"), marks=pytest.mark.slow),
        lambda: media.gif(11, seconds=3, width=256, height=144),
        pytest.param(
            lambda: media.clip(11, seconds=1, start=1.0, width=320, height=180, crf=32), marks=pytest.mark.slow
        ),
    ],
    ids=["smaller", "webm", "gif", "trimmed"],
)
@pytest.mark.slow
def test_copies_stay_near_and_strangers_stay_far(copy: Callable[[], bytes]) -> None:
    """Every frame of a copy is near some frame of the original, and no frame of another scene is."""
    known = [signal.value for signal in values(fingerprint(clip(), LIMITS), "pdq")]
    near = [min(distance(s.value, k) for k in known) for s in values(fingerprint(copy(), LIMITS), "pdq")]
    assert max(near) <= 31
    other = values(fingerprint(media.clip(12, seconds=1), LIMITS), "pdq")
    assert min(distance(signal.value, k) for signal in other for k in known) > 80


def test_standing_pictures_are_kept_once() -> None:
    """A frame equal to its predecessor is counted but not stored again, unless every frame is wanted."""
    standing = media.encode_clip([media.scene(13, 160, 90)] * 8 + [media.scene(14, 160, 90)] * 8, crf=0)
    fp = fingerprint(standing, LIMITS)
    assert fp.frames == 16
    assert [signal.t for signal in values(fp, "pdq")] == [0.0, 0.8]
    assert len(values(fingerprint(standing, LIMITS, every_frame=True), "pdq")) == 16


def test_digests_are_of_the_bytes_as_they_came() -> None:
    """SHA-256 and MD5 are the file's own; other files of the same media are hashed only."""
    fp = fingerprint(clip(), LIMITS, also=(b"original",))
    assert (fp.sha256, fp.md5) == (hashlib.sha256(clip()).hexdigest(), hashlib.md5(clip()).hexdigest())
    assert fp.also == (digests(b"original"),)


def test_a_damaged_file_says_so() -> None:
    """The note of a damaged file is part of the fingerprint."""
    data = media.gif(15, seconds=1, width=160, height=90)
    fp = fingerprint(data[: len(data) // 2], LIMITS)
    assert fp.note is not None
    assert "damaged" in fp.note
    assert 0 < fp.frames < 10


def test_running_out_of_processor_time_keeps_the_frames_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the system's limit kills, the frames so far become the result and the note says so."""
    seconds = iter(range(1000))
    monkeypatch.setattr(resource_limits, "cpu_seconds", lambda: float(next(seconds)))
    fp = fingerprint(clip(), DecodeConfig(cpu_seconds=10))
    assert fp.frames == 9
    assert fp.note is not None
    assert "want of time" in fp.note


def test_what_is_no_media_is_an_error() -> None:
    """Text is refused with the decoder's sentence."""
    with pytest.raises(MediaError, match="not one of the media formats"):
        fingerprint(b"<html><title>Not found</title></html>", LIMITS)


def test_json_and_back() -> None:
    """Plain data holds everything, survives JSON text, and contains no bytes of the picture."""
    fp = fingerprint(clip(), LIMITS, also=(b"original",))
    assert from_json(json.loads(json.dumps(to_json(fp)))) == fp


@st.composite
def fingerprints(draw: st.DrawFn) -> Fingerprint:
    """Any fingerprint that can exist."""
    hexes = st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16))
    pairs = [(a.hex(), b.hex()) for a, b in draw(st.lists(hexes, min_size=1, max_size=3))]
    signal = st.builds(
        Signal,
        type=st.sampled_from([signal.name for signal in SIGNALS]),
        value=st.binary(min_size=32, max_size=32),
        quality=st.integers(0, 100),
        t=st.floats(0, 1e6),
    )
    return Fingerprint(
        kind=draw(st.sampled_from(["image", "animation", "video"])),
        format=draw(st.sampled_from(["gif", "mp4"])),
        sha256=pairs[0][0],
        md5=pairs[0][1],
        width=draw(st.integers(1, 65535)),
        height=draw(st.integers(1, 65535)),
        duration=draw(st.none() | st.floats(0, 1e6)),
        frames=draw(st.integers(1, 3000)),
        signals=tuple(draw(st.lists(signal, max_size=5))),
        also=tuple(pairs[1:]),
        note=draw(st.none() | st.text(max_size=100)),
    )


@given(fingerprints())
@pytest.mark.slow
def test_every_fingerprint_survives_json(fp: Fingerprint) -> None:
    """No fingerprint is changed by its way through JSON."""
    assert from_json(json.loads(json.dumps(to_json(fp)))) == fp


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "song"},
        {"sha256": "00"},
        {"md5": "zz" * 16},
        {"signals": [["pdq", "00" * 31, 50, 0.0]]},
        {"signals": [["other", "00" * 32, 50, 0.0]]},
        {"signals": [["pdq", "00" * 32, 101, 0.0]]},
        {"signals": [["pdq", "00" * 32, 50, -1.0]]},
        {"signals": [["pdq", "00" * 32, 50, float("nan")]]},
        {"signals": [7]},
        {"also": [["00", "00"]]},
        {"width": None},
    ],
)
def test_what_is_no_fingerprint_is_refused(change: dict[str, Any]) -> None:
    """A wrong kind, length or range in plain data is a ValueError."""
    good = to_json(fingerprint(media.still(16, width=64, height=64), LIMITS))
    with pytest.raises(ValueError, match=r"not a|hexadecimal"):
        from_json({**good, **change})
    del good["frames"]
    with pytest.raises(ValueError, match="not a fingerprint"):
        from_json(good)


def test_describing_is_sparse_unless_all_is_wanted() -> None:
    """About one usable frame a second of each type, or all; bytes as hex."""
    fp = fingerprint(clip(), LIMITS)
    sparse = describe(fp, all_frames=False)
    assert [s["t"] for s in sparse["signals"] if s["type"] == "pdq"] == pytest.approx([0.0, 1.0, 2.0], abs=0.11)
    assert {"kind", "sha256", "md5", "width", "height", "duration", "frames", "signals"} <= set(sparse)
    assert len(describe(fp, all_frames=True)["signals"]) == len(fp.signals)
    assert json.loads(json.dumps(sparse)) == sparse
    assert bytes.fromhex(sparse["signals"][0]["value"]) == fp.signals[0].value


def test_describing_prefers_usable_frames() -> None:
    """A clip that fades in from black is described by its first frames with something on them."""
    pictures = [media.scene(17, 160, 90) * 0] * 5 + [media.scene(17, 160, 90, i / 10) for i in range(5)]
    shown = describe(fingerprint(media.encode_clip(pictures), LIMITS), all_frames=False)["signals"]
    assert {(s["type"], s["t"] >= 0.5, s["quality"] >= 50) for s in shown} == {
        ("pdq", True, True),
        ("phash", True, True),
    }


def test_describing_an_empty_picture_still_gives_its_value() -> None:
    """Where no frame is usable the first is given, with its quality."""
    flat = media.encode_still(media.scene(18, 64, 64) * 0, format="png")
    shown = describe(fingerprint(flat, LIMITS), all_frames=False)["signals"]
    assert [(s["type"], s["quality"]) for s in shown] == [("pdq", 0), ("phash", 0)]


ATOM = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("ab" * 32)
JSON = ATOM | st.lists(ATOM, max_size=4) | st.lists(st.lists(ATOM, max_size=4), max_size=2)
GOOD = to_json(fingerprint(media.still(11, width=64, height=48), LIMITS))


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw builds the strategy, on a busy machine slowly
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON, max_size=2))
def test_any_answer_is_a_fingerprint_or_refused(change: dict[str, Any]) -> None:
    """What a child says that a stranger's file has taken over is a fingerprint or a ValueError, nothing else."""
    try:
        found = from_json(GOOD | change)
    except ValueError:
        return
    assert from_json(to_json(found)) == found


@pytest.mark.parametrize(
    "change", [{"duration": float("nan")}, {"duration": -1}, {"width": -5}, {"frames": 0}, {"height": 10**30}]
)
def test_numbers_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    """A length that is no number, a size below nothing: SQLite, JSON or arithmetic would stumble over them later."""
    with pytest.raises(ValueError, match="not a fingerprint"):
        from_json(GOOD | change)
