"""Faces: found, followed, compared. The two real ones are in the public domain and come with Python packages."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from bot import faces, frames
from bot.cli import app
from bot.config import DecodeConfig, GalleryConfig
from bot.errors import FaceModelError, MediaError
from bot.faces import Box, Watcher
from bot.faces.dlib import Dlib, _grey, unpacked_detector
from bot.faces.tracks import FACES as EMBEDDED
from bot.faces.tracks import MOST, VIEWS
from bot.fingerprint import Asked, from_json, read, to_json
from bot.fingerprint.wire import to_wire
from bot.model import FaceTrack
from bot.workers import Workers
from tests import portraits
from tests.slow import slow

MODEL = faces.FACES[0]
boxes = st.builds(Box, *(st.integers(-500, 500) for _ in range(2)), *(st.integers(1, 500) for _ in range(2)))


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Confined children that look for faces."""
    with Workers(DecodeConfig(), GalleryConfig()) as running:
        yield running


def seen(data: bytes, workers: Workers) -> tuple[FaceTrack, ...]:
    """Return the faces of a file, found in a confined child."""
    return workers.fingerprint(data, faces=True).faces


def vector(data: bytes, workers: Workers) -> NDArray[np.float32]:
    """Return the vector of the best face's first view."""
    return np.frombuffer(seen(data, workers)[0].views[0].vector, "<f4")


def distance(one: bytes, other: bytes, workers: Workers) -> float:
    """Return how far the faces of two files are apart."""
    return float(np.linalg.norm(vector(one, workers) - vector(other, workers)))


@pytest.mark.slow
def test_a_face_is_found_where_it_is(workers: Workers) -> None:
    """The box of a portrait lies on the face, in pixels of the file; a cat, a flat picture and noise have none."""
    (track,) = seen(portraits.file("astronaut", height=310), workers)
    (_, box), *rest = track.places
    assert rest == []
    assert Box(*box).overlap(Box(75, 66, 90, 90)) > 0.6
    assert seen(portraits.file("cat"), workers) == ()
    assert seen(portraits.encoded(Image.new("RGB", (300, 200), "grey")), workers) == ()
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    assert seen(portraits.encoded(Image.fromarray(noise)), workers) == ()


