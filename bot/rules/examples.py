"""Examples: a sketch of evidence, and what the rule that holds it must make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import get_args

from bot.model import BankKind, Evidence, FaceRegion, Link, Match, Post
from bot.rules import read
from bot.rules.checks import Subject
from bot.rules.read import Entry, Items, Scalar, Table, Value, fail
from bot.rules.rule import Example, Gives
from bot.rules.words import EXAMPLE_KEYS

_EXACT = ("bank", "confirmed", "kind", "suppressed")
_NEAR = (*_EXACT, "distance", "coverage", "method", "face_region")
_POST_TEXTS = ("title", "body", "url", "flair_text", "author", "subreddit")
_POST_KEYS = (*_POST_TEXTS, "type", "id", "is_edited", "over_18", "reports", "moderator")
_POST = Post(
    fullname="t3_example",
    subreddit="example",
    permalink="/r/example/comments/example/",
    created=datetime(2026, 1, 1, tzinfo=UTC),
    author="someone",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An example that its rule does not keep."""

    at: str  # file and line of the example
    rule: str
    wanted: Gives
    got: Gives
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        said = f" ({'; '.join(self.reasons)})" if self.reasons else ""
        return f"{self.at}: the example of {self.rule} must give {self.wanted} and gives {self.got}{said}"


def examples_of(value: Value) -> tuple[Example, ...]:
    """Compile the `examples:` of a rule. Raises RuleError."""
    if not isinstance(value, Items):
        fail(value.at, "examples is a list; write each as - {exact: BANK, gives: remove}")
    return tuple(_example(item) for item in value.values)


def _example(value: Value) -> Example:
    keys = read.table(value, "an example", EXAMPLE_KEYS)
    if "gives" not in keys:
        fail(value.at, f"the example does not say what comes out; add gives: {', '.join(get_args(Gives))}")
    gives: dict[str, Gives] = {name: name for name in get_args(Gives)}
    matches = (*_matches(keys.get("exact"), "exact"), *_matches(keys.get("near"), "near"))
    link = Link(
        url="https://example.invalid/media",
        host=read.scalar(keys["host"].value, "host").strip() if "host" in keys else "direct",
        id="example",
        kind="media",
        source="url",
    )
    subject = Subject(
        post=_post(keys.get("post")),
        evidence=Evidence(target=link.url, link=link, adult_host=_flag(keys, "adult_host"), matches=matches),
        adult_subreddit=_flag(keys, "adult_subreddit"),
    )
    return Example(
        at=value.at,
        subject=subject,
        gives=gives[read.choice(keys["gives"].value, "gives", get_args(Gives))],
    )


def _flag(keys: Mapping[str, Entry], name: str, default: bool = False) -> bool:
    return read.flag(keys[name].value, name) if name in keys else default


def _matches(entry: Entry | None, key: str) -> tuple[Match, ...]:
    if entry is None:
        return ()
    values = entry.value.values if isinstance(entry.value, Items) else (entry.value,)
    return tuple(_match(value, key) for value in values)


def _match(value: Value, key: str) -> Match:
    exact = key == "exact"
    if isinstance(value, Table):
        keys = read.table(value, key, _EXACT if exact else _NEAR)
        if "bank" not in keys:
            fail(value.at, f"{key} names no bank; write {key}: {{bank: NAME}}")
        bank = read.scalar(keys["bank"].value, "bank")
    else:
        keys, bank = {}, read.scalar(value, key)
    kinds: dict[str, BankKind] = {name: name for name in get_args(BankKind)}
    regions: dict[str, FaceRegion] = {name: name for name in get_args(FaceRegion)}
    method = "sha256" if exact else "pdq"
    if "method" in keys:
        method = read.choice(keys["method"].value, "method", ("pdq", "phash"))
    coverage = _share(keys["coverage"].value) if "coverage" in keys else 1.0
    return Match(
        media=0,
        bank=bank,
        bank_kind=kinds[read.choice(keys["kind"].value, "kind", get_args(BankKind))] if "kind" in keys else "block",
        entry="example",
        confirmed=_flag(keys, "confirmed", True),
        method=method,
        signal=method,
        distance=None if exact else read.whole(keys["distance"].value, "distance") if "distance" in keys else 8,
        coverage_query=coverage,
        coverage_entry=coverage,
        face_region=(
            regions[read.choice(keys["face_region"].value, "face_region", get_args(FaceRegion))]
            if "face_region" in keys
            else "unknown"
        ),
        suppressed=_flag(keys, "suppressed"),
    )


def _share(value: Value) -> float:
    try:
        share = float(read.scalar(value, "coverage"))
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        fail(value.at, "coverage is a share from 0 to 1, such as 0.4")
    return share


def _post(entry: Entry | None) -> Post | None:
    if entry is None:
        return _POST
    if isinstance(entry.value, Scalar) and entry.value.text == "none":
        return None
    keys = read.table(entry.value, "post", _POST_KEYS)
    texts = {name: read.scalar(keys[name].value, name) for name in _POST_TEXTS if name in keys}
    kind = "submission"
    if "type" in keys:
        kind = read.choice(keys["type"].value, "type", ("submission", "comment"))
    name = read.scalar(keys["id"].value, "id") if "id" in keys else "example"
    return replace(
        _POST,
        **texts,  # type: ignore[arg-type]  # _POST_TEXTS names text fields only
        fullname=f"{'t1' if kind == 'comment' else 't3'}_{name}",
        edited=_flag(keys, "is_edited"),
        over_18=_flag(keys, "over_18"),
        num_reports=read.whole(keys["reports"].value, "reports") if "reports" in keys else 0,
        author_is_moderator=_flag(keys, "moderator"),
    )
