"""The evidence ladder: what evidence allows without a person, refused at load and capped when judging."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RuleError
from bot.model import BankKind, Evidence, Link, Match, Verdict
from bot.rules import RuleSet, parse

EXACT = "name: exact\nexact_media: {bank: [fakes]}\naction: remove\nmodmail: removed\nnotify_host: confirm\n"
NEAR = "name: near\nknown_media: {bank: [fakes]}\naction: report\naction_reason: look\n"
AGREES = "name: agrees\nknown_media: {bank: [fakes], face_region: agrees}\naction: remove\n"

FILE = Match(
    media=0,
    bank="fakes",
    bank_kind="block",
    entry="E-1",
    confirmed=True,
    method="sha256",
    signal="sha256",
    why="the same file",
)
COPY = replace(FILE, method="pdq", signal="pdq", distance=8, why="a near copy")
AGREEING = replace(COPY, face_region="agrees")


def judge(text: str, *matches: Match) -> Verdict:
    """Return the verdict on a bare file with these matches."""
    link = Link(url="https://a.example/x.gif", host="direct", id="x", kind="media", source="target")
    return RuleSet(parse(text, "r.yaml")).judge(None, Evidence(target=link.url, link=link, matches=matches))


def kinds(verdict: Verdict) -> list[str]:
    """Return the kinds of the verdict's actions."""
    return [action.kind for action in verdict.actions]


def refused(text: str, **known: Any) -> str:
    """Return the sentence with which a rule is refused."""
    with pytest.raises(RuleError) as caught:
        parse(text, "r.yaml", **known)
    return str(caught.value)


# --- at load ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [EXACT, AGREES, NEAR])
def test_what_the_ladder_allows_loads(text: str) -> None:
    """The very file and an agreeing near copy may remove; a near copy may report."""
    assert parse(text, "r.yaml")


def test_a_near_copy_may_not_remove() -> None:
    """A rule that removes near copies without their faces is refused, with what to write instead."""
    said = refused(NEAR.replace("report", "remove"))
    assert said.startswith("r.yaml, line 3: action: remove goes too far for a near copy")
    assert "face_region: agrees" in said


@pytest.mark.parametrize("action", ["report", "remove"])
@pytest.mark.parametrize(
    "checks",
    [
        "title: fake",
        "host: redgifs",
        "over_18: true",
        "reports: 3",
        "sexual_context: true",
        "~exact_media: {bank: [fakes]}",
        "~known_media: {bank: [fakes], face_region: agrees}",
        "title: fake\nhost: redgifs\nsexual_context: true\nreports: 99",
    ],
)
def test_without_evidence_of_a_copy_a_rule_may_only_review(checks: str, action: str) -> None:
    """Checks on post, host or context, users' reports and negated evidence never report or remove."""
    assert "needs exact_media or known_media" in refused(f"name: x\n{checks}\naction: {action}\n")
    assert parse(f"name: x\n{checks}\naction: review\n", "r.yaml")


@pytest.mark.parametrize("kind", ["source", "watch", "allow"])
@pytest.mark.parametrize("text", [EXACT, AGREES, NEAR])
def test_other_banks_are_for_review_only(text: str, kind: BankKind) -> None:
    """A rule that acts on a source, watch or allow bank is refused where the bank's kind is known."""
    assert f"fakes is a {kind} bank, for review at most" in refused(text, banks={"fakes": kind})
    assert parse(text, "r.yaml", banks={"fakes": "block"})


def test_the_weakest_bank_of_a_list_counts() -> None:
    """One watch bank beside block banks is enough to refuse: its match alone would make the rule fire."""
    text = EXACT.replace("[fakes]", "[fakes, told]")
    assert "told is a watch bank" in refused(text, banks={"fakes": "block", "told": "watch"})


def test_the_strongest_of_several_evidence_checks_counts() -> None:
    """All checks of a rule must hold, so a near copy beside the very file takes nothing from it."""
    both = "name: x\nexact_media: {bank: [fakes]}\nknown_media: {bank: [told]}\naction: remove\n"
    assert parse(both, "r.yaml", banks={"fakes": "block", "told": "watch"})


