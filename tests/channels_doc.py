"""Writes docs/channels.md from the data of bot/channels: python -m tests.channels_doc"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from bot import channels
from bot.channels.reading import read
from bot.model import Body, BodyKind, Channel, FieldKind, Fill, Form, FormField, Law, ReadElsewhere

TARGET = Path(__file__).parent.parent / "docs" / "channels.md"
HEAD = """# Channels

Where hosts take notices: what the bot knows, from where, and how you correct it. This page is made from the data in
`bot/channels/data`; `gifwarden hosts contact DOMAIN` shows the same with all that a form asks.

*Read on* is the day on which a line was read in the host's own words, as a stored copy of its page had them. *By
others* says that somebody else wrote it down: open it and see before you rely on it. What is not known is a dash: an
address is never guessed, since a notice to the wrong desk tells a stranger about a victim. A mail address that only
others name is not used by the bot; it stands below the table for you to check.
"""
OWN = """
## A host that is not known

`gifwarden hosts contact DOMAIN` asks the domain's `security.txt` (RFC 9116) and, by RDAP, its registry, over https and
public addresses only, and shows what they name:

- What is expired, broken or says that it belongs to another address is said beside it; a signature is not checked.
- A security.txt is for reports of security holes. Some desks take abuse there, many do not: look at its page.
- Most registries name the desk of the *registrar*, who sold the name and runs no server of it. It is shown and cannot
  be accepted as the host's.

A lead who has looked accepts one: `gifwarden hosts contact DOMAIN --accept N`, with the name that stands in front of
it. That name changes with the proposal, so that nobody accepts what they have not seen. It goes into `channels.toml`
with the day, where it was found and who accepted it.

## Correct it

Write `channels.toml` into the folder of your data (`storage.path`). It lies over what is shipped, key by key: what you
do not name stays, an empty text blanks a line. A section of your own needs its domains. Every mistake in it is told at
once, by each command and by `gifwarden doctor`; while the bot runs, a file that became wrong changes nothing until it
is right. Who corrects an address says it on their own word, so the day on which we read the former goes away: add
`verified_on` if you looked. In `config.toml`, `report_email` of `[hosts.NAME]` comes before all of it.

```toml
[redgifs]
email = "desk@example.org"
verified_on = 2026-11-30
source = "https://example.org/contact"

[some_tube]
domains = ["tube.example"]
policy = "https://tube.example/rules"

[[some_tube.forms]]
url = "https://tube.example/report"
capacities = ["third_party_notifier", "authorised_representative"]
most_urls = 10
fields = [
  {label = "Links, one a line", kind = "urls", required = true, fills = "item_urls"},
  {label = "Reason", kind = "choice", choices = ["Spam", "No consent"], choose = "No consent"},
  {label = "Tell us more", kind = "longtext", fills = "reason"},
]
```

`form = "https://…"` alone says where a form is of which no more is known. The bot fills nothing in and sends no
form: it prepares the text for each field in the form's order, and a person pastes it.
"""


FILES = {
    "hosts": "Hosts of media",
    "tubes": "Tubes",
    "platforms": "Platforms, search engines, networks",
}


def render() -> str:
    """Return the page."""
    parts = [HEAD]
    for file, title in FILES.items():
        names = read(channels.DATA / f"{file}.toml", Channel)
        parts += [f"\n## {title}\n", *_table([channels.contact(name) for name in names])]
    parts += [OWN, "\n## What a section may say\n"]
    parts += [
        *_keys(Channel),
        "\nA form (`[[NAME.forms]]`):\n",
        *_keys(Form),
        "\nA field of a form:\n",
        *_keys(FormField),
    ]
    parts += ["", f"- `laws`: {_words(Law)}", f"- `read_elsewhere`: {_words(ReadElsewhere)}"]
    parts += [f"- `kind` of a field: {_words(FieldKind)}", f"- `fills`: {_words(Fill)}"]
    parts += ["\n## Who stands above a host\n", BODIES]
    for kind, title in KINDS.items():
        if found := channels.bodies(kind):
            parts += [f"\n### {title}\n", *_bodies(found)]
    if missing := sorted(EU - {one.country for one in channels.bodies(BodyKind.COORDINATOR)}):
        parts += [f"\nOf these countries of the EU no coordinator is written down: {', '.join(missing)}."]
    return "\n".join(parts) + "\n"


BODIES = """The bot proposes these to a person where they apply and writes to none of them. Certifications and laws
change: look at the body's own page first."""
LAWS = {
    Law.DSA: "the EU's Digital Services Act",
    Law.TAKE_IT_DOWN: "the US TAKE IT DOWN Act",
    Law.UK_OSA: "the UK's Online Safety Act",
    Law.AU_OSA: "Australia's Online Safety Act",
}
EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
KINDS = {
    BodyKind.COORDINATOR: "Digital Services Coordinators (DSA 49, complaints: DSA 53)",
    BodyKind.DISPUTES: "Out-of-court dispute settlement (DSA 21)",
    BodyKind.REGULATOR: "Authorities outside the EU",
    BodyKind.HELPLINE: "Who helps people",
}


def _table(rows: list[Channel]) -> Iterator[str]:
    yield "| host | mail | forms | languages | rules | read on |"
    yield "|---|---|---|---|---|---|"
    for one in rows:
        forms = "<br>".join(f"[{_cell(form.name) or 'form'}]({form.url}){_by(form)}" for form in one.forms)
        policy = f"[{_cell(one.policy_name) or 'rules'}]({one.policy})" if one.policy else ""
        cells = [f"`{one.name}`", one.email, forms, ", ".join(one.languages), policy, _read(one)]
        yield f"| {' | '.join(cell or '-' for cell in cells)} |"
    yield ""
    for one in rows:
        if said := " ".join(_known(one)):
            yield f"- `{one.name}`: {said}"


def _known(one: Channel) -> Iterator[str]:
    if one.note:
        yield one.note
    if one.laws:
        yield f"It says that it follows {', '.join(LAWS[law] for law in one.laws)}."
    if one.email_elsewhere:
        yield f"Others name {one.email_elsewhere}; the bot does not use it."
    for form in one.forms:
        if form.note:
            yield f"{form.name or 'The form'}: {form.note}"


def _bodies(rows: tuple[Body, ...]) -> Iterator[str]:
    yield "| body | country | web | read on | known of it |"
    yield "|---|---|---|---|---|"
    for one in rows:
        web = f"<{one.web}>" if one.web else "-"
        yield f"| {_cell(one.title)} | {one.country} | {web} | {_read(one)} | {one.note or '-'} |"


def _by(form: Form) -> str:
    return " (by others)" if form.read_elsewhere else ""


def _read(one: Channel | Body) -> str:
    return (
        str(one.verified_on) if one.verified_on else f"by others: {one.read_elsewhere}" if one.read_elsewhere else "-"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _keys(noun: type[Channel] | type[Form] | type[FormField]) -> Iterator[str]:
    named = noun is not Channel
    yield ", ".join(f"`{one.name}`" for one in fields(noun) if named or one.name != "name") + "."


def _words(words: type[Law] | type[ReadElsewhere] | type[FieldKind] | type[Fill]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
