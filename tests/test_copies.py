"""Altered copies are found by local features; the same footage with another face, and the same place, are no copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.assemble import Parts, assembled
from bot.bench import alter, swaps
from bot.bench.worlds import Scene, speaker, texture, with_face
from bot.clock import SystemClock
from bot.config import Config, DecodeConfig, StorageConfig
from bot.copies import Finding, LocalFeatureIndex, why
from bot.copies.align import Lookup, Transform
from bot.copies.index import _digest
from bot.copies.points import POINT, Points, met, of_frame
from bot.copies.timeline import QueryFeatures
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError
from bot.fingerprint import fingerprint, from_json, to_json
from bot.model import Evidence, Fingerprint, Link, LocalFeatures
from bot.pipeline import Pipeline
from bot.samples import media
from bot.signals import local
from bot.store import Store
from bot.store.local_features import kept_corners
from tests import pages
from tests.bots import lent
from tests.killing import Silent
from tests.people import member
from tests.slow import few, slow

FPS = 8.0
ROOM, PAN = Scene(3, "room"), Scene(1, "pan")
Rgb = NDArray[np.uint8]
Change = Callable[[Rgb], Rgb]


def sketched(pictures: Sequence[Rgb], fps: float = FPS) -> tuple[LocalFeatures, ...]:
    """Return the features of a take."""
    sketcher = local.Sketcher()
    for number, picture in enumerate(pictures):
        sketcher.take(np.ascontiguousarray(picture[..., 1]), number / fps)
    return sketcher.sketches()


@cache
def take(world: Scene, start: float = 0.0, seconds: float = 5.0) -> tuple[Rgb, ...]:
    """Return a take of a world."""
    return tuple(world.frames(seconds, FPS, start))


@cache
def face() -> Rgb:
    """Return something that covers a face: what the bench has no photograph for."""
    return texture(4242, 160, 200, 0.8)


def shelf(*entries: Sequence[LocalFeatures]) -> LocalFeatureIndex:
    """Return a shelf of entries, numbered from 0."""
    held = dict(enumerate(entries))
    found = LocalFeatureIndex(held.__getitem__)
    found.put(held)
    return found


@cache
def known() -> LocalFeatureIndex:
    """Return a shelf with two takes: of the room and of the pan."""
    return shelf(sketched(take(ROOM)), sketched(take(PAN)))


def found(pictures: Sequence[Rgb]) -> dict[int, Finding]:
    """Return what the known takes are to another."""
    return dict(known().find(sketched(pictures)))


CHANGES: dict[str, Change] = {
    "crop": lambda p: alter.crop(p, 0.15),
    "mirror": lambda p: np.ascontiguousarray(p[:, ::-1]),
    "quarter": lambda p: np.ascontiguousarray(np.rot90(p)),
    "turned": lambda p: alter.rotate(p, 8),
    "letterbox": lambda p: alter.letterbox(p, 0.2),
    "caption": lambda p: alter.caption(p, 0.15, 1),
    "mark": lambda p: alter.watermark(p, 0.12, 5),
    "small": lambda p: alter.resize(p, 0.25),
    "framed": lambda p: alter.picture_in_picture(p, 0.5, 3, 0.0),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.slow
def test_an_altered_copy_is_found_as_a_copy(name: str) -> None:
    """What no whole-frame hash finds: crops, mirrors, turns, borders, captions, marks and frames within frames."""
    finding = found([CHANGES[name](picture) for picture in take(ROOM)])[0]
    assert finding.kind == "copy"
    assert finding.face_region != "differs"
    assert finding.coverage_entry > 0.9


@pytest.mark.slow
def test_a_copy_is_told_how_it_was_altered() -> None:
    """Mirrored, turned, or smaller: said in words."""
    told = found([np.ascontiguousarray(alter.resize(p, 0.5)[:, ::-1]) for p in take(ROOM)])[0]
    assert told.transform == "mirrored"
    assert found([CHANGES["quarter"](p) for p in take(ROOM)])[0].transform == "turned by 90°"
    framed = found([CHANGES["framed"](p) for p in take(ROOM)])[0]
    assert framed.transform == "at 50 % of the size"
    assert "0:00 to 0:04 of the entry, at 50 % of the size" in why(framed)


@pytest.mark.slow
def test_a_whole_copy_agrees_everywhere() -> None:
    """Where all parts are found again, the face region agrees, whoever is in it."""
    assert found(take(ROOM))[0].face_region == "agrees"
    assert found([alter.blur(picture, 1.5) for picture in take(PAN)])[1].face_region == "agrees"


@pytest.mark.parametrize("world", [ROOM, PAN], ids=["room", "pan"])
@pytest.mark.slow
def test_another_take_of_the_same_place_is_no_copy(world: Scene) -> None:
    """What stands still is the same; what moves is not."""
    number = 0 if world is ROOM else 1
    for other in (take(replace(world, cast=7)), take(world, 6.0)):
        finding = found(other).get(number)
        assert finding is None or finding.kind == "place"


TALKS: dict[str, Change] = {
    "plain": lambda p: p,
    "blurred": lambda p: alter.blur(p, 2),
    "captioned": lambda p: alter.caption(p, 0.15, 1),
    "framed": lambda p: alter.picture_in_picture(p, 0.6, 3, 0.0),
    "small": lambda p: alter.picture_in_picture(p, 0.4, 3, 0.0),
    "cropped": lambda p: alter.crop(p, 0.25),
}


@pytest.mark.parametrize("lively", [0.6, 1.6])
@pytest.mark.slow
def test_who_goes_on_talking_in_one_place_is_no_copy(lively: float) -> None:
    """The same body at another moment looks much alike wherever it is; it must be found at its own time."""
    bank = shelf(sketched(speaker(40, 5.0, FPS, lively=lively)))
    later = speaker(40, 5.0, FPS, 7.3, lively)
    for name, change in TALKS.items():
        finding = dict(bank.find(sketched([change(picture) for picture in later]))).get(0)
        assert finding is None or finding.kind == "place", name
    for name in ("plain", "captioned"):
        same = [TALKS[name](picture) for picture in speaker(40, 5.0, FPS, lively=lively)]
        assert dict(bank.find(sketched(same)))[0].kind == "copy", name


@pytest.mark.parametrize("world", [ROOM, PAN], ids=["room", "pan"])
@pytest.mark.slow
def test_the_footage_of_a_fake_is_source_evidence(world: Scene) -> None:
    """Against a bank that holds only the fake, the genuine clip is never a copy; the fake's own copies are."""
    fake = with_face(take(world), face(), 0.1, 5, FPS)
    bank = shelf(sketched(fake))
    genuine = dict(bank.find(sketched(take(world))))[0]
    assert (genuine.kind, genuine.face_region) == ("source", "differs")
    assert 0.02 < genuine.region < 0.4
    assert genuine.region_found < genuine.rate / 2
    copied = dict(bank.find(sketched([alter.crop(picture, 0.06) for picture in fake])))[0]
    assert copied.kind == "copy"


