"""The timeline of both media: what it says, where it stands, and that it holds nothing but what was stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Evidence, Link, Match, MediaInfo, MotionMatch, MotionStretch, SourceMatch
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.words.timeline import Likeness, timelines
from bot.serialization import dumps, loads, to_json_data
from bot.web.console.timeline import TICKS, drawing
from tests.bots import bank_the_fake
from tests.console import Console, console_on, open_case

ENTRY = "E-3f9c2a71b0"
BESIDE: tuple[Mapping[str, Any], ...] = ({"entry": ENTRY, "duration": 8.0},)
COPY = Match(
    media=0, bank="known-fakes", bank_kind="block", entry=ENTRY, confirmed=True, method="pdq", signal="pdq",
    query_ranges=((1.2, 3.8),), entry_ranges=((0.0, 2.6),), face_region="agrees",
)  # fmt: skip


def clip(index: int = 0, duration: float | None = 6.2) -> MediaInfo:
    """Return a clip as evidence describes it, or without a duration a picture."""
    return MediaInfo(index=index, state="fingerprinted", kind="video" if duration else "image", duration=duration)


def evidence(*found: Match | SourceMatch, media: tuple[MediaInfo, ...] = (clip(),)) -> Evidence:
    """Return evidence of what was found."""
    return Evidence(
        target="x",
        link=Link(url="x", host="redgifs", id="x", kind="media", source="url"),
        media=media,
        matches=tuple(one for one in found if isinstance(one, Match)),
        source=tuple(one for one in found if isinstance(one, SourceMatch)),
    )


def moves(*stretches: tuple[float, float, float, float, float, bool], uneven: bool = False) -> MotionMatch:
    """Return motion of (query from, to, entry from, to, speed, backward)."""
    pairs = tuple(
        MotionStretch(query=(a, b), entry=(c, d), speed=speed, reversed=back) for a, b, c, d, speed, back in stretches
    )
    first = pairs[0]
    return MotionMatch(
        score=0.95, seconds=2.0, speed=first.speed, reversed=first.reversed, uneven=uneven, stretches=pairs
    )


SAID: dict[str, tuple[Match | SourceMatch, str]] = {
    "one stretch, speed unknown": (
        COPY,
        f"0:01.2 to 0:03.8 of this media is 0:00.0 to 0:02.6 of {ENTRY}; the face region agrees",
    ),
    "as it is": (
        replace(COPY, motion=moves((1.2, 3.8, 0.0, 2.6, 1.01, False))),
        f"0:01.2 to 0:03.8 of this media is 0:00.0 to 0:02.6 of {ENTRY} at its own speed; the face region agrees",
    ),
    "faster and backward": (
        replace(COPY, face_region="unknown", motion=moves((0.0, 2.0, 1.0, 4.0, 1.5, True))),
        f"0:00.0 to 0:02.0 of this media is 0:01.0 to 0:04.0 of {ENTRY} at 1.5 times the speed, backward; "
        "the face region is not known",
    ),
    "there and back": (
        replace(COPY, motion=moves((0.0, 2.0, 0.0, 2.0, 1.0, False), (2.0, 4.0, 0.0, 2.0, 1.0, True))),
        f"0:00.0 to 0:02.0 of this media is 0:00.0 to 0:02.0 of {ENTRY} at its own speed; 0:02.0 to 0:04.0 of it "
        f"is 0:00.0 to 0:02.0 of {ENTRY} at its own speed, backward; the face region agrees",
    ),
    "at an uneven pace": (
        replace(COPY, unsure=True, motion=moves((0.0, 3.0, 0.0, 2.0, 0.7, False), uneven=True)),
        f"0:00.0 to 0:03.0 of this media is 0:00.0 to 0:02.0 of {ENTRY} at an uneven pace; it is not sure that "
        "this is the same moment",
    ),
    "more stretches than pairs": (
        replace(COPY, query_ranges=((0.0, 1.0), (3.0, 3.0)), entry_ranges=((2.0, 4.0),)),
        f"0:00.0 to 0:01.0, 0:03.0 of this media is in 0:02.0 to 0:04.0 of {ENTRY}; the face region agrees",
    ),
    "another face": (
        SourceMatch(
            media=0, bank="sources", entry=ENTRY, kind="face_differs", face_region="differs",
            query_ranges=((1.0, 3.0),), entry_ranges=((2.0, 4.0),), boxes=((1.5, 0, 0, 9, 9), (2.5, 0, 0, 9, 9)),
        ),
        f"0:01.0 to 0:03.0 of this media is 0:02.0 to 0:04.0 of {ENTRY}; the face is another one there",
    ),
    "a part replaced": (
        SourceMatch(
            media=0, bank="sources", entry=ENTRY, kind="part_differs", query_ranges=((0.0, 6.0),),
            entry_ranges=((0.0, 6.0),), motion=moves((0.0, 6.0, 0.0, 6.0, 1.0, False)),
        ),
        f"0:00.0 to 0:06.0 of this media is 0:00.0 to 0:06.0 of {ENTRY} at its own speed; a part of the picture "
        "is another one there",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_what_a_timeline_says_and_draws(case: str) -> None:
    """One sentence tells stretches, speed, direction and difference; the bars and bands stand where it says."""
    one, sentence = SAID[case]
    stored = loads(Evidence, dumps(evidence(one)))
    (line,) = timelines(stored, BESIDE)
    assert line.sentence == sentence
    drawn = drawing(line)
    assert drawn.above.width == pytest.approx(100 * 6.2 / 8.0, abs=0.01)
    assert drawn.below.width == 100
    assert [round(begin * 0.08, 1) for begin, _ in drawn.above.marks] == [round(a, 1) for a, _ in line.here]
    assert len(drawn.bands) == len(line.pairs)
    for band, pair in zip(drawn.bands, line.pairs, strict=True):
        corners = [[float(x) for x in point.split(",")] for point in band.points.split()]
        assert [x * 0.008 for x, _ in corners[:2]] == pytest.approx(pair.query, abs=0.01)
        below = [corners[3][0] * 0.008, corners[2][0] * 0.008]
        assert (below[::-1] if pair.reversed else below) == pytest.approx(pair.entry, abs=0.01)
    assert len(drawn.above.moments) == (2 if line.likeness is Likeness.FACE else 0)


def test_where_there_is_nothing_to_draw() -> None:
    """Stills, exact files, what an allow entry explains, entries that are gone and other takes have no timeline."""
    nothing: list[tuple[Evidence | None, Any]] = [
        (None, BESIDE),
        (evidence(COPY, media=(clip(duration=None),)), BESIDE),
        (evidence(replace(COPY, method="sha256")), BESIDE),
        (evidence(replace(COPY, suppressed=True)), BESIDE),
        (evidence(replace(COPY, bank_kind="allow")), BESIDE),
        (evidence(replace(COPY, query_ranges=())), BESIDE),
        (evidence(COPY), ()),
        (evidence(SourceMatch(media=0, entry=ENTRY, kind="same_place", query_ranges=((0.0, 1.0),))), BESIDE),
    ]
    for found_, beside in nothing:
        assert timelines(found_, beside) == []


def test_a_clip_that_shows_a_picture() -> None:
    """An entry that is a picture has no seconds; the moment of the clip is marked."""
    one = replace(COPY, query_ranges=((2.0, 2.0),), entry_ranges=((0.0, 0.0),))
    (line,) = timelines(evidence(one), ({"entry": ENTRY, "duration": None},))
    assert line.sentence == f"0:02.0 of this media is the picture {ENTRY}; the face region agrees"
    assert "a picture" in drawing(line).below.name


def test_albums_and_lengths_that_are_far_apart() -> None:
    """In an album the media is named; where one is much longer, each bar has its own scale and says so."""
    media = (clip(0, 3.0), clip(1, 600.0), clip(2, None))
    (line,) = timelines(evidence(replace(COPY, media=1), media=media), BESIDE)
    assert line.sentence.startswith("0:01.2 to 0:03.8 of media 2 is ")
    drawn = drawing(line)
    assert (drawn.scales, drawn.above.width, drawn.below.width) == (True, 100, 100)
    assert drawn.above.marks[0][1] > 0


SPAN = st.tuples(st.floats(0, 9e6), st.floats(0, 9e6)).map(lambda pair: (min(pair), max(pair)))


@given(
    st.floats(0.01, 1e6), st.one_of(st.none(), st.floats(0.01, 1e6)), st.lists(SPAN, max_size=9),
    st.lists(SPAN, max_size=9), st.booleans(), st.floats(0.01, 100),
)  # fmt: skip
@pytest.mark.slow
def test_whatever_is_stored_is_drawn_inside(
    length: float, other: float | None, here: list[Any], there: list[Any], back: bool, speed: float
) -> None:
    """Any stretches, also beyond the ends that are told, lie within the drawing, and scales have few steps."""
    motion = moves(*[(*a, *b, speed, back) for a, b in zip(here, there, strict=False)]) if here and there else None
    one = replace(COPY, query_ranges=tuple(here), entry_ranges=tuple(there), motion=motion)
    for line in timelines(evidence(one, media=(clip(duration=length),)), ({"entry": ENTRY, "duration": other},)):
        drawn = drawing(line)
        for bar in (drawn.above, drawn.below):
            assert 0 < bar.width <= 100
            assert len(bar.ticks) <= TICKS + 2
            for begin, width in bar.marks:
                assert 0 <= begin <= 100 >= width > 0
        for band in drawn.bands:
            assert all(-1 <= float(x) <= 1010 for x in re.findall(r"([-\d.]+),", band.points))


@pytest.mark.parametrize("wrong", ["x", 5, [], {"score": "x"}, {"score": 1}, True])
def test_motion_of_another_shape_counts_as_not_told(wrong: Any) -> None:
    """A stored row with other words for motion is read all the same."""
    data = to_json_data(evidence(COPY, SourceMatch(media=0, entry=ENTRY, kind="face_differs")))
    data["matches"][0]["motion"] = data["source"][0]["motion"] = wrong
    read = loads(Evidence, json.dumps(data))
    assert (read.matches[0].motion, read.source[0].motion) == (None, None)


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer."""
    with console_on(bot) as served:
        served.person("Ben")
        yield served


