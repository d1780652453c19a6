"""Commands about rules: check them, explain a verdict, judge stored evidence again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.assemble import action_params, rule_files
from bot.cli.base import (
    ConfigOption,
    JsonOption,
    complain,
    emit,
    host_names,
    known_banks,
    many,
    read_config,
    say,
    session,
    show,
    warn,
)
from bot.errors import RuleError, UsageError
from bot.plain import plain
from bot.rules import NOT_COMPUTED, Failure, RuleSet, automoderator_table, load, run_examples

app = typer.Typer(
    no_args_is_help=True, help="Rules: what is done about what was found. The language is in docs/rules.md."
)


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="rules")


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Rule files; else the configured ones.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Validate rule files as the daemon does, and run the examples in them."""
    settings = read_config(config, needed=not files)
    banks = known_banks(settings)
    configured = () if files else (None, *settings.subreddits)
    codes = [0]
    for paths in [tuple(files)] if files else sorted({rule_files(settings, name) for name in configured}):
        try:
            rules = load(paths, banks=banks, hosts=host_names(), actions=action_params())
        except RuleError as error:
            codes.append(error.exit_code)
            if as_json:
                emit({"files": [str(path) for path in paths], "error": str(error)})
            else:
                complain(str(error))
            continue
        failures = run_examples(rules)
        missing = sorted(rules.banks - banks.keys()) if banks is not None else []
        codes.append(1 if failures else 0)
        if as_json:
            emit(
                {
                    "files": [str(path) for path in paths],
                    "rules": len(rules.rules),
                    "examples": sum(len(rule.examples) for rule in rules.rules),
                    "failures": [plain(failure) for failure in failures],
                    "missing_banks": missing,
                    "cannot_fire": {name: sorted(keys) for name, keys in rules.idle.items()},
                }
            )
        else:
            for failure in failures:
                complain(str(failure))
            for name in missing:
                warn(f"rules name the bank {name}, and there is none; run: gifwarden bank create {name}")
            for name, keys in rules.idle.items():
                warn(f"the rule {name} cannot fire yet: {'; '.join(NOT_COMPUTED[key] for key in sorted(keys))}")
            said = examples_said(rules, failures)
            say(f"{many(len(rules.rules), 'rule')} in {', '.join(map(str, paths))}, {said}")
    if max(codes):
        raise typer.Exit(max(codes))


def examples_said(rules: RuleSet, failures: Sequence[Failure]) -> str:
    """Return in words how the examples of rules went."""
    count = sum(len(rule.examples) for rule in rules.rules)
    if not count:
        return "without examples"
    return f"{len(failures)} of {many(count, 'example')} failed" if failures else f"{many(count, 'example')} passed"


@app.command()
def automoderator() -> None:
    """Print what becomes of each word of AutoModerator's: the page docs/rules-automoderator.md."""
    print(automoderator_table(), end="")  # noqa: T201  a page for a file, not for the terminal's width


@app.command()
def explain(
    case: Annotated[str, typer.Argument(help="The case, such as C-3f9c2a71b0.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show why a case got its verdict: every rule, every check, whether it held, with values."""
    with session(read_config(config), rules=True) as pipeline:
        row = pipeline.deps.store.cases.get(case)
        evidence = pipeline.deps.store.links.evidence(row.link)
        if evidence is None:
            raise UsageError(f"the evidence of {case} has been forgotten")
        author = pipeline.deps.store.authors.get(row.post.fullname)
        explained = pipeline.judging.explain(row.post, evidence, author)
    for rule in explained:
        if as_json:
            emit(
                {
                    "rule": rule.rule,
                    "held": rule.held,
                    "outcome": rule.outcome,
                    "checks": [{"key": check.key, "held": check.held, "value": check.value} for check in rule.checks],
                }
            )
            continue
        say(f"{'held' if rule.held else 'not held':>8}  {rule.rule}", "bold")
        if rule.note:
            say(f"          {rule.note}")
        for check in rule.checks:
            say(f"          {'✓' if check.held else '✗'} {check.key}: {check.value}")


@app.command()
def replay(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Judge all stored evidence again under the rules as they are now, and show what would change. Changes nothing."""
    changed: Counter[tuple[str, str, str]] = Counter()
    total = 0
    with session(read_config(config), rules=True) as pipeline:
        for judged in pipeline.deps.store.links.judgements():
            total += 1
            before, after = judged.verdict, pipeline.judging.verdict(judged.post, judged.evidence, judged.author)
            if (before.outcome, before.rule) != (after.outcome, after.rule):
                changed[before.outcome, after.outcome, after.rule or before.rule or ""] += 1
                if as_json:
                    emit(
                        {
                            "link": judged.link,
                            "post": judged.post.fullname,
                            "before": before.outcome,
                            "after": after.outcome,
                            "rule_before": before.rule,
                            "rule_after": after.rule,
                        }
                    )
    if not as_json:
        show(
            ["before", "after", "rule", "links"],
            [(*key, count) for key, count in sorted(changed.items())],
            empty=f"nothing would change in {many(total, 'judgement')}",
        )
