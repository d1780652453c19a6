"""The rule language: what loads, what is refused with which sentence, and what holds."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import bundled
from bot.errors import RuleError
from bot.model import BankKind, Evidence, Link, Match, Post
from bot.rules import (
    AUTHOR_KEYS,
    COPY_KEYS,
    EXAMPLE_KEYS,
    KEYS,
    MODIFIERS,
    PLACEHOLDERS,
    Rule,
    RuleSet,
    load,
    parse,
    run_examples,
)
from bot.rules.ladder import ActionLevel
from bot.rules.language import vocabulary

BASIC = "name: x\nexact_media: {bank: [fakes]}\naction: review\n"


def post(**changes: Any) -> Post:
    """Return an ordinary submission."""
    given: dict[str, Any] = {
        "fullname": "t3_1abcde",
        "subreddit": "example",
        "permalink": "/r/example/comments/1abcde/x/",
        "created": datetime(2026, 11, 1, tzinfo=UTC),
        "author": "someone",
        "title": "A title",
        "url": "https://www.redgifs.com/watch/abc",
    }
    return Post(**{**given, **changes})


def evidence(*matches: Match, host: str = "redgifs", adult_host: bool = False) -> Evidence:
    """Return evidence about one link."""
    link = Link(url="https://www.redgifs.com/watch/abc", host=host, id="abc", kind="media", source="url")
    return Evidence(target=link.url, link=link, adult_host=adult_host, matches=matches)


def exact(bank: str = "fakes", **changes: Any) -> Match:
    """Return a match of the very file."""
    given: dict[str, Any] = {
        "media": 0,
        "bank": bank,
        "bank_kind": "block",
        "entry": "E-1",
        "confirmed": True,
        "method": "sha256",
        "signal": "sha256",
        "why": "the same file",
    }
    return Match(**{**given, **changes})


def rules(text: str) -> RuleSet:
    """Return the rules of a text."""
    return RuleSet(parse(text, "r.yaml"))


def fires(checks: str, on: Post | None, found: Evidence | None = None) -> bool:
    """Return whether a rule with these checks alone fires."""
    return bool(rules(f"name: x\naction: review\n{checks}\n").judge(on, found or evidence()).fired)


def read(text: str) -> tuple[Rule, ...] | str:
    """Return the rules of a text, or the sentence with which it is refused."""
    try:
        return parse(text, "r.yaml")
    except RuleError as error:
        return str(error)


def in_lines(said: str) -> bool:
    """Return whether every line is a sentence that names the file; the last one may be their number."""
    return all(
        line.startswith("r.yaml") or re.fullmatch(r"[0-9]+ mistakes in r\.yaml", line) for line in said.split("\n")
    )


def refusal(text: str, **known: Any) -> str:
    """Return the sentence with which a text is refused."""
    with pytest.raises(RuleError) as caught:
        parse(text, "r.yaml", **known)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said_of_it"),
    [
        (f"{BASIC}titel: a", 4, "titel is not a key of a rule; did you mean title?"),
        (f"{BASIC}~titel (regex): a", 4, "did you mean title?"),
        (f"{BASIC}nsfw: true", 4, "did you mean over_18?"),
        (f"{BASIC}name: y", 4, "name stands twice"),
        ("name: x\nknown_media: {bank: [a], bank: [b]}\naction: review", 2, "bank stands twice"),
        ("name: x\nknown_media: {bank: [a], distanse: 3}\naction: review", 2, "did you mean distance?"),
        ("name: x\nexact_media: {banks: [a]}\naction: review", 2, "did you mean bank?"),
        ("name: x\nexact_media: {}\naction: review", 2, "names no bank"),
        ("name: x\nexact_media: [a]\naction: review", 2, "takes a table"),
        ("name: x\nexact_media: {bank: []}\naction: review", 2, "empty list"),
        ('name: x\nknown_media: {bank: a, distance: ">= 3"}\naction: review', 2, "with < or <="),
        ('name: x\nknown_media: {bank: a, distance: "<= 32"}\naction: review', 2, "up to 31"),
        ('name: x\nknown_media: {bank: a, method: phash, distance: "<= 65"}\naction: review', 2, "up to 64"),
        ('name: x\nknown_media: {bank: a, coverage: "<= 0.4"}\naction: review', 2, "with > or >="),
        ('name: x\nknown_media: {bank: a, coverage: ">= 40"}\naction: review', 2, "from 0 to 1"),
        ("name: x\nknown_media: {bank: a, method: md5}\naction: review", 2, "exact_media"),
        ("name: x\nknown_media: {bank: a, method: orb}\naction: review", 2, "write pdq or phash or region or local"),
        ('name: x\nknown_media: {bank: a, frames: "< 3"}\naction: review', 2, "with > or >="),
        ('name: x\nknown_media: {bank: a, inliers: "15"}\naction: review', 2, "with > or >="),
        ("name: x\nknown_media: {bank: a, face_region: differs}\naction: review", 2, "face_region: agrees"),
        ("name: x\nface: any\naction: review", 2, "write it as face: {person: any}"),
        ("name: x\nface: {probability: '> 0.9'}\naction: review", 2, "names no person"),
        ("name: x\nface: {person: [any, P-1]}\naction: review", 2, "not both"),
        ("name: x\nface: {person: any, probability: '>= 95'}\naction: review", 2, "from 0 to 1"),
        ("name: x\n~face: {person: any}\naction: review", 2, "would count as absent"),
        ("name: x\nnudity: nude\naction: review", 2, 'such as ">= 0.9"'),
        ("name: x\nnudity: '>= 2'\naction: review", 2, "from 0 to 1"),
        ("name: x\nsource_media: {coverage: '>= 0.4'}\naction: review", 2, "names no bank"),
        ("name: x\nsource_media: {bank: a, face_region: agrees}\naction: review", 2, "the original itself"),
        (f"{BASIC}set_flair: [a, b, c]", 4, "as a list is [text, css class]"),
        (f"{BASIC}set_flair: {{txt: a}}", 4, "did you mean text?"),
        (f"{BASIC}set_flair: {{}}", 4, "set_flair is empty"),
        (f"{BASIC}overwrite_flair: true", 4, "needs a set_flair"),
        (f"{BASIC}set_locked: false", 4, "gifwarden cases undo"),
        (f"{BASIC}comment: hello", 4, "AutoModerator knows comment; a public comment would be an index"),
        (f"{BASIC}standard: video hosting sites", 4, "write the domains out"),
        (f"{BASIC}ban: true", 4, "only banned by a person"),
        (f"{BASIC}message: hello", 4, "message goes with action: remove or spam"),
        (f"{BASIC}mod_note: '{'x' * 251}'", 4, "has 251 characters, Reddit takes 250"),
        (f'{BASIC}author: {{account_age: "2 days"}}', 4, "with <, <=, > or >="),
        (f'{BASIC}author: {{account_age: "< 2 fortnights"}}', 4, 'such as "< 7 days"'),
        (f"{BASIC}author: {{comment_karma: many}}", 4, 'such as "< 10"'),
        (f"{BASIC}author: {{~comment_karma: 3}}", 4, "turn its comparison round"),
        (f"{BASIC}author: {{contributor_quality: low}}", 4, "Reddit's API does not tell it to bots"),
        (f"{BASIC}author: {{set_flair: x}}", 4, "write mod_note"),
        (f"{BASIC}author: {{nam: a}}", 4, "did you mean name?"),
        (f"{BASIC}author: {{}}", 4, "author is empty"),
        (f"{BASIC}author: {{satisfy_any_threshold: true}}", 4, "author holds no check"),
        (f"{BASIC}author: {{name+is_gold: a}}", 4, "cannot be joined"),
        (f"{BASIC}author (regex): {{name: a}}", 4, "takes its modifiers inside"),
        (f"{BASIC}~author: {{is_gold: true}}", 4, "takes names only"),
        (f"{BASIC}account_age: 3", 4, "did you mean author: {account_age: …}?"),
        (f"{BASIC}crosspost_author: {{comment_karma: 3}}", 4, "gifwarden looks up nobody but the poster"),
        (f"{BASIC}parent_submission: {{flair_text: a}}", 4, "a listing of comments tells"),
        (f"{BASIC}parent_submission: {{set_locked: true}}", 4, "never on another one"),
        (f"{BASIC}parent_submission: a", 4, "takes a table"),
        (f"{BASIC}type: post", 4, "one of submission, comment, text submission"),
        (f"{BASIC}discussion_type: live", 4, "one of chat, comments"),
        (f"{BASIC}body_longer_than: long", 4, "whole number"),
        (f"{BASIC}report_reason: x", 4, "report_reason goes with action: report or remove"),
        ("name: x\ntitle: a\naction: filter", 3, "Reddit's API has no filter; write report, or remove"),
        ("name: x\ntitle: a\naction: approve", 3, "no fingerprint clears a post"),
        ("name: x\ntitle: a\naction: ban", 3, "only banned by a person"),
        ("name: x\ntitle: a\naction: spam", 3, "needs exact_media or known_media"),
        ("name: x\ntitle: a\naction: reviw", 3, "one of ignore, review, report, remove"),
        ("name: x\ntitle: a", 1, "has no action"),
        ("title: a\naction: review", 1, "has no name"),
        ("name:\ntitle: a\naction: review", 1, "name has no value"),
        ('name: "a\\nb"\ntitle: a\naction: review', 1, "one line"),
        ("name: x\naction: review", 1, "has no check"),
        ("name: x\ntype: comment\naction: review", 1, "has no check"),
        ("name: x\ntitle (regx): a\naction: review", 2, "regx is not a modifier; did you mean regex?"),
        ("name: x\ntitle (includes, full-exact): a\naction: review", 2, "exclude each other"),
        ("name: x\ntitle (: a\naction: review", 2, "is not a key of a rule"),
        ("name: x\ntitle+host: a\naction: review", 2, "host cannot be joined"),
        ("name: x\n~over_18: true\naction: review", 2, "cannot be negated"),
        ("name: x\nover_18 (regex): true\naction: review", 2, "takes no modifier"),
        ("name: x\n~priority: 3\naction: review", 2, "priority is no check"),
        ("name: x\ntitle: []\naction: review", 2, "empty list"),
        ("name: x\ntitle: {a: b}\naction: review", 2, "takes a value or a list"),
        ("name: x\ntitle: [[a]]\naction: review", 2, "takes one value"),
        ("name: x\ntitle:\naction: review", 2, "has no value"),
        ("name: x\ntitle (full-text): '!!!'\naction: review", 2, "nothing to look for"),
        ("name: x\ndomain: https://a.example/b\naction: review", 2, "an address, not a domain"),
        ("name: x\nover_18: 'true'\naction: review", 2, "true or false, without quotes"),
        ("name: x\nis_edited: maybe\naction: review", 2, "true or false"),
        ("name: x\nreports: many\naction: review", 2, 'such as "> 2"'),
        ("name: x\nreports: 1.5\naction: review", 2, "whole number"),
        (f"{BASIC}priority: high", 4, "whole number"),
        (f"{BASIC}priority: 99999999999999999999", 4, "whole number of at most six digits"),
        (f"{BASIC}notify_host: yes", 4, "one of no, confirm"),
        (f"{BASIC}action_reason: y", 4, "action_reason goes with"),
        (f"{BASIC}modmail_subject: y", 4, "needs a modmail"),
        ("name: x\ntitle: a\naction: review\nnotify_host: confirm", 4, "needs exact_media or known_media"),
        ("name: x\ntitle: a\naction: ignore\nmodmail: y", 4, "does not go with action: ignore"),
        (f"{BASIC}examples: [{{exact: fakes}}]", 4, "add gives"),
        (f"{BASIC}examples: [{{exact: fakes, gives: act}}]", 4, "gives is one of"),
        (f"{BASIC}examples: [{{exat: fakes, gives: review}}]", 4, "did you mean exact?"),
        (f"{BASIC}examples: {{exact: fakes}}", 4, "examples is a list"),
        (f"{BASIC}examples: [{{near: {{bank: a, coverage: 2}}, gives: review}}]", 4, "from 0 to 1"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(text: str, line: int, said_of_it: str) -> None:
    """Each mistake in a rule is told with file, line and what to do, in one line of text."""
    said = refusal(text)
    assert said.startswith(f"r.yaml, line {line}: ")
    assert said_of_it in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no rule"),
        ("# nothing\n---\n---\n", "holds no rule"),
        ("- a\n- b", "a rule is a table"),
        ("just words", "a rule is a table"),
        ("name: [x", "a list that begins with [ is not closed"),
        ("name: x\n\ttitle: a", "line 2: a tab stands here"),
        ("name: \x00", "a control character"),
        ('name: "\\UFFFFFFFF"', "signs behind a backslash"),
        ('name: "\\ud800"', "half a character"),
        ('name: "\\e[31m"', "control character"),
        ("name: &a x", "begins with & or *"),
        ("a: &a [x, x]\nb: [*a, *a]\nc: *a", "begins with & or *"),
        ("a: " + "[" * 500 + "]" * 500, "nest deeper"),
        ("a: " + "{a: " * 5000, "nest deeper"),
        ("!!python/object/apply:os.system [echo]", "begins with !"),
        ("name: !!binary aGk=", "begins with !"),
        ("? [a]\n: b", "a key is plain text"),
        ("a: [" + "x, " * 1500 + "x]", "more than 1000 items"),
        ("# " + "x" * 300_000, "longer than 256 KiB"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: b", "begin with %"),
    ],
)
def test_what_is_no_rule_file_is_told_in_sentences(text: str, words: str) -> None:
    """Empty, broken, hostile and oversized files are refused with sentences that name the file."""
    said = refusal(text)
    assert said.startswith("r.yaml")
    assert words in said
    assert in_lines(said)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_any_text_gives_rules_or_a_rule_error(text: str) -> None:
    """Whatever a file holds, reading it ends in rules or in a RuleError, a line a mistake."""
    made = read(text)
    assert made
    assert not isinstance(made, str) or in_lines(made)


WORDS = st.sampled_from(
    [
        *KEYS,
        *MODIFIERS,
        *EXAMPLE_KEYS,
        *COPY_KEYS["known_media"],
        "~",
        "title+body (regex)",
        *AUTHOR_KEYS,
        "filter",
        "comment",
        "crosspost_author",
    ]
)
PIECES = st.one_of(
    st.text(max_size=8),
    WORDS,
    st.integers(),
    st.booleans(),
    st.none(),
    st.sampled_from(["<= 3", "(a+)+", "{{case}}", "((", "confirm"]),
)
TREES = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.text(max_size=4)), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.one_of(WORDS, st.text(max_size=6)), TREES, max_size=6), st.booleans())
@pytest.mark.slow
def test_any_table_gives_rules_or_a_rule_error(table: dict[str, Any], complete: bool) -> None:
    """Known keys with values of any shape end in rules that judge, or in a RuleError, a line a mistake."""
    whole = {"name": "x", "exact_media": {"bank": ["fakes"]}, "action": "review", **table} if complete else table
    text = yaml.safe_dump(whole, allow_unicode=True)
    made = read(text)
    if isinstance(made, str):
        assert in_lines(made)
        return
    made_set = RuleSet(made)
    made_set.judge(post(), evidence(exact()))
    run_examples(made_set)


def test_subreddits_with_the_same_files_share_their_rules(tmp_path: Path) -> None:
    """Until a file says something else or a bank is of another kind; what is refused is refused each time."""
    file = tmp_path / "a.yaml"
    file.write_text("name: x\nexact_media: {bank: [originals]}\naction: remove\n")
    first = load([file], banks={"originals": "block"})
    assert load([file], banks={"originals": "block"}) is first
    for _ in range(2):
        with pytest.raises(RuleError, match="originals"):
            load([file], banks={"originals": "watch"})
    file.write_text(file.read_text().replace("name: x", "name: y"))
    assert [rule.name for rule in load([file], banks={"originals": "block"}).rules] == ["y"]


def test_files_are_read_in_sorted_order(tmp_path: Path) -> None:
    """Rules of equal priority keep the order of files and documents; a higher priority goes first."""
    (tmp_path / "b.yaml").write_text(
        "name: b1\ntitle: a\naction: review\n---\nname: b2\ntitle: a\naction: review\npriority: 5\n"
    )
    (tmp_path / "a.yml").write_text("name: a1\ntitle: a\naction: review\n---\nname: a2\ntitle: a\naction: review\n")
    (tmp_path / "notes.txt").write_text("no rule")
    names = [rule.name for rule in load([tmp_path]).rules]
    assert names == ["b2", "a1", "a2", "b1"]
    assert load([tmp_path / "a.yml", tmp_path / "b.yaml", tmp_path]) == load([tmp_path])


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file, an empty folder, no file at all, and bytes that are no UTF-8 are each one sentence."""
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"name: x\ntitle: \xff\n")
    (tmp_path / "empty").mkdir()
    for paths, told in [
        ([tmp_path / "none.yaml"], "there is no file"),
        ([tmp_path / "empty"], "holds no rule file"),
        ([], "no rule file is named"),
        ([bad], "line 2: this is not UTF-8"),
    ]:
        with pytest.raises(RuleError, match=told):
            load(paths)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file that an editor saved with a byte order mark loads."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + BASIC.encode())
    assert load([file]).rules[0].name == "x"


