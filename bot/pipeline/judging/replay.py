"""Judge stored evidence again, under the rules as they are now. Changes nothing and asks nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Verdict
from bot.pipeline.judging.judge import Judge
from bot.plural import many
from bot.rules import RuleSet
from bot.store import Store

MAX_CASES = 30  # that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One stored judgement, and what the rules make of the same evidence now."""

    link: int
    post: str  # fullname
    subreddit: str
    case: str | None  # its label
    before: Verdict
    after: Verdict

    @property
    def changed(self) -> bool:
        """Whether outcome, deciding rule or kinds of action differ."""
        return _gist(self.before) != _gist(self.after)


def _gist(verdict: Verdict) -> tuple[str, str | None, tuple[str, ...]]:
    return verdict.outcome, verdict.rule, kinds(verdict)


def kinds(verdict: Verdict) -> tuple[str, ...]:
    """Return the kinds of action that a verdict asks for."""
    return tuple(action.kind for action in verdict.actions)


def told(verdict: Verdict) -> str:
    """Return the outcome of a verdict with what it asks for, e.g. `act: report, modmail`."""
    return f"{verdict.outcome}: {', '.join(kinds(verdict))}" if verdict.actions else verdict.outcome


@dataclass(slots=True, kw_only=True)
class Tally:
    """What would change, counted and told."""

    total: int = 0
    changed: int = 0
    cases: list[Replayed] = field(default_factory=list)  # the first of those with a case
    _kinds: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    _fired: Counter[tuple[str, bool]] = field(default_factory=Counter)  # rule, whether it is about now

    def take(self, one: Replayed) -> None:
        """Count one."""
        self.total += 1
        self._fired.update((name, False) for name in one.before.fired)
        self._fired.update((name, True) for name in one.after.fired)
        if not one.changed:
            return
        self.changed += 1
        self._kinds[told(one.before), told(one.after), one.before.rule or "", one.after.rule or ""] += 1
        if one.case and len(self.cases) < MAX_CASES:
            self.cases.append(one)

    @property
    def said(self) -> str:
        """How many would change, in words."""
        judged = many(self.total, "judgement")
        return f"{self.changed} of {judged} would change" if self.changed else f"nothing would change in {judged}"

    @property
    def kinds(self) -> list[tuple[str, str, str, str, int]]:
        """Return (before, after, rule before, rule after, links)."""
        return [(*key, count) for key, count in sorted(self._kinds.items())]

    @property
    def rules(self) -> list[tuple[str, int, int]]:
        """Return (rule, how often it fired, how often it fires now) of the rules where that differs."""
        names = sorted({name for name, _ in self._fired if self._fired[name, False] != self._fired[name, True]})
        return [(name, self._fired[name, False], self._fired[name, True]) for name in names]


class Replayer:
    """Reads judgements a page at a time, so that any number of them fits into memory."""

    def __init__(self, store: Store, judging: Judge) -> None:
        self._store = store
        self._judging = judging

    def count(self, since: datetime | None = None, under: Mapping[str, RuleSet] | None = None) -> int:
        """Return how many judgements of evidence found since then there are."""
        return self._store.judgements.count(since, None if under is None else list(under))

    def replay(
        self, since: datetime | None = None, *, under: Mapping[str, RuleSet] | None = None, newest: bool = False
    ) -> Iterator[Replayed]:
        """Yield every judgement of evidence found since then, oldest or newest first, judged again.

        `under`: subreddit (in small letters) → rules that are tried there, and then nothing else is judged; left out,
        the rules in force. What Reddit told of authors at the time is used again; a rule that asks for more finds it
        unknown.
        """
        only = None if under is None else list(under)
        for stored in self._store.judgements.all(since, only, newest=newest):
            rules = under[stored.post.subreddit.lower()] if under is not None else None
            yield Replayed(
                link=stored.link,
                post=stored.post.fullname,
                subreddit=stored.post.subreddit,
                case=stored.case,
                before=stored.verdict,
                after=self._judging.verdict(stored.post, stored.evidence, stored.author, rules=rules),
            )
