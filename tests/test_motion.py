"""Motion: signatures of clips, how they compare, and what that makes of a match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.assemble import Parts, assembled
from bot.bench import copies
from bot.bench.alter import Take, again, crop, gif, speed
from bot.bench.worlds import Scene
from bot.cli.base import Quiet
from bot.config import Config, DecodeConfig
from bot.copies import Finding
from bot.fingerprint import fingerprint
from bot.fingerprint.serialization import from_json, to_json
from bot.model import Evidence, FaceRegion, Fingerprint, Match, MotionSignature, SourceMatch
from bot.motion import LONGEST, MIRRORED, RATE, SIDE, UPRIGHT, Motion, MotionSampler, compare, judge, of_span, unpack
from bot.motion import Take as MotionTake
from bot.motion.cells import Cells
from bot.motion.compare import _scores, diagonals
from bot.motion.judge import REST, SAME_BENT
from bot.motion.warp import warp
from bot.pipeline import Pipeline
from bot.pipeline.scanning.altered_copies import _by_motion
from bot.rules.ladder import ActionLevel, reach, shortfall
from tests.slow import few

FPS = 15.0
SEED = 7


@cache
def pictures(seed: int, start: float = 0.0, seconds: float = 4.0) -> list[np.ndarray]:
    """Return the frames of a generated scene."""
    scene = Scene(seed, "room", movers=3)
    return [scene.frame(start + i / FPS, 320, 180) for i in range(round(seconds * FPS))]


def shown(take: Take) -> Fingerprint:
    """Return what is kept of a take as a file."""
    return fingerprint(copies.encode(take), DecodeConfig())


def moving(take: Take) -> Motion:
    """Return the signature of a take, as it is, without a file."""
    sampler = MotionSampler()
    for number, picture in enumerate(take[0]):
        sampler.take(number / take[1], picture[..., 0].astype(np.float32)[:180, :180])
    return Motion(sampler.signature(len(take[0]) / take[1]))


@pytest.mark.slow
def test_a_signature_is_eight_moments_a_second_whatever_the_frame_rate() -> None:
    """A clip of four seconds has 32 exposures, so 31 changes, at 15 frames a second and at 5."""
    every, few = pictures(SEED), pictures(SEED)[::3]
    one, other = moving((every, FPS)), moving((few, FPS / 3))
    assert len(one) == len(other) == 31
    assert compare(one, other, UPRIGHT)[0].score > 0.8


def test_what_stands_still_has_a_signature_of_zeros_and_says_nothing() -> None:
    """A picture shown for four seconds moves in no cell, and no question about it is answered."""
    still = moving(([pictures(SEED)[0]] * 60, FPS))
    assert not still.changes.any()
    assert judge(still, moving((pictures(SEED), FPS)), [UPRIGHT], sure=True).kind == "still"


def test_noise_is_no_motion() -> None:
    """A still picture under noise moves in all cells, but no two neighbours move alike: nothing is told."""
    rng = np.random.default_rng(1)
    noisy = [
        np.clip(pictures(SEED)[0] + rng.normal(0, 40, pictures(SEED)[0].shape), 0, 255).astype(np.uint8)
        for _ in range(60)
    ]
    assert moving((noisy, FPS)).moving > 500
    assert judge(moving((noisy, FPS)), moving((noisy[::-1], FPS)), [UPRIGHT], sure=True).kind == "still"


def test_a_long_clip_is_kept_up_to_a_limit() -> None:
    """Two minutes are kept, and nothing behind them."""
    sampler = MotionSampler()
    for second in range(300):
        sampler.take(float(second), np.full((64, 64), second % 7, dtype=np.float32))
    assert len(unpack(sampler.signature(300.0))) == LONGEST * RATE - 1


@settings(max_examples=50)
@given(st.lists(st.floats(0, 0.7), min_size=1, max_size=60), st.one_of(st.none(), st.floats(0, 100)))
def test_any_times_give_a_signature_that_can_be_read(gaps: Iterable[float], end: float | None) -> None:
    """Whatever the times of frames, equal ones among them, a signature has whole moments or none."""
    sampler, t = MotionSampler(), 0.0
    for gap in gaps:
        t += gap
        sampler.take(t, np.full((64, 64), 255.0 * gap, dtype=np.float32))
    data = sampler.signature(end)
    assert len(data) % SIDE**2 == 0
    assert len(unpack(data)) <= LONGEST * RATE - 1


@pytest.mark.parametrize(
    ("way", "direction", "pace", "stretches"),
    [
        (lambda take: take, 1, 1.0, 1),
        (lambda take: (take[0][::-1], take[1]), -1, 1.0, 1),
        (lambda take: again(take, backward=True), 1, 1.0, 2),
        (lambda take: again(take, backward=False), 1, 1.0, 2),
        (lambda take: speed(take, 0.5), 1, 2.0, 1),
        (lambda take: speed(take, 2.0), 1, 0.5, 1),
    ],
    ids=["as it is", "reversed", "boomerang", "loop", "half speed", "twice the speed"],
)
def test_the_same_take_is_known_at_any_speed_and_backward(way, direction, pace, stretches) -> None:  # type: ignore[no-untyped-def]
    """Each stretch of a copy is found with its speed and direction."""
    take = pictures(SEED), FPS
    found = judge(moving(take), moving(way(take)), [UPRIGHT], sure=True)
    assert found.kind == "same"
    assert len(found.stretches) == stretches
    assert found.stretches[0].speed * direction == pytest.approx(pace, rel=0.03)


def shuffled(take: Take, seconds: float) -> Take:
    """Return a take cut into pieces that are put together in another order."""
    size = round(seconds * take[1])
    parts = [take[0][start : start + size] for start in range(0, len(take[0]), size)]
    return [picture for number in np.random.default_rng(1).permutation(len(parts)) for picture in parts[number]], take[
        1
    ]


def paced(take: Take, delays: Sequence[float], seed: int = 0) -> Motion:
    """Return the signature of a take each of whose frames is shown for one of some times, in seconds."""
    rng, sampler, t = np.random.default_rng(seed), MotionSampler(), 0.0
    for picture in take[0]:
        sampler.take(t, picture[..., 0].astype(np.float32)[:180, :180])
        t += float(rng.choice(delays))
    return Motion(sampler.signature(t))


@pytest.mark.parametrize("backward", few([False, True], False))
@pytest.mark.parametrize(
    ("take_every", "delays"),
    [(2, (0.1, 0.02, 0.5)), (1, (1 / FPS,) * 29 + (1.0,)), (1, (6 / FPS,))],
    ids=["mixed delays", "stalls", "six times slower"],
)
def test_the_same_take_is_known_whatever_its_pace_from_moment_to_moment(
    take_every: int, delays: tuple[float, ...], backward: bool
) -> None:
    """Frames in their order are the same take however long each is shown; those of another moment are not."""
    entry = moving((pictures(SEED), FPS))
    asked, later = (taken[::-1] if backward else taken for taken in (pictures(SEED), pictures(SEED, 40.0)))
    found = judge(entry, paced((asked[::take_every], FPS), delays), [UPRIGHT], sure=True)
    assert found.kind == "same"
    assert (found.stretches[0].speed < 0) == backward
    assert judge(entry, paced((later[::take_every], FPS), delays), [UPRIGHT], sure=True).kind != "same"


@pytest.mark.parametrize("seconds", few([0.5, 1.0], 0.5))
def test_a_take_cut_up_and_put_together_anyhow_is_for_a_person(seconds: float) -> None:
    """Pieces in any order may be the take: they are never passed over as another one."""
    take = pictures(SEED), FPS
    assert judge(moving(take), moving(shuffled(take, seconds)), [UPRIGHT], sure=True).kind != "other"


@pytest.mark.slow
def test_what_swings_can_be_traced_by_anything_that_swings() -> None:
    """Of motion that goes to and fro on one line any other can be made at a free pace: that is no proof."""

    def swing(seed: int) -> Take:
        rng = np.random.default_rng(seed)
        places = np.cumsum(rng.normal(0, 1, 90))
        places = 60 + 25 * np.sin(np.convolve(places, np.ones(9) / 9, "same"))
        x = np.arange(180)
        return [
            np.repeat(np.tile(255 * np.exp(-(((x - at) / 25) ** 2)), (180, 1))[..., None], 3, 2) for at in places
        ], FPS

    pairs = [(moving(swing(2 * n)), moving(swing(2 * n + 1))) for n in range(8)]
    found = [warp(one, other, UPRIGHT) for one, other in pairs]
    assert max(one.score for one in found if one) > 0.9
    assert not any(one.score >= SAME_BENT and one.rest <= REST for one in found if one)


def test_a_mirrored_copy_is_the_same_take_only_as_its_mirror_image() -> None:
    """Motion is compared under the transform that is given, and under no other."""
    mirrored = [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures(SEED)]
    one = moving((pictures(SEED), FPS))
    other = moving(([np.ascontiguousarray(picture[:180, -180:]) for picture in mirrored], FPS))
    assert judge(one, other, [MIRRORED], sure=True).kind == "same"
    assert judge(one, other, [UPRIGHT], sure=True).kind != "same"


@pytest.mark.slow
def test_another_moment_of_a_scene_is_another_take() -> None:
    """What goes on moving in one place moves otherwise a while later."""
    one, later = moving((pictures(SEED), FPS)), moving((pictures(SEED, 40.0), FPS))
    assert judge(one, later, [UPRIGHT], sure=True).kind == "other"


def test_a_span_of_a_signature_agrees_with_the_whole() -> None:
    """What is cut out of a signature is found in it where it was."""
    whole = MotionSignature(start=0.0, changes=b"".join(bytes([n % 120] * SIDE**2) for n in range(40)))
    part = of_span(whole, (1.0, 3.0))
    assert part is not None
    assert part.start == 1.0
    assert part.changes == whole.changes[8 * SIDE**2 : 23 * SIDE**2]
    assert of_span(whole, (90.0, 95.0)) is None


@pytest.mark.slow
def test_a_signature_is_stored_sealed_and_read_again() -> None:
    """It goes with an entry's features and with a cached result; nothing of it stands in the open."""
    found = shown((pictures(SEED), FPS))
    assert found.motion is not None
    assert from_json(to_json(found)).motion == found.motion
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        copies.Bench(pipeline, lambda _: None).bank("clip", found)
        (number,) = pipeline.deps.store.known.changed(0)
        assert pipeline.deps.store.sketches.motion(number) == found.motion
        sealed = pipeline.deps.store.connection.value("select sealed from sketches")
        assert found.motion.changes[2048:2112] not in sealed