def test_a_name_is_taken_once_in_all_files(tmp_path: Path) -> None:
    """Two rules of one name are refused, with both places."""
    (tmp_path / "a.yaml").write_text(BASIC)
    (tmp_path / "b.yaml").write_text(f"---\n{BASIC}")
    with pytest.raises(RuleError, match=r"b\.yaml, line 2: the name x is taken by the rule at .*a\.yaml, line 1"):
        load([tmp_path])


def test_host_names_are_checked_where_hosts_are_known() -> None:
    """A misspelt host is refused with the nearest one, if the caller says which hosts there are."""
    text = "name: x\nhost: [redgif]\naction: review"
    assert "did you mean redgifs?" in refusal(text, hosts=["redgifs", "imgur"])
    assert parse(text, "r.yaml")


def test_named_banks_are_known() -> None:
    """A rule set says which banks its rules look in."""
    assert rules(f"{BASIC}---\nname: y\nknown_media: {{bank: [b, c]}}\naction: review").banks == {"fakes", "b", "c"}


def test_texts_are_compared_as_written() -> None:
    """What YAML would read as a truth value, a number or a date is looked for as it stands in the file."""
    for word in ("no", "on", "1:30", "0x1F", "2026-11-01", "1_000", "1e3"):
        assert fires(f"title: [{word}]", post(title=f"see {word} here"))
        assert not fires(f"title: [{word}]", post(title="see false 90 31 1000 here"))


