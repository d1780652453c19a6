"""Allow entries and altered copies: the innocent stays innocent, and hides nothing that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.assemble import Parts, assembled
from bot.bench import alter, swaps
from bot.bench.worlds import Scene
from bot.config import Config, StorageConfig
from bot.model import BankKind, Evidence, Fingerprint, Link, Signal, SourceMatch
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.excerpts import innocent_part
from bot.samples import media
from tests.bots import lent
from tests.killing import Silent
from tests.people import member
from tests.slow import few, slow

FPS = 8
Rgb = NDArray[np.uint8]
Take = Sequence[Rgb]
CHANGES: dict[str, Callable[[Rgb], Rgb]] = {
    "crop": lambda p: alter.crop(p, 0.12),
    "mirror": lambda p: np.ascontiguousarray(p[:, ::-1]),
    "mirrored crop": lambda p: np.ascontiguousarray(alter.crop(p, 0.1)[:, ::-1]),
    "caption": lambda p: alter.caption(p, 0.15, 1),
    "letterbox": lambda p: alter.letterbox(p, 0.2),
    "small": lambda p: alter.resize(p, 0.5),
    "as it was": lambda p: p,
}


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Pipeline]:
    """A bot with a bank of known fakes, and one of what is innocent."""
    config = Config(storage=StorageConfig(path=tmp_path / "data"))
    with assembled(config, Silent(), parts=Parts(rules=False, reddit=False, children=lent)) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        pipeline.deps.store.banks.create("innocent", "allow")
        yield pipeline


@cache
def room(start: float = 0.0) -> tuple[Rgb, ...]:
    """A take of five seconds."""
    return tuple(Scene(3, "room").frames(5.0, float(FPS), start))


@cache
def swapped() -> tuple[tuple[Rgb, ...], tuple[Rgb, ...]]:
    """The genuine footage, and the fake made of it."""
    host, donor = swaps.portraits(drawn=0)
    footage, _ = swaps.take(host, 5, face=0.06, seconds=4)
    fake, _ = swaps.take(swaps.swapped(host, donor), 5, face=0.06, seconds=4)
    return tuple(footage), tuple(fake)


@cache
def joined() -> tuple[tuple[Rgb, ...], tuple[Rgb, ...]]:
    """The room as a meme of the fake's size, and the meme in front of the fake."""
    _, fake = swapped()
    size = fake[0].shape[1], fake[0].shape[0]
    meme = tuple(media.resize(picture, *size) for picture in room())
    return meme, (*meme, *fake)


_encoded: dict[tuple[int, int], bytes] = {}


def printed(bot: Pipeline, pictures: Take, crf: int = 23) -> Fingerprint:
    """Return what a confined child makes of a video; takes that many tests have, tuples, are encoded once."""
    if not isinstance(pictures, tuple):
        return bot.deps.workers.fingerprint(media.encode_clip(pictures, fps=FPS, crf=crf))
    key = id(pictures), crf  # they are cached, so no other has the same
    if key not in _encoded:
        _encoded[key] = media.encode_clip(pictures, fps=FPS, crf=crf)
    return bot.deps.workers.fingerprint(_encoded[key])


def banked(bot: Pipeline, fake: Take, innocent: Take) -> str:
    """Bank a fake, and what is innocent against it; return the fake's label."""
    banks = bot.deps.store.banks
    label, _ = banks.add("known-fakes", printed(bot, fake), by=member(bot))
    allow, _ = banks.add("innocent", replace(printed(bot, innocent), sha256="ab" * 32, md5="cd" * 16), by=member(bot))
    banks.allow(allow, against=[label])
    return label


def evidence(bot: Pipeline, pictures: Take, crf: int = 28) -> Evidence:
    """Return what is found in a media."""
    link = Link(url="x", host="", id=None, kind="media", source="target")
    return bot.scanner.matched(Evidence(target="x", link=link), [(0, printed(bot, pictures, crf))])


def live(found: Evidence, label: str) -> list[str]:
    """Return the methods by which an entry still counts."""
    footage = [one for one in found.source if one.entry == label and one.kind != "same_place" and not one.suppressed]
    matches = [one for one in found.matches if one.entry == label and not one.suppressed]
    return [one.method for one in matches] + [str(one.kind) for one in footage]


@pytest.mark.parametrize("change", CHANGES)
@slow
def test_an_innocent_media_stays_innocent_however_it_is_altered(bot: Pipeline, change: str) -> None:
    """What was banked by mistake and allowed opens no case when it comes again cropped, mirrored or captioned."""
    label = banked(bot, room(), room())
    found = evidence(bot, [CHANGES[change](picture) for picture in room()])
    assert live(found, label) == []
    assert any(one.entry == label and one.suppressed for one in found.matches)


