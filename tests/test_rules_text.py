"""AutoModerator's modifiers, regular expressions that stay fast, and the texts that the bot fills."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RuleError
from bot.model import Evidence, Link, Match, PlannedAction, Post
from bot.rules import PLACEHOLDERS, RuleSet, fill, fill_action, parse
from bot.rules.checks.text import MODES, query

LINK = Link(url="https://a.example/x", host="redgifs", id="x", kind="media", source="url")
EVIDENCE = Evidence(target=LINK.url, link=LINK)
words = st.text(alphabet=string.ascii_letters + string.digits + " .,!?$-_äß", min_size=1, max_size=6).filter(str.strip)
texts = st.text(alphabet=string.ascii_letters + string.digits + " .,!?$-_äß", max_size=30)


def post(title: str = "", **changes: Any) -> Post:
    """Return a submission with this title."""
    given: dict[str, Any] = {
        "fullname": "t3_abc",
        "subreddit": "example",
        "permalink": "/r/example/comments/abc/x/",
        "created": datetime(2026, 11, 1, tzinfo=UTC),
        "author": "someone",
        "title": title,
    }
    return Post(**{**given, **changes})


def quoted(word: str) -> str:
    """Return a word as YAML's single-quoted text."""
    return "'" + word.replace("'", "''") + "'"


def holds(key: str, word: str, title: str) -> bool:
    """Return whether a check with this key and word holds for a title."""
    rule = RuleSet(parse(f"name: x\naction: review\n{quoted(key)}: [{quoted(word)}]\n", "r.yaml"))
    return bool(rule.judge(post(title), EVIDENCE).fired)


def refused(word: str, key: str = "body (regex)") -> str:
    """Return the sentence with which a pattern is refused."""
    with pytest.raises(RuleError) as caught:
        parse(f"name: x\naction: review\n{quoted(key)}: [{quoted(word)}]\n", "r.yaml")
    return str(caught.value)


# --- modifiers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modifier", "word", "title", "held"),
    [
        ("includes", "ake", "A FAKE clip", True),
        ("includes", "fake", "a clip", False),
        ("includes-word", "ake", "A FAKE clip", False),
        ("includes-word", "fake", "so FAKE!", True),
        ("includes-word", "$5", "US$5 off", True),
        ("includes-word", "5", "US$55 off", False),
        ("starts-with", "a fa", "A FAKE clip", True),
        ("starts-with", "fake", "A FAKE clip", False),
        ("ends-with", "clip", "A FAKE clip", True),
        ("ends-with", "fake", "A FAKE clip", False),
        ("full-exact", "a fake clip", "A FAKE clip", True),
        ("full-exact", "a fake clip", "A FAKE clip!", False),
        ("full-text", "a fake clip", "** A FAKE clip! **", True),
        ("full-text", "a fake clip", "A FAKE, clip", False),
        ("regex", "f[ao]ke", "a foke", True),
        ("regex", "f[ao]ke", "a fokes", False),
        ("regex, includes", "f[ao]ke", "a fokes", True),
        ("regex, full-exact", "f[ao]ke", "a foke", False),
        ("regex, full-exact", "a f[ao]ke", "a foke", True),
        ("regex, starts-with", "f[ao]ke", "foke it", True),
        ("regex, ends-with", "f[ao]ke", "it foke", True),
        ("regex, full-text", "f[ao]ke", "(foke)", True),
        ("regex", r"(\W|^)(bot|spam)(\W|$)", "a bot!", True),
        ("regex", r"(\W|^)(bot|spam)(\W|$)", "a robot!", False),
        ("regex", r"\[oc\]", "clip[OC]more", True),
        ("regex", r"(\w+ ){2,}", "one two three", True),
        ("regex", r"\u200b|\ufeff", "a\u200bb", True),
        ("regex", r"[[(]oc[])]", "[OC]", True),
        ("regex, full-text", r"\[oc\].*", "[OC] x!", True),
        ("regex, full-text", r"oc", "[OC] x", False),
        ("regex, full-text", r"\W+", "!!!", True),
        ("includes, case-sensitive", "fake", "A FAKE clip", False),
        ("includes, case-sensitive", "FAKE", "A FAKE clip", True),
        ("includes", ".", "no dot", False),
        ("includes", "(", "a ( b", True),
    ],
)
def test_modifiers(modifier: str, word: str, title: str, held: bool) -> None:
    """Each modifier looks where AutoModerator's does."""
    assert holds(f"title ({modifier})", word, title) is held
    assert holds(f"~title ({modifier})", word, title) is not held


@given(st.sampled_from(MODES), words, texts)
@pytest.mark.slow
def test_negation_turns_every_check_round(mode: str, word: str, title: str) -> None:
    """For any word and title, exactly one of a check and its negation holds."""
    if mode == "full-text" and not word.strip(" .,!?$-"):
        return
    assert holds(f"title ({mode})", word, title) is not holds(f"~title ({mode})", word, title)