# --- when judging ----------------------------------------------------------------------------------------------------


def test_the_very_file_acts() -> None:
    """The very file of a confirmed entry removes, tells the moderators and drafts a notice."""
    verdict = judge(EXACT, FILE)
    assert (verdict.outcome, verdict.rule, verdict.reasons) == ("act", "exact", ("the same file",))
    assert kinds(verdict) == ["remove", "modmail", "notice"]


def test_an_agreeing_near_copy_acts() -> None:
    """A near copy whose face region agrees removes."""
    assert kinds(judge(AGREES, AGREEING)) == ["remove"]


@pytest.mark.parametrize("region", ["unknown", "differs"])
def test_a_near_copy_that_does_not_agree_does_not_remove(region: Any) -> None:
    """A rule that asks for agreeing faces does not fire without."""
    assert judge(AGREES, replace(COPY, face_region=region)).fired == ()


@pytest.mark.parametrize("text", [EXACT, NEAR, AGREES])
@pytest.mark.parametrize("method", ["sha256", "pdq"])
def test_an_unconfirmed_entry_is_held_for_review(text: str, method: str) -> None:
    """Whatever a rule says, an entry that no second person confirmed leads to a review, and the reason is said."""
    match = replace(AGREEING, method=method, confirmed=False)
    verdict = judge(text, match)
    if not verdict.fired:
        assert (text, method) == (EXACT, "pdq")
        return
    assert verdict.outcome == "review"
    assert "held for review: the entry has not been confirmed by a second person" in verdict.reasons
    assert "modmail" not in kinds(verdict)
    assert judge(text, match, replace(match, confirmed=True, entry="E-2")).outcome == "act"


@pytest.mark.parametrize("text", [EXACT, NEAR, AGREES])
@pytest.mark.parametrize("kind", ["source", "watch"])
def test_watch_and_source_entries_are_held_for_review(text: str, kind: BankKind) -> None:
    """Even the very file of a confirmed watch or source entry leads to a review only, and the reason is said."""
    verdict = judge(text, replace(FILE, bank_kind=kind))
    assert verdict.outcome == "review"
    assert f"held for review: entries of {kind} banks are for review only" in verdict.reasons


@pytest.mark.parametrize("match", [FILE, COPY, AGREEING])
def test_an_allow_entry_never_does_anything(match: Match) -> None:
    """A match in an allow bank makes no check hold, not even for a review."""
    text = f"{EXACT}---\n{NEAR}---\n{AGREES}---\nname: r\nknown_media: {{bank: [fakes]}}\naction: review\n"
    assert judge(text, replace(match, bank_kind="allow")).fired == ()


def test_a_suppressed_near_copy_does_not_count() -> None:
    """Where an allow entry speaks for all matching frames, a near copy is none, even with agreeing faces."""
    for text in (NEAR, AGREES):
        assert judge(text, replace(AGREEING, suppressed=True)).fired == ()


def test_an_allow_entry_never_beats_the_very_file() -> None:
    """A suppressed match of the very file still acts."""
    assert judge(EXACT, replace(FILE, suppressed=True)).outcome == "act"
    assert judge(NEAR, replace(FILE, suppressed=True)).outcome == "act"


def test_another_face_is_no_copy() -> None:
    """A near copy whose face region differs makes no evidence check hold; the very file is the very file."""
    review = "name: x\nknown_media: {bank: [fakes]}\naction: review\n"
    for text in (NEAR, AGREES, review):
        assert judge(text, replace(COPY, face_region="differs")).fired == ()
    assert judge(review.replace("known", "~known"), replace(COPY, face_region="differs")).fired == ("x",)
    assert judge(EXACT, replace(FILE, face_region="differs")).outcome == "act"


def test_a_rule_that_slipped_past_the_loader_is_capped() -> None:
    """A rule built without the loader gains nothing: a near copy alone, or no copy, is held for review."""
    (near,) = parse(NEAR, "r.yaml")
    (words,) = parse("name: words\nhost: direct\naction: review\n", "r.yaml")
    link = Link(url="https://a.example/x.gif", host="direct", id="x", kind="media", source="target")
    evidence = Evidence(target=link.url, link=link, matches=(COPY,))
    for rule, reason in ((near, "may be the original footage"), (words, "no copy of a banked media")):
        verdict = RuleSet((replace(rule, step=parse(EXACT, "r")[0].step),)).judge(None, evidence)
        assert verdict.outcome == "review"
        assert any(said.startswith("held for review") and reason in said for said in verdict.reasons)


