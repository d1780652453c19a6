"""Rules and evidence → verdict. The strongest step wins; what the ladder does not carry becomes a review."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import RuleError
from bot.model import PREVIEW, AuthorFacts, Evidence, Outcome, PlannedAction, Post, Verdict
from bot.rules import ladder
from bot.rules.checks.base import NO_FACTS, CheckResult, Fact, Subject
from bot.rules.checks.effort import PAGE_SECONDS, Budget, bounded, spend
from bot.rules.ladder import ActionLevel
from bot.rules.rule import Failure, Gives, Rule

NOT_COMPUTED: Mapping[str, str] = {
    "face": "faces are compared only if gallery.enabled is set",
    "nudity": "nudity is looked for only if nudity.model is set",
}
"""Checks that load and judge evidence that carries them, which nothing makes as things are, and why."""

# a removed post takes no reports, so a report goes first
_ORDER = ("report", "nsfw", "spoiler", "flair", "lock", "remove", "message", "note", "modmail", "notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What one check of a rule made of the evidence."""

    key: str
    held: bool
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """What one rule made of the evidence. `held` says that it fired; `outcome` is None where it did not."""

    rule: str
    at: str  # file and line
    held: bool
    outcome: Outcome | None
    checks: tuple[CheckReport, ...]
    note: str | None = None  # why the rule did not fire although its checks held, or why it does less than it says


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruling:
    rule: Rule
    findings: tuple[CheckResult, ...]
    exempt: bool
    step: ActionLevel
    notes: tuple[str, ...]
    actions: tuple[PlannedAction, ...]

    @property
    def fired(self) -> bool:
        return not self.exempt and all(finding.held for finding in self.findings)

    @property
    def reasons(self) -> Iterator[str]:
        for finding in self.findings:
            yield from finding.reasons
        yield from self.notes


