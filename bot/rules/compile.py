"""One YAML table → one Rule. What the evidence ladder forbids is refused here, and capped again when judging."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.model import BankKind
from bot.rules import read, template, words
from bot.rules.checks import (
    COMPARE,
    Check,
    CopyCheck,
    FlagCheck,
    HostCheck,
    ReportsCheck,
    SexualContextCheck,
    TextCheck,
    TypeCheck,
)
from bot.rules.examples import examples_of
from bot.rules.ladder import Step, kind_reach
from bot.rules.read import Entry, Scalar, Table, Value, fail, show
from bot.rules.regex import PatternError
from bot.rules.rule import DEFAULT_REASON, DEFAULT_SUBJECT, Rule
from bot.rules.text import FIELDS, MODES, query

MAX_NAME = 100
_CHECK_KEY = re.compile(r"(~?)([^\s()~]+)\s*(?:\(([^()]*)\))?")
_SETTINGS = frozenset(
    (
        "name",
        "priority",
        "moderators_exempt",
        "action",
        "action_reason",
        "modmail",
        "modmail_subject",
        "notify_host",
        "examples",
    )
)
_NEGATABLE = ("host", "exact_media", "known_media")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the installation has, where that is known: bank kinds and the names of host plugs."""

    banks: Mapping[str, BankKind] | None = None
    hosts: Collection[str] | None = None


def rule_of(document: Table, known: Known) -> Rule:
    """Compile one document. Raises RuleError with the place and what to do."""
    settings = {entry.key: entry for entry in document.entries if entry.key in _SETTINGS}
    checks = tuple(
        check
        for entry in document.entries
        if entry.key not in _SETTINGS
        for check in [_check(entry, known)]
        if check is not None
    )
    name = _name(settings, document)
    if all(isinstance(check, TypeCheck) for check in checks):
        fail(document.at, f"the rule {show(name)} has no check, so it would hold for everything; add known_media, say")
    step = _step(settings, document, name)
    ceiling = _ceiling(checks, known)
    if step > ceiling:
        fail(settings["action"].at, _too_much(step, ceiling, checks, known))
    reason, modmail, subject, placeholders = _texts(settings, step)
    if "match" in placeholders and not any(isinstance(check, TextCheck) and not check.negated for check in checks):
        fail(document.at, "{{match}} stands for what a text check found, and the rule has none; remove it")
    return Rule(
        name=name,
        at=document.at,
        checks=checks,
        step=step,
        priority=read.whole(settings["priority"].value, "priority") if "priority" in settings else 0,
        moderators_exempt=_exempt(settings),
        action_reason=reason,
        modmail=modmail,
        modmail_subject=subject,
        notice=_notice(settings, step, checks),
        examples=examples_of(settings["examples"].value) if "examples" in settings else (),
    )


def _exempt(settings: Mapping[str, Entry]) -> bool:
    entry = settings.get("moderators_exempt")
    return True if entry is None else read.flag(entry.value, "moderators_exempt")


def _name(settings: Mapping[str, Entry], document: Table) -> str:
    if "name" not in settings:
        fail(document.at, "the rule has no name; add name: and a few words")
    value = settings["name"].value
    name = read.scalar(value, "name").strip()
    if not name.isprintable() or len(name) > MAX_NAME:
        fail(value.at, f"name is one line of at most {MAX_NAME} characters")
    return name


def _step(settings: Mapping[str, Entry], document: Table, name: str) -> Step:
    if "action" not in settings:
        fail(document.at, f"the rule {show(name)} has no action; write one of {', '.join(words.ACTIONS)}")
    value = settings["action"].value
    word = read.scalar(value, "action").strip()
    if word in words.AUTOMODERATOR_ACTIONS:
        fail(value.at, f"action: {word} is not possible; {words.AUTOMODERATOR_ACTIONS[word]}")
    return Step[read.choice(value, "action", words.ACTIONS).upper()]


def _texts(settings: Mapping[str, Entry], step: Step) -> tuple[str, str | None, str, frozenset[str]]:
    if "action_reason" in settings and step not in (Step.REPORT, Step.REMOVE):
        fail(settings["action_reason"].at, "action_reason goes with action: report or remove; remove it")
    if "modmail" in settings and step is Step.IGNORE:
        fail(settings["modmail"].at, "modmail does not go with action: ignore; write action: review")
    if "modmail_subject" in settings and "modmail" not in settings:
        fail(settings["modmail_subject"].at, "modmail_subject needs a modmail; add one or remove it")
    placeholders: frozenset[str] = frozenset()
    texts: dict[str, str] = {}
    for key, limit in (("action_reason", "reason"), ("modmail", "body"), ("modmail_subject", "subject")):
        if key not in settings:
            continue
        value = settings[key].value
        text = read.scalar(value, key).strip()
        if key != "modmail":
            text = " ".join(text.split())
        placeholders |= template.check(text, limit=template.LIMITS[limit], at=value.at, key=key)
        texts[key] = text
    return (
        texts.get("action_reason", DEFAULT_REASON),
        texts.get("modmail"),
        texts.get("modmail_subject", DEFAULT_SUBJECT),
        placeholders,
    )


