"""The small part of Jinja in which notices are written, in its sandbox: text, values, `if`, `for`. Nothing is called.

A template is checked as a tree before it is ever run, so nothing but `VALUES` can be reached; the sandbox below that,
and the bounds on loops and on what comes out, stand behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.errors import UsageError
from bot.notice_texts.values import LISTS, VALUES
from bot.text import line as shown

MAX_SOURCE = 20_000  # characters of a text
MAX_OUTPUT = 60_000  # characters of what comes of it
MAX_DEPTH = 6  # of `if` and `for` within one another
MAX_PARTS = 40  # of one condition within one another
MAX_NAME = 60  # characters of a name in a sentence
MAX_SAID = 400  # characters of what is said of one mistake
MAX_LOOPS = 2  # within one another

# A line that holds tags alone leaves no line behind; the comment keeps the count of lines.
_TAGS_ALONE = re.compile(r"(?m)^[ \t]*((?:\{(?P<q>[%#])(?:(?!(?P=q)\}).)*(?P=q)\}[ \t]*)+)\n")
_PLAIN = (
    nodes.Output, nodes.TemplateData, nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )
    made.globals.clear()
    made.filters.clear()
    made.tests.clear()
    return made


def mistakes(source: str, where: str, *, line: int = 1) -> list[str]:
    """Return a sentence on each thing that a text may not do, with its line; `line`: which one it begins on."""
    if len(source) > MAX_SOURCE:
        return [f"{where}: has more than {MAX_SOURCE} characters, which nobody reads; shorten it"]
    if "{" not in source:  # most sentences are plain
        return []
    try:
        tree = _environment().parse(_tight(source))
    except TemplateSyntaxError as error:
        said = shown((error.message or "is no template").rstrip("."), MAX_SAID)  # it quotes what it does not know
        return [f"{where}, line {error.lineno + line - 1}: {said}"]
    except (ValueError, RecursionError, OverflowError):
        return [f"{where}: is nested too deeply, or holds a number that is none; write it more plainly"]
    found = [(at + line - 1, what) for at, what in _Walk().tree(tree.body, {}, 0, 0, 1)]
    return [f"{where}, line {at}: {shown(what, MAX_SAID)}" for at, what in sorted(set(found))]


def render(source: str, values: Mapping[str, Any], where: str) -> str:
    """Return what a checked text says with these values. Raises UsageError, which names the file and the line."""
    if "{" not in source:
        return source
    parts: list[str] = []
    size = 0
    try:
        for part in _compiled(source).generate(values):
            size += len(part)
            if size > MAX_OUTPUT:
                raise UsageError(f"{where}: becomes longer than {MAX_OUTPUT} characters; shorten it")
            parts.append(part)
    except TemplateError as error:  # what `mistakes` has not seen; a half text is never returned
        said = shown(error.message or "", MAX_SAID)
        raise UsageError(f"{where}, line {getattr(error, 'lineno', '?')}: {said}") from None
    return "".join(parts)


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    return _environment().from_string(_tight(source))


def _tight(source: str) -> str:
    return _TAGS_ALONE.sub(r"\1{#\n#}", source)


class _Walk:
    """Finds what a text may not do: yields line and sentence."""

    def tree(
        self, body: list[nodes.Node], scope: Mapping[str, str], depth: int, loops: int, line: int
    ) -> Iterator[tuple[int, str]]:
        if depth > MAX_DEPTH:
            yield line, f"more than {MAX_DEPTH} ifs and loops stand within one another"
            return
        for node in body:
            if isinstance(node, nodes.For):
                yield from self._loop(node, scope, depth, loops)
            elif isinstance(node, nodes.If):
                yield from self._reads(node.test, scope, node.lineno)
                for branch in (node.body, node.else_):
                    yield from self.tree(branch, scope, depth + 1, loops, node.lineno)
                yield from self.tree(list(node.elif_), scope, depth, loops, node.lineno)
            else:
                yield from self._reads(node, scope, node.lineno)

    def _loop(self, node: nodes.For, scope: Mapping[str, str], depth: int, loops: int) -> Iterator[tuple[int, str]]:
        if node.test is not None or node.recursive or not isinstance(node.target, nodes.Name):
            yield node.lineno, "a loop has the form {% for item in items %}"
            return
        over, wrong = self._name(node.iter, scope)
        if wrong or over not in LISTS:
            yield node.lineno, wrong or f"{over} is nothing to loop over; that are {', '.join(sorted(LISTS))}"
            return
        if loops >= MAX_LOOPS:
            yield node.lineno, f"more than {MAX_LOOPS} loops stand within one another"
            return
        if node.target.name in VALUES or node.target.name in scope:
            yield node.lineno, f"{node.target.name} is the name of a value already; call what the loop takes otherwise"
            return
        yield from self.tree(node.body, {**scope, node.target.name: over}, depth + 1, loops + 1, node.lineno)
        yield from self.tree(node.else_, scope, depth + 1, loops, node.lineno)

    def _reads(
        self, node: nodes.Node, scope: Mapping[str, str], line: int, depth: int = 0
    ) -> Iterator[tuple[int, str]]:
        """Yield what is wrong with what is read or said in one place."""
        if depth > MAX_PARTS:  # Jinja goes down into them one by one, until the stack ends
            yield line, f"more than {MAX_PARTS} conditions are put together with and, or, not; split them"
        elif isinstance(node, nodes.Name | nodes.Getattr):
            name, wrong = self._name(node, scope)
            if wrong:
                yield line, wrong
            elif name in LISTS:
                yield line, f"{name} is a list; take one after the other: {{% for one in {name} %}}"
        elif isinstance(node, nodes.Operand) and node.op not in ("eq", "ne"):
            yield line, "values are compared with == and != only"
        elif isinstance(node, _PLAIN):
            for child in node.iter_child_nodes():
                yield from self._reads(child, scope, child.lineno or line, depth + 1)
        else:
            word = type(node).__name__
            yield line, f"{word} has no place in a text of a notice: it holds text, values, if and for"

    @staticmethod
    def _name(node: nodes.Node, scope: Mapping[str, str]) -> tuple[str, str]:
        """Return the value that is named, in full, and what is wrong with it."""
        attributes: list[str] = []
        while isinstance(node, nodes.Getattr):
            attributes.append(node.attr)
            node = node.node
        if not isinstance(node, nodes.Name):
            return "", "only a value, or a field of what a loop takes, can be named"
        first = scope.get(node.name, node.name)
        name = ".".join((first, *reversed(attributes)))
        if node.name in scope and (not attributes and first != "items.hashes"):
            return name, f"{node.name} is an item; name one of its fields, such as {node.name}.url"
        if node.name in scope and not attributes:
            return "hash", ""
        if name not in VALUES or (node.name not in scope and attributes):
            known = ", ".join(one for one in VALUES if "." not in one)
            named = shown(".".join((node.name, *reversed(attributes))), MAX_NAME)
            return name, f"there is no value {named}; known: {known}"
        return name, ""
