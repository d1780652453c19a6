"""The checks on a post. Each looks at one post and says whether it holds, and what it saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.model import Post
from bot.rules.checks.base import NO_POST, AsksNothing, CheckResult, Subject, holds, show
from bot.rules.checks.effort import OutOfTime
from bot.rules.checks.fields import TABLES, details
from bot.rules.checks.text import TextQuery, bare

SHOWN = 400  # characters of a text that are looked at to show some of it
ARCHIVED = timedelta(days=180)  # AutoModerator's "past archive date": six months

PostType = Literal["submission", "comment", "text submission", "link submission", "crosspost submission",
                   "poll submission", "gallery submission"]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCheck(AsksNothing):
    """`type:` submission, comment, or a kind of submission."""

    kind: PostType
    key: str = "type"

    def evaluate(self, subject: Subject) -> CheckResult:
        post = subject.post
        if post is None:
            return CheckResult(held=False, value=NO_POST)
        return CheckResult(held=KINDS[self.kind](post), value=kind_of(post))


KINDS: Mapping[PostType, Callable[[Post], bool]] = {
    "submission": lambda post: not post.is_comment,
    "comment": lambda post: post.is_comment,
    "text submission": lambda post: not post.is_comment and details(post).is_self,
    "link submission": lambda post: not post.is_comment and not details(post).is_self,
    "crosspost submission": lambda post: details(post).crosspost is not None,
    "poll submission": lambda post: details(post).is_poll,
    "gallery submission": lambda post: details(post).is_gallery,
}


def kind_of(post: Post) -> str:
    """Return the narrowest type of a post, in AutoModerator's words."""
    for kind in ("comment", "crosspost submission", "poll submission", "gallery submission", "text submission"):
        if KINDS[kind](post):
            return kind
    return "link submission"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCheck(AsksNothing):
    """Words in one or several fields of a table. Holds for no post that has none of the fields, negated or not."""

    key: str
    fields: tuple[str, ...]
    query: TextQuery
    negated: bool = False
    table: str = ""
    quotes: bool = True  # whether lines that quote somebody are read too

    def evaluate(self, subject: Subject) -> CheckResult:
        post = subject.post
        if post is None:
            return CheckResult(held=False, value=NO_POST)
        fields = TABLES[self.table]
        seen = [(name, text) for name in self.fields for text in fields[name].read(post)]
        if not self.quotes:
            seen = [(name, _unquoted(text) if name == "body" else text) for name, text in seen]
        if not seen:
            return CheckResult(held=False, value=f"the post has no {' or '.join(self._names())}")
        value = ", ".join(f"{name} {show(text[:SHOWN], 80)!r}" for name, text in seen)
        for name, text in seen:
            try:
                found = self.query.find(text, fields[name].length, subject.budget)
            except OutOfTime as error:
                # neither there nor absent: the check does not hold, whichever way round it asks
                return CheckResult(held=False, value=f"not computed: {error}", late=True)
            if found is not None:
                if self.negated:
                    return CheckResult(held=False, value=value)
                reason = f"the post's {f'{self.table} {name}'.strip()} fits {self.key}"
                return CheckResult(held=True, value=value, reasons=(reason,), found=found)
        if not self.negated:
            return CheckResult(held=False, value=value)
        return CheckResult(held=True, value=value, reasons=(f"the post fits {self.key}",))

    def _names(self) -> tuple[str, ...]:
        return tuple(f"{self.table} {name}".strip() for name in self.fields)


def _unquoted(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line and not line.startswith((">", "&gt;")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A yes or no of a post: how to read it (None: it is not told) and what to say of a yes."""

    read: Callable[[Subject, Post], bool | None]
    word: str


def _past_archive_date(subject: Subject, post: Post) -> bool | None:
    looked = subject.evidence.fetched_at
    return None if looked is None else looked - post.created > ARCHIVED


FLAGS: Mapping[str, Flag] = {
    "is_edited": Flag(read=lambda _, post: post.edited, word="edited"),
    "over_18": Flag(read=lambda _, post: post.over_18, word="marked NSFW"),
    "is_gallery": Flag(read=lambda _, post: details(post).is_gallery, word="a gallery"),
    "is_poll": Flag(read=lambda _, post: details(post).is_poll, word="a poll"),
    "is_original_content": Flag(
        read=lambda _, post: details(post).is_original_content, word="marked as original content"
    ),
    "is_meta_discussion": Flag(read=lambda _, post: details(post).is_meta, word="a meta discussion"),
    "is_top_level": Flag(read=lambda _, post: details(post).top_level, word="a reply to the submission itself"),
    "past_archive_date": Flag(read=_past_archive_date, word="older than six months"),
    "crosspost_subreddit is_nsfw": Flag(
        read=lambda _, post: origin.over_18 if (origin := details(post).crosspost) else None,
        word="a crosspost of what is marked NSFW",
    ),
    "parent_submission over_18": Flag(
        read=lambda _, post: origin.over_18 if (origin := details(post).parent) else None,
        word="under a submission marked NSFW",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCheck(AsksNothing):
    """`is_edited:` and its like."""

    key: str
    wanted: bool

    def evaluate(self, subject: Subject) -> CheckResult:
        if subject.post is None:
            return CheckResult(held=False, value=NO_POST)
        flag = FLAGS[self.key]
        value = flag.read(subject, subject.post)
        if value is None:
            return CheckResult(held=False, value=f"there is no saying whether the post is {flag.word}")
        seen = f"the post is {'' if value else 'not '}{flag.word}"
        return CheckResult(held=value == self.wanted, value=seen, reasons=(seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number of a post: how to read it (None: it has none) and what it counts."""

    read: Callable[[Post], int | None]
    noun: str


def _body_length(post: Post) -> int | None:
    texts = TABLES[""]["body"].read(post)
    return len(bare(texts[0])) if texts else None


NUMBERS: Mapping[str, Number] = {
    "reports": Number(read=lambda post: post.num_reports, noun="report"),
    "poll_option_count": Number(
        read=lambda post: len(details(post).poll_options) if details(post).is_poll else None, noun="option"
    ),
    "body_longer_than": Number(read=_body_length, noun="character"),
    "body_shorter_than": Number(read=_body_length, noun="character"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCheck(AsksNothing):
    """`reports:` and its like: a comparison with a number of the post."""

    key: str
    comparison: tuple[str, int]

    def evaluate(self, subject: Subject) -> CheckResult:
        if subject.post is None:
            return CheckResult(held=False, value=NO_POST)
        number = NUMBERS[self.key]
        value = number.read(subject.post)
        if value is None:
            return CheckResult(held=False, value=f"the post has no {number.noun}s to count")
        seen = f"{value} {number.noun}{'' if value == 1 else 's'}"
        return CheckResult(held=holds(self.comparison, value), value=seen, reasons=(seen,))


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussionCheck(AsksNothing):
    """`discussion_type:` chat or comments."""

    wanted: Literal["chat", "comments"]
    key: str = "discussion_type"

    def evaluate(self, subject: Subject) -> CheckResult:
        if subject.post is None or subject.post.is_comment:
            return CheckResult(held=False, value="there is no submission" if subject.post else NO_POST)
        value = (details(subject.post).discussion_type or "comments").lower()
        return CheckResult(
            held=value == self.wanted, value=value, reasons=(f"the discussion is of type {self.wanted}",)
        )