def test_the_held_action_waits_in_the_review() -> None:
    """A held removal stays in the verdict, for the moderator who confirms the case; its modmail does not."""
    verdict = judge(EXACT, replace(FILE, confirmed=False))
    assert (verdict.outcome, kinds(verdict)) == ("review", ["remove", "notice"])


def test_no_notice_about_original_footage() -> None:
    """A source entry is what fakes are made from: its host is told nothing."""
    text = "name: x\nexact_media: {bank: [fakes]}\naction: review\nnotify_host: confirm\n"
    verdict = judge(text, replace(FILE, bank_kind="source"))
    assert kinds(verdict) == []
    assert any(said.startswith("no notice is drafted") for said in verdict.reasons)
    assert kinds(judge(text, FILE)) == ["notice"]


matches = st.builds(
    Match,
    media=st.just(0),
    bank=st.sampled_from(["fakes", "other"]),
    bank_kind=st.sampled_from(["block", "source", "watch", "allow"]),
    entry=st.just("E-1"),
    confirmed=st.booleans(),
    method=st.sampled_from(["sha256", "md5", "pdq", "phash", "region", "local"]),
    signal=st.just("pdq"),
    distance=st.one_of(st.none(), st.integers(0, 31)),
    face_region=st.sampled_from(["agrees", "differs", "unknown"]),
    suppressed=st.booleans(),
)


@given(st.lists(matches, max_size=4))
@pytest.mark.slow
def test_no_evidence_acts_beyond_its_rung(found: list[Match]) -> None:
    """An act rests on a confirmed block entry of the rule's bank, a removal on one of the first two rungs."""
    verdict = judge(f"{EXACT}---\n{NEAR}---\n{AGREES}", *found)
    sound = [match for match in found if match.bank == "fakes" and match.bank_kind == "block" and match.confirmed]
    file = any(match.method in ("sha256", "md5") for match in sound)
    copies = [m for m in sound if not m.suppressed and m.face_region != "differs"]
    if verdict.outcome == "act":
        assert file or copies
        if "remove" in kinds(verdict):
            assert file or any(match.face_region == "agrees" for match in copies)
    else:
        assert not file
        assert not copies


# --- several rules ---------------------------------------------------------------------------------------------------


def test_the_strongest_verdict_wins_and_all_that_fired_are_kept() -> None:
    """A removal of low priority decides over a report and a review of higher; every rule that fired is recorded."""
    text = (
        f"{EXACT}priority: 1\n---\n{NEAR}priority: 9\n---\n"
        "name: host\nhost: direct\naction: review\npriority: 5\nmodmail: look\n---\n"
        "name: ignored\nhost: direct\naction: ignore\npriority: 99\n"
    )
    verdict = judge(text, FILE)
    assert (verdict.outcome, verdict.rule) == ("act", "exact")
    assert verdict.fired == ("ignored", "near", "host", "exact")
    assert kinds(verdict) == ["report", "remove", "modmail", "notice"]
    assert dict(verdict.actions[2].params)["body"] == "removed", "the review's modmail is not of the winning outcome"


def test_actions_are_merged_without_repetition() -> None:
    """Two rules that ask for the same kind give it once, in the words of the one tried first; reasons once too."""
    text = f"{NEAR}priority: 2\n---\n{NEAR}".replace("name: near", "name: first", 1).replace("look", "first words", 1)
    verdict = judge(text, COPY)
    assert verdict.fired == ("first", "near")
    assert [(action.kind, dict(action.params)) for action in verdict.actions] == [("report", {"reason": "first words"})]
    assert verdict.reasons == ("a near copy",)