@pytest.mark.parametrize("change", CHANGES)
@slow
def test_the_genuine_clip_that_is_allowed_opens_no_case_again(bot: Pipeline, change: str) -> None:
    """The footage of a fake, once allowed, is suppressed in source evidence too; under a caption a person looks."""
    footage, fake = swapped()
    label = banked(bot, fake, footage)
    left = live(evidence(bot, [CHANGES[change](picture) for picture in footage]), label)
    assert set(left) <= ({"face_differs"} if change == "caption" else set())


@pytest.mark.parametrize("change", few(CHANGES))
def test_the_genuine_clip_that_is_allowed_hides_no_altered_fake(bot: Pipeline, change: str) -> None:
    """The fake shares all but the face with it, and stays a match however it is altered."""
    footage, fake = swapped()
    label = banked(bot, fake, footage)
    assert live(evidence(bot, [CHANGES[change](picture) for picture in fake]), label)


PLACED = [
    *(("in front", change) for change in CHANGES),
    *(
        (order, "crop") for order in ("behind", "in between")
    ),  # where it stands has nothing to do with how it is altered
]


@pytest.mark.parametrize("placed", few(PLACED, ("in front", "crop")), ids=" ".join)
@pytest.mark.slow
def test_an_innocent_part_hides_no_fake(bot: Pipeline, placed: tuple[str, str]) -> None:
    """A meme that is allowed against the fake, cut in front of it, behind it or around it, explains itself only."""
    order, change = placed
    _, fake = swapped()
    meme, both = joined()
    label = banked(bot, both, meme)
    shown = {"in front": both, "behind": (*fake, *meme), "in between": (*meme[:20], *fake, *meme[20:])}[order]
    found = evidence(bot, [CHANGES[change](picture) for picture in shown])
    assert live(found, label)


def test_the_very_file_is_never_suppressed(bot: Pipeline) -> None:
    """Whatever is allowed against it, the file itself matches."""
    clip = printed(bot, room())
    banks = bot.deps.store.banks
    label, _ = banks.add("known-fakes", clip, by=member(bot))
    allow, _ = banks.add("innocent", clip, by=member(bot))
    banks.allow(allow, against=[label])
    link = Link(url="x", host="", id=None, kind="media", source="target")
    found = bot.scanner.matched(Evidence(target="x", link=link), [(0, clip)])
    assert [(one.method, one.suppressed) for one in found.matches if one.entry == label] == [("sha256", False)]


@pytest.mark.parametrize("kind", ["allow", "watch", "source"])
def test_the_very_file_of_what_nobody_blocks_hides_no_copy(bot: Pipeline, kind: BankKind) -> None:
    """A crop of a fake banked as innocent, for watching or as footage is found; allowed against it, it is not."""
    banks, by = bot.deps.store.banks, member(bot)
    crop = printed(bot, [CHANGES["crop"](picture) for picture in room()], 28)
    banks.create("other", kind)
    very, _ = banks.add("other", crop, by=by)
    label, _ = banks.add("known-fakes", printed(bot, room()), by=by)
    link = Link(url="x", host="", id=None, kind="media", source="target")
    found = bot.scanner.matched(Evidence(target="x", link=link), [(0, crop)])
    assert {one.entry: one.method for one in found.matches} == {very: "sha256", label: "local"}
    assert live(found, label)
    if kind == "allow":
        banks.allow(very, against=[label])
        assert live(bot.scanner.matched(Evidence(target="x", link=link), [(0, crop)]), label) == []


def test_dismissing_footage_teaches_its_pair() -> None:
    """What was shown as the footage of a fake is allowed against it; another take of the place teaches nothing."""
    frames = tuple(Signal(type="pdq", value=bytes(32), quality=90, t=float(t)) for t in range(6))
    found = Fingerprint(
        kind="video", format="mp4", sha256="aa" * 32, md5="bb" * 16, width=9, height=9, duration=6.0, frames=6,
        signals=frames,
    )  # fmt: skip
    shown = SourceMatch(media=0, entry="E-1", kind="face_differs", query_ranges=((1.0, 3.0),))
    taught = innocent_part(found, (), [shown, replace(shown, entry="E-2", kind="same_place")])
    assert taught is not None
    part, against = taught
    assert ([one.t for one in part.signals], against, part.sha256) == ([1.0, 2.0, 3.0], ("E-1",), "")
    assert innocent_part(found, (), [replace(shown, suppressed=True)]) is None
