"""The rules: which are in force where, and an editor that tries a text and saves nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from bot.errors import ConfigError, StoreError, UsageError
from bot.model import Verb
from bot.pipeline.judging.replay import MAX_CASES, Replayer, told
from bot.pipeline.judging.rule_words import asks, does, idle_lines
from bot.pipeline.judging.trial import SECONDS, Trials, Tried
from bot.pipeline.rulebook import RuleSource, said_of
from bot.rules import RuleSet
from bot.text import fit
from bot.web.console.base import Act, Page, View, Visit, whole
from bot.web.console.kept import Kept

SPANS = {"7": "of the last 7 days", "30": "of the last 30 days", "all": "of all time"}  # days → words
MAX_TEXT = 200_000  # characters
BODY = 1 << 20  # bytes of a form with it
NO_RULES = "no rules are at hand here; see: gifwarden rules check"
_trying = threading.Lock()  # one at a time: it takes a whole processor


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A text that somebody tried, where it stands, and what came of it."""

    subreddit: str
    source: int  # place among the subreddit's sources
    text: str
    since: str
    tried: Tried


def show(visit: Visit) -> Response:
    """Show where each subreddit's rules stand and how many they are."""
    return visit.page(
        "rules.html", places=[(name, _rules(visit, name), list(_standing(visit, name))) for name in _names(visit)]
    )


def one(visit: Visit) -> Response:
    """Show the rules of a subreddit, and the editor."""
    name = _subreddit(visit)
    rules, sources = _rules(visit, name), _sources(visit, name)
    trial = _trials.get(visit.session.label, visit.query("trial") or "")
    if trial is not None and (trial.subreddit != name or trial.source >= len(sources)):
        trial = None
    chosen = trial.source if trial else _chosen(visit.query("edit"), sources)
    text = trial.text if trial else visit.pipeline.deps.rulebook.text(name, sources[chosen]) if sources else ""
    return visit.page(
        "rule_set.html",
        name=name,
        mode=visit.config.mode(name),
        standing=list(_standing(visit, name)),
        rules=[(rule, _place(visit, rule.at), asks(rule), does(rule)) for rule in rules.rules] if rules else [],
        nothing=NO_RULES,
        idle=list(idle_lines(rules, visit.config)) if rules else [],
        examples=sum(len(rule.examples) for rule in rules.rules) if rules else 0,
        sources=sources,
        chosen=chosen,
        text=fit(text, MAX_TEXT),
        escaped=fit(text, MAX_TEXT) != text,
        spans=SPANS,
        since=trial.since if trial else "30",
        tried=trial.tried if trial else None,
        told=told,
        most=MAX_CASES,
        may=visit.may(Verb.CASES, [name]),
        gone=bool(visit.query("trial")) and trial is None,
    )


def try_text(visit: Visit) -> Response:
    """Try a text; the page shows what came of it. Nothing is saved."""
    name = _subreddit(visit)
    visit.act(Verb.CASES, [name])
    sources, place, since = _sources(visit, name), whole(visit.field("source")), visit.field("since")
    if place is None or place >= len(sources) or since not in SPANS:
        raise UsageError("this form says not in which place the text is tried; open the page again")
    text = visit.field("text").replace("\r\n", "\n")
    if len(text) > MAX_TEXT:
        raise UsageError(f"the text has {len(text):,} characters, and at most {MAX_TEXT:,} are tried here")
    if not _trying.acquire(blocking=False):
        raise UsageError("somebody tries rules at this moment; go back and try again in a few seconds")
    try:
        tried = _trials_of(visit).run(name, sources[place], text, since=_since(visit, since), seconds=SECONDS)
    finally:
        _trying.release()
    trial = Trial(subreddit=name, source=place, text=text, since=since, tried=tried)
    return visit.go(f"/rules/{name}?trial={_trials.put(visit.session.label, trial)}#tried")


_trials: Kept[Trial] = Kept()


def _trials_of(visit: Visit) -> Trials:
    replayer = Replayer(visit.store, visit.pipeline.judge)  # through the connection that cannot write
    return Trials(visit.config, visit.store, visit.pipeline.deps.rulebook, replayer)


def _since(visit: Visit, span: str) -> datetime | None:
    return None if span == "all" else visit.pipeline.deps.clock.now() - timedelta(days=int(span))


def _names(visit: Visit) -> list[str]:
    return sorted(visit.config.subreddits)


def _subreddit(visit: Visit) -> str:
    wanted = str(visit.request.path_params["subreddit"]).lower()
    name = next((name for name in visit.config.subreddits if name.lower() == wanted), None)
    if name is None:
        raise StoreError("that subreddit is not watched here")
    return name


def _rules(visit: Visit, name: str) -> RuleSet | None:
    """Return the rules in force; None where none are at hand, as beside a rule file that does not read."""
    try:
        rules = visit.pipeline.deps.rules_for(name)
    except (ConfigError, UsageError):
        return None
    return rules if rules.rules else None


def _sources(visit: Visit, name: str) -> list[RuleSource]:
    try:
        return visit.pipeline.deps.rulebook.sources(name)
    except ConfigError:
        return []


def _standing(visit: Visit, name: str) -> Iterator[str]:
    """Yield in words where the rules of a subreddit stand."""
    sources = _sources(visit, name)
    files = [source.name for source in sources if source.path is not None]
    if files:
        yield f"files of whoever runs the bot: {', '.join(files)}"
    for source in sources:
        if source.path is None:
            said, _ = said_of(visit.store.wiki.get(name, source.name), name, source.name)
            yield said


def _chosen(wanted: str | None, sources: list[RuleSource]) -> int:
    """Return the source that an address names; else the page, which comes last, or the first file."""
    place = whole(wanted or "")
    if place is not None and place < len(sources):
        return place
    return len(sources) - 1 if sources and sources[-1].path is None else 0


def _place(visit: Visit, at: str) -> str:
    """Return file and line without where the operator keeps files."""
    return at.replace(f"{visit.config.storage.rules}/", "")


PAGE = Page(
    name="Rules",
    path="/rules",
    keys="g r",
    more=True,
    ways=(
        View(path="/rules", answer=show),
        View(path="/rules/{subreddit}", answer=one),
        Act(path="/rules/{subreddit}/trial", answer=try_text, verb=Verb.CASES, body=BODY),
    ),
)
