"""What is wrong with one statement that is not TOML, in the words of the person who wrote it.

Nothing of a value is ever repeated: it may be a password with a quotation mark missing.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:[ \t]*\.[ \t]*[A-Za-z0-9_-]+)*")
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb"  # what word processors make
_FLAGS = ("true", "false", "yes", "no", "on", "off")


def slip(said: str) -> str:
    """Return what to do about a statement: a heading that begins with [, or a setting."""
    if any((char < " " and char not in "\n\t") or char == "\x7f" for char in said):
        return "a control character stands here; write the line anew"
    return _heading(said) if said.startswith("[") else _setting(said)


def _heading(said: str) -> str:
    first = said.partition("\n")[0].strip()
    inner, closed, behind = first.strip("[").partition("]")
    inner = inner.strip()
    name = re.sub(r"(^|\.)/?r/", r"\1", inner)
    plain = name if _PLAIN.fullmatch(name) else "name"
    if not closed:
        return f"the heading of a section has no closing bracket; write [{plain}]"
    if not inner:
        return "the heading of a section has no name; write one between the brackets, such as [reddit]"
    if name != inner and _PLAIN.fullmatch(name):
        return f"a subreddit is named without r/; write [{name}]"
    if not _PLAIN.fullmatch(inner):
        return "the name of a section has letters, digits, _ and dots only, no blanks; write it such as [reddit]"
    if behind.lstrip("]").strip() and not behind.lstrip("]").strip().startswith("#"):
        return f"something stands behind the heading of a section; give [{plain}] a line of its own"
    return f"this is no heading of a section; write [{plain}]"


def meant(said: str) -> tuple[str, ...] | None:
    """Return the section that a wrong heading seems to mean, so that what follows is looked at; None if it is open."""
    name = re.sub(r"(^|\.)/?r/", r"\1", said.partition("\n")[0].strip().strip("[").partition("]")[0].strip())
    return tuple(part.strip() for part in name.split(".")) if _PLAIN.fullmatch(name) else None


def _setting(said: str) -> str:
    first = said.partition("\n")[0].strip()
    key, sign, value = said.partition("=")
    key, value = key.strip(), value.strip()
    if not sign or ("\n" in said.partition("=")[0]):
        name, colon, _ = first.partition(":")
        if colon and _PLAIN.fullmatch(name.strip()):
            return f"a setting and its value are joined by = here, not by a colon; write {name.strip()} = …"
        if _PLAIN.fullmatch(first):
            return f"{first} has no value; write {first} = and the value, or put # in front of it"
        return "this line is no setting; write name = value, or put # in front of a remark"
    if not key:
        return "the name of the setting is missing in front of =; write name = value"
    if not _PLAIN.fullmatch(key) and not key.startswith(('"', "'")):
        return "the name of a setting has letters, digits and _ only, no blanks; write name = value"
    if not _PLAIN.fullmatch(key):
        key = "name"
    return _value(key, value)


def _value(key: str, value: str) -> str:
    if not value or value.startswith("#"):
        return f"{key} has no value; write one behind =, or put # in front of the line"
    if any(sign in value for sign in _TYPOGRAPHIC) and value[0] not in "\"'":
        return f'{key} has typographic quotation marks; use straight ones: {key} = "…"'
    if value.startswith("="):
        return f"{key} has two signs =; write {key} = and the value"
    if value[0] in "\"'":
        return _text(key, value)
    if value[0] == "[":
        return _list(key, value)
    if value[0] == "{":
        return f'{key} is not written as {{name = "value"}} on one line; write it so'
    return _bare(key, value.partition("#")[0].strip())


def _text(key: str, value: str) -> str:
    quote = value[0]
    if value.startswith(quote * 3):
        if value.find(quote * 3, 3) < 0:
            return f"the text of {key} begins with three quotation marks and never ends; write {key} = {quote}…{quote}"
    else:
        body = re.match(r'"(?:\\.|[^"\\\n])*"' if quote == '"' else r"'[^'\n]*'", value)
        if body is None:
            return f"the text of {key} has no closing quotation mark; write {key} = {quote}…{quote}"
        rest = value[body.end() :].strip()
        if rest and not rest.startswith("#"):
            return (
                f"something stands behind the text of {key}; put # in front of a remark, "
                f"or write {key} = '…' if the text holds quotation marks"
            )
    return f"the text of {key} holds a backslash, which begins a sign; double it, or write {key} = '…'"


def _list(key: str, value: str) -> str:
    if value.count("[") > value.count("]"):
        return f'the list of {key} has no closing bracket; write {key} = ["one", "two"]'
    return f'the list of {key} takes texts in quotation marks with commas between; write {key} = ["one", "two"]'


def _bare(key: str, value: str) -> str:
    if value.lower() in _FLAGS and value not in ("true", "false"):
        return (
            f"yes and no are written true and false, in small letters; write {key} = true or {key} = false, "
            f'or {key} = "…" if it takes a text'
        )
    if re.fullmatch(r"[+-]?[0-9][0-9.']*,[0-9.,']*", value):
        return f"a number has a point and no commas, such as 0.5 or 3600; write {key} so"
    if re.fullmatch(r"[+-]?0[0-9_]+", value):
        return f"a number does not begin with 0; write {key} without it"
    if re.match(r"[+-]?(?:[0-9]|\.[0-9])", value):
        return f'{key} is no plain number; write digits without a unit, or {key} = "…" if it takes a text'
    return f'a text stands in quotation marks; write {key} = "…"'
