"""A fake and the footage it was made from differ only in the face: real swaps of benign faces are told apart."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.bench import alter, swaps
from bot.bench.alter import Take
from bot.bench.copies import encode
from bot.clock import SystemClock
from bot.config import DecodeConfig
from bot.copies import Finding, LocalFeatureIndex, why
from bot.copies.points import SPOT
from bot.encryption import FieldCipher, new_key
from bot.faces import Located, Picture
from bot.faces.dlib import Dlib
from bot.fingerprint import fingerprint, from_json, to_json
from bot.fingerprint.face_regions import LARGE, LEAST, LookedAt, _grey, spots
from bot.model import FaceMatch, Fingerprint, LocalFeatures, SourceMatch
from bot.pipeline.scanning.face_swaps import named
from bot.samples.portrait import drawn
from bot.store import Store
from bot.store.local_features import _unpacked
from tests.people import member
from tests.slow import few, slow

FACE = 0.05  # of the picture
HOST, DONOR = 0, 1


@cache
def people() -> tuple[swaps.Portrait, ...]:
    """Return an astronaut and an officer."""
    return tuple(swaps.portraits(drawn=0))


@cache
def footage(number: int = 2, start: float = 0.0) -> Take:
    """Return a take that shows the astronaut."""
    return swaps.take(people()[HOST], number, face=FACE, seconds=3, start=start)


@cache
def fake(number: int = 2, blend: swaps.Blend = "matched") -> Take:
    """Return the same take with the officer's face."""
    return swaps.take(swaps.swapped(people()[HOST], people()[DONOR], blend), number, face=FACE, seconds=3)


@cache
def locator() -> Dlib:
    """Return what finds faces."""
    return Dlib()


def printed(take: Take, alteration: alter.Alteration | None = None) -> Fingerprint:
    """Return what is kept of a take as a file, where its faces are included."""
    return fingerprint(encode(take, alteration), DecodeConfig(), locator=locator())


def against(entry: Sequence[LocalFeatures], query: Sequence[LocalFeatures]) -> Finding:
    """Return what an entry is to a query."""
    shelf = LocalFeatureIndex({0: entry}.__getitem__)
    shelf.put([0])
    found = shelf.compare(query, 0)
    assert found is not None
    return found


def altered(take: Take, kind: str) -> tuple[LocalFeatures, ...]:
    """Return the features of an altered take."""
    alteration = alter.parse(kind)
    return printed(alteration.apply(take, 1), alteration).sketches


@cache
def of_footage() -> tuple[LocalFeatures, ...]:
    """Return the features of the footage."""
    return printed(footage()).sketches


@cache
def of_fake() -> tuple[LocalFeatures, ...]:
    """Return the features of the fake."""
    return printed(fake()).sketches


def with_corners(sketches: Sequence[LocalFeatures], every: int) -> list[LocalFeatures]:
    """Return sketches of which one in `every` has corners; all keep their faces."""
    return [
        sketch if place % every == 0 else replace(sketch, points=b"", mirrored=b"", fine=b"", fine_mirrored=b"")
        for place, sketch in enumerate(sketches)
    ]


