"""From evidence to a verdict, a case, and actions written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import actions
from bot.clock import DAY
from bot.errors import RedditError
from bot.model import (
    MODERATORS,
    PROGRAM,
    ActionState,
    AuthorFacts,
    CaseState,
    Evidence,
    Hold,
    LinkState,
    PlannedAction,
    Post,
    Verdict,
    decided_by_others,
)
from bot.pipeline.acting.flood import FloodGuard
from bot.pipeline.core import Deps
from bot.pipeline.judging.authors import Authors
from bot.pipeline.judging.drafting import Drafting
from bot.pipeline.judging.learnt import Learnt
from bot.pipeline.recovery import GoOn, all_due, always
from bot.pipeline.scanning.lasting import of_the_protected, outdated
from bot.rules import Budget, RuleReport, RuleSet, fill_action
from bot.rules.sureness import sureness
from bot.store import CaseRow, LinkRow, Store

# what moderators are told, and a draft, need no person first
ON_THE_POST = actions.RULE_KINDS - {"modmail", "notice"}
AUTHOR_WAIT = 120.0  # seconds before Reddit is asked again about an author
MAX_WAIT = timedelta(hours=6)  # that a judgement waits for it
IN_DOUBT = (ActionState.SENDING, ActionState.UNKNOWN, ActionState.PARKED)
NEEDS_PERSON = "a moderator decides on its case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconsidered:
    """What the rules make of evidence that has changed."""

    evidence: Evidence
    verdict: Verdict
    rules: RuleSet
    budget: Budget


class Judge:
    """Takes links from matched to judged."""

    def __init__(self, deps: Deps, flood: FloodGuard) -> None:
        self._d = deps
        self._flood = flood
        self._authors = Authors(deps.clock, deps.log, deps.reddit)
        self.drafting = Drafting(deps.config, deps.store, deps.clock, deps.log)
        self._learnt = Learnt(deps.config, deps.store, deps.log, deps.boundary)

    def judge_due(self, go_on: GoOn = always) -> int:
        """Judge every matched link while `go_on` says so; return how many were."""
        return all_due(self._d, LinkState.MATCHED, self._judge, go_on)

    def verdict(
        self, post: Post | None, evidence: Evidence, author: AuthorFacts | None = None, *, rules: RuleSet | None = None
    ) -> Verdict:
        """Return what the subreddit's rules, or others that are tried, make of the evidence.

        `author`: what is known of the author.
        """
        if rules is None:
            rules = self._d.rules_for(post.subreddit if post else None)
        return rules.judge(post, evidence, adult_subreddit=self._adult(post), author=author, budget=self._budget(post))

    def explain(
        self, post: Post | None, evidence: Evidence, author: AuthorFacts | None = None
    ) -> tuple[RuleReport, ...]:
        """Return what every check of every rule made of the evidence."""
        rules = self._d.rules_for(post.subreddit if post else None)
        return rules.explain(
            post, evidence, adult_subreddit=self._adult(post), author=author, budget=self._budget(post)
        )

    def ask(self, post: Post | None, evidence: Evidence) -> AuthorFacts | None:
        """Return what the rules need to know of an author who is not stored, as far as Reddit tells it now."""
        if post is None:
            return None
        try:
            return self._learn(self._d.rules_for(post.subreddit), post, evidence, None, self._budget(post))
        except RedditError as error:
            self._d.log.warning("an author cannot be looked up", reason=str(error))
            return None

    def _budget(self, post: Post | None) -> Budget:
        return Budget(stopped=self._flood.stopped(post.subreddit) if post else ())

    def _learn(
        self, rules: RuleSet, post: Post, evidence: Evidence, known: AuthorFacts | None, budget: Budget
    ) -> AuthorFacts | None:
        wanted = rules.asks(post, evidence, adult_subreddit=self._adult(post), author=known, budget=budget)
        return self._authors.learn(post, wanted, known)

    def _adult(self, post: Post | None) -> bool:
        settings = self._d.config.subreddit(post.subreddit) if post else None
        return settings is not None and settings.adult

    def _judge(self, row: LinkRow) -> int:
        store = self._d.store
        if store.proposals.learnt(row.id):
            return self._learnt.settle(row)
        with store.transaction():
            if not store.links.stands(row.id, LinkState.MATCHED):  # forgotten, blocked or wanted anew meanwhile
                return 0
            matched = store.links.evidence(row.id)
            post = store.links.post(row.link.post or "")
            assert matched is not None, "a matched link has evidence"
            if outdated(store, matched, self._d.config):
                self._match_anew(row)
                return 0
            evidence = of_the_protected(store, matched)
        assert post is not None, "a link has a post"
        rules = self._d.rules_for(post.subreddit)  # once: rules that change meanwhile are for the next link
        known = store.authors.get(post.fullname)
        budget = self._budget(post)
        try:
            author = self._learn(rules, post, evidence, known, budget)
        except RedditError as error:
            if self._may_wait(evidence):
                later = self._d.clock.now() + timedelta(seconds=min(max(AUTHOR_WAIT, error.retry_after or 0), DAY))
                store.links.postpone(row.id, until=later, reason=f"waits for its author's account: {error}")
                self._d.log.info("judgement postponed", link=row.id, reason=str(error))
                return 0
            author = known
        verdict = rules.judge(post, evidence, adult_subreddit=self._adult(post), author=author, budget=budget)
        for rule, own_fault in budget.late.items():
            self._flood.late(post.subreddit, rule, own_fault=own_fault)
        with store.transaction():
            if not store.links.stands(row.id, LinkState.MATCHED, evidence=matched):
                return 0
            if store.links.post(post.fullname) != post or of_the_protected(store, evidence) != evidence:
                return 0  # judged as they are now at the next look
            if outdated(store, evidence, self._d.config):
                self._match_anew(row)
                return 0
            if verdict.outcome != "ignore" and not store.links.has_fingerprints(row.id):
                # found behind another post's link; a case needs fingerprints, so this one is fetched after all
                store.queue.fetch_afresh(row.id)
                return 0
            if author is not None and author != known:
                store.authors.put(post.fullname, author)
            if verdict.outcome == "ignore":
                store.links.drop_fingerprints(row.id)
            else:
                self._open(row, post, evidence, verdict, rules, budget)
            store.links.judged(row.id, verdict)
        self._d.boundary("judge.stored")
        return 1

    def _match_anew(self, row: LinkRow) -> None:
        """Put a link back to be matched with the banks as they are now. Call it in a transaction."""
        if self._d.store.links.has_fingerprints(row.id):
            self._d.store.links.move(row.id, LinkState.ACQUIRED)
        else:
            self._d.store.queue.fetch_afresh(row.id)

    def _may_wait(self, evidence: Evidence) -> bool:
        """Whether Reddit still has time to tell of an author; then the post is judged without."""
        begun = evidence.fetched_at
        return begun is not None and abs(self._d.clock.now() - begun) < MAX_WAIT

    def _open(
        self, row: LinkRow, post: Post, evidence: Evidence, verdict: Verdict, rules: RuleSet, budget: Budget
    ) -> None:
        store = self._d.store
        case = store.cases.open(row.id, post.fullname, verdict)
        decided = decided_by_others(post)
        if decided is None and (decision := store.cases.decision_on(post.fullname)):
            decided = f"{decision.action} by another moderator"
        if decided:
            store.cases.decide(case.id, CaseState.CLOSED_ELSEWHERE, by=MODERATORS, why=decided)
            store.links.drop_fingerprints(row.id)
            store.audit.record(by=PROGRAM, what="case closed elsewhere", subject=case.label, why=decided)
            self._d.log.info("case closed elsewhere", case=case.label, decision=decided)
            return
        self._d.log.info("case opened", case=case.label, outcome=verdict.outcome, rule=verdict.rule)
        store.audit.record(by=PROGRAM, what=f"case opened: {verdict.outcome}", subject=case.label, why=verdict.rule)
        self._flood.count(case, post, evidence, verdict)
        self._plan_all(row, post, evidence, case, verdict, rules, budget)

    def _plan_all(
        self,
        row: LinkRow,
        post: Post,
        evidence: Evidence,
        case: CaseRow,
        verdict: Verdict,
        rules: RuleSet,
        budget: Budget,
    ) -> None:
        """Write down what a verdict asks for."""
        waits = verdict.outcome == "review"
        values = {
            "match": rules.matched(post, evidence, verdict, budget=budget),
            "sure": sureness(evidence).short,
        }
        settings = self._d.config.subreddit(post.subreddit)
        kinds = {action.kind for action in verdict.actions}
        if verdict.outcome == "act" and "remove" in kinds and settings and settings.mode == "enforce":
            kinds.discard("report")  # a report on what is removed in the same breath is noise
        for action in verdict.actions:
            if action.kind not in kinds or action.kind not in actions.RULE_KINDS:
                continue
            if action.kind == "notice":
                self.drafting.draft(row, evidence, case)
            else:
                self._plan(post, case, action, waits and action.kind in ON_THE_POST, values)
        for action in verdict.on_confirm:
            if action.kind in actions.RULE_KINDS:
                self._plan(post, case, action, True, values)

    def reconsider(self, case: CaseRow, evidence: Evidence) -> Reconsidered | None:
        """Return what the rules make of an open case's evidence as it is now; None where there are no rules at hand.

        What Reddit told of its author at the time is used again. Raises ConfigError or RuleError.
        """
        rules = self._d.rules_for(case.post.subreddit)
        if not rules.rules:
            return None
        budget, author = self._budget(case.post), self._d.store.authors.get(case.post.fullname)
        verdict = rules.judge(case.post, evidence, adult_subreddit=self._adult(case.post), author=author, budget=budget)
        return Reconsidered(evidence=evidence, verdict=verdict, rules=rules, budget=budget)

    def apply(self, case: CaseRow, found: Reconsidered, *, why: str) -> None:
        """Let an open case have another verdict: what that does not ask for any more is cancelled, with this reason.

        What failed or was taken back before is not planned again. Call it in a transaction.
        """
        store = self._d.store
        store.cases.judged_again(case, found.evidence, found.verdict)
        rows = store.actions.of_case(case.id)
        alone = {one.kind for one in found.verdict.actions if found.verdict.outcome == "act"}
        wanted = alone | {one.kind for one in found.verdict.actions if one.kind not in ON_THE_POST}
        left = [row for row in rows if row.action.kind != "notice"]
        unsent = [row.action.id for row in left if row.state in (ActionState.PLANNED, ActionState.HELD)]
        doubt = [row.action.id for row in left if row.state in IN_DOUBT and row.action.kind not in wanted]
        store.decided.withhold([*unsent, *doubt], reason=why)
        if not any(one.kind == "notice" for one in found.verdict.actions):
            store.notices.drop_case(case.id)
        ended = frozenset(row.action.kind for row in left if row.state in (ActionState.FAILED, ActionState.UNDONE))
        verdict = replace(
            found.verdict,
            actions=tuple(one for one in found.verdict.actions if one.kind not in ended),
            on_confirm=tuple(one for one in found.verdict.on_confirm if one.kind not in ended),
        )
        self._plan_all(store.links.get(case.link), case.post, found.evidence, case, verdict, found.rules, found.budget)

    def _plan(self, post: Post, case: CaseRow, planned: PlannedAction, waits: bool, values: Mapping[str, str]) -> None:
        action = fill_action(planned, post, {"case": case.label, "host": case.host, **values})
        self._d.store.actions.plan(
            key=f"{case.label}:{action.kind}",
            kind=action.kind,
            case=case.id,
            post=post.fullname,
            subreddit=post.subreddit,
            permalink=post.permalink,
            params=action.params,
            hold=Hold.PERSON if waits else None,
            reason=NEEDS_PERSON if waits else None,
        )

    def plan_decided(self, case: CaseRow, planned: PlannedAction, due: datetime) -> None:
        """Write down what a person wants done for a case, not before `due`, and anew if it was taken back before."""
        again = self._d.store.actions.undone_of(f"{case.label}:{planned.kind}")
        action = filled(self._d.store, case, planned)
        self._d.store.actions.plan(
            key=f"{case.label}:{planned.kind}{f':{again}' if again else ''}",
            kind=planned.kind,
            case=case.id,
            post=case.post.fullname,
            subreddit=case.post.subreddit,
            permalink=case.post.permalink,
            params=action.params,
            due=due,
        )

    def draft_again(self, case: CaseRow) -> None:
        """Put a reopened case's media back on a draft, if its rule asked for a notice."""
        evidence = self._d.store.links.evidence(case.link)
        if evidence and any(action.kind == "notice" for action in case.verdict.actions):
            self.drafting.draft(self._d.store.links.get(case.link), evidence, case)


def filled(store: Store, case: CaseRow, planned: PlannedAction) -> PlannedAction:
    """Return an action with the texts that others would read."""
    sure = sureness(store.links.evidence(case.link)).short
    return fill_action(planned, case.post, {"case": case.label, "host": case.host, "match": "", "sure": sure})
