"""One key of a rule → its checks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.errors import Gathered, RuleError
from bot.model import BankKind
from bot.rules.checks.author import THRESHOLDS, TRAITS, Threshold, ThresholdCheck, TraitCheck
from bot.rules.checks.base import Check, show
from bot.rules.checks.evidence import HostCheck, SexualContextCheck
from bot.rules.checks.fields import POST, TABLES
from bot.rules.checks.post import FLAGS, KINDS, NUMBERS, DiscussionCheck, FlagCheck, NumberCheck, TextCheck, TypeCheck
from bot.rules.checks.regex import PatternError
from bot.rules.checks.text import MODES, query
from bot.rules.language import automoderator, values, vocabulary, yaml
from bot.rules.language.evidence_parser import copy_check, face_check, nudity_check, source_check
from bot.rules.language.yaml import Entry, Scalar, Table, Value, fail

KEY = re.compile(r"(~?)([^\s()~]+)\s*(?:\(([^()]*)\))?")
_NEGATABLE = ("host", "exact_media", "known_media")
_REFUSED: Mapping[str, Mapping[str, str]] = {
    "author": automoderator.REFUSED_OF_AUTHOR,
    "crosspost_author": automoderator.REFUSED_OF_CROSSPOST_AUTHOR,
    "crosspost_subreddit": {},
    "parent_submission": automoderator.REFUSED_OF_PARENT,
}
_KEYS: Mapping[str, Mapping[str, str]] = {
    "author": vocabulary.AUTHOR_KEYS,
    "crosspost_author": vocabulary.CROSSPOST_AUTHOR_KEYS,
    "crosspost_subreddit": vocabulary.CROSSPOST_SUBREDDIT_KEYS,
    "parent_submission": vocabulary.PARENT_KEYS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the installation has, where that is known: bank kinds, host plugs, and what its actions take.

    `actions`: kind of an action → the parameters that it takes.
    """

    banks: Mapping[str, BankKind] | None = None
    hosts: Collection[str] | None = None
    actions: Mapping[str, Collection[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key, taken apart: `~title+body#2 (includes, regex)`."""

    at: str
    text: str
    negated: bool
    base: str
    modifiers: str | None

    @property
    def fields(self) -> tuple[str, ...]:
        """What the base joins."""
        return tuple(dict.fromkeys(self.base.partition("#")[0].split("+")))


def key_of(entry: Entry, what: str = "a rule") -> Key:
    """Take a key apart. Raises RuleError if it is none."""
    parts = KEY.fullmatch(entry.key.strip())
    if parts is None:
        fail(entry.at, f"{show(entry.key)} is not a key of {what}; write field, ~field or field (modifier)")
    return Key(at=entry.at, text=entry.key, negated=bool(parts[1]), base=parts[2], modifiers=parts[3])


def checks_of(entry: Entry, known: Installation, *, quotes: bool) -> tuple[Check, ...]:
    """Compile one key of a rule that is no setting. `quotes`: whether quoted lines of a body are read."""
    key, value = key_of(entry), entry.value
    fields = key.fields
    if fields in (("author",), ("crosspost_author",), ("crosspost_subreddit",), ("parent_submission",)):
        return _table(key, fields[0], value)
    if all(name in POST for name in fields):
        return (_text(key.text, value, fields, key, quotes=quotes),)
    if key.base not in vocabulary.KEYS or key.base in vocabulary.SETTINGS:
        _unknown(key)
    if key.modifiers is not None:
        fail(key.at, f"{key.base} takes no modifier in brackets; remove it")
    if key.negated and key.base not in _NEGATABLE:
        hint = (
            "what was not looked for would count as absent"
            if key.base in vocabulary.EVIDENCE
            else "turn its value round"
        )
        fail(key.at, f"{key.base} cannot be negated with ~; {hint}")
    return _plain(key, value, known)


def _plain(key: Key, value: Value, known: Installation) -> tuple[Check, ...]:
    base = key.base
    if base in FLAGS:
        return (FlagCheck(key=base, wanted=yaml.flag(value, base)),)
    if base in NUMBERS:
        return (_number(base, value),)
    match base:
        case "type":
            return _type(value)
        case "discussion_type":
            return (_discussion(value),)
        case "sexual_context":
            return (SexualContextCheck(wanted=yaml.flag(value, base)),)
        case "host":
            return (HostCheck(key=key.text, names=_hosts(value, known), negated=key.negated),)
        case "source_media":
            return (source_check(value),)
        case "face":
            return (face_check(value),)
        case "nudity":
            return (nudity_check(value),)
        case _:
            return (copy_check(key.text, base, value, negated=key.negated),)


def _unknown(key: Key) -> None:
    if (refused := automoderator.refusal(key.fields)) is not None:
        fail(key.at, refused)
    wrong = next(name for name in key.fields if name not in POST)
    if len(key.fields) > 1 and wrong in vocabulary.KEYS:
        fail(key.at, f"{wrong} cannot be joined with +; only {', '.join(POST)} can")
    if wrong in vocabulary.SETTINGS:
        fail(key.at, f"{wrong} is no check and takes neither ~ nor brackets; write {wrong}: alone")
    if wrong in vocabulary.NEAR_BY:
        fail(key.at, f"{show(wrong)} is not a key of a rule; did you mean {vocabulary.NEAR_BY[wrong]}?")
    fail(key.at, f"{show(wrong)} is not a key of a rule; {yaml.nearest(wrong, vocabulary.KEYS)}")


def _text(
    text: str, value: Value, fields: tuple[str, ...], key: Key, *, table: str = "", quotes: bool = True,
    negated: bool | None = None,
) -> TextCheck:  # fmt: skip
    if isinstance(value, Table):
        fail(value.at, f"{show(text)} takes a value or a list; write it as {fields[0]}: [one, two]")
    names = tuple(name.strip() for name in key.modifiers.split(",")) if key.modifiers is not None else ()
    for name in names:
        if name not in vocabulary.MODIFIERS:
            fail(key.at, f"{show(name)} is not a modifier; {yaml.nearest(name, vocabulary.MODIFIERS)}")
    if sum(name in MODES for name in names) > 1:
        fail(
            key.at,
            f"{show(text)} has several modifiers that exclude each other; keep one beside regex and case-sensitive",
        )
    try:
        search = query(yaml.scalars(value, show(text)), fields=fields, modifiers=names, table=table)
    except PatternError as error:
        fail(value.at, f"{show(text)}: {error}")
    return TextCheck(
        key=text,
        fields=fields,
        query=search,
        negated=key.negated if negated is None else negated,
        table=table,
        quotes=quotes,
    )


def _table(key: Key, name: str, value: Value) -> tuple[Check, ...]:
    """Compile `author: [names]` or `author: {…}` and its like."""
    if not isinstance(value, Table):
        if name == "parent_submission":
            fail(value.at, "parent_submission takes a table; write it as parent_submission: {title: [one, two]}")
        if name == "author":
            return (_text(key.text, value, ("author",), key),)
        return (_text(key.text, value, ("name",), key, table=name),)
    if key.modifiers is not None:
        fail(key.at, f"{name} takes its modifiers inside; write {name}: {{name (regex): …}}")
    if not value.entries:
        fail(value.at, f"{name} is empty; write {name}: {{name: [one, two]}}")
    found = Gathered()
    inside = [(inner, entry) for entry in value.entries if (inner := found.attempt(key_of, entry, name)) is not None]
    if key.negated and any(inner.fields != ("name",) for inner, _ in inside):
        fail(key.at, f"~{name} takes names only; turn the checks inside it round instead")
    checks: list[Check] = []
    thresholds: list[tuple[Key, Threshold]] = []
    any_of = False
    for inner, entry in inside:
        if found.attempt(_known_inside, name, inner) is None:
            continue
        if inner.base == "satisfy_any_threshold":
            any_of = found.attempt(yaml.flag, entry.value, inner.base) or False
        elif inner.base in THRESHOLDS:
            if (threshold := found.attempt(_threshold, inner, entry)) is not None:
                thresholds.append((inner, threshold))
        elif (check := found.attempt(_inside, name, key, inner, entry.value)) is not None:
            checks.append(check)
    found.settle(RuleError)
    checks.extend(_thresholds(key, thresholds, any_of=any_of))
    if not checks:
        fail(value.at, f"{name} holds no check; add one, or remove it")
    return tuple(checks)


def _known_inside(table: str, key: Key) -> bool:
    for name in key.fields:
        if name in _KEYS[table]:
            continue
        if name in _REFUSED[table]:
            fail(key.at, f"AutoModerator knows {name} of {table}, gifwarden does not: {_REFUSED[table][name]}")
        fail(key.at, f"{show(name)} is not a key of {table}; {yaml.nearest(name, _KEYS[table])}")
    return True


def _inside(table: str, outer: Key, key: Key, value: Value) -> Check:
    text = f"{outer.text} {key.text}"
    if all(name in TABLES[table] for name in key.fields):
        if table == "parent_submission" and key.base == "author" and isinstance(value, Table):
            names = yaml.table(value, "author", ("name",))
            if "name" not in names:
                fail(value.at, "the author of a parent_submission takes a name; write author: {name: [one, two]}")
            value = names["name"].value
        return _text(text, value, key.fields, key, table=table, negated=outer.negated != key.negated)
    if key.negated or key.modifiers is not None:
        fail(key.at, f"{key.base} takes neither ~ nor brackets; turn its value round")
    if len(key.fields) > 1 or "#" in key.base:
        fail(key.at, f"{show(key.base)} cannot be joined with +; write its checks one by one")
    wanted = yaml.flag(value, key.base)
    if table == "author":
        assert key.base in TRAITS, "every other key of author is a text or a threshold"
        return TraitCheck(key=text, name=key.base, wanted=wanted)
    return FlagCheck(key=f"{table} {key.base}", wanted=wanted)


def _threshold(key: Key, entry: Entry) -> Threshold:
    if key.negated or key.modifiers is not None:
        fail(key.at, f"{key.base} takes neither ~ nor brackets; turn its comparison round")
    if key.base == "account_age":
        return Threshold(name=key.base, comparison=values.age(entry.value, key.base))
    return Threshold(
        name=key.base, comparison=values.count(entry.value, key.base, values.ALL, default="=", negative=True)
    )


def _thresholds(outer: Key, found: list[tuple[Key, Threshold]], *, any_of: bool) -> Iterator[Check]:
    if any_of and found:
        names = " or ".join(key.base for key, _ in found)
        yield ThresholdCheck(
            key=f"{outer.text} {names}", thresholds=tuple(threshold for _, threshold in found), any_of=True
        )
        return
    for key, threshold in found:
        yield ThresholdCheck(key=f"{outer.text} {key.base}", thresholds=(threshold,))


def _number(key: str, value: Value) -> NumberCheck:
    if key in ("body_longer_than", "body_shorter_than"):
        number = yaml.whole(value, key)
        return NumberCheck(key=key, comparison=(">" if key == "body_longer_than" else "<", number))
    return NumberCheck(
        key=key, comparison=values.count(value, key, values.ALL, default=">=" if key == "reports" else "=")
    )


def _type(value: Value) -> tuple[Check, ...]:
    kind = yaml.choice(value, "type", (*KINDS, "any"))
    return tuple(TypeCheck(kind=name) for name in KINDS if name == kind)


def _discussion(value: Value) -> DiscussionCheck:
    if isinstance(value, Scalar) and value.kind == "null":
        return DiscussionCheck(wanted="comments")  # AutoModerator's word for it
    chosen = yaml.choice(value, "discussion_type", ("chat", "comments"))
    return DiscussionCheck(wanted="chat" if chosen == "chat" else "comments")


def _hosts(value: Value, known: Installation) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in yaml.scalars(value, "host"))
    found = Gathered()
    for name in names:
        if known.hosts is not None and name not in known.hosts:
            found.attempt(
                fail, value.at, f"{show(name)} is not a host that gifwarden knows; {yaml.nearest(name, known.hosts)}"
            )
    found.settle(RuleError)
    return names