@pytest.mark.parametrize("wrong", [b"\0" * 1000, b"\0" * (SIDE**2 * 2000)], ids=["half a moment", "too long"])
def test_a_stored_signature_that_cannot_be_is_refused(wrong: bytes) -> None:
    """A cached result with another length is none."""
    found = replace(shown((pictures(SEED)[:8], FPS)), motion=MotionSignature(start=0.0, changes=wrong))
    with pytest.raises(ValueError, match="motion"):
        from_json(to_json(found))


def asked(pipeline: Pipeline, bench: copies.Bench, take: Take) -> Evidence:
    """Return what is found of a take."""
    return bench._match(shown(take))


@pytest.mark.slow
def test_reversed_and_doubled_copies_are_matches_and_another_moment_is_not() -> None:
    """Through the whole way: file, child's work, bank, match."""
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = copies.Bench(pipeline, lambda _: None)
        take = pictures(SEED), FPS
        bench.bank("clip", shown(take))
        for changed in (
            (take[0][::-1], FPS),
            again(take, backward=True),
            speed(take, 1.5),
            gif(take, fps=8),
            ([crop(picture, 0.1) for picture in take[0]], FPS),
        ):
            (match,) = asked(pipeline, bench, changed).matches
            assert "it moves as the entry does" in match.why
        other = asked(pipeline, bench, (pictures(SEED, 40.0), FPS))
        assert not other.matches