@pytest.mark.parametrize("kind", few(["re-encode", "crop=0.05", "mirror", "noise"], "re-encode"))
@pytest.mark.slow
def test_a_fake_and_its_footage_are_told_apart_both_ways(kind: str) -> None:
    """Each agrees with its own copies and is the same footage with another face to the other's."""
    for own, other, take in ((of_footage(), of_fake(), footage()), (of_fake(), of_footage(), fake())):
        copy = altered(take, kind)
        same = against(own, copy)
        seen = [len(sketch.faces or b"") // SPOT.itemsize for sketch in (*own, *copy)]
        assert (same.kind, same.face_region) == ("copy", "agrees"), (same, seen)
        swap = against(other, copy)
        assert (swap.kind, swap.face_region) == ("source", "differs")
        assert swap.face_distance is not None
        assert same.face_distance is not None
        assert swap.face_distance > 0.3 > same.face_distance


@slow
def test_faces_are_compared_between_frames_that_have_corners() -> None:
    """The alignment says which rows of faces show one moment, in frames without corners too."""
    entry = with_corners(of_footage(), 2)
    same, swap = against(entry, with_corners(of_footage(), 3)), against(entry, with_corners(of_fake(), 3))
    assert (same.kind, same.face_distance) == ("copy", 0.0)
    assert same.face_region != "differs"
    assert (swap.kind, swap.face_region) == ("source", "differs")
    assert swap.face_distance is not None
    assert swap.face_distance > 0.3
    assert len(swap.faces) >= 0.7 * len(of_fake())


@pytest.mark.parametrize("blend", few(swaps.BLENDS, swaps.BLENDS[0]))
@pytest.mark.slow
def test_a_swap_is_found_however_it_is_blended(blend: swaps.Blend) -> None:
    """Matched in colour, pasted as it is, or faint."""
    found = against(of_footage(), printed(fake(2, blend)).sketches)
    assert (found.kind, found.face_region) == ("source", "differs")
    assert "but the face is another one" in why(found)


@pytest.mark.slow
def test_a_mark_over_a_face_makes_no_other_face() -> None:
    """What lies over the face of a copy is no swap, and the copy's face is not said to agree."""
    pictures, fps = footage()
    marked = [picture.copy() for picture in pictures]
    height, width, _ = marked[0].shape
    for picture in marked:
        picture[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3] = (90, 200, 110)
    found = against(of_footage(), printed((marked, fps)).sketches)
    assert (found.kind, found.face_region) != ("source", "differs")
    assert found.face_region != "agrees"


@pytest.mark.slow
def test_a_caption_over_a_face_makes_no_other_face() -> None:
    """Text that stands still over a part of a moving face is a caption, whatever it makes of the face."""
    officer = people()[DONOR]
    pictures, fps = swaps.take(officer, 35, face=0.15, seconds=3)
    bar = alter.caption(pictures[0], 0.13, 7)[:47]
    captioned = [np.concatenate([picture[:166], bar, picture[213:]]) for picture in pictures]
    found = against(printed((pictures, fps)).sketches, printed((captioned, fps)).sketches)
    assert (found.kind, found.face_region) == ("copy", "unknown")


@pytest.mark.slow
def test_a_face_that_was_not_seen_again_never_agrees() -> None:
    """Made so small that no face is found any more, a copy may be of either."""
    small = altered(footage(), "resize=0.25")
    assert not any(sketch.faces for sketch in small)
    for entry in (of_footage(), of_fake()):
        assert against(entry, small).face_region == "unknown"


@pytest.mark.slow
def test_a_still_with_another_face_is_no_copy() -> None:
    """One picture is enough where both are one picture."""
    (original, *_), _ = footage()
    (swapped, *_), _ = fake()
    entry = printed(([original], 1.0)).sketches
    assert against(entry, printed(([swapped], 1.0)).sketches).face_region == "differs"
    assert against(entry, altered(([original], 1.0), "re-encode")).face_region == "agrees"


@pytest.mark.slow
def test_where_faces_are_survives_storage_and_tells_no_more() -> None:
    """JSON and back, sealed and back; an older version's rows tell of no faces; a forged row is refused."""
    clip = printed(fake())
    assert sum(len(sketch.faces or b"") for sketch in clip.sketches) >= 5 * SPOT.itemsize
    assert from_json(json.loads(json.dumps(to_json(clip)))) == clip
    older = to_json(clip)
    older["sketches"] = [row[:6] for row in older["sketches"]]
    assert all(sketch.faces is None for sketch in from_json(older).sketches)
    forged = to_json(clip)
    forged["sketches"][0][6] = "AAAA"
    with pytest.raises(ValueError, match="not a sketch"):
        from_json(forged)
    with Store(None, SystemClock(), FieldCipher(new_key())) as store:
        store.banks.create("b", "block")
        store.banks.add("b", clip, by=member(store, "me"))
        kept = store.sketches.of(store.known.changed(0)[0])
        assert [sketch.faces for sketch in kept] == [sketch.faces for sketch in clip.sketches]
        raw = store.connection.value("select sealed from sketches")
        assert next(sketch.faces for sketch in kept if sketch.faces)[8:40] not in raw
    assert [sketch.faces for sketch in _unpacked(b"[[0.0, 1.5, 2]]\nab")[0]] == [None]


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (27, 300), (2, 2)])
@pytest.mark.parametrize("moving", [False, True])
def test_a_picture_too_small_for_a_face_has_none(size: tuple[int, int], moving: bool) -> None:
    """A pixel or a line, as sites use to count visitors, is a file like any other."""
    rng = np.random.default_rng(6)
    pictures = [Image.fromarray(rng.integers(0, 255, size, dtype=np.uint8)) for _ in range(2 if moving else 1)]
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=moving, append_images=pictures[1:], duration=500)
    taken = fingerprint(file.getvalue(), DecodeConfig(), locator=Dlib())
    assert taken.frames == len(pictures)
    assert not any(sketch.faces for sketch in taken.sketches)


class Counting(Dlib):
    whole = 0

    def locate(self, picture: Picture, *, least: int) -> list[Located]:
        """Count searches of whole frames."""
        self.whole += picture.shape[:2] == (360, 640)
        return super().locate(picture, least=least)


@pytest.mark.slow
def test_whole_frames_are_searched_where_something_changed() -> None:
    """A picture that stands but for noise is searched for faces once; a small change anywhere is looked at.

    Where it was looked at for large faces only, the next time small ones are looked for too.
    """

    rng = np.random.default_rng(4)
    empty = np.full((360, 640), 110, np.uint8)
    looks = [np.clip(empty + rng.normal(0, 3, empty.shape), 0, 255).astype(np.uint8) for _ in range(24)]
    model = Counting()
    assert spots([LookedAt(i / 4, luma) for i, luma in enumerate(looks)], model, still=False) == [b""] * 24
    assert model.whole == 1
    face = people()[HOST].picture[..., 1]
    for luma in looks[12:]:
        part = luma[20 : 20 + len(face), 300 : 300 + face.shape[1]]
        part[:] = face[: len(part)]
    found = spots([LookedAt(i / 4, luma) for i, luma in enumerate(looks)], model, still=False)
    assert not any(found[:12])
    assert all(found[12:])
    assert model.whole == 4
    for luma in looks[:12]:
        luma[:] = looks[13]
    for luma in looks[7:9]:
        luma[:] = empty
    found = spots([LookedAt(i / 4, luma) for i, luma in enumerate(looks)], model, still=False)
    assert [bool(faces) for faces in found] == [not 7 <= i < 9 for i in range(24)]
    assert model.whole == 5


