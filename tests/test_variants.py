"""A list that holds one PDQ of a picture still finds it mirrored, turned, with a border, cropped a little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from bot.bench import alter
from bot.bench.worlds import Scene, texture
from bot.config import BanksConfig, DecodeConfig
from bot.fingerprint import fingerprint, from_json, to_json
from bot.match import Matcher
from bot.model import BankKind, Entry, Fingerprint, Match, Signal
from bot.samples import media
from bot.signals.base import distance
from bot.signals.pdq import PDQ
from bot.signals.variants import TRANSFORMS, variants, within_border
from tests.listed import Listed

Rgb = NDArray[np.uint8]
FPS = 6.0


def grey(picture: Rgb) -> NDArray[np.uint8]:
    """Return the luma of a grey picture."""
    return np.ascontiguousarray(picture[..., 1])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("mirror", "mirrored"),
        ("quarter turns=1", "turned by 90°"),
        ("quarter turns=2", "turned by 180°"),
        ("quarter turns=3", "turned by 90°"),
        ("letterbox=0.2", "with a border"),
        ("white sides=0.2", "with a border"),
        ("caption added=0.15", "with a border"),
        ("crop=0.03", "cropped"),
        ("rotate=4", "turned by 4°"),
        ("rotate=8", "turned by 8°"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_done_to_a_picture_is_undone(how: str, words: str, seed: int) -> None:
    """One of a few likely alterations, undone, gives the picture's own PDQ within its reach; as it is it does not."""
    picture = texture(seed, 640, 360)
    altered = grey(alter.parse(how).apply(([picture], 1.0), seed)[0][0])
    value, _ = PDQ.compute(grey(picture))
    assert distance(PDQ.compute(altered)[0], value) > 31
    near = [one.transform for one in variants(altered) if distance(one.value, value) <= 31]
    assert words in near


def test_two_alterations_at_once_are_undone() -> None:
    """Mirrored with a border, and mirrored and turned a little."""
    picture = texture(4, 640, 360)
    value, _ = PDQ.compute(grey(picture))
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    for altered, words in (
        (alter.letterbox(mirrored, 0.2), "with a border, mirrored"),
        (alter.rotate(mirrored, 4), "mirrored, turned by 4°"),
    ):
        assert words in [one.transform for one in variants(grey(altered)) if distance(one.value, value) <= 31]


@pytest.mark.slow
def test_other_pictures_are_not_within_reach() -> None:
    """Nothing that one picture may have been is another one."""
    known = [PDQ.compute(grey(texture(100 + seed, 320, 180)))[0] for seed in range(60)]
    for seed in range(8):
        for one in variants(grey(alter.letterbox(texture(200 + seed, 320, 180), 0.1))):
            assert min(distance(one.value, value) for value in known) > 40


@settings(max_examples=60)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70)), elements=st.sampled_from([0, 3, 128, 252, 255]))
)
@pytest.mark.slow
def test_any_frame_has_variants_or_none(luma: NDArray[np.uint8]) -> None:
    """Tiny, flat and torn frames break nothing; each value stands once and is none of the frame as it is."""
    found = variants(luma)
    values = [one.value for one in found]
    assert len(set(values)) == len(values)
    assert all(len(value) == 32 for value in values)
    assert all(0 <= one.quality <= 100 and one.transform in TRANSFORMS for one in found)


def test_the_border_is_what_stands_around_the_picture() -> None:
    """Black bars, white sides and a lettered bar are taken off to a pixel or two; a picture without keeps all of it."""
    picture = texture(7, 320, 180)
    assert within_border(grey(picture)) is None
    for bordered in (alter.letterbox(picture, 0.2), alter.caption(picture, 0.15, 1, outside=True)):
        inner = within_border(grey(bordered))
        assert inner is not None
        assert abs(inner.shape[0] - 180) <= 2
        assert inner.shape[1] == 320
    assert within_border(np.full((90, 160), 17, dtype=np.uint8)) is None


def listed(*values: bytes, label: str = "E-1", kind: BankKind = "block", against: tuple[str, ...] = ()) -> Entry:
    """Return an entry as a shared list gives it: a PDQ a frame, nothing else."""
    signals = tuple(Signal(type="pdq", value=value, quality=100, t=float(t)) for t, value in enumerate(values))
    return Entry(label=label, bank=kind, bank_kind=kind, confirmed=False, signals=signals, sha256=(), against=against)