@given(words, texts)
@pytest.mark.slow
def test_modifiers_agree_with_plain_text(word: str, title: str) -> None:
    """For any word and title, the modifiers hold where plain comparison of lower-case text says so."""
    # ß is one letter here and two in upper case; `lower` leaves both as they are
    small, text = word.lower(), title.lower()
    assert holds("title (includes)", word, title) is (small in text)
    assert holds("title (starts-with)", word, title) is text.startswith(small)
    assert holds("title (ends-with)", word, title) is text.endswith(small)
    assert holds("title (full-exact)", word, title) is (small == text)
    assert holds("title (includes, case-sensitive)", word, title) is (word in title)


@given(words, texts)
@pytest.mark.slow
def test_modifiers_are_ordered(word: str, title: str) -> None:
    """What is exactly the text starts and ends with it, and what does so includes it."""
    if holds("title (full-exact)", word, title):
        assert holds("title (starts-with)", word, title)
        assert holds("title (ends-with)", word, title)
    if any(holds(f"title ({mode})", word, title) for mode in ("starts-with", "ends-with", "includes-word")):
        assert holds("title (includes)", word, title)


@given(st.lists(words, min_size=1, max_size=4), texts)
@pytest.mark.slow
def test_a_list_holds_if_one_of_it_does(several: list[str], title: str) -> None:
    """A list of words holds exactly if one of them does."""
    found = query(several, fields=("title",), modifiers=("includes",)).find(title, 300)
    assert (found is not None) is any(holds("title (includes)", word, title) for word in several)


# --- regular expressions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "is not a regular expression"),
        ("a)|(b", "is not a regular expression"),
        ("[", "is not a regular expression"),
        ("*a", "is not a regular expression"),
        ("a{99999999999}", "is not a regular expression"),
        ("a(?i)b", "is not a regular expression"),
        ("\\", "is not a regular expression"),
        ("(" * 499 + "a" + ")" * 499, "nests too deep"),
        ("[[:alpha:]]", "is ambiguous"),
        ("[a&&b]", "is ambiguous"),
        ("a" * 5001, "longer than 5,000 characters"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, words: str) -> None:
    """Broken, ambiguous and oversized patterns are refused with their line."""
    said = refused(pattern)
    assert said.startswith("r.yaml, line 3: body (regex): ")
    assert words in said


@settings(max_examples=150, deadline=5000)
@given(st.text(alphabet="ab.*+?{}()[]|\\w1,3^$", max_size=14), st.text(alphabet="ab1 ", max_size=200))
@pytest.mark.slow
def test_any_pattern_is_refused_or_fast(pattern: str, text: str) -> None:
    """Any pattern either does not load or searches a crafted text without hanging, and never raises."""
    try:
        (rule,) = parse(f"name: x\naction: review\nbody (regex): {quoted(pattern)}\n", "r.yaml")
    except RuleError:
        return
    RuleSet((rule,)).judge(post(body=text * 20), EVIDENCE)


# --- the texts that the bot writes -----------------------------------------------------------------------------------


def test_placeholders_are_filled() -> None:
    """Each placeholder becomes what it stands for."""
    values = {"case": "C-1", "host": "redgifs", "sure": "Near copy", "match": "fake"}
    text = " ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
    assert fill(text, post("A title"), values) == (
        "someone https://www.reddit.com/r/example/comments/abc/x/ A title example submission C-1 redgifs Near copy fake"
    )
    assert fill("{{ kind }}", post(fullname="t1_x"), {}) == "comment"


def test_what_nobody_knows_is_left_out() -> None:
    """Without a post or an author a text is still whole; words in braces that are no placeholder stay."""
    assert fill("by {{author}}", post(author=None), {}) == "by [deleted]"
    assert fill("by {{author}}{{case}}.", None, {}) == "by ."
    assert fill("{{nothing}} {case}", post(), {"nothing": "x", "case": "C"}) == "{{nothing}} {case}"


SECRETS = ("entry", "person", "bank", "distance", "threshold", "face", "similarity", "sha256", "md5", "url", "media")