def _notice(settings: Mapping[str, Entry], step: Step, checks: tuple[Check, ...]) -> bool:
    if "notify_host" not in settings:
        return False
    entry = settings["notify_host"]
    if read.choice(entry.value, "notify_host", ("no", "confirm")) == "no":
        return False
    if step is Step.IGNORE:
        fail(entry.at, "notify_host: confirm does not go with action: ignore; write action: review")
    if not any(isinstance(check, CopyCheck) and not check.negated for check in checks):
        fail(entry.at, "notify_host: confirm needs exact_media or known_media: a host is told of copies only; add one")
    return True


def _ceiling(checks: tuple[Check, ...], known: Known) -> Step:
    kinds = {bank: kind_reach(kind) for bank, kind in (known.banks or {}).items()}
    # all checks must hold, so the strongest of them is always there
    return max([Step.REVIEW, *(check.ceiling(kinds) for check in checks if isinstance(check, CopyCheck))])


def _too_much(step: Step, ceiling: Step, checks: tuple[Check, ...], known: Known) -> str:
    named = {bank for check in checks if isinstance(check, CopyCheck) for bank in check.banks}
    weak = sorted(bank for bank in named if kind_reach((known.banks or {}).get(bank, "block")) < Step.REPORT)
    if weak:
        kind = (known.banks or {})[weak[0]]
        return f"action: {step.word} goes too far: {weak[0]} is a {kind} bank, for review at most; write action: review"
    if ceiling is Step.REPORT:
        return (
            f"action: {step.word} goes too far for a near copy, which may be the original footage; "
            "write action: report, add face_region: agrees, or use exact_media"
        )
    return f"action: {step.word} needs exact_media or known_media; without one, write action: review"


def _check(entry: Entry, known: Known) -> Check | None:
    key, value = entry.key, entry.value
    parts = _CHECK_KEY.fullmatch(key.strip())
    if parts is None:
        fail(entry.at, f"{show(key)} is not a key of a rule; write field, ~field or field (modifier)")
    negated, base, modifiers = bool(parts[1]), parts[2], parts[3]
    if base in words.NOT_YET_EVIDENCE:
        fail(entry.at, f"this version cannot evaluate {base}: {words.NOT_YET_EVIDENCE[base]}; remove the rule for now")
    fields = tuple(dict.fromkeys(base.partition("#")[0].split("+")))
    if all(name in FIELDS for name in fields):
        return _text_check(key, value, fields, modifiers, negated, entry.at)
    if base not in words.KEYS or base in _SETTINGS:
        _unknown(entry.at, fields)
    if modifiers is not None:
        fail(entry.at, f"{base} takes no modifier in brackets; remove it")
    if negated and base not in _NEGATABLE:
        fail(entry.at, f"{base} cannot be negated with ~; turn its value round")
    return _plain_check(key, base, value, negated, known)


def _plain_check(key: str, base: str, value: Value, negated: bool, known: Known) -> Check | None:
    match base:
        case "type":
            return _type(value)
        case "is_edited" | "over_18":
            return FlagCheck(key=base, wanted=read.flag(value, base))
        case "reports":
            sign, number = _comparison(value, base, tuple(COMPARE), default=">=")
            return ReportsCheck(comparison=sign, number=int(number))
        case "sexual_context":
            return SexualContextCheck(wanted=read.flag(value, base))
        case "host":
            return HostCheck(key=key, names=_hosts(value, known), negated=negated)
        case _:
            return _copy(key, base, value, negated)


def _unknown(at: str, fields: tuple[str, ...]) -> None:
    for name in fields:
        if name in words.AUTOMODERATOR_KEYS:
            fail(at, f"AutoModerator knows {name}, gifwarden does not yet; leave it to AutoModerator")
    wrong = next(name for name in fields if name not in FIELDS)
    if len(fields) > 1 and wrong in words.KEYS:
        fail(at, f"{wrong} cannot be joined with +; only {', '.join(FIELDS)} can")
    if wrong in _SETTINGS:
        fail(at, f"{wrong} is no check and takes neither ~ nor brackets; write {wrong}: alone")
    if wrong in words.NEAR_BY:
        fail(at, f"{show(wrong)} is not a key of a rule; did you mean {words.NEAR_BY[wrong]}?")
    fail(at, f"{show(wrong)} is not a key of a rule; {read.nearest(wrong, words.KEYS)}")


def _text_check(
    key: str, value: Value, fields: tuple[str, ...], modifiers: str | None, negated: bool, at: str
) -> TextCheck:
    if isinstance(value, Table):
        if fields != ("author",) or modifiers is not None:
            fail(value.at, f"{show(key)} takes a value or a list; write it as {fields[0]}: [one, two]")
        return _author(key, value, negated)
    names = tuple(name.strip() for name in modifiers.split(",")) if modifiers is not None else ()
    for name in names:
        if name not in words.MODIFIERS:
            fail(at, f"{show(name)} is not a modifier; {read.nearest(name, words.MODIFIERS)}")
    if sum(name in MODES for name in names) > 1:
        fail(at, f"{show(key)} has several modifiers that exclude each other; keep one beside regex and case-sensitive")
    try:
        search = query(read.scalars(value, show(key)), fields=fields, modifiers=names)
    except PatternError as error:
        fail(value.at, f"{show(key)}: {error}")
    return TextCheck(key=key, fields=fields, query=search, negated=negated)