def matched(found: Fingerprint, *entries: Entry) -> tuple[Match, ...]:
    """Return what a library of these entries says of a media."""
    return Matcher(Listed(entries), BanksConfig()).match(found, 0)


def clip(pictures: list[Rgb]) -> Fingerprint:
    """Return what is kept of a clip."""
    return fingerprint(media.encode_clip(pictures, fps=round(FPS)), DecodeConfig())


def test_a_still_is_found_mirrored_in_a_list() -> None:
    """The match says how it was altered, leaves the face unknown, and acts alone nowhere."""
    picture = alter.grey(texture(9, 640, 360))
    entry = listed(PDQ.compute(grey(picture))[0])
    found = fingerprint(media.encode_still(np.ascontiguousarray(picture[:, ::-1])), DecodeConfig())
    (match,) = matched(found, entry)
    assert (match.method, match.transform, match.face_region) == ("pdq", "mirrored", "unknown")
    assert match.distance is not None
    assert match.distance <= 31
    assert match.why.startswith("the picture matches by PDQ, mirrored, distance")
    assert matched(replace(found, variants=()), entry) == ()


@pytest.mark.slow
def test_a_clip_is_found_with_a_border_and_one_frame_of_it_is_not_enough() -> None:
    """As of whole frames: three frames or more of what moves."""
    pictures = [alter.grey(picture) for picture in Scene(3, "pan").frames(4.0, FPS)]
    values = [PDQ.compute(grey(picture))[0] for picture in pictures]
    found = clip([alter.letterbox(picture, 0.2) for picture in pictures])
    (match,) = matched(found, listed(*values))
    assert match.transform == "with a border"
    assert match.frames >= 3
    assert match.coverage_query > 0.9
    assert "with a border" in match.why
    other = [texture(50 + number, 960, 540) for number in range(len(pictures))]
    one_in_common = clip([*other[:12], *[alter.letterbox(pictures[0], 0.2)] * 2, *other[12:]])
    assert matched(one_in_common, listed(*values)) == ()


def test_an_allow_entry_speaks_for_an_altered_copy_too() -> None:
    """The genuine picture, mirrored, is explained by the allow entry of the pair as the picture itself is."""
    picture = alter.grey(texture(11, 640, 360))
    value, _ = PDQ.compute(grey(picture))
    near = bytes([value[0] ^ 0b11, *value[1:]])
    found = fingerprint(media.encode_still(np.ascontiguousarray(picture[:, ::-1])), DecodeConfig())
    told = {
        match.entry: match.suppressed
        for match in matched(found, listed(near), listed(value, label="A-1", kind="allow", against=("E-1",)))
    }
    assert told == {"E-1": True, "A-1": False}


def test_what_is_found_whole_is_not_asked_again() -> None:
    """A media that whole frames explain has no second match by a variant."""
    picture = alter.grey(texture(12, 640, 360))
    plain = listed(PDQ.compute(grey(picture))[0])
    mirrored = listed(PDQ.compute(np.ascontiguousarray(grey(picture)[:, ::-1]))[0], label="E-2")
    found = fingerprint(media.encode_still(picture), DecodeConfig())
    assert [match.entry for match in matched(found, plain, mirrored)] == ["E-1"]


def test_variants_are_kept_with_a_fingerprint() -> None:
    """They come back as they were; what an earlier version kept has none; what cannot be is refused."""
    found = fingerprint(media.still(3), DecodeConfig())
    assert found.variants
    kept = to_json(found)
    assert from_json(kept).variants == found.variants
    assert from_json({key: value for key, value in kept.items() if key != "variants"}).variants == ()
    with pytest.raises(ValueError, match="not a signal"):
        from_json({**kept, "variants": [["mirrored", "00", 100, 0.0]]})
    with pytest.raises(ValueError, match="more variants"):
        from_json({**kept, "variants": [["mirrored", "00" * 32, 100, 0.0]] * 1001})


@pytest.mark.parametrize("said", ["", "mirrored, see https://example.org", "mirrored\n", "turned by 0°", 7])
def test_a_child_that_was_taken_over_cannot_speak_to_people(said: object) -> None:
    """What was done to a frame is read in reports and notices, so only its few words are taken from a child."""
    kept = to_json(fingerprint(media.still(3), DecodeConfig()))
    with pytest.raises(ValueError, match="not a"):
        from_json({**kept, "variants": [[said, "00" * 32, 100, 0.0]]})
