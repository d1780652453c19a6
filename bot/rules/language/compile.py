"""One YAML table → one Rule. What the evidence ladder forbids is refused here, and capped again when judging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import Gathered, RuleError
from bot.rules.checks.base import Check, show
from bot.rules.checks.effort import spend
from bot.rules.checks.evidence import CopyCheck, FaceCheck, SourceCheck
from bot.rules.checks.post import TextCheck, TypeCheck
from bot.rules.ladder import ActionLevel, kind_reach
from bot.rules.language import automoderator, template, vocabulary, yaml
from bot.rules.language.action_parser import actions_of
from bot.rules.language.check_parser import Installation, checks_of
from bot.rules.language.examples import examples_of
from bot.rules.language.yaml import Entry, Items, Scalar, Table, fail
from bot.rules.rule import DEFAULT_REASON, DEFAULT_SUBJECT, Rule

__all__ = ["Installation", "rule_of"]

MAX_NAME = 100
_MARKS = ("set_locked", "set_nsfw", "set_spoiler", "set_flair", "mod_note")
STEPS: Mapping[str, ActionLevel] = {
    "ignore": ActionLevel.IGNORE,
    "review": ActionLevel.REVIEW,
    "report": ActionLevel.REPORT,
    "remove": ActionLevel.REMOVE,
    "spam": ActionLevel.REMOVE,
}


def rule_of(document: Table, known: Installation) -> Rule:
    """Compile one document. Raises RuleError with every mistake: the place and what to do."""
    spend(document.at)
    found = Gathered()
    settings = {entry.key: entry for entry in document.entries if entry.key in vocabulary.SETTINGS}
    quotes = not found.attempt(_flag, settings, "ignore_blockquotes", default=False)
    checks: list[Check] = []
    for entry in document.entries:
        if entry.key not in vocabulary.SETTINGS:
            checks += found.attempt(checks_of, entry, known, quotes=quotes) or ()
    meant = _meant(document)
    name = None
    if "name" in settings or "name" not in meant:
        name = found.attempt(name_of, settings, document)
    sound = not found.failed
    if sound and all(isinstance(check, TypeCheck) for check in checks):
        found.attempt(
            fail,
            document.at,
            f"the rule {show(name or '')} has no check, so it would hold for everything; add known_media, say",
        )
    stepped = None
    if "action" in settings or "action" not in meant:
        stepped = found.attempt(_step, settings, document, name or "without a name")
    # with a removal everything goes, so nothing is said that only a misspelt action makes wrong
    step, spam = stepped or (ActionLevel.REMOVE, False)
    confirmed = found.attempt(_on_confirm, settings, step) if stepped else None
    strongest = max(step, confirmed or step)
    reason, modmail, subject, placeholders = found.attempt(_texts, settings, step, strongest) or (
        "",
        None,
        "",
        frozenset(),
    )
    planned, on_confirm, more = found.attempt(
        actions_of, settings, step, spam=spam, reason=reason, known=known, confirmed=confirmed
    ) or ((), (), frozenset())
    if sound and "match" in placeholders | more and not any(isinstance(c, TextCheck) and not c.negated for c in checks):
        found.attempt(
            fail, document.at, "{{match}} stands for what a text check found, and the rule has none; remove it"
        )
    notice = found.attempt(_notice, settings, step, checks if sound else None)
    priority = found.attempt(yaml.whole, settings["priority"].value, "priority") if "priority" in settings else 0
    exempt = found.attempt(_flag, settings, "moderators_exempt", default=True)
    examples = found.attempt(examples_of, settings["examples"].value) if "examples" in settings else ()
    rule = Rule(
        name=name or "",
        at=document.at,
        checks=tuple(checks),
        step=step,
        priority=priority or 0,
        moderators_exempt=bool(exempt),
        planned=planned,
        on_confirm=on_confirm,
        modmail=modmail,
        modmail_subject=subject,
        notice=bool(notice),
        examples=examples or (),
        banks_at=_banks(document),
    )
    if sound and stepped is not None:
        found.attempt(_within_the_ladder, rule, settings, known)
    found.settle(RuleError)
    return rule


def _meant(document: Table) -> frozenset[str]:
    """Return the settings that misspelt keys seem to mean, so that nobody is told that they are missing too."""
    strangers = [entry.key for entry in document.entries if entry.key not in vocabulary.KEYS]
    return frozenset(near for key in strangers if (near := yaml.near_to(key, vocabulary.KEYS)) is not None)


def _banks(document: Table) -> Mapping[str, str]:
    """Return the banks that the checks on copies name, each with the place where it first stands."""
    named: dict[str, str] = {}
    for check in document.entries:
        if check.key.lstrip("~") not in ("exact_media", "known_media", "source_media"):
            continue
        for entry in check.value.entries if isinstance(check.value, Table) else ():
            values = entry.value.values if isinstance(entry.value, Items) else (entry.value,)
            if entry.key == "bank":
                for value in values:
                    if isinstance(value, Scalar):
                        named.setdefault(value.text.strip(), value.at)
    return named


def name_of(settings: Mapping[str, Entry], document: Table) -> str:
    """Return the name of a rule. Raises RuleError if it has none."""
    if "name" not in settings:
        fail(document.at, "the rule has no name; add name: and a few words")
    value = settings["name"].value
    name = yaml.scalar(value, "name").strip()
    if not name.isprintable() or len(name) > MAX_NAME:
        fail(value.at, f"name is one line of at most {MAX_NAME} characters")
    return name


def _flag(settings: Mapping[str, Entry], key: str, *, default: bool) -> bool:
    return yaml.flag(settings[key].value, key) if key in settings else default


def _step(settings: Mapping[str, Entry], document: Table, name: str) -> tuple[ActionLevel, bool]:
    if "action" not in settings:
        fail(document.at, f"the rule {show(name)} has no action; write one of {', '.join(vocabulary.ACTIONS)}")
    value = settings["action"].value
    word = yaml.scalar(value, "action").strip()
    if word in automoderator.REFUSED_ACTIONS:
        fail(value.at, f"action: {word} is not possible; {automoderator.REFUSED_ACTIONS[word]}")
    word = yaml.choice(value, "action", vocabulary.ACTIONS)
    return STEPS[word], word == "spam"


def _on_confirm(settings: Mapping[str, Entry], step: ActionLevel) -> ActionLevel | None:
    """Return the step that follows a person's confirmation, None if the rule names none. Raises RuleError."""
    if "on_confirm" not in settings:
        return None
    value = settings["on_confirm"].value
    confirmed = STEPS[yaml.choice(value, "on_confirm", ("report", "remove"))]
    if step is ActionLevel.IGNORE:
        fail(value.at, "on_confirm does not go with action: ignore, which opens no case; write action: review")
    if confirmed <= step:
        fail(value.at, f"on_confirm: {confirmed.word} adds nothing to action: {step.word}; remove it")
    return confirmed


