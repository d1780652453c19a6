"""Faces, nudity and source footage: judged from plain evidence of any shape, and for review only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RuleError
from bot.model import Evidence, Link, Verdict
from bot.rules import RuleSet, parse, run_examples
from bot.serialization import dumps, loads, to_json_data

LINK = Link(url="https://a.example/x.mp4", host="direct", id="x", kind="media", source="url")
FACE = {
    "media": 0, "t": 1.5, "box": [10, 20, 90, 110], "person": "P-3f9c2a", "model": "dlib", "distance": 0.41,
    "probability": 0.97,
}  # fmt: skip
STRANGER = {**FACE, "person": None, "probability": None}
FOOTAGE = {
    "media": 0, "bank": "originals", "entry": "E-1", "method": "local", "inliers": 88, "frames": 12,
    "transform": "none", "coverage_query": 0.9, "coverage_entry": 0.2, "face_region": "differs",
    "why": "the same footage, another face",
}  # fmt: skip


def row(**found: Any) -> Evidence:
    """Return evidence as it is read from a row of the database that holds this."""
    return loads(Evidence, json.dumps({**to_json_data(Evidence(target=LINK.url, link=LINK)), **found}))


def judge(checks: str, **found: Any) -> Verdict:
    """Return what a rule with these checks makes of a row of evidence in the database."""
    evidence = row(**found)
    return RuleSet(parse(f"name: x\naction: review\n{checks}\n", "r.yaml")).judge(None, evidence)


@pytest.mark.parametrize(
    ("terms", "faces", "held"),
    [
        ("person: any", [FACE], True),
        ("person: any", [STRANGER], False),
        ("person: any", [], False),
        ("person: [P-3f9c2a, P-0]", [FACE], True),
        ("person: P-0", [FACE], False),
        ('person: any, probability: ">= 0.95"', [FACE], True),
        ('person: any, probability: ">= 0.98"', [FACE], False),
        ('person: any, probability: ">= 0.95"', [{**FACE, "probability": None}], False),
        ('person: any, distance: "< 0.5"', [FACE], True),
        ('person: any, distance: "< 0.4"', [FACE], False),
        ("person: any, model: dlib", [FACE], True),
        ("person: any, model: [arcface]", [FACE], False),
        ('person: any, faces: ">= 2"', [FACE], False),
        ('person: any, faces: ">= 2"', [FACE, STRANGER], False),
        ('person: any, faces: ">= 2"', [FACE, {**FACE, "t": 2.0}], True),
    ],
)
def test_faces(terms: str, faces: list[dict[str, Any]], held: bool) -> None:
    """Each term narrows which faces count; a face that resembles nobody protected never does."""
    assert bool(judge(f"face: {{{terms}}}", faces=tuple(faces)).fired) is held


def test_no_reason_says_whom_a_face_resembles() -> None:
    """Neither reasons nor the check's value name the person."""
    made = RuleSet(parse("name: x\naction: review\nface: {person: P-3f9c2a}\n", "r.yaml"))
    evidence = row(faces=[FACE])
    assert made.judge(None, evidence).reasons == ("a face resembles a protected person",)
    assert "P-3f9c2a" not in repr(made.explain(None, evidence))


@pytest.mark.parametrize(
    ("terms", "footage", "held"),
    [
        ("", FOOTAGE, True),
        ("", {**FOOTAGE, "bank": "others"}, False),
        ("", {**FOOTAGE, "face_region": "agrees"}, False),
        ("", {**FOOTAGE, "face_region": "unknown"}, True),
        (", face_region: differs", {**FOOTAGE, "face_region": "unknown"}, False),
        ("", {**FOOTAGE, "suppressed": True}, False),
        ("", {**FOOTAGE, "kind": "same_place", "face_region": "unknown"}, False),
        ("", {**FOOTAGE, "kind": "same_place", "face_region": "another take"}, False),
        ("", {**FOOTAGE, "face_region": "another take"}, False),
        (", face_region: unknown", {**FOOTAGE, "kind": "same_place", "face_region": "unknown"}, False),
        (', coverage: ">= 0.8"', FOOTAGE, True),
        (', coverage: ">= 0.95"', FOOTAGE, False),
        (', coverage: ">= 0.1"', {"bank": "originals"}, False),
        (', frames: ">= 12"', FOOTAGE, True),
        (', frames: ">= 13"', FOOTAGE, False),
        (", transform: none", FOOTAGE, True),
        (", transform: mirror", FOOTAGE, False),
        ("", {"bank": "originals"}, True),
    ],
)
def test_source_footage(terms: str, footage: dict[str, Any], held: bool) -> None:
    """Footage counts where faces do not agree, and only with the terms that are told and hold."""
    assert bool(judge(f"source_media: {{bank: [originals]{terms}}}", source=(footage,)).fired) is held


