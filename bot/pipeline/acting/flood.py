"""The flood guard: what suddenly matches far beyond its history is quarantined, and a person looks.

A poisoned entry (a popular meme, a black frame, a mistake) acts against many people who have nothing to do with one
another. A raid is many posts by few people. So what counts is authors, not posts; for a bank, a list that somebody
filled with rubbish, it is how many of its entries act in a day. A raid by very many accounts is held too, and told:
when in doubt, a person decides.
"""

from __future__ import annotations

from datetime import timedelta

from bot.clock import Clock
from bot.config import ActionsConfig
from bot.model import PROGRAM, Actor, Evidence, Post, Verdict
from bot.pipeline.log import Log
from bot.plural import many
from bot.store import CaseRow, Store
from bot.store.flood import Kind, name_in

DAY = timedelta(days=1)
HISTORY_DAYS = 30
BEYOND = 3  # times the busiest day before
LATE = 3  # times that a rule may run out of time for its patterns, by the thread's own clock
RELEASED_DAYS = 7  # for so long what a person let go is not quarantined again


class FloodGuard:
    """Counts what carries automatic actions, and holds them when that jumps. All numbers of it stand here."""

    def __init__(self, limits: ActionsConfig, store: Store, clock: Clock, log: Log) -> None:
        self._limits = limits
        self._store = store
        self._clock = clock
        self._log = log

    def count(self, case: CaseRow, post: Post, evidence: Evidence, verdict: Verdict) -> None:
        """Note what carries a case that the rules act on, and quarantine what jumped. Call it in a transaction."""
        if verdict.outcome != "act":
            return
        flood = self._store.flood
        for match in evidence.matches:
            if match.suppressed or match.bank_kind != "block" or not match.confirmed:
                continue
            own: list[tuple[Kind, str]] = [("entry", match.entry)]
            wider: list[tuple[Kind, str]] = [("bank", match.bank), *(("rule", rule) for rule in verdict.fired)]
            # what is held by its entry says nothing against the rule or the bank, which go on with all others
            for carriers in (own, wider):
                if flood.holds(case.id):
                    break
                flood.carried(case.id, carriers, author=post.author or post.fullname, entry=match.entry)
                for kind, name in carriers:
                    self._judge(kind, name, post)

    def held(self, case: int | None) -> str | None:
        """Return why the automatic actions of a case are held, or None."""
        found = self._store.flood.holds(case) if case is not None else None
        if found is None:
            return None
        return f"{found.kind} {found.name} is quarantined ({found.why}); gifwarden quarantine release"

    def withdrawn(self, case: int | None) -> str | None:
        """Return why nothing is done for a case now: an entry of it is withdrawn, and what follows is not done yet."""
        entry = self._store.withdrawn.pending(case) if case is not None else None
        return f"entry {entry} is withdrawn since, and its cases are looked through first" if entry else None

    def disputed(self, case: int | None) -> str | None:
        """Return why a person must look at a case before anything is done for it: its entry is disputed; or None."""
        entry = self._store.opinions.carrying(case) if case is not None else None
        return f"entry {entry} is disputed, so a moderator decides; see: gifwarden bank show {entry}" if entry else None

    def release(self, kind: str, name: str, *, by: Actor) -> None:
        """Let something go again: what was held goes ahead. Raises StoreError if it is not quarantined."""
        store = self._store
        with store.transaction():
            store.flood.release(kind, name, until=self._clock.now() + RELEASED_DAYS * DAY, by=by)
            store.audit.record(by=by, what="quarantine released", subject=name)

    def quarantine(self, kind: Kind, name: str, *, by: Actor, why: str) -> bool:
        """Hold what this carries, on a person's word; False if it is held already."""
        store = self._store
        with store.transaction():
            done = store.flood.quarantine(kind, name, why=why, by=by)
            if done:
                store.audit.record(by=by, what="quarantined", subject=name, why=why)
        return done

    def stopped(self, subreddit: str) -> frozenset[str]:
        """Return the rules of a subreddit whose patterns are not run."""
        return self._store.flood.stopped(subreddit)

    def late(self, subreddit: str, rule: str, *, own_fault: bool) -> None:
        """Record that a rule's patterns ran out of time; the third time by its own fault they are quarantined.

        The name of the quarantine says the subreddit: elsewhere a rule of the same name is another one.
        """
        store = self._store
        self._log.warning("patterns not run to their end", rule=rule, subreddit=subreddit, counted=own_fault)
        if not own_fault:
            return
        why = f"its patterns ran out of time {LATE} times; write them more simply"
        name = name_in(subreddit, rule)
        with store.transaction():
            times = store.flood.late(subreddit, rule)
            store.audit.record(by=PROGRAM, what="patterns ran out of time", subject=name)
            if times < LATE or not store.flood.quarantine("rule", name, why=why, by=PROGRAM):
                return
            store.audit.record(by=PROGRAM, what="quarantined", subject=name, why=why)
            store.actions.plan(
                key=f"late:{name}:{self._clock.now():%Y%m%dT%H%M%S}",
                kind="modmail",
                subreddit=subreddit,
                params={
                    "subject": f"Quarantined: the patterns of a rule of r/{subreddit}",
                    "body": f"The rule {rule} holds for nothing any more: {why}. A pattern may take 0.05 seconds on a "
                    "text; repeats inside repeats, such as `(a+)+`, take far longer. Please write it anew: a rule on "
                    "the wiki page is tried again as soon as the page is edited; for one in the bot's own files, the "
                    f'operator runs `gifwarden quarantine release rule "{name}"`.',
                },
            )
        self._log.warning("quarantined", kind="rule", name=name, reason=why)

    def forget(self) -> None:
        """Forget counts that are no history any more."""
        self._store.flood.forget_before(self._clock.now() - HISTORY_DAYS * DAY)

    def _judge(self, kind: Kind, name: str, post: Post) -> None:
        store, now = self._store, self._clock.now()
        limit = self._limit(kind)
        if not limit:
            return
        today = store.flood.breadth(kind, name, since=now - DAY)
        most = max(limit, BEYOND * store.flood.busiest(kind, name, before=now - DAY))
        if today <= most:
            return
        what = f"{today} of its entries" if kind == "bank" else f"posts of {today} different authors"
        why = f"it matched {what} within a day, {most} is the most that goes without a look"
        if not store.flood.quarantine(kind, name, why=why, by=PROGRAM):
            return
        store.audit.record(by=PROGRAM, what="quarantined", subject=name, why=why)
        self._log.warning("quarantined", kind=kind, name=name, reason=why)
        self._tell(kind, name, why, post)

    def _limit(self, kind: Kind) -> int:
        limits = self._limits
        if kind == "bank":
            return limits.flood_entries
        return limits.flood_authors * (BEYOND if kind == "rule" else 1)

    def _tell(self, kind: Kind, name: str, why: str, post: Post) -> None:
        """Write to the moderators, once for each quarantine."""
        store = self._store
        done = store.flood.acted(kind, name)
        removed = f"{many(done, 'post')} had been removed on its word by then. " if done else ""
        store.actions.plan(
            key=f"flood:{kind}:{name}:{self._clock.now():%Y%m%dT%H%M%S}",
            kind="modmail",
            subreddit=post.subreddit,
            params={
                "subject": f"Quarantined: {kind} {name}",
                "body": f"I hold everything that {kind} {name} would make me do: {why}. {removed}"
                "Either many people posted the same fake at once, or something innocent was banked by mistake. "
                "Please look at its cases.\n\n"
                f"- A raid: `gifwarden quarantine release {kind} {name}` lets what waits go ahead.\n"
                + (f"- A mistake: `gifwarden bank remove {name}`, then undo its cases.\n" if kind == "entry" else "")
                + "- Single cases can be confirmed, dismissed or undone as always.",
            },
        )