class RuleSet:
    """Rules in the order in which they are tried: highest priority first, then as written. Immutable."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        """Take compiled rules. Raises RuleError if two have one name."""
        seen: dict[str, Rule] = {}
        for rule in rules:
            if rule.name in seen:
                other = seen[rule.name].at
                raise RuleError(f"{rule.at}: the name {rule.name} is taken by the rule at {other}; choose another")
            seen[rule.name] = rule
        self.rules = tuple(sorted(rules, key=lambda rule: -rule.priority))

    @property
    def banks(self) -> frozenset[str]:
        """The banks that rules name, so that a misspelt one can be pointed out."""
        return frozenset(bank for rule in self.rules for check in rule.copy_checks for bank in check.banks)

    def idle(self, made: Collection[str] = ()) -> Mapping[str, frozenset[str]]:
        """Return rule → its checks on evidence that nothing makes, so that it cannot fire.

        `made`: which of the checks in `NOT_COMPUTED` the configuration makes evidence for.
        """
        lacking = NOT_COMPUTED.keys() - set(made)
        checks = {rule.name: frozenset(check.key for check in rule.checks) & lacking for rule in self.rules}
        return {name: keys for name, keys in checks.items() if keys}

    def asks(
        self, post: Post | None, evidence: Evidence, *, adult_subreddit: bool = False,
        author: AuthorFacts | None = None, budget: Budget | None = None,
    ) -> frozenset[Fact]:  # fmt: skip
        """Return what has to be known of the author before `judge` can tell: what rules that hold otherwise ask for.

        `budget`: the time for patterns, one for all that belongs to one judgement; left out, it is a new one.
        """
        subject = Subject(
            post=post, evidence=evidence, adult_subreddit=adult_subreddit, author=author, budget=budget or Budget()
        )
        return frozenset(fact for rule in self.rules for fact in _asks(rule, subject))

    def judge(
        self, post: Post | None, evidence: Evidence, *, adult_subreddit: bool = False,
        author: AuthorFacts | None = None, budget: Budget | None = None,
    ) -> Verdict:  # fmt: skip
        """Try all rules. `post` is None for a bare file or address: then checks on the post do not hold.

        `author` is what Reddit told of the author, if it was asked (`asks`); what is not known makes no check hold,
        and neither does a text that patterns could not look through in time: `budget` tells afterwards of which rules.

        The strongest step of the rules that fired decides (remove, report, review, ignore). The actions are those of
        all rules with the winning outcome, each kind once, texts unfilled (`fill_action`). A report or removal in a
        verdict of `review` is what waits for a person: it must not be performed before the case is confirmed.
        """
        subject = Subject(
            post=post, evidence=evidence, adult_subreddit=adult_subreddit, author=author, budget=budget or Budget()
        )
        fired = [ruling for rule in self.rules if _fires(rule, subject) for ruling in [_rule(rule, subject)]]
        if not fired:
            return Verdict(outcome="ignore")
        decided = max(fired, key=lambda ruling: ruling.step)  # the first of the strongest
        actions: dict[str, PlannedAction] = {}
        for ruling in fired:
            for action in ruling.actions if ruling.step.outcome == decided.step.outcome else ():
                actions.setdefault(action.kind, _reported(action, decided))
        later: dict[str, PlannedAction] = {}
        for ruling in fired if decided.step is not ActionLevel.IGNORE else ():
            for action in ruling.rule.on_confirm:
                if action.kind not in actions and not (action.kind == "message" and "remove" in actions):
                    later.setdefault(action.kind, action)
        return Verdict(
            outcome=decided.step.outcome,
            rule=decided.rule.name,
            fired=tuple(ruling.rule.name for ruling in fired),
            reasons=tuple(dict.fromkeys(reason for ruling in fired for reason in ruling.reasons)),
            actions=_in_order(actions.values()),
            on_confirm=_in_order(later.values()),
        )

    def matched(self, post: Post | None, evidence: Evidence, verdict: Verdict, *, budget: Budget | None = None) -> str:
        """Return what {{match}} stands for: what the first text check of the rules that fired found, or nothing.

        It is no part of the verdict, which is kept when the post's text has to be forgotten. At most 100 characters.
        """
        subject = Subject(post=post, evidence=evidence, budget=budget or Budget())
        decided_first = sorted(self.rules, key=lambda rule: rule.name != verdict.rule)
        found = (
            finding.found for rule in decided_first if rule.name in verdict.fired for finding in _looks(rule, subject)
        )
        return next((text for text in found if text), "")[:100]

    def explain(
        self, post: Post | None, evidence: Evidence, *, adult_subreddit: bool = False,
        author: AuthorFacts | None = None, budget: Budget | None = None,
    ) -> tuple[RuleReport, ...]:  # fmt: skip
        """Return what every check of every rule made of the evidence, in the order in which rules are tried."""
        subject = Subject(
            post=post, evidence=evidence, adult_subreddit=adult_subreddit, author=author, budget=budget or Budget()
        )
        return tuple(_report(_rule(rule, subject)) for rule in self.rules)

    def exempting_nobody(self) -> RuleSet:
        """Return the same rules, none of which spares moderators."""
        return RuleSet(tuple(replace(rule, moderators_exempt=False) for rule in self.rules))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, RuleSet) and self.rules == other.rules

    def __hash__(self) -> int:
        return hash(self.rules)


def _in_order(planned: Iterable[PlannedAction]) -> tuple[PlannedAction, ...]:
    return tuple(sorted(planned, key=lambda action: _ORDER.index(action.kind)))


def waiting(rules: RuleSet) -> RuleSet:
    """Return the same rules, but whatever they ask for waits for a person."""
    return RuleSet(tuple(replace(rule, step=min(rule.step, ActionLevel.REVIEW)) for rule in rules.rules))


def run_examples(rules: RuleSet) -> list[Failure]:
    """Judge every example by its own rule alone; return those that give something else than they say, or too late.

    Examples that all together take too long end in one Failure, and those after it are not judged.
    """
    failures = []
    with bounded("judging all examples", PAGE_SECONDS):
        for rule, example in ((each, example) for each in rules.rules for example in each.examples):
            ruling = _rule(rule, replace(example.subject, budget=Budget()))
            why = _why_not(ruling)
            got: Gives | None = _gives(ruling)
            try:
                spend(example.at)
            except RuleError as error:
                failures.append(
                    Failure(at=example.at, rule=rule.name, wanted=example.gives, got=None, reasons=(str(error),))
                )
                break
            if any(finding.late for finding in ruling.findings):
                got = None
            if got != example.gives:
                failures.append(Failure(at=example.at, rule=rule.name, wanted=example.gives, got=got, reasons=why))
    return failures


def _exempt(rule: Rule, subject: Subject) -> bool:
    if not rule.moderators_exempt or subject.post is None:
        return False
    return subject.post.author_is_moderator or (subject.author is not None and subject.author.moderator is True)


def _fires(rule: Rule, subject: Subject) -> bool:
    return not _exempt(rule, subject) and all(finding.held for finding in _looks(rule, subject))


def _looks(rule: Rule, subject: Subject) -> Iterator[CheckResult]:
    for check in rule.checks:
        subject.budget.rule = rule.name
        yield check.evaluate(subject)


def _asks(rule: Rule, subject: Subject) -> frozenset[Fact]:
    """What is missing to say whether the rule fires; nothing if what is known rules it out."""
    if _exempt(rule, subject):
        return NO_FACTS
    asked: set[Fact] = set()
    subject.budget.rule = rule.name
    for check in rule.checks:
        wanted = check.missing_facts(subject)
        if not wanted and not check.evaluate(subject).held:
            return NO_FACTS
        asked |= wanted
    post, author = subject.post, subject.author
    if rule.moderators_exempt and post is not None and post.author and (author is None or author.moderator is None):
        asked.add("moderator")
    return frozenset(asked)


def _rule(rule: Rule, subject: Subject) -> _Ruling:
    exempt = _exempt(rule, subject)
    findings = tuple(_looks(rule, subject))
    most, best = ladder.support(match for finding in findings for match in finding.matches)
    step, notes = rule.step, []
    left_out = set()
    short = ladder.shortfall(best)
    if subject.evidence.link.source == PREVIEW:
        notes.append("Reddit's preview of it was looked at: the media itself was not seen")
        if most > ladder.PREVIEW_REACH:
            most, short = ladder.PREVIEW_REACH, "a preview is less than the media"
        if rule.notice:
            notes.append("no notice is drafted: nobody saw the file at its host")
            left_out.add("notice")
    if rule.needs > most:
        step = ActionLevel.REVIEW
        notes.append(f"held for review: {short}")
        left_out.add("modmail")  # its words speak of an act that is not done
    if rule.notice and not any(ladder.is_fake(match) for finding in findings for match in finding.matches):
        notes.append("no notice is drafted: a source entry is the original footage, not a fake")
        left_out.add("notice")
    return _Ruling(
        rule=rule,
        findings=findings,
        exempt=exempt,
        step=step,
        notes=tuple(notes),
        actions=tuple(action for action in rule.actions() if action.kind not in left_out),
    )


def _reported(action: PlannedAction, decided: _Ruling) -> PlannedAction:
    """Let a report that a weaker rule adds to a removal say the removal's reason: `looks like` would say too little.

    A reason that says itself how sure it is stays.
    """
    removal = next((other for other in decided.rule.planned if other.kind == "remove"), None)
    if action.kind != "report" or removal is None or "{{sure}}" in action.params.get("reason", "").replace(" ", ""):
        return action
    return replace(action, params={**action.params, "reason": removal.params["reason"]})


def _gives(ruling: _Ruling) -> Gives:
    if not ruling.fired:
        return "nothing"
    words: dict[ActionLevel, Gives] = {
        ActionLevel.IGNORE: "ignore",
        ActionLevel.REVIEW: "review",
        ActionLevel.REPORT: "report",
        ActionLevel.REMOVE: "remove",
    }
    return words[ruling.step]


def _why_not(ruling: _Ruling) -> tuple[str, ...]:
    if ruling.exempt:
        return ("a moderator's post is exempt",)
    if ruling.fired:
        return ruling.notes
    pairs = zip(ruling.rule.checks, ruling.findings, strict=True)
    return tuple(f"{check.key} does not hold: {finding.value}" for check, finding in pairs if not finding.held)


def _report(ruling: _Ruling) -> RuleReport:
    pairs = zip(ruling.rule.checks, ruling.findings, strict=True)
    note = "a moderator's post is exempt" if ruling.exempt else "; ".join(ruling.notes) if ruling.fired else None
    return RuleReport(
        rule=ruling.rule.name,
        at=ruling.rule.at,
        held=ruling.fired,
        outcome=ruling.step.outcome if ruling.fired else None,
        checks=tuple(CheckReport(key=check.key, held=finding.held, value=finding.value) for check, finding in pairs),
        note=note or None,
    )
