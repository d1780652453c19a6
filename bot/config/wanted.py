"""What each setting must be, out of its declaration: whether a value fits, and the sentence if it does not."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.config.kinds import OrderVerb, Section

Form = Literal["flag", "whole", "number", "choice", "secret", "text", "list", "rows", "reasons"]
_UNITS = {"seconds": "seconds", "minutes": "minutes", "hours": "hours", "days": "days", "mb": "MiB", "bytes": "bytes"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_UNFIT = object()
SHOWN = 40  # characters of a value


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a setting must be. `above`: the least number is itself too little."""

    key: str
    form: Form
    options: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above: bool = False

    @property
    def sentence(self) -> str:
        """`must be a whole number from 1 to 20`, without the key in front."""
        match self.form:
            case "flag":
                return "must be true or false, without quotation marks"
            case "whole" | "number":
                return f"must be {self._number()}"
            case "choice":
                names = ", ".join(f'"{name}"' for name in self.options)
                return f"must be one of {names}" if len(self.options) > 1 else f"must be {names}"
            case "list":
                return 'must be a list of texts, such as ["one", "two"]'
            case "rows":
                return "must be a list of rows of three numbers, such as [[0.3, 0.5, 0.001], …]"
            case "reasons":
                return 'must be written as {bank = "Known fake", scan = "Check"}'
            case _:
                return f'must be a text in quotation marks; write {self.key} = "…"'

    def _number(self) -> str:
        unit = _UNITS.get(self.key.rpartition("_")[2], "")
        noun = ("whole number" if self.form == "whole" else "number") + (f" of {unit}" if unit else "")
        most = figure(self.most) if self.most is not None else ""
        if self.above and self.form == "number":
            return f"a {noun} above {figure(self.least or 0)}, {most} at most"
        least = (self.least or 0) + (1 if self.above else 0)
        return f"a {noun} from {figure(least)} to {most}"

    def fits(self, value: Any) -> bool:
        """True if a value of the file is of the right kind and within its bounds."""
        match self.form:
            case "flag":
                return isinstance(value, bool)
            case "whole":
                return isinstance(value, int) and not isinstance(value, bool) and self._within(value)
            case "number":
                return _is_number(value) and self._within(value)
            case "choice":
                return value in self.options if isinstance(value, str) else False
            case "list":
                return isinstance(value, list) and all(isinstance(item, str) for item in value)
            case "rows":
                return isinstance(value, list) and all(
                    isinstance(row, list) and len(row) == 3 and all(map(_is_number, row)) for row in value
                )
            case "reasons":
                return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
            case _:
                return isinstance(value, str)

    def _within(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        low = self.least is None or (value > self.least if self.above else value >= self.least)
        return low and (self.most is None or value <= self.most)

    def read(self, text: str) -> Any:
        """Return what a variable's text says, of the kind that the setting has; a text that says none unchanged."""
        plain = text.strip()
        match self.form:
            case "flag":
                return True if plain.lower() in _TRUE else False if plain.lower() in _FALSE else text
            case "whole":
                return int(plain) if re.fullmatch(r"[+-]?[0-9]{1,30}", plain) else text
            case "number":
                return float(plain) if re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", plain) else text
            case "choice":
                return plain
            case "list":
                return [item.strip() for item in text.split(",") if item.strip()]
            case _:
                return text

    def refusal(self, value: Any) -> str:
        """Return the sentence on a value that does not fit."""
        if self.form == "secret":
            return self.sentence
        if self.form == "choice" and isinstance(value, str):
            near = closest(value.strip(), self.options)
            return f"{self.sentence}, not {shown(value)}" + (f'; did you mean "{near}"?' if near else "")
        if self.form in ("text", "list"):
            head, mark, tail = self.sentence.partition(";")
            return f"{head}, not {shown(value)}{mark}{tail}"
        hint = ""
        if isinstance(value, str) and self.form in ("whole", "number", "flag"):
            read = self.read(value)
            if not isinstance(read, str) and self.fits(read):
                hint = f"; write {self.key} = {figure(read) if not isinstance(read, bool) else str(read).lower()}"
                hint = hint.replace(",", "")
        return f"{self.sentence}, not {shown(value)}{hint}"


@cache
def wanted(model: type[Section], key: str) -> Wanted:
    """Return what a key of a section must be."""
    info = model.model_fields[key]
    kind, marks = _open(info.annotation, list(info.metadata))
    least = next((mark for mark in marks if isinstance(mark, (Ge, Gt))), None)
    most = next((mark for mark in marks if isinstance(mark, (Le, Lt))), None)
    form, options = _form(kind)
    return Wanted(
        key=key,
        form=form,
        options=options,
        least=None if least is None else float(str(least.gt if isinstance(least, Gt) else least.ge)),
        most=None if most is None else float(str(most.le if isinstance(most, Le) else most.lt)),
        above=isinstance(least, Gt),
    )


def _open(kind: Any, marks: list[Any]) -> tuple[Any, list[Any]]:
    """Return the bare kind behind `Annotated` and `| None`, and what was noted on it."""
    while True:
        if get_origin(kind) is Annotated:
            kind, *notes = get_args(kind)
            for note in notes:
                marks += note.metadata if isinstance(note, FieldInfo) else [note]
        elif type(None) in get_args(kind):
            (kind,) = (inner for inner in get_args(kind) if inner is not type(None))
        else:
            return kind, marks


def _form(kind: Any) -> tuple[Form, tuple[str, ...]]:
    if get_origin(kind) is Literal:
        return "choice", get_args(kind)
    if get_origin(kind) is tuple:
        return ("list" if get_args(kind)[0] is str else "rows"), ()
    if kind is not str and get_args(kind):
        return "reasons", get_args(OrderVerb)
    forms: Mapping[Any, Form] = {bool: "flag", int: "whole", float: "number", SecretStr: "secret"}
    return forms.get(kind, "text"), ()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def figure(number: float) -> str:
    """Return a number as people write it: 86,400."""
    return f"{int(number):,}" if number == int(number) else f"{number:,}"


def shown(value: Any) -> str:
    """Return a value that is no secret, fit for a line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "a number without end"
    if isinstance(value, (int, float)):
        text = figure(value) if abs(value) < 1e15 else str(value)
        return text if len(text) <= SHOWN else "a number of that length"
    if isinstance(value, str):
        line = "".join(char if char.isprintable() else "·" for char in " ".join(value.split()))
        return f'"{line}"' if len(line) <= SHOWN else f'"{line[: SHOWN - 1]}…"'
    if isinstance(value, dict):
        return "a section"
    return "a list" if isinstance(value, list) else "a day or time"


def closest(word: str, known: Collection[str]) -> str | None:
    """Return the known word that is nearest to one, in any case of letters, or None."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower()[:60], names, n=1)
    return names[near[0]] if near else None
