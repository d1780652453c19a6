"""Strangers' input by the million: `python -m tests.fuzz urls --runs 1000000`, guided by what code it reaches.

drawn      bytes → a text or JSON of our own, altered: what a fuzzer plays with
held       what holds of every reader: which errors, how long, how much
answers    what each host answers, taken from the hosts on loopback
and a file a target, whose `check` draws an input and fails if a property does not hold

Every input is bytes that say how to alter one of our own examples, so that random bytes lead deep too: the slow tests
run each target so, without a fuzzer.
"""

from __future__ import annotations

import ast
from pathlib import Path

TARGETS: dict[str, tuple[str, ...]] = {
    "urls": ("bot.hosts", "bot.fetch.urls", "bot.permalink"),
    "posts": ("bot.links", "bot.permalink", "bot.model.standing"),
    "hosts": ("bot.hosts",),
    "playlists": ("bot.hosts.playlists", "bot.hosts.reddit"),
    "rules": ("bot.rules",),
    "lists": ("bot.lists",),
    "templates": ("bot.notice_texts",),
    "orders": ("bot.pipeline.commands.parser", "bot.pipeline.commands.talk", "bot.confusables", "bot.permalink"),
    "claims": ("bot.pipeline.helping.words", "bot.lists.child_words"),
    "letters": ("bot.letters",),
    "contacts": ("bot.channels",),
    "wire": ("bot.fingerprint", "bot.frames.messages"),
    "exchanges": ("bot.exchanges",),
}
"""Target → the packages whose branches guide the fuzzer."""


def document() -> str:
    """Return the section of docs/hostile-input.md on what is fuzzed: each target in its own words."""
    rows = []
    for target in TARGETS:
        tree = ast.parse((Path(__file__).parent / f"{target}.py").read_text(encoding="utf-8"))
        check = next(one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "check")
        rows.append(f"| `{target}` | {ast.get_docstring(tree)} | {ast.get_docstring(check)} |\n")
    return "".join((FRONT, *rows))


FRONT = """
## By the million

Whatever reads strangers' words has a target of a fuzzer, which alters our own examples in ways that lead to code not
reached before: `python -m tests.fuzz TARGET --runs 1000000` ([contributing](../CONTRIBUTING.md#tests)). Of every input
it holds that nothing but one of our errors is raised, in one sentence that can be shown, within half a second of the
processor; besides:

| target | what is read | what holds of every input |
|---|---|---|
"""
