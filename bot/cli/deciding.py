"""What the commands that decide have in common: what will be done is shown, then waited for, and can be taken back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.cli.base import login_missing, say, session
from bot.config import Config
from bot.errors import LeaseError, UsageError
from bot.model import ActionState, Actor, CaseState, Decision, DecisionState, Verb
from bot.pipeline import Pipeline
from bot.pipeline.recovery import GoOn
from bot.pipeline.reviewing.deciding import Target, result_of
from bot.pipeline.reviewing.words.actions import action_line
from bot.pipeline.reviewing.words.entry import still_needs
from bot.pipeline.reviewing.words.preview import SAID, in_mode
from bot.plural import many
from bot.store import ActionRow, Banking, CaseRow, DecisionRow
from bot.store.lease import command_here

PATIENCE = 30.0  # seconds that a command waits for the daemon, beyond the time in which a decision can be taken back
LOOK = 0.2  # seconds between two looks
LEASE_SECONDS = 60.0  # that a command holds the lease for, while it performs what it decided
UNDER_WAY = (ActionState.PLANNED, ActionState.SENDING, ActionState.UNDO_PLANNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a command asks for."""

    verb: Decision
    why: str
    banking: Banking | None = None
    whole_group: bool = False  # every open case of the very same media as well
    dry_run: bool = False
    at_once: bool = False
    version: int | None = None  # of the one case that was looked at


def by_media(pipeline: Pipeline, cases: Sequence[CaseRow], wish: Wish, by: Actor) -> list[list[CaseRow]]:
    """Return cases in groups of the very same media: one decision each, never one for different media."""
    store = pipeline.deps.store
    groups: dict[str | int, dict[int, CaseRow]] = {}
    for case in cases:
        group = groups.setdefault(case.media or case.id, {})
        group[case.id] = case
        for other in store.cases.group(case) if wish.whole_group else ():
            if other.state == case.state and _alike(other, case) and _may(pipeline, other, by):
                group[other.id] = other
    return [list(group.values()) for group in groups.values()]


def _alike(one: CaseRow, other: CaseRow) -> bool:
    """Whether one word fits both: nothing is done to the posts of a proposal."""
    return (one.proposal is None) == (other.proposal is None)


def _may(pipeline: Pipeline, case: CaseRow, by: Actor) -> bool:
    try:
        pipeline.team.still(by, Verb.CASES, [case.post.subreddit])
    except UsageError:
        return False
    return True


def decide(settings: Config, groups: Sequence[Sequence[CaseRow]], wish: Wish, by: Actor) -> None:
    """Decide on groups of cases, one decision each, and say what came of it. Raises UsageError or StoreError."""
    with session(settings) as pipeline:
        targets = [Target(case.label, wish.version) for group in groups for case in group]
        pipeline.decisions.deciding.check(wish.verb, targets, by=by)  # before it is said what will be done
        for group in groups:
            _show(pipeline, settings, group, wish)
        if wish.dry_run:
            say("nothing is decided: this was --dry-run")
            return
        wait = 0.0 if wish.at_once else float(settings.review.take_back_seconds)
        with pipeline.deps.store.transaction():  # all of them or none
            rows = [_decided(pipeline, group, wish, by, wait) for group in groups]
        if wait and not _waited(pipeline, rows, by, wait):
            return
    for row in rows:
        carried_out(settings, row)


def _decided(pipeline: Pipeline, group: Sequence[CaseRow], wish: Wish, by: Actor, wait: float) -> DecisionRow:
    targets = [Target(case.label, wish.version) for case in group]
    return pipeline.decisions.deciding.decide(wish.verb, targets, by=by, why=wish.why, after=wait, banking=wish.banking)


