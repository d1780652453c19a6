"""The texts of notices that an operator writes: what they say, and that they reach nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.errors import UsageError
from bot.notice_texts import VALUES, render
from bot.notice_texts.sandbox import MAX_OUTPUT, mistakes
from bot.notice_texts.values import LISTS
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import sentence

PIECE = 350  # characters; of longer ones most is prose, which takes time and leads nowhere
FOLDER = Path("bot/notice_texts")
WHOLE = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("en/*.txt")) if path.stem != "words"]
EXAMPLES = (

    "{% for item in items %}\n{{ item.url }}\n{% for hash in item.hashes %}\n  {{ hash }}\n{% endfor %}\n"
    "{% endfor %}\n",
    "{% if policy %}{{ policy_name }}: {{ policy }}{% elif law == '' %}none{% else %}{{ law }}{% endif %}",
    "{{ count }} items{% if not hashes and count != 1 %}, {{ more }} more{% endif %} {# a note #}\n{{ signer }}",
    "{%- for one in items -%}{{ one.id }} {{ one.times }}{%- endfor -%} {{ \"{{\" }} {{ 'a' ~ 1 }} {{ day }}",
    *(text[start : start + PIECE] for text in WHOLE for start in range(0, len(text), PIECE)),
)  # fmt: skip
WORDS = (
    *VALUES, "{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-%}", "for ", " in ", "if ", "elif ", "else", "endfor",
    "endif", "not ", "and", "or", "==", "!=", "<", "~", "|", "|length", "|attr('x')", ".", ".__class__", ".__init__",
    "._a", "['__class__']", "[0]", "()", "(", ")", "loop", "loop.index", "self", "range(9)", "cycler", "dict()",
    "lipsum", "namespace", "set x = ", "macro m()", "endmacro", "call", "block b", "endblock", "extends 'a'",
    "include 'a'", "import 'a' as b", "raw", "endraw", "recursive", "is defined", "item", "item.url", "item.hashes",
    "items.hashes", "one", "none", "true", "1", "1e999", "9" * 5000, "'", '"', "\\x41", "\n", "\r\n", "\ud800",
    "\x00", "é", "ª", "\u017f", ",", ":", "=", "[", "]", "{", "}", "*", "**", "//", "%", "if 1 ", "with "
    "a = 1", "trans",
    "do 1",
)  # fmt: skip


class Watched(str):
    """A value; whatever is asked of it but what a text is printed and compared by is reached."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a template asks a value for {name}")


class Item:
    """An item, or all values, of which only what is documented may be asked."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__["_fields"] = fields

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def __getitem__(self, name: str) -> Any:
        fields = self.__dict__["_fields"]
        assert name in fields, f"a template asks an item for {name}"
        return fields[name]


def values() -> dict[str, Any]:
    """Return all that a template may name."""
    fields = [name.partition(".")[2] for name in VALUES if name.startswith("items.")]
    items = tuple(
        Item(
            {field: (Watched("h1"), Watched("h2")) if field == "hashes" else Watched(f"{field}{n}") for field in fields}
        )
        for n in range(2)
    )
    given: dict[str, Any] = {name: Watched(name) for name in VALUES if "." not in name and name not in LISTS}
    return {**given, "count": 2, "more": 0, "hashes": 1, "partly": 0, "items": items}


GIVEN = values()


def check(drawn: Drawn) -> None:
    """A template that is taken says something of a bounded length and names documented values only."""
    source = drawn.text(EXAMPLES, WORDS)
    told = mistakes(source, "a.txt")
    for one in told:
        sentence(UsageError(one))
    assert len(told) <= 2 * len(source) + 1
    if told:
        return None
    try:
        said = render(source, GIVEN, "a.txt")
    except UsageError as error:
        return sentence(error)
    assert len(said) <= MAX_OUTPUT
    assert "<" not in said or "<" in source  # the shape of no object of ours stands in it
    assert not set(_shown(said)) - set(_shown(source)), said
    return None


def _shown(text: str) -> Iterator[str]:
    yield from (word for word in ("object at 0x", "Undefined", "<class", "<bound") if word in text)