@pytest.mark.parametrize(
    ("checks", "on", "held"),
    [
        ("title: a\ntype: submission", post(title="a"), True),
        ("body: a\ntype: comment", post(fullname="t1_2", body="a"), True),
        ("body: a\ntype: submission", post(fullname="t1_2", body="a"), False),
        ("body: a\ntype: any", post(fullname="t1_2", body="a"), True),
        ("id: 1abcde", post(), True),
        ("id: [zzz, t3_1abcde]", post(), True),
        ("id: 1abcd", post(), False),
        ("author: SomeOne", post(), True),
        ("author: u/someone", post(), True),
        ("author: some", post(), False),
        ("author: {name (starts-with): some}", post(), True),
        ("author: {~name: someone}", post(), False),
        ("~author: someone", post(), False),
        ("~author: other", post(), True),
        ("~author: other", post(author=None), False),
        ("author (regex): 'some.{0,5}'", post(), True),
        ("subreddit: [r/Example]", post(), True),
        ("subreddit: other", post(), False),
        ("flair_text: Video", post(flair_text="video"), True),
        ("flair_text: Video", post(flair_text="video clip"), False),
        ("~flair_text: Video", post(), False),
        ("url: redgifs.com/watch", post(), True),
        ("domain: redgifs.com", post(), True),
        ("domain: www.redgifs.com", post(), True),
        ("domain: gifs.com", post(), False),
        ("domain: redgifs.com", post(url="https://redgifs.com.evil.example/"), False),
        ("domain: redgifs.com", post(url="http://["), False),
        ("domain: redgifs.com", post(url=None), False),
        ("domain (ends-with): .example", post(url="https://a.example/"), True),
        ("is_edited: true", post(edited=True), True),
        ("is_edited: false", post(edited=True), False),
        ("over_18: true", post(over_18=True), True),
        ("over_18: true", post(), False),
        ("reports: 2", post(num_reports=2), True),
        ("reports: 2", post(num_reports=1), False),
        ('reports: "> 2"', post(num_reports=2), False),
        ('reports: "<3"', post(num_reports=2), True),
        ("host: [imgur, RedGifs]", post(), True),
        ("~host: redgifs", post(), False),
        ("~host: imgur", None, True),
        ("title+body: word", post(title="a", body="a word"), True),
        ("title+body: word", post(fullname="t1_2", title="word", body="a"), False),
        ("~title+body: word", post(title="a", body="a word"), False),
        ("~title+body: word", post(title="a", body="b"), True),
        ("title#1: a\ntitle#2: title", post(), True),
        ("title#1: a\ntitle#2: other", post(), False),
    ],
)
def test_checks_on_the_post(checks: str, on: Post | None, held: bool) -> None:
    """Each check on a post holds where AutoModerator's would."""
    assert fires(checks, on) is held