def _author(key: str, value: Table, negated: bool) -> TextCheck:
    if len(value.entries) != 1:
        fail(value.at, "author takes one key here, name; write author: {name: [one, two]}")
    entry = value.entries[0]
    parts = _CHECK_KEY.fullmatch(entry.key.strip())
    name = parts[2] if parts else entry.key
    if name in words.AUTOMODERATOR_AUTHOR_KEYS:
        fail(entry.at, f"AutoModerator knows {name} of an author, gifwarden does not yet; leave it to AutoModerator")
    if parts is None or name != "name" or isinstance(entry.value, Table):
        fail(entry.at, f"{show(entry.key)} is not a key of author; write author: {{name: [one, two]}}")
    return _text_check(f"{key} {entry.key}", entry.value, ("author",), parts[3], negated != bool(parts[1]), entry.at)


def _type(value: Value) -> TypeCheck | None:
    word = read.scalar(value, "type").strip()
    if word in words.AUTOMODERATOR_TYPES:
        fail(value.at, f"AutoModerator knows type: {word}, gifwarden does not yet; write submission, comment or any")
    kind = read.choice(value, "type", ("submission", "comment", "any"))
    kinds: dict[str, Literal["submission", "comment"]] = {"submission": "submission", "comment": "comment"}
    return TypeCheck(kind=kinds[kind]) if kind in kinds else None


def _hosts(value: Value, known: Known) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in read.scalars(value, "host"))
    for name in names:
        if known.hosts is not None and name not in known.hosts:
            fail(value.at, f"{show(name)} is not a host that gifwarden knows; {read.nearest(name, known.hosts)}")
    return names


def _copy(key: str, base: str, value: Value, negated: bool) -> CopyCheck:
    if not isinstance(value, Table):
        fail(value.at, f"{base} takes a table; write it as {base}: {{bank: [name]}}")
    keys = read.table(value, base, words.COPY_KEYS[base])
    if "bank" not in keys:
        fail(value.at, f"{base} names no bank; write {base}: {{bank: [name]}}")
    methods = _methods(keys["method"].value) if "method" in keys else ("pdq", "phash")
    if "face_region" in keys:
        _face_region(keys["face_region"].value)
    return CopyCheck(
        key=key,
        banks=tuple(dict.fromkeys(read.scalars(keys["bank"].value, "bank"))),
        exact_only=base == "exact_media",
        negated=negated,
        distance=_distance(keys["distance"].value, methods) if "distance" in keys else None,
        coverage=_coverage(keys["coverage"].value) if "coverage" in keys else None,
        methods=methods,
        face_agrees="face_region" in keys,
    )


def _methods(value: Value) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(read.scalars(value, "method")))
    for name in names:
        if name in ("sha256", "md5"):
            fail(value.at, f"method: {name} is the very file, which always counts; use exact_media for it alone")
        if name in ("region", "local"):
            fail(value.at, f"method: {name} is not computed by this version; write pdq or phash")
        if name not in ("pdq", "phash"):
            fail(value.at, f"{show(name)} is not a method; write pdq or phash")
    return names


def _face_region(value: Value) -> None:
    if read.scalar(value, "face_region").strip() == "differs":
        fail(
            value.at,
            "where face regions differ there is no copy; this version cannot evaluate that; write face_region: agrees",
        )
    read.choice(value, "face_region", ("agrees",))


def _distance(value: Value, methods: tuple[str, ...]) -> tuple[str, int]:
    sign, number = _comparison(value, "distance", ("<", "<="), default=None)
    most = 64 if methods == ("phash",) else 31
    if number != int(number) or number > most:
        fail(value.at, f"distance is a whole number of bits up to {most}, the search's own limit; write less")
    return sign, int(number)


def _coverage(value: Value) -> tuple[str, float]:
    sign, number = _comparison(value, "coverage", (">", ">="), default=None)
    if number > 1:
        fail(value.at, 'coverage is a share from 0 to 1, such as ">= 0.4"')
    return sign, number


def _comparison(value: Value, key: str, signs: tuple[str, ...], *, default: str | None) -> tuple[str, float]:
    text = value.text.strip() if isinstance(value, Scalar) else ""
    parts = re.fullmatch(r"([<>=]{0,2})\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)", text)
    sign = (parts[1] or default) if parts else None
    if parts is None or sign not in signs:
        fail(value.at, f"{key} is a comparison in quotes with {' or '.join(signs)}, such as {words.SAMPLES[key]}")
    if default is not None and "." in parts[2]:
        fail(value.at, f"{key} is a whole number, such as {words.SAMPLES[key]}")
    return sign, float(parts[2])
