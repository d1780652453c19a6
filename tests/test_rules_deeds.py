"""What rules ask for beside reports and removals, what the ladder makes of it, and rules of one subreddit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.assemble import rule_files
from bot.config import Config
from bot.errors import RuleError
from bot.model import Evidence, Link, Match, PlannedAction, Verdict
from bot.rules import RuleSet, fill_action, load, parse, waiting
from bot.rules.ladder import level_of

LINK = Link(url="https://a.example/x.gif", host="direct", id="x", kind="media", source="target")
FILE = Match(
    media=0, bank="fakes", bank_kind="block", entry="E-1", confirmed=True, method="sha256", signal="sha256",
    why="the same file",
)  # fmt: skip
COPY = replace(FILE, method="pdq", signal="pdq", distance=8)
AGREEING = replace(COPY, face_region="agrees")
DEEDS = (
    "set_locked: true\nset_nsfw: true\nset_spoiler: true\nset_flair: {text: Removed, css_class: r, template_id: t}\n"
    "overwrite_flair: true\nmod_note: 'Known fake, case {{case}}'\n"
)
MARKS = ["set_locked: true", "set_nsfw: true", "set_spoiler: true", "set_flair: a", "mod_note: a"]


def judge(text: str, *matches: Match) -> Verdict:
    """Return the verdict on a bare file with these matches."""
    return RuleSet(parse(text, "r.yaml")).judge(None, Evidence(target=LINK.url, link=LINK, matches=matches))


def asked(verdict: Verdict) -> dict[str, dict[str, str]]:
    """Return what a verdict asks for."""
    return {action.kind: dict(action.params) for action in verdict.actions}


def test_all_that_a_removal_may_bring_with_it() -> None:
    """Each key becomes its action, with the parameters that the action takes, in an order in which all can be done."""
    text = (
        "name: x\nexact_media: {bank: fakes}\naction: spam\naction_reason: r\nremoval_reason: Fakes\n"
        f"message: 'Your {{{{kind}}}} is gone.\n\n  Case {{{{case}}}}'\nmessage_subject: Gone\n{DEEDS}modmail: m\n"
    )
    verdict = judge(text, FILE)
    assert asked(verdict) == {
        "nsfw": {},
        "spoiler": {},
        "flair": {"text": "Removed", "css_class": "r", "template": "t", "overwrite": "true"},
        "lock": {},
        "remove": {"reason": "r", "spam": "true", "removal_reason": "Fakes"},
        "message": {"subject": "Gone", "body": "Your {{kind}} is gone.\nCase {{case}}"},
        "note": {"text": "Known fake, case {{case}}"},
        "modmail": {"subject": "Case {{case}}", "body": "m"},
    }
    assert list(asked(verdict)) == ["nsfw", "spoiler", "flair", "lock", "remove", "message", "note", "modmail"]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_on_a_near_copy_is_refused(mark: str) -> None:
    """Whatever changes a post or speaks of its author needs the rung of a removal, and says what to write instead."""
    with pytest.raises(RuleError, match="goes too far for a near copy") as caught:
        parse(f"name: x\nknown_media: {{bank: fakes}}\naction: report\n{mark}\n", "r.yaml")
    said = str(caught.value)
    assert said.startswith(f"r.yaml, line 4: {mark.split(':')[0]} goes too far")
    assert "action: review, so that it waits for a person" in said
    for allowed in ("known_media: {bank: fakes, face_region: agrees}", "exact_media: {bank: fakes}"):
        assert parse(f"name: x\n{allowed}\naction: report\n{mark}\n", "r.yaml")
    assert parse(f"name: x\ntitle: words\naction: review\n{mark}\n", "r.yaml")
    with pytest.raises(RuleError, match="does not go with action: ignore"):
        parse(f"name: x\ntitle: words\naction: ignore\n{mark}\n", "r.yaml")


def test_what_a_review_asks_for_waits() -> None:
    """A rule that reviews may name what a person's word sets off; its verdict is a review."""
    verdict = judge(f"name: x\nknown_media: {{bank: fakes}}\naction: review\n{DEEDS}", COPY)
    assert verdict.outcome == "review"
    assert set(asked(verdict)) == {"lock", "nsfw", "spoiler", "flair", "note"}


@pytest.mark.parametrize("match", [replace(FILE, confirmed=False), replace(FILE, bank_kind="watch")])
def test_marks_are_held_with_the_removal(match: Match) -> None:
    """Where the evidence does not carry a removal, nothing that goes with it is done either."""
    verdict = judge(f"name: x\nexact_media: {{bank: fakes}}\naction: report\n{DEEDS}", match)
    assert verdict.outcome == "review"
    assert any(said.startswith("held for review") for said in verdict.reasons)


def test_a_report_with_marks_is_held_if_only_the_report_is_carried() -> None:
    """A rule that slipped past the loader gains nothing: its marks on a near copy make the whole of it wait."""
    (rule,) = parse("name: x\nknown_media: {bank: fakes}\naction: report\n", "r.yaml")
    rule = replace(rule, planned=(*rule.planned, PlannedAction(kind="lock")))
    verdict = RuleSet((rule,)).judge(None, Evidence(target=LINK.url, link=LINK, matches=(COPY,)))
    assert (verdict.outcome, set(asked(verdict))) == ("review", {"report", "lock"})


