"""What the copies are made of: generated takes, and the media of a folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bot import frames
from bot.bench.alter import Rgb, Take, even
from bot.bench.worlds import KINDS, Scene, speaker, texture
from bot.config import DecodeConfig
from bot.errors import GifwardenError
from bot.samples.speakers import Speaker
from bot.signals.pdq import PDQ

FPS, SECONDS = 10.0, 10.0
WIDE = 960  # pixels; larger pictures are made smaller first
LIVELY = (1.0, 0.6, 1.6)  # how much a generated speaker of waves moves
STAGES = (  # of drawn speakers, by turns: what it is, how far the head moves, how much the camera, whether it cuts
    ("hand-held, with cuts", 1.0, 1.0, True),
    ("on a tripod", 1.0, 0.0, False),
    ("hand-held, quiet", 0.5, 0.7, False),
    ("on a tripod, with cuts, lively", 1.5, 0.0, True),
)
WORDS = ("the", "when", "nobody", "wait", "for", "it", "this", "is", "a", "moment", "again", "video", "clip", "link")
MIN_SIDE = 160  # pixels: of icons and thumbnails nothing is left at a quarter of the size
ONLY_NOISE = 0.2  # of the contrast is left at 32 x 32: photographs keep 0.7 and more, white noise loses nearly all
MIN_REST = 3.0  # seconds
PORTRAITS = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "officer": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A take, other takes of the same place, and what is never banked: what that is, and its take."""

    name: str
    take: Take
    others: tuple[Take, ...] = field(default=())
    never: tuple[tuple[str, Take], ...] = field(default=())

    @property
    def moves(self) -> bool:
        """Whether it is more than one picture."""
        return len(self.take[0]) > 1