@pytest.mark.parametrize("area", few([0.01, 0.03], 0.03))
@pytest.mark.slow
def test_a_small_face_in_the_distance_never_agrees(area: float) -> None:
    """A replaced face that is too small to be told apart must not let a rule remove the original."""
    fake = with_face(take(ROOM), face(), area, 5, FPS)
    genuine = dict(shelf(sketched(fake)).find(sketched(take(ROOM))))[0]
    assert genuine.face_region != "agrees"


@pytest.mark.slow
def test_a_mark_does_not_make_another_face() -> None:
    """A logo stands still over the picture, a face does not: the copy stays one, and its face region unknown."""
    finding = found([alter.watermark(picture, 0.12, 5) for picture in take(ROOM)])[0]
    assert (finding.kind, finding.face_region) == ("copy", "unknown")


@pytest.mark.slow
def test_a_part_at_another_speed_says_where_it_is() -> None:
    """A trim that plays faster: the ranges of both are told."""
    entry = sketched(take(ROOM, 0.0, 8.0))
    fast, _ = alter.speed((list(take(ROOM, 0.0, 8.0)[24:56]), FPS), 1.5)
    finding = dict(shelf(entry).find(sketched(fast)))[0]
    assert finding.kind == "copy"
    assert finding.entry_ranges[0][0] == pytest.approx(3.0, abs=0.6)
    assert finding.entry_ranges[-1][1] == pytest.approx(7.0, abs=0.8)
    assert finding.coverage_entry < 0.75


