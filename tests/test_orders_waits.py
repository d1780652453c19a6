"""Orders that cannot be undone wait; what stands at the first look is none; rights are looked at again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlite_utils import Database

from bot.clock import iso
from bot.errors import DatabaseError
from bot.loopback.stage import Stage
from bot.migrations.orders import ORDERS_WAIT
from bot.model import CaseState, LinkState
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import bot_on, changed, near_copy, post_fake
from tests.killing import Silent
from tests.people import member
from tests.test_orders import HEAD, HELPER, SECOND, answers, link, order, run, team
from tests.test_orders_talk import verbs

__all__ = ["team"]


def test_what_stands_at_the_first_look_is_no_order(world: Stage) -> None:
    """Reports and mail from before the installation are seen and no orders, after a restart and in a new subreddit."""
    name = post_fake(world)
    world.reddit.world.report(name, "gifwarden: bank", HEAD)
    world.reddit.world.report(name, "gifwarden: stop", SECOND)
    there = post_fake(world, "gifs", id="OtherPlace")
    world.reddit.world.report(there, "gifwarden: stop", HEAD)
    order(world, "gifwarden, stop")
    settings = world.config.model_dump()["subreddits"]
    without = changed(world, subreddits={name: one for name, one in settings.items() if name != "gifs"})
    with bot_on(without, Silent()) as first:
        run(without, first, 3)
        assert verbs(first) == []
    with bot_on(world, Silent()) as second:
        run(world, second, 3)
        assert verbs(second) == [], "also of the subreddit that was added, and minutes after the installation"
        later = post_fake(world, id="LaterOne")
        world.reddit.world.report(later, "gifwarden: stop", HEAD)
        run(world, second)
        assert verbs(second) == ["stop"]


def test_new_words_make_no_orders_of_old_reports(world: Stage, bot: Pipeline) -> None:
    """A reason that is configured later does not turn the reports that stand into orders."""
    name = post_fake(world, data=near_copy)
    bot.tick()
    world.reddit.world.report(name, "Leave us alone", HELPER)
    run(world, bot)
    with bot_on(changed(world, orders={"reasons": {"stop": "Leave us alone"}}), Silent()) as again:
        run(world, again, 3)
        assert verbs(again) == []


@pytest.mark.slow
def test_rights_are_looked_at_when_it_is_carried_out(world: Stage, bot: Pipeline) -> None:
    """Whoever lost them while the order waited orders nothing; the post stays as it is."""
    post_fake(world)
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    conversation = order(world, f"gifwarden, allow {case.label}", by=HELPER)
    run(world, bot)
    del world.reddit.world.subreddits["clips"].moderators[HELPER]
    run(world, bot, 12)
    assert bot.deps.store.cases.get(case.label).state == CaseState.OPEN
    assert "may not order that here any more" in answers(world, conversation)[-1]


@pytest.mark.parametrize("back", ["gifwarden, cancel", "gifwarden, cancel {case}", "gifwarden, undo {link}"])
@pytest.mark.slow
def test_what_waits_is_taken_back(world: Stage, bot: Pipeline, back: str) -> None:
    """By cancel with and without its target, also in another conversation, and by undo; the case stays open."""
    name = post_fake(world)
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    order(world, f"gifwarden, allow {case.label}")
    run(world, bot)
    second = order(world, back.format(case=case.label, link=link(name)), by=SECOND)
    run(world, bot, 14)
    assert bot.deps.store.cases.get(case.label).state == CaseState.OPEN
    assert f"allow {case.label}, ordered by u/{HEAD}: not done" in answers(world, second)[0]
    assert world.reddit.approvals == [name], "what could be taken back was done at once"


@pytest.mark.slow
def test_ten_minutes_outlast_a_restart_and_a_clock_that_jumps(world: Stage, bot: Pipeline) -> None:
    """Neither a moment a year ahead nor one long past in the database shortens or stretches them in a running bot."""
    post_fake(world)
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    store = bot.deps.store
    order(world, f"gifwarden, allow {case.label}")
    run(world, bot)
    store.connection.run("update orders set due_at = ?", (iso(world.clock.now() - timedelta(days=9)),))
    run(world, bot, 4)
    assert store.cases.get(case.label).state == CaseState.OPEN
    store.connection.run("update orders set due_at = ?", (iso(world.clock.now() + timedelta(days=365)),))
    with bot_on(world, Silent()) as again:
        run(world, again, 9)
        assert again.deps.store.cases.get(case.label).state == CaseState.OPEN
        run(world, again, 3)
        assert again.deps.store.cases.get(case.label).state == CaseState.DISMISSED


@pytest.mark.slow
def test_an_order_outlives_a_fault_of_our_database(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays, is done once the disk is well, and no answer names a path."""
    name = post_fake(world)
    run(world, bot)
    conversation = order(world, f"gifwarden, undo {link(name)}")
    undo = bot.decisions.cases.undo

    def full(*_: object, **__: object) -> list[str]:
        raise DatabaseError("the database /srv/gifwarden/gifwarden.db is full, busy or damaged")

    monkeypatch.setattr(bot.decisions.cases, "undo", full)
    run(world, bot)
    assert answers(world, conversation) == []
    monkeypatch.setattr(bot.decisions.cases, "undo", undo)
    run(world, bot)
    (answer,) = answers(world, conversation)
    assert "waits for a moderator's decision" in answer
    assert "/srv" not in answer


