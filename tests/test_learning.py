"""Learning from a subreddit's own past removals: what is proposed, what never is, and what comes of a word."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence

import pytest

from bot.loopback.hosts import NAMES
from bot.loopback.reddit.past import Past, Plan, play
from bot.loopback.stage import Stage
from bot.model import CaseState, PastState, Skipped
from bot.pipeline import Pipeline
from bot.reddit.budget import PER_WINDOW
from tests.bots import Listening, bot_on
from tests.killing import Places
from tests.learning import files, learn, learn_and_die, work
from tests.people import member
from tests.slow import slow

SPAWN = multiprocessing.get_context("forkserver")
EVERY = 10_000  # proposals a day


@pytest.fixture
def known() -> Sequence[bytes]:
    """What the bank knows of the past."""
    return (files(1).known,)


def bank(bot: Pipeline) -> None:
    """Put the known file into a bank, and the allowed one into an allow bank."""
    store = bot.deps.store
    store.banks.create("known-fakes", "block")
    store.banks.add("known-fakes", bot.deps.workers.fingerprint(files(1).known), by=member(bot))
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
    shown = plan.shown
    groups = [group & shown for group in plan.groups.values() if group & shown]
    assert sorted(map(sorted, proposed(bot))) == sorted(map(sorted, groups))
    outcomes = store.proposals.outcomes("clips")
    assert outcomes["waiting"] == sum(map(len, groups))
    assert (outcomes["known"], outcomes["allowed"], outcomes["gone"]) == (
        len(plan.known & shown), len(plan.allowed & shown), len(plan.gone & shown),
    )  # fmt: skip
    asked = {request.path.rpartition("/")[2] for request in world.park.log}
    assert not asked & plan.forbidden
    cases = store.cases.listing(limit=EVERY)
    assert len(cases) == len(groups)
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
        bank(bot)
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


@slow
def test_eight_hundred_removals(world: Stage, log: Listening) -> None:
    """Of 800 removals in a hundred days exactly the right ones are proposed, within half of Reddit's limit."""
    many_a_day(world)
    plan = play(Past(world.reddit, world.park), files(24), removals=800, now=world.clock.now())
    with bot_on(world, log) as bot:
        bank(bot)
        sent, begun = len(world.reddit.log), world.clock.now()
        learn(bot)
        asked = len(world.reddit.log) - sent
        assert asked <= PER_WINDOW // 2
        assert asked <= 800 / 100 * 5 + 20  # a page of the log and of the list, and two looks, for each hundred
        assert world.clock.now() == begun  # nothing was waited for
        work(bot)
        check(world, bot, plan)
        assert log.warnings == []


@slow
@pytest.mark.parametrize("at", [1, 2, 4, 6, 7, 8, 9, 12, 20, 45, 80])
def test_a_kill_loses_nothing_and_repeats_nothing(world: Stage, log: Listening, at: int) -> None:
    """Killed while it reads, chooses or looks at media, the same command goes on, and all comes out as if not."""
    killed_and_resumed(world, log, at)


def killed_and_resumed(world: Stage, log: Listening, at: int) -> None:
    """Learn in a process that dies at its so many-th sign of progress, and go on here."""
    many_a_day(world)
    plan = play(Past(world.reddit, world.park), files(6), removals=120, now=world.clock.now())
    with bot_on(world, log) as bot:
        bank(bot)
    places = Places(
        config=world.config, reddit_url=world.reddit.url, names=NAMES, port=world.park.port, start=world.clock.now()
    )
    child = SPAWN.Process(target=learn_and_die, args=(places, at))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    with bot_on(world, log) as bot:
        bot.deps.store.queue.release_all()  # as whoever holds the lease does at its start
        learn(bot)
        work(bot)
        check(world, bot, plan)


@pytest.mark.slow
def test_the_mod_log_is_not_read_twice_in_a_day(world: Stage, bot: Pipeline) -> None:
    """Whoever looks first and names afterwards costs no second reading; a day later the log is read anew."""
    play(Past(world.reddit, world.park), files(2), removals=30, now=world.clock.now())
    bot.learning.read("clips")
    sent = len(world.reddit.log)
    bot.learning.read("clips")
    assert len(world.reddit.log) == sent
    world.clock.sleep(25 * 3600)
    bot.learning.read("clips")
    assert any(request.path.endswith("/about/log") for request in world.reddit.log[sent:])


