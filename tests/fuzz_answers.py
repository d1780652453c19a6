"""What a decoding child that was taken over may answer, by the hundred thousand: `python -m tests.fuzz_answers 100000`.

Honest answers are damaged in bytes, in structure and by a lie in any field. Every one must be refused, or be a
fingerprint that an honest child could have given.
"""

from __future__ import annotations

import json
import math
import random
import resource
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from bot.config import DecodeConfig
from bot.copies.points import POINT, SPOT
from bot.errors import LimitError, MediaError
from bot.faces.dlib import Dlib
from bot.fingerprint import Asked, WireError, fingerprint, from_json, read, to_json
from bot.fingerprint.wire import to_wire
from bot.frames import FORMATS
from bot.frames.messages import SENTENCES
from bot.model import FaceTrack, FaceView, Fingerprint, Signal
from bot.samples import media
from bot.signals import SIGNALS, local
from bot.signals.variants import TRANSFORMS

LIMITS = DecodeConfig(max_frames=40)
ASKED = Asked(limits=LIMITS, faces=8, nudity=True)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 41, 65_536, 2**31, 2**63, 10**30, -0.0, 0.5, 1e308, -1e308, 1e7, 10_000_001.0,
    "", "x", "pdq", "image", "\x1b[2J", "\u202e", "\ud800", "00" * 32, "ff" * 33, "mirrored", "Z" * 4096, [], {}, [[]],
    [None] * 50, {"error": ["format"]}, [["pdq", "00" * 32, 100, 0.0]] * 60, "AAAA", "A===", "é",
)  # fmt: skip
PIECES = (
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b'"',
    b"\\ud800",
    b"NaN",
    b"Infinity",
    b"-",
    b"1e999",
    b"\x00",
    b"9" * 5000,
)


def honest() -> list[dict[str, Any]]:
    """Return what an honest child answers: of a still, a clip with faces, and files that do not decode."""
    still = fingerprint(media.still(21, width=160, height=90), LIMITS, locator=Dlib())
    clip = fingerprint(media.clip(21, seconds=1, width=160, height=90), LIMITS, locator=Dlib())
    vector = np.arange(8, dtype="<f4").tobytes()
    view = FaceView(t=0.1, box=(1, 2, 30, 40), score=0.9, frontal=0.5, sharpness=80.0, vector=vector)
    track = FaceTrack(places=((0.1, (1, 2, 30, 40)), (0.2, (1, 3, 30, 40))), views=(view,))
    many = replace(clip, faces=(track, track), nudity=(0.1, 0.25))
    return [
        *(json.loads(json.dumps(to_wire(one))) for one in (still, clip, many)),
        {"error": ["format"]},
        {"error": ["size", 70_000, 5, 1000]},
        {"error": ["unreadable", "gif", "it is cut off"]},
    ]


def lie(answer: Any, dice: random.Random) -> Any:
    """Return a copy of an answer with one thing in it replaced, doubled, left out or put elsewhere."""
    copy = json.loads(json.dumps(answer))
    at, key = copy, None
    for _ in range(dice.randint(1, 5)):
        if not isinstance(at, list | dict) or not at:
            break
        within, key = at, dice.choice(list(at)) if isinstance(at, dict) else dice.randrange(len(at))
        at = within[key]
    if key is None:
        return dice.choice(VALUES)
    way = dice.randrange(6)
    if way == 0:
        del within[key]
    elif way == 1 and isinstance(within, list):
        within.insert(key, at)
    elif way == 2 and isinstance(within, list):
        within.extend(within * dice.choice((1, 8)))
    elif way == 3 and isinstance(at, int | float):
        within[key] = at * dice.choice((-1, 2, 1000, 1e-9, 1e300))
    elif way == 4 and isinstance(within, dict):
        within[dice.choice(("sha256", "md5", "also", "error", "x"))] = at
    else:
        within[key] = dice.choice(VALUES)
    return copy