def test_a_held_rule_adds_nothing_to_one_that_acts() -> None:
    """Beside a report that stands, a removal that is held is not among the actions."""
    text = f"{NEAR.replace('fakes', 'other')}---\n{EXACT}"
    verdict = judge(text, replace(COPY, bank="other"), replace(FILE, confirmed=False))
    assert (verdict.outcome, verdict.rule, kinds(verdict)) == ("act", "near", ["report"])
    assert "held for review: the entry has not been confirmed by a second person" in verdict.reasons


def test_nothing_found_is_ignored() -> None:
    """Without a rule that fires the verdict is to ignore, without rule, reason or action; so with no rules at all."""
    assert judge(f"{EXACT}---\n{NEAR}") == Verdict(outcome="ignore")
    link = Link(url="https://a.example/", host="", id=None, kind="unsupported", source="target")
    assert RuleSet(()).judge(None, Evidence(target=link.url, link=link, matches=(FILE,))) == Verdict(outcome="ignore")


# --- the evidence checks themselves ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "match", "held"),
    [
        ('distance: "<= 8"', COPY, True),
        ('distance: "< 8"', COPY, False),
        ('distance: "<= 7"', COPY, False),
        ('distance: "<= 31"', replace(COPY, distance=None), False),
        ('coverage: ">= 0.4"', replace(COPY, coverage_query=0.4, coverage_entry=0.1), True),
        ('coverage: ">= 0.4"', replace(COPY, coverage_query=0.1, coverage_entry=0.4), True),
        ('coverage: "> 0.4"', replace(COPY, coverage_query=0.4, coverage_entry=0.4), False),
        ("method: pdq", COPY, True),
        ("method: phash", COPY, False),
        ("method: [phash, pdq]", replace(COPY, method="phash"), True),
        ("face_region: agrees", AGREEING, True),
        ("face_region: agrees", COPY, False),
        ('distance: "<= 0", coverage: "> 0.99", method: phash, face_region: agrees', FILE, True),
        ('distance: "<= 0"', replace(FILE, method="md5", coverage_query=0.1), True),
        ('distance: "<= 31"', replace(COPY, bank="other"), False),
        ('distance: "<= 7"', replace(COPY, method="local"), True),  # its distance is not in bits of a frame
        ('distance: "<= 7"', replace(COPY, method="phash"), False),
        ('inliers: ">= 20"', replace(COPY, method="local", inliers=20), True),
        ('inliers: ">= 20"', replace(COPY, method="region", inliers=19), False),
        ('inliers: ">= 20"', replace(COPY, method="local"), False),
        ('inliers: ">= 20"', COPY, True),
        ("method: [local, region]", replace(COPY, method="local"), True),
        ("method: [local, region]", COPY, False),
        ('frames: ">= 3"', replace(COPY, frames=3), True),
        ('frames: ">= 3"', replace(COPY, frames=2), False),
        ("transform: none", COPY, True),
        ("transform: [mirror, rot90]", replace(COPY, transform="mirror"), True),
        ("transform: [mirror, rot90]", COPY, False),
    ],
)
def test_known_media(terms: str, match: Match, held: bool) -> None:
    """Each term of known_media narrows near copies; the very file satisfies them all."""
    assert bool(judge(f"name: x\nknown_media: {{bank: [fakes], {terms}}}\naction: review\n", match).fired) is held


def test_exact_media() -> None:
    """Only the very file in the named bank holds, by either hash; ~ turns it round."""
    text = "name: x\nexact_media: {bank: fakes}\naction: review\n"
    for match, held in (
        (FILE, True),
        (replace(FILE, method="md5"), True),
        (COPY, False),
        (replace(FILE, bank="b"), False),
    ):
        assert bool(judge(text, match).fired) is held
        assert bool(judge(text.replace("exact", "~exact"), match).fired) is not held


def test_reasons_are_few_and_strongest_first() -> None:
    """A compilation with many matches gives a handful of reasons, the strongest evidence first, and a count."""
    many = [replace(COPY, entry=f"E-{n}", why=f"near copy {n}") for n in range(20)]
    verdict = judge(NEAR, *many, FILE)
    assert verdict.reasons[0] == "the same file"
    assert len(verdict.reasons) == 6
    assert verdict.reasons[-1] == "and 16 more matches"
