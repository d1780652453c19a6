"""Examples: a sketch of evidence, and what the rule that holds it must make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from bot.model import BankKind, Evidence, FaceRegion, Link, Match
from bot.rules import read
from bot.rules.evidence import NEAR_METHODS
from bot.rules.read import Entry, Items, Table, Value, fail
from bot.rules.rule import Example, Gives
from bot.rules.sketch import LOOKED, author_of, faces_of, flag, nudity_of, number, post_of, source_of
from bot.rules.subject import Subject
from bot.rules.words import EXAMPLE_KEYS

_EXACT = ("bank", "confirmed", "kind", "suppressed")
_NEAR = (*_EXACT, "distance", "inliers", "coverage", "frames", "transform", "method", "face_region")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An example that its rule does not keep."""

    at: str  # file and line of the example
    rule: str
    wanted: Gives
    got: Gives | None  # None: it could not be told in time
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        said = f" ({'; '.join(self.reasons)})" if self.reasons else ""
        if self.got is None:
            return f"{self.at}: the example of {self.rule} cannot be judged in time{said}; write a simpler pattern"
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
        post=post_of(keys.get("post")),
        evidence=Evidence(
            target=link.url,
            link=link,
            fetched_at=LOOKED,
            adult_host=flag(keys, "adult_host"),
            matches=matches,
            faces=faces_of(keys.get("face")),
            source=source_of(keys.get("source")),
            nudity=nudity_of(keys.get("nudity")),
        ),
        adult_subreddit=flag(keys, "adult_subreddit"),
        author=author_of(keys.get("author")),
    )
    return Example(
        at=value.at,
        subject=subject,
        gives=gives[read.choice(keys["gives"].value, "gives", get_args(Gives))],
    )


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
        method = read.choice(keys["method"].value, "method", NEAR_METHODS)
    coverage = number(keys["coverage"].value, "coverage") if "coverage" in keys else 1.0
    if coverage > 1:
        fail(value.at, "coverage is a share from 0 to 1, such as 0.4")
    return Match(
        media=0,
        bank=bank,
        bank_kind=kinds[read.choice(keys["kind"].value, "kind", get_args(BankKind))] if "kind" in keys else "block",
        entry="example",
        confirmed=flag(keys, "confirmed", default=True),
        method=method,
        signal=method,
        distance=None if exact else read.whole(keys["distance"].value, "distance") if "distance" in keys else 8,
        frames=read.whole(keys["frames"].value, "frames") if "frames" in keys else 10,
        inliers=read.whole(keys["inliers"].value, "inliers") if "inliers" in keys else None,
        transform=read.scalar(keys["transform"].value, "transform").strip() if "transform" in keys else "none",
        coverage_query=coverage,
        coverage_entry=coverage,
        face_region=(
            regions[read.choice(keys["face_region"].value, "face_region", get_args(FaceRegion))]
            if "face_region" in keys
            else "unknown"
        ),
        suppressed=flag(keys, "suppressed"),
    )