def _show(pipeline: Pipeline, settings: Config, group: Sequence[CaseRow], wish: Wish) -> None:
    """Say what will be done for a group of cases, with every text that others will read."""
    case, store = group[0], pipeline.deps.store
    places = Counter(one.post.subreddit for one in group)
    where = ", ".join(f"{count} in r/{place}" for place, count in places.items())
    several = f"{case.label} and its group, {many(len(group), 'post')} of the very same media, {where}; for each:"
    lines = pipeline.decisions.deciding.preview(case, wish.verb)
    say(several if len(group) > 1 else f"{case.label}, r/{case.post.subreddit}; this will be done:")
    for line in lines:
        say(f"  {line}")
    if wish.banking is not None:
        say(f"  its media goes into the bank {wish.banking.bank}")
    for place in places:
        mode = settings.mode(place)
        if kept := in_mode(lines, mode)[1]:
            say(f"  but in r/{place} not: {', '.join(kept)}; it is in mode {mode}")
    if wish.dry_run and not store.lease.daemon_runs() and (missing := login_missing(settings)):
        say(f"  not yet, though: no daemon runs, and there is no login here: {missing}")
    own = {one.id for one in group}
    others = [
        one
        for one in store.cases.group(case)
        if one.state == CaseState.OPEN and one.id not in own and _alike(one, case)
    ]
    if others and wish.verb is not Decision.UNDO:
        say(f"  {many(len(others), 'more open case')} of the very same media: decide them too with --all")


def _waited(pipeline: Pipeline, rows: Sequence[DecisionRow], by: Actor, wait: float) -> bool:
    """Let the time pass in which a decision can be taken back; False if Ctrl-C did that."""
    names = ", ".join(row.label for row in rows)
    say(f"decided as {names}; done in {wait:g} seconds, and Ctrl-C takes it back until then")
    try:
        time.sleep(wait)
    except KeyboardInterrupt:
        late = []
        for row in rows:
            try:
                pipeline.decisions.deciding.take_back(row.label, by=by)
            except UsageError as error:
                late.append(str(error))
        say("taken back: nothing was done" if not late else "; ".join(late))
        return False
    return True


def carried_out(settings: Config, row: DecisionRow) -> None:
    """Wait until a decision was performed, by the daemon or, if none runs, by this process; say what came of it."""
    with session(settings) as pipeline:
        why_not = _wait(pipeline, settings, _Decided(row))
        _tell(pipeline, settings, row, why_not)


def carried_out_quietly(settings: Config, row: DecisionRow) -> None:
    """Do the same for a decision whose time has come, without a word and without waiting for a daemon."""
    _performed(settings, _Decided(row))


def undone(settings: Config, action: int) -> str:
    """Wait until a person's undo of an action was performed, as for a decision; return what came of it."""
    with session(settings) as pipeline:
        _wait(pipeline, settings, _Action(action))
        row = pipeline.deps.store.actions.get(action)
        if row.state is ActionState.UNDONE:
            return f"is undone{f': {row.reason}' if row.receipt and row.receipt.held else ''}"
        if row.state is ActionState.UNDO_PLANNED:
            return f"is not undone yet: {row.reason or 'the daemon does it at its next step'}"
        raise UsageError(f"action {action} cannot be undone: {row.reason}")


class _Decided:
    """A decision that a command waits for."""

    def __init__(self, row: DecisionRow) -> None:
        self._row = row

    def over(self, pipeline: Pipeline) -> bool:
        store = pipeline.deps.store
        if store.decided.get(self._row.label).state is DecisionState.WAITING:
            return False
        actions = (action for case in self._row.cases for action in store.actions.of_case(case))
        return not any(_under_way(pipeline, action) for action in actions)

    def perform(self, pipeline: Pipeline, go_on: GoOn, *, reddit: bool) -> None:
        pipeline.decisions.deciding.perform(self._row)
        of_case = pipeline.deps.store.actions.of_case
        if reddit:
            numbers = {row.action.id for case in self._row.cases for row in of_case(case)}
            pipeline.outbox.run(go_on, by_mail=False, only=numbers)