@pytest.mark.parametrize("key", ["title", "url", "domain", "flair_text"])
def test_a_comment_has_no_submission_fields(key: str) -> None:
    """A comment carries its submission's title for people; no check takes it for its own, negated or not."""
    comment = post(fullname="t1_2", title="word", flair_text="word", url="https://word/")
    assert not fires(f"{key} (includes): word", comment)
    assert not fires(f"~{key} (includes): other", comment)


@pytest.mark.parametrize(
    "check",
    ["title: a", "~title: zzz", "type: submission\nhost: redgifs", "is_edited: false", "over_18: false", "reports: 0"],
)
def test_without_a_post_its_checks_do_not_hold(check: str) -> None:
    """Checks on the post fail for a bare file or address, also turned round."""
    assert not fires(check, None)
    assert fires("host: redgifs", None)


@pytest.mark.parametrize(
    ("on", "adult_host", "adult_subreddit", "sexual"),
    [
        (post(over_18=True), False, False, True),
        (post(), True, False, True),
        (post(), False, True, True),
        (post(), False, False, False),
        (None, True, False, True),
        (None, False, False, None),
    ],
)
def test_sexual_context(on: Post | None, adult_host: bool, adult_subreddit: bool, sexual: bool | None) -> None:
    """A mark, an adult host or an adult subreddit make a sexual context; without a post its absence is unknown."""
    for wanted in (True, False):
        made = rules(f"name: x\naction: review\nsexual_context: {str(wanted).lower()}")
        verdict = made.judge(on, evidence(adult_host=adult_host), adult_subreddit=adult_subreddit)
        assert bool(verdict.fired) is (sexual is wanted)