@pytest.mark.slow
def test_an_older_entry_without_a_signature_matches_as_before() -> None:
    """What was banked by an earlier version is compared by frames and corners alone."""
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = copies.Bench(pipeline, lambda _: None)
        take = pictures(SEED), FPS
        bench.bank("clip", replace(shown(take), motion=None))
        (match,) = asked(pipeline, bench, speed(take, 1.25)).matches
        assert "moves" not in match.why


@pytest.mark.slow
def test_a_short_clip_reversed_is_for_a_person_to_look_at() -> None:
    """Where too little time is shown to tell a take by what moves, frames that all match are never passed over."""
    with assembled(Config(), Quiet(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        bench = copies.Bench(pipeline, lambda _: None)
        for seed in (SEED, SEED + 1, SEED + 2):
            take = pictures(seed, seconds=1.0), FPS
            label = bench.bank(f"clip {seed}", shown(take))
            matches = [one for one in asked(pipeline, bench, (take[0][::-1], FPS)).matches if one.entry == label]
            assert matches, "every frame of it is the entry's"
            assert all(reach(one) <= ActionLevel.REPORT for one in matches)


@pytest.mark.parametrize(("pieces", "uneven"), [(1, False), (2, False), (1, True)])
def test_faces_that_were_compared_at_other_moments_make_no_source(pieces: int, uneven: bool) -> None:
    """Corners know one speed: where there are several, another face is for a person to see, and no evidence."""
    sure = Match(media=0, bank="b", bank_kind="block", entry="E-1", confirmed=True, method="pdq", signal="pdq")
    finding = Finding(
        kind="source",
        face_region="differs",
        transform="none",
        inliers=90,
        frames=9,
        of=9,
        entry_frames=9,
        coverage_query=1.0,
        coverage_entry=1.0,
        query_ranges=((0.0, 4.0),),
        entry_ranges=((0.0, 4.0),),
        face_distance=0.4,
        faces=(),
        region=0.1,
        region_found=0.0,
        rate=0.8,
        affine=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    )
    one = moving((pictures(SEED), FPS))
    stretches = judge(one, one, [UPRIGHT], sure=True).stretches * pieces
    told = _by_motion(0, sure, finding, MotionTake("same", stretches, uneven=uneven), shown((pictures(SEED)[:20], FPS)))
    assert (isinstance(told, Match) and told.unsure) == (pieces > 1 or uneven)
    assert isinstance(told, SourceMatch) == (pieces == 1 and not uneven)


@pytest.mark.parametrize(
    ("way", "pace", "backward"),
    [(lambda take: speed(take, 1.5), 1.5, [False]), (lambda take: again(take, backward=True), 1.0, [False, True])],
    ids=["faster", "boomerang"],
)
def test_evidence_says_which_stretches_agree(way, pace: float, backward: list[bool]) -> None:  # type: ignore[no-untyped-def]
    """A match of the same take keeps stretches in pairs, in the media's order, with speed and direction."""
    match = Match(media=0, bank="b", bank_kind="block", entry="E-1", confirmed=True, method="pdq", signal="pdq")
    take = pictures(SEED), FPS
    changed = way(take)
    agreed = judge(moving(take), moving(changed), [UPRIGHT], sure=True)
    told = _by_motion(0, match, None, agreed, shown((pictures(SEED)[:20], FPS)))
    assert told.motion is not None
    assert told.motion.speed == pytest.approx(pace, rel=0.03)
    assert [one.reversed for one in told.motion.stretches] == backward
    for one in told.motion.stretches:
        asked, kept = one.query[1] - one.query[0], one.entry[1] - one.entry[0]
        assert kept / asked == pytest.approx(one.speed, rel=0.1)


@pytest.mark.parametrize("region", ["agrees", "unknown"])
def test_what_may_be_another_moment_goes_to_review_at_most(region: FaceRegion) -> None:
    """A match that motion is not sure of carries no report and no removal, confirmed or not."""
    sure = Match(
        media=0,
        bank="b",
        bank_kind="block",
        entry="E-1",
        confirmed=True,
        method="pdq",
        signal="pdq",
        face_region=region,
    )
    assert reach(sure) > ActionLevel.REVIEW
    assert reach(replace(sure, unsure=True)) == ActionLevel.REVIEW
    assert "another moment" in shortfall(replace(sure, unsure=True))


@pytest.mark.parametrize(("shared", "kind"), [(0.02, "still"), (0.12, "unsure")])
def test_what_hardly_moves_before_a_noisy_camera_is_for_a_person(shared: float, kind: str) -> None:
    """Between noise and motion nobody can tell one moment from another, so frames that match act on nothing alone."""
    rng = np.random.default_rng(5)
    white = rng.normal(0, 30, (40, SIDE + 1, SIDE + 1))
    field = white[:, 1:, 1:] + shared * (white[:, :-1, 1:] + white[:, 1:, :-1])
    kept = np.clip(np.round(field), -127, 127).astype(np.int8)
    one, later = Motion(kept.tobytes()), Motion(kept[::-1].tobytes())
    assert abs(one.alike - shared) < 0.02
    take = judge(one, later, [UPRIGHT], sure=True)
    assert take.kind == kind
    assert take.faint == (kind == "unsure")
    assert judge(one, one, [UPRIGHT], sure=False).kind == "still"


@settings(max_examples=30)
@given(st.floats(0.35, 2.9), st.booleans(), st.floats(-3, 6), st.floats(0, 2), st.floats(1, 4))
@pytest.mark.slow
def test_a_line_is_scored_as_its_moments_are_compared(
    pace: float, backward: bool, offset: float, begin: float, length: float
) -> None:
    """The correlation that is read from products of rows is that of the changes along the line, moment by moment."""
    cells = Cells(moving((pictures(SEED), FPS)), moving((pictures(SEED, 1.0), FPS)), UPRIGHT, 16)
    speed, span = (-pace if backward else pace), (begin, begin + length)
    held, asked, shown = cells.pair((speed, offset), *span)
    held, asked = held[shown].astype(np.float64), asked[shown].astype(np.float64)
    wanted = -1.0
    if len(held) >= 4:
        wanted = float((held * asked).sum() / np.sqrt((held**2).sum() * (asked**2).sum() + 1e-6))
    (found,) = _scores(cells, np.array([speed]), np.array([offset]), span)
    assert found == pytest.approx(wanted, abs=1e-3)


def test_diagonals_are_sums_of_so_many_steps() -> None:
    """From every element that has enough behind it."""
    table = np.random.default_rng(1).normal(size=(9, 12)).astype(np.float32)
    found = diagonals(table, 4)
    assert found.shape == (6, 9)
    assert found[2, 5] == pytest.approx(sum(table[2 + step, 5 + step] for step in range(4)), abs=1e-5)
    assert found[5, 8] == pytest.approx(sum(table[5 + step, 8 + step] for step in range(4)), abs=1e-5)


@pytest.mark.slow
def test_how_far_chance_goes_is_only_asked_of_what_might_be_a_copy() -> None:
    """What is asked for less finds the same way at the same pace, and what is left out never speaks for a copy."""
    take = pictures(SEED)
    stalled = [*take[:20], *[take[20]] * 30, *take[20:]]
    whole = warp(moving((take, FPS)), moving((stalled, FPS)), UPRIGHT)
    quick = warp(moving((take, FPS)), moving((stalled, FPS)), UPRIGHT, least=SAME_BENT, jumps=False)
    assert whole is not None
    assert quick is not None
    assert whole.score == quick.score > SAME_BENT
    assert whole.rest == quick.rest <= REST
    weak = warp(moving((take, FPS)), moving((pictures(SEED + 1), FPS)), UPRIGHT, least=SAME_BENT, jumps=False)
    assert weak is not None
    assert weak.score < SAME_BENT
    assert weak.rest == pytest.approx(1.0, abs=1e-3)
