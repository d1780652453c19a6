"""The words of answers, a file a language: sections that code puts in order, with `$names` and nothing else in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from bot.errors import UsageError
from bot.pipeline.helping.words import LANGUAGES

SHIPPED = "en"  # approved as it ships; of the others somebody who knows the language approves once
FOLDER = Path(__file__).parent / "texts"
_SECTION = re.compile(r"^@@ (\w+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The sections of one language. `digest`: of the whole file, by which an approval knows it again."""

    language: str
    digest: str
    sections: Mapping[str, str]

    def say(self, section: str, **names: str) -> str:
        """Return a section with its names filled in: one pass, so that what is filled in means nothing."""
        return Template(self.sections[section]).substitute(names)


@cache
def texts(language: str) -> Texts:
    """Return the texts of a language. Raises UsageError if there are none."""
    if language not in LANGUAGES:
        raise UsageError(f"there are no texts in {language!r}; choose one of {', '.join(LANGUAGES)}")
    whole = (FOLDER / f"{language}.md").read_text(encoding="utf-8")
    parts = _SECTION.split(whole)[1:]
    sections = {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return Texts(language=language, digest=hashlib.sha256(whole.encode()).hexdigest(), sections=sections)