@pytest.mark.parametrize(
    ("check", "nudity", "held"),
    [
        ("nudity: true", {"score": 0.8, "frames": 3}, True),
        ("nudity: true", {"score": 0.79, "frames": 3}, False),
        ("nudity: false", {"score": 0.79, "frames": 3}, True),
        ("nudity: true", None, False),
        ("nudity: false", None, False),
        ('nudity: ">= 0.9"', {"score": 0.95}, True),
        ('nudity: "< 0.3"', {"score": 0.1}, True),
        ('nudity: {score: ">= 0.9", frames: ">= 3"}', {"score": 0.95, "frames": 2}, False),
        ('nudity: {score: ">= 0.9", frames: ">= 3"}', {"score": 0.95, "frames": [0.0, 1.0, 2.0]}, True),
        ('nudity: {frames: ">= 3"}', {"score": 0.95}, False),
        ("sexual_context: true", {"score": 0.8}, True),
        ("sexual_context: true", {"score": 0.2}, False),
    ],
)
def test_nudity(check: str, nudity: dict[str, Any] | None, held: bool) -> None:
    """The score decides, frames as a number or a list; without a signal nothing holds, whichever way round."""
    assert bool(judge(check, nudity=nudity).fired) is held


@pytest.mark.parametrize("action", ["report", "remove", "spam"])
@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("face: {person: any}", "goes too far for a face: a likeness is no proof"),
        ("source_media: {bank: originals}", "goes too far for source_media: the footage is the original performer's"),
        ("nudity: true", "needs exact_media or known_media"),
        ("face: {person: any}\nnudity: true\nsexual_context: true\nhost: redgifs", "goes too far for a face"),
    ],
)
def test_they_are_for_review_only(check: str, said: str, action: str) -> None:
    """A rule that acts on a face, on footage or on nudity is refused, with the sentence that says why."""
    with pytest.raises(RuleError, match=said):
        parse(f"name: x\n{check}\naction: {action}\n", "r.yaml")
    assert parse(f"name: x\n{check}\naction: review\n", "r.yaml")


def test_beside_the_very_file_they_only_narrow_down() -> None:
    """All checks must hold, so a face beside the very file of a fake takes nothing from what that allows."""
    assert parse("name: x\nexact_media: {bank: fakes}\nface: {person: any}\naction: remove\n", "r.yaml")


def test_examples_can_show_them() -> None:
    """Examples say faces, footage and nudity in a few words."""
    made = RuleSet(
        parse(
            "name: x\nface: {person: any, probability: '>= 0.9'}\nnudity: '>= 0.9'\naction: review\nexamples:\n"
            "  - {face: {person: P-1, probability: 0.97}, nudity: 0.95, gives: review}\n"
            "  - {face: P-1, nudity: 0.95, gives: nothing}\n"
            "  - {face: [{person: P-1, probability: 0.1}, {person: P-2, probability: 0.99}], nudity: {score: 0.9}, "
            "gives: review}\n"
            "---\nname: y\nsource_media: {bank: [originals], coverage: '>= 0.4'}\naction: review\nexamples:\n"
            "  - {source: {bank: originals, coverage: 0.5}, gives: review}\n"
            "  - {source: {bank: originals, coverage: 0.5, face_region: agrees}, gives: nothing}\n"
            "  - {source: originals, gives: nothing}\n",
            "r.yaml",
        )
    )
    assert run_examples(made) == []
    assert made.idle() == {"x": {"face", "nudity"}}
    assert made.idle(["nudity"]) == {"x": {"face"}}


