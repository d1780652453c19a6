"""A channel in words, as the terminal and the console show it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Channel, Form, FormField
from bot.plural import many

Fact = tuple[str, str]


def channel_facts(one: Channel) -> Iterator[Fact]:
    """Yield label and text of what is known of a channel; a line that goes on has no label."""
    if not one.known:
        yield "known", "nothing is written down of it"
        return
    yield "host", one.title or one.name
    if one.email or not one.forms:
        yield "mail", one.email or "none known"
    for form in one.forms:
        yield from _form(form, _read(one))
    if one.api:
        yield "API", f"{one.api.name}  {one.api.url}".strip()
    if one.languages:
        yield "languages", ", ".join(one.languages)
    if one.policy:
        yield "rules", f"{one.policy_name}  {one.policy}".strip()
    if one.category:
        yield "category", f"{one.category}; a notice names it, and who sends it, in its subject"
    if one.laws:
        yield "follows", ", ".join(law.replace("_", " ").upper() for law in one.laws)
    seats = (("established in", one.established), ("represented in the EU in", one.represented))
    if said := ", ".join(f"{word} {country}" for word, country in seats if country):
        yield "country", f"{said} ({one.seat_source})" if one.seat_source else said
    if one.not_in:
        yield "serves not", ", ".join(one.not_in)
    if one.email_elsewhere:
        yield "others say", f"{one.email_elsewhere}; not used, look whether the host says so"
    yield "read", _read(one)
    if one.note:
        yield "note", one.note


def _form(form: Form, above: str) -> Iterator[Fact]:
    yield "form", f"{form.name}  {form.url}".strip()
    says = [f"for {', '.join(form.capacities).replace('_', ' ')}"] if form.capacities else []
    says += [f"{many(form.most_urls, 'item')} at once"] if form.most_urls else []
    for word, value in (
        ("an account", form.account),
        ("a captcha", form.captcha),
        ("an identity document", form.identity),
    ):
        if value is not None:
            says.append(f"{'needs' if value else 'needs no'} {word.partition(' ')[2] if not value else word}")
    if says:
        yield "", "; ".join(says)
    for place, field in enumerate(form.fields, 1):
        yield "", f"{place}. {_field(field)}"
    if form.note:
        yield "", form.note
    if (said := _read(form)) != above:
        yield "", said


def _field(field: FormField) -> str:
    marks = [str(field.kind)]
    marks += ["required"] if field.required else []
    marks += [f"choose {field.choose}"] if field.choose else []
    marks += [f"takes our {field.fills.replace('_', ' ')}"] if field.fills else []
    return f"{field.label} ({', '.join(marks)})"


def _read(one: Channel | Form) -> str:
    source = f": {one.source}" if one.source else ""
    if one.verified_on:
        return f"in the host's own words on {one.verified_on}{source}"
    return f"by others ({one.read_elsewhere}){source}" if one.read_elsewhere else "nowhere in the host's own words"