@pytest.mark.slow
def test_a_face_that_only_moves_itself_is_followed_and_another_one_is_looked_for() -> None:
    """What changes around a face that is followed costs no search of the whole frame; what changes elsewhere does."""
    rng = np.random.default_rng(5)
    face = people()[HOST].picture[..., 1]
    looks = [np.full((360, 640), 110, np.uint8) for _ in range(24)]
    for luma in looks:
        luma[20 : 20 + len(face), 20 : 20 + face.shape[1]] = face[: len(luma) - 20]
    model = Counting()
    x, y, wide, high = model.locate(_grey(looks[0]), least=LEAST)[0].box
    for luma in looks:
        mouth = luma[y + 3 * high // 4 : y + high, x + wide // 3 : x + 2 * wide // 3]
        mouth[:] = np.clip(mouth.astype(int) + rng.integers(-40, 40), 0, 255)
    model.whole = 0
    found = spots([LookedAt(i / 4, luma) for i, luma in enumerate(looks)], model, still=False)
    assert all(len(rows) == SPOT.itemsize for rows in found)
    assert model.whole == 1
    for luma in looks[12:]:
        luma[20 : 20 + len(face), 340 : 340 + face.shape[1]] = face[: len(luma) - 20]
    model.whole = 0
    found = spots([LookedAt(i / 4, luma) for i, luma in enumerate(looks)], model, still=False)
    assert [len(rows) // SPOT.itemsize for rows in found] == [1] * 12 + [2] * 12
    assert model.whole == 3


@pytest.mark.slow
def test_small_faces_are_looked_for_every_other_time() -> None:
    """A small face is found in moving pictures and followed into frames that are searched for large ones only."""
    portrait = people()[HOST].picture[..., 1]
    small = cv2.resize(portrait, None, fx=0.62, fy=0.62, interpolation=cv2.INTER_AREA)
    looks = [np.full((360, 640), 110, np.uint8) for _ in range(24)]
    for place, luma in enumerate(looks):
        luma[: len(small), 5 * place : 5 * place + small.shape[1]] = small[: len(luma)]
        luma[340:, :] = 10 * place  # something new all the time
    model = Counting()
    assert LEAST <= model.locate(_grey(looks[2]), least=LEAST)[0].box.height < LARGE
    assert not model.locate(_grey(looks[2]), least=LARGE)
    assert all(spots([LookedAt(i / 4, luma) for i, luma in enumerate(looks)], model, still=False))


@settings(max_examples=25)
@given(st.binary(min_size=SPOT.itemsize, max_size=3 * SPOT.itemsize))
@pytest.mark.slow
def test_any_bytes_that_pass_for_faces_can_be_asked(data: bytes) -> None:
    """A child that was taken over may send anything: it breaks nothing and makes no face agree."""
    faces = data[: len(data) // SPOT.itemsize * SPOT.itemsize]
    asked = [
        LocalFeatures(t=one.t, aspect=one.aspect, points=one.points, mirrored=one.mirrored, faces=faces)
        for one in of_footage()
    ]
    assert against(of_footage(), asked).face_region != "agrees"


def test_source_evidence_says_whom_the_other_face_resembles() -> None:
    """A protected person's face where the footage shows another one is named; one elsewhere in the picture is not."""
    row = SourceMatch(
        media=0,
        kind="face_differs",
        boxes=((0.0, 100, 80, 60, 60), (1.0, 140, 80, 60, 60)),
        why="the same footage",
    )
    face = FaceMatch(media=0, t=1.2, box=(150, 90, 64, 64), person="P-1", probability=0.98, why="in 5 of 6 views")
    (found,) = named([row], [face])
    assert (found.resembles, found.probability) == ("P-1", 0.98)
    assert found.why == "the same footage; it resembles a protected person, P-1: in 5 of 6 views"
    others = (replace(face, box=(400, 90, 64, 64)), replace(face, media=1), replace(face, t=3.0), replace(face, t=None))
    for other in others:
        assert named([row], [other]) == (row,)
    place = replace(row, kind="same_place")
    assert named([place], [face]) == (place,)


def test_drawn_portraits_are_faces_of_nobody() -> None:
    """Each seed is another face, which a detector finds; the same seed is the same picture."""
    pictures = [drawn(seed) for seed in range(4)]
    assert all(len(locator().locate(picture, least=60)) == 1 for picture in pictures)
    assert np.array_equal(pictures[1], drawn(1))
    assert not np.array_equal(pictures[1], pictures[2])
