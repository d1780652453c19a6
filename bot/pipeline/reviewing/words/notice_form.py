"""A host's form, filled: its fields in its order, each with what belongs there, to be copied by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import channels
from bot.actions.wording import MAX_ITEMS, Written
from bot.advice import Advised
from bot.clock import day
from bot.config import Config
from bot.errors import UsageError
from bot.model import FieldKind, Fill, Form, FormField, Notice
from bot.pipeline.acting.notice_texts import contact_of, policy_of, text_of, texts_of
from bot.store import Store
from bot.text import wrapped

UNKNOWN = "what this form asks is not known; these are the values that such forms ask for"
# What forms ask for most, for one of which nothing more is known.
_USUAL: tuple[tuple[str, FieldKind, Fill], ...] = (
    ("addresses", FieldKind.URLS, Fill.ITEM_URLS),
    ("what is reported, and why", FieldKind.LONGTEXT, Fill.REASON),
    ("rule or law", FieldKind.TEXT, Fill.POLICY),
    ("name", FieldKind.NAME, Fill.SIGNER_NAME),
    ("e-mail", FieldKind.EMAIL, Fill.CONTACT_EMAIL),
    ("statement of good faith", FieldKind.CHECK, Fill.STATEMENT_GOOD_FAITH),
    ("signature", FieldKind.TEXT, Fill.SIGNATURE),
    ("our number", FieldKind.TEXT, Fill.NUMBER),
    ("the whole notice, where it fits", FieldKind.LONGTEXT, Fill.NOTICE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledField:
    """One field of a form: what it asks, what belongs there; `lacks` says what is missing, or what a person must do."""

    label: str
    value: str  # ready to copy, empty if there is none; may have lines
    lacks: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A host's form for one notice. `part` of `parts`: a form that takes fewer addresses is sent more than once."""

    url: str
    name: str
    notes: tuple[str, ...]
    fields: tuple[FilledField, ...]
    part: int = 1
    parts: int = 1


def filled_forms(config: Config, store: Store, notice: Notice) -> tuple[FilledForm, ...]:
    """Return the host's form for a notice, once for each time that it must be sent.

    Raises UsageError with all that is missing in the notice, or if no form of the host takes what is said in this
    capacity.
    """
    channel = channels.contact(notice.host, config.storage.path)
    form = channel.form_for(notice.capacity)
    if form is None:
        other = ", ".join(sorted({one for each in channel.forms for one in each.capacities}))
        why = f"the forms of {notice.host} take {other} alone" if other else f"no form of {notice.host} is known"
        raise UsageError(
            Advised(
                why,
                f"see: gifwarden hosts contact {notice.host}",
                page="what is known of its channels stands under Channels",
                path="/channels",
            )
        )
    said = text_of(config, store, notice)
    each = min(form.most_urls or MAX_ITEMS, MAX_ITEMS)
    groups = [notice.items[start : start + each] for start in range(0, len(notice.items), each)]
    return tuple(
        FilledForm(
            url=form.url,
            name=form.name or channel.title or notice.host,
            notes=_notes(form),
            fields=_fields(form, _values(config, store, notice, said, tuple(items)), one=len(items) == 1),
            part=number,
            parts=len(groups),
        )
        for number, items in enumerate(groups, 1)
    )


def form_lines(form: FilledForm, width: int = 80) -> list[str]:
    """Return a filled form as lines of a terminal; values stand indented, as they are to be copied."""
    lines = [form.name, form.url]
    if form.parts > 1:
        lines.append(f"time {form.part} of {form.parts}: this form takes fewer addresses than the notice lists")
    lines += [*form.notes, ""]
    for number, field in enumerate(form.fields, 1):
        lines.append(f"{number}. {field.label}{f'  ({field.note})' if field.note else ''}")
        lines += [f"   {line}" for line in field.value.splitlines()]
        if field.lacks:
            lines.append(f"   -> {field.lacks}")
    return [row for line in lines for row in wrapped(line, width, 3).split("\n")]