class _Action:
    """An action whose undo a command waits for."""

    def __init__(self, action: int) -> None:
        self._action = action

    def over(self, pipeline: Pipeline) -> bool:
        return not _under_way(pipeline, pipeline.deps.store.actions.get(self._action))

    def perform(self, pipeline: Pipeline, go_on: GoOn, *, reddit: bool) -> None:
        if reddit:
            pipeline.outbox.run(go_on, by_mail=False, only={self._action})


def _wait(pipeline: Pipeline, settings: Config, what: _Decided | _Action) -> str:
    """Wait until it is done, or do it if no daemon runs; return why it is not, empty if it is."""
    end = time.monotonic() + PATIENCE
    while not what.over(pipeline):
        if pipeline.deps.store.lease.daemon_runs():
            if time.monotonic() > end:
                return "the daemon has not come to it yet, and does it at its next step"
        elif (why_not := _performed(settings, what)) is not None:
            return why_not
        time.sleep(LOOK)
    return ""


def _under_way(pipeline: Pipeline, row: ActionRow) -> bool:
    """Whether an action is about to be tried: not if it was, and not if it waits for its own time."""
    soon = pipeline.deps.clock.now() + timedelta(seconds=PATIENCE)
    return row.state in UNDER_WAY and row.attempts == 0 and row.action.kind != "notice" and row.due <= soon


def _performed(settings: Config, what: _Decided | _Action) -> str | None:
    """Do what a daemon would do; return why it is not done, empty if it is, None if a daemon has just started."""
    missing = login_missing(settings)
    with session(settings, reddit=missing is None) as pipeline:
        lease = pipeline.deps.store.lease
        holder = command_here()

        def still_ours() -> bool:
            lease.take(holder, LEASE_SECONDS)  # anew before each action: many take longer than one lease
            return True

        try:
            with lease.lock():
                lease.take(holder, LEASE_SECONDS, start=True)
                try:
                    what.perform(pipeline, still_ours, reddit=missing is None)
                finally:
                    lease.release(holder)
        except LeaseError:
            return None
        if what.over(pipeline):
            return ""
    if missing is None:
        return "Reddit did not answer; gifwarden run tries again"
    return f"no daemon runs, and there is no login here ({missing}). It is done once gifwarden run runs"


def _tell(pipeline: Pipeline, settings: Config, row: DecisionRow, why_not: str) -> None:
    """Say what came of a decision: first whether it is done, then each thing once, with how many posts it is for."""
    store = pipeline.deps.store
    cases = [store.cases.of_id(case) for case in row.cases]
    named = Counter(_state(case, row) for case in cases)
    for state, count in named.items():
        say(f"{cases[0].label if len(cases) == 1 else many(count, 'case')} {'is' if count == 1 else 'are'} {state}")
    if why_not:
        say(f"  NOT DONE YET: {why_not}")
    learnt = Counter(line for case in cases for line in store.decided.told(row.id, case.id))
    banks = row.banking is not None or row.verb is Decision.CONFIRM  # which is what it means for a proposal
    labels = [
        label
        for case in cases
        if banks and (row.banking or case.proposal)
        for label in store.review.made_by(case.id, "banked")
    ]
    learnt.update(f"{label} is banked{still_needs(settings, label, store.banks.standing(label))}" for label in labels)
    done = Counter(action_line(settings, action) for case in cases for action in store.actions.of_case(case.id))
    for line, count in [*learnt.items(), *done.items()]:
        say(f"  {line}{f'; {count} posts' if count > 1 else ''}")
    if row.verb is not Decision.UNDO:
        say(f"to take it back: gifwarden cases undo {row.label if len(cases) > 1 else cases[0].label}")


def _state(case: CaseRow, row: DecisionRow) -> str:
    """Return how a case stands: in the decision's words, unless something else came of it meanwhile."""
    return SAID[row.verb] if case.state == result_of(row.verb, case) else str(case.state)
