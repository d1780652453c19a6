"""Pages out of templates. What strangers wrote is shown as text without tricks, unless a template says otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot import text
from bot.advice import Advised
from bot.clock import day_and_time, iso, tenths
from bot.pipeline.reviewing.words.case import ago
from bot.pipeline.reviewing.words.preview import SAID
from bot.plural import many

HERE = Path(__file__).parent
_PAGES = {"C": "case", "E": "entry", "N": "notice"}
_LABEL = re.compile(r"\b([CEN])-[0-9a-f]{10}\b")


@cache
def _environment(beside: Path | None = None) -> Environment:
    made = Environment(
        loader=FileSystemLoader([HERE, *([beside] if beside else [])]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "exact": _exact,
        "ago": ago,
        "moment": _moment,
        "iso": iso,
        "short": _short,
        "tenths": tenths,
        "lines": _lines,
        "here": _here,
        "linked": _linked,
    }
    made.globals |= {"many": many, "said": SAID}
    return made


def rendered(template: str, facts: Mapping[str, Any], *, beside: Path | None = None) -> str:
    """Return a page; `beside`: where its template is, if it is none of the console's own."""
    return _environment(beside).get_template(template).render(facts)


def _plain(value: Any) -> Any:
    """Return what a template writes, as people may see it: no marks that turn or hide text, and an end to it."""
    return text.line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _moment(value: datetime) -> str:
    return f"{day_and_time(value)} UTC"


def _short(value: str, most: int = 90) -> str:
    return text.line(value, most)


def _here(mistake: str) -> Markup:
    """Return a sentence on what is wrong with what to do about it on a page, not at a terminal; it may lead there."""
    if not isinstance(mistake, Advised):
        return escape(text.line(mistake))
    page = escape(text.line(mistake.page))
    if mistake.path:
        page = Markup('<a href="{}">{}</a>').format(text.line(mistake.path), page)
    return escape(text.line(mistake.fact)) + "; " + page


def _linked(words: str) -> Markup:
    """Return words in which labels of cases, entries and notices lead to their pages."""
    said = str(escape(text.line(words)))
    return Markup(_LABEL.sub(lambda label: f'<a href="/{_PAGES[label[1]]}/{label[0]}">{label[0]}</a>', said))  # noqa: S704  escaped before


def _exact(value: str) -> Markup:
    """Return what comes back from a form as it is; what may not be seen is written by its number."""
    return Markup(text.UNFIT.sub(lambda match: f"&#{ord(match[0])};", str(escape(value))))  # noqa: S704  escaped before


def _lines(value: str) -> Markup:
    """Return text of many lines for a field in which it is edited; a browser drops the first line feed."""
    return Markup("\n") + value