def test_the_case_shows_it(bot: Pipeline, console: Console) -> None:
    """The page has one drawing with title and sentence, in classes alone; a case without stretches has none."""
    entry = bank_the_fake(bot)
    case = open_case(bot, 1)
    store = bot.deps.store
    told = store.links.evidence(case.link)
    assert told is not None
    pace = moves((1.2, 3.8, 0.0, 2.6, 1.0, True))
    store.links.matched(case.link, replace(told, matches=(replace(told.matches[0], entry=entry, motion=pace),)))
    ben = console.signed_in("Ben")
    ben.get(f"/case/{case.label}")
    drawn = re.findall(r"<svg role.*?</svg>\s*<figcaption>", ben.page.text, flags=re.DOTALL)
    assert len(drawn) == 1
    tree = ElementTree.fromstring(drawn[0].removesuffix("<figcaption>"))
    sentence = f"0:01.2 to 0:03.8 of this media is 0:00.0 to 0:02.6 of {entry} at its own speed, backward"
    assert (tree.findtext("desc") or "").startswith(sentence)
    assert ben.text.count(sentence) == 2  # in the drawing, and below it
    assert f"Timeline of this media above and {entry} below" in ben.text
    assert not {name for one in tree.iter() for name in one.attrib} & {"style", "fill", "href", "onload"}
    exact = open_case(bot, 2, "exact")
    assert "timeline" not in ben.get(f"/case/{exact.label}").text