@pytest.mark.parametrize("kind", ["stripes", "text", "grid", "other", "flat"])
@pytest.mark.slow
def test_what_repeats_itself_or_is_unrelated_is_nothing(kind: str) -> None:
    """Stripes, letters, grids and flat pictures agree with one another everywhere, and are not copies."""
    y, x = np.mgrid[0:360, 0:640]

    def picture(seed: int) -> Rgb:
        if kind == "stripes":
            plane = ((x + 3 * seed) // (16 + 2 * seed) % 2 * 200 + 20).astype(np.uint8)
        elif kind == "grid":
            plane = (((x // 32 + y // 32) % 2) * 180 + 30 + seed).astype(np.uint8)
        elif kind == "flat":
            plane = np.full((360, 640), 90 + seed, dtype=np.uint8)
        elif kind == "text":
            return alter.caption(alter.caption(np.full((360, 640, 3), 255, np.uint8), 0.5, seed), 0.3, seed + 9)
        else:
            return texture(seed, 640, 360)
        return np.ascontiguousarray(np.repeat(plane[..., None], 3, axis=2))

    bank = shelf(*(sketched([picture(seed)]) for seed in range(4)))
    assert [one.kind for _, one in bank.find(sketched([picture(9)])) if one.kind == "copy"] == []


def looked_at(banked: Rgb, *asked: Rgb) -> list[Evidence]:
    """Return what is found of some stills where one was banked, the whole way but for the child."""
    link = Link(url="x", host="", id=None, kind="media", source="target")
    with assembled(Config(), Silent(), parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        prints = [fingerprint(media.encode_still(one, quality=80), DecodeConfig()) for one in (banked, *asked)]
        pipeline.deps.store.banks.add("known-fakes", prints[0], by=member(pipeline, "me"))
        return [pipeline.scanner.matched(Evidence(target="x", link=link), [(0, one)]) for one in prints[1:]]


@pytest.mark.parametrize("layout", few(pages.LAYOUTS, "chat"))
@pytest.mark.parametrize("dark", few([False, True], False))
@pytest.mark.slow
def test_another_page_of_one_site_is_no_copy(layout: pages.Layout, dark: bool) -> None:
    """Furniture, thumbnails and letters that all pages share prove nothing; the same page is a copy."""
    page = pages.page(layout, 1, 3, dark=dark)
    other, again = looked_at(page, pages.page(layout, 1, 4, dark=dark), alter.resize(page, 0.75))
    assert [match for match in other.matches if not match.unsure] == []
    assert [match.unsure for match in again.matches] == [False]


def test_a_picture_is_found_on_a_page() -> None:
    """What a page's player shows is matched, whatever stands around it."""
    page = pages.page("player", 1, 3)
    (found,) = looked_at(alter.resize(page[90:360, 24:504], 2), page)
    assert [match.method for match in found.matches] == ["local"]


@pytest.mark.parametrize("side", few(["bottom", "left", "middle"], "left"))
@pytest.mark.slow
def test_a_still_of_which_a_part_is_hidden_is_for_a_person_to_look_at(side: str) -> None:
    """Half a picture that agrees is never another take because of the half that cannot be seen."""
    picture = texture(3, 800, 500)
    hidden = picture.copy()
    if side == "bottom":
        hidden[250:] = 128
    elif side == "left":
        hidden[:, :400] = 0
    else:
        hidden[150:430, 160:640] = 255
    (found,) = looked_at(picture, hidden)
    assert [match.unsure for match in found.matches] == [True]
    assert "is hidden" in found.matches[0].why


@pytest.mark.parametrize("seed", few([5, 8, 11, 502], 5))
@pytest.mark.slow
def test_a_still_with_something_else_over_a_part_is_for_a_person_to_look_at(seed: int) -> None:
    """What is left uncovered agrees, so somebody sees it; where little is left it is nothing."""
    picture, other = texture(seed, 800, 500), texture(seed + 40, 800, 500)
    sticker, most = picture.copy(), other.copy()
    sticker[50:450, 80:480] = other[50:450, 80:480]
    most[:, :120] = picture[:, :120]
    found, nothing = looked_at(picture, sticker, most)
    assert [match.unsure for match in found.matches] == [True]
    assert "shows something else" in found.matches[0].why
    assert nothing.matches == ()


def test_plain_shapes_are_not_taken_for_one_another() -> None:
    """By pHash alone stripes, a frame and two halves are alike: that counts for nothing, also in a bank of one."""
    y, x = np.mgrid[0:300, 0:400]
    shapes = [
        (x // 20 % 2) * 255,
        np.where(y < 150, 0, 255),
        np.where((x < 6) | (y < 6) | (x > 393) | (y > 293), 200, 0),
    ]
    banked, *others = (np.repeat(shape.astype(np.uint8)[..., None], 3, axis=2) for shape in shapes)
    assert [found.matches for found in looked_at(banked, *others)] == [(), ()]


@pytest.mark.slow
def test_what_is_withdrawn_during_a_search_is_nothing() -> None:
    """Its features are gone between the index, which still holds it, and the closer look."""
    entries = {0: sketched(take(ROOM)), 1: sketched(take(PAN))}
    held = LocalFeatureIndex(lambda entry: entries.get(entry, ()))
    held.put(entries)
    del entries[0]
    assert held.find(sketched(take(ROOM))) == []
    assert held.compare(sketched(take(ROOM)), 0) is None


@pytest.mark.slow
def test_what_was_withdrawn_is_not_found_again_until_put_back() -> None:
    """Drop and put work on one entry and leave the others alone."""
    entries = {0: sketched(take(ROOM)), 1: sketched(take(PAN))}
    held = LocalFeatureIndex(entries.__getitem__)
    held.put(entries)
    assert 0 in dict(held.find(entries[0]))  # and not answered as before from here on
    held.drop(0)
    assert 0 not in dict(held.find(entries[0]))
    assert 1 in dict(held.find(entries[1]))
    held.put([0])
    assert 0 in dict(held.find(entries[0]))


@pytest.mark.slow
def test_a_media_that_comes_again_is_answered_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search is done once for a media and what is known of it; another time or another face is another media."""
    entries = {0: sketched(take(ROOM)), 1: sketched(take(PAN))}
    held = LocalFeatureIndex(entries.__getitem__)
    held.put(entries)
    searched: list[QueryFeatures] = []
    search = held.search

    def counted(asked: QueryFeatures) -> list[tuple[int, bool, list[tuple[int, int]]]]:
        searched.append(asked)
        return search(asked)

    monkeypatch.setattr(held, "search", counted)
    asked = entries[0]
    first = held.find(asked)
    assert held.find(list(asked)) == first
    assert len(searched) == 1
    assert 0 not in dict(held.find(asked, but={0}))
    one = asked[0]
    others: list[Sequence[LocalFeatures]] = [
        asked,
        [*asked[1:], one],
        asked[1:],
        [replace(one, t=one.t + 1), *asked[1:]],
        [replace(one, aspect=2 * one.aspect), *asked[1:]],
        [replace(one, faces=None if one.faces is not None else b""), *asked[1:]],
        [replace(one, points=one.points + one.mirrored, mirrored=b""), *asked[1:]],
    ]
    assert len({_digest(other) for other in others}) == len(others)


@pytest.mark.slow
def test_many_small_additions_are_joined_and_still_found() -> None:
    """Entries that come one by one end in few segments."""
    entries = {number: sketched([texture(number, 320, 180)]) for number in range(20)}
    held = LocalFeatureIndex(entries.__getitem__)
    for number in entries:
        held.put([number])
    assert len(held._segments) < 10
    assert all(dict(held.find(entries[number]))[number].kind == "copy" for number in (0, 9, 19))


@pytest.mark.slow
def test_a_fingerprint_with_features_survives_the_way_through_a_child() -> None:
    """JSON and back; what is not corners is refused."""
    clip = fingerprint(media.encode_clip(take(ROOM)[:12], fps=8), DecodeConfig())
    assert len(clip.sketches) >= 2
    assert from_json(to_json(clip)) == clip
    bad = to_json(clip)
    bad["sketches"][0][2] = "AAAA"
    with pytest.raises(ValueError, match="not a sketch"):
        from_json(bad)


@given(st.binary(max_size=240), st.floats(0.1, 10))
@pytest.mark.slow
def test_any_bytes_that_pass_for_corners_can_be_asked(data: bytes, aspect: float) -> None:
    """A child that was taken over may send anything: it makes no match and breaks nothing."""
    points = data[: len(data) // POINT.itemsize * POINT.itemsize]
    mirrored = bytes(8 * (len(points) // POINT.itemsize))
    sketch = LocalFeatures(t=0.0, aspect=aspect, points=points, mirrored=mirrored)
    assert len(of_frame(sketch, mirrored=True)) == len(points) // POINT.itemsize
    assert [one for _, one in known().find([sketch, replace(sketch, t=1.0)]) if one.kind == "copy"] == []


@pytest.mark.slow
def test_features_are_sealed_and_only_what_is_needed_is_kept() -> None:
    """The database holds no corner in the clear, no mirror image, and fewer corners than a query has."""
    clip = fingerprint(media.encode_clip(take(ROOM)[:16], fps=8), DecodeConfig())
    key = new_key()
    with Store(None, SystemClock(), FieldCipher(key)) as store:
        store.banks.create("b", "block")
        store.banks.add("b", clip, by=member(store, "me"))
        number = store.known.changed(0)[0]
        kept = store.sketches.of(number)
        assert [sketch.t for sketch in kept] == [sketch.t for sketch in clip.sketches]
        assert all(len(sketch.points) <= 300 * POINT.itemsize and not sketch.mirrored for sketch in kept)
        raw = store.connection.value("select sealed from sketches")
        assert kept[0].points[:24] not in raw
        store.sketches._seal = FieldCipher(new_key())
        with pytest.raises(SealError, match="does not open with this key"):
            store.sketches.of(number)


@pytest.mark.slow
def test_a_picture_alone_keeps_a_finer_look_too() -> None:
    """Of a large crop only small corners are left: up to 900 are kept, and any first part has some of both looks."""
    (whole,) = fingerprint(media.encode_still(texture(8, 960, 640)), DecodeConfig()).sketches
    coarse, fine = whole.points, whole.fine
    kept = kept_corners(whole, alone=True)
    size = POINT.itemsize
    assert size * 600 < len(kept) <= size * 900
    first = {kept[at : at + size] for at in range(0, size * 90, size)}
    assert first & {coarse[at : at + size] for at in range(0, len(coarse), size)}
    assert first & {fine[at : at + size] for at in range(0, len(fine), size)}
    assert kept_corners(whole, alone=False) == coarse[: size * 300]


@pytest.mark.slow
def test_a_copy_in_a_compilation_is_found_where_it_is() -> None:
    """Among a minute of other things: the right stretch of time, at its own speed."""
    others = [frame for seed in (60, 61, 62, 63) for frame in Scene(seed, "room").frames(8.0, 4.0)]
    inside = list(take(ROOM, 0.0, 8.0))[::2]
    finding = dict(known().find(sketched([*others[:64], *inside, *others[64:]], 4.0)))[0]
    assert finding.kind == "copy"
    assert finding.query_ranges[0][0] == pytest.approx(16.0, abs=1.2)
    assert finding.query_ranges[-1][1] == pytest.approx(21.0, abs=1.2)


@slow
def test_a_compilation_of_altered_clips_loses_none_of_them() -> None:
    """Six clips one after the other, mirrored, half of them soft and with few corners: each is found in its time."""
    worlds = [Scene(seed, "room") for seed in (71, 72, 73, 74, 75, 76)]
    clips = [take(world, 0.0, 3.0)[::2] for world in worlds]
    clips = [
        tuple(alter.blur(alter.tone(one, contrast=0.3), 6) for one in clip) if number % 2 else clip
        for number, clip in enumerate(clips)
    ]
    bank = shelf(*(sketched(clip, FPS / 2) for clip in clips))
    asked = [np.ascontiguousarray(alter.crop(one, 0.05)[:, ::-1]) for clip in clips for one in clip]
    findings = dict(bank.find(sketched(asked, FPS / 2)))
    assert {entry: finding.kind for entry, finding in findings.items()} == dict.fromkeys(range(6), "copy")
    for entry, finding in findings.items():
        assert finding.query_ranges[0][0] == pytest.approx(3.0 * entry, abs=1.2)


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Pipeline]:
    """A bot with a bank of known fakes."""
    config = Config(storage=StorageConfig(path=tmp_path / "data"))
    with assembled(config, Silent(), parts=Parts(rules=False, reddit=False, children=lent)) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        yield pipeline


def fingerprinted(bot: Pipeline, pictures: Sequence[Rgb], crf: int = 23) -> Fingerprint:
    """Return what a confined child makes of a video."""
    return bot.deps.workers.fingerprint(media.encode_clip(pictures, fps=int(FPS), crf=crf))


@pytest.mark.slow
def test_the_whole_way_from_a_confined_child_to_evidence(bot: Pipeline) -> None:
    """A crop matches by local features; the footage of a fake is source evidence; a withdrawn entry is silent."""

    def evidence(pictures: Sequence[Rgb], crf: int = 23) -> Evidence:
        link = Link(url="x", host="", id=None, kind="media", source="target")
        return bot.scanner.matched(Evidence(target="x", link=link), [(0, fingerprinted(bot, pictures, crf))])

    host, donor = swaps.portraits(drawn=0)
    footage, _ = swaps.take(host, 5, face=0.06, seconds=4)
    fake, _ = swaps.take(swaps.swapped(host, donor), 5, face=0.06, seconds=4)
    label, _ = bot.deps.store.banks.add("known-fakes", fingerprinted(bot, fake), by=member(bot, "me"))
    cropped = evidence([np.ascontiguousarray(alter.crop(picture, 0.1)[:, ::-1]) for picture in fake])
    (match,) = cropped.matches
    assert (match.entry, match.method, match.distance) == (label, "local", None)
    assert "mirrored" in match.transform
    assert match.inliers is not None
    assert match.inliers >= 18
    whole = evidence(fake, crf=28)
    assert [(m.method, m.face_region) for m in whole.matches] == [("pdq", "agrees")]
    genuine = evidence(footage)
    assert genuine.matches == ()
    assert [(s.kind, s.entry) for s in genuine.source] == [("face_differs", label)]
    assert "but the face is another one" in genuine.source[0].why
    elsewhere = evidence(take(replace(ROOM, cast=7)))
    assert elsewhere.matches == ()
    bot.deps.store.banks.withdraw(label)
    assert evidence(fake).matches == ()


@pytest.mark.slow
def test_an_allow_entry_speaks_for_local_matches_too(bot: Pipeline) -> None:
    """A harmless clip inside a banked compilation stays harmless when it is cropped."""
    store = bot.deps.store
    store.banks.create("harmless", "allow")
    clip = fingerprinted(bot, take(ROOM))
    fake, _ = store.banks.add("known-fakes", clip, by=member(store, "me"))
    allowed, _ = store.banks.add("harmless", replace(clip, sha256="ab" * 32), by=member(store, "me"))
    store.banks.allow(allowed, against=[fake])
    link = Link(url="x", host="", id=None, kind="media", source="target")
    cropped = fingerprinted(bot, [alter.crop(picture, 0.12) for picture in take(ROOM)])
    looked = bot.scanner.matched(Evidence(target="x", link=link), [(0, cropped)])
    assert {m.bank: m.suppressed for m in looked.matches} == {"known-fakes": True, "harmless": False}


@pytest.mark.slow
def test_a_moment_in_common_is_no_copy(bot: Pipeline) -> None:
    """Where one cut of a long take ends and the next begins a few frames are alike: that is the same place, no more."""
    bot.deps.store.banks.add("known-fakes", fingerprinted(bot, take(PAN, 4.0, 5.0)), by=member(bot, "me"))
    others = [texture(900 + number, 640, 360) for number in range(40)]
    before = [*others[:20], *take(PAN, 3.75, 0.6), *others[20:]]
    found = fingerprinted(bot, before)
    assert len(bot.scanner.library().match(found, 0)) == 1
    link = Link(url="x", host="", id=None, kind="media", source="target")
    looked = bot.scanner.matched(Evidence(target="x", link=link), [(0, found)])
    assert looked.matches == ()
    assert [(source.kind, source.face_region) for source in looked.source] == [("same_place", "unknown")]


def scattered(rng: np.random.Generator, count: int) -> Points:
    """Return corners all over a frame that look and lie the same way."""
    place = rng.uniform(-40, 300, (count, 2)).astype(np.float32)
    none = np.zeros(count, dtype=np.float32)
    return Points(place, none, none, np.zeros(count, dtype=np.uint64))


@given(st.integers(0, 2**32), st.sampled_from([2.7, 3.0, 4.1, 5.003, 8.0, 20.0]), st.floats(0.5, 2.0))
def test_a_corner_is_found_again_if_one_lies_within_reach(seed: int, reach: float, scale: float) -> None:
    """Whatever the cells that are looked into, inside the frame and beyond its edge: as if all had been measured."""
    rng = np.random.default_rng(seed)
    entry, query = scattered(rng, 60), scattered(rng, 80)
    moved = Transform(np.eye(2, dtype=np.float32) * np.float32(scale), np.array([3, -5], dtype=np.float32))
    query = query.take(np.flatnonzero(((query.place >= 0) & (query.place <= 256)).all(axis=1)))
    gaps = np.linalg.norm(moved.apply(entry.place)[:, None] - query.place[None], axis=2)
    least = gaps.min(axis=1)
    sure = np.abs(least - reach) > 1e-3
    found = Lookup(query).find(entry, moved, reach=reach) >= 0
    near = (least <= reach) & (abs(np.log(scale) / np.log(1.2)) <= 2.6)
    assert np.array_equal(found[sure], near[sure])


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_words_are_met_as_if_each_pair_were_compared(words: list[int], others: list[int]) -> None:
    """Within so many bits of any other; of no others none is."""
    found = met(np.array(words, dtype=np.uint64), np.array(others, dtype=np.uint64), 28)
    assert found.tolist() == [any((one ^ other).bit_count() <= 28 for other in others) for one in words]


@slow
def test_an_entry_that_is_known_already_is_not_looked_at_again() -> None:
    """What another method found is left out of the search, and what else is there is found as before."""
    shelf = LocalFeatureIndex({1: sketched(take(ROOM)), 2: sketched(take(PAN))}.__getitem__)
    shelf.put([1, 2])
    asked = sketched(take(ROOM))
    assert [entry for entry, _ in shelf.find(asked)] == [1]
    assert shelf.find(asked, but={1}) == []
    assert [entry for entry, _ in shelf.find(asked, but={2})] == [1]
