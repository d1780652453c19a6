"""The texts of notices to hosts: templates in a sandbox, by language, kind and capacity.

texts     files: what ships, an operator's in front, what was approved
dates     days and moments as a language writes them
values    what a text may name
sandbox   the small part of Jinja in which they are written
required  what a law asks each text to say, and what it must not
"""

from __future__ import annotations

from bot.notice_texts.required import ELEMENTS, Element, claims, missing, mistakes
from bot.notice_texts.sandbox import render
from bot.notice_texts.texts import CAPACITIES, GROUNDS, LANGUAGES, NAMES, Kind, Policy, Texts, name_of
from bot.notice_texts.values import VALUES

__all__ = [
    "CAPACITIES",
    "ELEMENTS",
    "GROUNDS",
    "LANGUAGES",
    "NAMES",
    "VALUES",
    "Element",
    "Kind",
    "Policy",
    "Texts",
    "claims",
    "missing",
    "mistakes",
    "name_of",
    "render",
]
