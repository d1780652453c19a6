"""Commands about rules: check them, explain a verdict, judge stored evidence again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from bot.assemble import rule_files
from bot.cli.base import ConfigOption, JsonOption, emit, err, out, read_config, session, show
from bot.errors import UsageError
from bot.rules import load, run_examples

app = typer.Typer(
    no_args_is_help=True, help="Rules: what is done about what was found. The language is in docs/rules.md."
)


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="rules")


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Rule files; else the configured ones.")] = None,
    config: ConfigOption = None,
) -> None:
    """Validate rule files and run the examples in them."""
    if files:
        sets = [tuple(files)]
    else:
        settings = read_config(config)
        sets = sorted({rule_files(settings, name) for name in (None, *settings.subreddits)})
    failed = False
    for paths in sets:
        rules = load(paths)
        failures = run_examples(rules)
        failed = failed or bool(failures)
        for failure in failures:
            err.print(str(failure), style="red", markup=False, soft_wrap=True)
        out.print(
            f"{len(rules.rules)} rules in {len(paths)} files" + ("" if failures else ", all examples hold"),
            markup=False,
        )
    if failed:
        raise typer.Exit(1)


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
        explained = pipeline.judging.explain(row.post, evidence)
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
        out.print(f"{'held' if rule.held else 'not held':>8}  {rule.rule}", style="bold", markup=False)
        if rule.note:
            out.print(f"          {rule.note}", markup=False, soft_wrap=True)
        for check in rule.checks:
            out.print(
                f"          {'✓' if check.held else '✗'} {check.key}: {check.value}", markup=False, soft_wrap=True
            )


@app.command()
def replay(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Judge all stored evidence again under the rules as they are now, and show what would change. Changes nothing."""
    changed: Counter[tuple[str, str, str]] = Counter()
    total = 0
    with session(read_config(config), rules=True) as pipeline:
        for link, post, evidence, before in pipeline.deps.store.links.judgements():
            total += 1
            after = pipeline.judging.verdict(post, evidence)
            if (before.outcome, before.rule) != (after.outcome, after.rule):
                changed[before.outcome, after.outcome, after.rule or before.rule or ""] += 1
                if as_json:
                    emit(
                        {
                            "link": link,
                            "post": post.fullname if post else None,
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
            empty=f"nothing would change in {total} judgements",
        )
