"""Texts that the bot writes: AutoModerator's placeholders, checked when a rule is loaded, filled when it acts.

There is no placeholder for an entry, a bank, a person, a distance or a media address, and there must never be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from bot.model import PlannedAction, Post
from bot.rules.checks.base import show
from bot.rules.language.automoderator import REFUSED_PLACEHOLDERS
from bot.rules.language.vocabulary import PLACEHOLDERS, SECRET_PLACEHOLDERS
from bot.rules.language.yaml import Entry, fail, nearest, scalar
from bot.text import line

LIMITS: Mapping[str, int] = {
    "reason": 100,
    "removal_reason": 50,
    "subject": 100,
    "body": 10_000,
    "message subject": 50,
    "flair text": 64,
    "flair css_class": 100,
    "flair template": 50,
    "note text": 250,
}
"""Characters that Reddit takes: by the parameter of any action, or of one kind."""
MODERATORS_ONLY = frozenset({"sure"})
_FOR_MODERATORS = frozenset({"action_reason", "report_reason", "modmail", "modmail_subject", "mod_note"})
MAX_PLACEHOLDERS = 50  # of one text; each may become a whole title
_ELASTIC = ("title", "match")  # what a poster can make long; cut first, so that the case's label stays
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_-]+[0-9]*)\s*\}\}")
_REDDIT = "https://www.reddit.com"


def check(text: str, *, limit: int, at: str, key: str) -> frozenset[str]:
    """Return the placeholders of a template. Raises RuleError for an unknown one and for a text that cannot fit."""
    names = _PLACEHOLDER.findall(text)
    if len(names) > MAX_PLACEHOLDERS:
        fail(at, f"{key} holds {len(names)} placeholders, {MAX_PLACEHOLDERS} are the most; write fewer")
    for name in names:
        if name in SECRET_PLACEHOLDERS:
            fail(at, f"{key} cannot hold {{{{{name}}}}}: texts that others read never say what was matched; remove it")
        if name in REFUSED_PLACEHOLDERS:
            fail(at, f"{key} cannot hold {{{{{name}}}}}: {REFUSED_PLACEHOLDERS[name]}")
        if name.startswith("match-"):
            fail(
                at,
                f"{key} holds {{{{{show(name)}}}}}; parts of a match are not told apart; write {{{{match}}}}",
            )
        if name in MODERATORS_ONLY and key not in _FOR_MODERATORS:
            fail(at, f"{key} cannot hold {{{{{name}}}}}: only moderators may read it; remove it")
        if name not in PLACEHOLDERS:
            fail(at, f"{key} holds {{{{{show(name)}}}}}, which is no placeholder; {nearest(name, PLACEHOLDERS)}")
    fixed = _PLACEHOLDER.sub("", text)
    if "{{" in fixed or "}}" in fixed:
        fail(at, f"{key} holds double braces around no placeholder; known are {', '.join(PLACEHOLDERS)}")
    if len(fixed) > limit:
        fail(at, f"{key} has {len(fixed)} characters, Reddit takes {limit}; shorten it")
    return frozenset(names)


def text_of(entry: Entry, limit: str, *, lines: bool) -> tuple[str, frozenset[str]]:
    """Return the text of a key and its placeholders; without `lines` it becomes one line. Raises RuleError."""
    text = scalar(entry.value, entry.key).strip()
    if not lines:
        text = " ".join(text.split())
    return text, check(text, limit=LIMITS[limit], at=entry.value.at, key=entry.key)


def fill(text: str, post: Post | None, values: Mapping[str, str], *, limit: int | None = None) -> str:
    """Return the text with its placeholders filled from `values` (case, host, match, …) and the post.

    `values` wins over the post; what neither knows becomes empty; words that are no placeholder stay as they are.
    A result longer than `limit` characters gets shorter titles and matched words first, then a shorter end.
    """
    given = {**_of_post(post), **values}
    known = {name: line(" ".join(given.get(name, "").split())) for name in PLACEHOLDERS}
    filled = text
    for shorter in _shortened(known):
        filled = _PLACEHOLDER.sub(partial(_one, values=shorter), text)
        if limit is None or len(filled) <= limit:
            return filled
    assert limit is not None
    return _cut(filled, limit)


def fill_action(action: PlannedAction, post: Post | None, values: Mapping[str, str]) -> PlannedAction:
    """Return the action with its texts filled and within Reddit's limits."""
    limits = {key: LIMITS.get(f"{action.kind} {key}", LIMITS.get(key)) for key in action.params}
    params = {key: fill(text, post, values, limit=limits[key]) for key, text in action.params.items()}
    return replace(action, params=params)


def _of_post(post: Post | None) -> dict[str, str]:
    if post is None:
        return {}
    return {
        "author": post.author or "[deleted]",
        "permalink": _REDDIT + post.permalink,
        "title": post.title,
        "subreddit": post.subreddit,
        "kind": "comment" if post.is_comment else "submission",
    }


def _shortened(values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    longest = max((len(values.get(name, "")) for name in _ELASTIC), default=0)
    for length in range(longest, -1, -1):
        yield {name: _cut(value, length) if name in _ELASTIC else value for name, value in values.items()}


def _one(hit: re.Match[str], values: Mapping[str, str]) -> str:
    return values.get(hit.group(1), hit.group())


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return text[: length - 1].rstrip() + "…" if length > 1 else ""