def test_moderators_are_exempt_unless_the_rule_says_otherwise() -> None:
    """A post made as a moderator is left alone by default."""
    by_moderator = post(author_is_moderator=True)
    assert not fires("title: title", by_moderator)
    assert fires("title: title\nmoderators_exempt: false", by_moderator)
    (report,) = rules("name: x\naction: review\ntitle: title").explain(by_moderator, evidence())
    assert (report.held, report.outcome, report.note) == (False, None, "a moderator's post is exempt")


def test_explain_shows_every_check_with_what_it_saw() -> None:
    """Explain tells of each rule and check whether it held, and the value."""
    made = rules(
        'name: x\nknown_media: {bank: fakes, distance: "<= 4"}\nhost: imgur\naction: review\npriority: 1\n---\n'
        "name: y\nexact_media: {bank: fakes}\ntitle: title\naction: ignore\n"
    )
    first, second = made.explain(post(), evidence(exact(), exact(method="pdq", distance=8)))
    assert (first.rule, first.held, first.outcome) == ("x", False, None)
    assert [(check.key, check.held) for check in first.checks] == [("known_media", True), ("host", False)]
    assert "same file (sha256): counts" in first.checks[0].value
    assert "8 bits apart (pdq)" in first.checks[0].value
    assert "not <= 4 bits" in first.checks[0].value
    assert first.checks[1].value == "the link leads to redgifs"
    assert (second.rule, second.held, second.outcome) == ("y", True, "ignore")
    assert second.checks[1].value == "title 'A title'"