def test_no_answer_names_a_path(world: Stage, bot: Pipeline) -> None:
    """Whatever an error's sentence holds."""
    bot.tick()
    conversation = order(world, "gifwarden, stop")
    bot.orders.run()
    (row,) = bot.deps.store.orders.listing()
    bot.deps.store.connection.run("update orders set state = 'received'")
    bot.deps.store.connection.run("delete from actions")
    bot.orders._runner.refuse(row, "cannot read /srv/secret/rules/x.yaml of r/clips at https://redd.it/1abc")
    run(world, bot)
    assert "cannot read a file of mine of r/clips at https://redd.it/1abc" in answers(world, conversation)[0]


@pytest.mark.slow
def test_minor_hides_at_once_and_destroys_later(world: Stage, bot: Pipeline) -> None:
    """At once the post is removed, locked and hidden and nothing is fetched; what is kept goes ten minutes later."""
    name = post_fake(world)
    run(world, bot)
    store = bot.deps.store
    (case,) = store.cases.listing()
    conversation = order(world, f"gifwarden, minor {link(name)}")
    run(world, bot)
    assert store.cases.get(case.label).state == CaseState.MINOR
    assert world.reddit.world.things[name]["locked"] is True
    assert store.minors.is_never(name)
    assert store.links.evidence(case.link) is not None, "kept, for it may be a slip"
    (row,) = store.minors.waiting()
    assert row.post == name
    assert "report the post's address" in answers(world, conversation)[0]
    run(world, bot, 11)
    assert store.links.evidence(case.link) is None
    assert "is destroyed" in answers(world, conversation)[1]
    assert store.connection.rows("select * from minor_holds") == []


@pytest.mark.slow
def test_a_slip_of_minor_is_taken_back(world: Stage, bot: Pipeline) -> None:
    """Cancelled in time, post, case, link and what is never fetched stand as before; ordered again, it holds again."""
    name = post_fake(world, data=near_copy)
    run(world, bot)
    store = bot.deps.store
    (case,) = store.cases.listing()
    before = case.state
    order(world, f"gifwarden, minor {link(name)}")
    run(world, bot)
    assert world.reddit.removals == [name]
    order(world, f"gifwarden, cancel {link(name)}", by=SECOND)
    run(world, bot, 14)
    assert world.reddit.approvals == [name]
    assert world.reddit.world.things[name]["locked"] is False
    assert store.cases.get(case.label).state == before
    assert store.links.listing()[0].state == LinkState.JUDGED
    assert not store.minors.is_never(name)
    assert store.minors.waiting() == []
    assert store.links.evidence(case.link) is not None
    order(world, f"gifwarden, minor {link(name)}")
    run(world, bot, 13)
    assert world.reddit.removals == [name, name]
    assert store.links.evidence(case.link) is None


@pytest.mark.slow
def test_a_stop_that_nobody_upholds_ends_after_it_was_said(world: Stage, bot: Pipeline) -> None:
    """It stays, is told once, and ends three days after that was sent; a moderator who stops again upholds it."""
    bot.tick()
    order(world, "gifwarden, stop", by=HELPER)
    run(world, bot)
    del world.reddit.world.subreddits["clips"].moderators[HELPER]
    for _ in range(3):
        world.clock.sleep(86400)
        run(world, bot)
    store = bot.deps.store
    assert [stop.who for stop in store.kill_switch.stops()] == [f"u/{HELPER}"]
    said = [subject for _, subject, _ in world.reddit.modmails]
    assert len([subject for subject in said if "Nobody here upholds" in subject]) == 1
    with bot_on(world, Silent()) as again:
        world.clock.sleep(86400)
        run(world, again)
        assert again.deps.store.kill_switch.stops() == []
    assert any("has ended" in subject for _, subject, _ in world.reddit.modmails)


@pytest.mark.slow
def test_who_stops_again_upholds_it(world: Stage, bot: Pipeline) -> None:
    """A stop whose author lost the right is another moderator's as soon as they order it; the operator's never ends."""
    bot.tick()
    bot.kill_switch.stop("gifs", by=member(bot), why="raid")
    order(world, "gifwarden, stop", by=HELPER)
    run(world, bot)
    del world.reddit.world.subreddits["clips"].moderators[HELPER]
    world.clock.sleep(86400)
    run(world, bot)
    order(world, "gifwarden, stop", by=SECOND)
    for _ in range(5):
        world.clock.sleep(86400)
        run(world, bot)
    assert {stop.who for stop in bot.deps.store.kill_switch.stops()} == {"ann", f"u/{SECOND}"}


@pytest.mark.slow
def test_an_earlier_database_is_carried_forward(world: Stage, bot: Pipeline) -> None:
    """Subreddits that an earlier version heard go on being heard, and a moderator's stop has its account."""
    bot.tick()
    order(world, "gifwarden, stop", by=HELPER)
    run(world, bot)
    raw: Database = bot.deps.store.connection.db
    bot.deps.store.connection.run("delete from order_starts")
    bot.deps.store.connection.run("update stops set sender = null, checked_at = null")
    for statement in ORDERS_WAIT:
        if statement.lstrip().startswith(("update", "insert")):
            raw.execute(statement)
    name = post_fake(world, data=lambda: media.clip(457, seconds=1, width=160, height=90))
    world.reddit.world.report(name, "gifwarden: scan", SECOND)
    run(world, bot, 4)
    assert "scan" in verbs(bot)
    assert [stop.sender for stop in bot.deps.store.kill_switch.stops()] == [HELPER]
