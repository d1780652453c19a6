"""Learning from a subreddit's own past removals: what is proposed, what never is, and what comes of a word."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence

import pytest

from bot.loopback.reddit.past import Past, Plan, play
from bot.loopback.stage import Stage
from bot.model import Skipped
from bot.pipeline import Pipeline
from tests.bots import Listening, bot_on
from tests.learning import files, learn, work
from tests.people import member

SPAWN = multiprocessing.get_context("forkserver")
EVERY = 10_000  # proposals a day


@pytest.fixture
def known() -> Sequence[bytes]:
    """What the bank knows of the past."""
    return (files(1).known,)


def allow(bot: Pipeline) -> None:
    """Put the allowed file into an allow bank."""
    store = bot.deps.store
    store.banks.create("fine", "allow")
    store.banks.add("fine", bot.deps.workers.fingerprint(files(1).allowed), by=member(bot))


def proposed(bot: Pipeline) -> list[set[str]]:
    """The posts of each open proposal."""
    rows = bot.deps.store.connection.tuples(
        """select p.id, k.post from proposals p join cases c on c.id = p.case_id
           join learnt_links k on k.proposal = p.id where c.state = 'open'"""
    )
    groups: dict[int, set[str]] = {}
    for number, post in rows:
        groups.setdefault(number, set()).add(post)
    return list(groups.values())


def check(world: Stage, bot: Pipeline, plan: Plan) -> None:
    """Everything that must be proposed is, in the right groups; nothing else is, and nothing forbidden was asked."""
    store = bot.deps.store
    assert sorted(map(sorted, proposed(bot))) == sorted(map(sorted, plan.groups.values()))
    outcomes = store.proposals.outcomes("clips")
    shown = sum(map(len, plan.groups.values()))
    assert outcomes["waiting"] == shown
    assert (outcomes["known"], outcomes["allowed"], outcomes["gone"]) == (
        len(plan.known), len(plan.allowed), len(plan.gone)
    )  # fmt: skip
    asked = {request.path.rpartition("/")[2] for request in world.park.log}
    assert not asked & plan.forbidden
    cases = store.cases.listing(limit=EVERY)
    assert len(cases) == len(plan.groups)
    sizes = [len(next(group for group in proposed(bot) if case.post.fullname in group)) for case in reversed(cases)]
    assert sizes == sorted(sizes, reverse=True)  # the most repeated first
    assert store.actions.listing() == []
    assert (world.reddit.removals, world.reddit.reports, world.reddit.modmails) == ([], [], [])


def many_a_day(world: Stage) -> None:
    """Let as many proposals be opened as there are."""
    review = world.config.review.model_copy(update={"proposals_per_day": EVERY})
    world.config = world.config.model_copy(update={"review": review})


def test_a_past_becomes_proposals(world: Stage, log: Listening) -> None:
    """Of 120 removals those that were named and are there are proposed, by media; all others are left out."""
    many_a_day(world)
    plan = play(Past(world.reddit, world.park), files(6), removals=120, now=world.clock.now())
    with bot_on(world, log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(files(1).known), by=member(bot))
        allow(bot)
        learn(bot)
        work(bot)
        check(world, bot, plan)
        met = bot.learning.met("clips")
        for skipped, kinds in (
            (Skipped.DELETED, ("deleted",)),
            (Skipped.APPROVED, ("approved",)),
            (Skipped.NO_MEDIA, ("text",)),
            (Skipped.OURS, ("ours",)),
            (Skipped.REDDIT, ("reddit", "filter")),
            (Skipped.AGE, ("age", "trap")),
        ):
            assert met.skipped.get(skipped, 0) == sum(plan.kinds[kind] for kind in kinds), skipped
        assert log.warnings == []