@pytest.mark.parametrize("name", SECRETS)
def test_no_text_can_name_what_was_matched(name: str) -> None:
    """There is no placeholder for entry, bank, person, distance or media address: not at load, not when filling."""
    for key in ("action_reason", "modmail", "modmail_subject"):
        more = "modmail: y\n" if key == "modmail_subject" else ""
        text = f"name: x\nexact_media: {{bank: a}}\naction: report\n{more}{key}: 'see {{{{{name}}}}}'\n"
        with pytest.raises(RuleError, match="texts that others read never say what was matched"):
            parse(text, "r.yaml")
    assert name not in PLACEHOLDERS
    assert "secret" not in fill(f"{{{{{name}}}}}", post(), {name: "secret"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{autor}}", "did you mean author?"),
        ("{{match-2}}", "write {{match}}"),
        ("{{match-body}}", "write {{match}}"),
        ("{{body}}", "the text is not repeated; write {{permalink}}"),
        ("{{}}", "double braces around no placeholder"),
        ("{{Case", "double braces around no placeholder"),
        ("x" * 101, "has 101 characters, Reddit takes 100"),
    ],
)
def test_templates_are_checked_at_load(text: str, said: str) -> None:
    """An unknown placeholder, stray braces and a reason that cannot fit are refused with the line."""
    with pytest.raises(RuleError, match=re.escape(said)) as caught:
        parse(f"name: x\nexact_media: {{bank: a}}\naction: report\naction_reason: {quoted(text)}\n", "r.yaml")
    assert str(caught.value).startswith("r.yaml, line 4: ")


def test_a_template_of_just_the_limit_loads() -> None:
    """A hundred characters beside placeholders are accepted."""
    text = "x" * 100 + "{{case}}"
    assert parse(f"name: x\nexact_media: {{bank: a}}\naction: report\naction_reason: {quoted(text)}\n", "r.yaml")


def test_a_long_title_is_cut_before_the_case() -> None:
    """A reason that grows too long loses the end of the title and keeps the case's label."""
    action = PlannedAction(kind="report", params={"reason": "Fake? {{title}} (case {{case}})"})
    reason = fill_action(action, post("word " * 60), {"case": "C-12345678"}).params["reason"]
    assert len(reason) <= 100
    assert reason.startswith("Fake? word word")
    assert reason.endswith("… (case C-12345678)")


@given(st.text(max_size=400), st.text(max_size=400), st.text(alphabet="ab {}tilecasemch", max_size=150))
def test_filled_texts_stay_within_their_limit(title: str, match: str, template: str) -> None:
    """Whatever a poster writes, a filled reason has at most 100 characters, and one line if its template has."""
    filled = fill(template + "{{title}}{{match}}", post(title), {"match": match}, limit=100)
    assert len(filled) <= 100
    assert len(filled.splitlines()) <= 1


def test_a_poster_cannot_fill_placeholders() -> None:
    """Braces in a title stay what they are."""
    assert fill("{{title}}", post("{{case}} {{author}}"), {"case": "C-1"}) == "{{case}} {{author}}"


def test_match_is_what_a_text_check_found() -> None:
    """{{match}} stands for the words that the deciding rule found, and needs a check that finds some."""
    made = RuleSet(
        parse(
            "name: x\ntitle (regex): 'f[ao]ke'\nhost: redgifs\naction: review\nmodmail: 'said {{match}}'\n---\n"
            "name: y\ntitle: clip\naction: review\npriority: 9\n",
            "r.yaml",
        )
    )
    on = post("a foke clip")
    verdict = made.judge(on, EVIDENCE)
    assert (verdict.rule, made.matched(on, EVIDENCE, verdict)) == ("y", "clip")
    assert made.matched(post("FAKE"), EVIDENCE, made.judge(post("FAKE"), EVIDENCE)) == "FAKE"
    assert made.matched(None, EVIDENCE, made.judge(None, EVIDENCE)) == ""
    with pytest.raises(RuleError, match="stands for what a text check found"):
        parse("name: x\n~title: a\naction: review\nmodmail: '{{match}}'\n", "r.yaml")


def test_the_verdict_holds_no_text_of_the_post() -> None:
    """Reasons and actions say which check held and not what the post said: a verdict outlives a deleted post."""
    made = RuleSet(
        parse("name: x\ntitle (regex): 'sec.{3}'\naction: review\nmodmail: '{{match}} {{title}}'\n", "r.yaml")
    )
    verdict = made.judge(post("my secret"), EVIDENCE)
    assert verdict.reasons == ("the post's title fits title (regex)",)
    assert "secret" not in repr(verdict)


def test_default_texts_name_the_case_only() -> None:
    """A rule without texts of its own still gives the moderators the case."""
    found = Match(
        media=0, bank="a", bank_kind="block", entry="E", confirmed=True, method="md5", signal="md5", why="the same file"
    )
    made = RuleSet(parse("name: x\nexact_media: {bank: a}\naction: report\nmodmail: m\n", "r.yaml"))
    actions = made.judge(None, Evidence(target="t", link=LINK, matches=(found,))).actions
    filled = {action.kind: dict(fill_action(action, None, {"case": "C-1"}).params) for action in actions}
    assert filled == {
        "report": {"reason": "Please check (case C-1)"},
        "modmail": {"subject": "Case C-1", "body": "m"},
    }