WHOLE_FACE = {
    "media": 1, "t": 1.52, "box": [150, 90, 64, 64], "person": "P-3f9c2a", "model": "dlib", "distance": 0.412,
    "probability": 0.9712, "similarity": 0.61, "views": 6, "views_matched": 5, "looks": 9, "from": 0.0, "to": 2.04,
    "why": "in 5 of 6 views of the face, 0:00 to 0:02",
}  # fmt: skip
WHOLE_SOURCE = {
    "media": 0, "bank": "known-fakes", "entry": "E-3f9c2a", "transform": "mirrored", "inliers": 88, "frames": 12,
    "coverage_query": 0.91, "coverage_entry": 1.0, "query_ranges": [[0.0, 2.5], [4.0, 5.25]],
    "entry_ranges": [[0.0, 2.5]], "kind": "face_differs", "face_region": "differs", "face_distance": 0.487,
    "boxes": [[0.0, 100, 80, 60, 61], [1.04, 140, 80, 60, 61]], "method": "local", "region": 0.031,
    "region_found": 0.08, "rate": 0.77, "why": "the same footage, but the face is another one",
    "resembles": "P-3f9c2a", "probability": 0.98,
}  # fmt: skip
PART = {
    **{key: value for key, value in WHOLE_SOURCE.items() if key not in ("resembles", "probability")},
    "kind": "part_differs", "face_region": "unknown", "face_distance": None, "boxes": [],
}  # fmt: skip
MOMENT = {
    "media": 0, "bank": "known-fakes", "entry": "E-1", "transform": "none", "inliers": None, "frames": 3,
    "coverage_query": 0.05, "coverage_entry": 0.06, "query_ranges": [[3.75, 4.2]], "entry_ranges": [[0.0, 0.5]],
    "kind": "same_place", "face_region": "unknown", "method": "pdq", "why": "a moment in common, too little for a copy",
}  # fmt: skip
SCORE = {"score": 0.9, "frames": 2, "media": 2, "model": "open_nsfw"}


@pytest.mark.parametrize(
    "found",
    [
        {"faces": [WHOLE_FACE, {**WHOLE_FACE, "t": 0.0}]},
        {"source": [WHOLE_SOURCE, PART, MOMENT]},
        {"nudity": SCORE},
        {"faces": [{"person": "P-1"}, {}], "source": [{"bank": "originals", "face_region": "unknown"}]},
        {"nudity": {"score": 0.0, "frames": 0, "media": 0, "model": "open_nsfw"}},
        {"nudity": {"score": 1.0}},
        {},
    ],
)
def test_a_stored_row_is_written_as_it_was_read(found: dict[str, Any]) -> None:
    """Byte by byte: keys stay in their order, what was null stays null, what was missing stays missing."""
    stored = json.dumps(
        {**to_json_data(Evidence(target=LINK.url, link=LINK)), **found}, ensure_ascii=False, separators=(",", ":")
    )
    assert dumps(loads(Evidence, stored)) == stored


def test_another_take_is_a_kind_and_no_face_region() -> None:
    """Rows that called the face region `another take` are read as what they meant, and the region as unknown."""
    for told in (MOMENT, {key: value for key, value in MOMENT.items() if key != "kind"}):
        (found,) = row(source=[{**told, "face_region": "another take"}]).source
        assert (found.kind, found.face_region) == ("same_place", "unknown")
    (odd,) = row(source=[{**PART, "face_region": "elsewhere", "kind": "no such kind"}]).source
    assert (odd.kind, odd.face_region) == (None, "unknown")


def test_what_has_another_shape_is_not_told() -> None:
    """A field that holds something else reads as if it were missing, and the rest of the row stays."""
    wrong = {"t": "x", "box": [1, 2], "probability": True, "person": 7, "views": 1.5, "why": None}
    (face,) = row(faces=[{**WHOLE_FACE, **wrong}, "no row"]).faces
    assert (face.t, face.box, face.probability, face.person, face.views, face.why) == (None, None, None, "", None, "")
    assert (face.media, face.begin, face.end) == (1, 0.0, 2.04)
    assert row(faces=None, source=3, nudity=[]).nudity is None


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=True) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
NAMES = [
    "media",
    "bank",
    "person",
    "probability",
    "distance",
    "score",
    "frames",
    "coverage",
    "face_region",
    "transform",
]
THINGS = st.dictionaries(st.sampled_from(NAMES), ANY | st.just("originals"), max_size=6)


@given(st.lists(THINGS, max_size=3), st.lists(THINGS, max_size=3), st.none() | THINGS)
@pytest.mark.slow
def test_evidence_of_any_shape_is_judged(faces: list[Any], source: list[Any], nudity: Any) -> None:
    """Whatever somebody computed long ago stands there, the rules judge and explain it, and never act on it."""
    made = RuleSet(
        parse(
            "name: f\nface: {person: any, probability: '> 0.1', distance: '< 9', faces: '>= 1'}\naction: review\n---\n"
            "name: s\nsource_media: {bank: originals, coverage: '> 0.1', frames: '> 1', transform: none}\n"
            "action: review\n---\nname: n\nnudity: {score: '> 0.1', frames: '> 1'}\naction: review\n---\n"
            "name: c\nsexual_context: true\naction: review\n",
            "r.yaml",
        )
    )
    evidence = row(faces=faces, source=source, nudity=nudity)
    assert made.judge(None, evidence).outcome in ("ignore", "review")
    assert len(made.explain(None, evidence)) == 4