@given(
    st.lists(st.sampled_from([FILE, COPY, AGREEING]), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["block", "watch", "source", "allow"]),
    st.lists(st.sampled_from(MARKS), unique=True),
)
@pytest.mark.slow
def test_nothing_but_a_report_is_done_below_the_second_rung(
    found: list[Match], confirmed: bool, kind: Any, marks: list[str]
) -> None:
    """Whatever rules ask for: without the very file or agreeing faces of a confirmed block entry, no mark is acted."""
    matches = [replace(match, confirmed=confirmed, bank_kind=kind) for match in found]
    lines = "\n".join(marks)
    text = (
        f"name: e\nexact_media: {{bank: fakes}}\naction: report\n{lines}\n---\n"
        f"name: a\nknown_media: {{bank: fakes, face_region: agrees}}\naction: remove\n{lines}\n---\n"
        "name: n\nknown_media: {bank: fakes}\naction: report\n---\n"
        f"name: r\nknown_media: {{bank: fakes}}\naction: review\n{lines}\n"
    )
    verdict = judge(text, *matches)
    sound = confirmed and kind == "block"
    if verdict.outcome == "act":
        assert sound
        if any(level_of(action.kind) > level_of("report") for action in verdict.actions):
            assert any(match.exact or match.face_region == "agrees" for match in matches)


def test_texts_are_cut_to_what_reddit_takes() -> None:
    """Every text of an action has its own limit, the same word in another action another one."""
    long = "{{title}} " * 6  # each is cut by itself, too
    for kind, key, limit in (
        ("flair", "text", 64), ("note", "text", 250), ("message", "subject", 50), ("modmail", "subject", 100),
        ("report", "reason", 100), ("message", "body", 10_000),
    ):  # fmt: skip
        filled = fill_action(PlannedAction(kind=kind, params={key: long}), None, {"title": "word " * 3000})
        assert limit - 6 < len(filled.params[key]) <= limit, (kind, key)


# --- one subreddit ---------------------------------------------------------------------------------------------------

SHARED = (
    "name: Near\nknown_media: {bank: fakes, distance: '<= 31'}\naction: report\npriority: 5\n---\n"
    "name: Words\ntitle: a\naction: review\n"
)


def test_an_override_replaces_keys_of_a_shared_rule() -> None:
    """The keys that it names are new, the others stay; further ones are added, and places name both files."""
    text = f"{SHARED}---\noverride: Near\nknown_media: {{bank: fakes, distance: '<= 4'}}\nover_18: true\n"
    near, words = parse(text, "r.yaml")
    assert (near.name, near.priority, words.name) == ("Near", 5, "Words")
    assert [check.key for check in near.checks] == ["known_media", "over_18"]
    assert near.at == "r.yaml, line 1 (overridden at r.yaml, line 10)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("override: Neer\npriority: 1", "there is no rule Neer to override; did you mean Near?"),
        ("override: Near\naction: remove", "line 11: action: remove goes too far for a near copy"),
        ("override: Near\nname: Far\npriority: 1", "an override keeps the rule's name"),
        ("override: Near\ndisabled: true\npriority: 1", "takes no other keys"),
        ("override: Near\ndisabled: maybe", "true or false"),
        ("name: x\ntitle: a\naction: review\ndisabled: true", "disabled goes with override"),
        ("override: [Near]\npriority: 1", "takes one value"),
        ("override: Near\ntitel: a", "line 11: titel is not a key of a rule"),
    ],
)
def test_mistakes_in_overrides(text: str, said: str) -> None:
    """An override is checked as the rule that it makes, the ladder included."""
    with pytest.raises(RuleError, match=said):
        parse(f"{SHARED}---\n{text}\n", "r.yaml")


def test_a_rule_can_be_taken_out() -> None:
    """A disabled rule is gone, and its name is free."""
    assert [rule.name for rule in parse(f"{SHARED}---\noverride: Near\ndisabled: true\n", "r.yaml")] == ["Words"]
    text = f"{SHARED}---\noverride: Near\ndisabled: true\n---\nname: Near\ntitle: b\naction: review\n"
    assert [rule.name for rule in parse(text, "r.yaml")] == ["Words", "Near"]
    assert [rule.name for rule in parse(f"{SHARED}---\noverride: Near\ndisabled: false\n", "r.yaml")] == [
        "Near",
        "Words",
    ]


def test_a_subreddits_own_folder_comes_after_the_shared_files(tmp_path: Path) -> None:
    """Files in a folder of the subreddit's name are for it alone; files that are named take the place of all."""
    (tmp_path / "a.yaml").write_text(SHARED)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "b.yaml").write_text("override: Near\npriority: 9\n")
    config = Config.model_validate(
        {"subreddits": {"Clips": {}, "gifs": {}, "own": {"rules": ["clips/b.yaml"]}}, "storage": {"rules": tmp_path}}
    )
    assert [path.name for path in rule_files(config, "clips")] == ["a.yaml", "b.yaml"]
    assert [path.name for path in rule_files(config, "gifs")] == ["a.yaml"]
    assert [path.name for path in rule_files(config, None)] == ["a.yaml"]
    assert [path.name for path in rule_files(config, "own")] == ["b.yaml"]
    priorities = {rule.name: rule.priority for rule in load(rule_files(config, "clips")).rules}
    assert priorities == {"Near": 9, "Words": 0}
    more = (("name: Page\ntitle: a\naction: review\n", "the page"),)
    assert len(load(rule_files(config, "gifs"), more=more).rules) == 3


def test_rules_that_wait_do_nothing_alone() -> None:
    """The same rules, held back: what was an act is a review with the same actions."""
    made = RuleSet(parse(f"{SHARED}---\nname: File\nexact_media: {{bank: fakes}}\naction: remove\n", "r.yaml"))
    evidence = Evidence(target=LINK.url, link=LINK, matches=(FILE,))
    assert made.judge(None, evidence).outcome == "act"
    held = waiting(made).judge(None, evidence)
    assert (held.outcome, set(asked(held))) == ("review", {"report", "remove"})