def test_examples_that_fail_are_told_with_their_place_and_reason() -> None:
    """An example that its rule does not keep is a failure that says what came out and why."""
    made = rules(
        "name: x\nexact_media: {bank: fakes}\ntitle: fake\naction: remove\nexamples:\n"
        "  - {exact: fakes, post: {title: fake}, gives: remove}\n"
        "  - {exact: {bank: fakes, confirmed: false}, post: {title: fake}, gives: remove}\n"
        "  - {exact: fakes, gives: remove}\n"
        "  - {exact: fakes, post: none, gives: nothing}\n"
    )
    held, missed = (str(failure) for failure in run_examples(made))
    assert held == (
        "r.yaml, line 7: the example of x must give remove and gives review "
        "(held for review: the entry has not been confirmed by a second person)"
    )
    assert missed.startswith("r.yaml, line 8: the example of x must give remove and gives nothing (title does not hold")


def test_an_example_can_set_everything_a_check_looks_at() -> None:
    """Every check has something in an example that makes it hold."""
    made = rules(
        "name: x\naction: review\ntype: comment\nbody: b\nauthor: a\nid: abc\nsubreddit: s\n"
        "is_edited: true\nover_18: true\nreports: 3\nhost: redgifs\nsexual_context: true\nmoderators_exempt: false\n"
        "known_media: {bank: [k], distance: '<= 5', coverage: '> 0.5', method: phash, face_region: agrees}\n"
        "examples:\n  - gives: review\n    host: redgifs\n    adult_host: true\n    adult_subreddit: true\n"
        "    near: [other, {bank: k, distance: 5, coverage: 0.6, method: phash, face_region: agrees}]\n"
        "    post: {type: comment, body: b, author: a, id: abc, subreddit: s, is_edited: true, over_18: true,"
        " reports: 3, moderator: true}\n---\n"
        "name: y\naction: review\ntitle: t\nurl: u\nflair_text: f\ndomain: d.example\n"
        "examples: [{post: {title: t, url: 'http://d.example/u', flair_text: f}, gives: review}]\n"
    )
    assert run_examples(made) == []


