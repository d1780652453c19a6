"""What a rule asks to be done on Reddit: `action`, `message`, `set_locked`, `set_flair`, `mod_note`."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import PlannedAction
from bot.rules import read, template, words
from bot.rules.checking import Known
from bot.rules.ladder import Step
from bot.rules.read import Entry, Items, Table, Value, fail

DEFAULT_SUBJECT = "About your post (case {{case}})"
_MARKS: Mapping[str, str] = {"set_nsfw": "nsfw", "set_spoiler": "spoiler", "set_locked": "lock"}
_OF_A_REMOVAL = ("message", "message_subject", "removal_reason")


def deeds_of(
    settings: Mapping[str, Entry], step: Step, *, spam: bool, reason: str, known: Known
) -> tuple[tuple[PlannedAction, ...], frozenset[str]]:
    """Return the actions of a rule and the placeholders in their texts. Raises RuleError."""
    placeholders: frozenset[str] = frozenset()
    deeds: list[tuple[str, PlannedAction]] = []
    for key in _OF_A_REMOVAL:
        if key in settings and step is not Step.REMOVE:
            fail(settings[key].at, f"{key} goes with action: remove or spam; remove it, or write modmail")
    if "message_subject" in settings and "message" not in settings:
        fail(settings["message_subject"].at, "message_subject needs a message; add one or remove it")
    if step is Step.REPORT:
        deeds.append(("action", PlannedAction(kind="report", params={"reason": reason})))
    if step is Step.REMOVE:
        params = {"reason": reason}
        if spam:
            params["spam"] = "true"
        if "removal_reason" in settings:
            params["removal_reason"], names = template.text_of(
                settings["removal_reason"], "removal_reason", lines=False
            )
            placeholders |= names
        deeds.append(("action", PlannedAction(kind="remove", params=params)))
    if "message" in settings:
        message, names = _message(settings)
        deeds.append(("message", message))
        placeholders |= names
    for key, kind in _MARKS.items():
        if key in settings:
            _only_true(settings[key])
            deeds.append((key, PlannedAction(kind=kind)))
    if "set_flair" in settings:
        flair, names = _flair(settings["set_flair"].value, settings.get("overwrite_flair"))
        deeds.append(("set_flair", PlannedAction(kind="flair", params=flair)))
        placeholders |= names
    elif "overwrite_flair" in settings:
        fail(settings["overwrite_flair"].at, "overwrite_flair needs a set_flair; add one or remove it")
    if "mod_note" in settings:
        text, names = template.text_of(settings["mod_note"], "note text", lines=False)
        deeds.append(("mod_note", PlannedAction(kind="note", params={"text": text})))
        placeholders |= names
    for key, deed in deeds:
        if step is Step.IGNORE:
            fail(settings[key].at, f"{key} does not go with action: ignore; write action: review")
        _possible(settings, key, deed, known)
    return tuple(deed for _, deed in deeds), placeholders


def _message(settings: Mapping[str, Entry]) -> tuple[PlannedAction, frozenset[str]]:
    body, names = template.text_of(settings["message"], "body", lines=True)
    params = {"subject": DEFAULT_SUBJECT, "body": body}
    if "message_subject" in settings:
        params["subject"], more = template.text_of(settings["message_subject"], "message subject", lines=False)
        names |= more
    return PlannedAction(kind="message", params=params), names


def _only_true(entry: Entry) -> None:
    if not read.flag(entry.value, entry.key):
        fail(
            entry.at,
            f"{entry.key} is true or left out: a rule takes back nothing; gifwarden cases undo does; remove it",
        )


def _flair(value: Value, overwrite: Entry | None) -> tuple[dict[str, str], frozenset[str]]:
    parts: dict[str, Entry] = {}
    if isinstance(value, Table):
        parts = read.table(value, "set_flair", words.FLAIR_KEYS)
    else:
        texts = value.values if isinstance(value, Items) else (value,)
        if len(texts) > 2:
            fail(value.at, "set_flair as a list is [text, css class]; write it as {text, css_class, template_id}")
        names = ("text", "css_class")
        parts = {key: Entry(at=text.at, key=key, value=text) for key, text in zip(names, texts, strict=False)}
    if not parts:
        fail(value.at, "set_flair is empty; write a text, or remove it")
    flair: dict[str, str] = {}
    placeholders: frozenset[str] = frozenset()
    for key, entry in parts.items():
        param = "template" if key == "template_id" else key
        flair[param], found = template.text_of(entry, f"flair {param}", lines=False)
        placeholders |= found
    if overwrite is not None and read.flag(overwrite.value, "overwrite_flair"):
        flair["overwrite"] = "true"
    return flair, placeholders


def _possible(settings: Mapping[str, Entry], key: str, deed: PlannedAction, known: Known) -> None:
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
