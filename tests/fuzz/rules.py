"""Rules as moderators write them on a wiki page, and what they make of a post."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import regex as engine

from bot.errors import RuleError
from bot.model import AuthorFacts, Evidence, Link, Match, Origin, Post, PostDetails
from bot.rules import (
    AUTHOR_KEYS,
    COPY_KEYS,
    EXAMPLE_KEYS,
    KEYS,
    MODIFIERS,
    PAGE_SECONDS,
    PLACEHOLDERS,
    Budget,
    Rule,
    RuleSet,
    fill_action,
    parse,
    run_examples,
)
from bot.rules.checks.effort import bounded
from bot.rules.language.template import LIMITS
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import sentence

SHIPPED = [
    re.sub(r"(?m)^\s*#.*\n|\s+# .*$", "", part).strip() + "\n"
    for path in sorted(Path("rules").glob("*.yaml"))
    for part in path.read_text(encoding="utf-8").split("\n---\n")[1:]
]
EXAMPLES = (
    "name: x\nexact_media: {bank: [fakes]}\naction: review\n",
    "name: t\ntitle+body (includes, regex): ['[a-z]+ clip', \"real\"]\n~domain: redgifs.com\n"
    'author: {account_age: "< 7 days"}\n'
    'action: report\naction_reason: "a {{match}} by {{author}} (case {{case}})"\nsexual_context: true\n',
    '---\nname: m\nknown_media:\n  bank: [fakes, more]\n  distance: "<= 20"\naction: report\n'
    "on_confirm: remove\nmodmail: |\n  See {{title}}\n"
    "  {{permalink}}\npriority: -5\nmoderators_exempt: no\nset_flair: {text: a, css_class: b}\n---\n"
    "override: m\npriority: 3\n",
    'name: f\nface: {person: any, probability: ">= 0.95"}\nnudity: ">= 0.9"\nhost: [redgifs]\n'
    "type: submission\naction: review\n"
    "examples:\n  - {face: {person: P-1, probability: 0.97}, nudity: 0.9, post: {title: a, age: 2 days}, "
    "gives: review}\n",
    "name: w\n~title (starts-with): [re, fwd]\nbody+url (full-exact, case-sensitive): [a]\nbody (full-text): [b c]\n"
    "crosspost_title (ends-with): [d]\nparent_submission: {title: [e], author: f}\ncrosspost_subreddit: {name: g, "
    "is_nsfw: true}\naction: review\n",
    "name: p\nbody_longer_than: 10\nbody_shorter_than: 9000\npoll_option_count: '> 1'\nis_edited: false\n"
    "discussion_type: chat\ngallery_caption: [a]\nmedia_author: [b]\nmedia_title (regex): ['c+']\n"
    "flair_text: d\nignore_blockquotes: true\naction: review\n",
    "name: a\nauthor: {name: [someone], comment_karma: '< 10', post_karma: '> 1', combined_karma: '< 100', "
    "account_age: '< 7 days', satisfy_any_threshold: true, is_gold: false, has_verified_email: true, "
    "is_contributor: false, is_moderator: false, flair_text: x}\naction: review\n",
    "name: e\nexact_media: {bank: fakes}\naction: remove\nmessage: 'See {{title}} of {{author}}'\n"
    "message_subject: '{{subreddit}}'\nmod_note: '{{case}}'\nset_flair: [a, b]\nset_nsfw: true\n",
    *(one for one in SHIPPED if len(one) < 400),
)
WORDS = (
    *KEYS, *MODIFIERS, *AUTHOR_KEYS, *COPY_KEYS, *EXAMPLE_KEYS, *(f"{{{{{name}}}}}" for name in PLACEHOLDERS), "{{",
    "}}", "{{ x }}", "---\n", "...\n", "\n", "\n  ", "  - ", ": ", ":", "- ", "#", "|", ">", "|2-", "&a ", "*a",
    "<<: ", "!!python/object:os.system ", "!x ", "%YAML 1.1\n", "%TAG ! a\n", "? ", "[", "]", "{", "}", ",", "'", '"',
    "\\x41", "\\ud800", "\\U0011ffff", "\t", "\x00", "\u2028", "\x85", "true", "no", "null", "~", "+", "(", ")",
    "(regex)", "(a+)+$", "(?:a|a)*b", "[[a]--b]", "\\p{L}", "(?R)", "\\1", "(?<=a*)b", "{1,99999}", "<= 31", ">= 0.4",
    "> 1e400", "< 7 days", "0x1f", "1:30", "999999", "-1", "remove", "report", "spam", "ignore", "filter", "approve",
    "fakes", "sources", "allowed", "watched", "P-1", "redgifs", "override: x\n", "disabled: true\n", "é", "\u202e",
    "\ud800", "a" * 70,
)  # fmt: skip
BANKS = {"fakes": "block", "known-fakes": "block", "sources": "source", "watched": "watch", "allowed": "allow"}
DEEDS = {
    "report": ("reason",),
    "remove": ("reason", "removal_reason", "spam", "silent"),
    "lock": (),
    "nsfw": (),
    "spoiler": (),
    "notice": (),
    "flair": ("text", "css_class", "template", "overwrite"),
    "note": ("text",),
    "message": ("subject", "body", "text"),
    "modmail": ("subject", "body"),
}
POST = Post(
    fullname="t3_1abcde",
    subreddit="example",
    permalink="/r/example/comments/1abcde/x/",
    created=datetime(2026, 11, 1, tzinfo=UTC),
    author="someone",
    title="a real clip {{case}} " + "a" * 60,
    body="> quoted\n\nsee https://redgifs.com/watch/abc",
    url="https://redgifs.com/watch/abc",
    flair_text="d",
    details=PostDetails(
        is_gallery=True,
        is_poll=True,
        discussion_type="chat",
        author_flair_text="x",
        gallery_captions=("a",),
        poll_options=("yes", "no"),
        media_author="b",
        media_title="ccc",
        crosspost=Origin(id="1abcdd", title="a d", author="h", subreddit="g", over_18=True),
    ),
)
COMMENT = replace(
    POST, fullname="t1_1abcdg", details=PostDetails(top_level=True, parent=Origin(id="1abcde", title="e", author="f"))
)
AUTHOR = AuthorFacts(
    asked_at=datetime(2026, 11, 1, tzinfo=UTC),
    created=datetime(2026, 10, 30, tzinfo=UTC),
    comment_karma=3,
    post_karma=5,
    verified_email=True,
    gold=False,
    contributor=False,
    moderator=False,
)
EVIDENCE = Evidence(
    target="t3_1abcde",
    link=Link(
        url="https://redgifs.com/watch/abc", host="redgifs", id="abc", kind="media", source="url", post="t3_1abcde"
    ),
    adult_host=True,
    matches=(
        Match(
            media=0,
            bank="fakes",
            bank_kind="block",
            entry="E-1",
            confirmed=True,
            method="pdq",
            signal="pdq",
            distance=4,
            threshold=31,
            frames=10,
            coverage_query=1.0,
            coverage_entry=1.0,
            face_region="agrees",
        ),
    ),
)
LINE = re.compile(r", line (\d+)\b")


def check(drawn: Drawn) -> None:
    """A text is refused in sentences that name its lines, or its rules are the same when read again, and judge."""
    text = drawn.text(EXAMPLES, WORDS)
    try:
        rules = read(text)
        made = RuleSet(rules)
    except RuleError as error:
        check_mistakes(error, text)
        return
    run_examples(made)
    verdict = made.judge(POST, EVIDENCE, author=AUTHOR, budget=Budget())
    if drawn.byte() % 4 == 1:
        made.judge(COMMENT, EVIDENCE, author=AUTHOR, budget=Budget())
    assert verdict.outcome in ("ignore", "review", "act")
    assert set(verdict.fired) <= {rule.name for rule in rules}
    made.explain(POST, EVIDENCE)
    for action in (*verdict.actions, *verdict.on_confirm):
        for key, value in fill_action(action, POST, {"case": "C-0123456789"}).params.items():
            limit = LIMITS.get(f"{action.kind} {key}", LIMITS.get(key))
            assert limit is None or len(value) <= limit, (action.kind, key)
    if drawn.byte() % 4 == 1:
        # a comment at the end changes nothing, unless it becomes a line of a block
        again = read(f"{text.rstrip(chr(10))}\n# read again\n" if "|" not in text and ">" not in text else text)
        assert [unplaced(rule) for rule in rules] == [unplaced(rule) for rule in again]


def check_mistakes(error: RuleError, text: str) -> None:
    """Fail unless each mistake is a sentence that names a line of the text."""
    lines = len(re.split("\r\n|[\n\r\u2028\u2029\x85]", text)) + 1
    for one in error.mistakes[:50]:
        sentence(RuleError(one))
        found = LINE.search(one)
        assert found is None or 1 <= int(found[1]) <= lines, one


def read(text: str) -> tuple[Rule, ...]:
    """Return the rules of a text, read as a page is."""
    with bounded("reading", PAGE_SECONDS):
        return parse(text, "a.yaml", banks=BANKS, hosts=("redgifs", "imgur"), actions=DEEDS)  # type: ignore[arg-type]


def unplaced(rule: Rule) -> object:
    """Return what a rule says without where it stands."""
    return told(replace(rule, at="", examples=tuple(replace(one, at="") for one in rule.examples), banks_at={}))


def told(value: object) -> object:
    """Return a value in what can be compared: compiled patterns and functions are the same only as objects."""
    if isinstance(value, engine.Pattern):
        return value.pattern, value.flags
    if callable(value) and hasattr(value, "__qualname__"):
        return value.__qualname__
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), [told(getattr(value, one.name)) for one in fields(value) if one.compare]
    if isinstance(value, list | tuple):
        return [told(one) for one in value]
    if isinstance(value, Mapping):
        return {key: told(one) for key, one in value.items()}
    return value