def _texts(
    settings: Mapping[str, Entry], step: ActionLevel, strongest: ActionLevel
) -> tuple[str, str | None, str, frozenset[str]]:
    found = Gathered()
    reason = settings.get("action_reason") or settings.get("report_reason")
    if "action_reason" in settings and "report_reason" in settings:
        found.attempt(fail, settings["report_reason"].at, "report_reason is another word for action_reason; keep one")
    if reason is not None and strongest not in (ActionLevel.REPORT, ActionLevel.REMOVE):
        found.attempt(fail, reason.at, f"{reason.key} goes with action: report or remove; remove it")
    if "modmail" in settings and step is ActionLevel.IGNORE:
        found.attempt(fail, settings["modmail"].at, "modmail does not go with action: ignore; write action: review")
    if "modmail_subject" in settings and "modmail" not in settings:
        found.attempt(fail, settings["modmail_subject"].at, "modmail_subject needs a modmail; add one or remove it")
    texts: dict[str, str] = {}
    placeholders: frozenset[str] = frozenset()
    for key, entry, limit in (
        ("reason", reason, "reason"),
        ("modmail", settings.get("modmail"), "body"),
        ("subject", settings.get("modmail_subject"), "subject"),
    ):
        told = found.attempt(template.text_of, entry, limit, lines=key == "modmail") if entry is not None else None
        if told is not None:
            texts[key] = told[0]
            placeholders |= told[1]
    found.settle(RuleError)
    return (
        texts.get("reason", DEFAULT_REASON),
        texts.get("modmail"),
        texts.get("subject", DEFAULT_SUBJECT),
        placeholders,
    )


def _notice(settings: Mapping[str, Entry], step: ActionLevel, checks: Sequence[Check] | None) -> bool:
    """`checks`: None if some are not known."""
    if "notify_host" not in settings:
        return False
    entry = settings["notify_host"]
    if yaml.choice(entry.value, "notify_host", ("no", "confirm")) == "no":
        return False
    if step is ActionLevel.IGNORE:
        fail(entry.at, "notify_host: confirm does not go with action: ignore; write action: review")
    if checks is not None and not any(isinstance(check, CopyCheck) and not check.negated for check in checks):
        fail(entry.at, "notify_host: confirm needs exact_media or known_media: a host is told of copies only; add one")
    return True


def _within_the_ladder(rule: Rule, settings: Mapping[str, Entry], known: Installation) -> None:
    """Raise RuleError if the weakest evidence that makes the rule fire does not carry what it asks for."""
    kinds = {bank: kind_reach(kind) for bank, kind in (known.banks or {}).items()}
    # all checks must hold, so the strongest of them is always there
    copies = [check for check in rule.checks if isinstance(check, CopyCheck)]
    ceiling = max([ActionLevel.REVIEW, *(check.ceiling(kinds) for check in copies)])
    found = Gathered()
    if rule.step > ceiling:
        found.attempt(
            fail,
            settings["action"].at,
            f"action: {rule.step.word} {_too_much(rule, ceiling, known, f'action: {ceiling.word}')}",
        )
    if rule.needs > ceiling:
        for key in _MARKS:
            if key in settings:
                found.attempt(
                    fail,
                    settings[key].at,
                    f"{key} {_too_much(rule, ceiling, known, 'action: review, so that it waits for a person')}",
                )
    found.settle(RuleError)


def _too_much(rule: Rule, ceiling: ActionLevel, known: Installation, instead: str) -> str:
    named = {bank for check in rule.checks if isinstance(check, CopyCheck) for bank in check.banks}
    weak = sorted(bank for bank in named if kind_reach((known.banks or {}).get(bank, "block")) < ActionLevel.REPORT)
    if weak:
        kind = (known.banks or {})[weak[0]]
        return f"goes too far: {weak[0]} is a {kind} bank, for review at most; write {instead}"
    if ceiling is ActionLevel.REPORT:
        return (
            "goes too far for a near copy, which may be the original footage; "
            f"write {instead}, add face_region: agrees, or use exact_media"
        )
    if any(isinstance(check, SourceCheck) for check in rule.checks):
        return f"goes too far for source_media: the footage is the original performer's too; write {instead}"
    if any(isinstance(check, FaceCheck) for check in rule.checks):
        return f"goes too far for a face: a likeness is no proof, so a person decides; write {instead}"
    return f"needs exact_media or known_media; without one, write {instead}"