def _fields(form: Form, values: Mapping[Fill, str], *, one: bool) -> tuple[FilledField, ...]:
    if not form.fields:
        usual = (FormField(label=label, kind=kind, fills=fills) for label, kind, fills in _USUAL)
        return tuple(_field(field, values, one=one) for field in usual if values.get(field.fills or Fill.NOTICE))
    return tuple(_field(field, values, one=one) for field in form.fields)


def _field(field: FormField, values: Mapping[Fill, str], *, one: bool) -> FilledField:
    note = "; ".join(filter(None, ("required" if field.required else "", field.note)))
    value, lacks = "", ""
    if field.kind == FieldKind.FILE:
        lacks = "never attach the media; leave it empty, or ask the host"
    elif field.choose:
        value = field.choose
    elif field.fills is not None:
        value = values.get(field.fills, "")
        if not value and field.fills in (Fill.AUTHORITY, Fill.STATEMENT_NOT_CONSENTED):
            lacks = "nobody can say that in this capacity: leave it empty, or state the notice in the true one"
        elif not value:
            what = field.fills.replace("_", " ")
            lacks = f"this notice has no {what}: {'it is needed' if field.required else 'leave it empty'}"
        elif field.fills in (Fill.ITEM_URL, Fill.ITEM_ID) and not one:
            lacks = "one for each time, or as many as it takes"
        elif field.kind == FieldKind.CHECK:
            lacks = "tick it only if it is true, as said here"
    elif field.kind == FieldKind.CHOICE:
        lacks = f"choose what fits of: {', '.join(field.choices)}" if field.choices else "choose what fits"
    else:
        lacks = "you know it, or leave it empty"
    return FilledField(label=field.label, value=value, lacks=lacks, note=note)


def _values(config: Config, store: Store, notice: Notice, said: Written, items: tuple[object, ...]) -> dict[Fill, str]:
    """Return what belongs into a form's fields, by what they ask for."""
    texts, language, capacity = texts_of(config, store), notice.language, notice.capacity
    hers, third = capacity == "depicted_person", capacity == "third_party_notifier"

    def word(key: str) -> str:
        return texts.said(language, key, {"organisation": notice.organisation})

    listed = [item for item in notice.items if item in items]
    name = word("blank.name") if hers else notice.stated_by
    signer = notice.organisation if third and not notice.named else name
    policy = policy_of(config, notice.host)
    shown, illegal = (texts.by_ground(notice.language, key, capacity, notice.ground) for key in ("shown", "illegal"))
    shown, why = _sentence(shown), _sentence(word(f"why.{capacity}.{notice.ground}"))
    return {
        Fill.ITEM_URL: "\n".join(item.url for item in listed),
        Fill.ITEM_URLS: "\n".join(item.url for item in listed),
        Fill.ITEM_ID: "\n".join(item.host_id for item in listed),
        Fill.REASON: f"{shown} {why} {notice.ground_detail}",
        Fill.LEGAL_REASON: " ".join(filter(None, (illegal, notice.law))),
        Fill.POLICY: ", ".join(filter(None, (policy.name, policy.url))),
        Fill.SUBJECT: said.subject,
        Fill.NOTICE: said.text,
        Fill.NUMBER: notice.id,
        Fill.CONTACT_EMAIL: word("blank.contact") if hers else notice.contact or contact_of(config),
        Fill.SIGNER_NAME: signer,
        Fill.ORGANISATION: notice.organisation,
        Fill.CAPACITY: word(f"role.{capacity}"),
        Fill.AUTHORITY: "" if third or hers else word("authority"),
        Fill.STATEMENT_GOOD_FAITH: word(f"good_faith.{capacity}"),
        Fill.STATEMENT_NOT_CONSENTED: "" if third else word(f"belief.{capacity}"),
        Fill.SIGNATURE: signer,
        Fill.TODAY: word("blank.day") if hers else day(notice.stated_at),
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _notes(form: Form) -> tuple[str, ...]:
    asked = [
        word
        for word, needed in (
            ("one has to be signed in", form.account),
            ("it has a captcha", form.captcha),
            ("it asks for an identity document: give none without need", form.identity),
        )
        if needed
    ]
    read = f"read in the host's own words on {form.verified_on:%d %B %Y}" if form.verified_on else ""
    return tuple(filter(None, (*asked, form.note, UNKNOWN if not form.fields else "", read)))