def test_the_detector_handed_to_a_child_is_dlibs_own() -> None:
    """Unpacked by the parent it finds what dlib's finds, with the same scores."""
    picture = np.asarray(portraits.picture("astronaut"))
    found = Dlib(unpacked_detector()).locate(picture, least=80)
    assert found == Dlib().locate(picture, least=80)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("half as large", lambda image: image.resize((image.width // 2, image.height // 2))),
        ("mirrored", lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        ("grey", lambda image: image.convert("L")),
        ("blurred", lambda image: image.filter(ImageFilter.GaussianBlur(1.2))),
        ("leaning", lambda image: image.rotate(12, resample=Image.Resampling.BICUBIC)),
        ("darker", lambda image: image.point(lambda value: value * 0.6)),
        ("64 colours", lambda image: image.quantize(64).convert("RGB")),
    ],
)
@pytest.mark.parametrize("name", ["astronaut", pytest.param("officer", marks=pytest.mark.slow)])
def test_a_changed_picture_shows_the_same_person(workers: Workers, name: str, what: str, change: object) -> None:
    """What hosts and makers do to a picture leaves its face recognisable."""
    original = portraits.sized(portraits.picture(name), 320)
    changed = portraits.encoded(change(original))  # type: ignore[operator]  # one of the functions above
    assert MODEL.curve.probability(distance(portraits.encoded(original), changed, workers)) > 0.9


@pytest.mark.slow
def test_two_persons_are_told_apart(workers: Workers) -> None:
    """Two people's faces are far beyond every threshold."""
    apart = distance(portraits.file("astronaut"), portraits.file("officer", kind="jpeg"), workers)
    assert MODEL.curve.probability(apart) < 0.1
    assert apart > MODEL.curve.distance(0.01 / 10)


@pytest.mark.slow
def test_a_moving_face_is_one_track_with_several_views(workers: Workers) -> None:
    """A face that wanders, grows, leans and changes its light is followed, and its views agree."""
    data = portraits.clip(portraits.wandering("astronaut"), seconds=5)
    track = seen(data, workers)[0]
    assert len(track.places) >= 6
    assert 2 <= len(track.views) <= VIEWS
    home = vector(portraits.file("astronaut"), workers)
    apart = [float(np.linalg.norm(home - np.frombuffer(view.vector, "<f4"))) for view in track.views]
    assert max(apart) < 0.5
    assert [view.t for view in track.views] == sorted({view.t for view in track.views})


def test_two_faces_are_two_tracks(workers: Workers) -> None:
    """Faces side by side are followed apart, the larger one first."""
    page = Image.new("RGB", (640, 360), (90, 100, 90))
    page.paste(portraits.sized(portraits.picture("astronaut"), 330), (10, 10))
    page.paste(portraits.sized(portraits.picture("officer"), 230), (400, 60))
    tracks = seen(portraits.encoded(page), workers)
    assert len(tracks) == 2
    assert all(track.views for track in tracks)


@pytest.mark.slow
def test_colours_and_turns_of_a_file_reach_the_detector(workers: Workers) -> None:
    """EXIF orientation, a transparent background and a palette are undone before faces are looked for."""
    upright = portraits.sized(portraits.picture("astronaut"), 320)
    note = Image.Exif()
    note[0x0112] = 6
    turned = portraits.encoded(upright.transpose(Image.Transpose.ROTATE_90), "jpeg", exif=note, quality=95)
    assert len(seen(turned, workers)) == 1
    clear = upright.copy()
    clear.putalpha(255)
    assert len(seen(portraits.encoded(clear), workers)) == 1
    assert len(seen(portraits.encoded(upright.quantize(128), "gif"), workers)) == 1


def test_a_long_clip_costs_a_bounded_number_of_looks() -> None:
    """However long a clip is, and whatever is in it, few of its frames are searched and few faces embedded."""

    class Counting:
        name, size, licence, least, curve = "counting", 4, "none", 40, MODEL.curve
        located = embedded = 0

        def check(self) -> str:
            """Be there."""
            return self.name

        def warm_up(self) -> None:
            """Need nothing."""

        def locate(self, picture: NDArray[np.uint8], *, least: int) -> list[faces.Located]:
            """Find five faces each time."""
            self.located += 1
            return [faces.Located(box=Box(60 * i, 40, 50, 50), score=1.0) for i in range(5)]

        def align(self, picture: NDArray[np.uint8], found: faces.Located) -> faces.Aligned:
            """Cut nothing out."""
            return faces.Aligned(chip=picture[:8, :8], frontal=1.0, sharpness=100.0)

        def embed(self, chips: list[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
            """Count."""
            self.embedded += len(chips)
            return [np.zeros(4, np.float32) for _ in chips]

    model = Counting()
    watcher = Watcher(model, still=False)
    rng = np.random.default_rng(1)
    for number in range(40_000):
        grey = rng.integers(0, 255, (36, 64), dtype=np.uint8) if number % 12 == 0 else np.zeros((36, 64), np.uint8)
        watcher.take(number / 24, grey, lambda: np.zeros((360, 640, 3), np.uint8))
    tracks = watcher.tracks()
    assert model.located <= 8 * MOST * math.log2(40_000 / 24)
    assert model.embedded <= max(VIEWS, EMBEDDED)
    assert sum(bool(track.views) for track in tracks) <= EMBEDDED


@pytest.mark.slow
def test_a_standing_picture_is_looked_at_once(workers: Workers) -> None:
    """Frames that show what the last one showed tell nothing new and are passed over."""
    still = portraits.wandering("astronaut")(1.0)
    (track,) = seen(portraits.clip(lambda _: still, seconds=3), workers)
    assert len(track.places) == 1


@given(boxes, boxes)
def test_overlap_is_symmetric_and_a_share(one: Box, other: Box) -> None:
    """Two boxes share as much of one another either way round; a box shares all with itself."""
    assert 0 <= one.overlap(other) == other.overlap(one) <= 1
    assert one.overlap(one) == 1


@pytest.mark.parametrize(("at", "true", "false"), MODEL.curve.rows)
def test_the_curve_says_what_was_published(at: float, true: float, false: float) -> None:
    """At the published distances the published rates are read off."""
    assert MODEL.curve.true_match_rate(at) == pytest.approx(true)
    assert MODEL.curve.false_match_rate(at) == pytest.approx(false)


@given(st.floats(0.0, 1.2), st.floats(0.001, 0.3), st.integers(1, 100_000))
def test_the_farther_and_the_larger_the_gallery_the_less_sure(at: float, more: float, persons: int) -> None:
    """Probability falls with distance and with the number of persons; rates rise with distance."""
    curve = MODEL.curve
    assert curve.probability(at, persons) >= curve.probability(at + more, persons) - 1e-9
    assert curve.probability(at, persons) >= curve.probability(at, persons + 1)
    assert curve.false_match_rate(at) <= curve.false_match_rate(at + more)


@given(st.floats(1e-7, 5e-3))
def test_a_threshold_has_the_rate_that_it_was_asked_for(rate: float) -> None:
    """The distance for a false match rate leads back to that rate."""
    assert MODEL.curve.false_match_rate(MODEL.curve.distance(rate)) == pytest.approx(rate, rel=1e-3)


def test_faces_travel_from_the_child_and_never_into_storage(workers: Workers) -> None:
    """What a child tells of faces is read back whole; what is stored of a fingerprint has none of it."""
    found = workers.fingerprint(portraits.file("astronaut"), faces=True)
    asked = Asked(limits=DecodeConfig(), faces=MODEL.size)
    assert read(json.dumps(to_wire(found)).encode(), asked).faces == found.faces
    stored = json.dumps(to_json(found))
    assert found.faces[0].views[0].vector.hex() not in stored
    assert "places" not in stored
    assert from_json(json.loads(stored)).faces == ()
    assert workers.fingerprint(portraits.file("astronaut")).faces == ()


def run(*args: str) -> tuple[int, str, str]:
    """Run a command; return exit code, output and complaints."""
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.stdout, done.stderr if done.exception is None or done.exit_code in (0, 1) else ""


@pytest.mark.slow
def test_the_command_shows_boxes_and_goes_on_after_a_broken_file(tmp_path: Path) -> None:
    """`faces FILE… --json` gives boxes with times and no vector; a file that does not decode is an error of its own."""
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(portraits.file("astronaut", height=310))
    bad.write_bytes(b"nothing of the kind")
    code, out, _ = run("faces", str(bad), str(good), "--json")
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert first["error"]
    assert second["model"] == MODEL.name
    assert second["faces"][0].keys() == {"face", "t", "box"}


@pytest.mark.slow
def test_compare_says_whether_two_files_show_one_person(tmp_path: Path) -> None:
    """`faces compare A B --json` has the four keys of the contract; a file without a face is said to have none."""
    names = {}
    for name, height in (("astronaut", 320), ("officer", 320), ("cat", 300)):
        names[name] = tmp_path / f"{name}.png"
        names[name].write_bytes(portraits.file(name, height=height))
    smaller = tmp_path / "smaller.jpg"
    smaller.write_bytes(portraits.file("astronaut", height=240, kind="jpeg"))
    code, out, _ = run("faces", "compare", str(names["astronaut"]), str(smaller), "--json")
    told = json.loads(out)
    assert (code, told.keys()) == (0, {"similarity", "probability", "same", "model"})
    assert told["same"] is True
    assert (
        json.loads(run("faces", "compare", str(names["astronaut"]), str(names["officer"]), "--json")[1])["same"]
        is False
    )
    with pytest.raises(MediaError, match="shows no face"):
        CliRunner().invoke(app, ["faces", "compare", str(names["cat"]), str(smaller)], catch_exceptions=False)


def test_missing_weights_are_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose weights are gone says which and what to do, before any child is started."""
    monkeypatch.setattr("bot.faces.dlib.WEIGHTS", {"no_such_package": ""})
    with pytest.raises(FaceModelError, match=r"5_face_landmarks\.dat are missing .*; install gifwarden again"):
        MODEL.check()


def test_a_plane_shown_three_times_is_its_own_luma() -> None:
    """Where a picture has no colour nothing is computed: the same samples come out."""
    plane = np.random.default_rng(1).integers(0, 256, (90, 70), dtype=np.uint8)
    shown = np.broadcast_to(plane[..., None], (90, 70, 3))
    assert np.array_equal(_grey(shown), _grey(np.ascontiguousarray(shown)))
    assert np.array_equal(_grey(shown[3:50, 5:61]), plane[3:50, 5:61])


@slow
def test_colour_does_not_change_what_is_hashed() -> None:
    """Looking at a frame in colour leaves its luma, and so its hashes, as they were."""
    data = portraits.clip(portraits.wandering("officer"), seconds=1)
    plain = [frame.luma.copy() for frame in frames.decode(data, DecodeConfig()).frames]
    looked = []
    for frame in frames.decode(data, DecodeConfig()).frames:
        assert frame.colour().shape == (*frame.luma.shape, 3)
        looked.append(frame.luma.copy())
    assert all(np.array_equal(one, other) for one, other in zip(plain, looked, strict=True))