def generated(clips: int, stills: int) -> Iterator[Source]:
    """Yield generated clips, each with two other takes of its place, then stills; photographs too if some are here.

    A third as many clips more show somebody who talks; their other takes are other moments of that.
    """
    photographs = list(_photographs())
    for seed in range(clips):
        # every third place is a photograph, as far as there are some
        photograph = photographs[seed // 3 % len(photographs)] if photographs and seed % 3 == 2 else None
        world = Scene(seed + 1, KINDS[seed % len(KINDS)] if photograph is None else "room", place=photograph)
        other = Scene(world.seed, world.kind, cast=1, place=photograph)
        yield Source(
            name=f"generated clip {seed + 1}, {world.kind}",
            take=(world.frames(SECONDS, FPS), FPS),
            others=((world.frames(SECONDS, FPS, SECONDS), FPS), (other.frames(SECONDS, FPS), FPS)),
        )
    for number in range(clips // 3):
        moments = [
            (speaker(7000 + 2 * number, SECONDS, FPS, start, LIVELY[number % len(LIVELY)]), FPS)
            for start in (0.0, 17.3, 41.9)
        ]
        yield Source(name=f"generated speaker {number + 1}", take=moments[0], others=tuple(moments[1:]))
    for seed in range(stills):
        world = Scene(5000 + seed, "room", movers=4)
        picture = texture(6000 + seed, 960, 640) if seed % 2 else world.frame(1.0, 960, 540)
        yield Source(name=f"generated still {seed + 1}", take=([picture], 1.0))


def speakers(count: int) -> Iterator[Source]:
    """Yield drawn people who talk before a camera, the first half of each recording.

    Never banked are the second half, another take of it, and one with another person, at that place in those clothes.
    """
    for number in range(count):
        what, lively, shake, cuts = STAGES[number % len(STAGES)]
        who = Speaker(person=100 + number, place=100 + number, lively=lively, shake=shake, cuts=cuts)
        again = replace(who, take=1)
        yield Source(
            name=f"speaker {number + 1}, {what}",
            take=(who.frames(SECONDS, FPS), FPS),
            never=(
                ("the second half", (who.frames(SECONDS, FPS, SECONDS), FPS)),
                ("another take", (again.frames(SECONDS, FPS), FPS)),
                ("somebody else there", (replace(again, person=500 + number).frames(SECONDS, FPS), FPS)),
            ),
        )


def folder(path: Path) -> Iterator[Source | str]:
    """Yield the media of a folder and its sub-folders, in shades of grey; or why a file is not used, in words.

    Of a video the first ten seconds are used; what follows is another take of its place.
    """
    for file in sorted(path.rglob("*")):
        if not file.is_file():
            continue
        name = str(file.relative_to(path))
        try:
            pictures, fps = _pictures(file.read_bytes())
        except (GifwardenError, OSError) as error:
            yield f"{name}: {error}"
            continue
        if min(pictures[0].shape[:2]) < MIN_SIDE:
            yield f"{name}: smaller than {MIN_SIDE} pixels"
            continue
        if _noise(pictures[0][..., 0]):
            yield f"{name}: only noise"
            continue
        least = max(
            PDQ.compute(np.ascontiguousarray(picture[..., 0]))[1] for picture in pictures[:: max(1, len(pictures) // 8)]
        )
        if least < PDQ.gate:
            yield f"{name}: below the quality gate ({least} of {PDQ.gate})"
            continue
        first = round(SECONDS * fps)
        rest = pictures[first:]
        half = len(pictures) // 2
        if len(rest) < MIN_REST * fps and half > MIN_REST * fps:
            pictures, rest = pictures[:half], pictures[half:]
        others = ((rest[:first], fps),) if len(rest) >= MIN_REST * fps else ()
        yield Source(name=name, take=(pictures[:first], fps), others=others)


def distractors(count: int) -> Iterator[Take]:
    """Yield takes that nothing is made of: textures, scenes, screens of text, test patterns and stripes."""
    for number in range(count):
        seed = 20_000 + number
        kind = number % 10
        if kind < 6:
            yield [texture(seed, 640, 360)], 1.0
        elif kind == 6:
            yield [Scene(seed, "room").frame(0.0)], 1.0
        elif kind == 7:
            yield [_text(seed)], 1.0
        elif kind == 8:
            yield [_pattern(seed)], 1.0
        else:
            world = Scene(seed, KINDS[number // 10 % 3], movers=2)
            yield [world.frame(t) for t in (0.0, 1.0, 2.0, 3.0)], 1.0


def packaged(package: str, inside: str) -> Path | None:
    """Return a file that a package brings, or None. The package is not imported."""
    found = importlib.util.find_spec(package)
    for root in (found.submodule_search_locations or ()) if found else ():
        path = Path(root) / inside
        if path.exists():
            return path
    return None


def _photographs() -> Iterator[Rgb]:
    for name in ("coffee.png", "chelsea.png", "motorcycle_left.png", "rocket.jpg", "camera.png", "retina.jpg"):
        if path := packaged("skimage", f"data/{name}"):
            picture = _pictures(path.read_bytes())[0][0]
            yield np.asarray(cv2.resize(picture, (960, 540), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _noise(luma: NDArray[np.uint8]) -> bool:
    small = cv2.resize(luma, (32, 32), interpolation=cv2.INTER_AREA)
    return float(small.std()) < ONLY_NOISE * float(luma.std())


def _pictures(data: bytes) -> Take:
    """Return the pictures of a file at no more than ten a second, in grey. Raises MediaError or LimitError."""
    decoded = frames.decode(data, DecodeConfig())
    taken: list[Rgb] = []
    due = 0.0
    for frame in decoded.frames:
        if frame.finer or frame.t + 1e-3 < due:
            continue
        taken.append(_grey(frame.luma))
        due = frame.t + 1 / FPS
        if len(taken) >= 2 * SECONDS * FPS:
            break
    fps = 1.0
    if len(taken) > 1:
        fps = min(FPS, len(taken) / decoded.duration) if decoded.duration else FPS
    return taken, max(1.0, fps)


def _grey(luma: NDArray[np.uint8]) -> Rgb:
    height, width = luma.shape
    scale = min(1.0, WIDE / max(height, width))
    if scale < 1:
        luma = np.asarray(
            cv2.resize(luma, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA),
            dtype=np.uint8,
        )
    return even(np.repeat(luma[..., None], 3, axis=2))


def _text(seed: int) -> Rgb:
    rng = np.random.default_rng(seed)
    shown = np.full((360, 640, 3), int(rng.integers(200, 256)) * int(rng.integers(0, 2)), dtype=np.uint8)
    ink = (20, 20, 20) if shown[0, 0, 0] > 99 else (240, 240, 240)
    words = WORDS
    size = float(rng.uniform(0.5, 1.2))
    for line in range(int(rng.integers(3, 11))):
        text = " ".join(rng.choice(words, int(rng.integers(2, 8))))
        cv2.putText(shown, text, (16, 34 + line * 32), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1 + int(size > 0.9))
    return shown


def _pattern(seed: int) -> Rgb:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:360, 0:640]
    step, other = rng.integers(8, 60, 2)
    kind = seed % 3
    if kind == 0:
        plane = (x * np.cos(step) + y * np.sin(step)) // other % 2 * 200 + 28
    elif kind == 1:
        plane = (x // step + y // other) % 2 * 180 + 40
    else:
        bars = rng.integers(0, 256, 8)
        plane = np.where(y < 240, bars[x * 8 // 640], (x // step % 2) * 255)
    return np.repeat(plane.astype(np.uint8)[..., None], 3, axis=2)
