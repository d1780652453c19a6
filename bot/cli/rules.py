"""Commands about rules: check them, explain a verdict, judge stored evidence again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.assemble import action_params, rule_files
from bot.cli import known
from bot.cli.base import (
    ConfigOption,
    JsonOption,
    complain,
    complain_of,
    emit,
    host_names,
    known_banks,
    progress,
    read_config,
    say,
    session,
    show,
    warn,
    wiki_rules,
)
from bot.cli.groups import App
from bot.config import Config
from bot.errors import RuleError, UsageError
from bot.model import BankKind, CaseState
from bot.pipeline.judging.replay import MAX_CASES, Replayed, Tally, told
from bot.pipeline.judging.rule_words import examples_said, idle_lines, made
from bot.pipeline.rulebook import name_of, said_of
from bot.pipeline.scanning.unlooked import not_looked_at
from bot.plural import many
from bot.rules import automoderator_table, load, run_examples, unknown_banks
from bot.serialization import to_json_data
from bot.store import WikiRow

UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}

app = App(help="Rules: what is done about what was found. The language is in docs/rules.md.")


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
    told: set[str] = set()  # subreddits share files, and their mistakes
    for paths in [tuple(files)] if files else sorted({rule_files(settings, name) for name in configured}):
        try:
            rules = load(paths, banks=banks, hosts=host_names(), actions=action_params())
        except RuleError as error:
            codes.append(error.exit_code)
            if as_json:
                emit({"files": [str(path) for path in paths], "error": str(error), "mistakes": list(error.mistakes)})
            else:
                new = [one for one in error.mistakes if one not in told]
                if new:
                    complain_of(RuleError(*new, where=error.where))
            told.update(error.mistakes)
            continue
        failures = run_examples(rules)
        idle = rules.idle(made(settings))
        missing = unknown_banks(rules.rules, banks) if banks is not None else {}
        codes.append(1 if failures else 0)
        if as_json:
            emit(
                {
                    "files": [str(path) for path in paths],
                    "rules": len(rules.rules),
                    "examples": sum(len(rule.examples) for rule in rules.rules),
                    "failures": [to_json_data(failure) for failure in failures],
                    "missing_banks": sorted(missing),
                    "cannot_fire": {name: sorted(keys) for name, keys in idle.items()},
                }
            )
        else:
            for failure in failures:
                complain(str(failure), lines=True)
            for said in missing.values():
                warn(said)
            for line in idle_lines(rules, settings):
                say(line)
            said = examples_said(rules, failures)
            say(f"{many(len(rules.rules), 'rule')} in {', '.join(map(str, paths))}, {said}")
    if not files:
        codes += [
            _check_wiki(settings, name, row, banks, as_json=as_json) for name, row in wiki_rules(settings).items()
        ]
    if max(codes):
        raise typer.Exit(max(codes))


def _check_wiki(
    settings: Config, name: str, row: WikiRow | None, banks: Mapping[str, BankKind] | None, *, as_json: bool
) -> int:
    """Show which revision of a subreddit's page is in force and whether it still reads; return the exit code."""
    page = settings.subreddits[name].wiki
    said, newest = said_of(row, name, page)
    code = 0 if newest else 1
    error: RuleError | None = None
    if row is not None and row.text is not None:
        try:
            more = ((row.text, name_of(name, page)),)
            load(rule_files(settings, name), more=more, banks=banks, hosts=host_names(), actions=action_params())
        except RuleError as failed:
            code, error = failed.exit_code, failed
    if as_json:
        emit(
            {
                "subreddit": name,
                "wiki": page,
                "revision": row.revision if row else None,
                "refused": row.refused if row else None,
                "why": row.why if row else None,
                "error": str(error) if error else None,
            }
        )
        return code
    (say if newest else warn)(said)
    if error:
        complain_of(error)
        complain(f"until that is mended, everything in r/{name} waits for a person")
    return code


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
        row = known.case(pipeline, case)
        evidence = pipeline.deps.store.links.evidence(row.link)
        if evidence is None or row.state == CaseState.MINOR:
            raise UsageError(f"the evidence of {row.label} has been forgotten")
        author = pipeline.deps.store.authors.get(row.post.fullname)
        explained = pipeline.judge.explain(row.post, evidence, author)
        unlooked = not_looked_at(pipeline.deps.store, row.post.fullname)
    for rule in explained:
        if as_json:
            emit(
                {
                    "rule": rule.rule,
                    "at": rule.at,
                    "held": rule.held,
                    "outcome": rule.outcome,
                    "note": rule.note,
                    "checks": [{"key": check.key, "held": check.held, "value": check.value} for check in rule.checks],
                }
            )
            continue
        say(f"{'held' if rule.held else 'not held':>8}  {rule.rule}", "bold")
        if rule.note:
            say(f"          {rule.note}")
        for check in rule.checks:
            say(f"          {'✓' if check.held else '✗'} {check.key}: {check.value}")
    if not as_json:
        for sentence in unlooked:
            say(f"not looked at: {sentence}")


@app.command()
def replay(
    since: Annotated[
        str, typer.Option(help="Only what was found since then: 7d, 12h, or a day such as 2026-11-01.")
    ] = "",
    rules: Annotated[Path | None, typer.Option(help="Another folder of rule files; else the configured ones.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Judge stored evidence again under the rules as they are now, and show what would change. Changes nothing."""
    settings = read_config(config)
    if rules is not None:
        storage = settings.storage.model_copy(update={"rules": rules})
        settings = settings.model_copy(update={"storage": storage})
    tally = Tally()
    with session(settings, rules=True) as pipeline:
        start = moment(since, pipeline.deps.clock.now()) if since else None
        replaying = pipeline.replayer
        with progress(told=as_json) as bar:
            task = bar.add_task("judging again", total=replaying.count(start))
            for one in replaying.replay(start):
                tally.take(one)
                bar.advance(task)
                if as_json and one.changed:
                    emit(_change(one))
    if as_json:
        return
    if not tally.changed:
        say(tally.said)
        return
    say(tally.said, "bold")
    show(["before", "after", "rule before", "rule after", "links"], tally.kinds, empty="")
    show(["rule", "fired", "fires now"], tally.rules, empty="every rule fires as often as before", title="by rule")
    show(
        ["case", "before", "after", "rule after"],
        [(one.case, told(one.before), told(one.after), one.after.rule) for one in tally.cases],
        empty="no case is among them",
        title=f"cases, the first {MAX_CASES} of them; --json shows all" if len(tally.cases) == MAX_CASES else "cases",
    )


def _change(one: Replayed) -> dict[str, Any]:
    return {
        "link": one.link,
        "post": one.post,
        "subreddit": one.subreddit,
        "case": one.case,
        "before": one.before.outcome,
        "after": one.after.outcome,
        "rule_before": one.before.rule,
        "rule_after": one.after.rule,
        "actions_before": [action.kind for action in one.before.actions],
        "actions_after": [action.kind for action in one.after.actions],
    }


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that `7d`, `12h`, `30m` or a day or time in ISO 8601 (UTC) means. Raises UsageError."""
    parts = re.fullmatch(r"([0-9]{1,5})\s*([dhm])", text.strip())
    if parts:
        return (
            now - int(parts[1]) * {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}[parts[2]]
        )
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"--since {text} is no moment; write 7d, 12h, or a day such as 2026-11-01") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