@slow
def test_stopped_it_goes_on_behind_the_last_page(world: Stage, bot: Pipeline) -> None:
    """After Ctrl-C in the middle nothing that was read is read again."""
    play(Past(world.reddit, world.park), files(2), removals=200, now=world.clock.now())
    pages = 0

    def once() -> bool:
        nonlocal pages
        pages += 1
        return pages <= 2

    bot.learning.read("clips", go_on=once)
    assert not bot.learning.met("clips").done
    bot.learning.read("clips")
    asked = [request.query.get("after") for request in world.reddit.log if request.path.endswith("/about/log")]
    assert len(asked) == len(set(asked))
    assert bot.learning.met("clips").done


@pytest.mark.slow
def test_what_was_not_chosen_is_forgotten_in_time(world: Stage, bot: Pipeline) -> None:
    """Within 48 hours nothing is left of removals that nobody chose; what was chosen stays with its post."""
    plan = play(Past(world.reddit, world.park), files(2), removals=60, now=world.clock.now())
    learn(bot)
    world.clock.sleep(37 * 3600)
    bot.purge()
    store = bot.deps.store
    assert store.past.in_state("clips", PastState.LOOKED) == []
    assert not store.past.counts("clips")[1]
    chosen = {row.post for row in store.past.in_state("clips", PastState.QUEUED)}
    assert chosen == {post for group in plan.groups.values() for post in group} | plan.gone | plan.known | plan.allowed


def test_nothing_that_is_stored_names_who_posted(world: Stage, bot: Pipeline) -> None:
    """No name, title or word of a poster is in the database, though moderators wrote some into their notes."""
    play(Past(world.reddit, world.park), files(2), removals=60, now=world.clock.now())
    learn(bot)
    text = "\n".join(bot.deps.store.connection.db.conn.iterdump())
    assert "ai fake of an actress" in text
    for trace in ("poster_", "some_poster", "see [this]", "thread", '"look"'):
        assert trace not in text, trace


def test_an_approval_takes_it_out_again(world: Stage, bot: Pipeline) -> None:
    """What a moderator approves after it was chosen is proposed no more; others of the same media are."""
    past = Past(world.reddit, world.park)
    url = past.hosted("fake", files(2).fakes[0][0])
    with past.at(world.clock.now()):
        names = [past.post("fake", url) for _ in range(2)]
        for name in names:
            past.removed(name, reason="Deepfake or AI porn")
    learn(bot)
    work(bot)
    assert proposed(bot) == [set(names)]
    (case,) = bot.deps.store.cases.listing()
    bot.follow()
    world.clock.sleep(120)
    world.reddit.moderator_approves(case.post.fullname, "second_moderator")
    bot.follow()
    work(bot)
    assert proposed(bot) == [set(names) - {case.post.fullname}]
    (closed, opened) = sorted(bot.deps.store.cases.listing(), key=lambda case: case.id)
    assert (closed.state, opened.state) == (CaseState.CLOSED_ELSEWHERE, CaseState.OPEN)


def test_age_that_is_said_later_stops_it(world: Stage, bot: Pipeline) -> None:
    """When the same media is removed again, and that speaks of age, its proposal is withdrawn and nothing is kept."""
    past = Past(world.reddit, world.park)
    url = past.hosted("fake", files(2).fakes[0][0])
    with past.at(world.clock.now()):
        past.removed(past.post("fake", url), reason="Deepfake or AI porn")
    learn(bot)
    work(bot)
    assert len(proposed(bot)) == 1
    world.clock.sleep(25 * 3600)
    with past.at(world.clock.now()):
        past.removed(past.post("fake", url), reason="Deepfake or AI porn", note="looks 15")
    bot.learning.read("clips")
    (case,) = bot.deps.store.cases.listing()
    assert case.state == CaseState.WITHDRAWN
    assert not bot.deps.store.links.has_fingerprints(case.link)
    work(bot)
    assert proposed(bot) == []
