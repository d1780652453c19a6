"""Examples: a sketch of evidence, and what the rule that holds it must make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from bot.errors import Gathered, RuleError
from bot.model import BankKind, Evidence, FaceRegion, Link, Match
from bot.rules.checks.base import Subject
from bot.rules.checks.evidence import NEAR_METHODS
from bot.rules.language import yaml
from bot.rules.language.example_parser import LOOKED, author_of, faces_of, flag, nudity_of, number, post_of, source_of
from bot.rules.language.vocabulary import EXAMPLE_KEYS
from bot.rules.language.yaml import Entry, Items, Table, Told, Value, fail
from bot.rules.rule import Gives, RuleExample

_EXACT = ("bank", "confirmed", "kind", "suppressed")
_NEAR = (*_EXACT, "distance", "inliers", "coverage", "frames", "transform", "method", "face_region")


def examples_of(value: Value) -> tuple[RuleExample, ...]:
    """Compile the `examples:` of a rule. Raises RuleError."""
    if not isinstance(value, Items):
        fail(value.at, "examples is a list; write each as - {exact: BANK, gives: remove}")
    found = Gathered()
    examples = [found.attempt(_example, item) for item in value.values]
    found.settle(RuleError)
    return tuple(example for example in examples if example is not None)


def _example(value: Value) -> RuleExample:
    keys = yaml.table(value, "an example", EXAMPLE_KEYS)
    found = Gathered()
    choice: str | None = None
    if "gives" in keys:
        choice = found.attempt(yaml.choice, keys["gives"].value, "gives", get_args(Gives))
    else:
        outcomes = ", ".join(get_args(Gives))
        found.attempt(fail, value.at, f"the example does not say what comes out; add gives: {outcomes}")
    gives: dict[str, Gives] = {name: name for name in get_args(Gives)}
    matches = (
        *(found.attempt(_matches, keys.get("exact"), "exact") or ()),
        *(found.attempt(_matches, keys.get("near"), "near") or ()),
    )
    host = found.attempt(yaml.scalar, keys["host"].value, "host") if "host" in keys else None
    link = Link(
        url="https://example.invalid/media",
        host=(host or "direct").strip(),
        id="example",
        kind="media",
        source="url",
    )
    subject = Subject(
        post=found.attempt(post_of, keys.get("post")),
        evidence=Evidence(
            target=link.url,
            link=link,
            fetched_at=LOOKED,
            adult_host=found.attempt(flag, keys, "adult_host") or False,
            matches=matches,
            faces=found.attempt(faces_of, keys.get("face")) or (),
            source=found.attempt(source_of, keys.get("source")) or (),
            nudity=found.attempt(nudity_of, keys.get("nudity")),
        ),
        adult_subreddit=found.attempt(flag, keys, "adult_subreddit") or False,
        author=found.attempt(author_of, keys.get("author")),
    )
    found.settle(RuleError)
    return RuleExample(at=value.at, subject=subject, gives=gives[choice or "nothing"])


def _matches(entry: Entry | None, key: str) -> tuple[Match, ...]:
    if entry is None:
        return ()
    values = entry.value.values if isinstance(entry.value, Items) else (entry.value,)
    found = Gathered()
    matches = [found.attempt(_match, value, key) for value in values]
    found.settle(RuleError)
    return tuple(match for match in matches if match is not None)


def _match(value: Value, key: str) -> Match:
    exact = key == "exact"
    if isinstance(value, Table):
        keys = yaml.table(value, key, _EXACT if exact else _NEAR)
        if "bank" not in keys:
            fail(value.at, f"{key} names no bank; write {key}: {{bank: NAME}}")
        bank = yaml.scalar(keys["bank"].value, "bank")
    else:
        keys, bank = {}, yaml.scalar(value, key)
    kinds: dict[str, BankKind] = {name: name for name in get_args(BankKind)}
    regions: dict[str, FaceRegion] = {name: name for name in get_args(FaceRegion)}
    told = Told(keys)
    method = "sha256" if exact else told.get("method", _choice(NEAR_METHODS)) or "pdq"
    coverage = told.get("coverage", _share)
    distance = told.get("distance", yaml.whole)
    frames = told.get("frames", yaml.whole)
    kind = told.get("kind", _choice(get_args(BankKind)))
    region = told.get("face_region", _choice(get_args(FaceRegion)))
    match = Match(
        media=0,
        bank=bank,
        bank_kind=kinds[kind or "block"],
        entry="example",
        confirmed="confirmed" not in keys or told.get("confirmed", yaml.flag) is True,
        method=method,
        signal=method,
        distance=None if exact else 8 if distance is None else distance,
        frames=10 if frames is None else frames,
        inliers=told.get("inliers", yaml.whole),
        transform=(told.get("transform", yaml.scalar) or "none").strip(),
        coverage_query=1.0 if coverage is None else coverage,
        coverage_entry=1.0 if coverage is None else coverage,
        face_region=regions[region or "unknown"],
        suppressed=told.get("suppressed", yaml.flag) is True,
    )
    told.settle()
    return match


def _choice(options: Sequence[str]) -> Callable[[Value, str], str]:
    return lambda value, key: yaml.choice(value, key, options)


def _share(value: Value, key: str) -> float:
    share = number(value, key)
    if share > 1:
        fail(value.at, f"{key} is a share from 0 to 1, such as 0.4")
    return share