def test_the_shipped_rules_are_safe_to_run_unread() -> None:
    """The rules that come with the program load and keep their examples; only copies of block entries are acted on."""
    files = bundled.rule_files()
    assert [file.name for file in files] == ["10-known-fakes.yaml", "20-near-copies.yaml", "30-faces.yaml"]
    kinds: dict[str, BankKind] = {"known-fakes": "block", "originals": "source"}
    made = load(files, banks=kinds)
    assert run_examples(made) == []
    assert sum(len(rule.examples) for rule in made.rules) > 10
    copies = [rule for rule in made.rules if list(rule.copy_checks)]
    assert all(rule.moderators_exempt for rule in made.rules)
    assert len(copies) == 2
    assert all(rule.step == ActionLevel.REVIEW for rule in made.rules if rule not in copies)
    assert made.judge(post(over_18=True), evidence(adult_host=True)).outcome == "ignore"


def test_the_shipped_rules_show_every_key() -> None:
    """Every key that a rule about copies is made of is used or explained in the rules that come with the program."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in bundled.rule_files())
    shown = {*vocabulary.SETTINGS, *vocabulary.EVIDENCE, *COPY_KEYS["known_media"]} - {
        "override",
        "disabled",
        "report_reason",
    }
    for key in sorted(shown):
        assert re.search(rf"^[#\s~-]*(\w+\+)?{key}\b|\b{key}:", text, re.MULTILINE), key


def test_the_page_shows_every_word_and_its_rules_load() -> None:
    """docs/rules.md has each key, modifier and placeholder, and its first example is a rule that keeps its examples."""
    page = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")
    inside = [key for keys in COPY_KEYS.values() for key in keys]
    for word in (*KEYS, *inside, *EXAMPLE_KEYS, *MODIFIERS, *AUTHOR_KEYS):
        assert f"`{word}" in page, word
    for name in PLACEHOLDERS:
        assert f"`{{{{{name}}}}}`" in page, name
    blocks = re.findall(r"```yaml\n(.*?)```", textwrap.dedent(page.replace("\n   ", "\n")), re.DOTALL)
    assert run_examples(rules(blocks[0])) == []
    base = {"name": "x", "exact_media": "{bank: [a]}", "action": "remove", "modmail": "m", "message": "m"}
    base |= {"set_flair": "a", "report_reason": "y"}
    shown = set()
    for place, text in re.findall(r"^###? `?(.+?)`?\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE):
        frame = FRAMES.get(place, "{}")
        for key, cell in re.findall(r"^\| `(\w+)` \| (`.+?`(?: or `.+?`)*) \|", text, re.MULTILINE):
            shown.add(key)
            for example in re.findall(r"`(.+?)`", cell):
                taken = {
                    key if frame == "{}" else frame.partition(":")[0],
                    "report_reason" if key == "action_reason" else "",
                }
                line = example if frame == "{}" else frame.replace("…", example)
                if key in ("bank", "person"):  # stands in the frame already
                    line = f"{place}: {{{example}}}"
                if key == "action":  # the message of a removal goes with no other
                    taken |= {"message", "report_reason"}
                if key in ("silent", "silent_reason"):  # which go together, and without a message
                    taken.add("message")
                    line += "\nsilent_reason: why" if key == "silent" else "\nsilent: true"
                own = {**base, "action": "report"} if key == "on_confirm" else base
                lines = [f"{name}: {value}" for name, value in own.items() if name not in taken]
                assert parse("\n".join([*lines, line]), "docs"), line
    assert shown >= {*KEYS, *AUTHOR_KEYS, *inside} - {
        *("examples", "override", "disabled", "author", "crosspost_author", "crosspost_subreddit"),
        "parent_submission",
    }


FRAMES = {
    "known_media": "known_media: {bank: [b], …}",
    "source_media": "source_media: {bank: [b], …}",
    "face": "face: {person: any, …}",
    "nudity": "nudity: {…}",
    "author": "author: {…}",
    "crosspost_author": "crosspost_author: {…}",
    "crosspost_subreddit": "crosspost_subreddit: {…}",
    "parent_submission": "parent_submission: {…}",
}
"""Where the words of a section of docs/rules.md stand in a rule."""
