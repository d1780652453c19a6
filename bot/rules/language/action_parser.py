"""What a rule asks to be done on Reddit: `action`, `message`, `set_locked`, `set_flair`, `mod_note`."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import Gathered, RuleError
from bot.model import PlannedAction
from bot.rules.ladder import ActionLevel
from bot.rules.language import template, vocabulary, yaml
from bot.rules.language.check_parser import Installation
from bot.rules.language.yaml import Entry, Items, Scalar, Table, fail
from bot.rules.rule import CONFIRMED

DEFAULT_SUBJECT = "About your post (case {{case}})"
_MARKS: Mapping[str, str] = {"set_nsfw": "nsfw", "set_spoiler": "spoiler", "set_locked": "lock"}

_OF_A_REMOVAL = ("message", "message_subject", "removal_reason", "silent", "silent_reason")


def actions_of(
    settings: Mapping[str, Entry],
    step: ActionLevel,
    *,
    spam: bool,
    reason: str,
    known: Installation,
    confirmed: ActionLevel | None = None,
) -> tuple[tuple[PlannedAction, ...], tuple[PlannedAction, ...], frozenset[str]]:
    """Return the actions of a rule, those that follow a confirmation, and the placeholders in their texts.

    `confirmed`: the step of `on_confirm`. Raises RuleError.
    """
    later = confirmed is not None and confirmed > step
    found = Gathered()
    placeholders: frozenset[str] = frozenset()
    planned: list[tuple[str, PlannedAction]] = []

    def text(entry: Entry, limit: str) -> str:
        nonlocal placeholders
        told, names = found.attempt(template.text_of, entry, limit, lines=False) or ("", frozenset())
        placeholders |= names
        return told

    for key in _OF_A_REMOVAL:
        if key in settings and ActionLevel.REMOVE not in (step, confirmed):
            found.attempt(
                fail, settings[key].at, f"{key} goes with action: remove or spam; remove it, or write modmail"
            )
    if "message_subject" in settings and "message" not in settings:
        found.attempt(fail, settings["message_subject"].at, "message_subject needs a message; add one or remove it")
    if step is ActionLevel.REPORT:
        planned.append(("action", PlannedAction(kind="report", params={"reason": reason})))
    if later and confirmed is ActionLevel.REPORT:
        planned.append(("on_confirm", PlannedAction(kind="report", params={"reason": reason})))
    if ActionLevel.REMOVE in (step, confirmed):
        params = {"reason": CONFIRMED if later else reason}
        if spam:
            params["spam"] = "true"
        if (silent := found.attempt(_silent, settings)) is not None:
            params["silent"] = silent
        if "removal_reason" in settings:
            params["removal_reason"] = text(settings["removal_reason"], "removal_reason")
        planned.append(("on_confirm" if later else "action", PlannedAction(kind="remove", params=params)))
    for key, make in (("message", _message), ("set_flair", _flair)):
        if key in settings and (made := found.attempt(make, settings)) is not None:
            planned.append((key, made[0]))
            placeholders |= made[1]
    for key, kind in _MARKS.items():
        if key in settings:
            found.attempt(_only_true, settings[key])
            planned.append((key, PlannedAction(kind=kind)))
    if "overwrite_flair" in settings and "set_flair" not in settings:
        found.attempt(fail, settings["overwrite_flair"].at, "overwrite_flair needs a set_flair; add one or remove it")
    if "mod_note" in settings:
        planned.append(
            ("mod_note", PlannedAction(kind="note", params={"text": text(settings["mod_note"], "note text")}))
        )
    for key, deed in planned:
        if step is ActionLevel.IGNORE:
            found.attempt(fail, settings[key].at, f"{key} does not go with action: ignore; write action: review")
        elif key in settings:
            found.attempt(_possible, settings, key, deed, known)
    found.settle(RuleError)
    # in the order in which they are done: the removal first, then what goes with it
    order = ("action", "on_confirm", "message", *_MARKS, "set_flair", "mod_note")
    planned.sort(key=lambda one: order.index(one[0]))
    waits = ("on_confirm", "message") if later else ()
    return (
        tuple(deed for key, deed in planned if key not in waits),
        tuple(deed for key, deed in planned if key in waits),
        placeholders,
    )


def _silent(settings: Mapping[str, Entry]) -> str | None:
    """Return why the author of what is removed is not told; None: they are. Raises RuleError."""
    if "silent" not in settings:
        if "silent_reason" in settings:
            fail(settings["silent_reason"].at, "silent_reason needs silent: true; add that, or remove it")
        return None
    entry = settings["silent"]
    if not isinstance(entry.value, Scalar) or entry.value.kind != "bool":
        fail(entry.at, 'silent is true, and silent_reason says why: silent_reason: "in words"; write both')
    if not yaml.flag(entry.value, "silent"):
        fail(entry.at, "silent is true or left out: an author is told of a removal anyway; remove it")
    reason = (
        yaml.scalar(settings["silent_reason"].value, "silent_reason").strip() if "silent_reason" in settings else ""
    )
    if not any(char.isalnum() for char in reason):
        at = settings.get("silent_reason", entry).at
        fail(at, 'silent: true needs silent_reason: "why the author of a removed post is not told"; add it')
    if "message" in settings:
        fail(entry.at, "silent and message exclude each other: nothing is written to the author; remove one of them")
    return " ".join(reason.split())[: template.LIMITS["reason"]]


def _message(settings: Mapping[str, Entry]) -> tuple[PlannedAction, frozenset[str]]:
    found = Gathered()
    names: frozenset[str]
    body, names = found.attempt(template.text_of, settings["message"], "body", lines=True) or ("", frozenset())
    params = {"subject": DEFAULT_SUBJECT, "body": body}
    if "message_subject" in settings:
        told = found.attempt(template.text_of, settings["message_subject"], "message subject", lines=False)
        if told is not None:
            params["subject"], more = told
            names |= more
    found.settle(RuleError)
    return PlannedAction(kind="message", params=params), names


def _only_true(entry: Entry) -> None:
    if not yaml.flag(entry.value, entry.key):
        fail(
            entry.at,
            f"{entry.key} is true or left out: a rule takes back nothing; gifwarden cases undo does; remove it",
        )


def _flair(settings: Mapping[str, Entry]) -> tuple[PlannedAction, frozenset[str]]:
    value, overwrite = settings["set_flair"].value, settings.get("overwrite_flair")
    parts: dict[str, Entry] = {}
    if isinstance(value, Table):
        parts = yaml.table(value, "set_flair", vocabulary.FLAIR_KEYS)
    else:
        texts = value.values if isinstance(value, Items) else (value,)
        if len(texts) > 2:
            fail(value.at, "set_flair as a list is [text, css class]; write it as {text, css_class, template_id}")
        keys = ("text", "css_class")
        parts = {key: Entry(at=text.at, key=key, value=text) for key, text in zip(keys, texts, strict=False)}
    if not parts:
        fail(value.at, "set_flair is empty; write a text, or remove it")
    flair: dict[str, str] = {}
    placeholders: frozenset[str] = frozenset()
    found = Gathered()
    for key, entry in parts.items():
        param = "template" if key == "template_id" else key
        told = found.attempt(template.text_of, entry, f"flair {param}", lines=False)
        flair[param], names = told or ("", frozenset())
        placeholders |= names
    if overwrite is not None and found.attempt(yaml.flag, overwrite.value, "overwrite_flair"):
        flair["overwrite"] = "true"
    found.settle(RuleError)
    return PlannedAction(kind="flair", params=flair), placeholders


def _possible(settings: Mapping[str, Entry], key: str, deed: PlannedAction, known: Installation) -> None:
    """Raise RuleError for what no action of this installation can do."""
    if known.actions is None:
        return
    if deed.kind not in known.actions:
        fail(settings[key].at, f"{key} cannot be done: this version has no action {deed.kind}; remove it")
    for param in deed.params:
        if param not in known.actions[deed.kind]:
            word = {"template": "template_id", "overwrite": "overwrite_flair", "spam": "action: spam"}.get(param, param)
            at = settings[word].at if word in settings else settings[key].at
            fail(at, f"{word} cannot be done: this version's action {deed.kind} does not take it; remove it")
