"""The rules: Evidence and Post in, Verdict out. A rule is one YAML document in AutoModerator's words.

`docs/rules.md` describes the language. Nothing here reads configuration, a database or the network; what an
installation knows of its banks and hosts is passed to `load`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path

from bot.errors import Gathered, RuleError
from bot.model import BankKind
from bot.rules.checks.base import Fact, show
from bot.rules.checks.effort import PAGE_SECONDS, Budget, bounded
from bot.rules.checks.evidence import NUDE, CopyCheck
from bot.rules.engine import NOT_COMPUTED, CheckReport, RuleReport, RuleSet, run_examples, waiting
from bot.rules.language import automoderator, yaml
from bot.rules.language.compile import Installation, rule_of
from bot.rules.language.override import applied
from bot.rules.language.template import fill, fill_action
from bot.rules.language.vocabulary import AUTHOR_KEYS, COPY_KEYS, EXAMPLE_KEYS, KEYS, MODIFIERS, PLACEHOLDERS
from bot.rules.language.yaml import Table
from bot.rules.rule import CONFIRMED, Failure, Rule

automoderator_table = automoderator.table
text_of = yaml.text_of

__all__ = [
    "AUTHOR_KEYS",
    "CONFIRMED",
    "COPY_KEYS",
    "EXAMPLE_KEYS",
    "KEYS",
    "MODIFIERS",
    "NOT_COMPUTED",
    "NUDE",
    "PAGE_SECONDS",
    "PLACEHOLDERS",
    "Budget",
    "CheckReport",
    "Fact",
    "Failure",
    "Rule",
    "RuleReport",
    "RuleSet",
    "automoderator_table",
    "fill",
    "fill_action",
    "load",
    "parse",
    "run_examples",
    "text_of",
    "unknown_banks",
    "waiting",
]


def load(
    paths: Sequence[Path],
    *,
    more: Sequence[tuple[str, str]] = (),
    banks: Mapping[str, BankKind] | None = None,
    hosts: Collection[str] | None = None,
    actions: Mapping[str, Collection[str]] | None = None,
    seconds: float = PAGE_SECONDS,
    instead: Mapping[Path, str] | None = None,
) -> RuleSet:
    """Read rule files, and the *.yaml and *.yml files of folders, in this order, the files of a folder by name.

    `more`: further texts of rules with their names, such as a wiki page; they come last and may override the files.
    They are refused if reading them takes this thread more than `seconds`.
    `instead`: texts that are tried in the place of files, within the same time.

    `banks` (name → kind) lets a rule that does more than its bank's kind allows be refused here; without it, and for
    banks it does not know, the verdict is capped when judging. `hosts`: the names that `host:` may use.
    `actions`: what can be done, kind → the parameters it takes.
    Raises RuleError: a sentence with file, line and what to do for every mistake in all of them.
    """
    files: dict[Path, None] = {}
    wrong = Gathered()
    for path in paths:
        found = [file for ending in ("*.yaml", "*.yml") for file in path.glob(ending)] if path.is_dir() else [path]
        if not found:
            wrong.add(f"{path} holds no rule file; run: gifwarden init, or write one")
        files |= dict.fromkeys(sorted(found))
    if not files and not wrong.failed:
        raise RuleError("no rule file is named; name one or a folder of them")
    order = [*map(str, files), *(where for _, where in more)]
    tried = instead or {}
    texts = [
        (text, str(file))
        for file in files
        if (text := tried[file] if file in tried else wrong.attempt(yaml.text_of, file)) is not None
    ]
    if not more and not tried and not wrong.failed:
        return _set_of(
            tuple(texts),
            None if banks is None else tuple(sorted(banks.items())),
            None if hosts is None else tuple(hosts),
            None if actions is None else tuple((kind, frozenset(takes)) for kind, takes in actions.items()),
        )
    known = Installation(banks=banks, hosts=hosts, actions=actions)
    # what is tried may override or be overridden anywhere, so that then all is read within the time
    timed = (*texts, *more) if tried else tuple(more)
    ours = [] if tried else [document for text, where in texts for document in _told(text, where, wrong)]
    with bounded("reading the rules", seconds) if timed else nullcontext():
        for text, where in timed:
            ours += _documents(text, where, wrong)
        return RuleSet(_compiled(ours, known, wrong, order))


@lru_cache(maxsize=8)
def _set_of(
    texts: tuple[tuple[str, str], ...],
    banks: tuple[tuple[str, BankKind], ...] | None,
    hosts: tuple[str, ...] | None,
    actions: tuple[tuple[str, frozenset[str]], ...] | None,
) -> RuleSet:
    """Return the rules of files alone, made once for all subreddits that have the same; no refusal is kept."""
    wrong = Gathered()
    documents = [document for text, where in texts for document in _told(text, where, wrong)]
    known = Installation(
        banks=None if banks is None else dict(banks), hosts=hosts, actions=None if actions is None else dict(actions)
    )
    return RuleSet(_compiled(documents, known, wrong, [where for _, where in texts]))


def _told(text: str, where: str, wrong: Gathered) -> Sequence[Table]:
    documents, mistakes, failed = _file(text, where)
    if failed:
        wrong.add(*mistakes)
    return documents


def parse(
    text: str,
    where: str,
    *,
    banks: Mapping[str, BankKind] | None = None,
    hosts: Collection[str] | None = None,
    actions: Mapping[str, Collection[str]] | None = None,
) -> tuple[Rule, ...]:
    """Return the rules of one file's text, in its order; `where` names the file in messages. Raises RuleError."""
    wrong = Gathered()
    documents = _documents(text, where, wrong)
    return _compiled(documents, Installation(banks=banks, hosts=hosts, actions=actions), wrong, [where])


@lru_cache(maxsize=32)
def _file(text: str, where: str) -> tuple[tuple[Table, ...], tuple[str, ...], bool]:
    """Return what `_documents` finds; every subreddit reads the same files of the operator."""
    found = Gathered()
    documents = _documents(text, where, found)
    return tuple(documents), tuple(found.mistakes), found.failed


def _documents(text: str, where: str, wrong: Gathered) -> list[Table]:
    # on its own, so that a file without a rule is told only if nothing else is wrong with it
    found = Gathered()
    documents = yaml.documents(text, where, found)
    if found.failed:
        wrong.add(*found.mistakes)
    return documents


def _compiled(
    documents: Sequence[Table], known: Installation, wrong: Gathered, order: Sequence[str]
) -> tuple[Rule, ...]:
    """`order`: the names of the files, in which their mistakes are told."""
    rules = [wrong.attempt(rule_of, document, known) for document in applied(documents, wrong)]
    wrong.settle(RuleError, order)
    return tuple(rule for rule in rules if rule is not None)


def unknown_banks(rules: Sequence[Rule], banks: Collection[str]) -> dict[str, str]:
    """Return the banks that rules name and that are not among `banks`, each with a sentence for people.

    A bank of original footage that nobody has made yet is none of them, unless its name is nearly another's: the rules
    that come along look into one.
    """
    told: dict[str, str] = {}
    for rule in rules:
        copies = {bank for check in rule.checks if isinstance(check, CopyCheck) for bank in check.banks}
        for name, at in rule.banks_at.items():
            if name in banks or name in told:
                continue
            near = yaml.near_to(name, banks)
            if near is None and name not in copies:
                continue
            make = f"run: gifwarden bank create {name}"
            hint = f"did you mean {near}? If not, {make}" if near else make
            told[name] = f"{at}: there is no bank {show(name)}; {hint}"
    return told