def damaged(body: bytes, dice: random.Random) -> bytes:
    """Return an answer with some of its bytes changed, cut out, repeated or put in."""
    data = bytearray(body)
    for _ in range(dice.choice((1, 1, 1, 3, 20))):
        place = dice.randrange(len(data) + 1)
        way = dice.randrange(5)
        if way == 0 and place < len(data):
            data[place] ^= 1 << dice.randrange(8)
        elif way == 1:
            del data[place : place + dice.choice((1, 3, 100))]
        elif way == 2:
            data[place:place] = data[place : place + dice.choice((1, 30, 3000))]
        elif way == 3:
            data[place:place] = dice.choice(PIECES)
        else:
            del data[place:]
        if not data:
            break
    return bytes(data)


def mutated(answers: list[dict[str, Any]], dice: random.Random) -> bytes:
    """Return something that a child might answer."""
    answer: Any = dice.choice(answers)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 4))):
        answer = lie(answer, dice)
    body = json.dumps(answer, separators=(",", ":")).encode()
    return body if dice.random() < 0.6 else damaged(body, dice)


def check_right(found: Fingerprint, asked: Asked) -> None:
    """Fail unless a fingerprint is one that a child could have made of a file within these limits."""
    most = asked.limits.max_frames
    assert found.format in FORMATS
    assert found.kind in ("image", "animation", "video")
    assert 1 <= found.frames <= most
    assert (found.sha256, found.md5, found.also) == ("", "", ())
    for signal in SIGNALS:
        own = [one for one in found.signals if one.type == signal.name]
        assert len(own) <= min(found.frames, signal.sampled or most)
        assert [one.t for one in own] == sorted(one.t for one in own)
    one: Signal
    for one in (*found.signals, *found.variants):
        assert len(one.value) == 32
        assert 0 <= one.quality <= 100
    assert all(one.transform in TRANSFORMS for one in found.variants)
    assert len(found.sketches) <= local.MANY + 1
    for sketch in found.sketches:
        assert len(sketch.points) % POINT.itemsize == 0
        assert len(sketch.points) <= local.POINTS * POINT.itemsize
        assert sketch.faces is None or len(sketch.faces) <= 3 * SPOT.itemsize
    times = [one.t for one in (*found.signals, *found.variants)] + [sketch.t for sketch in found.sketches]
    times += [t for track in found.faces for t, _ in track.places] + [found.duration or 0.0]
    assert all(math.isfinite(t) and 0 <= t <= 1e7 for t in times)
    assert all(0 <= score <= 1 for score in found.nudity)
    assert all(len(view.vector) == 4 * (asked.faces or 0) for track in found.faces for view in track.views)
    assert found.note is None or fits(found.note)
    kept = replace(found, sha256="0" * 64, md5="0" * 32, faces=())
    assert from_json(json.loads(json.dumps(to_json(kept)))) == kept


def fits(sentence: str) -> bool:
    """Return whether a sentence is one of ours."""
    return sentence.isascii() and any(
        all(part in sentence for part in text.split("{}")) for text, _ in SENTENCES.values()
    )


def fuzz(count: int, seed: int, *, asked: Asked = ASKED) -> Counter[str]:
    """Read so many answers; return how many came to what. Fails at the first that is neither refused nor right."""
    dice, answers, outcomes = random.Random(seed), honest(), Counter[str]()
    for _ in range(count):
        body, told = mutated(answers, dice), None
        try:
            check_right(read(body, asked), asked)
            outcomes["a fingerprint"] += 1
        except WireError:
            outcomes["refused"] += 1
        except MediaError as error:
            told = str(error)
            outcomes["a limit" if isinstance(error, LimitError) else "an error of the file"] += 1
        assert told is None or fits(told), told
    return outcomes


def memory() -> int:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(count: int, seed: int) -> None:
    """Fuzz and tell."""
    began, honest_ = time.perf_counter(), honest()
    before = memory()
    outcomes = fuzz(count, seed)
    print(f"{count} answers in {time.perf_counter() - began:.0f} s: {dict(outcomes)}; {len(honest_)} honest ones")
    print(f"memory at most: {before} MiB before, {memory()} MiB after")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
